//! How signatures are written: encodings, prefixes, and lists of items.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{Algorithm, Collected};
use crate::bytes::{holds, holds_joint, is_same, position, starts_with};
use crate::mac::{TAG_BYTES, decode_tag, push_hex};

/// The most signatures that are judged.
const MAX_SIGNATURES: usize = 8;
/// The most items of a list.
const MAX_ITEMS: usize = 16;
/// The most bytes of a signature: an ECDSA signature in DER.
const MAX_SIGNATURE_BYTES: usize = 72;
/// The most bytes of a token.
const MAX_TOKEN_BYTES: usize = 512;

/// How the bytes of a signature are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Hex,
    HexAnyCase,
    Base64,
    Base64Url,
}

impl Encoding {
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("hex", Self::Hex),
        ("hex-any-case", Self::HexAnyCase),
        ("base64", Self::Base64),
        ("base64url", Self::Base64Url),
    ];

    pub(crate) fn write(self, bytes: &[u8], text: &mut String) {
        match self {
            Self::Hex | Self::HexAnyCase => push_hex(text, bytes),
            Self::Base64 => STANDARD.encode_string(bytes, text),
            Self::Base64Url => URL_SAFE_NO_PAD.encode_string(bytes, text),
        }
    }

    /// Decodes exactly: one alphabet, one padding, nothing left over.
    #[inline]
    fn decode(self, text: &[u8], decoded: &mut Decoded) -> Option<()> {
        decoded.length = match self {
            // The usual case, many digits at once.
            Self::Hex if text.len() == 2 * TAG_BYTES => {
                decoded.bytes[..TAG_BYTES].copy_from_slice(&decode_tag(text)?);
                TAG_BYTES
            }
            Self::Hex | Self::HexAnyCase => {
                let (pairs, rest) = text.as_chunks::<2>();
                let room = decoded.bytes.get_mut(..pairs.len()).filter(|_| rest.is_empty())?;
                for (byte, [high, low]) in room.iter_mut().zip(pairs) {
                    *byte = self.digit(*high)? << 4 | self.digit(*low)?;
                }
                pairs.len()
            }
            Self::Base64 => STANDARD.decode_slice(text, &mut decoded.bytes).ok()?,
            Self::Base64Url => URL_SAFE_NO_PAD.decode_slice(text, &mut decoded.bytes).ok()?,
        };
        Some(())
    }

    fn digit(self, byte: u8) -> Option<u8> {
        match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            b'A'..=b'F' if self == Self::HexAnyCase => Some(byte - b'A' + 10),
            _ => None,
        }
    }
}

/// The bytes of a signature as received.
#[derive(Clone, Copy)]
pub(crate) struct Decoded {
    bytes: [u8; MAX_SIGNATURE_BYTES],
    length: usize,
}

impl Decoded {
    const EMPTY: Self = Self { bytes: [0; MAX_SIGNATURE_BYTES], length: 0 };

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A list of items in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) separator: u8,
    /// Between an item's key and its value.
    pub(crate) assign: u8,
    /// The key of signatures.
    pub(crate) signature: Box<[u8]>,
    /// The key of the timestamp, where the list holds it.
    pub(crate) timestamp: Option<Box<[u8]>>,
    pub(crate) refuses_unknown: bool,
    pub(crate) trims: bool,
}

/// The texts of a request's signatures, left where they are.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    /// Mostly the only one; empty where there is none.
    first: &'a [u8],
    count: usize,
    place: Place<'a>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Alone,
    List(&'a List, &'a [u8]),
    /// So many headers from a position on, where they are there.
    Headers {
        headers: &'a Collected<'a>,
        from: usize,
        count: usize,
    },
}

impl<'a> Texts<'a> {
    pub(crate) fn one(text: &'a [u8]) -> Self {
        Self { first: text, count: 1, place: Place::Alone }
    }

    /// Those of so many headers from a position on.
    pub(crate) fn of_headers(headers: &'a Collected<'a>, from: usize, count: usize) -> Result<Self, ListFault> {
        let mut texts = Self { first: b"", count: 0, place: Place::Headers { headers, from, count } };
        texts.first = texts.iter().next().unwrap_or_default();
        texts.count = texts.iter().count();
        if texts.count > MAX_SIGNATURES { Err(ListFault::Malformed) } else { Ok(texts) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (alone, list, headers) = match self.place {
            Place::Alone => (Some(self.first), None, None),
            Place::List(list, value) => (None, Some(list.signatures(value)), None),
            Place::Headers { headers, from, count } => {
                (None, None, Some((from..from + count).filter_map(|at| headers.value(at))))
            }
        };
        alone.into_iter().chain(list.into_iter().flatten()).chain(headers.into_iter().flatten())
    }
}

/// The pieces of a text between separators.
#[inline]
fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = position(text, separator);
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// What is wrong with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListFault {
    Malformed,
    TimestampTwice,
}

