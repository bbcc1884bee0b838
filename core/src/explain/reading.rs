//! Reads what was sent as a signature in all the ways in which it may have been meant.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::template::{Algorithm, Encoding};

/// The bytes of a signature, and what is unusual about their spelling.
pub(super) struct Reading {
    pub(super) bytes: Vec<u8>,
    /// Causes by their ids; none where the spelling is right.
    pub(super) faults: Vec<&'static str>,
}

/// How a scheme writes its signatures.
pub(super) struct Spelling<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) encoding: Encoding,
    /// One of these stands before each signature; none means that nothing does.
    pub(super) prefixes: Vec<&'a str>,
}

/// What programs put before signatures.
const USUAL_PREFIXES: [&str; 16] = [
    "sha256=",
    "v2=",
    "v1=",
    "v0=",
    "v1,",
    "sha1=",
    "sha512=",
    "hmac-sha256=",
    "hmac=",
    "sig=",
    "signature=",
    "sha256:",
    "hmac ",
    "hmac-sha256 ",
    "bearer ",
    "signature ",
];

/// The most ways in which one text is read.
const MAX_READINGS: usize = 24;

/// All readings of some texts; those that are spelled right come first.
pub(super) fn read<'t>(texts: impl Iterator<Item = &'t [u8]>, spelling: &Spelling<'_>) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    for text in texts {
        for reading in read_one(text, spelling) {
            let is_known = readings.iter().any(|known| known.bytes == reading.bytes);
            if !is_known && readings.len() < MAX_READINGS {
                readings.push(reading);
            }
        }
    }
    readings.sort_by_key(|reading| reading.faults.len());
    readings
}

fn read_one(text: &[u8], spelling: &Spelling<'_>) -> Vec<Reading> {
    let mut readings = Vec::new();
    let bare = text.trim_ascii();
    let unquoted = bare.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(bare);
    for (candidate, fault) in
        [(text, None), (bare, Some("signature-white-space")), (unquoted, Some("signature-quotes"))]
    {
        if fault.is_some() && candidate.len() == text.len() {
            continue;
        }
        for (rest, prefix_fault) in without_prefixes(candidate, spelling) {
            for (bytes, form_fault) in decoded(rest, spelling) {
                let faults = fault.into_iter().chain(prefix_fault).chain(form_fault).collect();
                readings.push(Reading { bytes, faults });
            }
        }
    }
    readings.sort_by_key(|reading| reading.faults.len());
    readings
}

fn without_prefixes<'t>(text: &'t [u8], spelling: &Spelling<'_>) -> Vec<(&'t [u8], Option<&'static str>)> {
    let starts =
        |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()));
    let wanted = &spelling.prefixes;
    let mut rests = Vec::new();
    let is_right_bare = wanted.is_empty() || wanted.contains(&"");
    rests.extend(
        wanted.iter().filter(|prefix| text.starts_with(prefix.as_bytes())).map(|prefix| (&text[prefix.len()..], None)),
    );
    rests.push((text, (!is_right_bare).then_some("signature-prefix")));
    let all = USUAL_PREFIXES.iter().copied().chain(wanted.iter().copied()).filter(|prefix| !prefix.is_empty());
    for prefix in
        all.filter(|prefix| starts(prefix) && !(wanted.contains(prefix) && text.starts_with(prefix.as_bytes())))
    {
        rests.push((text[prefix.len()..].trim_ascii_start(), Some("signature-prefix")));
    }
    rests
}

fn decoded(text: &[u8], spelling: &Spelling<'_>) -> Vec<(Vec<u8>, Option<&'static str>)> {
    let fits = |bytes: &Vec<u8>| {
        let (least, most) = spelling.algorithm.signature_bytes();
        (least..=most).contains(&bytes.len()) || [20, 32, 48, 64].contains(&bytes.len())
    };
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let mut forms = Vec::new();
    if let Some(bytes) = hex(text).filter(fits) {
        let has_upper = text.iter().any(u8::is_ascii_uppercase);
        forms.push((
            bytes,
            match spelling.encoding {
                Encoding::Hex if has_upper => Some("signature-upper-case"),
                Encoding::Hex | Encoding::HexAnyCase => None,
                Encoding::Base64 | Encoding::Base64Url => Some("signature-hex"),
            },
        ));
    }
    for (alphabet, own) in [(&STANDARD, Encoding::Base64), (&URL_SAFE, Encoding::Base64Url)] {
        let Ok(bytes) = GeneralPurpose::new(alphabet, lenient).decode(text) else { continue };
        let is_padded = bytes.len().is_multiple_of(3) != text.ends_with(b"=");
        let wants_padding = own == Encoding::Base64;
        let right = bytes.len().is_multiple_of(3) || is_padded == wants_padding;
        // Digits in hex that were written in base64 once more.
        if let Some(inner) = hex(&bytes).filter(fits) {
            forms.push((inner, Some("signature-base64-of-hex")));
        }
        if !fits(&bytes) {
            continue;
        }
        forms.push((
            bytes,
            match spelling.encoding {
                Encoding::Hex | Encoding::HexAnyCase => Some("signature-base64"),
                wanted if wanted == own && right => None,
                wanted if wanted == own => Some("signature-padding"),
                Encoding::Base64 | Encoding::Base64Url if text.iter().any(|byte| b"+/-_".contains(byte)) => {
                    Some("signature-alphabet")
                }
                Encoding::Base64 | Encoding::Base64Url if right == wants_padding => Some("signature-padding"),
                Encoding::Base64 | Encoding::Base64Url => None,
            },
        ));
    }
    forms
}

pub(super) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.chunks(2).map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)).collect()
}
