//! Every scheme of the catalogue that can be signed with here: signed, verified, damaged, and verified in pieces.

use proptest::prelude::*;
use wiresign::{CatalogueEntry, Config, Head, Refusal, Secrets, Signer, Verified, Verifier, catalogue};

const NOW: u64 = 1_767_225_600;
const NONCE: &str = "msg_2b7d1f0e5c3a4988";

/// A secret that each form of key can be read from: base64 of 33 bytes.
const SECRET: &str = "q3nT7xkP0v9Lw2Yb8sRzJ5cMhE1dGf6AuQoVtKiXyBnZ";

fn config(entry: &CatalogueEntry) -> Config {
    let mut key = serde_json::json!({"secret": "env:SECRET"});
    if entry.algorithm() == "sha256-prefix" {
        key["not_after"] = "2027-01-01T00:00:00Z".into();
    }
    let mut webhook = serde_json::json!({"scheme": entry.id(), "keys": [key]});
    if entry.needs_url() {
        webhook["url"] = "https://hooks.example:8443/in".into();
    }
    if !entry.has_timestamp() && entry.algorithm() != "token" {
        webhook["replay"] = serde_json::json!({"seconds": 60});
    }
    let document = serde_json::json!({
        "service": "receiver",
        "accept": ["webhook:sender"],
        "sign_with": "webhook:sender",
        "services": {},
        "webhooks": {"sender": webhook},
    });
    // Senders differ in what their secrets look like.
    let hex = "5c1e9a7d3b8f2046e1c3a5f7092b4d6e8f0a1c3e5b7d9f214365870badcfe125";
    let secret = [SECRET.to_owned(), format!("whsec_{SECRET}"), hex.to_owned()];
    let parse = |secret: &String| Config::parse(&document.to_string(), &Secrets::new().env("SECRET", secret));
    let parsed: Vec<_> = secret.iter().map(parse).collect();
    let errors: Vec<_> = parsed.iter().filter_map(|parsed| parsed.as_ref().err().map(ToString::to_string)).collect();
    parsed.into_iter().find_map(Result::ok).unwrap_or_else(|| panic!("{}: {errors:?}", entry.id()))
}

