//! The schemes that are defined elsewhere, in the way of all requests: one config, one policy, one table of refusals.

use wiresign::{Config, Head, Secrets, SignError, Signer, Verified, Verifier};

const NOW: u64 = 1_767_225_600;
const NONCE: &str = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn secrets() -> Secrets {
    Secrets::new()
        .env("BILLING", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9")
        .env("ORDERS", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9")
        .env("AWS", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        .env("KEY", "k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f")
        .env("SEED", SEED)
        .env("PUBLIC", PUBLIC)
}

/// The config of one end; `more` are further members.
fn config(own: &str, scheme: &str, more: &str) -> Config {
    let ed = if own == "billing" { r#""private_key": "env:SEED""# } else { r#""public_key": "env:PUBLIC""# };
    let document = format!(
        r#"{{"service": "{own}", "accept": ["{scheme}"], "sign_with": "{scheme}",
            "aws_sigv4": {{"region": "eu-west-1", "service": "execute-api"}},
            "services": {{
                "orders": {{"keys": [{{"secret": "env:ORDERS"}}], "url": "https://orders.internal"}},
                "billing": {{
                    "keys": [{{"id": "text", "secret": "env:BILLING"}}, {{"id": "ed", "algorithm": "ed25519", {ed}}}],
                    "aws_keys": [{{"id": "AKIAIOSFODNN7EXAMPLE", "secret": "env:AWS"}}],
                    "api_keys": [{{"secret": "env:KEY"}}],
                    "allowed_targets": ["orders"]
                }}
            }}{more}}}"#
    );
    Config::parse(&document, &secrets()).unwrap_or_else(|errors| panic!("{errors}"))
}

struct Request {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: &'static [u8],
}

impl Request {
    fn signed(scheme: &str, more: &str, target: &str, body: &'static [u8]) -> Result<Self, SignError> {
        let signer = Signer::new(&config("billing", scheme, more), Some("orders"))?;
        let mut headers = vec![("Host".to_owned(), "orders.internal".to_owned())];
        let head = Head::new(b"POST", target.as_bytes(), &headers);
        let signed = signer.sign(&head, body, NOW, NONCE)?;
        headers.extend(signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(Self { method: "POST", target: target.to_owned(), headers, body })
    }

    /// The code, also when the body comes in pieces, which must be the same.
    fn code(&self, scheme: &str, more: &str, now: u64) -> &'static str {
        let config = config("orders", scheme, more);
        let code = |outcome: &Result<Verified, wiresign::Refusal>| match outcome {
            Ok(_) => "OK",
            Err(refusal) => refusal.code().name(),
        };
        let whole = self.verify(&Verifier::new(&config), now);
        let head = self.head();
        let pieces = Verifier::new(&config).begin(&head, now).and_then(|mut running| {
            for piece in self.body.chunks(3) {
                running.update(piece)?;
            }
            running.finish()
        });
        assert_eq!(code(&whole), code(&pieces), "{whole:?} {pieces:?}");
        if let (Ok(whole), Ok(pieces)) = (&whole, &pieces) {
            assert_eq!(whole.covered().collect::<Vec<_>>(), pieces.covered().collect::<Vec<_>>());
            assert_eq!(whole.claims(), pieces.claims());
            assert_eq!(whole.replay_key(), pieces.replay_key());
        }
        code(&whole)
    }

    fn head(&self) -> Head<'_, Vec<(String, String)>> {
        Head::new(self.method.as_bytes(), self.target.as_bytes(), &self.headers)
    }

    fn verify(&self, verifier: &Verifier, now: u64) -> Result<Verified, wiresign::Refusal> {
        verifier.verify(&self.head(), self.body, now)
    }

    fn header(&mut self, name: &str) -> &mut String {
        let field = self.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        &mut field.unwrap_or_else(|| panic!("{name} is there")).1
    }
}

#[test]
fn a_request_of_each_standard_is_accepted_and_says_who_called() {
    for (scheme, key) in [("rfc9421", "ed"), ("aws-sigv4", "AKIAIOSFODNN7EXAMPLE"), ("jwt", "ed")] {
        let request = Request::signed(scheme, "", "/a?b=c", b"{}").expect("signed");
        assert_eq!(request.code(scheme, "", NOW), "OK", "{scheme}");
        let verified = request.verify(&Verifier::new(&config("orders", scheme, "")), NOW).expect("accepted");
        assert_eq!(verified.service(), Some("billing"));
        assert_eq!(verified.key_id(), Some(key));
        assert_eq!(verified.scheme(), Some(scheme));
        assert_eq!(verified.timestamp(), Some(NOW));
    }
}

#[test]
fn what_is_covered_cannot_be_changed() {
    for scheme in ["rfc9421", "aws-sigv4"] {
        let request = || Request::signed(scheme, "", "/a?b=c", b"{}").expect("signed");
        let mut changed = request();
        changed.target = "/a?b=d".into();
        assert_eq!(changed.code(scheme, "", NOW), "INVALID_SIGNATURE", "{scheme}: query");
        let mut changed = request();
        changed.target = "/b?b=c".into();
        assert_eq!(changed.code(scheme, "", NOW), "INVALID_SIGNATURE", "{scheme}: path");
        let mut changed = request();
        changed.method = "PUT";
        assert_eq!(changed.code(scheme, "", NOW), "INVALID_SIGNATURE", "{scheme}: method");
        let mut changed = request();
        *changed.header("Host") = "other.internal".into();
        assert_eq!(changed.code(scheme, "", NOW), "INVALID_SIGNATURE", "{scheme}: authority");
        let mut changed = request();
        changed.body = b"[]";
        let code = if scheme == "rfc9421" { "DIGEST_MISMATCH" } else { "INVALID_SIGNATURE" };
        assert_eq!(changed.code(scheme, "", NOW), code, "{scheme}: body");
    }
}

#[test]
fn all_have_a_time() {
    for (scheme, past) in [("rfc9421", 300), ("aws-sigv4", 900)] {
        let request = Request::signed(scheme, "", "/a", b"").expect("signed");
        assert_eq!(request.code(scheme, "", NOW + past), "OK", "{scheme}");
        for now in [NOW + past + 1, NOW - past - 1] {
            assert_eq!(request.code(scheme, "", now), "TIMESTAMP_OUTSIDE_WINDOW", "{scheme}");
        }
    }
    let request = Request::signed("jwt", "", "/a", b"").expect("signed");
    assert_eq!(request.code("jwt", "", NOW + 329), "OK");
    assert_eq!(request.code("jwt", "", NOW + 330), "TOKEN_EXPIRED");
}

#[test]
fn a_replay_is_refused_where_there_is_anything_to_tell_it_by() {
    let once = r#", "jwt": {"once": true}"#;
    for (scheme, more, code) in [
        ("rfc9421", "", "REPLAYED_REQUEST"),
        ("aws-sigv4", "", "REPLAYED_REQUEST"),
        ("jwt", "", "OK"),
        ("jwt", once, "REPLAYED_REQUEST"),
    ] {
        let request = Request::signed(scheme, more, "/a", b"x").expect("signed");
        let verifier = Verifier::new(&config("orders", scheme, more));
        assert!(request.verify(&verifier, NOW).is_ok());
        let again = request.verify(&verifier, NOW).map_or_else(|refusal| refusal.code().name(), |_| "OK");
        assert_eq!(again, code, "{scheme}");
    }
}

#[test]
fn a_token_may_be_required_beside_a_signature() {
    let both = r#", "routes": [{"match": "/both/**", "require_all": ["service-hmac-v2", "jwt"]}]"#;
    let mut request = Request::signed("service-hmac-v2", both, "/both/a", b"x").expect("signed");
    assert_eq!(request.code("service-hmac-v2", both, NOW), "AUTHENTICATION_REQUIRED");
    let token = Request::signed("jwt", both, "/", b"").expect("signed");
    request.headers.extend(token.headers.iter().filter(|(name, _)| name == "Authorization").cloned());
    assert_eq!(request.code("service-hmac-v2", both, NOW), "OK");
    let verified = request.verify(&Verifier::new(&config("orders", "service-hmac-v2", both)), NOW).expect("accepted");
    assert_eq!(verified.schemes().collect::<Vec<_>>(), ["service-hmac-v2", "jwt"]);
    assert_eq!(verified.subject(), Some("billing"));
    assert!(verified.claims().is_some_and(|claims| claims.contains(r#""aud":"orders""#)));
    assert_eq!(verified.key_id(), Some("text"));

    let of_orders = Signer::new(&config("orders", "jwt", both), Some("orders")).expect("a signer");
    let signed = of_orders.sign(&Head::new(b"GET", b"/", &[] as &[(&str, &str)]), b"", NOW, NONCE).expect("signed");
    *request.header("Authorization") = signed.iter().next().expect("one").1.to_owned();
    assert_eq!(request.code("service-hmac-v2", both, NOW), "AMBIGUOUS_CREDENTIALS");
}

#[test]
fn a_token_alone_opens_no_strict_route() {
    let strict = r#", "routes": [{"match": "/strict", "strict": true}]"#;
    let request = Request::signed("jwt", strict, "/strict", b"").expect("signed");
    assert_eq!(request.code("jwt", strict, NOW), "INSUFFICIENT_COVERAGE");
    for scheme in ["rfc9421", "aws-sigv4"] {
        let request = Request::signed(scheme, strict, "/strict", b"").expect("signed");
        assert_eq!(request.code(scheme, strict, NOW), "OK", "{scheme}");
    }
}

#[test]
fn users_of_an_issuer_call_under_its_name() {
    let issuer = format!(
        r#", "jwt": {{"issuers": {{"https://id.example": {{"callers": "users", "tenant_claim": "tenant",
            "permissions_claim": "permissions", "keys": [{{"id": "k", "algorithm": "ed25519", "public_key": "literal:{PUBLIC}"}}]}}}}}}"#
    );
    let request = |token: &str, target: &str| Request {
        method: "GET",
        target: target.to_owned(),
        headers: vec![("Authorization".to_owned(), format!("Bearer {token}"))],
        body: b"",
    };
    let forged = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJleHAiOjE3NjcyMjU5MDB9.AAAA";
    assert_eq!(request(forged, "/a").code("jwt", &issuer, NOW), "INVALID_SIGNATURE");
    assert_eq!(request("e30.e30.", "/a").code("jwt", &issuer, NOW), "INVALID_TOKEN");
}

