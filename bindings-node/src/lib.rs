//! The native half of the npm package `wiresign`; `ts/` is the face that users see.
//!
//! Objects are made, and calls that are rare are made, through napi-derive. The two that every request makes, verify and
//! sign, are bare Node-API callbacks (`verifier/hot.rs`, `signer/hot.rs`): flat strings in, a number or one string out,
//! and never an exception.

pub mod body_verification;
mod callback;
pub mod config;
mod contexts;
mod facts;
pub mod identity;
pub mod outcome;
pub mod signer;
pub mod text;
pub mod token_issuer;
pub mod verifier;

use napi_derive::napi;
use wiresign::SecretEncoding;

/// The headers that the built-in schemes read, in lower case as Node has them, and in the order of
/// `NativeConfig::header_names`. TypeScript asks for this list once, and names none of them itself.
#[napi]
pub fn usual_headers() -> Vec<&'static str> {
    USUAL_HEADERS.to_vec()
}

const USUAL_HEADERS: [&str; 7] = [
    "x-request-id",
    "x-service-api-key",
    "x-service-id",
    "x-service-name",
    "x-signature",
    "x-target-service",
    "x-timestamp",
];

/// The version of this crate, and so of the core in it.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// A fresh secret of 32 random bytes.
///
/// # Errors
/// Where the system gives no randomness, or the encoding is neither `hex` nor `base64`.
#[napi]
pub fn generate_secret(encoding: String) -> napi::Result<String> {
    let encoding = match encoding.as_str() {
        "hex" => SecretEncoding::Hex,
        "base64" => SecretEncoding::Base64,
        _ => return Err(napi::Error::from_reason("the encoding is neither hex nor base64")),
    };
    let random = wiresign_host::random32().map_err(|error| napi::Error::from_reason(error.to_string()))?;
    Ok(wiresign::generate_secret(&random, encoding))
}
