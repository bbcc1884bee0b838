//! Looks at short texts, many bytes at a time, where a call to the C library would cost more than the work.

const WIDE: usize = 16;
const NARROW: usize = 8;

/// Whether two texts are the same.
#[inline]
pub(crate) fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && starts_with(left, right)
}

#[inline]
pub(crate) fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    /// Compares texts of one to two chunks, which may overlap.
    #[inline]
    fn in_two_chunks<const SIZE: usize>(left: &[u8], right: &[u8]) -> bool {
        left.first_chunk::<SIZE>() == right.first_chunk() && left.last_chunk::<SIZE>() == right.last_chunk()
    }
    let Some(text) = text.get(..prefix.len()) else {
        return false;
    };
    match prefix.len() {
        17.. => {
            let (chunks, prefix_chunks) = (text.as_chunks::<NARROW>().0, prefix.as_chunks().0);
            in_two_chunks::<NARROW>(text, prefix) && chunks.iter().zip(prefix_chunks).all(|(left, right)| left == right)
        }
        8.. => in_two_chunks::<8>(text, prefix),
        4.. => in_two_chunks::<4>(text, prefix),
        2.. => in_two_chunks::<2>(text, prefix),
        _ => text.first() == prefix.first(),
    }
}

/// Copies a text between slices of equal length.
#[inline]
pub(crate) fn copy_short(to: &mut [u8], from: &[u8]) {
    /// Copies texts of one to two chunks: one chunk from the start, and one from the end that may overlap it.
    #[inline]
    fn in_two_chunks<const SIZE: usize>(to: &mut [u8], from: &[u8]) -> bool {
        let (Some(first), Some(last)) = (from.first_chunk::<SIZE>(), from.last_chunk::<SIZE>()) else {
            return false;
        };
        if let Some(to) = to.first_chunk_mut() {
            *to = *first;
        }
        if let Some(to) = to.last_chunk_mut() {
            *to = *last;
        }
        true
    }
    let is_done = match from.len() {
        65.. => false,
        32.. => in_two_chunks::<32>(to, from),
        16.. => in_two_chunks::<16>(to, from),
        8.. => in_two_chunks::<8>(to, from),
        4.. => in_two_chunks::<4>(to, from),
        2.. => in_two_chunks::<2>(to, from),
        length => length == 0 || in_two_chunks::<1>(to, from),
    };
    if !is_done {
        to.copy_from_slice(from);
    }
}

