//! Whoever guesses is stopped for the rest of the minute; nobody else is.

use std::net::IpAddr;

use wiresign::{Config, Head, Secrets, Signer, Verifier};

const NOW: u64 = 1_767_225_600;
const SECRET: &str = "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9";
const API_KEY: &str = "k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f";

fn verifier(limits: &str) -> Verifier {
    let document = format!(
        r#"{{"service": "orders", "accept": ["service-hmac", "api-key"], "sign_with": "service-hmac", "limits": {limits},
            "services": {{"billing": {{"keys": [{{"secret": "env:SECRET"}}], "api_keys": [{{"secret": "env:KEY"}}]}}}}}}"#
    );
    let secrets = Secrets::new().env("SECRET", SECRET).env("KEY", API_KEY);
    Verifier::new(&Config::parse(&document, &secrets).expect("a config"))
}

/// A request of billing, or a forged one.
fn code(verifier: &Verifier, client: Option<&str>, service: &str, is_forged: bool, now: u64) -> &'static str {
    let document = format!(
        r#"{{"service": "{service}", "sign_with": "service-hmac", "services": {{"{service}": {{"keys": [{{"secret": "env:SECRET"}}]}}}}}}"#
    );
    let own = Config::parse(&document, &Secrets::new().env("SECRET", SECRET)).expect("a config");
    let none: &[(&str, &str)] = &[];
    let signer = Signer::new(&own, None).expect("a signer");
    let signed = signer.sign(&Head::new(b"GET", b"/a", none), b"", now, "0123456789abcdef").expect("signed");
    let headers: Vec<(&str, &str)> = signed.iter().collect();
    let target: &[u8] = if is_forged { b"/b" } else { b"/a" };
    let client: Option<IpAddr> = client.map(|client| client.parse().expect("an address"));
    let head = Head { client, ..Head::new(b"GET", target, headers.as_slice()) };
    let whole = verifier.verify(&head, b"", now).map_or_else(|refusal| refusal.code().name(), |_| "OK");
    if whole != "OK" {
        let pieces = verifier.begin(&head, now).and_then(wiresign::BodyVerification::finish);
        assert!(pieces.is_err());
    }
    whole
}

