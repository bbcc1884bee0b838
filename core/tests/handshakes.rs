//! Handshakes beyond single answers: what is counted and remembered of them, and what they take no part in.

use sha2::{Digest, Sha256};
use wiresign::{Config, Head, RefusalCode, Secrets, Verifier};

const SECRET: &str = "d4f1c0b39e5a7f8261b0a4c9e2d7f356";
const NOW: u64 = 1_767_225_600;
const CHALLENGE: &[u8] = br#"{"type":"url_verification","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd"}"#;

/// A service whose routes all ask for something else than the webhook.
fn verifier(verify_token: &str) -> Verifier {
    let document = format!(
        r#"{{
            "service": "a",
            "services": {{}},
            "webhooks": {{
                "slack": {{"scheme": "slack", "keys": [{{"secret": "env:SECRET"}}]}},
                "meta": {{"scheme": "whatsapp", "keys": [{{"secret": "env:OTHER"}}], {verify_token}"replay": {{"seconds": 60}}}}
            }},
            "routes": [{{"match": "/events", "accept": ["webhook:slack"]}}]
        }}"#
    );
    let secrets = Secrets::new().env("SECRET", SECRET).env("OTHER", "0f1e2d3c4b5a69788796a5b4c3d2e1f0");
    Verifier::new(&Config::parse(&document, &secrets.env("TOKEN", "a token of ours")).expect("a config"))
}

fn signed(body: &[u8]) -> Vec<(&'static str, String)> {
    let message = [format!("v0:{NOW}:").as_bytes(), body].concat();
    // HMAC by its definition, for a key that is shorter than a block.
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(SECRET.bytes()).for_each(|(pad, key)| *pad ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    let tag = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![("X-Slack-Signature", format!("v0={hex}")), ("X-Slack-Request-Timestamp", NOW.to_string())]
}

fn total(verifier: &Verifier, name: &str) -> u64 {
    let metrics = verifier.metrics();
    metrics.counters().iter().filter(|counter| counter.name == name).map(|counter| counter.value).sum()
}

#[test]
fn an_answer_is_neither_counted_nor_remembered_and_asks_no_route() {
    let verifier = verifier("");
    let headers = signed(CHALLENGE);
    for target in ["/events", "/events", "/elsewhere"] {
        let head = Head::new(b"POST", target.as_bytes(), &headers);
        let response = verifier.handshake("slack", &head, CHALLENGE, NOW).expect("no refusal").expect("an answer");
        assert_eq!((response.status, response.body.as_str()), (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd"));
    }
    assert_eq!(total(&verifier, "wiresign_requests_accepted_total"), 0);
    assert_eq!(total(&verifier, "wiresign_requests_refused_total"), 0);
    let head = Head::new(b"POST", b"/events", &headers);
    verifier.verify(&head, CHALLENGE, NOW).expect("the first one that is remembered");
    assert_eq!(verifier.verify(&head, CHALLENGE, NOW).expect_err("again").code(), RefusalCode::ReplayedRequest);
}

#[test]
fn a_refusal_is_counted_and_names_the_webhook() {
    let verifier = verifier(r#""verify_token": "env:TOKEN", "#);
    let ask = |name: &str, target: &str| {
        let head = Head::new(b"GET", target.as_bytes(), &[] as &[(&str, &str)]);
        verifier.handshake(name, &head, b"", NOW)
    };
    let good = "/events?hub.mode=subscribe&hub.verify_token=a%20token%20of%20ours&hub.challenge=7";
    assert_eq!(ask("meta", good).expect("no refusal").expect("an answer").body, "7");
    for other in ["slack", "webhook:meta", ""] {
        assert!(ask(other, good).expect("no refusal").is_none(), "{other}");
    }
    let refusal = ask("meta", &good.replace("ours", "yours")).expect_err("another token");
    assert_eq!((refusal.code(), refusal.service()), (RefusalCode::PermissionDenied, Some("webhook:meta")));
    let shown = format!("{refusal:?} {}", refusal.response().body);
    assert!(!shown.contains("ours"), "{shown}");
    assert_eq!(total(&verifier, "wiresign_requests_refused_total"), 1);
}

#[test]
fn without_a_verify_token_nobody_is_answered() {
    let verifier = verifier("");
    for token in ["", "x", "a%20token%20of%20ours"] {
        let target = format!("/events?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=7");
        let head = Head::new(b"GET", target.as_bytes(), &[] as &[(&str, &str)]);
        let refusal = verifier.handshake("meta", &head, b"", NOW).expect_err("no token in the config");
        assert_eq!(refusal.code(), RefusalCode::PermissionDenied);
        assert!(refusal.detail().contains("verify_token"), "{}", refusal.detail());
    }
}
