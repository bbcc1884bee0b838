//! The JSON Web files of Wycheproof, in full. Where we answer otherwise is written in `docs/wycheproof-differences.md`; each
//! difference has to be there, and nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

use super::compact::Compact;
use crate::bound_key::{BoundKey, JwkSet, KeyAlgorithm, SetKey};

const DIFFERENCES: &str = include_str!("../../../docs/wycheproof-differences.md");

macro_rules! suite {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../conformance/vectors/external/wycheproof/", $name, ".json")))
    };
}

const FILES: [(&str, &str, usize); 3] = {
    let (signature, key, mixed) =
        (suite!("json_web_signature_test"), suite!("json_web_key_test"), suite!("json_web_crypto_test"));
    [(signature.0, signature.1, 401), (key.0, key.1, 26), (mixed.0, mixed.1, 83)]
};

#[test]
fn every_case_is_answered_as_the_suite_says_or_as_is_written() {
    let mut listed: BTreeMap<(String, u64), &str> = BTreeMap::new();
    for row in DIFFERENCES.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, file, ids, says, reason, _] = cells[..] else { panic!("{row}") };
        assert!(!reason.is_empty() && (says == "accepted" || says == "refused"), "{row}");
        for id in ids.split(", ") {
            let case = (file.trim_matches('`').to_owned(), id.parse().expect("a number"));
            assert!(listed.insert(case, says).is_none(), "listed twice: {row}");
        }
    }
    for (file, text, expected_count) in FILES {
        let suite: Value = serde_json::from_str(text).expect("JSON");
        let mut count = 0;
        for group in suite["testGroups"].as_array().expect("a list") {
            let keys = keys(group.get("public").or(group.get("private")).expect("a key"));
            for test in group["tests"].as_array().expect("a list") {
                count += 1;
                let id = test["tcId"].as_u64().expect("a number");
                let token = test.get("jws").or(test.get("jwe")).expect("a token");
                // The other serialisation of JWS is a JSON object in the suite, too.
                let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
                let is_accepted = is_accepted(&keys, token.as_bytes());
                let says = if is_accepted { "accepted" } else { "refused" };
                let expected = match test["result"].as_str() {
                    Some("valid") => "accepted",
                    Some("invalid") => "refused",
                    other => panic!("{file} {id}: {other:?}"),
                };
                let written = listed.remove(&(file.to_owned(), id));
                let comment = &test["comment"];
                if says == expected {
                    assert_eq!(written, None, "{file} {id} {comment}: the difference that is listed is gone");
                } else {
                    assert_eq!(written, Some(says), "{file} {id} {comment}: a difference that is not listed");
                }
            }
        }
        assert_eq!(count, expected_count, "{file} is not the file that it was");
    }
    assert!(listed.is_empty(), "listed, and not in the suite: {listed:?}");
}

/// What a config would make of the key, or of the set: nothing where it is refused.
fn keys(given: &Value) -> Vec<SetKey> {
    let one = |jwk: &Value| {
        let key = only_algorithm(jwk).and_then(|algorithm| {
            let text = jwk.to_string();
            match algorithm.is_symmetric() {
                true => BoundKey::private(algorithm, text.as_bytes()).ok(),
                false => BoundKey::public(algorithm, text.as_bytes()).ok(),
            }
        });
        key.map(|key| SetKey { id: jwk["kid"].as_str().map(Into::into), key }).into_iter().collect()
    };
    match given.get("keys").and_then(Value::as_array).map(Vec::as_slice) {
        None => one(given),
        // A symmetric key has no place in a set, and is given alone.
        Some([jwk]) if jwk["kty"] == "oct" => one(jwk),
        Some(_) => JwkSet::parse(given.to_string().as_bytes()).unwrap_or_default(),
    }
}

/// The algorithm that a config would name for the key.
fn only_algorithm(jwk: &Value) -> Option<KeyAlgorithm> {
    match (jwk["alg"].as_str(), jwk["kty"].as_str()) {
        (Some(name), _) => KeyAlgorithm::from_jose(name),
        (None, Some("RSA")) => Some(KeyAlgorithm::RsaV15Sha256),
        (None, _) => Some(KeyAlgorithm::EcdsaP256Sha256),
    }
}

/// The suite signs texts that are no claims, so only the signature is judged.
fn is_accepted(keys: &[SetKey], token: &[u8]) -> bool {
    let Ok((token, decoded)) = Compact::read(token) else {
        return false;
    };
    let id = token.key_id.as_ref().map(|id| id.text(&decoded));
    let fits = |key: &&SetKey| id.is_none() || key.id.as_deref() == id;
    keys.iter().filter(fits).any(|found| {
        found.key.algorithm() == token.algorithm && found.key.verify(token.signed, &decoded[token.signature.clone()])
    })
}
