//! What adapters add to the rules of the config: a declared length, and the services that an application takes.

use wiresign::{Config, Head, Secrets, Signer, Verifier};

const DOCUMENT: &str = r#"{
    "service": "orders",
    "services": {
        "orders": {"keys": [{"secret": "env:ORDERS"}]},
        "billing": {"keys": [{"secret": "env:BILLING"}]}
    },
    "routes": [{"match": "/open", "public": true}],
    "limits": {"body_bytes": 10}
}"#;

struct Pair {
    verifier: Verifier,
    signer: Signer,
}

fn pair() -> Pair {
    let secrets = Secrets::new()
        .env("ORDERS", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9")
        .env("BILLING", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9");
    let orders = Config::parse(DOCUMENT, &secrets).expect("a config");
    let billing = Config::parse(&DOCUMENT.replacen("orders", "billing", 1), &secrets).expect("a config");
    Pair { verifier: Verifier::new(&orders), signer: Signer::new(&billing, Some("orders")).expect("a signer") }
}

fn signed(signer: &Signer, body: &[u8]) -> Vec<(String, String)> {
    let head = Head::new(b"POST", b"/a", &[] as &[(&str, &str)]);
    let signed = signer.sign(&head, body, 1_000_000, "0123456789abcdef").expect("signed");
    signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn an_application_takes_the_services_that_it_names() {
    let Pair { verifier, signer } = pair();
    let headers = signed(&signer, b"body");
    let verified = verifier.verify(&Head::new(b"POST", b"/a", &headers), b"body", 1_000_000).expect("verified");
    assert!(verified.require_service(&["shop", "billing"]).is_ok());
    assert!(verified.require_service::<&str>(&[]).is_ok());
    let refusal = verified.require_service(&["shop"]).expect_err("another service");
    assert_eq!(refusal.code().name(), "SERVICE_NOT_ALLOWED");
    assert_eq!(refusal.service(), Some("billing"));
    assert_eq!(refusal.request_id(), Some("0123456789abcdef"));
    assert_eq!(
        refusal.response().body,
        r#"{"error":"The caller may not use this route.","code":"SERVICE_NOT_ALLOWED","requestId":"0123456789abcdef"}"#
    );
}

#[test]
fn nobody_is_taken_from_a_public_route() {
    let Pair { verifier, .. } = pair();
    let head = Head::new(b"GET", b"/open", &[] as &[(&str, &str)]);
    let verified = verifier.verify(&head, b"", 0).expect("public");
    for services in [&["billing"][..], &[]] {
        let refusal = verified.require_service(services).expect_err("nobody called");
        assert_eq!(refusal.code().name(), "AUTHENTICATION_REQUIRED");
        assert_eq!(refusal.response().www_authenticate.as_deref(), Some("Wiresign realm=\"orders\""));
    }
}

#[test]
fn a_declared_length_is_held_to_the_limit() {
    let Pair { verifier, signer } = pair();
    let headers = signed(&signer, b"0123456789");
    let head = Head::new(b"POST", b"/a", &headers);

    let mut body = verifier.begin(&head, 1_000_000).expect("a good head");
    body.declare_length(10).expect("just short enough");
    body.update(b"0123456789").expect("as declared");
    assert!(body.finish().is_ok());

    let mut body = verifier.begin(&head, 1_000_000).expect("a good head");
    assert_eq!(body.declare_length(11).expect_err("too long").code().name(), "BODY_TOO_LARGE");
    assert_eq!(body.update(b"").expect_err("still").code().name(), "BODY_TOO_LARGE");
    assert_eq!(body.finish().expect_err("still").code().name(), "BODY_TOO_LARGE");
    let counted = verifier.metrics().prometheus();
    assert!(counted.contains("wiresign_requests_refused_total{code=\"BODY_TOO_LARGE\"} 1\n"), "{counted}");
}
