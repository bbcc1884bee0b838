//! A token endpoint, from the request with an API key or a signature to the route of the resource service that the token opens.

use wiresign::{
    Config, Head, Permission, Secrets, SignError, Signer, TokenIssuer, TokenRequest, TokenResponse, Verifier,
};

const NOW: u64 = 1_767_225_600;
const ID: &str = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const API_KEY: &str = "k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f";
const KEYS: &str = include_str!("../src/bound_key/test_keys.json");
const FORM: &[u8] = b"grant_type=client_credentials&audience=orders";

fn secrets() -> Secrets {
    let keys: serde_json::Value = serde_json::from_str(KEYS).expect("JSON");
    Secrets::new()
        .env("SEED", SEED)
        .env("PUBLIC", PUBLIC)
        .env("RSA", keys["rsa-2048"]["public_pem"].as_str().expect("a PEM"))
        .env("HMAC", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9")
        .env("API_KEY", API_KEY)
        .env("SHIP", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9")
}

fn parse(document: &str) -> Config {
    Config::parse(document, &secrets()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The config of the service that has the endpoint, with these keys and further members.
fn identity(keys: &str, more: &str) -> Config {
    parse(&format!(
        r#"{{"service": "identity", "environment": "live", "accept": ["api-key", "service-hmac-v2"],
            "services": {{
                "identity": {{{keys}}},
                "billing": {{
                    "api_keys": [{{"secret": "env:API_KEY"}}],
                    "allowed_targets": ["identity", "orders"],
                    "permissions": ["POST /token", "GET /invoices/**", "POST /invoices"]
                }},
                "shipping": {{"keys": [{{"secret": "env:SHIP"}}], "allowed_targets": ["identity", "orders"]}},
                "anywhere": {{"keys": [{{"secret": "literal:0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f8"}}]}},
                "elsewhere": {{"allowed_targets": ["orders"], "environments": ["test"]}}
            }}{more}}}"#
    ))
}

fn issuer() -> TokenIssuer {
    let keys = r#""keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]"#;
    let more = r#", "jwt": {"issue": {"issuer": "https://identity.internal", "tenant_claim": "org"}}"#;
    TokenIssuer::new(&identity(keys, more)).expect("an issuer")
}

/// The resource service takes tokens of the issuer, and has rules of its own.
fn orders() -> Verifier {
    Verifier::new(&parse(
        r#"{"service": "orders", "accept": ["jwt"],
            "services": {
                "billing": {"allowed_targets": ["orders"]},
                "shipping": {"allowed_targets": ["orders"], "permissions": ["GET /**"]}
            },
            "routes": [{"match": "/audit", "services": ["shipping"]}],
            "jwt": {"issuers": {"https://identity.internal": {
                "keys": [{"id": "2026", "algorithm": "ed25519", "public_key": "env:PUBLIC"}],
                "type": "at+jwt", "permissions_claim": "permissions", "tenant_claim": "org"
            }}}}"#,
    ))
}

/// What the resource service says to a token.
fn code(token: &str, method: &str, target: &str, now: u64) -> &'static str {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    let head = Head::new(method.as_bytes(), target.as_bytes(), headers.as_slice());
    orders().verify(&head, b"", now).map_or_else(|refusal| refusal.code().name(), |_| "OK")
}

fn member(response: &TokenResponse, name: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
    body[name].as_str().map_or_else(|| body[name].to_string(), Into::into)
}

#[test]
fn a_caller_with_an_api_key_gets_a_token_that_opens_what_the_registry_gives() {
    let keys = r#""keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]"#;
    let verifier = Verifier::new(&identity(keys, ""));
    let headers = [("X-Service-API-Key", API_KEY)];
    let caller = verifier.verify(&Head::new(b"POST", b"/token", headers.as_slice()), FORM, NOW).expect("accepted");

    let response = issuer().answer(caller.service(), FORM, None, NOW, ID).expect("an answer");
    assert_eq!(response.status, 200);
    let header = |name: &str| response.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(header("Content-Type"), Some("application/json"));
    assert_eq!(header("Cache-Control"), Some("no-store"));
    assert_eq!(member(&response, "token_type"), "Bearer");
    assert_eq!(member(&response, "expires_in"), "300");
    assert_eq!(member(&response, "scope"), "POST /token GET /invoices/** POST /invoices");

    let token = member(&response, "access_token");
    for (method, target, wanted) in [
        ("GET", "/invoices/7", "OK"),
        ("POST", "/invoices", "OK"),
        ("POST", "/invoices/7", "PERMISSION_DENIED"),
        ("GET", "/audit", "SERVICE_NOT_ALLOWED"),
    ] {
        assert_eq!(code(&token, method, target, NOW), wanted, "{method} {target}");
    }
    assert_eq!(code(&token, "GET", "/invoices/7", NOW + 330), "TOKEN_EXPIRED");
}