#[test]
fn two_credentials_are_ambiguous() {
    let both = r#", "routes": [{"match": "/either", "accept": ["api-key", "jwt"]}]"#;
    let mut request = Request::signed("jwt", both, "/either", b"").expect("signed");
    assert_eq!(request.code("jwt", both, NOW), "OK");
    request.headers.push(("X-Service-API-Key".into(), "k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f".into()));
    assert_eq!(request.code("jwt", both, NOW), "AMBIGUOUS_CREDENTIALS");
    request.headers.retain(|(name, _)| name != "Authorization");
    assert_eq!(request.code("jwt", both, NOW), "OK");
    assert_eq!(request.code("jwt", "", NOW), "AUTHENTICATION_REQUIRED");
}

#[test]
fn which_of_two_authorizations_comes_last_decides_nothing() {
    let other = ("authorization".to_owned(), "Basic YTpi".to_owned());
    for scheme in ["jwt", "aws-sigv4"] {
        for at_end in [true, false] {
            let mut request = Request::signed(scheme, "", "/a", b"").expect("signed");
            let at = if at_end { request.headers.len() } else { 0 };
            request.headers.insert(at, other.clone());
            assert_eq!(request.code(scheme, "", NOW), "DUPLICATE_HEADER", "{scheme}, at the end: {at_end}");
        }
    }
}

