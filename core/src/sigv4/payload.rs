//! What a request says of its body.

use super::Fault;
use crate::mac::{Tag, decode_tag};

/// What stands for a body that is not signed.
pub(super) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Ways to sign a body in pieces. Their first signature covers the head only, so taking them for a digest would leave the body
/// to anybody.
const STREAMING: [&str; 7] = [
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-EVENTS",
    "STREAMING-AWS4-ECDSA-P256-SHA256-EVENTS",
];

/// How the signature covers the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Covered {
    /// By a digest in the request, which the body must have.
    Declared(Tag),
    /// By its digest, which is in no header.
    Body,
    Unsigned,
}

impl Covered {
    /// Reads `x-amz-content-sha256`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Fault> {
        if let Some(digest) = decode_tag(text) {
            return Ok(Self::Declared(digest));
        }
        if text == UNSIGNED.as_bytes() {
            return Ok(Self::Unsigned);
        }
        match STREAMING.into_iter().find(|mode| mode.as_bytes() == text) {
            Some(mode) => Err(Fault::Streaming(mode)),
            None => Err(Fault::PayloadMode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_digest_or_the_unsigned_mode_is_taken() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(matches!(Covered::parse(hex.as_bytes()), Ok(Covered::Declared(digest)) if digest[0] == 0xe3));
        assert_eq!(Covered::parse(b"UNSIGNED-PAYLOAD"), Ok(Covered::Unsigned));
        for mode in STREAMING {
            assert_eq!(Covered::parse(mode.as_bytes()), Err(Fault::Streaming(mode)));
        }
        for bad in ["", "unsigned-payload", "STREAMING-ELSE", &hex.to_uppercase(), &hex[1..]] {
            assert_eq!(Covered::parse(bad.as_bytes()), Err(Fault::PayloadMode), "{bad}");
        }
    }
}
