//! Percent-encoding as AWS writes it: all bytes but letters, digits and `-._~`, with upper-case digits.

use std::borrow::Cow;

use super::Fault;
use crate::percent::{escaped_byte, push_escaped};

const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

pub(super) fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[usize::from(byte)]
}

/// Writes one byte, encoded where it must be.
pub(super) fn push_encoded(text: &mut Vec<u8>, byte: u8) {
    if is_unreserved(byte) { text.push(byte) } else { push_escaped(text, byte) }
}

/// Encodes each byte of a text, also percent signs.
pub(super) fn encode(text: &[u8]) -> Cow<'_, [u8]> {
    if text.iter().all(|&byte| is_unreserved(byte)) {
        return Cow::Borrowed(text);
    }
    let mut encoded = Vec::with_capacity(text.len() + 32);
    text.iter().for_each(|&byte| push_encoded(&mut encoded, byte));
    Cow::Owned(encoded)
}

/// Decodes a name or a value of a query and encodes it again, so that each has one spelling.
///
/// # Errors
/// Where a percent sign is not followed by two digits, and where there is a plus sign: some signers take it for a space,
/// some for itself, and some sign it as it is.
pub(super) fn recode(text: &[u8]) -> Result<Cow<'_, [u8]>, Fault> {
    if is_encoded(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut encoded = Vec::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'%' => {
                push_encoded(&mut encoded, escaped_byte(tail).ok_or(Fault::PercentSign)?);
                rest = &tail[2..];
            }
            b'+' => return Err(Fault::PlusSign),
            _ => push_encoded(&mut encoded, byte),
        }
    }
    Ok(Cow::Owned(encoded))
}

/// Whether a text is what [`recode`] would make of it.
fn is_encoded(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let is_upper = tail.iter().take(2).all(|byte| !byte.is_ascii_lowercase());
            match escaped_byte(tail) {
                Some(escaped) if is_upper && !is_unreserved(escaped) => rest = &tail[2..],
                _ => return false,
            }
        } else if !is_unreserved(byte) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::percent::decode;

    #[test]
    fn each_byte_is_encoded_but_the_unreserved_ones() {
        let all: Vec<u8> = (0..=255).collect();
        let encoded = encode(&all);
        assert_eq!(decode(&encoded), all.as_slice());
        assert!(encoded.starts_with(b"%00%01") && encoded.ends_with(b"%FE%FF"));
        for plain in *b"azAZ09-._~" {
            assert_eq!(encode(&[plain]), [plain].as_slice());
        }
        assert_eq!(encode(b"a b/c%"), b"a%20b%2Fc%25".as_slice());
    }

    #[test]
    fn what_is_encoded_gets_one_spelling() {
        for (text, one) in [("", ""), ("a", "a"), ("%41%2f%2F/", "A%2F%2F%2F"), ("%7e~", "~~"), ("ü", "%C3%BC")] {
            assert_eq!(recode(text.as_bytes()).expect("fine"), one.as_bytes(), "{text}");
            assert!(is_encoded(one.as_bytes()), "{one}");
        }
        for bad in ["%", "a%2", "%zz", "%%41"] {
            assert_eq!(recode(bad.as_bytes()), Err(Fault::PercentSign), "{bad}");
        }
        assert_eq!(recode(b"a+b"), Err(Fault::PlusSign));
        assert_eq!(recode(b"a%2Bb").expect("fine"), b"a%2Bb".as_slice());
    }
}
