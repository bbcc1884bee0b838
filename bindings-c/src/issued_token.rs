//! A token that was issued.

use std::ffi::c_char;
use std::ptr;

use wiresign::IssuedToken;

use crate::output::release;
use crate::text::{Text, hand_out};

/// A token, ready to be handed to its subject. Whoever has its text can use it. Immutable; may be used by several threads at
/// once. All texts live as long as the object.
pub struct wiresign_issued_token {
    text: Text,
    expires: u64,
    lifetime: u64,
    permissions: Vec<Text>,
}

impl wiresign_issued_token {
    pub(crate) fn new(token: &IssuedToken) -> Self {
        Self {
            text: Text::new(token.text()),
            expires: token.expires(),
            lifetime: token.lifetime(),
            permissions: token.permissions().iter().map(|text| Text::new(text)).collect(),
        }
    }
}

/// The token in compact form. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_issued_token_text(
    token: *const wiresign_issued_token,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(token.as_ref().map(|token| &token.text), length) }
    })
}

/// The first Unix second at which the token has ended. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_issued_token_expires(token: *const wiresign_issued_token) -> u64 {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { token.as_ref() }.map_or(0, |token| token.expires)
    })
}

/// For how many seconds the token lives. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_issued_token_lifetime(token: *const wiresign_issued_token) -> u64 {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { token.as_ref() }.map_or(0, |token| token.lifetime)
    })
}

/// How many permissions the token holds. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_issued_token_permission_count(token: *const wiresign_issued_token) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { token.as_ref() }.map_or(0, |token| token.permissions.len())
    })
}

/// A permission as a pattern, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_issued_token_permission(
    token: *const wiresign_issued_token,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(token.as_ref().and_then(|token| token.permissions.get(index)), length) }
    })
}

/// Frees the token. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_issued_token_free(token: *mut wiresign_issued_token) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(token) }
    })
}
