//! What an application requires of a caller.

use std::ffi::c_char;

use wiresign::Permission;

use crate::error::wiresign_error;
use crate::failure::Failure;
use crate::input;

/// The argument `permission` of an export.
///
/// # Safety
/// Unless it is NULL, the pointer is readable for `length` bytes.
pub(crate) unsafe fn read(permission: *const c_char, length: usize) -> Result<Permission, Failure> {
    // SAFETY: by the contract of this function.
    let text = unsafe { input::text("permission", permission, length) }?;
    Permission::parse(text).map_err(|problem| Failure::argument("permission", problem))
}

/// Checks that a text is a permission, such as "POST /invoices": for programs that say what they require of callers before
/// the first request comes.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT, whose error says what is wrong with the text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_permission_check(
    permission: *const c_char,
    permission_length: usize,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that the pointer is NULL or readable for its length.
        unsafe { read(permission, permission_length) }.map(drop)
    })
}
