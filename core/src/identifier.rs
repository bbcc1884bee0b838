//! The grammars of ids: service ids in the config, request ids on the wire.

use crate::bytes::any;

/// The longest request id that is reported or used as a nonce, in bytes.
pub(crate) const MAX_REQUEST_ID_BYTES: usize = 64;
/// The shortest request id that may serve as a nonce, in bytes.
pub(crate) const MIN_NONCE_BYTES: usize = 16;

/// Ids are copied in words of so many bytes.
const WORD_BYTES: usize = 8;

/// Whether `text` can name a service, a key, or an environment: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
pub(crate) fn is_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 128
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// A request id where it was received. Holds `[A-Za-z0-9_-]{0,64}` only.
#[derive(Clone, Copy)]
pub(crate) struct ReceivedId<'a>(&'a [u8]);

impl<'a> ReceivedId<'a> {
    pub(crate) const NONE: Self = Self(b"");

    /// `text` where it is a request id by the grammar above and not empty, else nothing: ids that are reported go into logs
    /// and response bodies, and must not carry anything else there.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        if text.is_empty() || text.len() > MAX_REQUEST_ID_BYTES {
            return None;
        }
        let known =
            |byte: u8| (byte | 0x20).is_ascii_lowercase() | byte.is_ascii_digit() | (byte == b'-') | (byte == b'_');
        (!any(text, |byte| !known(byte))).then_some(Self(text))
    }

    pub(crate) fn is_none(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_nonce(self) -> bool {
        self.0.len() >= MIN_NONCE_BYTES
    }

    /// Copies the id, so that it outlives the request.
    // Word by word, as it is read again: a processor waits where it reads a word that was written in two parts. And each word for
    // itself, since of a plain loop over all of them the compiler makes a call.
    #[inline]
    pub(crate) fn keep(self) -> RequestId {
        let (words, rest) = self.0.as_chunks::<WORD_BYTES>();
        let tail = match self.0.last_chunk::<WORD_BYTES>() {
            _ if rest.is_empty() => 0,
            // The end of the id, without what the word before has of it.
            Some(end) => u64::from_le_bytes(*end) >> (8 * (WORD_BYTES - rest.len())),
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        let mut id = RequestId { length: self.0.len(), ..RequestId::NONE };
        for (at, kept) in id.bytes.as_chunks_mut().0.iter_mut().enumerate() {
            *kept = match words.get(at) {
                Some(word) => *word,
                None if at == words.len() => tail.to_le_bytes(),
                None => break,
            };
        }
        id
    }
}

/// A request id kept in place, so that keeping it costs no allocation. Whole words, since they are copied fastest.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(crate) struct RequestId {
    bytes: [u8; MAX_REQUEST_ID_BYTES],
    length: usize,
}

impl RequestId {
    pub(crate) const NONE: Self = Self { bytes: [0; MAX_REQUEST_ID_BYTES], length: 0 };

    /// The id to be used as if it were just received.
    pub(crate) fn lend(&self) -> ReceivedId<'_> {
        ReceivedId(&self.bytes[..self.length])
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

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.lend().0
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
    fn an_id_of_any_length_is_kept_as_it_is() {
        let text: Vec<u8> = (0..MAX_REQUEST_ID_BYTES).map(|at| b'a' + (at % 26) as u8).collect();
        for length in 1..=MAX_REQUEST_ID_BYTES {
            let kept = ReceivedId::parse(&text[..length]).expect("fine").keep();
            assert_eq!(kept.as_bytes(), &text[..length]);
            assert!(kept.padded()[length..].iter().all(|byte| *byte == 0), "{length}");
        }
        assert_eq!(ReceivedId::NONE.keep().padded(), RequestId::NONE.padded());
    }

    #[test]
    fn request_ids_hold_nothing_that_could_hurt_a_log() {
        assert_eq!(ReceivedId::parse(b"test-123").expect("fine").keep().as_str(), Some("test-123"));
        for bad in [&b""[..], b"a b", b"a\n", b"<x>", b"\xff", &[b'a'; 65]] {
            assert!(ReceivedId::parse(bad).is_none(), "{bad:?}");
        }
        assert!(ReceivedId::parse(&[b'a'; 16]).expect("fine").is_nonce());
        assert!(!ReceivedId::parse(&[b'a'; 15]).expect("fine").is_nonce());
    }
}
