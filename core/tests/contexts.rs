//! Contexts beyond single verdicts: what is counted, how keys change while they are in use, what is shown of them.

use wiresign::{Config, ContextError, Contexts, FailureCode, RefusalCode, Secrets};

const TENANT: &str = "0d9fe7d3-9c3b-4d7e-8a52-1f0e6b6f3c11";
const OLD: &str = "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9";
const NEW: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9";
const OLD_KEY: &str = r#"{"id": "old", "secret": "env:OLD"}"#;
const NEW_KEY: &str = r#"{"id": "new", "secret": "env:NEW"}"#;
const NOW: u64 = 1_767_225_600;

fn config(keys: &[&str], more: &str) -> Config {
    let keys = keys.join(",");
    let document = format!(r#"{{"service": "a", "services": {{}}, "contexts": {{"keys": [{keys}] {more}}}}}"#);
    Config::parse(&document, &Secrets::new().env("OLD", OLD).env("NEW", NEW)).expect("a config")
}

fn contexts(keys: &[&str]) -> Contexts {
    Contexts::new(&config(keys, "")).expect("keys")
}

fn retiring(key: &str) -> String {
    key.replace('}', r#", "state": "retiring"}"#)
}

/// What a counter stands at.
fn count(contexts: &Contexts, name: &str, label: Option<&str>) -> u64 {
    let metrics = contexts.metrics();
    let is_it =
        |counter: &&wiresign::Counter| counter.name == name && counter.labels.first().map(|(_, value)| *value) == label;
    metrics.counters().iter().find(is_it).unwrap_or_else(|| panic!("there is no counter {name} {label:?}")).value
}

#[test]
fn each_outcome_is_counted_once() {
    let until = r#", "migration": {"until": "2027-01-01T00:00:00Z"}"#;
    let contexts = Contexts::new(&config(&[NEW_KEY, &retiring(OLD_KEY)], until)).expect("keys");
    let verify = |tenant: &str, signature: &str, payload: Option<&[u8]>| {
        contexts.verify(tenant, &["admin"], signature, NOW, payload)
    };
    let good = contexts.sign(TENANT, &["admin"], NOW).expect("a signature");
    let old = self::contexts(&[OLD_KEY]).sign(TENANT, &["admin"], NOW).expect("a signature");
    // SHA-256 of the new secret and "payload".
    let older = "30de10c69dcd01e06f74a058a38e00d5afecc8cf7583f657a68a9990cf830ef6";
    assert!(verify(TENANT, &good, None).is_ok());
    assert!(verify(TENANT, &good, Some(b"payload")).is_ok());
    assert!(verify(TENANT, &old, None).expect("still known").key_is_retiring());
    assert_eq!(verify(TENANT, older, Some(b"payload")).expect("a migration").matched(), "sha256-prefix");
    assert!(verify(TENANT, older, Some(b"another payload")).is_err());
    assert!(verify(TENANT, "short", None).is_err());
    assert!(verify("acme", &good, None).is_err());

    let accepted = "wiresign_contexts_accepted_total";
    let refused = "wiresign_contexts_refused_total";
    assert_eq!(count(&contexts, accepted, Some("hmac-sha256")), 3);
    assert_eq!(count(&contexts, accepted, Some("sha256-prefix")), 1);
    assert_eq!(count(&contexts, refused, Some("INVALID_SIGNATURE")), 1);
    assert_eq!(count(&contexts, refused, Some("MALFORMED_SIGNATURE")), 1);
    assert_eq!(count(&contexts, refused, Some("MALFORMED_REQUEST")), 1);
    assert_eq!(count(&contexts, refused, Some("KEY_NOT_VALID_NOW")), 0);
    assert_eq!(count(&contexts, "wiresign_retiring_key_contexts_total", None), 1);
    let text = contexts.metrics().prometheus();
    assert!(text.contains("# TYPE wiresign_contexts_accepted_total counter\n"), "{text}");
    assert!(text.contains("wiresign_contexts_accepted_total{matched=\"hmac-sha256\"} 3\n"), "{text}");
    assert!(text.contains("wiresign_retiring_key_contexts_total 1\n"), "{text}");
    assert!(!text.contains("wiresign_requests"), "{text}");
}

#[test]
fn a_refusal_says_how_many_keys_were_tried() {
    let other = "0".repeat(64);
    let detail = |keys: &[&str]| {
        contexts(keys).verify(TENANT, &["admin"], &other, NOW, None).expect_err("another key's").detail()
    };
    let over = "this signature over this tenant and these roles";
    assert_eq!(detail(&[NEW_KEY]), format!("the only key for contexts does not make {over}"));
    assert_eq!(detail(&[NEW_KEY, &retiring(OLD_KEY)]), format!("none of the 2 keys for contexts makes {over}"));
}

/// The steps of docs/contexts.md: at none of them does a processor refuse what another one signs.
#[test]
fn a_secret_changes_without_an_interruption() {
    let retiring_old = retiring(OLD_KEY);
    let steps: [&[&str]; 4] = [&[OLD_KEY], &[OLD_KEY, NEW_KEY], &[NEW_KEY, &retiring_old], &[NEW_KEY]];
    let (first, second) = (contexts(steps[0]), contexts(steps[0]));
    let agree = || {
        for (signer, verifier) in [(&first, &second), (&second, &first)] {
            let signature = signer.sign(TENANT, &["a", "b"], NOW).expect("a key");
            verifier.verify(TENANT, &["b", "a"], &signature, NOW, None).expect("known everywhere");
        }
    };
    let from_before = first.sign(TENANT, &["a"], NOW).expect("a key");
    for keys in &steps[1..] {
        let config = config(keys, "");
        agree();
        first.replace(&config).expect("keys");
        agree();
        second.replace(&config).expect("keys");
        agree();
    }
    let refusal = first.verify(TENANT, &["a"], &from_before, NOW, None).expect_err("the old key is gone");
    assert_eq!(refusal.code(), RefusalCode::InvalidSignature);
    assert_eq!(count(&first, "wiresign_contexts_refused_total", Some("INVALID_SIGNATURE")), 1, "counters are kept");
}

#[test]
fn a_config_without_keys_is_not_taken() {
    let none = Config::parse(r#"{"service": "a", "services": {}}"#, &Secrets::new()).expect("a config");
    let error = Contexts::new(&none).expect_err("no keys");
    assert_eq!((error, error.code()), (ContextError::NoKeys, FailureCode::SigningFailed));
    let contexts = contexts(&[OLD_KEY]);
    assert_eq!(contexts.replace(&none), Err(ContextError::NoKeys));
    assert!(contexts.sign(TENANT, &["a"], NOW).is_ok(), "the keys of before still serve");
}

#[test]
fn a_refusal_says_what_to_do_and_shows_no_secret() {
    let contexts = Contexts::new(&config(&[&retiring(OLD_KEY)], r#", "migration": {"until": "2026-01-01T00:00:00Z"}"#));
    let contexts = contexts.expect("keys");
    let verify = |signature: &str| contexts.verify(TENANT, &["a"], signature, NOW, Some(b"p"));
    // SHA-256 of the old secret and "p".
    let older = "d147a7849e20f5c606fb887c3a2b0c56f2afd20dd905025f52af88fd627c5a5f";
    let over = verify(older).expect_err("over");
    assert!(over.detail().contains("contexts.migration.until has passed"), "{}", over.detail());
    for refusal in [over, verify("x").expect_err("no hex")] {
        let shown = format!("{refusal:?} {} {contexts:?}", refusal.response().body);
        assert!(!shown.contains(&OLD[..8]), "{shown}");
        assert!(refusal.service().is_none() && refusal.request_id().is_none());
    }
    let signature = contexts.sign(TENANT, &["a"], NOW).expect("a retiring key signs where there is no other");
    let verified = verify(&signature).expect("verified");
    assert_eq!((verified.tenant(), verified.key_id()), (TENANT, "old"));
    assert!(verified.has_role("a") && !verified.has_role("A"));
    assert_eq!(verified.roles().collect::<Vec<_>>(), ["a"]);
    assert!(!format!("{verified:?}").contains(&OLD[..8]));
}
