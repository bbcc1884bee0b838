//! HMAC-SHA256 with the keyed state kept, lower-case hex, and comparison in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The length of a tag, in bytes.
pub(crate) const TAG_BYTES: usize = 32;
/// The length of a tag in hex.
pub(crate) const TAG_HEX: usize = TAG_BYTES * 2;

/// An HMAC-SHA256 tag.
pub(crate) type Tag = [u8; TAG_BYTES];

/// Takes the pieces of a signed message, in order.
pub(crate) trait Sink {
    fn put(&mut self, piece: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
}

/// A key whose two padded blocks are hashed already. Zeroised when dropped.
#[derive(Clone)]
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    pub(crate) fn start(&self) -> Running {
        Running(self.0.clone())
    }

    /// The tag over the short pieces that `write` puts together, then over `body`, then over `tail`.
    pub(crate) fn tag(&self, write: impl FnOnce(&mut Gather), body: &[u8], tail: [&[u8]; 2]) -> Tag {
        let mut gather = Gather { running: self.start(), buffer: [0; GATHER_BYTES], used: 0 };
        write(&mut gather);
        gather.put(body);
        tail.into_iter().for_each(|piece| gather.put(piece));
        gather.finish()
    }
}

/// A tag in the making.
#[derive(Clone)]
pub(crate) struct Running(Hmac<Sha256>);

impl Running {
    pub(crate) fn finish(self) -> Tag {
        self.0.finalize().into_bytes().into()
    }
}

impl Sink for Running {
    fn put(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }
}

const GATHER_BYTES: usize = 512;

/// Gathers short pieces on the stack, since each update of the hash has a price of its own.
pub(crate) struct Gather {
    running: Running,
    buffer: [u8; GATHER_BYTES],
    used: usize,
}

impl Gather {
    fn finish(mut self) -> Tag {
        self.running.put(&self.buffer[..self.used]);
        self.running.finish()
    }
}

impl Sink for Gather {
    #[inline]
    fn put(&mut self, piece: &[u8]) {
        if let Some(room) = self.buffer.get_mut(self.used..self.used + piece.len()) {
            room.copy_from_slice(piece);
            self.used += piece.len();
        } else {
            self.running.put(&self.buffer[..self.used]);
            self.running.put(piece);
            self.used = 0;
        }
    }
}

/// Compares two tags without telling by time where they differ.
pub(crate) fn same_tag(left: &Tag, right: &Tag) -> bool {
    left.ct_eq(right).into()
}

const NOT_HEX: u8 = 0xff;

const LOWER_HEX: [u8; 256] = {
    let mut table = [NOT_HEX; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
};

/// Decodes exactly 64 lower-case hex digits.
pub(crate) fn decode_tag(hex: &[u8]) -> Option<Tag> {
    let hex: &[u8; TAG_HEX] = hex.try_into().ok()?;
    let mut tag = [0; TAG_BYTES];
    let mut bad = 0;
    for (byte, pair) in tag.iter_mut().zip(hex.chunks_exact(2)) {
        let (high, low) = (LOWER_HEX[usize::from(pair[0])], LOWER_HEX[usize::from(pair[1])]);
        bad |= high | low;
        *byte = (high << 4) | (low & 0x0f);
    }
    (bad < 16).then_some(tag)
}

/// Writes bytes as lower-case hex.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        text.push(char::from(b"0123456789abcdef"[usize::from(byte & 0x0f)]));
    }
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1, 2, 3, 6 and 7.
    #[test]
    fn tags_equal_those_of_rfc_4231() {
        let cases: [(&[u8], &[u8], &str); 5] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, message, expected) in cases {
            let key = MacKey::new(key);
            assert_eq!(hex(&key.tag(|head| head.put(message), b"", [b"", b""])), expected);
            assert_eq!(hex(&key.tag(|_| (), message, [b"", b""])), expected);
        }
    }

    #[test]
    fn gathering_changes_no_bytes_at_any_length() {
        let key = MacKey::new(b"some key");
        let message: Vec<u8> = (0..2000u32).map(|at| at as u8).collect();
        for length in (0..1400).step_by(7) {
            for piece in [1, 63, 511, 512, 513] {
                let gathered = key.tag(
                    |head| message[..length].chunks(piece).for_each(|chunk| head.put(chunk)),
                    &message[length..],
                    [b"ta", b"il"],
                );
                let mut plain = key.start();
                plain.put(&message);
                plain.put(b"tail");
                assert_eq!(gathered, plain.finish(), "{length} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn hex_is_read_exactly_or_not_at_all() {
        let good = "0123456789abcdef".repeat(4);
        assert_eq!(hex(&decode_tag(good.as_bytes()).expect("good")), good);
        for at in 0..TAG_HEX {
            for byte in (0..=255u8).filter(|byte| !b"0123456789abcdef".contains(byte)) {
                let mut bad = good.clone().into_bytes();
                bad[at] = byte;
                assert!(decode_tag(&bad).is_none(), "{byte} at {at}");
            }
        }
        assert!(decode_tag(&good.as_bytes()[1..]).is_none());
        assert!(decode_tag(format!("{good}0").as_bytes()).is_none());
        assert!(decode_tag(b"").is_none());
    }
}
