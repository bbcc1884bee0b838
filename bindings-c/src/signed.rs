//! The headers that a signer made.

use std::ffi::c_char;
use std::ptr;

use wiresign::SignedHeaders;

use crate::output::release;
use crate::text::{Text, hand_out};

/// The headers to set on a request, in order. Immutable; may be used by several threads at once. All texts live as long
/// as the object.
pub struct wiresign_signed {
    headers: Vec<(Text, Text)>,
}

impl wiresign_signed {
    pub(crate) fn new(headers: &SignedHeaders) -> Self {
        Self { headers: headers.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect() }
    }
}

/// How many headers there are to set. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signed_count(signed: *const wiresign_signed) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { signed.as_ref() }.map_or(0, |signed| signed.headers.len())
    })
}

/// The name of a header, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signed_name(
    signed: *const wiresign_signed,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let header = signed.as_ref().and_then(|signed| signed.headers.get(index));
            hand_out(header.map(|(name, _)| name), length)
        }
    })
}

/// The value of a header, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signed_value(
    signed: *const wiresign_signed,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe {
            let header = signed.as_ref().and_then(|signed| signed.headers.get(index));
            hand_out(header.map(|(_, value)| value), length)
        }
    })
}

/// Frees the headers. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signed_free(signed: *mut wiresign_signed) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(signed) }
    })
}
