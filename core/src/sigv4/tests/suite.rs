//! The suite of AWS: every case is signed to the same bytes at each stage, by headers and as a link, and verified.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::timestamp::Timestamp;
use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/vectors/external/aws-sigv4/v4")
}

fn text(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    String::from_utf8(text).expect("UTF-8").trim_end().to_owned()
}

/// Reads a request as it is on the wire, but for line ends. Folded headers are unfolded, as servers do.
fn parse(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let unfolded = head.replace("\n ", " ");
    let mut lines = unfolded.lines();
    let (method, target) = lines.next().and_then(|line| line.split_once(' ')).expect("a request line");
    let headers: Vec<(&str, &str)> = lines.map(|line| line.split_once(':').expect("a header")).collect();
    Request::new(method, target.strip_suffix(" HTTP/1.1").unwrap_or(target), &headers, body.as_bytes())
}

/// The headers by name. Those of one name stay in their order.
fn by_name(request: &Request) -> BTreeMap<String, Vec<String>> {
    let mut fields: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, value) in &request.headers {
        let value = String::from_utf8(value.clone()).expect("text").trim().to_owned();
        fields.entry(name.to_lowercase()).or_default().push(value);
    }
    fields
}

struct Case {
    folder: PathBuf,
    request: Request,
    access_key: String,
    secret: SigningSecret,
    token: Option<String>,
    time: u64,
    expires: u64,
    expected: Expected,
    signs_body: bool,
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let context: Value = serde_json::from_str(&text(&folder.join("context.json"))).expect("JSON");
        let field = |name: &str| context[name].as_str().expect("text");
        let secret = |name: &str| context["credentials"][name].as_str().map(str::to_owned);
        let time = field("timestamp").replace(['-', ':'], "");
        let is_normalised = context["normalize"].as_bool().expect("a flag");
        let mut request = parse(&text(&folder.join("request.txt")));
        if folder.ends_with("get-space-normalized") {
            request.target = b"/example space/".to_vec();
        }
        Self {
            request,
            access_key: secret("access_key_id").expect("there"),
            secret: SigningSecret::new(secret("secret_access_key").expect("there").as_bytes()),
            token: secret("token"),
            time: Timestamp::parse(time.as_bytes()).expect("a time").seconds,
            expires: context["expiration_in_seconds"].as_u64().expect("a number"),
            expected: Expected {
                path: if is_normalised { PathForm::Normalised } else { PathForm::AsSent },
                token_is_outside: context["omit_session_token"].as_bool().unwrap_or(false),
                ..Expected::new(field("region"), field("service"))
            },
            signs_body: context["sign_body"].as_bool().expect("a flag"),
            folder,
        }
    }

    fn credentials(&self) -> Credentials<'_> {
        Credentials { access_key: &self.access_key, secret: &self.secret, session_token: self.token.as_deref() }
    }

    fn file(&self, name: &str) -> String {
        text(&self.folder.join(name))
    }

    fn check_headers(&self) {
        let expected = Expected { declares_payload: self.signs_body, ..self.expected.clone() };
        let body = Payload::Signed(&self.request.body);
        let signed =
            sign(&self.request.head(), body, &self.credentials(), &expected, self.time).expect("can be signed");
        assert_eq!(as_text(&signed.canonical_request), self.file("header-canonical-request.txt"));
        let mut request = self.request.clone();
        signed.headers().for_each(|(name, value)| request.set(name, value));
        let wanted = parse(&self.file("header-signed-request.txt"));
        assert_eq!(
            (&request.method, &request.target, by_name(&request)),
            (&wanted.method, &wanted.target, by_name(&wanted))
        );
        self.check_signed(&wanted, &expected, "header");
    }

    fn check_query(&self) {
        let body = Payload::Signed(&self.request.body);
        let target = presign(&self.request.head(), body, &self.credentials(), &self.expected, self.time, self.expires);
        let wanted = parse(&self.file("query-signed-request.txt"));
        assert_eq!(target.expect("can be signed").as_bytes(), wanted.target);
        assert_eq!(by_name(&self.request), by_name(&wanted));
        self.check_signed(&wanted, &self.expected, "query");
    }

    /// Verifies the signed request of the suite, and compares what is verified stage by stage.
    fn check_signed(&self, signed: &Request, expected: &Expected, form: &str) {
        let digests = signed.digests();
        let mut canonical = Vec::new();
        let claim = Claim::read_and_show(&signed.head(), expected, |text| canonical.extend_from_slice(text));
        let claim = claim.expect("well formed");
        canonical.extend_from_slice(crate::mac::hex(&digests.sha256.expect("there")).as_bytes());
        assert_eq!(as_text(&canonical), self.file(&format!("{form}-canonical-request.txt")));
        let string = claim.string_to_sign(&digests).expect("the digest is known");
        assert_eq!(as_text(&string), self.file(&format!("{form}-string-to-sign.txt")));
        assert_eq!(crate::mac::hex(&claim.signature), self.file(&format!("{form}-signature.txt")));

        assert_eq!(claim.access_key(), self.access_key.as_bytes());
        assert_eq!(claim.timestamp, self.time);
        assert!(claim.is_for(expected) && claim.has_token(self.token.as_deref().map(str::as_bytes)));
        assert_eq!(signed.verdict(&self.secret, expected), Verdict::Accepted);
        assert_eq!(signed.verdict(&SigningSecret::new(b"another"), expected), Verdict::WrongSignature);
        let mut changed = signed.clone();
        changed.body.push(b'!');
        assert_ne!(changed.verdict(&self.secret, expected), Verdict::Accepted);
        changed = signed.clone();
        changed.method = "PUT".into();
        assert_eq!(changed.verdict(&self.secret, expected), Verdict::WrongSignature);
    }
}

fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn every_case_is_signed_to_the_same_bytes_and_verified() {
    let mut count = 0;
    for entry in fs::read_dir(folder()).expect("the suite is there") {
        let folder = entry.expect("an entry").path();
        if !folder.join("context.json").exists() {
            continue;
        }
        println!("{}", folder.display());
        let case = Case::read(folder);
        case.check_headers();
        case.check_query();
        count += 1;
    }
    assert_eq!(count, 38);
}

/// Two folders of the suite hold no context: paths that are encoded already are encoded once more.
#[test]
fn paths_are_encoded_twice() {
    let signed = |name: &str, credentials: &Credentials<'_>, expected: &Expected, time: &str| {
        let folder = folder().join(name);
        let request = parse(&text(&folder.join("request.txt")));
        let time = Timestamp::parse(time.as_bytes()).expect("a time").seconds;
        let signed = sign(&request.head(), Payload::Signed(b""), credentials, expected, time).expect("can be signed");
        let authorization = signed.headers().find(|(name, _)| *name == "Authorization").expect("there").1.to_owned();
        (folder, signed.canonical_request.clone(), authorization)
    };

    let secret = SigningSecret::new(b"notrealrnrELgWzOk3IfjzDKtFBhDby");
    let credentials = Credentials { access_key: "ANOTREAL", secret: &secret, session_token: None };
    let expected = Expected::new("us-east-1", "service");
    let (folder, canonical, _) = signed("double-encode-path", &credentials, &expected, "20210511T154045Z");
    assert_eq!(as_text(&canonical), text(&folder.join("header-canonical-request.txt")));
    let (folder, _, authorization) = signed("double-encode-path", &credentials, &expected, "20150830T123600Z");
    assert_eq!(authorization, parse(&text(&folder.join("header-signed-request.txt"))).header("authorization"));

    let expected = Expected::new("us-east-2", "lambda");
    let (folder, canonical, _) = signed("double-url-encode", &credentials, &expected, "20210511T154045Z");
    assert_eq!(as_text(&canonical), text(&folder.join("header-canonical-request.txt")));
    let digest = crate::mac::hex(&Sha256::digest(&canonical));
    assert!(text(&folder.join("header-string-to-sign.txt")).ends_with(&digest));
}
