//! Header names, compared whatever the letter case.

/// Whether two names are the same. Most servers write them in lower case, and then one comparison of memory is enough.
#[inline]
pub(crate) fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && (left == right || left.eq_ignore_ascii_case(right))
}

/// A name that is looked for among those of each request.
pub(crate) struct HeaderName {
    text: Box<[u8]>,
    ends: Option<Ends>,
}

impl HeaderName {
    pub(crate) fn new(name: &str) -> Self {
        let is_long = name.len() >= WORD_BYTES;
        Self { text: name.as_bytes().into(), ends: is_long.then(|| Ends::new(name)) }
    }

    #[inline(always)]
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        // What the ends leave open is rarely looked at: names that begin and end alike are alike, as a rule.
        self.text.len() == name.len()
            && self.ends.as_ref().is_none_or(|ends| ends.are_of(name))
            && ((WORD_BYTES..=2 * WORD_BYTES).contains(&name.len()) || self.text.eq_ignore_ascii_case(name))
    }
}

const WORD_BYTES: usize = 8;

/// The first and the last eight bytes of a name: all of it, where it has 8 to 16.
pub(crate) struct Ends {
    first: Word,
    last: Word,
}

struct Word {
    lower: u64,
    /// The bit that makes a letter small, for each letter; other bytes must be as they are.
    letters: u64,
}

impl Ends {
    pub(crate) const fn new(name: &str) -> Self {
        Self { first: Word::new(name.as_bytes(), 0), last: Word::new(name.as_bytes(), name.len() - WORD_BYTES) }
    }

    /// Whether `name`, which is as long, begins and ends in this way.
    #[inline]
    pub(crate) fn are_of(&self, name: &[u8]) -> bool {
        let same = |word: &Word, bytes: Option<&[u8; WORD_BYTES]>| {
            bytes.is_some_and(|bytes| u64::from_le_bytes(*bytes) | word.letters == word.lower)
        };
        same(&self.first, name.first_chunk()) && same(&self.last, name.last_chunk())
    }
}

impl Word {
    const fn new(text: &[u8], start: usize) -> Self {
        let mut word = Self { lower: 0, letters: 0 };
        let mut at = 0;
        while at < WORD_BYTES {
            let byte = text[start + at];
            word.lower |= (byte.to_ascii_lowercase() as u64) << (8 * at);
            word.letters |= if byte.is_ascii_alphabetic() { 0x20 << (8 * at) } else { 0 };
            at += 1;
        }
        word
    }
}

#[cfg(test)]
mod tests {
    use super::HeaderName;

    #[test]
    fn names_are_compared_as_the_library_does() {
        let names =
            ["a", "X-Sig-1", "X-Sig-12", "Webhook-Id", "X-Hub-Signature-256", "X-Some-Header-Of-Forty-Bytes-And-More"];
        for name in names {
            let known = HeaderName::new(name);
            assert!(known.is(name.as_bytes()) && known.is(name.to_lowercase().as_bytes()));
            assert!(known.is(name.to_uppercase().as_bytes()));
            for other in names.iter().filter(|other| **other != name) {
                assert!(!known.is(other.as_bytes()));
            }
            for at in 0..name.len() {
                for byte in 0..=255 {
                    let mut other = name.as_bytes().to_vec();
                    other[at] = byte;
                    assert_eq!(known.is(&other), other.eq_ignore_ascii_case(name.as_bytes()), "{name} {at} {byte}");
                }
            }
        }
    }
}
