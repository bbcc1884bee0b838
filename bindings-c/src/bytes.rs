//! Bytes that a call made, where their number is not known before.

use std::ffi::c_char;
use std::ptr;

use crate::output::release;

/// Bytes that the library made, with a NUL byte behind them that their length does not count. Immutable; may be used by
/// several threads at once.
pub struct wiresign_bytes {
    bytes: Vec<u8>,
}

impl wiresign_bytes {
    pub(crate) fn new(mut bytes: Vec<u8>) -> Self {
        bytes.push(0);
        Self { bytes }
    }
}

/// The first byte, and the number of bytes through `length` unless that is NULL. The bytes live as long as the object.
/// NULL gives NULL of length 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_bytes_data(bytes: *const wiresign_bytes, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        let bytes = unsafe { bytes.as_ref() };
        if !length.is_null() {
            // SAFETY: not NULL; the caller promised that it can be written.
            unsafe { length.write(bytes.map_or(0, |bytes| bytes.bytes.len() - 1)) };
        }
        bytes.map_or(ptr::null(), |bytes| bytes.bytes.as_ptr().cast())
    })
}

/// Frees the bytes. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_bytes_free(bytes: *mut wiresign_bytes) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(bytes) }
    })
}