impl List {
    /// Reads the items: the texts of the signatures, and that of the timestamp.
    #[inline(always)]
    pub(crate) fn read<'a>(&'a self, value: &'a [u8]) -> Result<(Texts<'a>, Option<&'a [u8]>), ListFault> {
        let mut texts = Texts { first: b"", count: 0, place: Place::List(self, value) };
        let mut timestamp = None;
        for (at, item) in split(value, self.separator).enumerate() {
            if at == MAX_ITEMS {
                return Err(ListFault::Malformed);
            }
            match self.pair(item) {
                Some((key, _)) if is_same(key, &self.signature) && texts.count == MAX_SIGNATURES => {
                    return Err(ListFault::Malformed);
                }
                Some((key, text)) if is_same(key, &self.signature) => {
                    texts.first = if texts.count == 0 { text } else { texts.first };
                    texts.count += 1;
                }
                Some((key, text)) if self.timestamp.as_deref() == Some(key) => match timestamp.replace(text) {
                    None => {}
                    Some(_) => return Err(ListFault::TimestampTwice),
                },
                Some(_) if !self.refuses_unknown => {}
                _ => return Err(ListFault::Malformed),
            }
        }
        Ok((texts, timestamp))
    }

    /// The texts of the signatures in a list that was read.
    fn signatures<'a>(&'a self, value: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let pairs = split(value, self.separator).filter_map(|item| self.pair(item));
        pairs.filter(|(key, _)| *key == &*self.signature).map(|(_, text)| text)
    }

    /// The key of an item, and its value.
    #[inline(always)]
    fn pair<'a>(&self, item: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let item = if self.trims { item.trim_ascii() } else { item };
        position(item, self.assign).map(|at| (&item[..at], &item[at + 1..]))
    }

    /// Whether two headers that were joined are never read as one list: the space behind the comma would begin the key of an item
    /// that is not known.
    pub(super) fn shows_joints(&self) -> bool {
        let begins_with_space = |key: &[u8]| key.first() == Some(&b' ');
        self.separator == b','
            && self.assign != b' '
            && self.refuses_unknown
            && !self.trims
            && !begins_with_space(&self.signature)
            && !self.timestamp.as_deref().is_some_and(begins_with_space)
    }

    /// Whether two headers were joined, or one value is what two would look like if they were.
    pub(crate) fn looks_joined(&self, value: &[u8]) -> bool {
        if self.separator != b',' && self.assign != b',' {
            return holds(value, b',');
        }
        !self.trims && holds_joint(value)
    }
}

/// The signatures of a request: the first one decoded, the others checked and left as text.
#[derive(Clone, Copy)]
pub(crate) struct Signatures<'a> {
    first: Decoded,
    texts: Texts<'a>,
    /// The position of the first one that was not looked at yet: those before are decoded, or not well formed.
    rest: usize,
    form: Reading<'a>,
}

/// How one signature is read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) encoding: Encoding,
    pub(crate) prefixes: &'a [Box<str>],
}

impl Reading<'_> {
    #[inline]
    fn without_prefix<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        if self.prefixes.is_empty() {
            return Some(text);
        }
        let prefix = self.prefixes.iter().find(|prefix| starts_with(text, prefix.as_bytes()))?;
        Some(&text[prefix.len()..])
    }

    #[inline]
    fn decode_into(&self, text: &[u8], decoded: &mut Decoded) -> Option<()> {
        self.encoding.decode(self.without_prefix(text)?, decoded)?;
        let (least, most) = self.algorithm.signature_bytes();
        let is_der = || p256::ecdsa::Signature::from_der(decoded.bytes()).is_ok();
        let fits =
            (least..=most).contains(&decoded.length) && (self.algorithm != Algorithm::EcdsaP256Sha256 || is_der());
        fits.then_some(())
    }

    fn decode(&self, text: &[u8]) -> Option<Decoded> {
        let mut decoded = Decoded::EMPTY;
        self.decode_into(text, &mut decoded).map(|()| decoded)
    }
}

impl<'a> Signatures<'a> {
    /// Signatures that are not read yet; [`Signatures::read`] comes next.
    #[inline]
    pub(crate) fn unread(form: Reading<'a>) -> Self {
        Self { first: Decoded::EMPTY, texts: Texts::one(b""), rest: 1, form }
    }

    /// Decodes the first one; nothing where none of them is well formed. One that is not can hold for no message, as that of a
    /// version that is not known here.
    #[inline(always)]
    pub(crate) fn read(&mut self, texts: Texts<'a>) -> Option<()> {
        self.texts = texts;
        if self.form.algorithm == Algorithm::Token {
            let token = self.form.without_prefix(self.texts.first)?;
            self.texts = Texts::one(token);
            return (1..=MAX_TOKEN_BYTES).contains(&token.len()).then_some(());
        }
        if self.form.decode_into(self.texts.first, &mut self.first).is_some() {
            return Some(());
        }
        let mut texts = self.texts.iter().enumerate();
        let (at, first) = texts.find_map(|(at, text)| Some((at, self.form.decode(text)?)))?;
        (self.first, self.rest) = (first, at + 1);
        Some(())
    }

