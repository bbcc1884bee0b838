//! What the fuzz targets share: a small fleet, the one of the conformance vectors so that these serve as seeds, and the checks that hold for every request.

use std::sync::LazyLock;

use wiresign::{Config, Head, Refusal, Secrets, Signer, Verified, Verifier};

/// The Unix time of all requests.
pub const NOW: u64 = 1_767_225_600;
/// The schemes, in the order of [`configs`] and [`signers`].
pub const SCHEMES: [&str; 3] = ["service-hmac-v2", "service-hmac", "cross-service"];

/// Header fields as a list of names and values.
pub type Headers = Vec<(String, Vec<u8>)>;

/// The secrets of the fleet.
pub fn secrets() -> Secrets {
    Secrets::new()
        .env("LEGO_PROJECTS_API_SECRET", "0126fd21ad5f7cc0f1c9bd25151d14c9d82823cfed05c421b12b6807a3c18879")
        .env("IMAGE_SERVICE_SECRET", "806fc432d0ac938c404c9fbdc3fa33c4e57bc7ca86560121b1ff6b91364f8184")
        .env("OLD_SECRET", "5e8f0b7c3d9a1e6f4b2c8d7e0f1a3b5c6d9e8f7a0b1c2d3e4f5a6b7c8d9e0f1a")
        .file("/run/secrets/own", b"0126fd21ad5f7cc0f1c9bd25151d14c9d82823cfed05c421b12b6807a3c18879")
}

fn document(service: &str, accept: &str, sign_with: &str) -> String {
    format!(
        r#"{{
            "service": "{service}", "accept": [{accept}], "sign_with": "{sign_with}",
            "services": {{
                "lego-projects-api": {{"keys": [{{"secret": "env:LEGO_PROJECTS_API_SECRET"}}]}},
                "image-service": {{
                    "keys": [{{"secret": "env:OLD_SECRET", "state": "revoked"}}, {{"secret": "env:IMAGE_SERVICE_SECRET"}}],
                    "allowed_targets": ["lego-projects-api"], "permissions": ["GET /**", "POST /**", "PUT /v1/*/x"]
                }}
            }},
            "routes": [
                {{"match": "GET /open/**", "public": true}},
                {{"match": "/internal/**", "services": ["lego-projects-api"]}},
                {{"match": "/strict/*/**", "strict": true}}
            ],
            "limits": {{"body_bytes": 2048}}, "replay": {{"capacity": 8}}
        }}"#
    )
}

fn config(service: &str, accept: &str, sign_with: &str) -> Config {
    Config::parse(&document(service, accept, sign_with), &secrets()).expect("a good document")
}

/// The configs of `lego-projects-api`, which verifies: one that accepts each scheme alone, and one for the two that may stand together.
pub fn configs() -> &'static [Config; 4] {
    static CONFIGS: LazyLock<[Config; 4]> = LazyLock::new(|| {
        let [v2, hmac, cross] = SCHEMES.map(|scheme| format!("\"{scheme}\""));
        [v2.clone(), hmac.clone(), cross, format!("{v2},{hmac}")]
            .map(|accept| config("lego-projects-api", &accept, "service-hmac-v2"))
    });
    &CONFIGS
}

/// The signers of `image-service`, for calls to `lego-projects-api`, by scheme.
pub fn signers() -> &'static [Signer; 3] {
    static SIGNERS: LazyLock<[Signer; 3]> = LazyLock::new(|| {
        SCHEMES.map(|scheme| {
            let config = config("image-service", &format!("\"{scheme}\""), scheme);
            Signer::new(&config, Some("lego-projects-api")).expect("the caller has a key")
        })
    });
    &SIGNERS
}

/// Verifies a request at once and in pieces, by verifiers that have seen nothing, and demands the same of both.
pub fn verify_both_ways(
    config: &Config,
    head: &Head<'_, Headers>,
    body: &[u8],
    cuts: &[u8],
    now: u64,
) -> Result<Verified, Refusal> {
    let (whole, pieces) = (Verifier::new(config), Verifier::new(config));
    let at_once = whole.verify(head, body, now);
    let streamed = pieces.begin(head, now).and_then(|mut state| {
        let mut rest = body;
        for cut in cuts {
            let (piece, tail) = rest.split_at(usize::from(*cut).min(rest.len()));
            state.update(piece)?;
            rest = tail;
        }
        state.update(rest)?;
        state.finish()
    });
    assert_eq!(told(&at_once), told(&streamed), "at once and in pieces");
    assert_eq!(whole.metrics(), pieces.metrics());
    if let Ok(verified) = &at_once {
        assert_eq!(verified.is_public(), whole.is_public(head.method, head.target));
        let signed_nonce = verified.scheme() == Some(SCHEMES[0]);
        let may_repeat =
            verified.is_public() || (!signed_nonce && [&b"GET"[..], b"HEAD", b"OPTIONS"].contains(&head.method));
        assert_eq!(whole.verify(head, body, now).is_ok(), may_repeat, "a replay");
    }
    at_once
}

/// All that an outcome says, as text. Making it runs the code that puts refusals into words.
pub fn told(outcome: &Result<Verified, Refusal>) -> String {
    match outcome {
        Ok(verified) => format!("{verified:?} {:?}", verified.replay_key()),
        Err(refusal) => {
            let response = refusal.response();
            assert_eq!(response.code, refusal.code());
            assert!(response.body.is_ascii());
            format!("{refusal:?} {response:?}")
        }
    }
}
