//! AWS Signature Version 4, checked and made: in the `Authorization` header and in the query of a presigned link.
//!
//! Source: "Signature Version 4 signing process" and "Authenticating Requests (AWS Signature Version 4)" in the
//! documentation of AWS. Where signers in wide use disagree about a byte, a request that holds it is refused.

mod authorization;
mod canonical;
mod claim;
mod coverage;
mod derived_key;
mod encoding;
mod fault;
mod fields;
mod foreign;
mod path;
mod payload;
mod query;
mod scope;
mod sign;
mod timestamp;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use claim::Carrier;
pub(crate) use claim::{Claim, is_there};
pub(crate) use derived_key::SigningSecret;
pub(crate) use fault::{Fault, SignFault};
pub(crate) use foreign::{Foreign, authorization};
pub(crate) use path::{CanonicalPath, PathForm};
pub(crate) use sign::{Credentials, Payload, Signed, presign, sign};

/// The Unix seconds of an `X-Amz-Date`.
pub(crate) fn seconds_of(date: &[u8]) -> Option<u64> {
    timestamp::Timestamp::parse(date).map(|time| time.seconds)
}

/// The one algorithm, as it is named on the wire.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What each credential scope ends with.
const SCOPE_END: &str = "aws4_request";

/// The most parameters of a query.
const MAX_PARAMETERS: usize = 100;
/// The most header fields that a signature names.
const MAX_SIGNED_HEADERS: usize = 64;
/// The longest life of a presigned link, in seconds: a week.
pub(crate) const MAX_EXPIRY: u64 = 604_800;
/// How old or how far in the future a signature in a header may be, in seconds.
pub(crate) const WINDOW: u64 = 900;

/// What a service demands of the requests to it, and what a client of it must therefore do.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) region: Box<str>,
    pub(crate) service: Box<str>,
    /// In lower case. Each must be in the request and be signed, beside the host, every `x-amz-*` and the content type.
    pub(crate) signed_headers: Vec<Box<str>>,
    pub(crate) path: PathForm,
    /// Whether the body's digest must be declared, in the header `x-amz-content-sha256`.
    pub(crate) declares_payload: bool,
    /// Whether a body may be left unsigned.
    pub(crate) unsigned_payload: bool,
    /// Whether the session token is added behind the signature, as a few services of AWS want it. It is compared all the same.
    pub(crate) token_is_outside: bool,
    /// The longest life of a presigned link, in seconds.
    pub(crate) longest_expiry: u64,
}

impl Expected {
    /// As most services of AWS have it.
    pub(crate) fn new(region: &str, service: &str) -> Self {
        Self {
            region: region.into(),
            service: service.into(),
            signed_headers: Vec::new(),
            path: PathForm::Normalised,
            declares_payload: false,
            unsigned_payload: false,
            token_is_outside: false,
            longest_expiry: MAX_EXPIRY,
        }
    }

    /// As S3 has it: the path is signed as it is, and the body's digest is in a header.
    pub(crate) fn s3(region: &str, service: &str) -> Self {
        Self { path: PathForm::AsSent, declares_payload: true, ..Self::new(region, service) }
    }
}
