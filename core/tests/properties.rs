//! What must hold for all requests, tried on random ones.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use wiresign::{Config, Head, Secrets, Signer, Verified, Verifier};

const NOW: u64 = 1_767_225_600;
const SCHEMES: [&str; 3] = ["service-hmac", "service-hmac-v2", "cross-service"];
/// Ids that begin alike, so that a message could only be told from another by where its fields end.
const SERVICES: [&str; 4] = ["a", "a1", "a1.b", "GET"];
const NONCE: &str = "0123456789abcdef";

fn secrets() -> Secrets {
    SERVICES.iter().enumerate().fold(Secrets::new(), |secrets, (at, id)| {
        secrets.env(
            &format!("SECRET_{id}"),
            &format!("{at}f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9"),
        )
    })
}

fn config(own: &str, scheme: &str) -> Config {
    let keys = |id: &&str| format!(r#""{id}": {{"keys": [{{"secret": "env:SECRET_{id}"}}]}}"#);
    let services = SERVICES.iter().map(keys).collect::<Vec<_>>().join(",");
    let document = format!(
        r#"{{"service": "{own}", "accept": ["{scheme}"], "sign_with": "{scheme}", "services": {{{services}}},
            "routes": [{{"match": "GET /open/*", "public": true}}, {{"match": "/**"}}],
            "limits": {{"body_bytes": 4096}}}}"#
    );
    Config::parse(&document, &secrets()).expect("a good document")
}

/// By scheme, caller and target.
static SIGNERS: LazyLock<BTreeMap<(&str, &str, &str), Signer>> = LazyLock::new(|| {
    let mut signers = BTreeMap::new();
    for scheme in SCHEMES {
        for caller in SERVICES {
            for target in SERVICES {
                let signer = Signer::new(&config(caller, scheme), Some(target)).expect("a signer");
                signers.insert((scheme, caller, target), signer);
            }
        }
    }
    signers
});

/// By scheme.
static CONFIGS: LazyLock<BTreeMap<&str, Config>> =
    LazyLock::new(|| SCHEMES.into_iter().map(|scheme| (scheme, config("a", scheme))).collect());

/// Everything that a signature could cover.
#[derive(Clone, Debug)]
struct Signed {
    scheme: &'static str,
    caller: &'static str,
    target: &'static str,
    method: &'static str,
    path: String,
    query: String,
    timestamp: u64,
    nonce: String,
    body: Vec<u8>,
}

type Headers = Vec<(String, Vec<u8>)>;

impl Signed {
    fn signer(&self) -> &'static Signer {
        &SIGNERS[&(self.scheme, self.caller, self.target)]
    }

    fn raw_target(&self) -> String {
        let separator = if self.query.is_empty() { "" } else { "?" };
        format!("{}{separator}{}", self.path, self.query)
    }

    fn message(&self) -> Vec<u8> {
        let target = self.raw_target();
        let none: &[(&str, &str)] = &[];
        let head = Head::new(self.method.as_bytes(), target.as_bytes(), none);
        self.signer().message(&head, &self.body, self.timestamp, &self.nonce).expect("a request that can be signed")
    }

    fn headers(&self) -> Headers {
        let target = self.raw_target();
        let none: &[(&str, &str)] = &[];
        let head = Head::new(self.method.as_bytes(), target.as_bytes(), none);
        let signed = self.signer().sign(&head, &self.body, self.timestamp, &self.nonce).expect("signed");
        signed.iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect()
    }

    /// What the scheme says that it covers.
    fn covered(&self) -> Vec<Vec<u8>> {
        let text = |text: &str| text.as_bytes().to_vec();
        let mut covered =
            vec![text(self.method), text(&self.path), text(&self.timestamp.to_string()), self.body.clone()];
        match self.scheme {
            "service-hmac" => covered.push(text(self.caller)),
            "service-hmac-v2" => {
                covered.extend([text(&self.query), text(self.caller), text(self.target), text(&self.nonce)]);
            }
            _ => {}
        }
        covered
    }
}

