//! What is signed verifies, what is changed does not, and each refusal stands beside its success.

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::{Digest, Sha256, Sha512};

use super::*;
use crate::refusal::RefusalCode;
use crate::request::Head;
use crate::standard::{BodyDigests, Wanted};

const NOW: u64 = 1_767_225_600;
const NONCE: &str = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
const BODY: &[u8] = br#"{"invoice":7}"#;

fn tag(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn old_tag(message: &[u8]) -> Option<Vec<u8>> {
    Some(tag(b"old", message))
}

fn new_tag(message: &[u8]) -> Option<Vec<u8>> {
    Some(tag(b"new", message))
}

const OLD: SigningKey<'_> = SigningKey { keyid: "billing/old", algorithm: "hmac-sha256", sign: &old_tag };
const NEW: SigningKey<'_> = SigningKey { keyid: "billing/new", algorithm: "hmac-sha256", sign: &new_tag };

fn digests(body: &[u8]) -> BodyDigests {
    BodyDigests { sha256: Some(Sha256::digest(body).into()), sha512: Some(Sha512::digest(body).into()) }
}

/// A request that can be changed.
#[derive(Clone, Debug)]
struct Sent {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn new(body: &[u8]) -> Self {
        let headers = [("Host", "orders.example"), ("Content-Type", "application/json"), ("X-Trace", "a")];
        Self {
            method: "POST".into(),
            target: "/invoices?draft=1".into(),
            headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
            body: body.into(),
        }
    }

    fn head(&self) -> Head<'_, Vec<(String, String)>> {
        Head::new(self.method.as_bytes(), self.target.as_bytes(), &self.headers)
    }

    fn signed(mut self, policy: &Policy, keys: &[SigningKey<'_>]) -> Self {
        let signed = sign(policy, &self.head(), &self.body, keys, NOW, NONCE).unwrap();
        self.set_all(&signed);
        self
    }

    fn set_all(&mut self, signed: &Signed) {
        signed.headers().for_each(|(name, value)| self.set(name, value));
    }

    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
    }

    fn get(&self, name: &str) -> &str {
        &self.headers.iter().find(|(known, _)| known == name).expect("the header is there").1
    }

    fn replace(mut self, name: &str, from: &str, to: &str) -> Self {
        let value = self.get(name).to_owned();
        assert!(value.contains(from), "{value}");
        self.set(name, &value.replacen(from, to, 1));
        self
    }

    /// Signs a given `Signature-Input`, whatever it says.
    fn with_input(mut self, input: &str) -> Self {
        self.set("Signature-Input", input);
        self.set("Signature", &format!("{}=:AAAA:", input.split('=').next().unwrap()));
        self
    }

    fn claims(&self, policy: &Policy) -> Result<Vec<Claim>, Refused> {
        let head = self.head();
        let request = Request::new(&head, policy.url_scheme())?;
        claims(policy, Message::Request(&request))
    }

    fn fault(&self, policy: &Policy) -> Option<Fault> {
        self.claims(policy).err().map(|(_, fault)| fault)
    }

    /// Whether one of the signatures holds, and the body is the one that it covers.
    fn holds(&self, policy: &Policy) -> bool {
        let is_right = |claim: &Claim| {
            let key: &[u8] = if claim.keyid() == OLD.keyid { b"old" } else { b"new" };
            claim.signature() == tag(key, claim.base())
                && claim.check_body(self.body.len() as u64, &digests(&self.body)).is_ok()
        };
        self.claims(policy).is_ok_and(|claims| claims.iter().any(is_right))
    }
}

fn ours() -> Policy {
    Policy::new(PolicySettings::default(), Side::Request).unwrap()
}

fn covering(covered: &[&str]) -> Policy {
    Policy::new(PolicySettings { covered: Some(covered), ..PolicySettings::default() }, Side::Request).unwrap()
}

#[test]
fn a_request_is_signed_by_our_profile() {
    let sent = Sent::new(BODY).signed(&ours(), &[OLD]);
    let parameters =
        r#";created=1767225600;keyid="billing/old";alg="hmac-sha256";nonce="bxw_CmpVTI-dOw0PXBybEQ";tag="wiresign""#;
    let covered = r#""@method" "@authority" "@path" "@query" "content-digest""#;
    assert_eq!(sent.get("Signature-Input"), format!("wiresign=({covered}){parameters}"));
    let claims = sent.claims(&ours()).unwrap();
    let [claim] = &*claims else { panic!("one signature") };
    assert_eq!(
        str::from_utf8(claim.base()).unwrap(),
        format!(
            "\"@method\": POST\n\"@authority\": orders.example\n\"@path\": /invoices\n\"@query\": ?draft=1\n\
             \"content-digest\": {}\n\"@signature-params\": ({covered}){parameters}",
            sent.get("Content-Digest")
        )
    );
    assert_eq!((claim.label(), claim.keyid()), ("wiresign", "billing/old"));
    assert_eq!((claim.created, claim.expires, claim.nonce()), (Some(NOW), None, Some("bxw_CmpVTI-dOw0PXBybEQ")));
    assert_eq!(claim.covered(), covered);
    assert_eq!(claim.wanted_digests(), Wanted { sha256: true, sha512: false });
    assert!(sent.holds(&ours()));
}

