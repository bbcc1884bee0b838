//! Secrets: where a reference points, how its text becomes key bytes, and which keys are too weak to use.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::lookup::Lookup;
use crate::admission::MAX_API_KEY_BYTES;
use crate::bound_key::is_key_document;
use crate::template::{KeyEncoding, Template, WithoutPrefix};

/// The shortest key of a service, in bytes.
const MIN_KEY_BYTES: usize = 32;
/// The shortest key of a webhook, in bytes: its sender has chosen it.
const MIN_WEBHOOK_KEY_BYTES: usize = 16;
/// The longest key, in bytes.
const MAX_KEY_BYTES: usize = 4096;
/// A key that only repeats a pattern of up to this many bytes is no key.
const MAX_REPEATED_BYTES: usize = 16;

/// Texts that are printed in documentation everywhere.
const KNOWN_SAMPLES: [&str; 4] = [
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "your-256-bit-secret-your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
];

/// How a secret's text stands for key bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The UTF-8 bytes of the text are the key, also where they look like hex.
    Text,
    /// Pairs of hex digits, either letter case.
    Hex,
    /// Base64 with the standard alphabet and padding (RFC 4648, section 4).
    Base64,
}

/// What a key is for, which decides how its secret is read and how strong it must be.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'t> {
    Service,
    ApiKey,
    Webhook(&'t Template),
}

/// Finds the text that a reference stands for. The sentence of an error never holds any of the secret.
pub(super) fn read(reference: &str, lookup: &dyn Lookup) -> Result<Zeroizing<Vec<u8>>, String> {
    let text = fetch(reference, lookup)?;
    if text.is_empty() {
        return Err("the secret is empty; make one with `wiresign keygen`".into());
    }
    let is_space = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    if is_space(text.first()) || is_space(text.last()) || text.starts_with("\u{feff}".as_bytes()) {
        return Err("the secret has white space, a line end or a byte order mark around it; remove that".into());
    }
    Ok(text)
}

/// Finds the text of a key that may stand in a file of its own, as PEM or JWK, with white space around it.
pub(super) fn read_trimmed(reference: &str, lookup: &dyn Lookup) -> Result<Zeroizing<Vec<u8>>, String> {
    let text = fetch(reference, lookup)?;
    match text.trim_ascii() {
        b"" => Err("the key is empty".into()),
        trimmed => Ok(Zeroizing::new(trimmed.to_vec())),
    }
}

/// Reads a secret's text as the bytes of a key, and judges the key. `is_sample` lets it be weak.
pub(super) fn key(
    text: &[u8],
    encoding: Encoding,
    purpose: Purpose<'_>,
    is_sample: bool,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let (key, least) = match purpose {
        Purpose::Service => (decode(text, encoding)?, MIN_KEY_BYTES),
        Purpose::ApiKey => {
            let can_travel = text.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',');
            if !can_travel || text.len() > MAX_API_KEY_BYTES {
                return Err(format!(
                    "an API key travels in a header: visible ASCII text without a comma, at most {MAX_API_KEY_BYTES} bytes"
                ));
            }
            (Zeroizing::new(text.to_vec()), MIN_KEY_BYTES)
        }
        Purpose::Webhook(template) => (decode_for(text, template)?, MIN_WEBHOOK_KEY_BYTES),
    };
    let is_public = matches!(purpose, Purpose::Webhook(template) if template.algorithm.is_asymmetric());
    if !is_sample && !is_public {
        judge(&key, least)?;
    }
    Ok(key)
}