/// Pieces of messages, so that a body can look like the fields before or behind it.
fn piece() -> impl Strategy<Value = &'static str> {
    select(
        &["\n", "\n", "GET", "wiresign-v2", "/", "/a", "1", "17", "a", "a1", "a1.b", "0123456789abcdef", "?", ""][..],
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn signed(timestamps: impl Strategy<Value = u64>) -> impl Strategy<Value = Signed> {
    let segments = prop::collection::vec(select(&["", "a", "1", "GET", "b.c", "caf%C3%A9"][..]), 0..3);
    let path = segments.prop_map(|segments| format!("/{}", segments.join("/").trim_matches('/').replace("//", "/")));
    let query = select(&["", "a", "a=1", "a=1&b=%2F", "1", "??"][..]).prop_map(str::to_owned);
    let nonce = select(&[NONCE, "0123456789abcdef0", "a1-a1-a1-a1-a1-a1"][..]).prop_map(str::to_owned);
    let ids = (select(&SCHEMES[..]), select(&SERVICES[..]), select(&SERVICES[..]));
    let rest = (select(&["GET", "POST", "A", "GET-1"][..]), path, query, timestamps, nonce, body());
    (ids, rest).prop_map(|((scheme, caller, target), (method, path, query, timestamp, nonce, body))| Signed {
        scheme,
        caller,
        target,
        method,
        path,
        query,
        timestamp,
        nonce,
        body,
    })
}

/// A request that the service `a` accepts.
fn acceptable() -> impl Strategy<Value = Signed> {
    (signed(NOW - 300..=NOW + 300), select(&SERVICES[1..])).prop_map(|(signed, caller)| Signed {
        caller,
        target: "a",
        ..signed
    })
}

fn verifier(scheme: &str) -> Verifier {
    Verifier::new(&CONFIGS[scheme])
}

fn one_shot(verifier: &Verifier, method: &[u8], target: &[u8], headers: &Headers, body: &[u8]) -> Outcome {
    Outcome::of(verifier.verify(&Head::new(method, target, headers), body, NOW))
}

/// All that an outcome says.
#[derive(Debug, PartialEq)]
enum Outcome {
    Accepted(String, Option<String>, bool),
    Refused(String, String, String),
}

impl Outcome {
    fn of(outcome: Result<Verified, wiresign::Refusal>) -> Self {
        match outcome {
            Ok(verified) => Self::Accepted(format!("{verified:?}"), verified.replay_key(), verified.is_public()),
            Err(refusal) => {
                Self::Refused(refusal.code().name().into(), format!("{refusal:?}"), refusal.response().body)
            }
        }
    }

    fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(..))
    }
}