fn signed(config: &Config, target: &str, body: &[u8]) -> Vec<(String, String)> {
    let none: &[(&str, &str)] = &[];
    let signer = Signer::new(config, None).expect("a signer");
    let signed = signer.sign(&Head::new(b"POST", target.as_bytes(), none), body, NOW, NONCE).expect("signed");
    signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn verify(config: &Config, target: &str, headers: &[(String, String)], body: &[u8]) -> Result<Verified, Refusal> {
    Verifier::new(config).verify(&Head::new(b"POST", target.as_bytes(), headers), body, NOW + 5)
}

fn stream(
    config: &Config,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
    piece: usize,
) -> Result<Verified, Refusal> {
    let verifier = Verifier::new(config);
    let mut verification = verifier.begin(&Head::new(b"POST", target.as_bytes(), headers), NOW + 5)?;
    body.chunks(piece).try_for_each(|piece| verification.update(piece))?;
    verification.finish()
}

fn signable() -> Vec<CatalogueEntry> {
    let entries: Vec<_> = catalogue().filter(CatalogueEntry::can_sign).collect();
    assert!(entries.len() > 20, "the catalogue is there");
    entries
}

#[test]
fn what_is_signed_is_verified_once() {
    for entry in signable() {
        let config = config(&entry);
        let verifier = Verifier::new(&config);
        let headers = signed(&config, "/in", b"a=1&b=2");
        let head = Head::new(b"POST", b"/in", headers.as_slice());
        let verified =
            verifier.verify(&head, b"a=1&b=2", NOW + 5).unwrap_or_else(|why| panic!("{}: {why:?}", entry.id()));
        assert_eq!(verified.service(), Some("webhook:sender"));
        assert_eq!(verified.scheme(), Some(entry.id()));
        assert_eq!(verified.age(), entry.has_timestamp().then_some(5), "{}", entry.id());
        assert!(verified.covered().eq(entry.covered()), "{}", entry.id());
        let again = verifier.verify(&head, b"a=1&b=2", NOW + 5).map_err(|why| why.code().name());
        match entry.algorithm() {
            "token" => assert!(again.is_ok(), "{}", entry.id()),
            _ => assert_eq!(again.err(), Some("REPLAYED_REQUEST"), "{}", entry.id()),
        }
    }
}

#[test]
fn what_is_covered_cannot_be_changed() {
    for entry in signable() {
        let config = config(&entry);
        let (body, id) = (b"a=1&b=2", entry.id());
        let headers = signed(&config, "/in?x=1", body);
        assert!(verify(&config, "/in?x=1", &headers, body).is_ok(), "{id}");
        let covers = |part: &str| entry.covered().any(|covered| covered == part);
        assert_eq!(verify(&config, "/in?x=1", &headers, b"a=1&b=3").is_err(), covers("body"), "{id}: body");
        assert_eq!(verify(&config, "/in?x=2", &headers, body).is_err(), covers("query"), "{id}: query");
        assert_eq!(verify(&config, "/on?x=1", &headers, body).is_err(), covers("path"), "{id}: path");
        for (at, (name, value)) in headers.iter().enumerate() {
            let without: Vec<_> = headers.iter().filter(|(other, _)| other != name).cloned().collect();
            assert!(verify(&config, "/in?x=1", &without, body).is_err(), "{id}: without {name}");
            let mut twice = headers.clone();
            twice.push((name.to_ascii_lowercase(), value.clone()));
            let code = verify(&config, "/in?x=1", &twice, body).map_err(|why| why.code().name()).err();
            assert_eq!(code, Some("DUPLICATE_HEADER"), "{id}: {name} twice");
            for byte in 0..value.len() {
                let mut changed = headers.clone();
                let flipped = if value.as_bytes()[byte] == b'a' { "b" } else { "a" };
                changed[at].1.replace_range(byte..=byte, flipped);
                assert!(verify(&config, "/in?x=1", &changed, body).is_err(), "{id}: {name} changed at {byte}");
            }
            for end in 0..value.len() {
                let mut cut = headers.clone();
                cut[at].1.truncate(end);
                assert!(verify(&config, "/in?x=1", &cut, body).is_err(), "{id}: {name} cut at {end}");
            }
        }
    }
}

#[test]
fn verdicts_do_not_depend_on_pieces() {
    for entry in signable() {
        let config = config(&entry);
        for length in [0, 1, 63, 64, 65, 383, 384, 385, 5000] {
            let body: Vec<u8> = (0..length).map(|at| b'a' + (at % 26) as u8).collect();
            let headers = signed(&config, "/in", &body);
            for piece in [1, 7, 64, 4096] {
                let verified = stream(&config, "/in", &headers, &body, piece);
                let verified = verified.unwrap_or_else(|why| panic!("{} {length} {piece}: {why:?}", entry.id()));
                let whole = verify(&config, "/in", &headers, &body).expect("as in pieces");
                assert_eq!(verified.replay_key(), whole.replay_key(), "{}", entry.id());
            }
        }
    }
}

#[test]
fn what_opens_a_route_matches_exactly() {
    let document = r#"{"service": "orders", "services": {}, "routes": [{"match": "GET /open/**", "optional": true}]}"#;
    let verifier = Verifier::new(&Config::parse(document, &Secrets::new()).expect("a config"));
    let none: &[(&str, &str)] = &[];
    let verify = |method: &str, target: &str| {
        let verified = verifier.verify(&Head::new(method.as_bytes(), target.as_bytes(), none), b"", NOW);
        verified
            .map_or_else(|refusal| refusal.code().name(), |verified| if verified.is_public() { "OPEN" } else { "?" })
    };
    assert_eq!(verify("GET", "/open/a"), "OPEN");
    for (method, target) in [("GET", "/Open/a"), ("HEAD", "/open/a"), ("POST", "/open/a"), ("GET", "/opened")] {
        assert_eq!(verify(method, target), "AUTHENTICATION_REQUIRED", "{method} {target}");
    }
    assert_eq!(verify("GET", "/open/../a"), "MALFORMED_REQUEST");
}

#[test]
fn a_message_that_could_be_anothers_is_warned_of() {
    let warned = |message: &str| {
        let document = format!(
            r#"{{"service": "orders", "services": {{}}, "accept": ["house"], "schemes": {{"house": {{
                "algorithm": "hmac-sha256", "message": {message}, "caller": {{"header": "X-From"}},
                "signature": {{"header": "X-Proof", "encoding": "hex"}}}}}}}}"#
        );
        let config = Config::parse(&document, &Secrets::new()).expect("a config");
        config.warnings().iter().any(|warning| warning.pointer == "/schemes/house/message/0")
    };
    assert!(warned(r#"["body", "\n", "service"]"#));
    assert!(!warned(r#"[{"literal": "house\n"}, "service", "\n", "body"]"#));
}

#[test]
fn nothing_is_signed_for_another_body() {
    let entry = catalogue().find(|entry| entry.id() == "twilio").expect("in the catalogue");
    let config = config(&entry);
    let none: &[(&str, &str)] = &[];
    let signer = Signer::new(&config, None).expect("a signer");
    let sign = |target: &str| signer.sign(&Head::new(b"POST", target.as_bytes(), none), b"{}", NOW, NONCE);
    let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert!(sign(&format!("/in?bodySHA256={digest}")).is_ok());
    assert!(sign("/in?bodySHA256=ime").expect_err("another body").to_string().contains("digest"));
}

/// Requests that have nothing in common with a genuine one but the names of the headers.
fn junk() -> impl Strategy<Value = (String, Vec<String>, Vec<u8>)> {
    let value = prop_oneof![
        "[ -~]{0,80}",
        "(t=[0-9]{0,12},?|v1=[0-9a-f]{0,64},?|ts=[0-9]{10};?|h1=[0-9a-f]{64};?|v1,[A-Za-z0-9+/=]{0,44} ?){0,10}",
        "(sha256=)?[0-9a-fA-F]{64}",
        "[A-Za-z0-9+/]{43}=",
        "[0-9]{9,14}",
    ];
    let target = "/in(\\?([a-zA-Z0-9%+=&_]{0,60}))?";
    (target, proptest::collection::vec(value, 12), proptest::collection::vec(any::<u8>(), 0..600))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn junk_is_refused_and_alike_in_pieces((target, values, body) in junk()) {
        for entry in catalogue().filter(|entry| entry.can_sign() || entry.algorithm() == "token") {
            let config = config(&entry);
            let names = entry.headers().map(str::to_owned);
            let headers: Vec<(String, String)> = names.zip(values.iter().cloned()).collect();
            let whole = verify(&config, &target, &headers, &body).map_err(|why| why.code());
            let pieces = stream(&config, &target, &headers, &body, 50).map_err(|why| why.code());
            prop_assert_eq!(whole.as_ref().err(), pieces.as_ref().err(), "{}", entry.id());
            prop_assert!(whole.is_err(), "{}", entry.id());
        }
    }
}
