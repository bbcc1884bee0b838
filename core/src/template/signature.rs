//! How signatures are written: encodings, prefixes, and lists of items.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::Algorithm;
use crate::bytes::{any, any_pair, position, starts_with};
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
    fn decode(self, text: &[u8]) -> Option<Decoded> {
        let mut decoded = Decoded::EMPTY;
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
        Some(decoded)
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

/// What a header of signatures holds, still as text.
#[derive(Clone, Copy, Default)]
pub(crate) struct Texts<'a> {
    texts: [&'a [u8]; MAX_SIGNATURES],
    count: usize,
}

impl<'a> Texts<'a> {
    fn push(&mut self, text: &'a [u8]) -> Result<(), ListFault> {
        *self.texts.get_mut(self.count).ok_or(ListFault::Malformed)? = text;
        self.count += 1;
        Ok(())
    }

    pub(crate) fn one(text: &'a [u8]) -> Self {
        let mut texts = Self::default();
        texts.texts[0] = text;
        texts.count = 1;
        texts
    }

    pub(crate) fn add(&mut self, others: &Self) -> Result<(), ListFault> {
        others.iter().try_for_each(|text| self.push(text))
    }

    /// Those from a position on.
    fn from(mut self, at: usize) -> Self {
        if at > 0 {
            self.texts.rotate_left(at);
            self.count -= at;
        }
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        self.texts[..self.count].iter().copied()
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
    pub(crate) fn read<'a>(&self, value: &'a [u8]) -> Result<(Texts<'a>, Option<&'a [u8]>), ListFault> {
        let mut texts = Texts::default();
        let mut timestamp = None;
        for (at, item) in split(value, self.separator).enumerate() {
            if at == MAX_ITEMS {
                return Err(ListFault::Malformed);
            }
            let item = if self.trims { item.trim_ascii() } else { item };
            let pair = position(item, self.assign).map(|at| (&item[..at], &item[at + 1..]));
            match pair {
                Some((key, text)) if *key == *self.signature => texts.push(text)?,
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

    /// Whether two headers were joined, or one value is what two would look like if they were.
    pub(crate) fn looks_joined(&self, value: &[u8]) -> bool {
        if self.separator != b',' && self.assign != b',' {
            return any(value, |byte| byte == b',');
        }
        !self.trims && any_pair(value, |left, right| (left == b',') & (right == b' '))
    }
}

/// The signatures of a request: the first one decoded, the others checked and left as text.
#[derive(Clone, Copy)]
pub(crate) struct Signatures<'a> {
    first: Decoded,
    texts: Texts<'a>,
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
    fn decode(&self, text: &[u8]) -> Option<Decoded> {
        let decoded = self.encoding.decode(self.without_prefix(text)?)?;
        let (least, most) = self.algorithm.signature_bytes();
        let is_der = || p256::ecdsa::Signature::from_der(decoded.bytes()).is_ok();
        let fits =
            (least..=most).contains(&decoded.length) && (self.algorithm != Algorithm::EcdsaP256Sha256 || is_der());
        fits.then_some(decoded)
    }
}

impl<'a> Signatures<'a> {
    /// Decodes the texts; nothing where none of them is well formed. One that is not can hold for no message, as that of a
    /// version that is not known here.
    #[inline]
    pub(crate) fn parse(texts: Texts<'a>, form: Reading<'a>) -> Option<Self> {
        if form.algorithm == Algorithm::Token {
            let token = form.without_prefix(texts.iter().next()?)?;
            let first = Decoded::EMPTY;
            let fits = (1..=MAX_TOKEN_BYTES).contains(&token.len());
            return fits.then_some(Self { first, texts: Texts::one(token), form });
        }
        let (at, first) = texts.iter().enumerate().find_map(|(at, text)| Some((at, form.decode(text)?)))?;
        Some(Self { first, texts: texts.from(at), form })
    }

    /// The token, where that is the signature.
    pub(crate) fn token(&self) -> &'a [u8] {
        self.texts.texts[0]
    }

    /// Whether there is but one, well formed or not.
    pub(crate) fn is_one(&self) -> bool {
        self.texts.count == 1
    }

    /// Whether `is` holds for any of them. All are looked at.
    #[inline]
    pub(crate) fn any(&self, is: impl Fn(&Decoded) -> bool) -> bool {
        let first = is(&self.first);
        let others = self.texts.iter().skip(1).filter_map(|text| self.form.decode(text));
        others.fold(first, |found, other| found | is(&other))
    }

    /// The signatures, to be kept beyond the head.
    pub(crate) fn keep(&self) -> Vec<Decoded> {
        let others = self.texts.iter().skip(1).filter_map(|text| self.form.decode(text));
        std::iter::once(self.first).chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_exactly_or_not_at_all() {
        let bytes: Vec<u8> = (0..32).map(|at| at * 7 + 1).collect();
        for (name, encoding) in Encoding::ALL {
            let mut text = String::new();
            encoding.write(&bytes, &mut text);
            assert_eq!(encoding.decode(text.as_bytes()).expect(name).bytes(), bytes);
            for bad in
                [format!("{text}="), format!(" {text}"), format!("{text}\n"), format!("{text}!"), text[1..].into()]
            {
                assert!(encoding.decode(bad.as_bytes()).is_none_or(|bad| bad.bytes() != bytes), "{name} {bad}");
            }
        }
        assert!(Encoding::Hex.decode(b"0A").is_none());
        assert_eq!(Encoding::HexAnyCase.decode(b"0Aff").expect("either case").bytes(), [0x0a, 0xff]);
        assert!(Encoding::Base64.decode(b"AB==").is_none(), "bits left over");
        assert!(Encoding::Base64.decode(b"AA").is_none(), "no padding");
        assert!(Encoding::Hex.decode("0".repeat(1000).as_bytes()).is_none());
        assert!(Encoding::Base64.decode("A".repeat(1000).as_bytes()).is_none());
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
        let read = |value: &'static str| {
            let (texts, timestamp) = list(b',', false).read(value.as_bytes())?;
            Ok((texts.iter().collect::<Vec<_>>(), timestamp))
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
