//! What is signed and verified for one scheme: the two configurations, and the requests that are sent.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::step::{Request, Step};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: u64 = 1_767_225_600;
const NONCE: &str = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";
const TENANT: &str = "0b5f3c1e-8f6d-4a57-9d2e-1c7a4be90f35";

/// One scheme.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) scheme: String,
    /// The kind of the key, where a scheme has several.
    pub(crate) kind: &'static str,
    pub(crate) signing: String,
    pub(crate) verifying: String,
    pub(crate) env: BTreeMap<String, String>,
    /// What the verifier's references find, where that is something else.
    pub(crate) verifying_env: Option<BTreeMap<String, String>>,
    /// The `sign` or `sign_context` steps.
    pub(crate) signed: Vec<Step>,
    /// Headers that the scheme sends and does not bind.
    pub(crate) unbound: &'static [&'static str],
}

impl Scene {
    /// What it is called in tables.
    pub(crate) fn title(&self) -> String {
        [&*self.scheme, self.kind].join(" ").trim_end().to_owned()
    }
}

/// Every scheme in which something can be signed.
pub(crate) fn scenes() -> Vec<Scene> {
    let mut scenes = vec![
        between_services("service-hmac-v2", &[]),
        between_services("service-hmac", &["X-Request-ID"]),
        between_services("cross-service", &["X-Request-ID"]),
        contexts(),
    ];
    scenes.extend(KEYS.map(|key| by_a_standard("rfc9421", &key)));
    scenes.extend(KEYS.map(|key| by_a_standard("jwt", &key)));
    scenes.extend(["", "style s3"].map(by_amazon));
    scenes.extend(SENDERS.map(|(scheme, secret)| from_a_sender(scheme, secret)));
    scenes
}

/// Half of a secret in hex, and the same bytes as senders of `whsec_` secrets write theirs.
const TEXT: &str = "9f2c4e6a81b3d5f7092b4d6e8f0a1c3e";
const BASE64: &str = "whsec_nyxOaoGz1fcJK01ujwocPqCxwtPk9QYX";

/// The schemes of the catalogue that sign a body with a shared secret. The others have only tokens, public keys, or
/// forms and queries of their own, which the vectors show.
const SENDERS: [(&str, &str); 40] = [
    ("asana", TEXT),
    ("bitbucket", TEXT),
    ("buildkite", TEXT),
    ("calendly", TEXT),
    ("circleci", TEXT),
    ("clerk", BASE64),
    ("cloudflare-stream", TEXT),
    ("coinbase-commerce", TEXT),
    ("docusign", TEXT),
    ("dropbox", TEXT),
    ("github", TEXT),
    ("gitlab", BASE64),
    ("heroku", TEXT),
    ("hub-signature-256", TEXT),
    ("hubspot", TEXT),
    ("intercom", TEXT),
    ("jira", TEXT),
    ("launchdarkly", TEXT),
    ("line", TEXT),
    ("linear", TEXT),
    ("memo", TEXT),
    ("mux", TEXT),
    ("notion", TEXT),
    ("openai", BASE64),
    ("pagerduty", TEXT),
    ("paddle", TEXT),
    ("razorpay", TEXT),
    ("resend", BASE64),
    ("sentry", TEXT),
    ("shopify", TEXT),
    ("slack", TEXT),
    ("square", TEXT),
    ("standard-webhooks", BASE64),
    ("stripe", TEXT),
    ("svix", BASE64),
    ("timestamped-body", TEXT),
    ("typeform", TEXT),
    ("workos", TEXT),
    ("xero", TEXT),
    ("zoom", TEXT),
];

/// A key: its kind, its algorithm where it is not a secret, and what its private and its public half are.
type KeyOfStandard = (&'static str, Option<&'static str>, &'static str, &'static str);

