//! Proofs of IAM identities: what is asked of AWS, what its answers decide, and what is refused without asking.

use proptest::prelude::*;
use wiresign::{Config, Head, IdentityRequest, Secrets, SignError, Signer, Verifier};

const NOW: u64 = 1_767_225_600;
const NONCE: &str = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
const ARN: &str = "arn:aws:sts::123456789012:assumed-role/prod-billing-task/1f2e3d";
const IDENTITY: &str = "X-Service-AWS-Identity";
const DATE: &str = "X-Service-AWS-Date";
const TOKEN: &str = "X-Service-AWS-Token";
const TARGET: &str = "X-Target-Service";

type Headers = Vec<(String, String)>;

fn secrets() -> Secrets {
    Secrets::new()
        .env("BILLING", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9")
        .env("AWS_ID", "ASIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        .env("AWS_TOKEN", "FQoGZXIvYXdzEBYaDHzL8Mzi/AwPbOLCx1HDeAICwRkDzvo25/aqTGWr7i6S==")
}

const ROLES: &str = r#"{"arn:aws:iam::123456789012:role/prod-{service}-task": "{service}"}"#;

fn document(own: &str, roles: &str, more: &str) -> String {
    format!(
        r#"{{"service": "{own}", "accept": ["aws-identity"], "sign_with": "aws-identity",
            "aws_identity": {{"regions": ["eu-central-1", "eu-west-1"], "roles": {roles}}},
            "services": {{
                "orders": {{}},
                "stock": {{}},
                "billing": {{
                    "keys": [{{"secret": "env:BILLING"}}],
                    "aws_keys": [{{"id": "env:AWS_ID", "secret": "env:AWS_SECRET", "session_token": "env:AWS_TOKEN"}}],
                    "allowed_targets": ["orders", "stock"]
                }}
            }}{more}}}"#
    )
}

fn parse(document: &str) -> Config {
    Config::parse(document, &secrets()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn orders() -> Verifier {
    Verifier::new(&parse(&document("orders", ROLES, "")))
}

fn proof(target: &str, now: u64) -> Headers {
    let signer = Signer::new(&parse(&document("billing", ROLES, "")), Some(target)).expect("a signer");
    let head = Head::new(b"GET", b"/", &[] as &[(&str, &str)]);
    let signed = signer.sign(&head, b"", now, NONCE).expect("signed");
    signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn answer(arn: &str) -> Vec<u8> {
    let account = arn.split(':').nth(4).expect("an ARN");
    format!(
        r#"{{"GetCallerIdentityResponse": {{"GetCallerIdentityResult": {{"UserId": "A:1", "Account": "{account}", "Arn": "{arn}"}}}}}}"#
    )
    .into_bytes()
}

fn ask(verifier: &Verifier, headers: &Headers, now: u64) -> Option<IdentityRequest> {
    verifier.identity_request(&Head::new(b"GET", b"/a", headers), now)
}

/// The code, also when the body comes in pieces, which must be the same.
fn code(verifier: &Verifier, headers: &Headers, now: u64) -> &'static str {
    let head = Head::new(b"GET", b"/a", headers);
    let whole = verifier.verify(&head, b"", now);
    let pieces = verifier.begin(&head, now).and_then(wiresign::BodyVerification::finish);
    let code = |outcome: Result<wiresign::Verified, wiresign::Refusal>| match outcome {
        Ok(_) => "OK",
        Err(refusal) => refusal.code().name(),
    };
    let (whole, pieces) = (code(whole), code(pieces));
    assert_eq!(whole, pieces);
    whole
}

/// The code of a proof that AWS is asked about, and answers so.
fn code_after(status: u16, body: &[u8]) -> &'static str {
    let verifier = orders();
    let headers = proof("orders", NOW);
    let request = ask(&verifier, &headers, NOW).expect("a question");
    verifier.identity_answer(&request, Some((status, body)), NOW);
    code(&verifier, &headers, NOW)
}

fn field<'h>(headers: &'h mut Headers, name: &str) -> &'h mut String {
    &mut headers.iter_mut().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name} is there")).1
}

