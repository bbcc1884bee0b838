//! Makes message signatures.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::base::{self, Budget};
use super::input::{Inputs, is_plain_text};
use super::message::{Message, Request};
use super::policy::Policy;
use super::{Fault, digest};
use crate::request::{Head, Headers};

/// A key to sign with.
#[derive(Clone, Copy)]
pub(crate) struct SigningKey<'k> {
    /// `SERVICE/KEY` by our own profile.
    pub(crate) keyid: &'k str,
    /// The algorithm's name in RFC 9421.
    pub(crate) algorithm: &'k str,
    /// Signs a signature base. `None` where the key can only verify.
    pub(crate) sign: &'k dyn Fn(&[u8]) -> Option<Vec<u8>>,
}

/// The headers to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    content_digest: Option<String>,
    signature_input: String,
    signature: String,
    base: Vec<u8>,
}

impl Signed {
    /// Names and values. Those of the same names that the message has must be replaced.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let digest = self.content_digest.as_deref().map(|value| ("Content-Digest", value));
        let signature = [("Signature-Input", &*self.signature_input), ("Signature", &*self.signature)];
        digest.into_iter().chain(signature)
    }

    /// What the first key signed.
    pub(crate) fn base(&self) -> &[u8] {
        &self.base
    }
}

/// Signs a request with each of the keys, the first of which has the label of the policy, and the others that label with their
/// number. While keys rotate, the old one and the new one both sign.
///
/// The signed nonce is made of `nonce`: of a UUID its 16 bytes as base64url, of any other text the text itself.
pub(crate) fn sign<H: Headers + ?Sized>(
    policy: &Policy,
    head: &Head<'_, H>,
    body: &[u8],
    keys: &[SigningKey<'_>],
    now: u64,
    nonce: &str,
) -> Result<Signed, Fault> {
    let content_digest = (policy.needs_digest() && !body.is_empty()).then(|| digest::write(body));
    let mut request = Request::new(head, policy.url_scheme())?;
    if let Some(value) = &content_digest {
        request.fields.set(b"content-digest", value.as_bytes());
    }
    let nonce = signed_nonce(nonce);
    let drafts = drafts(policy, !body.is_empty(), keys, now, Some(&nonce));
    let made = make(Message::Request(&request), &drafts)?;
    Ok(made.with_digest(content_digest))
}

/// One draft for each key.
pub(super) fn drafts<'d>(
    policy: &Policy,
    has_body: bool,
    keys: &[SigningKey<'d>],
    now: u64,
    nonce: Option<&'d str>,
) -> Vec<Draft<'d>> {
    let identifiers: Vec<&str> = policy.identifiers(has_body).collect();
    let identifiers = identifiers.join(" ");
    let draft = |(at, key): (usize, &SigningKey<'d>)| Draft {
        label: match at {
            0 => policy.label().to_owned(),
            _ => format!("{}-{}", policy.label(), at + 1),
        },
        identifiers: identifiers.clone(),
        created: Some(now),
        expires: None,
        nonce: nonce.map(str::to_owned),
        tag: policy.tag().map(str::to_owned),
        key: *key,
    };
    keys.iter().enumerate().map(draft).collect()
}

/// A signature that is to be made.
pub(super) struct Draft<'k> {
    pub(super) label: String,
    pub(super) identifiers: String,
    pub(super) created: Option<u64>,
    pub(super) expires: Option<u64>,
    pub(super) nonce: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) key: SigningKey<'k>,
}

impl Draft<'_> {
    fn write(&self, out: &mut String) {
        let Self { label, identifiers, key, .. } = self;
        *out += &format!("{label}=({identifiers})");
        for (name, seconds) in [("created", self.created), ("expires", self.expires)] {
            if let Some(seconds) = seconds {
                *out += &format!(";{name}={seconds}");
            }
        }
        let texts = [
            ("keyid", Some(key.keyid)),
            ("alg", Some(key.algorithm)),
            ("nonce", self.nonce.as_deref()),
            ("tag", self.tag.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                *out += &format!(";{name}=\"{text}\"");
            }
        }
    }

    fn is_plain(&self) -> bool {
        let texts = [Some(self.key.keyid), Some(self.key.algorithm), self.nonce.as_deref(), self.tag.as_deref()];
        texts.into_iter().flatten().all(is_plain_text)
    }
}

/// What was made of drafts.
pub(super) struct Made {
    signature_input: String,
    signature: String,
    base: Vec<u8>,
}

impl Made {
    pub(super) fn with_digest(self, content_digest: Option<String>) -> Signed {
        let Self { signature_input, signature, base } = self;
        Signed { content_digest, signature_input, signature, base }
    }
}

/// Makes signatures. What is signed is read from what is sent, as a verifier does it.
pub(super) fn make(message: Message<'_, '_>, drafts: &[Draft<'_>]) -> Result<Made, Fault> {
    let mut signature_input = String::with_capacity(256 * drafts.len());
    for draft in drafts {
        if !draft.is_plain() {
            return Err(Fault::ParameterText);
        }
        if !signature_input.is_empty() {
            signature_input.push_str(", ");
        }
        draft.write(&mut signature_input);
    }
    let inputs = Inputs::parse(signature_input.as_bytes())?;
    let mut signature = String::with_capacity(128 * drafts.len());
    let mut first = None;
    let mut budget = Budget::new();
    for (input, draft) in inputs.inputs.iter().zip(drafts) {
        if let Some(fault) = input.fault {
            return Err(fault);
        }
        let base = base::write(message, &inputs, input, &mut budget)?;
        let bytes = (draft.key.sign)(&base).ok_or(Fault::VerifyingKey)?;
        if !signature.is_empty() {
            signature.push_str(", ");
        }
        signature.push_str(&draft.label);
        signature.push_str("=:");
        STANDARD.encode_string(bytes, &mut signature);
        signature.push(':');
        first.get_or_insert(base);
    }
    let base = first.ok_or(Fault::NoKey)?;
    drop(inputs);
    Ok(Made { signature_input, signature, base })
}

/// The nonce that is signed: 16 bytes as base64url where the text is a UUID, else the text.
fn signed_nonce(text: &str) -> String {
    match uuid_bytes(text) {
        Some(bytes) => URL_SAFE_NO_PAD.encode(bytes),
        None => text.to_owned(),
    }
}

fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let text = text.as_bytes();
    let mut bytes = [0; 16];
    let mut digits = 0;
    if text.len() != 36 {
        return None;
    }
    for (at, &byte) in text.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = char::from(byte).to_digit(16)? as u8;
        bytes[digits / 2] = bytes[digits / 2] << 4 | digit;
        digits += 1;
    }
    Some(bytes)
}