/// The keys of the tests in RFC 8032 (section 7.1) and RFC 7515 (appendix A.3).
const KEYS: [KeyOfStandard; 3] = [
    ("hmac-sha256", None, HMAC, HMAC),
    (
        "ed25519",
        Some("ed25519"),
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    (
        "ecdsa-p256-sha256",
        Some("ecdsa-p256-sha256"),
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#,
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    ),
];
const HMAC: &str = "9f2c4e6a81b3d5f7092b4d6e8f0a1c3e9f2c4e6a81b3d5f7092b4d6e8f0a1c3e";

/// Message signatures and tokens: each end has the half of the key that it needs.
fn by_a_standard(scheme: &str, (kind, algorithm, private, public): &KeyOfStandard) -> Scene {
    let document = |own: &str, half: &str| {
        let key = match algorithm {
            None => json!({"id": "2026", "secret": "env:KEY"}),
            Some(algorithm) => json!({"id": "2026", "algorithm": algorithm, half: "env:KEY"}),
        };
        json!({
            "service": own, "accept": [scheme], "sign_with": scheme, "replay": {"store": "none"},
            "services": {"orders": {}, "billing": {"keys": [key], "allowed_targets": ["orders"]}},
        })
        .to_string()
    };
    let env = |text: &str| BTreeMap::from([("KEY".to_owned(), text.to_owned())]);
    Scene {
        scheme: scheme.to_owned(),
        kind,
        signing: document("billing", "private_key"),
        verifying: document("orders", "public_key"),
        env: env(private),
        verifying_env: Some(env(public)),
        signed: requests(Some("orders")),
        unbound: &[],
    }
}

/// Signatures of AWS. What its signers write in several ways is not in these requests.
fn by_amazon(kind: &'static str) -> Scene {
    let mut scope = json!({"region": "eu-central-1", "service": "execute-api"});
    if !kind.is_empty() {
        scope["style"] = json!("s3");
    }
    let document = |own: &str| {
        json!({
            "service": own, "accept": ["aws-sigv4"], "sign_with": "aws-sigv4", "replay": {"store": "none"},
            "aws_sigv4": scope,
            "services": {
                "orders": {},
                "billing": {
                    "aws_keys": [{"id": "AKIDMATRIX0000000001", "secret": "env:KEY"}],
                    "allowed_targets": ["orders"],
                },
            },
        })
    };
    let signed = requests(Some("orders")).into_iter().map(|mut step| {
        if let Step::Sign { request, .. } = &mut step {
            let target = request.target.lossy().replace("//", "/").replace(';', "%3B").replace('+', "%2B");
            request.target = crate::text::Text::from_bytes(target.as_bytes());
        }
        step
    });
    Scene {
        scheme: "aws-sigv4".to_owned(),
        kind,
        signing: document("billing").to_string(),
        verifying: document("orders").to_string(),
        env: BTreeMap::from([("KEY".to_owned(), TEXT.to_owned())]),
        verifying_env: None,
        signed: signed.collect(),
        unbound: &["X-Request-ID"],
    }
}

fn between_services(scheme: &str, unbound: &'static [&'static str]) -> Scene {
    let document = |own: &str| {
        json!({
            "service": own, "accept": [scheme], "sign_with": scheme, "replay": {"store": "none"},
            "services": {
                "orders": {"keys": [{"secret": "env:ORDERS"}], "allowed_targets": []},
                "billing": {"keys": [{"id": "2026", "secret": "env:BILLING"}], "allowed_targets": ["orders"]},
            },
        })
    };
    let env = [("ORDERS", format!("{BASE64}{TEXT}")), ("BILLING", TEXT.repeat(2))];
    Scene {
        scheme: scheme.to_owned(),
        kind: "",
        signing: document("billing").to_string(),
        verifying: document("orders").to_string(),
        env: env.map(|(name, secret)| (name.to_owned(), secret)).into(),
        verifying_env: None,
        signed: requests(Some("orders")),
        unbound,
    }
}

fn from_a_sender(scheme: &str, secret: &str) -> Scene {
    let document = json!({
        "service": "orders", "accept": ["webhook:sender"], "sign_with": "webhook:sender", "services": {}, "replay": {"store": "none"},
        "webhooks": {"sender": {
            "scheme": scheme, "keys": [{"id": "2026", "secret": "env:SENDER"}], "url": "https://orders.example/hooks",
        }},
    })
    .to_string();
    Scene {
        scheme: scheme.to_owned(),
        kind: "",
        signing: document.clone(),
        verifying: document,
        env: BTreeMap::from([("SENDER".to_owned(), secret.to_owned())]),
        verifying_env: None,
        signed: requests(None),
        unbound: &[],
    }
}

fn contexts() -> Scene {
    let document = json!({
        "service": "orders", "services": {}, "contexts": {"keys": [{"id": "2026", "secret": "env:CONTEXT"}]},
    })
    .to_string();
    let roles: [&[&str]; 4] =
        [&[], &["user"], &["user", "admin", "user"], &["\u{e9}diteur", "e\u{301}diteur", "\u{1f600}"]];
    let sign = |roles: &&[&str]| json!({"op": "sign_context", "tenant": TENANT, "roles": roles, "now": NOW});
    Scene {
        scheme: "auth-context".to_owned(),
        kind: "",
        signing: document.clone(),
        verifying: document,
        env: BTreeMap::from([("CONTEXT".to_owned(), TEXT.repeat(2))]),
        verifying_env: None,
        signed: roles.iter().map(|roles| step(sign(roles))).collect(),
        unbound: &[],
    }
}

/// Requests of every shape that the languages might treat differently.
fn requests(target: Option<&str>) -> Vec<Step> {
    let requests = [
        ("POST", "/hooks", json!("{\"item\": \"brick\", \"n\": 1.0}")),
        ("GET", "/hooks/7?sort=name&empty=&flag", json!("")),
        ("PUT", "/hooks/a%2Cb/%C3%A9?q=%20+x%26", json!({"base64": "AP/+gIDt7e0NCgk="})),
        ("DELETE", "/hooks?", json!("a=1&b=\u{e9}")),
        ("POST", "/hooks//x;y/~", json!("line one\r\nline two\n")),
    ];
    let sign = |(method, path, body): (&str, &str, Value)| {
        let request =
            json!({"method": method, "target": path, "authority": "orders.example", "headers": [], "body": body});
        step(json!({"op": "sign", "now": NOW, "nonce": NONCE, "target": target, "request": request}))
    };
    requests.map(sign).to_vec()
}

fn step(value: Value) -> Step {
    serde_json::from_value(value).expect("the steps of this file are steps")
}

/// The step that verifies what this one signed.
pub(crate) fn verification(signing: &Step, answer: &Value) -> Option<Step> {
    let signed = answer.get("ok")?;
    match signing {
        Step::Sign { now, request, .. } => {
            let mut request: Request = request.clone();
            let headers: Vec<(String, crate::text::Text)> = serde_json::from_value(signed["headers"].clone()).ok()?;
            request.headers.extend(headers);
            Some(Step::Verify { now: *now + 2, request })
        }
        Step::SignContext { tenant, roles, now } => Some(Step::VerifyContext {
            tenant: tenant.clone(),
            roles: roles.clone(),
            signature: signed["signature"].as_str()?.to_owned(),
            now: *now,
            payload: None,
        }),
        _ => None,
    }
}