#[test]
fn a_handler_that_requires_a_permission_asks_the_token_too() {
    let narrow =
        TokenRequest { permissions: Some(&["GET /a/**", "POST /a"]), ..TokenRequest::new("shipping", "orders") };
    let token = issuer().issue(&narrow, NOW, ID).expect("a token");
    let bearer = format!("Bearer {}", token.text());
    let headers = [("Authorization", bearer.as_str())];
    let verified = orders().verify(&Head::new(b"GET", b"/a", headers.as_slice()), b"", NOW).expect("accepted");
    let holds = |text| verified.require_permission(&Permission::parse(text).expect("a pattern")).is_ok();
    assert!(holds("GET /a/b"));
    // The registry gives it, and the token does not; then the other way round.
    assert!(!holds("GET /b"));
    assert!(!holds("POST /a"));
}

#[test]
fn a_caller_that_signs_gets_one_too_and_both_ends_rules_hold() {
    let keys = r#""keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]"#;
    let shipping = parse(r#"{"service": "shipping", "services": {"shipping": {"keys": [{"secret": "env:SHIP"}]}}}"#);
    let none: &[(&str, &str)] = &[];
    let signer = Signer::new(&shipping, Some("identity")).expect("a signer");
    let signed = signer.sign(&Head::new(b"POST", b"/token", none), FORM, NOW, ID).expect("signed");
    let headers: Vec<(&str, &str)> = signed.iter().collect();
    let head = Head::new(b"POST", b"/token", headers.as_slice());
    let verified = Verifier::new(&identity(keys, "")).verify(&head, FORM, NOW).expect("accepted");

    let response = issuer().answer(verified.service(), FORM, Some("acme"), NOW, ID).expect("an answer");
    assert_eq!(member(&response, "scope"), "/**");
    let token = member(&response, "access_token");
    assert_eq!(code(&token, "GET", "/audit", NOW), "OK");
    // What the token allows, and the resource service does not.
    assert_eq!(code(&token, "POST", "/invoices", NOW), "PERMISSION_DENIED");

    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    let head = Head::new(b"GET", b"/a", headers.as_slice());
    let verified = orders().verify(&head, b"", NOW).expect("accepted");
    assert_eq!((verified.service(), verified.subject()), (Some("shipping"), Some("shipping")));
    assert_eq!((verified.tenant(), verified.key_id()), (Some("acme"), Some("2026")));
    let claims: serde_json::Value = serde_json::from_str(verified.claims().expect("a token")).expect("JSON");
    let wanted = serde_json::json!({
        "iss": "https://identity.internal", "sub": "shipping", "aud": "orders", "iat": NOW, "exp": NOW + 300, "jti": ID,
        "client_id": "shipping", "permissions": ["/**"], "org": "acme",
    });
    assert_eq!(claims, wanted);
}

#[test]
fn a_token_can_hold_less_and_never_more() {
    let issue = |permissions: &[&str], lifetime: Option<u64>| {
        let request =
            TokenRequest { permissions: Some(permissions), lifetime, ..TokenRequest::new("billing", "orders") };
        issuer().issue(&request, NOW, ID)
    };
    let token = issue(&["GET /invoices/7"], Some(60)).expect("issued");
    assert_eq!((token.expires(), token.lifetime()), (NOW + 60, 60));
    assert_eq!(token.permissions(), ["GET /invoices/7"]);
    assert_eq!(code(token.text(), "GET", "/invoices/7", NOW), "OK");
    assert_eq!(code(token.text(), "GET", "/invoices/8", NOW), "PERMISSION_DENIED");
    assert_eq!(code(issue(&[], None).expect("issued").text(), "GET", "/invoices/7", NOW), "PERMISSION_DENIED");

    assert_eq!(issue(&["GET /**"], None).err(), Some(SignError::PermissionNotGranted));
    assert_eq!(issue(&["GET /invoices/7"], Some(301)).err(), Some(SignError::InvalidLifetime));
    assert_eq!(issue(&["GET /invoices/7"], Some(0)).err(), Some(SignError::InvalidLifetime));
}

#[test]
fn what_the_registry_does_not_allow_is_refused() {
    let issue = |subject, audience| issuer().issue(&TokenRequest::new(subject, audience), NOW, ID).err();
    assert_eq!(issue("billing", "orders"), None);
    assert_eq!(issue("nobody", "orders"), Some(SignError::UnknownSubject));
    assert_eq!(issue("billing", "payroll"), Some(SignError::TargetNotAllowed));
    assert_eq!(issue("billing", ""), Some(SignError::TargetNotAllowed));
    // Without a list a service may call any that has its key; a token is not for any.
    assert_eq!(issue("anywhere", "orders"), Some(SignError::TargetNotAllowed));
    assert_eq!(issue("elsewhere", "orders"), Some(SignError::SubjectEnvironment));
    let with = |request: TokenRequest<'_>, now, id| issuer().issue(&request, now, id).err();
    let request = TokenRequest::new("billing", "orders");
    assert_eq!(with(request, NOW, "short"), Some(SignError::InvalidNonce));
    assert_eq!(with(request, 1_000_000_000_000, ID), Some(SignError::InvalidTime));
    for tenant in ["", "a\nb"] {
        let fault = with(TokenRequest { tenant: Some(tenant), ..request }, NOW, ID);
        assert!(matches!(fault, Some(SignError::InvalidRequest(_))), "{fault:?}");
    }
}

#[test]
fn only_a_key_that_can_sign_makes_an_issuer() {
    let fault = |keys: &str| TokenIssuer::new(&identity(keys, "")).err();
    assert_eq!(fault(""), Some(SignError::NoTokenKey));
    assert_eq!(
        fault(r#""api_keys": [{"secret": "literal:another-api-key-of-32-characters"}]"#),
        Some(SignError::NoTokenKey)
    );
    let rsa = r#""keys": [{"algorithm": "rsa-v1_5-sha256", "public_key": "env:RSA"}]"#;
    assert_eq!(fault(rsa), Some(SignError::NoTokenKey));
    let public = r#""keys": [{"algorithm": "ed25519", "public_key": "env:PUBLIC"}]"#;
    assert_eq!(fault(public), Some(SignError::NoTokenKey));
    assert_eq!(fault(r#""keys": [{"secret": "env:HMAC"}]"#), None);

    let ended = r#""keys": [{"algorithm": "ed25519", "private_key": "env:SEED", "not_after": "2025-01-01T00:00:00Z"}]"#;
    let ended = TokenIssuer::new(&identity(ended, "")).expect("an issuer");
    assert_eq!(ended.answer(Some("billing"), FORM, None, NOW, ID).err(), Some(SignError::NoValidKey));
}

#[test]
fn another_config_is_taken_where_it_can_sign() {
    let issuer = issuer();
    let clone = issuer.clone();
    let request = TokenRequest::new("billing", "orders");
    let key = r#""keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]"#;
    issuer.replace(&identity(key, r#", "jwt": {"lifetime": 60}"#)).expect("taken");
    assert_eq!(issuer.issue(&request, NOW, ID).expect("a token").lifetime(), 60);
    assert_eq!(issuer.replace(&identity("", "")), Err(SignError::NoTokenKey));
    assert_eq!(clone.issue(&request, NOW, ID).expect("a token").lifetime(), 60);
}

#[test]
fn a_request_that_cannot_be_met_is_answered_by_its_code() {
    let answer = |caller, form: &[u8]| {
        let response = issuer().answer(caller, form, None, NOW, ID).expect("an answer");
        assert!(response.headers.contains(&("Cache-Control".to_owned(), "no-store".to_owned())));
        (response.status, member(&response, "error"))
    };
    let refused = |code: &str| (400, code.to_owned());
    assert_eq!(answer(None, FORM), (401, "invalid_client".to_owned()));
    assert_eq!(answer(Some(""), FORM), (401, "invalid_client".to_owned()));
    assert_eq!(answer(Some("webhook:stripe"), FORM), refused("unauthorized_client"));
    assert_eq!(answer(Some("billing"), b""), refused("invalid_request"));
    assert_eq!(answer(Some("billing"), b"grant_type=password&audience=orders"), refused("unsupported_grant_type"));
    assert_eq!(answer(Some("billing"), b"grant_type=client_credentials&audience=payroll"), refused("invalid_target"));
    let wide = b"grant_type=client_credentials&audience=orders&scope=/**";
    assert_eq!(answer(Some("billing"), wide), refused("invalid_scope"));
}

#[test]
fn no_token_is_shown_by_accident() {
    let token = issuer().issue(&TokenRequest::new("billing", "orders"), NOW, ID).expect("issued");
    let response = issuer().answer(Some("billing"), FORM, None, NOW, ID).expect("an answer");
    let shown = format!("{token:?} {response:?} {:?}", issuer());
    assert!(!shown.contains(token.text()) && !shown.contains("eyJ"), "{shown}");
}

#[test]
fn a_token_is_good_for_its_audience_alone() {
    let token = issuer().issue(&TokenRequest::new("billing", "identity"), NOW, ID).expect("issued");
    assert_eq!(code(token.text(), "GET", "/invoices/7", NOW), "INVALID_TOKEN");
}

#[test]
fn a_config_that_would_issue_what_nobody_can_read_is_refused() {
    let pointers = |issue: &str| -> Vec<String> {
        let document =
            format!(r#"{{"service": "a", "services": {{"a": {{}}, "b": {{}}}}, "jwt": {{"issue": {issue}}}}}"#);
        match Config::parse(&document, &secrets()) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.problems().iter().map(|problem| problem.pointer.clone()).collect(),
        }
    };
    assert_eq!(pointers(r#"{"issuer": "a"}"#), [""; 0]);
    assert_eq!(pointers(r#"{"issuer": "b"}"#), ["/jwt/issue/issuer"]);
    assert_eq!(pointers(r#"{"permissions_claim": "sub"}"#), ["/jwt/issue/permissions_claim"]);
    assert_eq!(pointers(r#"{"tenant_claim": "client_id"}"#), ["/jwt/issue/tenant_claim"]);
    assert_eq!(pointers(r#"{"tenant_claim": "permissions"}"#), ["/jwt/issue"]);
    assert_eq!(pointers(r#"{"lifetime": 5}"#), ["/jwt/issue/lifetime"]);
}
