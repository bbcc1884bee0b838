//! Fresh secrets.

use crate::failure::Failure;

/// How a secret is written.
#[derive(Clone, Copy, Debug, uniffi::Enum)]
pub enum SecretEncoding {
    /// Lower-case hex.
    Hex,
    /// Base64 with the standard alphabet and padding.
    Base64,
}

/// A fresh secret of 32 random bytes.
///
/// # Errors
/// Where the system gives no randomness.
#[uniffi::export]
pub fn generate_secret(encoding: SecretEncoding) -> Result<String, Failure> {
    let encoding = match encoding {
        SecretEncoding::Hex => wiresign::SecretEncoding::Hex,
        SecretEncoding::Base64 => wiresign::SecretEncoding::Base64,
    };
    Ok(wiresign::generate_secret(&wiresign_host::random32()?, encoding))
}