    /// The first one, where signatures are tags of SHA-256, by which requests are told from their replays as they are.
    #[inline]
    pub(crate) fn tag(&self) -> Option<&[u8]> {
        matches!(self.form.algorithm, Algorithm::HmacSha256 | Algorithm::Sha256Prefix).then(|| self.first.bytes())
    }

    /// The token, where that is the signature.
    pub(crate) fn token(&self) -> &'a [u8] {
        self.texts.first
    }

    /// Whether there is but one, well formed or not.
    pub(crate) fn is_one(&self) -> bool {
        self.texts.count == self.rest
    }

    /// Whether `is` holds for any of them. All are looked at.
    #[inline]
    pub(crate) fn any(&self, is: impl Fn(&Decoded) -> bool) -> bool {
        let first = is(&self.first);
        if self.is_one() {
            return first;
        }
        self.others().fold(first, |found, other| found | is(&other))
    }

    /// The signatures, to be kept beyond the head.
    pub(crate) fn keep(&self) -> Vec<Decoded> {
        std::iter::once(self.first).chain(self.others()).collect()
    }

    fn others(&self) -> impl Iterator<Item = Decoded> {
        self.texts.iter().skip(self.rest).filter_map(|text| self.form.decode(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(encoding: Encoding, text: &[u8]) -> Option<Decoded> {
        let mut decoded = Decoded::EMPTY;
        encoding.decode(text, &mut decoded).map(|()| decoded)
    }

    #[test]
    fn text_is_decoded_exactly_or_not_at_all() {
        let bytes: Vec<u8> = (0..32).map(|at| at * 7 + 1).collect();
        for (name, encoding) in Encoding::ALL {
            let mut text = String::new();
            encoding.write(&bytes, &mut text);
            assert_eq!(decode(encoding, text.as_bytes()).expect(name).bytes(), bytes);
            for bad in
                [format!("{text}="), format!(" {text}"), format!("{text}\n"), format!("{text}!"), text[1..].into()]
            {
                assert!(decode(encoding, bad.as_bytes()).is_none_or(|bad| bad.bytes() != bytes), "{name} {bad}");
            }
        }
        assert!(decode(Encoding::Hex, b"0A").is_none());
        assert_eq!(decode(Encoding::HexAnyCase, b"0Aff").expect("either case").bytes(), [0x0a, 0xff]);
        assert!(decode(Encoding::Base64, b"AB==").is_none(), "bits left over");
        assert!(decode(Encoding::Base64, b"AA").is_none(), "no padding");
        assert!(decode(Encoding::Hex, "0".repeat(1000).as_bytes()).is_none());
        assert!(decode(Encoding::Base64, "A".repeat(1000).as_bytes()).is_none());
    }

    fn list(separator: u8, trims: bool) -> List {
        List {
            separator,
            assign: b'=',
            signature: (*b"v1").into(),
            timestamp: Some((*b"t").into()),
            refuses_unknown: false,
            trims,
        }
    }

    #[test]
    fn items_are_told_by_their_keys() {
        let list_of_commas = list(b',', false);
        let read = |value: &'static str| {
            let (texts, timestamp) = list_of_commas.read(value.as_bytes())?;
            let texts: Vec<_> = texts.iter().collect();
            Ok((texts, timestamp))
        };
        assert_eq!(read("t=1,v1=ab,v0=cd,v1=ef"), Ok((vec![&b"ab"[..], b"ef"], Some(&b"1"[..]))));
        assert_eq!(read("v1=a=b"), Ok((vec![&b"a=b"[..]], None)));
        assert_eq!(read("t=1, v1=ab"), Ok((vec![], Some(&b"1"[..]))), "a space is not trimmed");
        assert_eq!(read("t=1,t=1,v1=ab"), Err(ListFault::TimestampTwice));
        assert_eq!(read("v0=cd"), Ok((vec![], None)));
        for bad in ["", "v1", "v1=ab,", ",v1=ab", "v1=ab,,v1=cd", "v1=ab,cd"] {
            assert_eq!(read(bad), Err(ListFault::Malformed), "{bad}");
        }
        let trimmed = list(b',', true);
        assert_eq!(trimmed.read(b"t=1, v1=ab").expect("fine").0.iter().count(), 1);
        let strict = List { refuses_unknown: true, ..list(b',', false) };
        assert!(strict.read(b"t=1,v1=ab").is_ok());
        assert_eq!(strict.read(b"t=1,v1=ab,v2=cd").err(), Some(ListFault::Malformed));
        assert_eq!(strict.read(b"t=1,v1=ab,").err(), Some(ListFault::Malformed));
        let many = |count: usize| vec!["v1=ab"; count].join(",");
        assert!(list(b',', false).read(many(8).as_bytes()).is_ok());
        assert!(list(b',', false).read(many(9).as_bytes()).is_err());
        assert!(list(b',', false).read(vec!["x=1"; 17].join(",").as_bytes()).is_err());
    }
}
