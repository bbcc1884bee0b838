use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;
use crate::strict_json::JsonFault;

const NOW: u64 = 1_767_225_600;
const SECRET: &[u8] = b"a secret of 32 bytes, no sample.";
const PAYLOAD: &str =
    r#"{"iss":"https://issuer.example","sub":"billing","aud":"orders","iat":1767225590,"exp":1767225900}"#;

fn key() -> BoundKey {
    BoundKey::hmac(KeyAlgorithm::HmacSha256, SECRET).expect("good")
}

fn edwards() -> BoundKey {
    BoundKey::private(KeyAlgorithm::Ed25519, "1b".repeat(32).as_bytes()).expect("good")
}

/// A token with any header and payload, and the right signature.
fn signed(header: &str, payload: &str, key: &BoundKey) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(input.as_bytes()).expect("it can");
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn with_header(header: &str) -> String {
    signed(header, PAYLOAD, &key())
}

fn with_payload(payload: &str) -> String {
    signed(r#"{"alg":"HS256"}"#, payload, &key())
}

fn refused(token: &str) -> (RefusalCode, Fault) {
    Token::parse(token.as_bytes()).expect_err(token)
}

fn invalid(fault: Fault) -> (RefusalCode, Fault) {
    (RefusalCode::InvalidToken, fault)
}

/// The payload with one member replaced or added, as JSON text.
fn claim(name: &str, value: &str) -> String {
    let mut payload: serde_json::Map<String, serde_json::Value> = serde_json::from_str(PAYLOAD).expect("JSON");
    payload.remove(name);
    let rest = serde_json::to_string(&payload).expect("JSON");
    format!("{{\"{name}\":{value},{}", &rest[1..])
}

#[test]
fn a_good_token_is_read_and_verified() {
    let text = signed(r#"{"typ":"at+jwt","alg":"HS256","kid":"2026-01"}"#, PAYLOAD, &key());
    let token = Token::parse(text.as_bytes()).expect("good");
    assert_eq!(token.algorithm(), KeyAlgorithm::HmacSha256);
    assert_eq!(token.key_id(), Some("2026-01"));
    assert!(token.is_of_type("at+jwt") && token.is_of_type("application/AT+JWT") && !token.is_of_type("JWT"));
    assert!(token.is_signed_by(&key()));
    let claims = token.claims();
    assert_eq!(claims.issuer(), Some("https://issuer.example"));
    assert_eq!(claims.subject(), Some("billing"));
    assert_eq!((claims.id(), claims.issued_at(), claims.expires()), (None, Some(1_767_225_590), 1_767_225_900));
    assert_eq!(claims.json(), PAYLOAD);
    assert_eq!(claims.check(NOW, 0, &["orders"], "https://issuer.example"), Ok(()));
    assert_eq!(token.claims().subject(), Some("billing"));
}

#[test]
fn the_example_of_the_standard_is_verified() {
    // RFC 7515, appendix A.1. It was issued by "joe", and ended in March 2011.
    let text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
                .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
                .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let jwk = br#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
    let token = Token::parse(text.as_bytes()).expect("good");
    assert!(token.is_signed_by(&BoundKey::private(KeyAlgorithm::HmacSha256, jwk).expect("good")));
    assert!(!token.is_signed_by(&key()));
    assert_eq!((token.claims().issuer(), token.claims().expires()), (Some("joe"), 1_300_819_380));
    assert!(token.is_of_type("JWT"));
}

#[test]
fn only_bearer_values_carry_a_token() {
    assert_eq!(carried(b"Bearer a.b.c"), Some(&b"a.b.c"[..]));
    assert_eq!(carried(b"bEARER a.b.c"), Some(&b"a.b.c"[..]));
    assert_eq!(carried(b"Bearer  a.b.c"), Some(&b" a.b.c"[..]));
    for empty in [&b"Bearer"[..], b"Bearer "] {
        assert_eq!(carried(empty), Some(&b""[..]));
    }
    for other in [&b""[..], b"Beare", b"Basic YTpi", b"BearerX a", b"Bearer\ta", b"AWS4-HMAC-SHA256 Credential=a"] {
        assert_eq!(carried(other), None);
    }
}

#[test]
fn unsigned_tokens_are_refused_however_none_is_spelt() {
    for none in ["none", "None", "NONE", "nOnE", "\\u006eone"] {
        for signature in ["", "AAAA"] {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{none}"}}"#));
            let text = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(PAYLOAD));
            assert_eq!(refused(&text), (RefusalCode::AlgorithmNotAllowed, Fault::AlgorithmNone), "{none}");
        }
    }
    for other in ["RS384", "RS512", "PS384", "ES512", "ES256K", "hs256", "HS256 ", "", "dir", "\\u0000none"] {
        let header = format!(r#"{{"alg":"{other}"}}"#);
        assert_eq!(refused(&with_header(&header)).1, Fault::AlgorithmNotOffered, "{other}");
    }
    assert_eq!(refused(&with_header(r#"{"typ":"JWT"}"#)), invalid(Fault::NoAlgorithm));
    for wrong in ["null", "1", "[\"HS256\"]", "{}", "true"] {
        let header = format!(r#"{{"alg":{wrong}}}"#);
        assert_eq!(refused(&with_header(&header)), invalid(Fault::HeaderMember("alg")));
    }
}

#[test]
fn no_signature_is_no_signature() {
    let text = with_payload(PAYLOAD);
    let (input, _) = text.rsplit_once('.').expect("three parts");
    let text = format!("{input}.");
    assert!(!Token::parse(text.as_bytes()).expect("readable").is_signed_by(&key()));
}

#[test]
fn the_algorithm_is_that_of_the_key() {
    // What an attacker does who knows the public key: takes it for the secret of HMAC.
    let public = URL_SAFE_NO_PAD.encode(edwards().sign(b"").expect("any 64 bytes"));
    let confused = BoundKey::hmac(KeyAlgorithm::HmacSha256, public.as_bytes()).expect("a secret");
    let text = signed(r#"{"alg":"HS256","kid":"ed"}"#, PAYLOAD, &confused);
    let token = Token::parse(text.as_bytes()).expect("readable");
    assert!(!token.is_signed_by(&edwards()), "kid leads to the key, and the key is for Ed25519");
    assert_ne!(token.algorithm(), edwards().algorithm());
    // A true signature under another name is none.
    let text = signed(r#"{"alg":"HS512"}"#, PAYLOAD, &key());
    assert!(!Token::parse(text.as_bytes()).expect("readable").is_signed_by(&key()));
    let text = signed(r#"{"alg":"RS256"}"#, PAYLOAD, &key());
    assert!(!Token::parse(text.as_bytes()).expect("readable").is_signed_by(&key()));
    // Both names of Ed25519 are the same algorithm.
    for name in ["EdDSA", "Ed25519"] {
        let text = signed(&format!(r#"{{"alg":"{name}"}}"#), PAYLOAD, &edwards());
        assert!(Token::parse(text.as_bytes()).expect("readable").is_signed_by(&edwards()));
    }
}

#[test]
fn keys_that_a_token_brings_along_are_not_looked_at() {
    let header =
        r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"jku":"http://127.0.0.1/","x5u":"file:///","x5c":["AA"]}"#;
    let other = BoundKey::hmac(KeyAlgorithm::HmacSha256, &[7; 32]).expect("good");
    let text = signed(header, PAYLOAD, &other);
    let token = Token::parse(text.as_bytes()).expect("readable");
    assert!(token.is_signed_by(&other) && !token.is_signed_by(&key()));
    assert_eq!(token.key_id(), None);
}

#[test]
fn a_key_id_is_a_text_whatever_it_looks_like() {
    for id in ["../../dev/null", "http://169.254.169.254/", "' OR 1=1 --", "a|b;c$(d)", "é", "a b"] {
        let header = serde_json::json!({"alg": "HS256", "kid": id}).to_string();
        assert_eq!(Token::parse(with_header(&header).as_bytes()).expect("readable").key_id(), Some(id));
    }
    assert_eq!(
        Token::parse(with_header(r#"{"alg":"HS256","kid":"a\/\u0062"}"#).as_bytes()).expect("readable").key_id(),
        Some("a/b")
    );
    for wrong in
        ["\"\"", "1", "null", "[\"a\"]", "{}", "\"a\\u0000b\"", "\"a\\nb\"", &format!("\"{}\"", "x".repeat(513))]
    {
        let header = format!(r#"{{"alg":"HS256","kid":{wrong}}}"#);
        assert_eq!(refused(&with_header(&header)), invalid(Fault::HeaderMember("kid")), "{wrong}");
    }
    assert_eq!(refused(&with_header(r#"{"alg":"HS256","typ":1}"#)), invalid(Fault::HeaderMember("typ")));
}

#[test]
fn extensions_that_change_the_meaning_are_refused() {
    for (name, member) in [
        ("crit", r#""crit":["exp"]"#),
        ("crit", r#""crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true"#),
        ("crit", r#""crit":[]"#),
        ("crit", r#""crit":null"#),
        ("crit", r#""\u0063rit":["x"]"#),
        ("b64", r#""b64":false"#),
        ("b64", r#""b64":true"#),
        ("zip", r#""zip":"DEF""#),
    ] {
        let header = format!(r#"{{"alg":"HS256",{member}}}"#);
        assert_eq!(refused(&with_header(&header)), invalid(Fault::Extension(name)), "{member}");
    }
}

#[test]
fn json_has_one_reading() {
    for (header, fault) in [
        (r#"{"alg":"HS256","alg":"none"}"#, JsonFault::SameMember),
        (r#"{"alg":"none","alg":"HS256"}"#, JsonFault::SameMember),
        (r#"{"alg":"HS256","\u0061lg":"none"}"#, JsonFault::SameMember),
        (r#"{"alg":"HS256"}x"#, JsonFault::Syntax),
        (r#"{"alg":"HS256",}"#, JsonFault::Syntax),
        (r#"["HS256"]"#, JsonFault::Syntax),
        ("\u{feff}{\"alg\":\"HS256\"}", JsonFault::Syntax),
        ("", JsonFault::Syntax),
        (r#"{"alg":"HS256","x":[[[[[[[[1]]]]]]]]}"#, JsonFault::TooDeep),
    ] {
        assert_eq!(refused(&with_header(header)), invalid(Fault::Header(fault)), "{header}");
    }
    for (payload, fault) in [
        (r#"{"exp":1767225900,"exp":9999999999}"#.to_owned(), JsonFault::SameMember),
        (r#"{"sub":"a","sub":"b","exp":1767225900}"#.to_owned(), JsonFault::SameMember),
        (r#"{"x":{"a":1,"a":2},"exp":1767225900}"#.to_owned(), JsonFault::SameMember),
        (format!(r#"{{"exp":1767225900,"x":{}{}}}"#, "[".repeat(1000), "]".repeat(1000)), JsonFault::TooDeep),
        (
            format!(r#"{{{}"exp":1}}"#, (0..64).map(|at| format!("\"c{at}\":0,")).collect::<String>()),
            JsonFault::TooManyMembers,
        ),
        ("foo".to_owned(), JsonFault::Syntax),
        ("[]".to_owned(), JsonFault::Syntax),
        (String::new(), JsonFault::Syntax),
        (format!("{PAYLOAD}{PAYLOAD}"), JsonFault::Syntax),
        (format!("{PAYLOAD}\0"), JsonFault::Syntax),
    ] {
        assert_eq!(refused(&with_payload(&payload)), invalid(Fault::Payload(fault)), "{payload}");
    }
    let latin = URL_SAFE_NO_PAD.encode(b"{\"sub\":\"\xe9\",\"exp\":1}");
    let text = format!("{}.{latin}.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#));
    assert_eq!(refused(&text), invalid(Fault::Payload(JsonFault::NotUtf8)));
}

#[test]
fn the_compact_form_is_exact() {
    let text = with_payload(PAYLOAD);
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    for wrong in [
        String::new(),
        ".".into(),
        "a".into(),
        format!("{header}.{payload}"),
        format!("{text}."),
        format!("{text}.{signature}"),
        format!(".{text}"),
    ] {
        assert_eq!(refused(&wrong), invalid(Fault::Parts), "{wrong}");
    }
    assert_eq!(refused(&format!("{text}.AA.AA")), invalid(Fault::Encrypted));
    for (wrong, part) in [
        (format!(" {text}"), "header"),
        (format!("\"{text}\""), "header"),
        (format!("{header}=.{payload}.{signature}"), "header"),
        (format!("{header}\n.{payload}.{signature}"), "header"),
        (format!("{header}.{payload}=.{signature}"), "payload"),
        (format!("{header}.{payload} .{signature}"), "payload"),
        (format!("{text} "), "signature"),
        (format!("{text}\n"), "signature"),
        (format!("{text}="), "signature"),
        (format!("{text}\0"), "signature"),
        (format!("{header}.{payload}.{}", signature.replace(['-', '_'], "+")), "signature"),
        // The last digit has bits that stand for nothing, and they are zero.
        (format!("{header}.{payload}.{}", next_last_digit(signature)), "signature"),
        (format!("{}.{payload}.{signature}", "é"), "header"),
    ] {
        if wrong != text {
            assert_eq!(refused(&wrong), invalid(Fault::Base64(part)), "{wrong}");
        }
    }
    assert_eq!(refused(&format!("{text},{text}")), (RefusalCode::DuplicateHeader, Fault::Joined));
    assert_eq!(refused(&format!("{text}, Bearer {text}")), (RefusalCode::DuplicateHeader, Fault::Joined));
    let long = claim("x", &format!("\"{}\"", "x".repeat(6100)));
    assert_eq!(refused(&with_payload(&long)), invalid(Fault::TooLong));
    let fits = claim("x", &format!("\"{}\"", "x".repeat(5900)));
    assert!(Token::parse(with_payload(&fits).as_bytes()).is_ok());
}

fn next_last_digit(part: &str) -> String {
    let (rest, last) = part.split_at(part.len() - 1);
    format!("{rest}{}", char::from(last.as_bytes()[0] + 1))
}

#[test]
fn any_other_bit_breaks_the_signature() {
    let text = with_payload(PAYLOAD);
    for at in 0..text.len() {
        let mut other = text.clone().into_bytes();
        other[at] ^= 1;
        assert!(!Token::parse(&other).is_ok_and(|token| token.is_signed_by(&key())), "{at}");
    }
}

#[test]
fn times_are_whole_seconds() {
    for name in ["exp", "nbf", "iat"] {
        for wrong in [
            "\"1767225900\"",
            "1767225900.0",
            "1767225900.5",
            "1.7672259e9",
            "-1",
            "-0",
            "null",
            "true",
            "[]",
            "{}",
            "1e99",
            "1000000000000",
            "99999999999999999999999",
        ] {
            let fault = refused(&with_payload(&claim(name, wrong)));
            assert_eq!(fault, invalid(Fault::Claim(name)), "{name} {wrong}");
        }
        assert!(Token::parse(with_payload(&claim(name, "999999999999")).as_bytes()).is_ok());
    }
    let without = PAYLOAD.replace(r#","exp":1767225900"#, "");
    assert_eq!(refused(&with_payload(&without)), invalid(Fault::NoExpiry));
    assert_eq!(refused(&with_payload("{}")), invalid(Fault::NoExpiry));
}

#[test]
fn claims_of_the_wrong_type_are_malformed_and_not_absent() {
    for name in ["iss", "sub", "jti"] {
        for wrong in ["1", "null", "true", "[\"a\"]", "{}", "\"\"", "\"a\\u0000\"", "\"a\\r\\nb\"", "\"\u{7f}\""] {
            assert_eq!(refused(&with_payload(&claim(name, wrong))), invalid(Fault::Claim(name)), "{name} {wrong}");
        }
    }
    for wrong in ["1", "null", "true", "{}", "\"\"", "[1]", "[\"orders\",1]", "[[\"orders\"]]", "[null]"] {
        assert_eq!(refused(&with_payload(&claim("aud", wrong))), invalid(Fault::Claim("aud")), "{wrong}");
    }
    let escaped = claim("\\u0073ub", "1");
    assert!(Token::parse(with_payload(&escaped).as_bytes()).is_err(), "a name is the same behind escapes");
}

fn check(payload: &str, now: u64, leeway: u64) -> Result<(), (RefusalCode, Fault)> {
    let text = with_payload(payload);
    let token = Token::parse(text.as_bytes()).expect(payload);
    token.claims().check(now, leeway, &["orders", "https://orders.example"], "https://issuer.example")
}

#[test]
fn a_token_holds_from_its_start_to_its_end() {
    let times = claim("nbf", "1767225595");
    let expired = |seconds_ago| Err((RefusalCode::TokenExpired, Fault::Expired { seconds_ago }));
    assert_eq!(check(&times, 1_767_225_899, 0), Ok(()));
    assert_eq!(check(&times, 1_767_225_900, 0), expired(0));
    assert_eq!(check(&times, 1_767_225_929, 30), Ok(()));
    assert_eq!(check(&times, 1_767_225_930, 30), expired(30));
    assert_eq!(check(&times, u64::MAX, u64::MAX), expired(u64::MAX - 1_767_225_900));
    assert_eq!(check(&times, 1_767_225_595, 0), Ok(()));
    assert_eq!(check(&times, 1_767_225_594, 0), Err(invalid(Fault::NotYet { in_seconds: 1 })));
    assert_eq!(check(&times, 1_767_225_594, 1), Ok(()));
    assert_eq!(check(PAYLOAD, 1_767_225_589, 0), Err(invalid(Fault::IssuedInFuture { in_seconds: 1 })));
    assert_eq!(check(PAYLOAD, 1_767_225_589, 1), Ok(()));
    assert_eq!(check(&claim("exp", "0"), 0, 0), expired(0));
}

#[test]
fn issuer_and_audience_match_exactly() {
    for audience in [r#""orders""#, r#"["orders"]"#, r#"["a","https:\/\/orders.example"]"#] {
        assert_eq!(check(&claim("aud", audience), NOW, 0), Ok(()), "{audience}");
    }
    for audience in
        [r#""Orders""#, r#""orders ""#, r#""order""#, r#""orders,billing""#, "[]", r#"["billing"]"#, r#"[""]"#]
    {
        assert_eq!(check(&claim("aud", audience), NOW, 0), Err(invalid(Fault::OtherAudience)), "{audience}");
    }
    let without = PAYLOAD.replace(r#""aud":"orders","#, "");
    assert_eq!(check(&without, NOW, 0), Err(invalid(Fault::NoAudience)));
    assert_eq!(check(&claim("iss", r#""https:\/\/issuer.example""#), NOW, 0), Ok(()));
    for issuer in ["https://issuer.example/", "HTTPS://issuer.example", "https://issuer.example.evil"] {
        let fault = check(&claim("iss", &format!("\"{issuer}\"")), NOW, 0);
        assert_eq!(fault, Err(invalid(Fault::OtherIssuer)), "{issuer}");
    }
    let without = PAYLOAD.replace(r#""iss":"https://issuer.example","#, "");
    assert_eq!(check(&without, NOW, 0), Err(invalid(Fault::NoIssuer)));
    let nobody: [&str; 0] = [];
    let text = with_payload(PAYLOAD);
    let token = Token::parse(text.as_bytes()).expect("good");
    assert!(token.claims().check(NOW, 0, &nobody, "https://issuer.example").is_err(), "no audience is no wildcard");
}

#[test]
fn other_claims_are_found_by_name_and_by_path() {
    let text = with_payload(&claim(
        "realm_access",
        r#"{"roles":["a","b\u0063"],"name":"x","n":7},"scope":" read  write ","https://example.com/tenant":"t","permissions":["p",1],"x.y":"whole""#,
    ));
    let token = Token::parse(text.as_bytes()).expect("good");
    let claims = token.claims();
    let wrong = Err(invalid(Fault::ConfiguredClaim));
    assert_eq!(claims.list_claim("realm_access.roles"), Ok(Some(vec!["a".into(), "bc".into()])));
    assert_eq!(claims.text_claim("realm_access.name"), Ok(Some("x".into())));
    assert_eq!(claims.text_claim("https://example.com/tenant"), Ok(Some("t".into())));
    assert_eq!(claims.text_claim("x.y"), Ok(Some("whole".into())));
    assert_eq!(claims.list_claim("scope"), Ok(Some(vec!["read".into(), "write".into()])));
    assert_eq!(claims.list_claim("permissions"), wrong);
    assert_eq!(claims.list_claim("realm_access"), wrong);
    assert_eq!(claims.list_claim("exp"), wrong);
    assert_eq!(claims.text_claim("realm_access.n"), wrong.map(|_: Option<Vec<_>>| None));
    for absent in ["", ".", "realm_access.", "realm_access.roles.0", "realm_access.none", "none", "sub.x"] {
        assert_eq!(claims.text_claim(absent), Ok(None), "{absent}");
        assert_eq!(claims.list_claim(absent), Ok(None), "{absent}");
    }
}

fn new_token() -> NewToken<'static> {
    NewToken {
        kind: "JWT",
        key_id: Some("1"),
        issuer: "billing",
        subject: "billing",
        audience: &["orders"],
        issued_at: NOW,
        not_before: None,
        expires: NOW + 300,
        id: Some("6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"),
        claims: None,
    }
}

#[test]
fn tokens_are_written_in_one_order() {
    let decoded = |text: &str, part: usize| {
        let part = text.split('.').nth(part).expect("three parts");
        String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("text")
    };
    let text = issue(&new_token(), &key()).expect("good");
    assert_eq!(decoded(&text, 0), r#"{"alg":"HS256","typ":"JWT","kid":"1"}"#);
    assert_eq!(
        decoded(&text, 1),
        r#"{"iss":"billing","sub":"billing","aud":"orders","iat":1767225600,"exp":1767225900,"jti":"6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"}"#
    );
    assert_eq!(issue(&new_token(), &key()), Ok(text));
    let more = NewToken {
        key_id: None,
        audience: &["a", "b\""],
        not_before: Some(NOW),
        id: None,
        claims: Some(" {\"z\":[1, 2],\"a\":{}} "),
        ..new_token()
    };
    let text = issue(&more, &edwards()).expect("good");
    assert_eq!(decoded(&text, 0), r#"{"alg":"EdDSA","typ":"JWT"}"#);
    assert_eq!(
        decoded(&text, 1),
        r#"{"iss":"billing","sub":"billing","aud":["a","b\""],"iat":1767225600,"nbf":1767225600,"exp":1767225900,"z":[1, 2],"a":{}}"#
    );
    assert!(Token::parse(text.as_bytes()).expect("good").is_signed_by(&edwards()));
    let none = NewToken { claims: Some("{ }"), ..new_token() };
    assert_eq!(issue(&none, &key()), issue(&new_token(), &key()));
}

#[test]
fn tokens_that_nobody_should_take_are_not_made() {
    let long = "x".repeat(513);
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(8000));
    for token in [
        NewToken { expires: NOW, ..new_token() },
        NewToken { audience: &[], ..new_token() },
        NewToken { audience: &[""], ..new_token() },
        NewToken { issuer: "", ..new_token() },
        NewToken { subject: "a\nb", ..new_token() },
        NewToken { subject: &long, ..new_token() },
        NewToken { key_id: Some(""), ..new_token() },
        NewToken { expires: 1_000_000_000_000, ..new_token() },
        NewToken { claims: Some("[]"), ..new_token() },
        NewToken { claims: Some(r#"{"a":1,"a":2}"#), ..new_token() },
        NewToken { claims: Some(r#"{"exp":9999999999}"#), ..new_token() },
        NewToken { claims: Some(r#"{"\u0065xp":9999999999}"#), ..new_token() },
        NewToken { claims: Some(&large), ..new_token() },
    ] {
        assert!(issue(&token, &key()).is_err());
    }
    let seed = "1b".repeat(32);
    let public = {
        let private = ed25519_dalek::SigningKey::from_bytes(&[0x1b; 32]);
        BoundKey::public(KeyAlgorithm::Ed25519, crate::mac::hex(private.verifying_key().as_bytes()).as_bytes())
    };
    assert!(issue(&new_token(), &public.expect("good")).is_err_and(|why| why.contains("verify")));
    assert!(issue(&new_token(), &BoundKey::private(KeyAlgorithm::Ed25519, seed.as_bytes()).expect("good")).is_ok());
}

#[test]
fn nothing_of_a_token_is_shown() {
    let text = with_payload(PAYLOAD);
    let token = Token::parse(text.as_bytes()).expect("good");
    let shown = format!("{token:?} {:?}", token.claims());
    assert!(!shown.contains("billing") && !shown.contains(&text[..20]), "{shown}");
}

#[test]
fn every_fault_has_a_sentence() {
    for fault in [
        Fault::Joined,
        Fault::Encrypted,
        Fault::Parts,
        Fault::Base64("header"),
        Fault::Header(JsonFault::SameMember),
        Fault::HeaderMember("kid"),
        Fault::AlgorithmNone,
        Fault::AlgorithmNotOffered,
        Fault::Extension("crit"),
        Fault::Claim("aud"),
        Fault::Claim("exp"),
        Fault::Claim("sub"),
        Fault::ConfiguredClaim,
        Fault::NoExpiry,
        Fault::Expired { seconds_ago: 7 },
        Fault::NotYet { in_seconds: 7 },
        Fault::IssuedInFuture { in_seconds: 7 },
        Fault::OtherIssuer,
        Fault::NoIssuer,
        Fault::OtherAudience,
        Fault::NoAudience,
    ] {
        let sentence = fault.sentence();
        assert!(sentence.len() > 20 && !sentence.ends_with('.'), "{sentence}");
    }
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = carried(&bytes);
        let _ = Token::parse(&bytes).map(|token| token.is_signed_by(&key()));
    }

    #[test]
    fn any_header_and_payload_have_an_answer(header in ".{0,60}", payload in ".{0,200}") {
        let _ = Token::parse(with_header(&header).as_bytes());
        let _ = Token::parse(with_payload(&payload).as_bytes());
    }

    #[test]
    fn what_is_issued_is_read(
        subject in "[^\\x00-\\x1f\\x7f-\\x9f]{1,100}",
        id in proptest::option::of("[a-z\"\\\\/é]{1,30}"),
        audience in proptest::collection::vec("[ -~]{1,20}", 1..4),
        claim in any::<String>(),
    ) {
        let audience: Vec<&str> = audience.iter().map(String::as_str).collect();
        let claims = serde_json::json!({ "x": &claim }).to_string();
        let token = NewToken {
            subject: &subject,
            audience: &audience,
            id: id.as_deref(),
            claims: Some(&claims),
            ..new_token()
        };
        let text = issue(&token, &key()).expect("good");
        let read = Token::parse(text.as_bytes()).expect("good");
        prop_assert!(read.is_signed_by(&key()));
        prop_assert_eq!(read.claims().subject(), Some(&*subject));
        prop_assert_eq!(read.claims().id(), id.as_deref());
        prop_assert_eq!(read.claims().text_claim("x"), Ok(Some(claim.into())));
        for one in &audience {
            prop_assert_eq!(read.claims().check(NOW, 0, &[one], "billing"), Ok(()));
        }
    }
}