#[test]
fn a_client_that_guesses_is_stopped_for_the_rest_of_the_minute() {
    let verifier = verifier(r#"{"failures_per_minute": 6}"#);
    // Each failure is tried at once and in pieces: two guesses.
    for _ in 0..3 {
        assert_eq!(code(&verifier, Some("192.0.2.1"), "billing", true, NOW), "INVALID_SIGNATURE");
    }
    assert_eq!(code(&verifier, Some("192.0.2.1"), "billing", true, NOW), "RATE_LIMITED");
    assert_eq!(code(&verifier, Some("192.0.2.1"), "billing", false, NOW), "RATE_LIMITED", "and so is what is right");
    assert_eq!(code(&verifier, Some("192.0.2.2"), "billing", false, NOW), "OK", "another client goes on");
    assert_eq!(code(&verifier, None, "billing", false, NOW), "OK", "as does one that is not known");
    assert_eq!(code(&verifier, Some("192.0.2.1"), "billing", false, NOW + 60), "OK", "and the next minute is new");
}

#[test]
fn strangers_do_not_stop_a_service_behind_the_same_address() {
    let verifier = verifier(r#"{"failures_per_minute": 2}"#);
    assert_eq!(code(&verifier, Some("192.0.2.1"), "stranger", true, NOW), "UNKNOWN_SERVICE");
    assert_eq!(code(&verifier, Some("192.0.2.1"), "stranger", true, NOW), "RATE_LIMITED");
    // The limit tells nobody whether an id is known: each gets as many tries as any other.
    assert_eq!(code(&verifier, Some("192.0.2.1"), "another", true, NOW), "UNKNOWN_SERVICE");
    assert_eq!(code(&verifier, Some("192.0.2.1"), "billing", false, NOW), "OK");
}

#[test]
fn api_keys_cannot_be_guessed_without_end() {
    let verifier = verifier(r#"{"failures_per_minute": 2}"#);
    let verify = |key: &str| {
        let headers = [("X-Service-API-Key", key)];
        let head = Head { client: Some([192, 0, 2, 1].into()), ..Head::new(b"GET", b"/a", &headers) };
        verifier.verify(&head, b"", NOW).map_or_else(|refusal| refusal.code().name(), |_| "OK")
    };
    assert_eq!(verify(API_KEY), "OK");
    assert_eq!(verify("k-1"), "UNKNOWN_KEY");
    assert_eq!(verify("k-2"), "UNKNOWN_KEY");
    assert_eq!(verify("k-3"), "RATE_LIMITED");
}

#[test]
fn signatures_of_tokens_cannot_be_guessed_without_end() {
    let config = |service: &str, limits: &str| {
        let document = format!(
            r#"{{"service": "{service}", "accept": ["jwt"], "sign_with": "jwt", "limits": {limits},
                "services": {{"orders": {{}}, "billing": {{"keys": [{{"secret": "env:SECRET"}}]}}}}}}"#
        );
        Config::parse(&document, &Secrets::new().env("SECRET", SECRET)).expect("a config")
    };
    let verifier = Verifier::new(&config("orders", r#"{"failures_per_minute": 2}"#));
    let signer = Signer::new(&config("billing", "{}"), Some("orders")).expect("a signer");
    let none: &[(&str, &str)] = &[];
    let signed = signer.sign(&Head::new(b"GET", b"/a", none), b"", NOW, "0123456789abcdef").expect("signed");
    let (_, token) = signed.iter().next().expect("a token");
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{message}.{first}{}", &signature[1..]);
    let verify = |token: &str, client: [u8; 4]| {
        let headers = [("Authorization", token)];
        let head = Head { client: Some(client.into()), ..Head::new(b"GET", b"/a", &headers) };
        verifier.verify(&head, b"", NOW).map_or_else(|refusal| refusal.code().name(), |_| "OK")
    };
    let (guesser, neighbour) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    assert_eq!(verify(token, guesser), "OK");
    assert_eq!(verify(&forged, guesser), "INVALID_SIGNATURE");
    assert_eq!(verify(&forged, guesser), "INVALID_SIGNATURE");
    assert_eq!(verify(&forged, guesser), "RATE_LIMITED");
    assert_eq!(verify(token, guesser), "RATE_LIMITED");
    assert_eq!(verify(token, neighbour), "OK");
}

#[test]
fn without_a_limit_and_without_a_guess_nothing_is_counted() {
    let unlimited = verifier("{}");
    for _ in 0..20 {
        assert_eq!(code(&unlimited, Some("192.0.2.1"), "billing", true, NOW), "INVALID_SIGNATURE");
    }
    let limited = verifier(r#"{"failures_per_minute": 1}"#);
    let none: &[(&str, &str)] = &[];
    let head = Head { client: Some([192, 0, 2, 1].into()), ..Head::new(b"GET", b"/a", none) };
    for _ in 0..20 {
        assert_eq!(
            limited.verify(&head, b"", NOW).expect_err("no credential").code().name(),
            "AUTHENTICATION_REQUIRED"
        );
    }
    assert_eq!(code(&limited, Some("192.0.2.1"), "billing", false, NOW), "OK");
}

#[test]
fn who_guesses_the_token_of_a_handshake_is_stopped() {
    let document = r#"{"service": "orders", "services": {}, "limits": {"failures_per_minute": 3},
        "webhooks": {"meta": {"scheme": "whatsapp", "keys": [{"secret": "env:SECRET"}], "verify_token": "env:TOKEN"}}}"#;
    let secrets = Secrets::new().env("SECRET", SECRET).env("TOKEN", "a-token-that-nobody-guesses");
    let verifier = Verifier::new(&Config::parse(document, &secrets).expect("a config"));
    let ask = |client: &str, token: &str| {
        let target = format!("/hook?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
        let none: &[(&str, &str)] = &[];
        let client: Option<IpAddr> = Some(client.parse().expect("an address"));
        let head = Head { client, ..Head::new(b"GET", target.as_bytes(), none) };
        let answer = verifier.handshake("meta", &head, b"", NOW);
        answer.map_or_else(|refusal| refusal.code().name(), |answer| if answer.is_some() { "OK" } else { "none" })
    };
    for _ in 0..3 {
        assert_eq!(ask("192.0.2.1", "a-guess-at-the-token"), "PERMISSION_DENIED");
    }
    assert_eq!(ask("192.0.2.1", "a-token-that-nobody-guesses"), "RATE_LIMITED");
    assert_eq!(ask("192.0.2.2", "a-token-that-nobody-guesses"), "OK");
}
