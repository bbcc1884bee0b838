//! Any request to webhooks with handshakes: answered only where it proves what it must, with nothing but text that no
//! browser takes for a page, and with the same answer the second time.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{arbitrary::Arbitrary, fuzz_target};
use wiresign::{Config, HandshakeResponse, Head, RefusalCode, Secrets, Signer, Verifier};
use wiresign_fuzz::{Headers, NOW};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    is_get: bool,
    is_signed: bool,
    query: &'a str,
    body: &'a [u8],
}

const DOCUMENT: &str = r#"{
    "service": "a",
    "services": {},
    "sign_with": "webhook:signed",
    "schemes": {
        "anybody": {
            "algorithm": "hmac-sha256", "message": ["body"], "signature": {"header": "X-Signature", "encoding": "hex"},
            "handshake": {
                "match": {"method": "GET", "query": {"c": true}}, "verify": "none", "respond": {"body": {"query": "c"}}
            }
        },
        "token": {
            "algorithm": "hmac-sha256", "message": ["body"], "signature": {"header": "X-Signature", "encoding": "hex"},
            "handshake": {
                "match": {"method": "GET", "query": {"c": true}}, "verify": {"token": "t"},
                "respond": {"body": {"query": "c"}}
            }
        },
        "signed": {
            "algorithm": "hmac-sha256", "message": ["body"], "signature": {"header": "X-Signature", "encoding": "hex"},
            "handshake": {
                "match": {"method": "POST", "json": {"/a/0": true}}, "verify": "signature",
                "respond": {"body": {"object": {"text": {"json": "/a/0"}, "tag": {"hmac-sha256": {"json": "/a/0"}}}}}
            }
        }
    },
    "webhooks": {
        "anybody": {"scheme": "anybody", "keys": [{"secret": "env:SECRET"}]},
        "token": {"scheme": "token", "keys": [{"secret": "env:SECRET"}], "verify_token": "env:TOKEN"},
        "signed": {"scheme": "signed", "keys": [{"secret": "env:SECRET"}]}
    }
}"#;

struct Parties {
    verifier: Verifier,
    signer: Signer,
}

static PARTIES: LazyLock<Parties> = LazyLock::new(|| {
    let secrets = Secrets::new().env("SECRET", "0126fd21ad5f7cc0f1c9bd25151d14c9").env("TOKEN", "open-sesame");
    let config = Config::parse(DOCUMENT, &secrets).expect("a good document");
    Parties { verifier: Verifier::new(&config), signer: Signer::new(&config, None).expect("the sender has a key") }
});

fuzz_target!(|case: Case<'_>| {
    let method: &[u8] = if case.is_get { b"GET" } else { b"POST" };
    let target = format!("/?{}", case.query);
    let unsigned = Head::new(method, target.as_bytes(), &[] as &[(&str, &str)]);
    let mut headers = Headers::new();
    if case.is_signed
        && let Ok(signed) = PARTIES.signer.sign(&unsigned, case.body, NOW, "0123456789abcdef")
    {
        headers = signed.iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
    }
    let head = Head::new(method, target.as_bytes(), &headers);
    for webhook in ["anybody", "token", "signed", "another"] {
        let ask = || PARTIES.verifier.handshake(webhook, &head, case.body, NOW);
        match ask() {
            Ok(response) => {
                assert_eq!(ask().expect("the same answer"), response);
                let Some(response) = response else { continue };
                let may = match webhook {
                    "anybody" => case.is_get,
                    "token" => case.is_get && case.query.contains('t'),
                    "signed" => !case.is_get && !headers.is_empty(),
                    _ => false,
                };
                assert!(may, "{webhook} {response:?}");
                is_no_page(&response);
            }
            Err(refusal) => {
                assert_eq!(ask().expect_err("the same answer").code(), refusal.code());
                let known = match webhook {
                    "another" => false,
                    "token" if refusal.code() == RefusalCode::PermissionDenied => true,
                    _ => refusal.code() == RefusalCode::MalformedRequest,
                };
                assert!(known, "{webhook} {refusal:?}");
            }
        }
    }
});

fn is_no_page(response: &HandshakeResponse) {
    assert!(response.headers.len() == 2 && response.status == 200);
    assert_eq!(response.headers[1], ("X-Content-Type-Options".into(), "nosniff".into()));
    let echo = match response.headers[0].1.as_str() {
        "text/plain" => response.body.as_str(),
        "application/json" => {
            let rest = response.body.strip_prefix(r#"{"text":""#).expect("the first member");
            let (echo, rest) = rest.split_once(r#"","tag":""#).expect("the second member");
            let tag = rest.strip_suffix("\"}").expect("the end");
            assert!(tag.len() == 64 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
            echo
        }
        other => panic!("{other}"),
    };
    let is_safe = |byte: u8| byte.is_ascii_graphic() && !b"\"&'<>\\`".contains(&byte);
    assert!((1..=1024).contains(&echo.len()) && echo.bytes().all(is_safe), "{echo}");
}