/// Where a byte is for the first time.
#[inline]
pub(crate) fn position(text: &[u8], wanted: u8) -> Option<usize> {
    const LOWEST_BITS: u64 = u64::from_ne_bytes([0x01; NARROW]);
    const HIGHEST_BITS: u64 = u64::from_ne_bytes([0x80; NARROW]);
    let (chunks, rest) = text.as_chunks::<NARROW>();
    for (at, chunk) in chunks.iter().enumerate() {
        // Zero where the byte is. The lowest of the bits that are found is right; above it a borrow may add others.
        let differences = u64::from_le_bytes(*chunk) ^ u64::from_ne_bytes([wanted; NARROW]);
        let found = differences.wrapping_sub(LOWEST_BITS) & !differences & HIGHEST_BITS;
        if found != 0 {
            return Some(at * NARROW + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&byte| byte == wanted).map(|at| chunks.len() * NARROW + at)
}

/// Whether a byte is there.
#[inline]
pub(crate) fn holds(text: &[u8], wanted: u8) -> bool {
    position(text, wanted).is_some()
}

/// Whether a comma is there with a space behind it: what two fields look like when a server has joined them.
#[inline]
pub(crate) fn holds_joint(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = position(rest, b',') {
        rest = &rest[at + 1..];
        if rest.first() == Some(&b' ') {
            return true;
        }
    }
    false
}

/// The number that up to `most` digits make, without a leading zero. At most 15 are asked for, so nothing overflows.
#[inline]
pub(crate) fn parse_digits(text: &[u8], most: usize) -> Option<u64> {
    let fits = (1..=most).contains(&text.len()) && (text[0] != b'0' || text.len() == 1);
    if !fits {
        return None;
    }
    let (chunks, rest) = text.as_chunks::<NARROW>();
    let start = chunks.iter().try_fold(0, |number, chunk| Some(number * 100_000_000 + parse_eight_digits(*chunk)?));
    rest.iter().try_fold(start?, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

/// All at once: neighbours are put together to numbers of two digits, those to numbers of four, and those to the whole.
#[inline]
fn parse_eight_digits(text: [u8; NARROW]) -> Option<u64> {
    let word = u64::from_le_bytes(text);
    let digits = word ^ u64::from_ne_bytes([b'0'; NARROW]);
    // What is above nine has a high half that is not zero, or gets one here.
    let beyond = (digits | digits.wrapping_add(u64::from_ne_bytes([6; NARROW]))) & u64::from_ne_bytes([0xf0; NARROW]);
    if beyond != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// Whether `is` holds for any byte. There is no early exit, so the compiler uses vectors, and the time tells only the length.
#[inline]
pub(crate) fn any(text: &[u8], is: impl Fn(u8) -> bool + Copy) -> bool {
    any_of_two(text, text, |byte, _| is(byte))
}

/// Whether `is` holds for any byte and the one that follows it.
#[inline]
pub(crate) fn any_pair(text: &[u8], is: impl Fn(u8, u8) -> bool + Copy) -> bool {
    text.split_last().is_some_and(|(_, left)| any_of_two(left, &text[1..], is))
}

/// Both slices are equally long.
#[inline]
fn any_of_two(left: &[u8], right: &[u8], is: impl Fn(u8, u8) -> bool + Copy) -> bool {
    in_chunks::<WIDE>(left, right, is)
        .or_else(|| in_chunks::<NARROW>(left, right, is))
        .unwrap_or_else(|| left.iter().zip(right).any(|(&left, &right)| is(left, right)))
}

/// `None` where the slices are shorter than a chunk. What is left behind the last whole chunk is looked at in one that
/// overlaps it.
#[inline]
fn in_chunks<const SIZE: usize>(left: &[u8], right: &[u8], is: impl Fn(u8, u8) -> bool) -> Option<bool> {
    let mut found = [0; SIZE];
    look(left.last_chunk()?, right.last_chunk()?, &is, &mut found);
    for (left, right) in left.as_chunks().0.iter().zip(right.as_chunks().0) {
        look(left, right, &is, &mut found);
    }
    Some(found.iter().fold(0, |any, found| any | found) != 0)
}

// Always inlined, so that what is found stays in a register.
#[inline(always)]
fn look<const SIZE: usize>(left: &[u8; SIZE], right: &[u8; SIZE], is: impl Fn(u8, u8) -> bool, found: &mut [u8; SIZE]) {
    for at in 0..SIZE {
        found[at] |= u8::from(is(left[at], right[at]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_and_searched_as_the_library_does() {
        for length in 0..70 {
            let text: Vec<u8> = (0..length).map(|at| b'a' + at % 3).collect();
            assert!(is_same(&text, &text.clone()) && starts_with(&text, &text));
            assert!(!starts_with(&text, &[&*text, b"a"].concat()));
            let mut copy = vec![0; text.len()];
            copy_short(&mut copy, &text);
            assert_eq!(copy, text);
            for at in 0..text.len() {
                let mut other = text.clone();
                other[at] ^= 0x80;
                assert!(!is_same(&text, &other) && !starts_with(&text, &other), "{at} of {length}");
                assert!(starts_with(&text, &text[..at]) && starts_with(&other, &text[..at]));
                assert!(!is_same(&text, &text[..at]));
                for byte in 0..=255 {
                    assert_eq!(position(&other[at..], byte), other[at..].iter().position(|&other| other == byte));
                    assert_eq!(holds(&other[at..], byte), other[at..].contains(&byte));
                }
            }
        }
    }

    #[test]
    fn digits_are_read_as_the_library_does() {
        for text in ["0", "9", "90", "1234567", "12345678", "99999999", "1767225600", "123456789012", "987654321098765"]
        {
            assert_eq!(parse_digits(text.as_bytes(), 15), text.parse().ok(), "{text}");
            for at in 0..text.len() {
                for byte in (0..=255u8).filter(|byte| at != 0 || *byte != b'0') {
                    let mut other = text.as_bytes().to_vec();
                    other[at] = byte;
                    let expected = byte.is_ascii_digit().then(|| {
                        let digits = std::str::from_utf8(&other).expect("digits");
                        digits.parse().expect("15 digits fit")
                    });
                    assert_eq!(parse_digits(&other, 15), expected, "{byte} at {at} of {text}");
                }
            }
        }
        for bad in ["", "01", "00000000", "1234567890123456"] {
            assert_eq!(parse_digits(bad.as_bytes(), 15), None, "{bad}");
        }
    }

    #[test]
    fn a_joint_is_a_comma_and_a_space() {
        for (text, expected) in [
            ("", false),
            (",", false),
            ("a,b", false),
            ("a ,b,", false),
            (", ", true),
            ("a,b,c, d", true),
            (",, ", true),
        ] {
            assert_eq!(holds_joint(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn each_byte_is_looked_at_whatever_the_length() {
        for length in 0..70 {
            assert!(!any(&vec![b'a'; length], |byte| byte == b'b'), "{length}");
            for at in 0..length {
                let mut text = vec![b'a'; length];
                text[at] = b'b';
                assert!(any(&text, |byte| byte == b'b'), "{at} of {length}");
                assert_eq!(any_pair(&text, |left, right| (left, right) == (b'b', b'a')), at + 1 < length);
                assert_eq!(any_pair(&text, |left, right| (left, right) == (b'a', b'b')), at > 0);
            }
        }
    }
}
