//! What an explanation must hold: the verdict of a verification, nothing remembered, no secret shown.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use wiresign::{Config, Explanation, Head, Secrets, Signer, Verifier};

const NOW: u64 = 1_767_225_600;

fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        other => STANDARD.decode(other["base64"].as_str().expect("base64")).expect("base64"),
    }
}

struct Request {
    method: Vec<u8>,
    target: Vec<u8>,
    authority: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Request {
    fn new(value: &Value) -> Self {
        let header = |pair: &Value| (pair[0].as_str().expect("a name").to_owned(), bytes(&pair[1]));
        Self {
            method: bytes(&value["method"]),
            target: bytes(&value["target"]),
            authority: value.get("authority").map(bytes),
            headers: value["headers"].as_array().expect("a list").iter().map(header).collect(),
            body: bytes(&value["body"]),
        }
    }

    fn head(&self) -> Head<'_, Vec<(String, Vec<u8>)>> {
        Head { authority: self.authority.as_deref(), ..Head::new(&self.method, &self.target, &self.headers) }
    }
}

/// Every request of the vectors is explained and then verified by one verifier: so the two must agree, and the explanation
/// must have left no trace.
#[test]
fn the_verdict_is_that_of_a_verification_in_every_vector() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors");
    let (mut compared, mut wrong) = (0, Vec::new());
    for file in fs::read_dir(folder).expect("the vectors are there") {
        let file = file.expect("an entry").path();
        // The folders beside the suites hold other people's.
        if file.is_dir() {
            continue;
        }
        let suite: Value = serde_json::from_str(&fs::read_to_string(&file).expect("text")).expect("JSON");
        for group in suite["groups"].as_array().expect("groups") {
            let text = group["config_text"].as_str().map_or_else(|| group["config"].to_string(), str::to_owned);
            let env = group["env"].as_object().into_iter().flatten();
            let secrets =
                env.fold(Secrets::new(), |secrets, (name, value)| secrets.env(name, value.as_str().expect("text")));
            let Ok(config) = Config::parse(&text, &secrets) else { continue };
            for test in group["tests"].as_array().expect("tests") {
                let verifier = Verifier::new(&config);
                for step in test["steps"].as_array().expect("steps") {
                    let op = step["op"].as_str().expect("an operation");
                    if op == "replace"
                        && let Ok(other) = Config::parse(&step["config"].to_string(), &secrets)
                    {
                        verifier.replace(&other);
                    }
                    if op != "verify" && op != "verify_stream" {
                        continue;
                    }
                    let request = Request::new(&step["request"]);
                    let now = step["now"].as_u64().expect("a time");
                    let before = verifier.metrics();
                    let explained = verifier.explain(&request.head(), &request.body, now);
                    assert_eq!(verifier.metrics(), before, "{}", test["id"]);
                    let verified = verifier.verify(&request.head(), &request.body, now);
                    let code = verified.as_ref().err().map_or("OK", |refusal| refusal.code().name());
                    if explained.verdict() != code {
                        wrong.push(format!("{}: {} instead of {code}", test["id"], explained.verdict()));
                    } else if let Err(why) = std::panic::catch_unwind(|| assert_is_whole(&explained, code)) {
                        wrong.push(format!("{}: {:?}", test["id"], why.downcast_ref::<String>()));
                    }
                    compared += 1;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}\n{}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
    assert!(compared > 1000, "{compared}");
}

/// Both forms of an explanation say the same, and something about every refusal.
fn assert_is_whole(explained: &Explanation, code: &str) {
    let json: Value = serde_json::from_str(&explained.json()).expect("JSON");
    assert_eq!(json["verdict"]["code"], code);
    assert_eq!(json["verdict"]["accepted"], code == "OK");
    let text = explained.to_string();
    assert!(text.lines().all(|line| line.chars().count() <= 400), "{text}");
    let failed = json["stages"].as_array().expect("stages").iter().filter(|stage| stage["outcome"] == "failed").count();
    assert_eq!(failed, usize::from(code != "OK"), "{json:#}");
    if code == "OK" {
        assert!(explained.hints().is_empty() && text.starts_with("accepted\n"), "{text}");
    } else {
        assert!(!explained.hints().is_empty() && text.starts_with(&format!("refused: {code}")), "{text}");
    }
    for hint in explained.hints() {
        assert!(!hint.cause().is_empty() && !hint.fix().is_empty(), "{}", hint.id());
        assert!(!hint.cause().contains('{') || hint.id().starts_with("body-"), "{}", hint.cause());
    }
}

const SECRET: &str = "3f8a1c5e7b9d2046f1e3a5c7092b4d6e8f0a1c3e5b7d9f2143658709badcfe10";
const OTHER: &str = "9d1e5b7c3f0a8264e6c8a0f2b4d61735597b3d1f8e6c4a20b1d3f5978695a4c2";
const TOKEN: &str = "tok-Zx81kQpL7vWm3Ns0YtRb6Hd2Jf9GcUe4";

fn config() -> Config {
    let document = r#"{
        "service": "orders",
        "accept": ["service-hmac-v2", "service-hmac", "webhook:hooks"],
        "services": {
            "orders": {"keys": [{"secret": "env:OTHER"}]},
            "billing": {"keys": [{"id": "k1", "secret": "env:SECRET"}], "api_keys": [{"secret": "env:TOKEN"}]}
        },
        "webhooks": {"hooks": {"scheme": "github", "keys": [{"secret": "env:SECRET2"}]}},
        "routes": [{"match": "GET /api/*"}, {"match": "POST /keyed/**", "accept": ["api-key"]}]
    }"#;
    let second = "c27be1940fa86d3571e8b204d96c3fa50b7d82e61f4395ca08d6e7b21a5f3c90";
    let secrets = Secrets::new().env("SECRET", SECRET).env("OTHER", OTHER).env("TOKEN", TOKEN).env("SECRET2", second);
    Config::parse(document, &secrets).expect("a good document")
}

/// Text that an explanation could be made to repeat.
fn smuggled() -> impl Strategy<Value = String> {
    select(&["", "a", "/x", SECRET, TOKEN, OTHER, "X-Signature-", "a b", "\u{e9}", "%2F", "//", "?q=", "&b=1"][..])
        .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_and_no_expected_signature_is_shown(
        pieces in prop::collection::vec(smuggled(), 4),
        scheme in select(&["service-hmac-v2", "service-hmac"][..]),
        method in select(&["GET", "POST", "post"][..]),
        damage in 0..8,
        age in 0..700_u64,
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let config = config();
        let signs = format!(
            r#"{{"service": "billing", "sign_with": "{scheme}", "services": {{"billing": {{"keys": [{{"secret": "env:SECRET"}}]}},
                "orders": {{"keys": [{{"secret": "env:OTHER"}}]}}}}}}"#
        );
        let secrets = Secrets::new().env("SECRET", SECRET).env("OTHER", OTHER);
        let signer = Signer::new(&Config::parse(&signs, &secrets).expect("good"), Some("orders")).expect("a signer");
        let target = format!("/api/{}?{}", pieces[0], pieces[1]);
        let none: &[(&str, &str)] = &[];
        let nonce = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
        let signed = signer.sign(&Head::new(method.as_bytes(), target.as_bytes(), none), &body, NOW, nonce);
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut expected = String::new();
        if let Ok(signed) = &signed {
            headers.extend(signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
            let signature = signed.iter().find(|(name, _)| *name == "X-Signature").expect("signed").1;
            expected = signature.trim_start_matches("v2=").to_owned();
        }
        match damage {
            0 => headers.iter_mut().for_each(|(name, _)| *name = name.replace("X-Signature", &format!("X-Signature{}", pieces[2]))),
            1 => headers.iter_mut().filter(|(name, _)| name == "X-Signature").for_each(|(_, value)| *value = value.to_uppercase()),
            2 => headers.iter_mut().filter(|(name, _)| name == "X-Service-ID").for_each(|(_, value)| value.clone_from(&pieces[2])),
            3 => headers.iter_mut().filter(|(name, _)| name == "X-Timestamp").for_each(|(_, value)| value.clone_from(&pieces[2])),
            4 => headers.push(("X-Hub-Signature-256".into(), format!("sha256={}", pieces[2]))),
            5 => headers.push(("X-Service-API-Key".into(), pieces[2].clone())),
            _ => {}
        }
        headers.push((pieces[3].clone(), pieces[2].clone()));
        let received: Vec<u8> = if damage == 6 { [&body[..], b"\n"].concat() } else { body };
        let target = if damage == 7 { format!("/keyed{target}") } else { target };
        let verifier = Verifier::new(&config);
        let explained = verifier.explain(&Head::new(method.as_bytes(), target.as_bytes(), &headers), &received, NOW + age);
        for shown in [explained.to_string(), explained.json(), format!("{explained:?}")] {
            for hidden in [SECRET, OTHER, TOKEN, &expected] {
                for at in 0..hidden.len().saturating_sub(8) {
                    let piece = &hidden[at..at + 9];
                    prop_assert!(!shown.contains(piece), "{piece} in {shown}");
                }
            }
        }
    }
}

