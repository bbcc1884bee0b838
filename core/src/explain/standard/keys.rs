//! Keys that may have made a signature of a standard: the caller's, those of others, and what a secret is taken for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::bound_key::{BoundKey, KeyAlgorithm};
use crate::config::{Compiled, Key};
use crate::explain::causes::Cause;
use crate::explain::key::state;

/// The most entries of the registry whose keys are tried for others.
pub(super) const MAX_OTHER_KEYS: usize = 512;
/// What the work of a signature of a public key is put down as, in bytes: that of hashing so many.
pub(super) const PUBLIC_KEY_WORK: usize = 64 * 1024;

/// HMAC with any key, also one that is too short to be configured. `None` for algorithms that are none.
pub(super) fn hmac_tag(algorithm: KeyAlgorithm, key: &[u8], message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    fn tag<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mac = <M as KeyInit>::new_from_slice(key).ok()?;
        Some(Zeroizing::new(mac.chain_update(message).finalize().into_bytes().to_vec()))
    }
    match algorithm {
        KeyAlgorithm::HmacSha256 => tag::<Hmac<Sha256>>(key, message),
        KeyAlgorithm::HmacSha384 => tag::<Hmac<Sha384>>(key, message),
        KeyAlgorithm::HmacSha512 => tag::<Hmac<Sha512>>(key, message),
        _ => None,
    }
}

/// The secrets of everybody, each with the cause that it stands for. `own` is the caller, whose signing keys are left out.
pub(super) fn secrets_of_others(config: &Compiled, own: Option<usize>) -> Vec<(Cause, &[u8])> {
    let mut secrets: Vec<(Cause, &[u8])> = Vec::new();
    for (at, service) in config.services.iter().enumerate() {
        let id = &service.id;
        let kind = if at < config.known_services { "key-of-other-service" } else { "key-of-other-webhook" };
        let symmetric = service.bound_keys.iter().filter(|known| known.bound.algorithm().is_symmetric());
        let signing = service.keys.iter().chain(symmetric.map(|known| &known.key));
        for key in signing.filter(|_| own != Some(at)) {
            secrets.push((Cause::with(kind, &format!("key \"{}\" of {id}", key.id)), &key.secret));
        }
        for key in &service.aws_keys {
            let whose = format!("access key \"{}\" of {id}", key.key.id);
            secrets.push((Cause::with("key-of-other-kind", &whose), &key.key.secret));
        }
        for key in &service.api_keys {
            let whose = format!("API key \"{}\" of {id}", key.key.id);
            secrets.push((Cause::with("key-is-api-key", &whose), &key.key.secret));
        }
        if secrets.len() >= MAX_OTHER_KEYS {
            break;
        }
    }
    secrets
}

/// The texts in which a public key is handed round. None of them is a secret.
pub(super) fn public_texts(key: &BoundKey) -> Vec<Vec<u8>> {
    let Some(document) = key.public_document() else { return Vec::new() };
    let digits = STANDARD.encode(&document);
    let lines: Vec<&str> =
        digits.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    let mut texts = Vec::new();
    for end in ["\n", "\r\n"] {
        let block = format!("-----BEGIN PUBLIC KEY-----{end}{}{end}-----END PUBLIC KEY-----", lines.join(end));
        texts.push(format!("{block}{end}").into_bytes());
        texts.push(block.into_bytes());
    }
    texts.push(digits.into_bytes());
    texts.push(document);
    texts.extend(key.public_bytes());
    texts
}

/// A key, as it is told of.
pub(super) fn told(key: &Key, algorithm: &str, now: u64) -> Value {
    json!({"key": &*key.id, "algorithm": algorithm, "state": state(key, now)})
}

/// A signature of ECDSA in DER (RFC 3279, section 2.2.3) as its two numbers side by side.
pub(super) fn from_der(signature: &[u8], algorithm: KeyAlgorithm) -> Option<Vec<u8>> {
    let length = match algorithm {
        KeyAlgorithm::EcdsaP256Sha256 => 32,
        KeyAlgorithm::EcdsaP384Sha384 => 48,
        _ => return None,
    };
    let [0x30, whole, rest @ ..] = signature else { return None };
    if usize::from(*whole) != rest.len() {
        return None;
    }
    let (mut numbers, mut rest) = (Vec::with_capacity(2 * length), rest);
    for _ in 0..2 {
        let [0x02, count, after @ ..] = rest else { return None };
        let (number, after) = after.split_at_checked(usize::from(*count))?;
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        numbers.extend(std::iter::repeat_n(0, length.checked_sub(number.len())?));
        numbers.extend_from_slice(number);
        rest = after;
    }
    rest.is_empty().then_some(numbers)
}
