//! What a handler may ask of its callers.

use wiresign::Permission;

use crate::failure::Failure;

/// Fails where a text is no permission: for whoever asks for one, when it is written down and not at a request.
///
/// # Errors
/// What is wrong with it.
#[uniffi::export]
pub fn check_permission(permission: &str) -> Result<(), Failure> {
    parse(permission).map(drop)
}

pub(crate) fn parse(text: &str) -> Result<Permission, Failure> {
    Permission::parse(text).map_err(|sentence| Failure::Argument { sentence })
}