#[test]
fn a_config_that_cannot_work_is_refused() {
    let parse = |document: &str| Config::parse(document, &secrets());
    let pointers = |document: &str| -> Vec<String> {
        let errors = parse(document).expect_err("refused");
        errors.problems().iter().map(|problem| problem.pointer.clone()).collect()
    };
    assert_eq!(pointers(r#"{"service": "a", "services": {}, "accept": ["aws-sigv4"]}"#), ["/aws_sigv4"]);
    assert_eq!(
        pointers(r#"{"service": "a", "services": {"b": {"keys": [{"algorithm": "ed25519", "secret": "env:SEED"}]}}}"#),
        ["/services/b/keys/0/secret"]
    );
    assert_eq!(
        pointers(
            r#"{"service": "a", "services": {}, "jwt": {"issuers": {"i": {"jwks": "http://other.example/keys"}}}}"#
        ),
        ["/jwt/issuers/i/jwks"]
    );
    assert_eq!(
        pointers(
            r#"{"service": "a", "services": {}, "routes": [{"match": "/", "require_all": ["jwt", "rfc9421", "service-hmac"]}]}"#
        ),
        ["/routes/0/require_all"]
    );
}

#[test]
fn a_response_is_held_against_its_request() {
    let request = Request::signed("rfc9421", "", "/a?b=c", b"{}").expect("signed");
    // Orders has no private key, and answers with its secret.
    let orders = Signer::new(&config("orders", "rfc9421", ""), None).expect("a signer");
    let own = [("Content-Type".to_owned(), "application/json".to_owned())];
    let signed = orders.sign_response((201, own.as_slice(), b"[1]"), &request.head(), NOW).expect("signed");
    let mut headers = own.to_vec();
    headers.extend(signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));

    let billing = Verifier::new(&config("billing", "rfc9421", ""));
    let code = |service: &str, status: u16, body: &[u8], request: &Request, now: u64| {
        let outcome = billing.verify_response(service, (status, &headers, body), &request.head(), now);
        outcome.map_or_else(
            |refusal| refusal.code().name(),
            |verified| {
                assert_eq!(verified.service(), Some("orders"));
                "OK"
            },
        )
    };
    assert_eq!(code("orders", 201, b"[1]", &request, NOW), "OK");
    assert_eq!(code("orders", 200, b"[1]", &request, NOW), "INVALID_SIGNATURE");
    assert_eq!(code("orders", 201, b"[2]", &request, NOW), "DIGEST_MISMATCH");
    assert_eq!(code("billing", 201, b"[1]", &request, NOW), "SERVICE_NOT_ALLOWED");
    assert_eq!(code("orders", 201, b"[1]", &request, NOW + 301), "TIMESTAMP_OUTSIDE_WINDOW");
    let other = Request::signed("rfc9421", "", "/a?b=d", b"{}").expect("signed");
    assert_eq!(code("orders", 201, b"[1]", &other, NOW), "INVALID_SIGNATURE");
}

#[test]
fn a_signature_that_is_asked_for_is_made() {
    let asked = Verifier::new(&config("orders", "rfc9421", "")).accept_signature();
    let response = [("Accept-Signature", asked.as_str())];
    let billing = Signer::new(&config("billing", "rfc9421", ""), Some("orders")).expect("a signer");
    let mut request = Request { method: "POST", target: "/a".into(), headers: Vec::new(), body: b"{}" };
    request.headers.push(("Host".into(), "orders.internal".into()));
    let signed = billing.sign_as_asked(response.as_slice(), &request.head(), b"{}", NOW, NONCE).expect("signed");
    let signed = signed.expect("it was asked for");
    request.headers.extend(signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(request.code("rfc9421", "", NOW), "OK");
    let nothing: &[(&str, &str)] = &[];
    assert!(billing.sign_as_asked(nothing, &request.head(), b"{}", NOW, NONCE).expect("no fault").is_none());
}

#[test]
fn a_link_is_good_for_its_time() {
    let billing = Signer::new(&config("billing", "aws-sigv4", ""), Some("orders")).expect("a signer");
    let none: &[(&str, &str)] = &[];
    let target = billing.presign(&Head::new(b"GET", b"/a?b=c", none), NOW, 60).expect("signed");
    let headers = vec![("Host".to_owned(), "orders.internal".to_owned())];
    let mut link = Request { method: "GET", target, headers, body: b"" };
    assert_eq!(link.code("aws-sigv4", "", NOW + 60), "OK");
    assert_eq!(link.code("aws-sigv4", "", NOW + 61), "TIMESTAMP_OUTSIDE_WINDOW");
    link.target = link.target.replace("b=c", "b=d");
    assert_eq!(link.code("aws-sigv4", "", NOW), "INVALID_SIGNATURE");
    let other = Signer::new(&config("billing", "rfc9421", ""), None).expect("a signer");
    assert_eq!(other.presign(&Head::new(b"GET", b"/a", none), NOW, 60), Err(SignError::NoLinks));
}

/// The last second counts to its end, and whoever shares the store may have a clock that is a little late.
#[test]
fn a_store_of_the_adapter_remembers_beyond_the_end() {
    let outside = r#", "replay": {"store": "external"}, "jwt": {"once": true}"#;
    let billing = Signer::new(&config("billing", "aws-sigv4", ""), Some("orders")).expect("a signer");
    let none: &[(&str, &str)] = &[];
    let target = billing.presign(&Head::new(b"DELETE", b"/a", none), NOW, 3600).expect("signed");
    let headers = vec![("Host".to_owned(), "orders.internal".to_owned())];
    let link = Request { method: "DELETE", target, headers, body: b"" };
    let token = Request::signed("jwt", "", "/a", b"").expect("signed");
    for (request, scheme, last) in [(link, "aws-sigv4", NOW + 3600), (token, "jwt", NOW + 329)] {
        let verifier = Verifier::new(&config("orders", scheme, outside));
        let seconds =
            |now| request.verify(&verifier, now).expect("accepted").replay_seconds().expect("remembered outside");
        assert!(seconds(last) >= 5, "{scheme} {}", seconds(last));
        assert_eq!(seconds(NOW) - seconds(last), last - NOW, "{scheme}");
    }
}

#[test]
fn a_copy_with_one_signature_left_out_is_a_replay() {
    use base64::Engine;
    use hmac::{Hmac, KeyInit, Mac};
    const NEXT: &str = "5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9d4f1c0b39e";
    const TEXT: &str = "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9";
    let document = r#"{"service": "orders", "accept": ["rfc9421"],
        "rfc9421": {"covered": ["@method", "@path", "@authority"], "tag": "app"},
        "services": {"billing": {"keys": [{"id": "text", "secret": "env:BILLING"}, {"id": "next", "secret": "env:NEXT"}]}}}"#;
    let config = Config::parse(document, &secrets().env("NEXT", NEXT)).expect("a config");
    // Made by hand, without a nonce: each signature is remembered then.
    let part = |label: &str, keyid: &str, secret: &str| {
        let parameters = format!(r#"("@method" "@path" "@authority");created={NOW};keyid="{keyid}";tag="app""#);
        let base = format!(
            "\"@method\": POST\n\"@path\": /a\n\"@authority\": orders.internal\n\"@signature-params\": {parameters}"
        );
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(base.as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        (format!("{label}={parameters}"), format!("{label}=:{signature}:"))
    };
    let (first, second) = (part("a", "text", TEXT), part("b", "next", NEXT));
    let both = (format!("{}, {}", first.0, second.0), format!("{}, {}", first.1, second.1));
    let code = |verifier: &Verifier, (input, signature): &(String, String)| {
        let headers =
            [("Host", "orders.internal"), ("Signature-Input", input.as_str()), ("Signature", signature.as_str())];
        let head = Head::new(b"POST", b"/a", headers.as_slice());
        verifier.verify(&head, b"", NOW).map_or_else(|refusal| refusal.code().name(), |_| "OK")
    };
    for one in [&first, &second] {
        assert_eq!(code(&Verifier::new(&config), one), "OK");
        let verifier = Verifier::new(&config);
        assert_eq!(code(&verifier, &both), "OK");
        assert_eq!(code(&verifier, one), "REPLAYED_REQUEST");
    }
}

#[test]
fn published_keys_count_from_when_they_are_handed_over() {
    let login = r#"{"service": "login", "sign_with": "jwt",
        "services": {"login": {"keys": [{"id": "k1", "algorithm": "ed25519", "private_key": "env:SEED"}]}}}"#;
    let signer = Signer::new(&Config::parse(login, &secrets()).expect("a config"), Some("orders")).expect("a signer");
    let none: &[(&str, &str)] = &[];
    let signed = signer.sign(&Head::new(b"GET", b"/", none), b"", NOW, NONCE).expect("signed");
    let headers: Vec<(&str, &str)> = signed.iter().collect();
    let head = Head::new(b"GET", b"/a", headers.as_slice());

    let orders = r#"{"service": "orders", "accept": ["jwt"], "services": {},
        "jwt": {"issuers": {"login": {"jwks": "https://login.example/keys", "callers": "users"}}}}"#;
    let orders = Config::parse(orders, &secrets()).expect("a config");
    let verifier = Verifier::new(&orders);
    let code = || verifier.verify(&head, b"", NOW).map_or_else(|refusal| refusal.code().name(), |_| "OK");
    assert_eq!(orders.jwks_urls().collect::<Vec<_>>(), [("login", "https://login.example/keys")]);
    assert_eq!(code(), "UNKNOWN_KEY");
    let set = |id: &str| {
        format!(
            r#"{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "kid": "{id}", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}}"#
        )
    };
    orders.publish_keys("login", &set("k1")).expect("a good set");
    assert_eq!(code(), "OK");
    let verified = verifier.verify(&head, b"", NOW).expect("accepted");
    assert_eq!((verified.service(), verified.key_id()), (Some("issuer:login"), Some("k1")));
    assert_eq!((verified.subject(), verified.token_expires()), (Some("login"), Some(NOW + 300)));
    for (issuer, bad) in [("login", "{}"), ("login", "[]"), ("other", set("k1").as_str())] {
        assert!(orders.publish_keys(issuer, bad).is_err(), "{issuer} {bad}");
        assert_eq!(code(), "OK");
    }
    orders.publish_keys("login", &set("k2")).expect("a good set");
    assert_eq!(code(), "UNKNOWN_KEY");
}

#[test]
fn a_config_says_what_is_set_up_and_nobody_can_use() {
    let warned = |document: &str| -> Vec<String> {
        let config = Config::parse(document, &secrets()).unwrap_or_else(|errors| panic!("{errors}"));
        config.warnings().iter().map(|warning| warning.pointer.clone()).collect()
    };
    let with = |own: &str, more: &str| {
        warned(&format!(r#"{{"service": "a", "services": {{"a": {{"allowed_targets": ["a"]{own}}}}}{more}}}"#))
    };
    let none: [&str; 0] = [];
    // What else has to be said of a scheme is not looked at here.
    let described = r#", "aws_sigv4": {"region": "r", "service": "s"}, "rfc9421": {"authorities": ["a.internal"]}"#;
    let ed = r#", "keys": [{"algorithm": "ed25519", "private_key": "env:SEED"}]"#;
    let public = r#", "keys": [{"algorithm": "ed25519", "public_key": "env:PUBLIC"}]"#;
    let access = r#", "aws_keys": [{"id": "AKIAIOSFODNN7EXAMPLE", "secret": "env:AWS"}]"#;
    for (scheme, key) in [("rfc9421", ed), ("jwt", ed), ("aws-sigv4", access)] {
        let accepted = format!(r#", "accept": ["{scheme}"]{described}"#);
        assert_eq!(with("", &accepted), ["/services"], "{scheme}");
        assert_eq!(with(key, &accepted), none, "{scheme}");
        let on_a_route = format!(r#", "routes": [{{"match": "/x", "accept": ["{scheme}"]}}]{described}"#);
        assert_eq!(with("", &on_a_route), ["/services"], "{scheme}");
        let signed = format!(r#", "sign_with": "{scheme}"{described}"#);
        assert_eq!(with("", &signed), ["/sign_with"], "{scheme}");
        assert_eq!(with(public, &signed), ["/sign_with"], "{scheme}");
        assert_eq!(with(key, &signed), none, "{scheme}");
    }
    let issuer = |key: &str| {
        let keys = format!(r#"{{"keys": [{{{key}}}]}}"#);
        format!(r#", "accept": ["jwt"], "jwt": {{"issuers": {{"https://id.example": {keys}}}}}"#)
    };
    assert_eq!(with("", &issuer(r#""algorithm": "ed25519", "public_key": "env:PUBLIC""#)), none);
    let shared = issuer(r#""algorithm": "hmac-sha256", "secret": "env:ORDERS""#);
    assert_eq!(with("", &shared), ["/jwt/issuers/https:~1~1id.example"]);
    assert_eq!(with(public, r#", "jwt": {"issue": {}}"#), ["/jwt/issue"]);
    assert_eq!(with(ed, r#", "jwt": {"issue": {}}"#), none);
}
