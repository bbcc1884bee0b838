//! What others have published: the signatures of RFC 9421, those of web bots, and the tests of structured fields.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use super::base::{self, Budget};
use super::input::{Inputs, Signatures};
use super::registry::StructuredType;
use super::structured;
use super::{Claim, Fault, Message, Policy, PolicySettings, Request, Response, Side, claims};
use crate::bound_key::{BoundKey, KeyAlgorithm};
use crate::refusal::RefusalCode;
use crate::request::Head;
use crate::standard::{BodyDigests, Wanted};

fn read(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors/external");
    serde_json::from_str(&fs::read_to_string(folder.join(file)).expect("the file is there")).expect("JSON")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a text"))
}

fn headers(message: &Value) -> Vec<(&str, &str)> {
    let pairs = message["headers"].as_array().expect("headers").iter();
    pairs.map(|pair| pair[0].as_str().zip(pair[1].as_str()).expect("a name and a value")).collect()
}

/// Runs `judge` with the message of a case.
fn with_message<T>(case: &Value, judge: impl FnOnce(Message<'_, '_>, &[u8]) -> T) -> T {
    let (request, response) = (&case["request"], &case["response"]);
    let request_headers = headers(request);
    let (method, target) = (text(request, "method"), text(request, "target"));
    let head = Head::new(method.as_bytes(), target.as_bytes(), &request_headers);
    let judged = Request::new(&head, "https").unwrap();
    if response.is_null() {
        return judge(Message::Request(&judged), text(request, "body").as_bytes());
    }
    let response_headers = headers(response);
    let status = response["status"].as_u64().expect("a number") as u16;
    let answer = Response::new(status, &response_headers).unwrap();
    judge(Message::Response { response: &answer, request: &judged }, text(response, "body").as_bytes())
}

/// A policy that asks for what a signature covers.
fn policy_of(case: &Value) -> Policy {
    let base = case["base"].as_array().expect("lines");
    let identifiers: Vec<&str> = base[..base.len() - 1]
        .iter()
        .map(|line| line.as_str().and_then(|line| line.split_once(": ")).expect("an identifier").0)
        .collect();
    let settings =
        PolicySettings { covered: Some(&identifiers), label: Some(text(case, "label")), ..PolicySettings::default() };
    let side = if case["response"].is_null() { Side::Request } else { Side::Response };
    Policy::new(settings, side).unwrap()
}

fn digests(body: &[u8]) -> BodyDigests {
    BodyDigests { sha256: Some(Sha256::digest(body).into()), sha512: Some(Sha512::digest(body).into()) }
}

/// The key of that name, of those that the RFC prints.
fn key(suite: &Value, name: &str) -> BoundKey {
    let key = &suite["keys"][name];
    let algorithm = KeyAlgorithm::from_http(text(key, "algorithm")).expect("an algorithm");
    match key["secret_base64"].as_str() {
        Some(secret) => BoundKey::hmac(algorithm, &STANDARD.decode(secret).unwrap()).unwrap(),
        None => BoundKey::public(algorithm, text(key, "public_key").as_bytes()).unwrap(),
    }
}

fn base_of(case: &Value) -> String {
    let lines: Vec<&str> = case["base"].as_array().expect("lines").iter().map(|line| line.as_str().unwrap()).collect();
    lines.join("\n")
}

#[test]
fn the_bases_of_the_rfc_are_made_again() {
    let suite = read("rfc9421/signatures.json");
    for case in suite["cases"].as_array().expect("cases") {
        let title = format!("{} {}", text(case, "section"), text(case, "title"));
        if text(case, "section") == "B.2.1" {
            continue;
        }
        with_message(case, |message, body| {
            let claims = claims(&policy_of(case), message).unwrap_or_else(|fault| panic!("{title}: {fault:?}"));
            let [claim] = &*claims else { panic!("{title}: one signature") };
            assert_eq!(str::from_utf8(claim.base()).unwrap(), base_of(case), "{title}");
            assert_eq!(claim.label(), text(case, "label"), "{title}");
            assert_eq!(claim.keyid(), text(case, "key"), "{title}");
            let key = key(&suite, claim.keyid());
            let wanted = case["verdict"].is_null();
            assert_eq!(key.verify(claim.base(), claim.signature()), wanted, "{title}");
            for bit in 0..8 * claim.signature().len() {
                let mut other = claim.signature().to_vec();
                other[bit / 8] ^= 1 << (bit % 8);
                // Each verification costs, so only some are made.
                assert!(bit % 37 != 0 || !key.verify(claim.base(), &other), "{title}");
            }
            assert_eq!(claim.check_body(body.len() as u64, &digests(body)), Ok(()), "{title}");
            if claim.wanted_digests() != Wanted::default() {
                let other = digests(b"another body");
                let refused = claim.check_body(body.len() as u64, &other).err();
                assert_eq!(refused, Some((RefusalCode::DigestMismatch, Fault::Digest)), "{title}");
            }
        });
    }
}

