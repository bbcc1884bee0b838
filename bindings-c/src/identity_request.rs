//! What AWS is asked about a proof of an IAM identity.

use std::ffi::c_char;
use std::ptr;

use wiresign::IdentityRequest;

use crate::http_message::HttpMessage;
use crate::output::release;
use crate::text::{Text, hand_out};

/// A question to AWS: who made the proof of an IAM identity. It has to be sent as it is, over TLS with certificates checked,
/// and no redirect followed. Immutable; may be used by several threads at once. All texts live as long as the object.
pub struct wiresign_identity_request {
    question: IdentityRequest,
    method: Text,
    url: Text,
    message: HttpMessage,
}

impl wiresign_identity_request {
    pub(crate) fn new(question: IdentityRequest) -> Self {
        Self {
            method: Text::new(question.method()),
            url: Text::new(question.url()),
            message: HttpMessage::new(question.headers(), question.body()),
            question,
        }
    }

    pub(crate) fn core(&self) -> &IdentityRequest {
        &self.question
    }
}

/// Always "POST". NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_identity_request_method(
    question: *const wiresign_identity_request,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(question.as_ref().map(|question| &question.method), length) }
    })
}

/// The endpoint of STS in a region of the configuration: where to send it. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_identity_request_url(
    question: *const wiresign_identity_request,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(question.as_ref().map(|question| &question.url), length) }
    })
}

/// How many headers there are to send, Host among them. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_identity_request_header_count(question: *const wiresign_identity_request) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { question.as_ref() }.map_or(0, |question| question.message.header_count())
    })
}

/// The name of a header, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_identity_request_header_name(
    question: *const wiresign_identity_request,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { HttpMessage::hand_out_name(question.as_ref().map(|question| &question.message), index, length) }
    })
}

/// The value of a header, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_identity_request_header_value(
    question: *const wiresign_identity_request,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { HttpMessage::hand_out_value(question.as_ref().map(|question| &question.message), index, length) }
    })
}

/// The body, which is always the same. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_identity_request_body(
    question: *const wiresign_identity_request,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(question.as_ref().map(|question| question.message.body()), length) }
    })
}

/// Frees the object. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_identity_request_free(question: *mut wiresign_identity_request) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(question) }
    })
}
