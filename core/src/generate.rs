//! New secrets, from randomness that the caller brings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::mac::hex;

/// How a secret is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretEncoding {
    /// Lower-case hex: 64 characters for 32 bytes.
    Hex,
    /// Base64 with the standard alphabet and padding: 44 characters for 32 bytes.
    Base64,
}

/// Writes 32 random bytes as a secret.
///
/// The text itself is a good key: with `"encoding": "text"`, the default, its characters are the key.
pub fn generate_secret(random: &[u8; 32], encoding: SecretEncoding) -> String {
    encode_secret(random, encoding)
}

/// Writes random bytes of any length as a secret.
pub fn encode_secret(random: &[u8], encoding: SecretEncoding) -> String {
    match encoding {
        SecretEncoding::Hex => hex(random),
        SecretEncoding::Base64 => STANDARD.encode(random),
    }
}
