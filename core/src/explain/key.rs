//! Keys that a sender may have made of a secret's text, and the keys of the whole registry.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::causes::Cause;
use super::reading;
use crate::config::{Key, KeyState};
use crate::mac::{MacKey, hex};
use crate::template::{Algorithm, KeyInUse, ProofKey};

/// A key that was made for one try.
pub(super) struct Material {
    mac: MacKey,
    proof: Option<ProofKey>,
}

impl Material {
    pub(super) fn new(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        let proof = ProofKey::new(algorithm, bytes).ok()?;
        Some(Self { mac: MacKey::new(if proof.is_some() { &[] } else { bytes }), proof })
    }

    pub(super) fn in_use(&self) -> KeyInUse<'_> {
        (&self.mac, self.proof.as_ref())
    }
}

type Secret = Zeroizing<Vec<u8>>;

/// All that the text of a secret is taken for by mistake, the likeliest first.
pub(super) fn readings(text: &[u8]) -> Vec<(Cause, Secret)> {
    let mut keys: Vec<(Cause, Secret)> = Vec::new();
    let mut add =
        |id: &'static str, detail: &str, key: Vec<u8>| keys.push((Cause::with(id, detail), Zeroizing::new(key)));
    add("key-as-text", "", text.to_vec());
    if let Some(bytes) = reading::hex(text) {
        add("key-as-hex", "", bytes);
    }
    decode_base64(text).into_iter().for_each(|bytes| add("key-as-base64", "", bytes));
    for (what, before, after) in [
        ("a line end", "", "\n"),
        ("a line end of two bytes", "", "\r\n"),
        ("a space behind it", "", " "),
        ("a space before it", " ", ""),
        ("a tab behind it", "", "\t"),
        ("a byte order mark before it", "\u{feff}", ""),
    ] {
        add("key-white-space", what, [before.as_bytes(), text, after.as_bytes()].concat());
    }
    for quote in ["\"", "'", "`"] {
        add("key-quotes", quote, [quote.as_bytes(), text, quote.as_bytes()].concat());
    }
    if let Some(at) = text.iter().take(16).position(|&byte| byte == b'_') {
        let rest = &text[at + 1..];
        add("key-prefix", "was left out", rest.to_vec());
        if let Some(bytes) = reading::hex(rest) {
            add("key-prefix", "was left out, and the rest read as hex", bytes);
        }
        for bytes in decode_base64(rest) {
            add("key-prefix", "was left out, and the rest read as base64", bytes);
        }
    } else {
        for prefix in ["whsec_", "sk_", "sha256="] {
            add("key-prefix", "was put before it", [prefix.as_bytes(), text].concat());
        }
    }
    add("key-letter-case", "", text.to_ascii_uppercase());
    add("key-letter-case", "", text.to_ascii_lowercase());
    let digest = Sha256::digest(text);
    add("key-hashed", "", digest.to_vec());
    add("key-hashed", "", hex(&digest).into_bytes());
    for length in [16, 24, 32, 64] {
        if text.len() > length {
            add("key-cut", "", text[..length].to_vec());
        }
    }
    for mark in [b'#', b'$', b'=', b' ', b'"', b'\'', b'\\', b'&', b'%'] {
        if let Some(at) = text.iter().position(|&byte| byte == mark) {
            add("key-cut", "", text[..at].to_vec());
        }
    }
    let standard = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new());
    add("key-encoded-again", "base64", standard.encode(text).into_bytes());
    add("key-encoded-again", "hex", hex(text).into_bytes());
    for word in ["", "undefined", "null", "None", "nil", "changeme"] {
        let shown = if word.is_empty() { "nothing at all" } else { word };
        add("key-not-set", shown, word.as_bytes().to_vec());
    }
    keys
}

/// Whether a key is valid at a moment, in words.
pub(super) fn state(key: &Key, now: u64) -> &'static str {
    match key.state {
        KeyState::Revoked => "revoked",
        _ if now < key.not_before => "not valid yet",
        _ if now >= key.not_after => "expired",
        KeyState::Retiring => "retiring",
        KeyState::Active => "active",
    }
}

fn decode_base64(text: &[u8]) -> Vec<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let decoded = [&STANDARD, &URL_SAFE].map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text));
    let mut decoded: Vec<Vec<u8>> = decoded.into_iter().flatten().collect();
    decoded.dedup();
    decoded
}