/// Reads a webhook's secret in the way that its sender gives it out.
fn decode_for(text: &[u8], template: &Template) -> Result<Zeroizing<Vec<u8>>, String> {
    let form = &template.key;
    let encoding = match form.encoding {
        KeyEncoding::Text => Encoding::Text,
        KeyEncoding::Hex => Encoding::Hex,
        KeyEncoding::Base64 => Encoding::Base64,
    };
    match (text.strip_prefix(form.prefix.as_bytes()), form.without_prefix) {
        (Some(rest), _) => decode(rest, encoding),
        (None, WithoutPrefix::Same) => decode(text, encoding),
        (None, WithoutPrefix::Text) => decode(text, Encoding::Text),
        (None, WithoutPrefix::Refused) => {
            Err(format!("the secret does not start with \"{}\", as the secrets of {} do", form.prefix, template.title))
        }
    }
}

fn fetch(reference: &str, lookup: &dyn Lookup) -> Result<Zeroizing<Vec<u8>>, String> {
    if let Some(name) = reference.strip_prefix("env:") {
        // Somebody may have put the secret itself here, and it must not get into a message.
        let is_usual = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let shown = match name.len() <= 64 && name.bytes().all(is_usual) {
            true => format!("the environment variable {name}"),
            false => "the environment variable that is named here".into(),
        };
        return match lookup.env(name) {
            Ok(Some(value)) => Ok(Zeroizing::new(value.into_bytes())),
            Ok(None) => Err(format!("{shown} is not set; set it to the secret of this service")),
            Err(why) => Err(format!("{shown} cannot be read: {why}")),
        };
    }
    if let Some(path) = reference.strip_prefix("file:") {
        // As above: what looks like the text of a secret is not repeated.
        let is_text = |byte: u8| byte.is_ascii_alphanumeric() || b"+=_-".contains(&byte);
        let shown = if path.len() >= MIN_KEY_BYTES && path.bytes().all(is_text) { "that is named here" } else { path };
        return lookup.file(path).map(Zeroizing::new).map_err(|why| {
            format!("the secret's file {shown} cannot be read: {why}; correct the path, or let the service read it")
        });
    }
    if let Some(text) = reference.strip_prefix("literal:") {
        return Ok(Zeroizing::new(text.as_bytes().to_vec()));
    }
    Err("say where the secret comes from: \"env:NAME\" or \"file:PATH\" (\"literal:TEXT\" for tests only)".into())
}

fn decode(text: &[u8], encoding: Encoding) -> Result<Zeroizing<Vec<u8>>, String> {
    match encoding {
        Encoding::Text => {
            std::str::from_utf8(text)
                .map_err(|_| "the secret is not UTF-8 text; give its encoding as hex or base64")?;
            Ok(Zeroizing::new(text.to_vec()))
        }
        Encoding::Hex => decode_hex(text).ok_or_else(|| "the secret is not pairs of hex digits".into()),
        Encoding::Base64 => STANDARD
            .decode(text)
            .map(Zeroizing::new)
            .map_err(|_| "the secret is not base64 of the standard alphabet with padding".into()),
    }
}

fn decode_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    // Room for all from the start: growing would leave copies of the key behind.
    let mut key = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.chunks(2) {
        let &[high, low] = pair else {
            return None;
        };
        key.push((digit(high)? * 16 + digit(low)?) as u8);
    }
    Some(key)
}