#[test]
fn a_request_without_a_body_covers_no_digest() {
    let sent = Sent::new(b"").signed(&ours(), &[OLD]);
    assert!(!sent.headers.iter().any(|(name, _)| name == "Content-Digest"));
    assert!(sent.holds(&ours()));
    let with_body = Sent { body: BODY.into(), ..sent.clone() };
    let claim = &with_body.claims(&ours()).unwrap()[0];
    let refused = claim.check_body(BODY.len() as u64, &digests(BODY)).err();
    assert_eq!(refused, Some((RefusalCode::InsufficientCoverage, Fault::BodyNotCovered)));
    // A digest that is there and not covered does not count.
    let mut with_digest = with_body;
    with_digest.set("Content-Digest", &digest::write(BODY));
    assert!(!with_digest.holds(&ours()));
    // Where the policy does not ask for it, the body is not looked at.
    let loose = covering(&["@method", "@authority", "@path", "@query"]);
    assert!(with_digest.holds(&loose));
}

#[test]
fn other_nonces_are_signed_as_they_are() {
    let sent = Sent::new(BODY);
    let nonce_of = |nonce: &str| {
        let signed = sign(&ours(), &sent.head(), BODY, &[OLD], NOW, nonce).unwrap();
        let mut sent = sent.clone();
        sent.set_all(&signed);
        sent.claims(&ours()).map(|claims| claims[0].nonce().map(str::to_owned))
    };
    assert_eq!(nonce_of("0123456789abcdef").unwrap().as_deref(), Some("0123456789abcdef"));
    let almost = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b1g";
    assert_eq!(nonce_of(almost).unwrap().as_deref(), Some(almost));
    assert_eq!(nonce_of("short").err(), Some((RefusalCode::InvalidNonce, Fault::Nonce)));
    assert_eq!(sign(&ours(), &sent.head(), BODY, &[OLD], NOW, "a\"b"), Err(Fault::ParameterText));
}

#[test]
fn while_keys_rotate_both_sign() {
    let sent = Sent::new(BODY).signed(&ours(), &[OLD, NEW]);
    let claims = sent.claims(&ours()).unwrap();
    let keys: Vec<_> = claims.iter().map(|claim| (claim.label(), claim.keyid())).collect();
    assert_eq!(keys, [("wiresign", "billing/old"), ("wiresign-2", "billing/new")]);
    assert!(claims.iter().all(|claim| claim.nonce() == claims[0].nonce()));
    assert!(claims.iter().all(|claim| claim.signature() == tag(&claim.keyid().as_bytes()[8..], claim.base())));
    // One that is damaged does not harm the other.
    let sent = sent.replace("Signature-Input", ";created=1767225600", "");
    assert_eq!(sent.claims(&ours()).unwrap().len(), 1);
    assert!(sent.holds(&ours()));
}

#[test]
fn signatures_that_are_not_chosen_are_passed_over() {
    let sent = Sent::new(BODY).signed(&ours(), &[OLD]);
    let (input, signature) = (sent.get("Signature-Input").to_owned(), sent.get("Signature").to_owned());
    for other in ["x=()", "x=(\"@nothing\" \"X\");tag=5", "x=5", "x", "x=(\"@method\");tag=\"other\""] {
        let mut both = sent.clone();
        both.set("Signature-Input", &format!("{other}, {input}"));
        both.set("Signature", &format!("{signature}, x=:AAAA:"));
        assert!(both.holds(&ours()), "{other}");
    }
    // Two lines are one dictionary.
    let mut lines = sent.clone();
    lines.headers.push(("signature-input".into(), "x=(\"@method\");tag=\"other\"".into()));
    lines.headers.push(("signature".into(), "x=:AAAA:".into()));
    assert!(lines.holds(&ours()));

    let labelled = |label| {
        let settings = PolicySettings { label: Some(label), ..PolicySettings::default() };
        Policy::new(settings, Side::Request).unwrap()
    };
    assert!(sent.holds(&labelled("wiresign")));
    assert_eq!(sent.fault(&labelled("other")), Some(Fault::NoneChosen));
    assert_eq!(
        sent.clone().replace("Signature-Input", "tag=\"wiresign\"", "tag=\"x\"").fault(&ours()),
        Some(Fault::NoneChosen)
    );
    assert_eq!(sent.replace("Signature-Input", ";tag=\"wiresign\"", "").fault(&ours()), Some(Fault::NoneChosen));
}

#[test]
fn the_headers_of_a_signature_come_together() {
    let sent = Sent::new(BODY).signed(&ours(), &[OLD]);
    let without = |name: &str| {
        let mut sent = sent.clone();
        sent.headers.retain(|(known, _)| known != name);
        sent.claims(&ours()).err()
    };
    assert_eq!(without("Signature"), Some((RefusalCode::MissingSignature, Fault::AbsentSignature)));
    assert_eq!(without("Signature-Input"), Some((RefusalCode::MalformedSignature, Fault::AbsentInput)));
    let renamed = sent.clone().replace("Signature", "wiresign=", "other=");
    assert_eq!(renamed.claims(&ours()).err(), Some((RefusalCode::MissingSignature, Fault::AbsentSignature)));
}

