//! Looks at all bytes of a text, sixteen or eight at a time. There is no early exit, so the compiler uses vectors, and the
//! time tells only the length.

const WIDE: usize = 16;
const NARROW: usize = 8;

/// Whether `is` holds for any byte.
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
    let mut look = |left: &[u8; SIZE], right: &[u8; SIZE]| {
        for at in 0..SIZE {
            found[at] |= u8::from(is(left[at], right[at]));
        }
    };
    look(left.last_chunk()?, right.last_chunk()?);
    left.as_chunks().0.iter().zip(right.as_chunks().0).for_each(|(left, right)| look(left, right));
    Some(found.iter().fold(0, |any, found| any | found) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