#[test]
fn whoever_aws_confirms_is_let_in_until_the_proof_ends() {
    let verifier = orders();
    let headers = proof("orders", NOW);
    assert_eq!(code(&verifier, &headers, NOW), "IDENTITY_UNAVAILABLE", "nobody was asked yet");
    let request = ask(&verifier, &headers, NOW).expect("a question");
    verifier.identity_answer(&request, Some((200, &answer(ARN))), NOW);
    assert!(ask(&verifier, &headers, NOW).is_none(), "the answer is known");

    let verified = verifier.verify(&Head::new(b"POST", b"/a", &headers), b"{}", NOW).expect("accepted");
    assert_eq!(verified.service(), Some("billing"));
    assert_eq!(verified.scheme(), Some("aws-identity"));
    assert_eq!(verified.subject(), Some(ARN));
    assert_eq!(verified.key_id(), Some("ASIAIOSFODNN7EXAMPLE"));
    assert_eq!(verified.timestamp(), Some(NOW));
    assert_eq!(verified.covered().count(), 0);
    assert_eq!(verified.request_id(), Some(NONCE));
    assert!(!verified.request_id_is_signed());
    assert_eq!(code(&verifier, &headers, NOW + 300), "OK");
    assert_eq!(code(&verifier, &headers, NOW + 301), "TIMESTAMP_OUTSIDE_WINDOW");
    assert!(ask(&verifier, &headers, NOW + 301).is_none());
}

#[test]
fn the_question_is_ours_and_the_signature_is_that_of_botocore() {
    let headers = proof("orders", NOW);
    let request = ask(&orders(), &headers, NOW).expect("a question");
    assert_eq!((request.method(), request.url()), ("POST", "https://sts.eu-central-1.amazonaws.com/"));
    assert_eq!(request.body(), "Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON");
    let sent: Vec<(&str, &str)> = request.headers().collect();
    assert_eq!(
        sent,
        [
            ("Host", "sts.eu-central-1.amazonaws.com"),
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("X-Target-Service", "orders"),
            ("X-Amz-Security-Token", "FQoGZXIvYXdzEBYaDHzL8Mzi/AwPbOLCx1HDeAICwRkDzvo25/aqTGWr7i6S=="),
            ("X-Amz-Date", "20260101T000000Z"),
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20260101/eu-central-1/sts/aws4_request, \
                 SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token;x-target-service, \
                 Signature=a9943363f4ec0443766f21f5b59198d39b196a3f3d28154985607da3073a81c0",
            ),
        ]
    );
    assert!(!format!("{request:?}").contains("FQoG"), "the headers are good for a while, and belong in no log");
}

#[test]
fn requests_of_one_minute_carry_one_proof() {
    assert_eq!(proof("orders", NOW), proof("orders", NOW + 59));
    assert_ne!(proof("orders", NOW), proof("orders", NOW + 60));
    assert_ne!(proof("orders", NOW), proof("stock", NOW));
}