#[test]
fn repeated_and_malformed_headers_are_refused() {
    use RefusalCode as Code;
    let sent = Sent::new(BODY).signed(&ours(), &[OLD]);
    let with = |name: &str, value: &str| {
        let mut sent = sent.clone();
        sent.set(name, value);
        sent.claims(&ours()).err()
    };
    let (input, signature) = (sent.get("Signature-Input"), sent.get("Signature"));
    let repeated = Some((Code::DuplicateHeader, Fault::RepeatedLabel));
    assert_eq!(with("Signature-Input", &format!("{input}, {input}")), repeated);
    assert_eq!(with("Signature", &format!("{signature}, {signature}")), repeated);
    let many = |member: &str| (0..9).map(|at| format!("a{at}={member}")).collect::<Vec<_>>().join(", ");
    let too_many = Some((Code::MalformedSignature, Fault::TooManySignatures));
    assert_eq!(with("Signature-Input", &many("()")), too_many);
    assert_eq!(with("Signature", &many("::")), too_many);
    for bad in ["", "=", "wiresign=(", "wiresign=(\"@method\"", "WIRESIGN=()", "wiresign=(\"\u{e9}\")", "a=(), "] {
        let refused = with("Signature-Input", bad);
        let expected = if bad.is_empty() {
            (Code::SchemeNotAccepted, Fault::NoneChosen)
        } else {
            (Code::MalformedSignature, Fault::InputForm)
        };
        assert_eq!(refused, Some(expected), "{bad}");
    }
    let text = signature.split(':').nth(1).unwrap();
    let malformed = Some((Code::MalformedSignature, Fault::SignatureForm));
    for bad in [
        "wiresign=\"AAAA\"",
        "wiresign",
        "wiresign=5",
        "wiresign=(:AAAA:)",
        "wiresign=:AAAA:;a",
        "wiresign=:_-Ah:",
        "wiresign=:AAAA",
    ] {
        assert_eq!(with("Signature", bad), malformed, "{bad}");
    }
    let other_text = Some((Code::MalformedSignature, Fault::SignatureText));
    for bad in ["", text.trim_end_matches('='), &format!("{text}="), &text.replace("=", "")] {
        let refused = with("Signature", &format!("wiresign=:{bad}:"));
        assert!(refused == other_text || refused == malformed, "{bad}: {refused:?}");
    }
    // 32 bytes leave two bits over, which must be zero.
    let last = text.as_bytes()[text.len() - 2];
    let other = format!("{}{}=", &text[..text.len() - 2], char::from(last + 1));
    assert_eq!(with("Signature", &format!("wiresign=:{other}:")), other_text);
}

/// An integer of structured fields is one to fifteen digits, zeros before it allowed (RFC 9651, section 3.3.1). What is signed
/// is its one canonical form (section 4.1.4), so a spelling that was changed on the way is nothing that was signed, and means the same.
#[test]
fn zeros_before_a_time_are_allowed_and_not_signed() {
    let sent = Sent::new(BODY).signed(&ours(), &[OLD]);
    let zeros = sent.clone().replace("Signature-Input", "created=", "created=00");
    let (plain, zeros) = (sent.claims(&ours()).unwrap().remove(0), zeros.claims(&ours()).unwrap().remove(0));
    assert_eq!((plain.created, zeros.created), (Some(NOW), Some(NOW)));
    assert_eq!(plain.base(), zeros.base());
    let long = sent.replace("Signature-Input", "created=", "created=000000");
    assert_eq!(long.fault(&ours()), Some(Fault::InputForm), "sixteen digits are no integer");
}

#[test]
fn the_parameters_of_a_signature_are_strict() {
    use RefusalCode as Code;
    let sent = Sent::new(BODY).signed(&ours(), &[OLD]);
    for (from, to, code, fault) in [
        (";created=1767225600", "", Code::MissingTimestamp, Fault::AbsentCreated),
        ("created=1767225600", "created=-1", Code::InvalidTimestamp, Fault::Time),
        ("created=1767225600", "created=1000000000000", Code::InvalidTimestamp, Fault::Time),
        ("created=1767225600", "created", Code::MalformedSignature, Fault::ParameterType),
        ("created=1767225600", "created=\"1767225600\"", Code::MalformedSignature, Fault::ParameterType),
        ("created=1767225600", "created=1767225600.0", Code::MalformedSignature, Fault::ParameterType),
        ("created=1767225600", "created=@1767225600", Code::MalformedSignature, Fault::ParameterType),
        (";created", ";created=5;created", Code::MalformedSignature, Fault::RepeatedParameter),
        (";created", ";expires=x;created", Code::MalformedSignature, Fault::ParameterType),
        (";keyid=\"billing/old\"", "", Code::MissingServiceId, Fault::AbsentKeyId),
        ("\"billing/old\"", "billing/old", Code::MalformedSignature, Fault::ParameterType),
        ("\"billing/old\"", "\"\"", Code::MalformedSignature, Fault::ParameterText),
        ("\"billing/old\"", "\"billing\\\"/old\"", Code::MalformedSignature, Fault::ParameterText),
        (";nonce=\"bxw_CmpVTI-dOw0PXBybEQ\"", "", Code::MissingNonce, Fault::AbsentNonce),
        ("bxw_CmpVTI-dOw0PXBybEQ", "bxw/CmpVTI-dOw0PXBybEQ", Code::InvalidNonce, Fault::Nonce),
        ("bxw_CmpVTI-dOw0PXBybEQ", "short", Code::InvalidNonce, Fault::Nonce),
        (";alg=\"hmac-sha256\"", ";alg=5", Code::MalformedSignature, Fault::ParameterType),
        (";tag", ";x;x;tag", Code::MalformedSignature, Fault::RepeatedParameter),
    ] {
        let refused = sent.clone().replace("Signature-Input", from, to).claims(&ours()).err();
        assert_eq!(refused, Some((code, fault)), "{from} -> {to}");
    }
    // What is not known is signed, too.
    let more = sent.clone().replace("Signature-Input", ";tag", ";x=1.50;y=?0;z;created-by=abc;tag");
    let base = String::from_utf8(more.claims(&ours()).unwrap()[0].base().to_vec()).unwrap();
    assert!(base.ends_with(";x=1.5;y=?0;z;created-by=abc;tag=\"wiresign\""), "{base}");
    let names = |count: usize| (0..count).fold(String::new(), |names, at| names + &format!(";p{at}"));
    let with = |count| sent.clone().replace("Signature-Input", ";tag", &(names(count) + ";tag"));
    assert!(with(11).claims(&ours()).is_ok());
    assert_eq!(with(12).fault(&ours()), Some(Fault::TooManyParameters));
}

