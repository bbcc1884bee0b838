//! Percent-encoded bytes (RFC 3986, section 2.1).

use std::borrow::Cow;

/// The byte that two digits stand for, the two behind a percent sign.
#[inline]
pub(crate) fn escaped_byte(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| digits.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    Some((digit(0)? << 4 | digit(1)?) as u8)
}

/// The bytes of a text with its triplets undone. A percent sign without two digits stands for itself.
pub(crate) struct Unescaped<'a>(pub(crate) &'a [u8]);

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        let escaped = if first == b'%' { escaped_byte(rest) } else { None };
        self.0 = if escaped.is_some() { &rest[2..] } else { rest };
        Some(escaped.unwrap_or(first))
    }
}

/// A text with its triplets undone.
pub(crate) fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b'%') { Cow::Owned(Unescaped(text).collect()) } else { Cow::Borrowed(text) }
}

/// Writes a byte as a percent sign and two digits in upper case.
#[inline]
pub(crate) fn push_escaped(text: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0x0f)]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_read_as_it_was_written() {
        for byte in 0..=255 {
            let mut written = Vec::new();
            push_escaped(&mut written, byte);
            assert_eq!(written, format!("%{byte:02X}").as_bytes());
            assert_eq!(escaped_byte(&written[1..]), Some(byte));
            assert_eq!(escaped_byte(&written[1..].to_ascii_lowercase()), Some(byte));
        }
        for bad in ["", "4", "4g", "%41", "+1"] {
            assert_eq!(escaped_byte(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_percent_sign_without_digits_stands_for_itself() {
        for (text, decoded) in [("", ""), ("a", "a"), ("%41%2f", "A/"), ("%", "%"), ("%4", "%4"), ("%%41%zz", "%A%zz")]
        {
            assert_eq!(decode(text.as_bytes()), decoded.as_bytes(), "{text}");
        }
    }
}
