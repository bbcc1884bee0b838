//! HMAC-SHA256 with the keyed state kept, lower-case hex, and comparison in constant time.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::bytes::copy_short;

/// The length of a tag, in bytes.
pub(crate) const TAG_BYTES: usize = 32;
/// The length of a tag in hex.
pub(crate) const TAG_HEX: usize = TAG_BYTES * 2;

/// An HMAC-SHA256 tag.
pub(crate) type Tag = [u8; TAG_BYTES];

/// Takes the pieces of a signed message, in order.
pub(crate) trait Sink {
    fn put(&mut self, piece: &[u8]);

    /// Puts a piece and the byte that follows it.
    fn put_ended(&mut self, piece: &[u8], end: u8) {
        self.put(piece);
        self.put(&[end]);
    }

    /// Puts each piece and a line end behind it.
    fn put_lines(&mut self, pieces: &[&[u8]]) {
        for piece in pieces {
            self.put(piece);
            self.put(b"\n");
        }
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
}

pub(crate) const BLOCK_BYTES: usize = 64;
/// What follows a message in its last block: one bit, and the length in eight bytes.
const PADDING_BYTES: usize = 9;

/// What SHA-256 carries from block to block (FIPS 180-4, section 6.2).
type State = [u32; 8];

/// Section 5.3.3.
const FIRST_STATE: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A key whose two padded blocks are hashed already (RFC 2104, section 4). Zeroised when dropped.
///
/// The crate that offers HMAC hands each message through several buffers; for the short messages here that costs a third
/// of the hash itself. Only the padding is done here, the hash is the crate's.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MacKey {
    inner: State,
    outer: State,
}

impl MacKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        let block = key_block(key);
        let hashed = |pad: u8| {
            let mut state = FIRST_STATE;
            let padded = Zeroizing::new(block.map(|byte| byte ^ pad));
            compress256(&mut state, &[*padded]);
            state
        };
        Self { inner: hashed(0x36), outer: hashed(0x5c) }
    }

    pub(crate) fn start(&self) -> Running {
        Running { gathered: Gathered::new(), inner: self.inner, outer: self.outer, hashed: 0 }
    }

    /// The tag over a message that was gathered and padded as a whole.
    #[inline]
    pub(crate) fn tag_of_padded(&self, blocks: &[[u8; BLOCK_BYTES]]) -> Tag {
        let mut inner = Zeroizing::new(self.inner);
        compress256(&mut inner, blocks);
        let mut outer = Zeroizing::new(self.outer);
        outer_hash(&mut outer, &inner)
    }

    /// The tag over a message.
    #[inline]
    pub(crate) fn tag_of(&self, message: &[u8]) -> Tag {
        self.tag(|running| running.put(message))
    }

    /// The tag over the message that `write` puts together.
    #[inline]
    pub(crate) fn tag(&self, write: impl FnOnce(&mut Running)) -> Tag {
        let mut running = self.start();
        write(&mut running);
        running.finish()
    }
}