#[test]
fn created_may_be_optional_by_policy() {
    let settings =
        PolicySettings { needs_created: Some(false), covered: Some(&["@method"]), ..PolicySettings::default() };
    let policy = Policy::new(settings, Side::Request).unwrap();
    let sent = Sent::new(b"").with_input("a=(\"@method\");keyid=\"k\"");
    assert_eq!(sent.claims(&policy).unwrap()[0].created, None);
    assert_eq!(sent.fault(&covering(&["@method"])), Some(Fault::AbsentCreated));
}

#[test]
fn the_policy_says_what_must_be_covered() {
    let sent = Sent::new(b"");
    let covers = |covered: &str, policy: &[&str]| {
        let sent = sent.clone().with_input(&format!("a=({covered});created=1;keyid=\"k\""));
        sent.claims(&covering(policy)).map(|claims| claims.len()).map_err(|(_, fault)| fault)
    };
    let target = ["@method", "@authority", "@path", "@query"];
    let too_little = Err(Fault::TooLittleCovered);
    assert_eq!(covers("\"@method\" \"@authority\" \"@path\" \"@query\"", &target), Ok(1));
    assert_eq!(covers("\"@query\" \"@path\" \"x-trace\" \"@authority\" \"@method\"", &target), Ok(1));
    assert_eq!(covers("\"@method\" \"@target-uri\"", &target), Ok(1));
    assert_eq!(covers("\"@method\" \"@request-target\" \"@authority\"", &target), Ok(1));
    assert_eq!(covers("\"@authority\" \"@path\" \"@query\"", &target), too_little);
    assert_eq!(covers("\"@method\" \"@path\" \"@query\"", &target), too_little);
    assert_eq!(covers("\"@method\" \"@request-target\"", &target), too_little);
    assert_eq!(covers("\"@method\" \"@authority\" \"@path\" \"@query-param\";name=\"draft\"", &target), too_little);
    assert_eq!(covers("", &target), Err(Fault::NothingCovered));
    assert_eq!(covers("\"@method\"", &["@method", "x-trace"]), too_little);
    assert_eq!(covers("\"@method\" \"x-trace\"", &["@method", "x-trace"]), Ok(1));
    assert_eq!(covers("\"@method\" \"x-trace\";bs", &["@method", "x-trace"]), Ok(1));
    assert_eq!(covers("\"content-type\";sf", &["content-type"]), Ok(1));
    assert_eq!(covers("\"x-trace\";key=\"a\"", &["x-trace"]), too_little);
    assert_eq!(covers("\"x-trace\"", &["\"x-trace\";key=\"a\""]), Ok(1));
    assert_eq!(covers("\"x-trace\";key=\"a\"", &["\"x-trace\";key=\"a\""]), Ok(1));
    assert_eq!(covers("\"x-trace\"", &["\"x-trace\";bs"]), too_little);
    assert_eq!(covers("\"@query\"", &["\"@query-param\";name=\"draft\""]), Ok(1));
    assert_eq!(covers("\"@query-param\";name=\"draft\"", &["\"@query-param\";name=\"draft\""]), Ok(1));
    assert_eq!(covers("\"@path\"", &["\"@query-param\";name=\"draft\""]), too_little);
}

