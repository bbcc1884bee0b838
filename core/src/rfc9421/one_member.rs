//! A dictionary of structured fields with one member, a byte sequence, in the form in which it is written: `NAME=:BASE64:`.
//! Signatures and digests mostly come so.
//!
//! All else, good or bad, is the matter of the parser of structured fields, which says the same of what is read here.

use crate::bytes::position;

/// The name, and the text of its bytes. Whether that text is Base64 is not looked at.
pub(super) fn split(field: &[u8]) -> Option<(&str, &[u8])> {
    let (name, rest) = field.split_at_checked(position(field, b'=')?)?;
    let text = rest.strip_prefix(b"=:")?.strip_suffix(b":")?;
    is_key(name).then(|| Some((str::from_utf8(name).ok()?, text)))?
}

/// Whether a text is a key of a dictionary (RFC 9651, section 3.1.2).
fn is_key(name: &[u8]) -> bool {
    let is_first = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'*';
    let is_other = |byte: &u8| is_first(byte) || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.');
    name.first().is_some_and(is_first) && name.iter().all(is_other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_sequence_is_read() {
        assert_eq!(split(b"wiresign=:AAAA:"), Some(("wiresign", &b"AAAA"[..])));
        assert_eq!(split(b"*a-1._=::"), Some(("*a-1._", &b""[..])));
        for other in
            ["", "a", "a=", "a=:", "A=:AAAA:", "1=:AAAA:", "=:AAAA:", "a=AAAA", "a=:AAAA:;b", " a=:AAAA:", "a=:AAAA: "]
        {
            assert_eq!(split(other.as_bytes()), None, "{other}");
        }
    }
}
