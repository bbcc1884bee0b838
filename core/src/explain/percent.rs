//! Percent-encoding as different programs do it.

use crate::percent::push_escaped;

/// What an encoder leaves as it is, beside letters and digits, and what becomes of a space.
#[derive(Clone, Copy)]
pub(super) struct Encoder {
    pub(super) leaves: &'static [u8],
    pub(super) plus: bool,
}

/// The encoders of query parameters that are met most often.
pub(super) const ENCODERS: [Encoder; 6] = [
    Encoder { leaves: b"-._~", plus: false },
    Encoder { leaves: b"-._~", plus: true },
    Encoder { leaves: b"-._*", plus: true },
    Encoder { leaves: b"-._~!*'()", plus: false },
    Encoder { leaves: b"-._~!$'()*,;:@/?", plus: false },
    Encoder { leaves: b"-._", plus: true },
];

/// The encoders of paths.
pub(super) const PATH_ENCODERS: [Encoder; 3] = [
    Encoder { leaves: b"-._~/", plus: false },
    Encoder { leaves: b"-._~/!$&'()*+,;=:@", plus: false },
    Encoder { leaves: b"-._~/!#$&'()*+,;=:@?", plus: false },
];

impl Encoder {
    pub(super) fn encode(self, text: &[u8]) -> Vec<u8> {
        let mut encoded = Vec::with_capacity(text.len());
        for &byte in text {
            match byte {
                b' ' if self.plus => encoded.push(b'+'),
                _ if byte.is_ascii_alphanumeric() || self.leaves.contains(&byte) => encoded.push(byte),
                _ => push_escaped(&mut encoded, byte),
            }
        }
        encoded
    }
}

/// The same text with the digits of its triplets in upper or lower case.
pub(super) fn with_case(text: &[u8], upper: bool) -> Vec<u8> {
    let mut written = text.to_vec();
    for at in 0..text.len() {
        let is_triplet = text[at] == b'%' && text.get(at + 1..at + 3).is_some_and(|digits| digits.is_ascii());
        if is_triplet {
            let digits = &mut written[at + 1..at + 3];
            if upper { digits.make_ascii_uppercase() } else { digits.make_ascii_lowercase() }
        }
    }
    written
}

/// Every occurrence of one text by another.
pub(super) fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(from) {
            written.extend_from_slice(to);
            at += from.len();
        } else {
            written.push(text[at]);
            at += 1;
        }
    }
    written
}
