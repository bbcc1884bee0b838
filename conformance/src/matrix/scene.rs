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
    pub(crate) signing: String,
    pub(crate) verifying: String,
    pub(crate) env: BTreeMap<String, String>,
    /// The `sign` or `sign_context` steps.
    pub(crate) signed: Vec<Step>,
    /// Headers that the scheme sends and does not bind.
    pub(crate) unbound: &'static [&'static str],
}

/// Every scheme in which something can be signed.
pub(crate) fn scenes() -> Vec<Scene> {
    let mut scenes = vec![
        between_services("service-hmac-v2", &[]),
        between_services("service-hmac", &["X-Request-ID"]),
        between_services("cross-service", &["X-Request-ID"]),
        contexts(),
    ];
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
        signing: document("billing").to_string(),
        verifying: document("orders").to_string(),
        env: env.map(|(name, secret)| (name.to_owned(), secret)).into(),
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
        signing: document.clone(),
        verifying: document,
        env: BTreeMap::from([("SENDER".to_owned(), secret.to_owned())]),
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
        signing: document.clone(),
        verifying: document,
        env: BTreeMap::from([("CONTEXT".to_owned(), TEXT.repeat(2))]),
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