/// The key as HMAC takes it (RFC 2104, section 2): hashed where it is longer than a block, then filled up with zeros. Keys
/// with equal blocks make equal tags.
pub(crate) fn key_block(key: &[u8]) -> Zeroizing<[u8; BLOCK_BYTES]> {
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    if key.len() > BLOCK_BYTES {
        block[..TAG_BYTES].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    block
}

/// How much of a message is gathered before it is hashed, so that most messages are hashed in one go.
const GATHERED_BYTES: usize = 6 * BLOCK_BYTES;
/// The padding of a message that fills the rest needs a block of its own.
const BUFFER_BYTES: usize = GATHERED_BYTES + BLOCK_BYTES;

/// The bytes of a message that are not hashed yet.
#[derive(Clone)]
#[repr(C, align(64))]
pub(crate) struct Gathered {
    buffer: [u8; BUFFER_BYTES],
    used: usize,
    /// Whether a piece was left out for want of room.
    is_cut: bool,
}

impl Gathered {
    #[inline]
    pub(crate) fn new() -> Self {
        Self { buffer: [0; BUFFER_BYTES], used: 0, is_cut: false }
    }

    /// The padded blocks of the message that `write` puts together; `None` where it is too long to be gathered. No key is part
    /// of it, so it serves each key that is tried.
    #[inline]
    pub(crate) fn whole(&mut self, write: impl FnOnce(&mut Self)) -> Option<&[[u8; BLOCK_BYTES]]> {
        write(self);
        // Where nothing was left out, the buffer is still as it was made behind what was gathered.
        (!self.is_cut).then(|| pad(&mut self.buffer, self.used, BLOCK_BYTES as u64))
    }

    #[inline]
    fn room(&self) -> usize {
        GATHERED_BYTES - self.used
    }

    #[inline]
    fn gather(&mut self, piece: &[u8]) {
        copy_short(&mut self.buffer[self.used..self.used + piece.len()], piece);
        self.used += piece.len();
    }

    #[inline]
    fn gather_ended(&mut self, piece: &[u8], end: u8) {
        let (text, rest) = self.buffer[self.used..].split_at_mut(piece.len());
        copy_short(text, piece);
        rest[0] = end;
        self.used += piece.len() + 1;
    }

    /// Gathers each piece and a line end behind it; `false` where there is no room for all of them. Then those that had room lie
    /// behind what was gathered, and nothing can be gathered any more.
    #[inline]
    fn gather_lines(&mut self, pieces: &[&[u8]]) -> bool {
        let mut room = &mut self.buffer[self.used..GATHERED_BYTES];
        for piece in pieces {
            if piece.len() >= room.len() {
                return false;
            }
            let (text, rest) = room.split_at_mut(piece.len());
            copy_short(text, piece);
            rest[0] = b'\n';
            room = &mut rest[1..];
        }
        self.used = GATHERED_BYTES - room.len();
        true
    }
}

impl Sink for Gathered {
    #[inline]
    fn put(&mut self, piece: &[u8]) {
        if piece.len() <= self.room() {
            self.gather(piece);
        } else {
            self.is_cut = true;
        }
    }

    #[inline]
    fn put_ended(&mut self, piece: &[u8], end: u8) {
        if piece.len() < self.room() {
            self.gather_ended(piece, end);
        } else {
            self.is_cut = true;
        }
    }

    #[inline]
    fn put_lines(&mut self, pieces: &[&[u8]]) {
        self.is_cut |= !self.gather_lines(pieces);
    }
}

/// A tag in the making. The keyed states are zeroised when dropped.
#[derive(Clone)]
pub(crate) struct Running {
    gathered: Gathered,
    inner: State,
    outer: State,
    /// The bytes that were hashed, without those in the buffer.
    hashed: u64,
}

impl Running {
    /// The tag. By reference, since moving the buffer would cost as much as hashing a block.
    pub(crate) fn finish(&mut self) -> Tag {
        self.gathered.buffer[self.gathered.used..].fill(0);
        // The key's block comes before the message.
        let before = BLOCK_BYTES as u64 + self.hashed;
        compress256(&mut self.inner, pad(&mut self.gathered.buffer, self.gathered.used, before));
        outer_hash(&mut self.outer, &self.inner)
    }

    /// Hashes what was gathered, and what of `piece` makes whole blocks.
    fn hash(&mut self, piece: &[u8]) {
        let used = self.gathered.used;
        let (first, rest) = piece.split_at(used.next_multiple_of(BLOCK_BYTES) - used);
        self.gathered.gather(first);
        let used = self.gathered.used;
        let (blocks, rest) = rest.as_chunks();
        compress256(&mut self.inner, self.gathered.buffer[..used].as_chunks().0);
        compress256(&mut self.inner, blocks);
        self.hashed += (used + blocks.len() * BLOCK_BYTES) as u64;
        self.gathered.used = 0;
        self.gathered.gather(rest);
    }
}

impl Sink for Running {
    #[inline]
    fn put(&mut self, piece: &[u8]) {
        if piece.len() <= self.gathered.room() {
            self.gathered.gather(piece);
        } else {
            self.hash(piece);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// Takes the state of an outer hash to its end.
#[inline]
fn outer_hash(outer: &mut State, inner: &State) -> Tag {
    let mut last = PADDED_TAG;
    last[..TAG_BYTES].copy_from_slice(&bytes(inner));
    compress256(outer, &[last]);
    bytes(outer)
}

/// The last block of each outer hash, but for the tag at its start.
const PADDED_TAG: [u8; BLOCK_BYTES] = {
    let mut block = [0; BLOCK_BYTES];
    block[TAG_BYTES] = 0x80;
    let bits = ((BLOCK_BYTES + TAG_BYTES) * 8) as u16;
    [block[BLOCK_BYTES - 2], block[BLOCK_BYTES - 1]] = bits.to_be_bytes();
    block
};

/// Pads the end of a message (section 5.1.1), of which `used` bytes are in the buffer, with nothing but zeros behind them, and
/// `before` bytes are hashed.
#[inline]
fn pad(buffer: &mut [u8], used: usize, before: u64) -> &[[u8; BLOCK_BYTES]] {
    let end = (used + PADDING_BYTES).next_multiple_of(BLOCK_BYTES);
    let buffer = &mut buffer[..end];
    buffer[used] = 0x80;
    buffer[end - 8..].copy_from_slice(&((before + used as u64) * 8).to_be_bytes());
    buffer.as_chunks().0
}

fn bytes(state: &State) -> Tag {
    let mut bytes = [0; TAG_BYTES];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    bytes
}

/// Compares two tags without telling by time where they differ.
pub(crate) fn same_tag(left: &Tag, right: &Tag) -> bool {
    let (left, right) = (left.as_chunks().0.iter(), right.as_chunks().0);
    let words = left.zip(right).map(|(left, right)| u64::from_ne_bytes(*left) ^ u64::from_ne_bytes(*right));
    words.fold(0, |differences, word| differences | word).ct_eq(&0).into()
}

/// Decodes exactly 64 lower-case hex digits.
// Inlined into a loop over signatures it is no longer done in vectors, and takes three times as long.
#[inline(never)]
pub(crate) fn decode_tag(hex: &[u8]) -> Option<Tag> {
    let hex: &[u8; TAG_HEX] = hex.try_into().ok()?;
    // Without branches, tables and early exits the compiler judges many digits at once, and time tells nothing of them.
    let values = hex.map(|byte| {
        let (digit, letter) = (byte.wrapping_sub(b'0'), byte.wrapping_sub(b'a'));
        match (digit < 10, letter < 6) {
            (true, _) => digit,
            (_, true) => letter + 10,
            _ => NOT_HEX,
        }
    });
    let bad = values.iter().fold(0, |all, value| all | value);
    let mut tag = [0; TAG_BYTES];
    for (byte, [high, low]) in tag.iter_mut().zip(values.as_chunks().0) {
        *byte = (high << 4) | (low & 0x0f);
    }
    (bad < 16).then_some(tag)
}

const NOT_HEX: u8 = 0xff;

/// Writes bytes as lower-case hex.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        text.push(char::from(b"0123456789abcdef"[usize::from(byte & 0x0f)]));
    }
}

/// A digest in lower-case hex.
pub(crate) fn hex_digits(digest: &Tag) -> [u8; TAG_HEX] {
    let mut digits = [0; TAG_HEX];
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(digest) {
        *pair = [byte >> 4, byte & 0x0f];
    }
    // Without a table or a branch, so that the compiler writes many digits at once.
    digits.map(|value| value + b'0' + (u8::from(value > 9) * (b'a' - b'0' - 10)))
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
            assert_eq!(hex(&key.tag_of(message)), expected);
            assert_eq!(hex(&key.tag_of(message)), expected);
        }
    }

    #[test]
    fn gathering_changes_no_bytes_at_any_length() {
        let key = MacKey::new(b"some key");
        let message: Vec<u8> = (0..2000u32).map(|at| at as u8).collect();
        for length in (0..1400).step_by(7).chain(740..780) {
            let mut gathered = Gathered::new();
            let tag = |blocks: &[[u8; BLOCK_BYTES]]| key.tag_of_padded(blocks);
            let whole = gathered.whole(|sink| {
                sink.put_lines(&[&message[..length / 2], b"", b"ab"]);
                [&message[..length / 2], b"ta", b"il"].into_iter().for_each(|piece| sink.put(piece));
            });
            let whole = whole.map(tag);
            let lines = [&message[..length / 2], b"\n\nab\n", &message[..length / 2], b"tail"].concat();
            assert_eq!(whole.is_some(), lines.len() <= GATHERED_BYTES);
            assert!(whole.is_none_or(|whole| whole == key.tag_of(&lines)), "{length}");
            for piece in [1, 63, 64, 511, 512, 513, 1300] {
                let gathered = key.tag(|running| {
                    message[..length].chunks(piece).for_each(|chunk| running.put(chunk));
                    [&message[length..], b"ta", b"il"].into_iter().for_each(|piece| running.put(piece));
                });
                let mut plain = key.start();
                plain.put(&message);
                plain.put(b"tail");
                assert_eq!(gathered, plain.finish(), "{length} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn lines_are_gathered_up_to_the_last_byte_of_the_room_and_never_in_part() {
        const MOST: usize = GATHERED_BYTES - 1;
        let message = [b'a'; GATHERED_BYTES];
        let key = MacKey::new(b"some key");
        let whole = |lines: &[&[u8]], behind: &[u8]| {
            let mut gathered = Gathered::new();
            let blocks = gathered.whole(|sink| {
                sink.put_lines(lines);
                sink.put(behind);
            });
            blocks.map(|blocks| key.tag_of_padded(blocks))
        };
        let tag = |text: &[u8]| Some(key.tag_of(text));
        assert_eq!(whole(&[&message[..MOST]], b""), tag(&[&message[..MOST], b"\n"].concat()));
        assert_eq!(whole(&[b"", &message[..MOST - 1]], b""), tag(&[b"\n", &message[..MOST - 1], b"\n"].concat()));
        assert_eq!(whole(&[&message[..MOST - 1]], b"b"), tag(&[&message[..MOST - 1], b"\nb"].concat()));
        for lines in [&[&message[..]][..], &[&message[..MOST], b""], &[b"a", &message[..MOST - 1]], &[b"a", &message]] {
            assert_eq!(whole(lines, b""), None);
            assert_eq!(whole(lines, b"b"), None, "what comes behind may have room");
        }
        assert_eq!(whole(&[&message[..MOST]], b"b"), None);
    }

    /// The crate that is not used, as a judge of what is done here instead.
    #[test]
    fn tags_equal_those_of_another_implementation_at_all_lengths() {
        use hmac::{KeyInit, Mac};
        let bytes: Vec<u8> = (0..3000u32).map(|at| (at * 7 + at / 256) as u8).collect();
        for key in [0, 1, 31, 32, 63, 64, 65, 128, 300] {
            let own = MacKey::new(&bytes[..key]);
            for length in (0..700).chain([1023, 1024, 1025, 2047, 2048, 3000]) {
                let mut other = hmac::Hmac::<Sha256>::new_from_slice(&bytes[..key]).expect("any length");
                other.update(&bytes[..length]);
                let tag: Tag = other.finalize().into_bytes().into();
                assert_eq!(own.tag_of(&bytes[..length]), tag, "{key} {length}");
            }
        }
    }

    #[test]
    fn digits_are_those_of_the_usual_writer() {
        for start in 0..=224u8 {
            let digest: Tag = std::array::from_fn(|at| start + at as u8);
            assert_eq!(hex_digits(&digest), hex(&digest).as_bytes());
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
