//! What adapters add to the rules of the config: a declared length, and the services and permissions that an application asks for.

use wiresign::{Config, Head, Permission, Secrets, Signer, Verifier};

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
    pair_of(DOCUMENT)
}

fn pair_of(document: &str) -> Pair {
    let secrets = Secrets::new()
        .env("ORDERS", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9")
        .env("BILLING", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9");
    let orders = Config::parse(document, &secrets).expect("a config");
    let billing = Config::parse(&document.replacen("orders", "billing", 1), &secrets).expect("a config");
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
fn an_application_asks_for_permissions() {
    let document = DOCUMENT.replacen(r#""billing": {"#, r#""billing": {"permissions": ["POST /a/**", "/b/*"], "#, 1);
    let Pair { verifier, signer } = pair_of(&document);
    let headers = signed(&signer, b"body");
    let verified = verifier.verify(&Head::new(b"POST", b"/a", &headers), b"body", 1_000_000).expect("verified");
    let require = |text| verified.require_permission(&Permission::parse(text).expect("a pattern"));
    for held in ["POST /a", "POST /a/*/c", "POST /a/**", "GET /b/7", "/b/*"] {
        assert!(require(held).is_ok(), "{held}");
    }
    for other in ["GET /a", "/a", "POST /b/7/c", "GET /b/**", "/**", "POST /A"] {
        let refusal = require(other).expect_err(other);
        assert_eq!((refusal.code().name(), refusal.service()), ("PERMISSION_DENIED", Some("billing")), "{other}");
        assert_eq!(refusal.detail(), "billing lacks a permission that the application requires here");
    }
    // Without the member a service may do everything.
    let Pair { verifier, signer } = pair();
    let headers = signed(&signer, b"body");
    let verified = verifier.verify(&Head::new(b"POST", b"/a", &headers), b"body", 1_000_000).expect("verified");
    assert!(verified.require_permission(&Permission::parse("/**").expect("a pattern")).is_ok());
    assert!(Permission::parse("invoices:write").is_err());
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
    let anything = Permission::parse("/**").expect("a pattern");
    let refusal = verified.require_permission(&anything).expect_err("nobody called");
    assert_eq!(refusal.code().name(), "AUTHENTICATION_REQUIRED");
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

#[test]
fn a_body_of_nobody_may_be_passed_on_and_is_bounded_where_it_is_kept() {
    let routes = |rule: &str| DOCUMENT.replace(r#"{"match": "/open", "public": true}"#, rule);
    let head = Head::new(b"POST", b"/open", &[] as &[(&str, &str)]);
    let optional = pair_of(&routes(r#"{"match": "/open", "optional": true}"#)).verifier;
    let mut begun = optional.begin(&head, 1_000_000).expect("nobody is let in");
    assert!(!begun.needs_body());
    begun.declare_length(1_000_000).expect("who passes it on unread is not held up");
    begun.update(b"0123456789").expect("as much as of a caller");
    assert_eq!(begun.update(b"x").expect_err("one byte more").code().name(), "BODY_TOO_LARGE");
    assert_eq!(begun.finish().expect_err("the same again").code().name(), "BODY_TOO_LARGE");
    assert!(optional.begin(&head, 1_000_000).and_then(|begun| begun.finish()).expect("unread").is_public());
    assert_eq!(optional.verify(&head, &[0; 11], 1_000_000).expect_err("too long").code().name(), "BODY_TOO_LARGE");
    let counted = optional.metrics().prometheus();
    assert!(counted.contains("wiresign_requests_refused_total{code=\"BODY_TOO_LARGE\"} 2"), "{counted}");

    let public = pair().verifier;
    let mut begun = public.begin(&head, 1_000_000).expect("public");
    begun.update(&[0; 1000]).expect("nobody looks at it");
    assert!(begun.finish().expect("public").is_public());
}
