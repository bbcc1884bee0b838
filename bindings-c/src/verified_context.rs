//! A tenant and roles that were signed.

use std::ffi::c_char;
use std::ptr;

use wiresign::VerifiedContext;

use crate::output::release;
use crate::text::{Text, hand_out};

/// A tenant and its roles, as they were verified. Only verification makes this object. Immutable; may be used by several
/// threads at once. All texts live as long as the object.
pub struct wiresign_verified_context {
    tenant: Text,
    roles: Vec<Text>,
    key_id: Text,
    key_is_retiring: bool,
    matched: Text,
}

impl wiresign_verified_context {
    pub(crate) fn new(verified: &VerifiedContext) -> Self {
        Self {
            tenant: Text::new(verified.tenant()),
            roles: verified.roles().map(Text::new).collect(),
            key_id: Text::new(verified.key_id()),
            key_is_retiring: verified.key_is_retiring(),
            matched: Text::new(verified.matched()),
        }
    }
}

/// The tenant, as a UUID in lower case. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_context_tenant(
    verified: *const wiresign_verified_context,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().map(|verified| &verified.tenant), length) }
    })
}

/// How many roles there are, each counted once. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_context_role_count(verified: *const wiresign_verified_context) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verified.as_ref() }.map_or(0, |verified| verified.roles.len())
    })
}

/// A role, counted from 0 in the order of their bytes; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_context_role(
    verified: *const wiresign_verified_context,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(|verified| verified.roles.get(index)), length) }
    })
}

/// True when the role is among them. False for NULL, and for what is no text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_context_has_role(
    verified: *const wiresign_verified_context,
    role: *const c_char,
    role_length: usize,
) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised a live object or NULL, and that `role` is NULL or readable for its length.
        let (verified, role) = unsafe { (verified.as_ref(), crate::input::text("role", role, role_length)) };
        match (verified, role) {
            (Some(verified), Ok(role)) => verified.roles.iter().any(|own| own.as_str() == role),
            _ => false,
        }
    })
}

/// The id of the key that made the signature. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_context_key_id(
    verified: *const wiresign_verified_context,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().map(|verified| &verified.key_id), length) }
    })
}

/// True when the configuration marks that key as retiring. NULL gives false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_context_key_is_retiring(verified: *const wiresign_verified_context) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verified.as_ref() }.is_some_and(|verified| verified.key_is_retiring)
    })
}

/// Which form of signature held: "hmac-sha256", or "sha256-prefix" while a migration lasts. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_context_matched(
    verified: *const wiresign_verified_context,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().map(|verified| &verified.matched), length) }
    })
}

/// Frees the object. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_context_free(verified: *mut wiresign_verified_context) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(verified) }
    })
}