const AWS_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKENtoken";

/// A config of the standards; the secrets are those of the caller where `own` is the caller.
fn standards(own: &str, scheme: &str) -> Config {
    let document = format!(
        r#"{{"service": "{own}", "accept": ["rfc9421", "aws-sigv4", "jwt"], "sign_with": "{scheme}",
            "aws_sigv4": {{"region": "eu-west-1", "service": "execute-api"}},
            "services": {{
                "orders": {{"keys": [{{"secret": "env:OTHER"}}], "url": "https://orders.internal"}},
                "billing": {{
                    "keys": [{{"id": "k1", "secret": "env:SECRET"}}],
                    "aws_keys": [{{"id": "AKIAIOSFODNN7EXAMPLE", "secret": "env:AWS", "session_token": "env:SESSION"}}],
                    "allowed_targets": ["orders"]
                }}
            }}}}"#
    );
    let secrets = Secrets::new().env("SECRET", SECRET).env("OTHER", OTHER).env("AWS", AWS_SECRET);
    Config::parse(&document, &secrets.env("SESSION", SESSION_TOKEN)).expect("a good document")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Credentials of the standards repeat much of what was sent, and are explained with more of it.
    #[test]
    fn nothing_secret_is_shown_of_the_standards(
        pieces in prop::collection::vec(select(&["", "a", SECRET, AWS_SECRET, SESSION_TOKEN, OTHER, "\"", ";", "="][..]), 4),
        scheme in select(&["rfc9421", "aws-sigv4", "jwt"][..]),
        name in select(&["Authorization", "Signature", "Signature-Input", "X-Amz-Date", "Host", "Content-Digest"][..]),
        damage in 0..6,
        age in 0..2000_u64,
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let signer = Signer::new(&standards("billing", scheme), Some("orders")).expect("a signer");
        let mut headers = vec![("Host".to_owned(), "orders.internal".to_owned())];
        let target = "/api/a?b=c";
        let nonce = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
        let signed = signer.sign(&Head::new(b"POST", target.as_bytes(), &headers), &body, NOW, nonce).expect("signed");
        headers.extend(signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        let all: String = headers.iter().map(|(_, value)| format!("{value} ")).collect();
        let signature = match scheme {
            "rfc9421" => all.split("wiresign=:").nth(1).and_then(|rest| rest.split(':').next()),
            "aws-sigv4" => all.split("Signature=").nth(1).and_then(|rest| rest.split(' ').next()),
            _ => all.trim().rsplit('.').next(),
        };
        let signature = signature.expect("signed").to_owned();
        let smuggled = pieces.concat();
        match damage {
            0 => headers.iter_mut().filter(|(known, _)| known == name).for_each(|(_, value)| value.insert_str(value.len() / 2, &smuggled)),
            1 => headers.iter_mut().filter(|(known, _)| known == name).for_each(|(_, value)| value.clone_from(&smuggled)),
            2 => headers.retain(|(known, _)| known != name),
            3 => headers.push((name.to_owned(), smuggled.clone())),
            4 => headers.iter_mut().for_each(|(_, value)| *value = value.replace("billing", &smuggled).replace("AKIA", &smuggled)),
            _ => {}
        }
        let received = if damage == 5 { [&body[..], b"\n"].concat() } else { body };
        let verifier = Verifier::new(&standards("orders", scheme));
        let head = Head::new(b"POST", target.as_bytes(), &headers);
        let explained = verifier.explain(&head, &received, NOW + age);
        let verified = verifier.verify(&head, &received, NOW + age);
        prop_assert_eq!(explained.verdict(), verified.as_ref().err().map_or("OK", |refusal| refusal.code().name()));
        for shown in [explained.to_string(), explained.json(), format!("{explained:?}")] {
            for hidden in [SECRET, OTHER, AWS_SECRET, SESSION_TOKEN, &signature] {
                for at in 0..hidden.len().saturating_sub(8) {
                    let piece = &hidden[at..at + 9];
                    prop_assert!(!shown.contains(piece), "{piece} in {shown}");
                }
            }
        }
    }
}