#[test]
fn credentials_of_a_role_take_the_place_of_keys() {
    let without_keys = r#"{"service": "stock", "sign_with": "aws-identity", "aws_identity": {"regions": ["eu-west-1"]}, "services": {"stock": {}}}"#;
    let config = parse(without_keys);
    assert_eq!(Signer::new(&config, Some("orders")).err(), Some(SignError::NoKeys));
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let signer = |id, secret, token| Signer::with_aws_credentials(&config, Some("orders"), id, secret, token);
    let signed = signer("ASIAIOSFODNN7EXAMPLE", secret, Some("token")).expect("a signer");
    let head = Head::new(b"GET", b"/", &[] as &[(&str, &str)]);
    let headers: Headers = signed
        .sign(&head, b"", NOW, NONCE)
        .expect("signed")
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let request = ask(&orders(), &headers, NOW).expect("a question");
    assert_eq!(request.url(), "https://sts.eu-west-1.amazonaws.com/");
    assert!(
        String::from_utf8(signed.message(&head, b"", NOW, NONCE).expect("one")).expect("text").starts_with("POST\n/\n")
    );
    for (id, secret, token) in [
        ("short", secret, None),
        ("ASIAIOSFODNN7EXAMPLE", "short", None),
        ("ASIAIOSFODNN7EXAMPLE", secret, Some("a b")),
    ] {
        assert!(matches!(signer(id, secret, token), Err(SignError::InvalidRequest(_))), "{id} {secret}");
    }
    assert_eq!(
        Signer::with_aws_credentials(&config, None, "ASIAIOSFODNN7EXAMPLE", secret, None).err(),
        Some(SignError::TargetNeeded)
    );
    let other = parse(r#"{"service": "stock", "services": {"stock": {}}}"#);
    assert!(Signer::with_aws_credentials(&other, Some("orders"), "ASIAIOSFODNN7EXAMPLE", secret, None).is_err());
}

#[test]
fn what_aws_refuses_is_refused_and_not_asked_again() {
    let error = |code: &str| format!(r#"{{"Error": {{"Code": "{code}"}}}}"#).into_bytes();
    for (status, body, expected) in [
        (200, answer(ARN), "OK"),
        (200, answer("arn:aws:sts::210987654321:assumed-role/prod-billing-task/1"), "UNKNOWN_SERVICE"),
        (200, answer("arn:aws:sts::123456789012:assumed-role/dev-billing-task/1"), "UNKNOWN_SERVICE"),
        (200, answer("arn:aws:sts::123456789012:assumed-role/prod-nobody-task/1"), "UNKNOWN_SERVICE"),
        (200, answer("arn:aws:iam::123456789012:root"), "UNKNOWN_SERVICE"),
        (403, error("SignatureDoesNotMatch"), "INVALID_SIGNATURE"),
        (403, error("InvalidClientTokenId"), "UNKNOWN_KEY"),
        (403, error("ExpiredToken"), "TOKEN_EXPIRED"),
        (403, b"<ErrorResponse/>".to_vec(), "INVALID_SIGNATURE"),
        (400, error("Throttling"), "IDENTITY_UNAVAILABLE"),
        (503, answer(ARN), "IDENTITY_UNAVAILABLE"),
        (302, answer(ARN), "IDENTITY_UNAVAILABLE"),
        (200, b"<GetCallerIdentityResponse/>".to_vec(), "IDENTITY_UNAVAILABLE"),
    ] {
        assert_eq!(code_after(status, &body), expected, "{status} {}", String::from_utf8_lossy(&body));
    }
    let verifier = orders();
    let headers = proof("orders", NOW);
    let request = ask(&verifier, &headers, NOW).expect("a question");
    verifier.identity_answer(&request, Some((403, b"")), NOW);
    assert!(ask(&verifier, &headers, NOW + 29).is_none());
    assert_eq!(code(&verifier, &headers, NOW + 29), "INVALID_SIGNATURE");
    assert!(ask(&verifier, &headers, NOW + 30).is_some());
    verifier.identity_answer(&request, None, NOW + 30);
    assert!(ask(&verifier, &headers, NOW + 34).is_none());
    assert_eq!(code(&verifier, &headers, NOW + 34), "IDENTITY_UNAVAILABLE");
    assert!(ask(&verifier, &headers, NOW + 35).is_some());
}

#[test]
fn an_answer_belongs_to_the_proof_that_was_asked_about() {
    let verifier = orders();
    let headers = proof("orders", NOW);
    let request = ask(&verifier, &headers, NOW).expect("a question");
    verifier.identity_answer(&request, Some((200, &answer(ARN))), NOW);
    assert_eq!(code(&verifier, &headers, NOW), "OK");
    let mut other = headers.clone();
    field(&mut other, TOKEN).push('x');
    assert_eq!(code(&verifier, &other, NOW), "IDENTITY_UNAVAILABLE");
    let mut other = headers.clone();
    let text = field(&mut other, IDENTITY);
    let last = if text.ends_with('0') { "1" } else { "0" };
    text.replace_range(text.len() - 1.., last);
    assert_eq!(code(&verifier, &other, NOW), "IDENTITY_UNAVAILABLE");
    assert_eq!(code(&verifier, &proof("orders", NOW + 60), NOW + 60), "IDENTITY_UNAVAILABLE");
    assert_eq!(code(&orders(), &headers, NOW), "IDENTITY_UNAVAILABLE", "another verifier has not asked");
}

/// Each is refused by its form alone: nobody is asked.
#[test]
fn a_proof_of_another_form_is_refused_without_a_question() {
    type Change = Box<dyn Fn(&mut Headers)>;
    let replace = |name: &'static str, from: &'static str, to: &'static str| {
        move |headers: &mut Headers| {
            let text = field(headers, name);
            assert!(text.contains(from), "{from}");
            *text = text.replacen(from, to, 1);
        }
    };
    let signed = "accept;content-type;host;x-amz-date;x-amz-security-token;x-target-service";
    let mut cases: Vec<(&str, Change)> = vec![
        ("TARGET_NOT_ALLOWED", Box::new(replace(IDENTITY, "eu-central-1", "us-east-1"))),
        ("TARGET_NOT_ALLOWED", Box::new(replace(IDENTITY, "/sts/", "/s3/"))),
        ("TARGET_NOT_ALLOWED", Box::new(replace(TARGET, "orders", "stock"))),
        ("TARGET_NOT_ALLOWED", Box::new(replace(TARGET, "orders", "Orders"))),
        ("ALGORITHM_NOT_ALLOWED", Box::new(replace(IDENTITY, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"))),
        ("ALGORITHM_NOT_ALLOWED", Box::new(replace(IDENTITY, "AWS4-HMAC-SHA256", "Bearer"))),
        ("INSUFFICIENT_COVERAGE", Box::new(replace(IDENTITY, ";x-target-service", ""))),
        ("INSUFFICIENT_COVERAGE", Box::new(replace(IDENTITY, ";x-target-service", ";x-target-servicex"))),
        (
            "MALFORMED_SIGNATURE",
            Box::new(replace(IDENTITY, signed, "accept;content-type;host;x-amz-date;x-target-service")),
        ),
        ("MALFORMED_SIGNATURE", Box::new(replace(IDENTITY, ";x-target-service", ";x-target-service;x-tenant"))),
        ("MALFORMED_SIGNATURE", Box::new(replace(IDENTITY, "accept;", ""))),
        ("MALFORMED_SIGNATURE", Box::new(replace(IDENTITY, "Signature=", "Signature=A"))),
        ("MALFORMED_SIGNATURE", Box::new(replace(IDENTITY, "aws4_request", "aws5_request"))),
        ("MALFORMED_SIGNATURE", Box::new(replace(IDENTITY, "ASIAIOSFODNN7EXAMPLE", "ASIA"))),
        ("MALFORMED_SIGNATURE", Box::new(replace(IDENTITY, "ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPL%"))),
        ("INVALID_TIMESTAMP", Box::new(replace(DATE, "20260101T", "20260102T"))),
        ("INVALID_TIMESTAMP", Box::new(replace(DATE, "Z", ""))),
        ("INVALID_TIMESTAMP", Box::new(replace(DATE, "T000000Z", "T240000Z"))),
        ("INVALID_TOKEN", Box::new(replace(TOKEN, "FQoG", "FQ G"))),
        ("DUPLICATE_HEADER", Box::new(replace(TOKEN, "FQoG", "FQoG,"))),
        ("DUPLICATE_HEADER", Box::new(replace(TARGET, "orders", "orders,orders"))),
        (
            "DUPLICATE_HEADER",
            Box::new(|headers| {
                let text = field(headers, IDENTITY);
                *text = format!("{text}, {text}");
            }),
        ),
    ];
    for name in [IDENTITY, DATE, TOKEN, TARGET] {
        cases.push((
            "DUPLICATE_HEADER",
            Box::new(move |headers| {
                let again = (name.to_lowercase(), field(headers, name).clone());
                headers.push(again);
            }),
        ));
    }
    let drop = |name: &'static str| move |headers: &mut Headers| headers.retain(|(known, _)| known != name);
    cases.push(("MISSING_TARGET", Box::new(drop(TARGET))));
    cases.push(("MISSING_TIMESTAMP", Box::new(drop(DATE))));
    cases.push(("MALFORMED_SIGNATURE", Box::new(drop(TOKEN))));
    cases.push(("AUTHENTICATION_REQUIRED", Box::new(drop(IDENTITY))));
    cases.push(("INVALID_TOKEN", Box::new(|headers| field(headers, TOKEN).clear())));
    for (at, (expected, change)) in cases.iter().enumerate() {
        let verifier = orders();
        let mut headers = proof("orders", NOW);
        change(&mut headers);
        assert_eq!(code(&verifier, &headers, NOW), *expected, "case {at}: {headers:?}");
        assert!(ask(&verifier, &headers, NOW).is_none(), "case {at}");
    }
    for now in [NOW + 301, NOW - 301] {
        assert_eq!(code(&orders(), &proof("orders", NOW), now), "TIMESTAMP_OUTSIDE_WINDOW");
        assert!(ask(&orders(), &proof("orders", NOW), now).is_none());
    }
}

#[test]
fn policy_holds_as_for_all_schemes() {
    let judged = |more: &str, headers: &Headers| {
        let verifier = Verifier::new(&parse(&document("orders", ROLES, more)));
        if let Some(request) = ask(&verifier, headers, NOW) {
            verifier.identity_answer(&request, Some((200, &answer(ARN))), NOW);
        }
        code(&verifier, headers, NOW)
    };
    let headers = proof("orders", NOW);
    assert_eq!(judged("", &headers), "OK");
    let route = |rule: &str| format!(r#", "routes": [{{"match": "/a", {rule}}}]"#);
    assert_eq!(judged(&route(r#""services": ["stock"]"#), &headers), "SERVICE_NOT_ALLOWED");
    assert_eq!(judged(&route(r#""strict": true"#), &headers), "INSUFFICIENT_COVERAGE");
    assert_eq!(judged(&route(r#""accept": ["service-hmac-v2"]"#), &headers), "AUTHENTICATION_REQUIRED");
    assert_eq!(judged(&route(r#""public": true"#), &headers), "OK");
    assert_eq!(judged(&route(r#""require_all": ["aws-identity", "api-key"]"#), &headers), "AUTHENTICATION_REQUIRED");
}

#[test]
fn a_signature_of_the_same_service_can_bind_it() {
    let more = r#", "routes": [{"match": "/a", "strict": true, "require_all": ["aws-identity", "service-hmac-v2"]}]"#;
    let verifier = Verifier::new(&parse(&document("orders", ROLES, more)));
    let hmac = |own: &str| {
        let text =
            document(own, ROLES, "").replace(r#""sign_with": "aws-identity""#, r#""sign_with": "service-hmac-v2""#);
        let signer = Signer::new(&parse(&text), Some("orders")).expect("a signer");
        let signed = signer.sign(&Head::new(b"GET", b"/a", &[] as &[(&str, &str)]), b"", NOW, NONCE).expect("signed");
        signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Headers>()
    };
    let mut headers = hmac("billing");
    let names = [IDENTITY, DATE, TOKEN];
    headers.extend(proof("orders", NOW).into_iter().filter(|(name, _)| names.contains(&&**name)));
    let request = ask(&verifier, &headers, NOW).expect("a question");
    verifier.identity_answer(
        &request,
        Some((200, &answer("arn:aws:sts::123456789012:assumed-role/prod-stock-task/1"))),
        NOW,
    );
    let head = Head::new(b"GET", b"/a", &headers);
    let refusal = verifier.verify(&head, b"", NOW).expect_err("two services");
    assert_eq!(refusal.code().name(), "AMBIGUOUS_CREDENTIALS");
    let verifier = Verifier::new(&parse(&document("orders", ROLES, more)));
    verifier.identity_answer(&request, Some((200, &answer(ARN))), NOW);
    let verified = verifier.verify(&head, b"", NOW).expect("accepted");
    assert_eq!(verified.schemes().collect::<Vec<_>>(), ["service-hmac-v2", "aws-identity"]);
    assert_eq!(verified.service(), Some("billing"));
    assert_eq!(verified.subject(), Some(ARN));
}

#[test]
fn strangers_run_into_the_limit_before_aws_is_asked() {
    let verifier = Verifier::new(&parse(&document("orders", ROLES, r#", "limits": {"failures_per_minute": 3}"#)));
    let client = "192.0.2.1".parse().expect("an address");
    for attempt in 0..4u64 {
        let headers = proof("orders", NOW + 60 * attempt - 120);
        let head = Head { client: Some(client), ..Head::new(b"GET", b"/a", &headers) };
        let Some(request) = verifier.identity_request(&head, NOW) else {
            assert_eq!(attempt, 3);
            assert_eq!(verifier.verify(&head, b"", NOW).expect_err("limited").code().name(), "RATE_LIMITED");
            return;
        };
        verifier.identity_answer(&request, Some((403, b"")), NOW);
        assert_eq!(verifier.verify(&head, b"", NOW).expect_err("forged").code().name(), "INVALID_SIGNATURE");
    }
    panic!("the limit was not reached");
}

#[test]
fn every_problem_of_the_config_has_its_place() {
    let problem = |identity: &str, pointer: &str, words: &str| {
        let text = format!(
            r#"{{"service": "orders", "accept": ["aws-identity"], "aws_identity": {identity}, "services": {{"orders": {{}}}}}}"#
        );
        let errors = Config::parse(&text, &secrets()).expect_err(identity);
        let found =
            errors.problems().iter().any(|problem| problem.pointer == pointer && problem.message.contains(words));
        assert!(found, "{identity}: {errors}");
    };
    let role = r#""arn:aws:iam::123456789012:role/prod-{service}-task""#;
    problem("{}", "/aws_identity/regions", "list the regions");
    problem(r#"{"regions": []}"#, "/aws_identity/regions", "at least one");
    problem(r#"{"regions": ["evil.example/"]}"#, "/aws_identity/regions/0", "the name of a region");
    problem(r#"{"regions": ["eu-west-1", "eu-west-1"]}"#, "/aws_identity/regions/1", "listed twice");
    problem(r#"{"regions": ["eu-west-1"], "accounts": []}"#, "/aws_identity/accounts", "not known here");
    problem(r#"{"regions": ["eu-west-1"], "roles": []}"#, "/aws_identity/roles", "an object of ids");
    let pointer = "/aws_identity/roles/arn:aws:iam::123456789012:role~1prod-{service}-task";
    problem(&format!(r#"{{"regions": ["eu-west-1"], "roles": {{{role}: "orders"}}}}"#), pointer, "several roles");
    problem(&format!(r#"{{"regions": ["eu-west-1"], "roles": {{{role}: 1}}}}"#), pointer, "a string");
    problem(
        r#"{"regions": ["eu-west-1"], "roles": {"arn:aws:iam::123456789012:role/x": "nobody"}}"#,
        "/aws_identity/roles/arn:aws:iam::123456789012:role~1x",
        "not in \"services\"",
    );
    problem(
        r#"{"regions": ["eu-west-1"], "roles": {"arn:aws:iam::*:role/x": "orders"}}"#,
        "/aws_identity/roles/arn:aws:iam::*:role~1x",
        "12 digits",
    );
    let text = r#"{"service": "orders", "accept": ["aws-identity"], "services": {"orders": {}}}"#;
    let errors = Config::parse(text, &secrets()).expect_err("no regions");
    assert_eq!(errors.problems()[0].pointer, "/aws_identity");
}

proptest! {
    #[test]
    fn no_bytes_break_it(
        identity in "\\PC{0,200}",
        date in prop::collection::vec(any::<u8>(), 0..20),
        token in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        status in any::<u16>(),
        body in prop::collection::vec(any::<u8>(), 0..400),
        cut in 0usize..400,
    ) {
        let verifier = orders();
        let good = proof("orders", NOW);
        let mut headers: Vec<(&[u8], Vec<u8>)> =
            good.iter().map(|(name, value)| (name.as_bytes(), value.clone().into_bytes())).collect();
        headers[3].1.truncate(cut);
        headers[3].1.extend_from_slice(identity.as_bytes());
        let _ = verifier.identity_request(&Head::new(b"GET", b"/a", &headers), NOW);
        headers[1].1 = date;
        headers[2].1 = token.unwrap_or_default();
        let _ = verifier.verify(&Head::new(b"GET", b"/a", &headers), b"", NOW);
        let request = ask(&verifier, &good, NOW).expect("a question");
        verifier.identity_answer(&request, Some((status, &body)), NOW);
        prop_assert!(code(&verifier, &good, NOW) != "OK");
    }

    #[test]
    fn no_part_of_an_answer_lets_anybody_in(cut in 0usize..140) {
        let verifier = orders();
        let headers = proof("orders", NOW);
        let request = ask(&verifier, &headers, NOW).expect("a question");
        let whole = answer(ARN);
        prop_assume!(cut < whole.len());
        verifier.identity_answer(&request, Some((200, &whole[..cut])), NOW);
        prop_assert_eq!(code(&verifier, &headers, NOW), "IDENTITY_UNAVAILABLE");
    }
}
