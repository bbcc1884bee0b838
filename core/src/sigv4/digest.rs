//! Digests of bodies, and how a digest is written.

use crate::mac::{TAG_HEX, Tag};

pub(crate) use crate::standard::BodyDigests;

/// A digest in lower-case hex.
pub(super) fn hex_digits(digest: &Tag) -> [u8; TAG_HEX] {
    let mut digits = [0; TAG_HEX];
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(digest) {
        *pair = [byte >> 4, byte & 0x0f];
    }
    // Without a table or a branch, so that the compiler writes many digits at once.
    digits.map(|value| value + b'0' + (u8::from(value > 9) * (b'a' - b'0' - 10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_usual_writer() {
        for start in 0..=224u8 {
            let digest: Tag = std::array::from_fn(|at| start + at as u8);
            assert_eq!(hex_digits(&digest), crate::mac::hex(&digest).as_bytes());
        }
    }
}