/// B.2.1 covers nothing. What is signed is right, and it is no use.
#[test]
fn a_signature_that_covers_nothing_is_refused_by_every_policy() {
    let suite = read("rfc9421/signatures.json");
    let case = &suite["cases"][0];
    with_message(case, |message, _| {
        let value = message.fields().value(b"signature-input").unwrap();
        let inputs = Inputs::parse(&value).unwrap();
        let base = base::write(message, &inputs, &inputs.inputs[0], &mut Budget::new()).unwrap();
        assert_eq!(str::from_utf8(&base).unwrap(), base_of(case));
        let signature = message.fields().value(b"signature").unwrap();
        let mut signatures = Signatures::parse(&signature).unwrap();
        assert!(key(&suite, "test-key-rsa-pss").verify(&base, &signatures.take("sig-b21").unwrap()));

        let settings = PolicySettings { covered: Some(&["@method"]), ..PolicySettings::default() };
        let policy = Policy::new(settings, Side::Request).unwrap();
        let refused = claims(&policy, message).map(|claims| claims.len());
        assert_eq!(refused, Err((RefusalCode::InsufficientCoverage, Fault::NothingCovered)));
        assert!(Policy::new(PolicySettings { covered: Some(&[]), ..settings }, Side::Request).is_err());
    });
}

#[test]
fn the_signatures_of_web_bots_are_read() {
    for case in read("web-bot-auth/architecture_v1.json").as_array().expect("cases") {
        with_bot_claim(case, |claim| {
            let seconds = |name: &str| case[name].as_u64().map(|milliseconds| milliseconds / 1000);
            assert_eq!(claim.label(), text(case, "label"));
            assert_eq!(claim.nonce(), Some(text(case, "nonce")));
            assert!(std::str::from_utf8(claim.base()).is_ok_and(|base| base.contains(r#"tag="web-bot-auth""#)));
            let algorithm = KeyAlgorithm::from_http(claim.algorithm().expect("alg")).expect("an algorithm");
            let mut public = case["key"].clone();
            let names = ["d", "p", "q", "dp", "dq", "qi"];
            names.iter().for_each(|name| drop(public.as_object_mut().expect("a key").remove(*name)));
            let key = BoundKey::public(algorithm, public.to_string().as_bytes()).unwrap();
            assert!(key.verify(claim.base(), claim.signature()));
            assert!(!key.verify(&claim.base()[1..], claim.signature()));
            assert_eq!((claim.created, claim.expires), (seconds("created_ms"), seconds("expires_ms")));
        });
    }
}

fn with_bot_claim(case: &Value, judge: impl FnOnce(&Claim)) {
    let url = text(case, "target_url").strip_prefix("https://").expect("a URL");
    let (host, path) = url.split_once('/').expect("a path");
    let target = format!("/{path}");
    let mut headers = vec![
        ("Host", host),
        ("Signature-Input", text(case, "signature_input")),
        ("Signature", text(case, "signature")),
    ];
    let mut covered = vec!["@authority"];
    if let Some(agent) = case["signature_agent"].as_str() {
        headers.push(("Signature-Agent", agent));
        covered.push("signature-agent");
    }
    let head = Head::new(b"GET", target.as_bytes(), &headers);
    let settings = PolicySettings { covered: Some(&covered), tag: Some("web-bot-auth"), ..PolicySettings::default() };
    let policy = Policy::new(settings, Side::Request).unwrap();
    let request = Request::new(&head, policy.url_scheme()).unwrap();
    let claims = claims(&policy, Message::Request(&request)).unwrap();
    let [claim] = &*claims else { panic!("one signature") };
    judge(claim);
}

/// HMAC and Ed25519 make the same signature each time, so what the RFC prints can be made again.
#[test]
fn the_signatures_of_the_rfc_are_made_again() {
    let suite = read("rfc9421/signatures.json");
    let mut made = 0;
    for case in suite["cases"].as_array().expect("cases").iter().filter(|case| case["signs_the_same"] == true) {
        let name = text(case, "key");
        let printed = &suite["keys"][name];
        let key = match printed["private_key"].as_str() {
            Some(private) => {
                let algorithm = KeyAlgorithm::from_http(text(printed, "algorithm")).unwrap();
                BoundKey::private(algorithm, private.as_bytes()).unwrap()
            }
            None => key(&suite, name),
        };
        with_message(case, |message, _| {
            let claim = &claims(&policy_of(case), message).unwrap()[0];
            assert_eq!(key.sign(claim.base()).as_deref(), Some(claim.signature()));
        });
        made += 1;
    }
    assert_eq!(made, 3);
}

#[test]
fn structured_fields_are_written_again_as_their_suite_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors/external/structured-fields");
    let (mut files, mut cases, mut wrong) = (0, 0, Vec::new());
    for file in fs::read_dir(folder).expect("the suite is there").map(|entry| entry.expect("an entry").path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        files += 1;
        let suite: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        for case in suite.as_array().expect("cases") {
            let lines = |name: &str| {
                case[name]
                    .as_array()
                    .map(|lines| lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join(", "))
            };
            let raw = lines("raw").expect("lines");
            let wanted = match case["must_fail"].as_bool() {
                Some(true) => None,
                _ => Some(lines("canonical").unwrap_or(raw.clone())),
            };
            let kind = match text(case, "header_type") {
                "item" => StructuredType::Item,
                "list" => StructuredType::List,
                _ => StructuredType::Dictionary,
            };
            let written = structured::rewrite(raw.as_bytes(), kind).ok();
            let may_fail = case["can_fail"].as_bool() == Some(true) && written.is_none();
            cases += 1;
            if written != wanted && !may_fail {
                wrong.push(format!("{}: {} {written:?}", file.display(), text(case, "name")));
            }
        }
    }
    assert!(files >= 15 && cases > 200, "{files} files, {cases} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