fn judge(key: &[u8], least: usize) -> Result<(), String> {
    if key.len() < least {
        let whose = if least == MIN_KEY_BYTES { "service" } else { "webhook" };
        return Err(format!(
            "the key has {} bytes, and a key of a {whose} needs {least} or more; make one with `wiresign keygen`",
            key.len()
        ));
    }
    if key.len() > MAX_KEY_BYTES {
        return Err(format!("the key is longer than {MAX_KEY_BYTES} bytes"));
    }
    // A public key would be a secret that everybody knows.
    if is_key_document(key) {
        return Err(
            "this is a PEM, DER or JWK key of another kind; HMAC needs a random secret, from `wiresign keygen`".into(),
        );
    }
    let repeats = |length: usize| key.iter().zip(&key[length..]).all(|(left, right)| left == right);
    if (1..=MAX_REPEATED_BYTES.min(key.len() / 2)).any(repeats) {
        return Err("the key only repeats a short pattern; make one with `wiresign keygen`".into());
    }
    let is_sample =
        |sample: &&str| key == sample.as_bytes() || decode_hex(sample.as_bytes()).is_some_and(|bytes| key == &**bytes);
    if KNOWN_SAMPLES.iter().any(is_sample) {
        return Err("the key is printed in public documentation; make one with `wiresign keygen`".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::lookup::Secrets;
    use super::*;

    const GOOD: &str = "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9";

    fn resolve(reference: &str, encoding: Encoding, secrets: &Secrets) -> Result<Zeroizing<Vec<u8>>, String> {
        key(&read(reference, secrets)?, encoding, Purpose::Service, false)
    }

    fn literal(text: &str, encoding: Encoding) -> Result<Vec<u8>, String> {
        resolve(&format!("literal:{text}"), encoding, &Secrets::new()).map(|key| key.to_vec())
    }

    #[test]
    fn text_that_looks_like_hex_is_text() {
        assert_eq!(literal(GOOD, Encoding::Text).expect("good"), GOOD.as_bytes());
        assert_eq!(literal(GOOD, Encoding::Hex).expect("good").len(), 32);
    }

    #[test]
    fn references_say_where_a_secret_is() {
        let secrets = Secrets::new().env("A", GOOD).file("/b", GOOD.as_bytes());
        assert!(resolve("env:A", Encoding::Text, &secrets).is_ok());
        assert!(resolve("file:/b", Encoding::Text, &secrets).is_ok());
        assert!(resolve("env:B", Encoding::Text, &secrets).expect_err("missing").contains("B is not set"));
        assert!(resolve("file:/c", Encoding::Text, &secrets).expect_err("missing").contains("/c cannot be read"));
        assert!(resolve(GOOD, Encoding::Text, &secrets).is_err());
    }

    #[test]
    fn a_secret_in_the_place_of_a_name_is_not_repeated() {
        for reference in [format!("env:{GOOD}"), format!("file:{GOOD}"), GOOD.to_owned()] {
            let message = resolve(&reference, Encoding::Text, &Secrets::new()).expect_err("no variable");
            assert!(!message.contains(&GOOD[..8]), "{message}");
        }
    }

    #[test]
    fn public_keys_and_documents_are_no_secrets() {
        let der = [&[0x30, 89, 0x30][..], &(0..88).collect::<Vec<u8>>()].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{GOOD}\n-----END PUBLIC KEY-----");
        let jwk = format!(r#"{{"kty":"oct","k":"{GOOD}"}}"#);
        for (bytes, encoding) in [
            (pem.into_bytes(), Encoding::Text),
            (jwk.into_bytes(), Encoding::Text),
            (STANDARD.encode(der).into_bytes(), Encoding::Base64),
        ] {
            let secrets = Secrets::new().file("/key", &bytes);
            let message = resolve("file:/key", encoding, &secrets).expect_err("no secret");
            assert!(message.contains("keygen"), "{message}");
        }
    }

    #[test]
    fn weak_keys_are_refused_without_being_shown() {
        let bad: [(&str, Encoding); 13] = [
            ("", Encoding::Text),
            ("short", Encoding::Text),
            ("0123456789012345678901234567890", Encoding::Text),
            (&"a".repeat(64), Encoding::Text),
            (&"ab".repeat(32), Encoding::Text),
            (&"0123456789abcdef".repeat(4), Encoding::Text),
            (&format!(" {GOOD}"), Encoding::Text),
            (&format!("{GOOD}\n"), Encoding::Text),
            (&format!("{GOOD}\r\n"), Encoding::Text),
            (&GOOD[1..], Encoding::Hex),
            (&GOOD[2..], Encoding::Hex),
            ("not base64!", Encoding::Base64),
            ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Encoding::Text),
        ];
        for (text, encoding) in bad {
            let message = literal(text, encoding).expect_err(text);
            assert!(text.len() < 8 || !message.contains(text.trim()), "{message}");
        }
    }
}
