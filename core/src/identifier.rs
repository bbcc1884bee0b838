//! The grammars of ids: service ids in the config, request ids on the wire.

use crate::bytes::any;

/// The longest request id that is reported or used as a nonce, in bytes.
pub(crate) const MAX_REQUEST_ID_BYTES: usize = 64;
/// The shortest request id that may serve as a nonce, in bytes.
pub(crate) const MIN_NONCE_BYTES: usize = 16;

/// Whether `text` can name a service, a key, or an environment: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
pub(crate) fn is_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 128
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// A request id kept in place, so that keeping it costs no allocation. Holds `[A-Za-z0-9_-]{0,64}` only.
#[derive(Clone, Copy)]
pub(crate) struct RequestId {
    bytes: [u8; MAX_REQUEST_ID_BYTES],
    length: u8,
}

impl RequestId {
    pub(crate) const NONE: Self = Self { bytes: [0; MAX_REQUEST_ID_BYTES], length: 0 };

    /// Keeps `text` where it is a request id by the grammar above and not empty, else nothing: ids that are reported go into
    /// logs and response bodies, and must not carry anything else there.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > MAX_REQUEST_ID_BYTES {
            return None;
        }
        let known = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_');
        if any(text, |byte| !known(byte)) {
            return None;
        }
        let mut id = Self::NONE;
        id.bytes[..text.len()].copy_from_slice(text);
        id.length = text.len() as u8;
        Some(id)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The id with zeros behind it, which no id holds.
    pub(crate) fn padded(&self) -> &[u8; MAX_REQUEST_ID_BYTES] {
        &self.bytes
    }

    /// The id as text; `None` where there is none.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self.length {
            0 => None,
            _ => Some(std::str::from_utf8(self.as_bytes()).expect("a request id holds ASCII only")),
        }
    }

    pub(crate) fn is_nonce(&self) -> bool {
        usize::from(self.length) >= MIN_NONCE_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_start_with_a_letter_or_digit() {
        for good in ["a", "image-service", "A.b_c-9", "2026-q4", &"a".repeat(128)] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "-a", ".a", "a b", "a\n", "a,b", "ä", &"a".repeat(129)] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn request_ids_hold_nothing_that_could_hurt_a_log() {
        assert_eq!(RequestId::parse(b"test-123").expect("fine").as_str(), Some("test-123"));
        for bad in [&b""[..], b"a b", b"a\n", b"<x>", b"\xff", &[b'a'; 65]] {
            assert!(RequestId::parse(bad).is_none(), "{bad:?}");
        }
        assert!(RequestId::parse(&[b'a'; 16]).expect("fine").is_nonce());
        assert!(!RequestId::parse(&[b'a'; 15]).expect("fine").is_nonce());
    }
}
