//! What a handshake of a webhook is answered with.

use std::ffi::c_char;
use std::ptr;

use wiresign::HandshakeResponse;

use crate::output::release;
use crate::text::{Text, hand_out};

/// What to answer a handshake with, and nothing else. Immutable; may be used by several threads at once. All texts live
/// as long as the object.
pub struct wiresign_handshake_response {
    status: u16,
    headers: Vec<(Text, Text)>,
    body: Text,
}

impl wiresign_handshake_response {
    pub(crate) fn new(response: &HandshakeResponse) -> Self {
        Self {
            status: response.status,
            headers: response.headers.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect(),
            body: Text::new(&response.body),
        }
    }
}

/// The HTTP status. NULL gives 500.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_handshake_response_status(response: *const wiresign_handshake_response) -> u16 {
    guarded!(else crate::about::FAILURE_STATUS, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { response.as_ref() }.map_or(crate::about::FAILURE_STATUS, |response| response.status)
    })
}

/// How many headers there are to set. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_handshake_response_header_count(
    response: *const wiresign_handshake_response,
) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { response.as_ref() }.map_or(0, |response| response.headers.len())
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
        unsafe {
            let header = response.as_ref().and_then(|response| response.headers.get(index));
            hand_out(header.map(|(name, _)| name), length)
        }
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
        unsafe {
            let header = response.as_ref().and_then(|response| response.headers.get(index));
            hand_out(header.map(|(_, value)| value), length)
        }
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
        unsafe { hand_out(response.as_ref().map(|response| &response.body), length) }
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
