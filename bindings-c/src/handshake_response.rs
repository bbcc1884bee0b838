//! What a handshake of a webhook is answered with.

use std::ffi::c_char;
use std::ptr;

use wiresign::HandshakeResponse;

use crate::about::FAILURE_STATUS;
use crate::http_message::HttpMessage;
use crate::output::release;
use crate::text::hand_out;

/// What to answer a handshake with, and nothing else. Immutable; may be used by several threads at once. All texts live
/// as long as the object.
pub struct wiresign_handshake_response {
    status: u16,
    message: HttpMessage,
}

impl wiresign_handshake_response {
    pub(crate) fn new(response: &HandshakeResponse) -> Self {
        let headers = response.headers.iter().map(|(name, value)| (&**name, &**value));
        Self { status: response.status, message: HttpMessage::new(headers, &response.body) }
    }
}

/// The HTTP status. NULL gives 500.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_handshake_response_status(response: *const wiresign_handshake_response) -> u16 {
    guarded!(else FAILURE_STATUS, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { response.as_ref() }.map_or(FAILURE_STATUS, |response| response.status)
    })
}

/// How many headers there are to set. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_handshake_response_header_count(
    response: *const wiresign_handshake_response,
) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { response.as_ref() }.map_or(0, |response| response.message.header_count())
    })
}

/// The name of a header, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_handshake_response_header_name(
    response: *const wiresign_handshake_response,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { HttpMessage::hand_out_name(response.as_ref().map(|response| &response.message), index, length) }
    })
}

/// The value of a header, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_handshake_response_header_value(
    response: *const wiresign_handshake_response,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { HttpMessage::hand_out_value(response.as_ref().map(|response| &response.message), index, length) }
    })
}

/// The body, which may be empty. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_handshake_response_body(
    response: *const wiresign_handshake_response,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(response.as_ref().map(|response| response.message.body()), length) }
    })
}

/// Frees the object. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_handshake_response_free(response: *mut wiresign_handshake_response) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(response) }
    })
}
