//! Any bytes as the headers, target and body of a request to a webhook of any scheme of the catalogue.
//!
//! The first byte chooses the scheme; then come lines: the target, a value for each header that the scheme reads (the genuine
//! one where the line is empty), and the body.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wiresign::{Config, Head, Refusal, Secrets, Signer, Verified, Verifier, catalogue};
use wiresign_fuzz::{Headers, NOW, told};

const SECRETS: [&str; 5] = [
    "q3nT7xkP0v9Lw2Yb8sRzJ5cMhE1dGf6AuQoVtKiXyBnZ",
    "whsec_q3nT7xkP0v9Lw2Yb8sRzJ5cMhE1dGf6AuQoVtKiXyBnZ",
    // The public key of RFC 8032, section 7.1, test 2, in both encodings, and one of a sender's documentation.
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
];

struct Endpoint {
    config: Config,
    headers: Vec<String>,
    signer: Option<Signer>,
}

static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
    let endpoints = catalogue().map(|entry| {
        let document = |can_sign: bool| {
            let sign_with = if can_sign { r#", "sign_with": "webhook:sender""# } else { "" };
            format!(
                r#"{{"service": "receiver", "accept": ["webhook:sender"], "services": {{}}{sign_with},
                    "webhooks": {{"sender": {{"scheme": "{}", "url": "https://hooks.example/in", "verify_token": "env:TOKEN",
                    "keys": [{{"secret": "env:SECRET", "not_after": "2030-01-01T00:00:00Z"}}]}}}}}}"#,
                entry.id()
            )
        };
        let secrets = |secret| Secrets::new().env("SECRET", secret).env("TOKEN", "open-sesame");
        let parse = |secret| Config::parse(&document(entry.can_sign()), &secrets(secret)).ok();
        let config = SECRETS.into_iter().find_map(parse).unwrap_or_else(|| panic!("no secret fits {}", entry.id()));
        let signer = entry.can_sign().then(|| Signer::new(&config, None).expect("a webhook has keys"));
        Endpoint { config, headers: entry.headers().map(str::to_owned).collect(), signer }
    });
    endpoints.collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, rest)) = bytes.split_first() else { return };
    let endpoint = &ENDPOINTS[usize::from(choice) % ENDPOINTS.len()];
    let mut lines = rest.splitn(endpoint.headers.len() + 2, |&byte| byte == b'\n');
    let target = lines.next().unwrap_or_default();
    let values: Vec<&[u8]> = lines.by_ref().take(endpoint.headers.len()).collect();
    let body = lines.next().unwrap_or_default();

    let none: &[(&str, &str)] = &[];
    let signed = endpoint
        .signer
        .as_ref()
        .map(|signer| signer.sign(&Head::new(b"POST", target, none), body, NOW, "0123456789abcdef"));
    let genuine: Headers = match signed {
        Some(Ok(signed)) => signed.iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect(),
        _ => Headers::new(),
    };
    let mut headers = genuine.clone();
    for (name, value) in endpoint.headers.iter().zip(&values).filter(|(_, value)| !value.is_empty()) {
        headers.retain(|(known, _)| known != name);
        headers.push((name.clone(), value.to_vec()));
    }

    let head = Head::new(b"POST", target, &headers);
    let at_once = Verifier::new(&endpoint.config).verify(&head, body, NOW);
    assert_eq!(told(&at_once), told(&in_pieces(&endpoint.config, &head, body)), "at once and in pieces");
    assert!(headers != genuine || genuine.is_empty() || at_once.is_ok(), "{at_once:?}");
    let verifier = Verifier::new(&endpoint.config);
    for method in [&b"GET"[..], b"POST"] {
        let _ = verifier.handshake("sender", &Head { method, ..head }, body, NOW);
    }
});

fn in_pieces(config: &Config, head: &Head<'_, Headers>, body: &[u8]) -> Result<Verified, Refusal> {
    let verifier = Verifier::new(config);
    let mut state = verifier.begin(head, NOW)?;
    body.chunks(7).try_for_each(|piece| state.update(piece))?;
    state.finish()
}