#[test]
fn a_policy_that_makes_no_sense_is_refused() {
    let settings = PolicySettings::default();
    let is_fine = |settings, side| Policy::new(settings, side).is_ok();
    assert!(is_fine(settings, Side::Request) && is_fine(settings, Side::Response));
    for covered in [
        &[][..],
        &[""],
        &["@nothing"],
        &["@signature-params"],
        &["@status"],
        &["Content-Type"],
        &["a b"],
        &["a\" \"b"],
        &["@method", "@method"],
        &["@query-param"],
        &["\"@method\";req"],
        &["\"a\";sf;bs"],
        &["\"a\";tr"],
        &["\"a\";sf=?0"],
        &["\"a\";key=b"],
        &["\"a\" \"b\""],
    ] {
        let settings = PolicySettings { covered: Some(covered), ..settings };
        assert!(!is_fine(settings, Side::Request), "{covered:?}");
    }
    for covered in [&["@method"][..], &["\"@status\";req"], &["\"@query-param\";name=\"a\""]] {
        let settings = PolicySettings { covered: Some(covered), ..settings };
        assert!(!is_fine(settings, Side::Response), "{covered:?}");
    }
    assert!(!is_fine(PolicySettings { tag: Some("a\"b"), ..settings }, Side::Request));
    assert!(!is_fine(PolicySettings { tag: Some(""), ..settings }, Side::Request));
    assert!(!is_fine(PolicySettings { label: Some("A"), ..settings }, Side::Request));
    let called = PolicySettings { authorities: Some(&["orders.internal", "[::1]:8443", "Orders:"]), ..settings };
    assert!(is_fine(called, Side::Request));
    for bad in ["", "https://orders.internal", "orders/", "*.internal", "a b", ":8443", "orders:port"] {
        let authorities = ["orders.internal", bad];
        let called = PolicySettings { authorities: Some(&authorities), ..PolicySettings::default() };
        assert!(Policy::new(called, Side::Request).is_err(), "{bad}");
    }
    assert!(!is_fine(PolicySettings { covered: Some(&["@method", "@path"]), ..called }, Side::Request));
    assert!(is_fine(PolicySettings { covered: Some(&["@target-uri"]), ..called }, Side::Request));
    assert!(!is_fine(PolicySettings { url_scheme: Some("ftp"), ..settings }, Side::Request));
    assert!(is_fine(
        PolicySettings { url_scheme: Some("http"), label: Some("a"), tag: Some("b c"), ..settings },
        Side::Request
    ));
    let coverage = covering(&["@method", "@target-uri", "content-digest"]).coverage();
    assert!(coverage.method && coverage.authority && coverage.path && coverage.query && coverage.body);
    let coverage = covering(&["@authority"]).coverage();
    assert!(coverage.authority && !coverage.method && !coverage.path && !coverage.query && !coverage.body);
}

/// The line of the base for one component of a request.
fn line(target: &str, headers: &[(&str, &str)], component: &str) -> Result<String, Fault> {
    let head = Head::new(b"GET", target.as_bytes(), headers);
    let request = Request::new(&head, "https")?;
    line_of(Message::Request(&request), component)
}

fn line_of(message: Message<'_, '_>, component: &str) -> Result<String, Fault> {
    let text = format!("a=({component})");
    let inputs = input::Inputs::parse(text.as_bytes())?;
    let input = &inputs.inputs[0];
    if let Some(fault) = input.fault {
        return Err(fault);
    }
    let base = base::write(message, &inputs, input, &mut base::Budget::new())?;
    let base = String::from_utf8(base).unwrap();
    let (line, _) = base.split_once("\n\"@signature-params\": ").expect("two lines");
    Ok(line.strip_prefix(component).and_then(|line| line.strip_prefix(": ")).expect("the identifier").to_owned())
}

#[test]
fn derived_components_have_one_value() {
    let host = [("Host", "WWW.example.com:443")];
    let value = |target, component| line(target, &host, component).unwrap();
    assert_eq!(value("/path?param=value", "\"@method\""), "GET");
    assert_eq!(value("/path?param=value", "\"@target-uri\""), "https://www.example.com/path?param=value");
    assert_eq!(value("/path?param=value", "\"@authority\""), "www.example.com");
    assert_eq!(value("/path?param=value", "\"@scheme\""), "https");
    assert_eq!(value("/path?param=value", "\"@request-target\""), "/path?param=value");
    assert_eq!(value("/path?param=value", "\"@path\""), "/path");
    assert_eq!(value("/path?param=value&foo=bar&baz=batman", "\"@query\""), "?param=value&foo=bar&baz=batman");
    assert_eq!(value("/path?queryString", "\"@query\""), "?queryString");
    assert_eq!(value("/path", "\"@query\""), "?");
    assert_eq!(value("/path?", "\"@query\""), "?");
    assert_eq!(value("/path?", "\"@request-target\""), "/path?");
    assert_eq!(value("/a%2fb/", "\"@path\""), "/a%2fb/");
    assert_eq!(value("/p?Pet=dog", "\"@query-param\";name=\"Pet\""), "dog");
    assert_eq!(value("*", "\"@target-uri\""), "https://www.example.com");
    assert_eq!(value("*", "\"@path\""), "*");
}