/// What the stages say of each standard, and in which order.
#[test]
fn the_stages_of_the_standards_say_what_was_read() {
    for (scheme, facts, stages) in [
        ("aws-sigv4", ["access_key", "canonical_request_sha256"], ["window", "keys", "message", "signature"]),
        ("rfc9421", ["keyid", "sha256"], ["window", "keys", "message", "signature"]),
        ("jwt", ["issuer", "sha256"], ["keys", "message", "signature", "window"]),
    ] {
        let signer = Signer::new(&standards("billing", scheme), Some("orders")).expect("a signer");
        let mut headers = vec![("Host".to_owned(), "orders.internal".to_owned())];
        let signed =
            signer.sign(&Head::new(b"POST", b"/a", &headers), b"{}", NOW, "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11");
        headers.extend(signed.expect("signed").iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        let explained =
            Verifier::new(&standards("orders", scheme)).explain(&Head::new(b"POST", b"/a", &headers), b"{}", NOW + 9);
        assert_eq!(explained.verdict(), "OK", "{explained}");
        let json: Value = serde_json::from_str(&explained.json()).expect("JSON");
        let all = json["stages"].as_array().expect("stages");
        let stage = |name: &str| all.iter().find(|stage| stage["stage"] == name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(stage("credential")["facts"]["found"][0], scheme);
        assert!(stage("credential")["facts"][facts[0]].is_string(), "{explained}");
        assert!(stage("message")["facts"][facts[1]].is_string(), "{explained}");
        let same = [&stage("signature")["facts"]["received"][0], &stage("signature")["facts"]["keys"][0]["expected"]];
        assert!(same[0].is_string() && same[0] == same[1], "{explained}");
        let names: Vec<&str> = all.iter().map(|stage| stage["stage"].as_str().expect("a name")).collect();
        let order: Vec<usize> = stages.iter().filter_map(|name| names.iter().position(|known| known == name)).collect();
        assert!(order.is_sorted() && order.len() == 4, "{names:?}");
        // Each has its own window.
        let window = &stage("window")["facts"];
        match scheme {
            "aws-sigv4" => assert_eq!((&window["past"], &window["age"]), (&900.into(), &9.into())),
            "rfc9421" => assert_eq!((&window["past"], &window["age"]), (&300.into(), &9.into())),
            _ => assert_eq!((&window["leeway"], &window["expires"]), (&30.into(), &(NOW + 300).into())),
        }
    }
}

#[test]
fn a_look_leaves_a_request_its_one_acceptance() {
    let config = config();
    let verifier = Verifier::new(&config);
    let document = r#"{"service": "billing", "services": {"billing": {"keys": [{"secret": "env:SECRET"}]}}}"#;
    let signer = Config::parse(document, &Secrets::new().env("SECRET", SECRET)).expect("good");
    let signer = Signer::new(&signer, Some("orders")).expect("a signer");
    let none: &[(&str, &str)] = &[];
    let head = Head::new(b"POST", b"/x", none);
    let signed = signer.sign(&head, b"{}", NOW, "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11").expect("signed");
    let headers: Vec<(&str, &str)> = signed.iter().collect();
    let head = Head::new(b"POST", b"/x", headers.as_slice());
    for _ in 0..3 {
        assert_eq!(verifier.explain(&head, b"{}", NOW).verdict(), "OK");
    }
    verifier.verify(&head, b"{}", NOW).expect("the first time");
    let explained = verifier.explain(&head, b"{}", NOW);
    assert_eq!((explained.verdict(), explained.hints()[0].id()), ("REPLAYED_REQUEST", "replayed"));
}

/// A large body, and a registry of many keys: the search ends at its bounds, and says so.
#[test]
fn the_search_is_bounded() {
    let services: Vec<String> = (0..600)
        .map(|at| {
            format!(
                r#""s{at}": {{"keys": [{{"secret": "literal:{at:05}f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f6"}}]}}"#
            )
        })
        .collect();
    let document =
        format!(r#"{{"service": "s0", "services": {{{}}}, "limits": {{"body_bytes": 10000000}}}}"#, services.join(","));
    let verifier = Verifier::new(&Config::parse(&document, &Secrets::new()).expect("good"));
    let headers = [
        ("X-Service-ID", "s1".to_owned()),
        ("X-Target-Service", "s0".to_owned()),
        ("X-Timestamp", NOW.to_string()),
        ("X-Request-ID", "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11".to_owned()),
        ("X-Signature", format!("v2={}", "ab".repeat(32))),
    ];
    for length in [10, 1024 * 1024, 2 * 1024 * 1024] {
        let body = format!("[{}1]", "1,".repeat(length / 2));
        let started = std::time::Instant::now();
        let explained = verifier.explain(&Head::new(b"POST", b"/a/b?c=d&e=f", &headers), body.as_bytes(), NOW);
        let json: Value = serde_json::from_str(&explained.json()).expect("JSON");
        assert_eq!(explained.verdict(), "INVALID_SIGNATURE");
        assert!(json["search"]["tries"].as_u64().expect("a number") <= 4000, "{json:#}");
        assert!(!json["search"]["cuts"].as_array().expect("a list").is_empty(), "{length}");
        // Bounded work, with much to spare for a slow machine.
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }
}

/// The page lists every cause. `WIRESIGN_UPDATE_DOCS=1` writes its table anew.
#[test]
fn the_page_lists_every_cause() {
    const MARKS: [&str; 2] = ["<!-- causes -->\n", "<!-- end of causes -->"];
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/explain.md");
    let text = fs::read_to_string(&page).expect("the page is there");
    let (before, rest) = text.split_once(MARKS[0]).expect("a mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("a mark");
    let mut table = String::from("| id | what happened | what to do |\n|---|---|---|\n");
    for (id, cause, fix) in Explanation::causes() {
        let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;").replace("{2}", "…").replace("{}", "…");
        table.push_str(&format!("| `{id}` | {} | {} |\n", cell(cause), cell(fix)));
    }
    let wanted = format!("{before}{}{table}{}{after}", MARKS[0], MARKS[1]);
    if std::env::var_os("WIRESIGN_UPDATE_DOCS").is_some() {
        fs::write(&page, &wanted).expect("docs/ can be written");
    } else {
        assert!(text == wanted, "run WIRESIGN_UPDATE_DOCS=1 cargo test -p wiresign --test explain page");
    }
}

/// Requests of the vectors with damage of any kind: explained without a panic, with the verdict of a verification, and without
/// a secret of the group.
#[test]
fn damaged_requests_are_explained_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let mut explained = 0;
    let suites = [
        "templates.json",
        "service-hmac-v2.json",
        "api-key.json",
        "routes.json",
        "webhooks.json",
        "explain.json",
        "aws-sigv4.json",
        "rfc9421.json",
        "jwt.json",
    ];
    for suite in suites {
        let suite: Value = serde_json::from_str(&fs::read_to_string(folder.join(suite)).expect("text")).expect("JSON");
        for group in suite["groups"].as_array().expect("groups") {
            let env: Vec<(&String, &str)> = group["env"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name, value.as_str().expect("text")))
                .collect();
            let secrets = env.iter().fold(Secrets::new(), |secrets, (name, value)| secrets.env(name, value));
            let Ok(config) = Config::parse(&group["config"].to_string(), &secrets) else { continue };
            for test in group["tests"].as_array().expect("tests").iter().step_by(3) {
                let step = &test["steps"][0];
                if step.get("request").is_none() || step["op"] == "sign" {
                    continue;
                }
                let mut request = Request::new(&step["request"]);
                let mut now = step["now"].as_u64().expect("a time");
                for _ in 0..=random(2) {
                    damage(&mut request, &mut now, &mut random);
                }
                let verifier = Verifier::new(&config);
                let explanation = verifier.explain(&request.head(), &request.body, now);
                let verified = verifier.verify(&request.head(), &request.body, now);
                let code = verified.as_ref().err().map_or("OK", |refusal| refusal.code().name());
                assert_eq!(explanation.verdict(), code, "{}", test["id"]);
                let shown = explanation.to_string() + &explanation.json();
                for (name, secret) in env.iter().filter(|(_, secret)| secret.len() >= 16) {
                    assert!(!shown.contains(secret), "{name} in {shown}");
                }
                explained += 1;
            }
        }
    }
    assert!(explained > 200, "{explained}");
}

fn damage(request: &mut Request, now: &mut u64, random: &mut impl FnMut(usize) -> usize) {
    const BYTES: &[u8] = b"%/?&=+ ,.-_\"\n\xff\xc3\0aZ09";
    let byte = BYTES[random(BYTES.len())];
    let mut change = |bytes: &mut Vec<u8>| {
        let at = random(bytes.len() + 1);
        match random(3) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, byte),
            _ if at < bytes.len() => bytes[at] = byte,
            _ => bytes.push(byte),
        }
    };
    match now.wrapping_mul(31).wrapping_add(request.body.len() as u64 + u64::from(byte)) % 8 {
        0 => change(&mut request.target),
        1 => change(&mut request.body),
        2 => change(&mut request.method),
        3 => {
            *now = [0, u64::MAX, now.saturating_add(400), now.saturating_sub(7200), now.saturating_mul(1000)][random(5)]
        }
        4 => request.authority = Some(vec![byte; random(9)]),
        5 if !request.headers.is_empty() => {
            let at = random(request.headers.len());
            request.headers.remove(at);
        }
        6 if !request.headers.is_empty() => {
            let copy = request.headers[random(request.headers.len())].clone();
            request.headers.push(copy);
        }
        _ if request.headers.is_empty() => change(&mut request.body),
        _ => {
            let at = random(request.headers.len());
            let value = &mut request.headers[at].1;
            let place = random(value.len() + 1);
            value.insert(place, byte);
        }
    }
}