/// The header values that a scheme signs, and the signature.
fn signed_headers(scheme: &str) -> &'static [&'static str] {
    match scheme {
        "service-hmac" => &["X-Service-ID", "X-Timestamp", "X-Signature"],
        "service-hmac-v2" => &["X-Service-ID", "X-Target-Service", "X-Timestamp", "X-Request-ID", "X-Signature"],
        _ => &["X-Service-Name", "X-Timestamp", "X-Signature"],
    }
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// Header fields that nobody in his right mind sends, many of them with the names that matter.
fn hostile_headers() -> impl Strategy<Value = Headers> {
    let names = select(
        &[
            "X-Service-ID",
            "x-service-name",
            "X-TARGET-SERVICE",
            "X-Timestamp",
            "x-request-id",
            "X-Signature",
            "X-Signaturf",
            "X-\rervice-ID",
            "x",
            "",
            "Host",
        ][..],
    );
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "[0-9]{1,14}".prop_map(String::into_bytes),
        "(v2=[0-9a-f]{64},? ?){0,10}".prop_map(String::into_bytes),
        "[0-9a-fA-F]{63,65}".prop_map(String::into_bytes),
        select(&SERVICES[..]).prop_map(|id| id.as_bytes().to_vec()),
        select(&[NONCE, "1767225600", ",", ", ", "\u{e9}"][..]).prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec((names.prop_map(str::to_owned), value), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn requests_that_differ_in_what_is_covered_never_share_a_message(
        left in signed(select(&[1, 17, 171, NOW][..])),
        other in signed(select(&[1, 17, 171, NOW][..])),
        same: [bool; 9],
    ) {
        // Most fields are the same in both, so that the others are all that keeps the messages apart.
        let mut right = left.clone();
        let [scheme, caller, target, method, path, query, timestamp, nonce, body] = same.map(|same| !same);
        if scheme { right.scheme = other.scheme }
        if caller { right.caller = other.caller }
        if target { right.target = other.target }
        if method { right.method = other.method }
        if path { right.path = other.path }
        if query { right.query = other.query }
        if timestamp { right.timestamp = other.timestamp }
        if nonce { right.nonce = other.nonce }
        if body { right.body = other.body }
        // The two old schemes can be taken for one another, which is why no config accepts both (see below).
        let differ = match (left.scheme, right.scheme) {
            ("service-hmac", "cross-service") | ("cross-service", "service-hmac") => return Ok(()),
            (one, other) => one != other || left.covered() != right.covered(),
        };
        prop_assert_eq!(left.message() != right.message(), differ);
    }

    /// As above, with the second request made of the message of the first: the fields end somewhere else.
    #[test]
    fn moving_the_end_of_a_field_changes_the_message(
        left in signed(select(&[1, 17, 171, NOW][..])),
        scheme in select(&SCHEMES[..]),
        cut in any::<Index>(),
    ) {
        let message = left.message();
        let right = Signed { scheme, body: message[cut.index(message.len())..].to_vec(), ..left.clone() };
        let may_be_taken_for_one_another = left.scheme != right.scheme && left.scheme != "service-hmac-v2" && scheme != "service-hmac-v2";
        if !may_be_taken_for_one_another && (left.scheme != right.scheme || left.covered() != right.covered()) {
            prop_assert_ne!(left.message(), right.message());
        }
    }

    #[test]
    fn a_changed_bit_of_anything_covered_is_refused(signed in acceptable(), part in any::<Index>(), bit in any::<Index>()) {
        let mut method = signed.method.as_bytes().to_vec();
        let mut path = signed.path.clone().into_bytes();
        let mut query = signed.query.clone().into_bytes();
        let mut headers = signed.headers();
        let mut body = signed.body.clone();
        let target = |path: &[u8], query: &[u8]| match query {
            b"" => path.to_vec(),
            _ => [path, b"?", query].concat(),
        };
        let accepted = one_shot(&verifier(signed.scheme), &method, &target(&path, &query), &headers, &body);
        prop_assert!(!accepted.is_refused(), "{accepted:?}");

        let covered = signed_headers(signed.scheme);
        let mut parts: Vec<&mut [u8]> = vec![&mut method, &mut path, &mut body];
        if signed.scheme == "service-hmac-v2" {
            parts.push(&mut query);
        }
        parts.extend(
            headers.iter_mut().filter(|(name, _)| covered.contains(&name.as_str())).map(|(_, value)| value.as_mut_slice()),
        );
        parts.retain(|part| !part.is_empty());
        let part = part.index(parts.len());
        let bits = parts[part].len() * 8;
        flip(parts[part], bit.index(bits));
        let refused = one_shot(&verifier(signed.scheme), &method, &target(&path, &query), &headers, &body);
        prop_assert!(refused.is_refused(), "{refused:?}");
    }

    #[test]
    fn a_header_that_is_missing_or_repeated_is_refused(signed in acceptable(), which in any::<Index>(), repeat: bool) {
        let covered = signed_headers(signed.scheme);
        let name = covered[which.index(covered.len())];
        let mut headers = signed.headers();
        let at = headers.iter().position(|(known, _)| known == name).expect("the header is there");
        match repeat {
            true => headers.push((name.to_ascii_lowercase(), headers[at].1.clone())),
            false => drop(headers.remove(at)),
        }
        let verifier = verifier(signed.scheme);
        let target = signed.raw_target();
        let outcome = one_shot(&verifier, signed.method.as_bytes(), target.as_bytes(), &headers, &signed.body);
        prop_assert!(outcome.is_refused(), "{outcome:?}");
    }

    #[test]
    fn no_bytes_make_a_verification_panic(
        scheme in select(&SCHEMES[..]),
        method in prop_oneof![Just(b"GET".to_vec()), prop::collection::vec(any::<u8>(), 0..40)],
        target in prop_oneof![
            "(/|%2|%2e|\\.|\\?|;|a|open|\\*|\\\\){0,12}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..100),
        ],
        headers in hostile_headers(),
        body in prop::collection::vec(any::<u8>(), 0..100),
        now in prop_oneof![Just(NOW), any::<u64>()],
    ) {
        let verifier = verifier(scheme);
        let head = Head::new(&method, &target, &headers);
        let outcome = verifier.verify(&head, &body, now);
        // Nobody here has a key, so nothing but the public route may be accepted.
        prop_assert_eq!(outcome.is_ok(), verifier.is_public(&method, &target));
        if let Ok(mut pieces) = verifier.begin(&head, now) {
            prop_assert!(pieces.update(&body).and_then(|()| pieces.finish()).is_ok() == verifier.is_public(&method, &target));
        }
    }

    #[test]
    fn a_body_in_pieces_is_judged_as_one(
        signed in acceptable(),
        long in 0..6000usize,
        cuts in prop::collection::vec(0..700usize, 0..12),
        fault in prop::option::of((any::<Index>(), any::<u8>(), any::<Index>())),
        declared in prop::option::of(0..5000u64),
    ) {
        // Some bodies are over the limit, and one that is signed over it is refused for its length alone.
        let signed = Signed { body: [signed.body.as_slice(), &vec![b'x'; long]].concat(), ..signed };
        let mut headers = signed.headers();
        let mut body = signed.body.clone();
        if let Some((header, byte, at)) = fault {
            match header.index(headers.len() + 1) {
                which if which < headers.len() && !headers[which].1.is_empty() => {
                    let value = &mut headers[which].1;
                    let at = at.index(value.len());
                    value[at] = byte;
                }
                _ => body.push(byte),
            }
        }
        let (method, target) = (signed.method.as_bytes(), signed.raw_target());
        let (whole, pieces) = (verifier(signed.scheme), verifier(signed.scheme));
        // Twice: the second time it is a replay in both, or neither.
        for _ in 0..2 {
            let at_once = one_shot(&whole, method, target.as_bytes(), &headers, &body);
            let streamed = pieces.begin(&Head::new(method, target.as_bytes(), &headers), NOW).and_then(|mut state| {
                if let Some(length) = declared.filter(|length| *length <= body.len() as u64) {
                    state.declare_length(length)?;
                }
                let mut rest = body.as_slice();
                for cut in &cuts {
                    let (piece, tail) = rest.split_at((*cut).min(rest.len()));
                    state.update(piece)?;
                    rest = tail;
                }
                state.update(rest)?;
                state.finish()
            });
            prop_assert_eq!(at_once, Outcome::of(streamed));
        }
        prop_assert_eq!(whole.metrics(), pieces.metrics());
    }

    #[test]
    fn no_text_makes_the_config_reader_panic(
        edits in prop::collection::vec((any::<Index>(), "[\\PC\\n\"{}\\[\\],:0-9]{0,6}", 0..8usize), 1..6),
    ) {
        let mut document: Vec<char> = r#"{"service":"a","accept":["service-hmac"],"window":{"past":9,"future":0},"services":
            {"a":{"keys":[{"id":"k","secret":"env:SECRET_a","not_before":"2026-01-01T00:00:00Z","state":"retiring"}],
            "permissions":["GET /a/*/b%21","/**"],"url":"https://a:1"}},"routes":[{"match":"POST /b/**","services":["a"],
            "strict":true}],"replay":{"capacity":7,"on_full":"allow"},"reveal":"uniform","limits":{"body_bytes":1}}"#
            .chars().collect();
        for (at, text, length) in edits {
            let start = at.index(document.len() + 1);
            let end = (start + length).min(document.len());
            document.splice(start..end, text.chars());
        }
        let document: String = document.into_iter().collect();
        if let Err(errors) = Config::parse(&document, &secrets()) {
            prop_assert!(!errors.problems().is_empty());
            prop_assert!(errors.problems().iter().all(|problem| problem.pointer.is_empty() || problem.pointer.starts_with('/')));
        }
    }
}

#[test]
fn schemes_that_can_be_taken_for_one_another_are_not_accepted_together() {
    let left = Signed {
        scheme: "service-hmac",
        caller: "a1",
        target: "a",
        method: "GET",
        path: "/".into(),
        query: String::new(),
        timestamp: NOW,
        nonce: NONCE.into(),
        body: b"x".to_vec(),
    };
    let right = Signed { scheme: "cross-service", body: b"x\na1".to_vec(), ..left.clone() };
    assert_eq!(left.message(), right.message());

    let document = r#"{"service": "a", "accept": ["service-hmac", "cross-service"], "services": {}}"#;
    let errors =
        Config::parse(document, &secrets()).expect_err("a request could be signed as one and read as the other");
    assert!(errors.problems().iter().any(|problem| problem.pointer == "/accept"));
}