#[test]
fn header_fields_are_covered_as_the_rfc_shows() {
    let headers = [
        ("Host", "www.example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("X-OWS-Header", "   Leading and trailing whitespace.   "),
        ("Cache-Control", "max-age=60"),
        ("X-Empty-Header", ""),
        ("Cache-Control", "   must-revalidate"),
        ("Example-Dict", " a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
        ("Example-Dict", "d"),
        ("Example-Header", "value, with, lots"),
        ("Example-Header", "of, commas"),
        ("Priority", "u=03,  i"),
        ("X-Latin", "caf\u{e9}"),
    ];
    let value = |component| line("/", &headers, component);
    for (component, wanted) in [
        ("\"x-ows-header\"", "Leading and trailing whitespace."),
        ("\"cache-control\"", "max-age=60, must-revalidate"),
        ("\"x-empty-header\"", ""),
        ("\"example-dict\"", "a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
        ("\"cache-control\";sf", "max-age=60, must-revalidate"),
        ("\"example-dict\";key=\"a\"", "1"),
        ("\"example-dict\";key=\"d\"", "?1"),
        ("\"example-dict\";key=\"b\"", "2;x=1;y=2"),
        ("\"example-dict\";key=\"c\"", "(a b c)"),
        ("\"example-dict\";sf;key=\"c\"", "(a b c)"),
        ("\"example-header\";bs", ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"),
        ("\"priority\";sf", "u=3, i"),
        ("\"x-latin\";bs", ":Y2Fmw6k=:"),
    ] {
        assert_eq!(value(component).as_deref(), Ok(wanted), "{component}");
    }
    for (component, fault) in [
        ("\"x-none\"", Fault::AbsentField),
        ("\"x-none\";sf", Fault::AbsentField),
        ("\"x-none\";bs", Fault::AbsentField),
        ("\"x-none\";key=\"a\"", Fault::AbsentField),
        ("\"example-dict\";key=\"e\"", Fault::AbsentMember),
        ("\"example-dict\";key=\"\\\"\"", Fault::ComponentParameter),
        ("\"example-dict\";key=a", Fault::ComponentParameter),
        ("\"example-dict\";key=\"a\";bs", Fault::ComponentCombination),
        ("\"example-dict\";sf;bs", Fault::ComponentCombination),
        ("\"example-dict\";name=\"a\"", Fault::ComponentCombination),
        ("\"example-dict\";foo", Fault::ComponentParameter),
        ("\"example-dict\";sf=?0", Fault::ComponentParameter),
        ("\"example-dict\";sf;sf", Fault::RepeatedParameter),
        ("\"example-dict\";tr", Fault::Trailer),
        ("\"example-dict\";req", Fault::RequestComponent),
        ("\"example-dict\";sf", Fault::FieldType),
        ("\"date\";key=\"a\"", Fault::FieldForm),
        ("\"x-latin\"", Fault::FieldBytes),
        ("\"Date\"", Fault::ComponentName),
        ("\"\"", Fault::ComponentName),
        ("\"a b\"", Fault::ComponentName),
        ("date", Fault::ComponentName),
        ("5", Fault::ComponentName),
        ("\"@unknown\"", Fault::ComponentName),
        ("\"@signature-params\"", Fault::ComponentName),
        ("\"@query-params\"", Fault::ComponentName),
        ("\"@status\"", Fault::StatusOfRequest),
        ("\"@method\";sf", Fault::ComponentCombination),
        ("\"@method\";req", Fault::RequestComponent),
        ("\"@method\";name=\"a\"", Fault::ComponentCombination),
        ("\"@query-param\"", Fault::ComponentCombination),
        ("\"@query-param\";name=\"a\"", Fault::AbsentQueryParameter),
        ("\"date\" \"date\"", Fault::RepeatedComponent),
        ("\"example-dict\";sf;key=\"a\" \"example-dict\";key=\"a\";sf", Fault::RepeatedComponent),
    ] {
        assert_eq!(value(component), Err(fault), "{component}");
    }
}

#[test]
fn values_with_line_breaks_are_refused() {
    for value in ["a\nb", "a\rb", "a\0b", "a\x7fb"] {
        assert_eq!(line("/", &[("X-A", value)], "\"x-a\""), Err(Fault::FieldBytes), "{value:?}");
        assert!(line("/", &[("X-A", value)], "\"x-a\";bs").is_ok());
    }
    assert_eq!(line("/", &[("X-A", "a\tb")], "\"x-a\"").as_deref(), Ok("a\tb"));
}

#[test]
fn what_is_covered_is_bounded() {
    let components = |count: usize| (0..count).map(|at| format!("\"x{at}\"")).collect::<Vec<_>>().join(" ");
    let input = |count: usize| format!("a=({});created=1;keyid=\"k\"", components(count));
    let mut sent = Sent::new(b"");
    (0..40).for_each(|at| sent.headers.push((format!("X{at}"), "v".into())));
    assert!(sent.clone().with_input(&input(32)).claims(&covering(&["x0"])).is_ok());
    assert_eq!(sent.with_input(&input(33)).fault(&covering(&["x0"])), Some(Fault::TooManyComponents));

    let mut sent = Sent::new(b"");
    sent.headers.push(("X".into(), "v".repeat(60_000)));
    let keys = (0..10).map(|at| format!("\"x\";key=\"a{at}\"")).collect::<Vec<_>>();
    let inputs = |count: usize| {
        (0..count).map(|at| format!("s{at}=(\"x\" \"x\";bs);created=1;keyid=\"k\"")).collect::<Vec<_>>().join(", ")
    };
    sent.set("Signature-Input", &inputs(8));
    sent.set("Signature", &(0..8).map(|at| format!("s{at}=:AAAA:")).collect::<Vec<_>>().join(", "));
    assert!(keys.len() == 10 && sent.claims(&covering(&["x"])).unwrap().len() < 8);
}

fn response_policy() -> Policy {
    Policy::new(PolicySettings::default(), Side::Response).unwrap()
}

#[test]
fn a_response_is_bound_to_its_request() {
    let request = Sent::new(BODY).signed(&ours(), &[OLD]);
    let policy = response_policy();
    let (headers, body) = ([("Content-Type", "text/plain")], b"done");
    let signed = sign_response(&policy, (200, &headers, body), &request.head(), &[NEW], NOW).unwrap();
    let response: Vec<(&str, &str)> = headers.into_iter().chain(signed.headers()).collect();
    let judge = |status, request: &Sent, body: &[u8]| {
        let claims = response_claims(&policy, (status, &response), &request.head())?;
        let is_right = claims[0].signature() == tag(b"new", claims[0].base());
        claims[0].check_body(body.len() as u64, &digests(body))?;
        Ok::<bool, Refused>(is_right)
    };
    assert_eq!(judge(200, &request, body), Ok(true));
    assert_eq!(judge(201, &request, body), Ok(false));
    assert_eq!(judge(200, &request, b"other"), Err((RefusalCode::DigestMismatch, Fault::Digest)));
    let other = Sent { target: "/invoices?draft=2".into(), ..request.clone() };
    assert_eq!(judge(200, &other, body), Ok(false));
    let other = Sent::new(b"another body").signed(&ours(), &[OLD]);
    assert_eq!(judge(200, &other, body), Ok(false));
    assert_eq!(judge(200, &Sent::new(BODY), body), Err((RefusalCode::InsufficientCoverage, Fault::AbsentField)));
    // A response has the components of requests by its request only.
    let head = request.head();
    let (asked, answer) = (Request::new(&head, "https").unwrap(), Response::new(404, &response).unwrap());
    let message = Message::Response { response: &answer, request: &asked };
    assert_eq!(line_of(message, "\"@status\"").as_deref(), Ok("404"));
    assert_eq!(line_of(message, "\"@path\";req").as_deref(), Ok("/invoices"));
    assert_eq!(line_of(message, "\"@query-param\";req;name=\"draft\"").as_deref(), Ok("1"));
    assert_eq!(line_of(message, "\"x-trace\";req").as_deref(), Ok("a"));
    for (component, fault) in [
        ("\"@path\"", Fault::DerivedOfResponse),
        ("\"@query-param\";name=\"draft\"", Fault::DerivedOfResponse),
        ("\"@status\";req", Fault::StatusOfRequest),
        ("\"x-trace\"", Fault::AbsentField),
    ] {
        assert_eq!(line_of(message, component), Err(fault), "{component}");
    }
}

#[test]
fn cookies_are_covered_line_by_line() {
    let request = Sent::new(b"");
    let head = request.head();
    let asked = Request::new(&head, "https").unwrap();
    let value = |headers: &[(&str, &str)], component| {
        let answer = Response::new(200, headers).unwrap();
        line_of(Message::Response { response: &answer, request: &asked }, component)
    };
    let two = [("Set-Cookie", "a=1"), ("set-cookie", "b=2")];
    assert_eq!(value(&two, "\"set-cookie\";bs").as_deref(), Ok(":YT0x:, :Yj0y:"));
    assert_eq!(value(&two, "\"set-cookie\""), Err(Fault::SetCookie));
    assert_eq!(value(&two[..1], "\"set-cookie\"").as_deref(), Ok("a=1"));
}

#[test]
fn what_is_asked_for_is_signed() {
    let policy = ours();
    let asked = ask(&policy);
    assert_eq!(
        asked,
        "wiresign=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");created;tag=\"wiresign\""
    );
    let asked = Asked::read(&[("Accept-Signature", &*asked)]).unwrap();
    let mut sent = Sent::new(BODY);
    let nonce = "0123456789abcdef";
    let signed = asked[0].sign("https", &sent.head(), BODY, &[OLD], NOW, Some(nonce)).unwrap();
    sent.set_all(&signed);
    assert!(sent.holds(&policy));

    let header = "sig1=(\"@method\" \"@target-uri\" \"@authority\" \"content-digest\" \"x-trace\");\
                  keyid=\"billing/new\";created;expires;nonce=\"n\";tag=\"app-123\"";
    let asked = Asked::read(&[("Accept-Signature", header)]).unwrap();
    let mut sent = Sent::new(BODY);
    let signed = asked[0].sign("https", &sent.head(), BODY, &[OLD, NEW], NOW, Some(nonce)).unwrap();
    sent.set_all(&signed);
    assert_eq!(
        sent.get("Signature-Input"),
        "sig1=(\"@method\" \"@target-uri\" \"@authority\" \"content-digest\" \"x-trace\");created=1767225600;\
         expires=1767225900;keyid=\"billing/new\";alg=\"hmac-sha256\";nonce=\"n\";tag=\"app-123\""
    );
    assert!(sent.holds(&covering(&["@method", "@target-uri", "content-digest"])));
    assert_eq!(asked[0].sign("https", &sent.head(), BODY, &[OLD], NOW, None), Err(Fault::NoKey));

    let response = "sig1=(\"@status\" \"content-digest\" \"@path\";req);created;tag=\"r\"";
    let asked = Asked::read(&[("Accept-Signature", response)]).unwrap();
    let headers: [(&str, &str); 0] = [];
    let signed = asked[0].sign_response("https", (200, &headers, BODY), &sent.head(), &[OLD], NOW).unwrap();
    let names: Vec<_> = signed.headers().map(|(name, _)| name).collect();
    assert_eq!(names, ["Content-Digest", "Signature-Input", "Signature"]);
    assert_eq!(asked[0].sign("https", &sent.head(), BODY, &[OLD], NOW, None), Err(Fault::StatusOfRequest));
}

#[test]
fn what_cannot_be_asked_for_is_passed_over() {
    assert_eq!(Asked::read(&[("X", "a")]), Ok(Vec::new()));
    for (bad, fault) in [
        ("a=()", Fault::NothingCovered),
        ("a=5", Fault::NotAList),
        ("a=(\"@method\");created=5", Fault::ParameterType),
        ("a=(\"@unknown\")", Fault::ComponentName),
        ("a=(", Fault::InputForm),
    ] {
        assert_eq!(Asked::read(&[("Accept-Signature", bad)]), Err(fault), "{bad}");
        if fault != Fault::InputForm {
            let beside = format!("{bad}, b=(\"@method\")");
            assert_eq!(Asked::read(&[("Accept-Signature", &*beside)]).unwrap()[0].label, "b");
        }
    }
}

#[test]
fn a_request_that_cannot_be_signed_is_refused() {
    let sent = Sent::new(BODY);
    let refused = |policy: &Policy, keys: &[SigningKey<'_>]| sign(policy, &sent.head(), BODY, keys, NOW, NONCE).err();
    let cannot = |_: &[u8]| None;
    assert_eq!(refused(&ours(), &[]), Some(Fault::NoKey));
    assert_eq!(refused(&ours(), &[SigningKey { sign: &cannot, ..OLD }]), Some(Fault::VerifyingKey));
    assert_eq!(refused(&ours(), &[SigningKey { keyid: "a\"", ..OLD }]), Some(Fault::ParameterText));
    assert_eq!(refused(&covering(&["@method", "x-absent"]), &[OLD]), Some(Fault::AbsentField));
    assert_eq!(refused(&covering(&["@method", "content-digest"]), &[OLD; 9]), Some(Fault::TooManySignatures));
    assert!(
        sent.clone()
            .signed(&covering(&["@method", "content-digest"]), &[OLD; 8])
            .claims(&covering(&["@method"]))
            .is_ok()
    );
}

#[test]
fn every_fault_has_a_sentence() {
    for fault in [Fault::HeaderFields, Fault::InputForm, Fault::TooMuchCovered, Fault::NoKey, Fault::Digest] {
        assert!(fault.sentence().len() > 10 && !fault.sentence().ends_with('.'), "{fault:?}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not(
        body in proptest::collection::vec(any::<u8>(), 0..40),
        path in "/[a-z0-9%._~-]{0,12}",
        query in proptest::option::of("[a-z0-9=&%+]{0,12}"),
        at in any::<prop::sample::Index>(),
        bit in 0u32..7,
    ) {
        let mut sent = Sent::new(&body);
        sent.target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
        let sent = sent.signed(&ours(), &[OLD]);
        prop_assert!(sent.holds(&ours()));

        let flip = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let place = at.index(bytes.len());
            bytes[place] ^= 1 << bit;
            String::from_utf8(bytes).expect("ASCII stays ASCII")
        };
        let other = Sent { method: flip(&sent.method), ..sent.clone() };
        prop_assert!(!other.holds(&ours()));
        let target = flip(&sent.target);
        // An empty query and none read the same.
        if target.trim_end_matches('?') != sent.target.trim_end_matches('?') {
            let other = Sent { target, ..sent.clone() };
            prop_assert!(!other.holds(&ours()));
        }
        let mut other = sent.clone();
        other.set("Host", &flip("orders.example"));
        // Letters of hosts are the same in both cases.
        if !other.get("Host").eq_ignore_ascii_case("orders.example") {
            prop_assert!(!other.holds(&ours()));
        }
        let mut other = sent.clone();
        other.set("Signature", &flip(sent.get("Signature")));
        prop_assert!(!other.holds(&ours()));
        if !body.is_empty() {
            let mut other = sent.clone();
            let place = at.index(body.len());
            other.body[place] ^= 1 << bit;
            prop_assert!(!other.holds(&ours()));
        }
        // A space that becomes a tab or the like is read as the same list, and nothing else is.
        let mut other = sent.clone();
        other.set("Signature-Input", &flip(sent.get("Signature-Input")));
        prop_assert!(!other.holds(&ours()));
    }

    #[test]
    fn no_header_makes_the_parser_panic(input in ".{0,120}", signature in ".{0,60}", digest in ".{0,40}", target in ".{0,20}") {
        let mut sent = Sent::new(b"");
        sent.target = format!("/{target}");
        sent.set("Signature-Input", &input);
        sent.set("Signature", &signature);
        sent.set("Content-Digest", &digest);
        let _ = sent.claims(&ours()).map(|claims| claims.len());
        let _ = Asked::read(&[("Accept-Signature", &*input)]);
    }

    #[test]
    fn no_signature_input_makes_the_parser_panic(
        components in proptest::collection::vec(
            "\"(@method|@query-param|@status|@path|content-digest|x-trace|@target-uri)\"(;(sf|bs|req|tr|key=\"a\"|name=\"draft\"|key=a|name=5)){0,3}",
            0..5,
        ),
        parameters in "(;(created|expires|keyid|alg|nonce|tag)(=([0-9]{1,14}|\"[a-z\\\\\"]{0,9}\"|x|\\?1))?){0,6}",
        digest in "(sha-256|sha-512|md5)=:[A-Za-z0-9+/=]{0,90}:",
    ) {
        let mut sent = Sent::new(b"").with_input(&format!("a=({}){parameters}", components.join(" ")));
        sent.set("Content-Digest", &digest);
        let _ = sent.claims(&covering(&["@method"])).map(|claims| claims[0].covered().len() + claims[0].keyid().len());
        let _ = Asked::read(&[("Accept-Signature", sent.get("Signature-Input"))]);
    }
}
