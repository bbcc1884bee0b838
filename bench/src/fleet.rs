//! The fleet that all measurements share: one service that is called, and fifty that it knows.

use std::hint::black_box;

use serde_json::{Value, json};
use wiresign::{Config, Head, Secrets, Signer};

/// The service that verifies.
pub(crate) const CALLED: &str = "orders-api";
/// The service that calls.
pub(crate) const CALLER: &str = "service-25";
/// How many services the registry has.
pub(crate) const SERVICES: usize = 50;
/// The Unix time at which the measurements begin.
pub(crate) const NOW: u64 = 1_767_225_600;
pub(crate) const METHOD: &str = "POST";
pub(crate) const TARGET: &str = "/api/v1/images/4711/resize?width=640&fit=cover";
/// What requests carry besides the length of their body and the headers of a signature.
pub(crate) const USUAL_HEADERS: [(&str, &str); 6] = [
    ("host", "orders-api.internal:8080"),
    ("user-agent", "python-httpx/0.28.1"),
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br"),
    ("connection", "keep-alive"),
    ("content-type", "application/json"),
];

/// What the fleet's document says beyond the registry.
#[derive(Clone, Copy)]
pub(crate) struct Fleet {
    /// The accepted schemes; the first is signed with.
    pub(crate) accept: &'static [&'static str],
    pub(crate) body_limit: u64,
    pub(crate) replay_capacity: u64,
}

impl Default for Fleet {
    fn default() -> Self {
        Self { accept: &["service-hmac-v2"], body_limit: 10 * 1024 * 1024, replay_capacity: 1_000_000 }
    }
}

impl Fleet {
    /// The config of the service that is called.
    pub(crate) fn called(self) -> Config {
        self.config(CALLED)
    }

    /// A signer of `service`, for calls to `target`.
    pub(crate) fn signer(self, service: &str, target: &str) -> Signer {
        Signer::new(&self.config(service), Some(target)).expect("each service has a key")
    }

    fn config(self, service: &str) -> Config {
        let document = self.document(service).to_string();
        Config::parse(&document, &secrets()).expect("the document holds no mistake")
    }

    /// The config document, the same for all services but its first member.
    pub(crate) fn document(self, service: &str) -> Value {
        let key = |id: &str| json!([{"secret": format!("env:{}", variable(id))}]);
        let mut services = serde_json::Map::new();
        for id in (0..SERVICES).map(|at| format!("service-{at:02}")) {
            let permissions = ["GET /health", "GET /api/v1/**", "POST /api/v1/images/*/resize"];
            services
                .insert(id.clone(), json!({"keys": key(&id), "allowed_targets": [CALLED], "permissions": permissions}));
        }
        services.insert(CALLED.into(), json!({"keys": key(CALLED), "allowed_targets": ["somebody-else"]}));
        // Known services that are refused for one reason each.
        let permissions = ["GET /health"];
        services.insert("reader".into(), json!({"keys": key("reader"), "permissions": permissions}));
        services.insert("elsewhere".into(), json!({"keys": key("elsewhere"), "environments": ["staging"]}));
        // It has not heard yet that its key was revoked, so it can still sign.
        let state = if service == "retired" { "active" } else { "revoked" };
        let old = json!([{"secret": format!("env:{}", variable("retired")), "state": state}]);
        services.insert("retired".into(), json!({"keys": old}));
        services.insert("not-listed".into(), json!({"keys": key("not-listed")}));
        let listed: Vec<&String> = services.keys().filter(|id| *id != "not-listed").collect();
        let routes = json!([
            {"match": "GET /health", "public": true},
            {"match": "GET /metrics", "public": true},
            {"match": "/internal/**", "strict": true, "services": ["service-01"]},
            {"match": "POST /api/v1/images/*/resize", "services": listed},
            {"match": "/**", "strict": true}
        ]);
        let mut document = json!({
            "service": service,
            "environment": "production",
            "accept": self.accept,
            "sign_with": self.accept[0],
            "services": services,
            "routes": routes,
            "replay": {"capacity": self.replay_capacity},
            "limits": {"body_bytes": self.body_limit},
        });
        if let Some(template) = template(self.accept[0]) {
            document["schemes"] = json!({self.accept[0]: template});
        }
        document
    }
}

/// Templates of the same formats as two schemes whose code stands in the core.
pub(crate) static SHAPES: [[[&str; 1]; 2]; 2] =
    [[["service-hmac"], ["shape-of-service-hmac"]], [["service-hmac-v2"], ["shape-of-service-hmac-v2"]]];

fn template(id: &str) -> Option<Value> {
    let (caller, timestamp) = (json!({"header": "X-Service-ID"}), json!({"header": "X-Timestamp"}));
    match id {
        "shape-of-service-hmac" => Some(json!({
            "algorithm": "hmac-sha256",
            "message": ["method", "\n", "path", "\n", "timestamp", "\n", "body", "\n", "service"],
            "signature": {"header": "X-Signature", "encoding": "hex"},
            "timestamp": timestamp,
            "caller": caller,
        })),
        "shape-of-service-hmac-v2" => Some(json!({
            "algorithm": "hmac-sha256",
            "message": [
                {"literal": "wiresign-v2\n"}, "method", "\n", "path", "\n", "query", "\n", "timestamp", "\n",
                "service", "\n", "target-service", "\n", "nonce", "\n", "body"
            ],
            "signature": {
                "header": "X-Signature",
                "encoding": "hex",
                "list": {"separator": ",", "assign": "=", "signature": "v2", "unknown": "refuse"}
            },
            "timestamp": timestamp,
            "nonce": {"header": "X-Request-ID"},
            "caller": caller,
            "target": {"header": "X-Target-Service"},
        })),
        _ => None,
    }
}

/// Schemes of the catalogue that others have packages for.
pub(crate) const WEBHOOKS: [&str; 3] = ["stripe", "github", "standard-webhooks"];
/// Nothing of value, in the one form that all of them take.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_fcNNpjk4UzTDXDAIUQYs7xMMSQGjgDbA";

/// The document of a service that one sender calls, and of that sender.
pub(crate) fn webhook_document(scheme: &str) -> Value {
    let listed = format!("webhook:{scheme}");
    json!({
        "service": CALLED,
        "services": {},
        "accept": [listed],
        "sign_with": listed,
        "webhooks": {scheme: {"scheme": scheme, "keys": [{"secret": "env:WEBHOOK_SECRET"}]}},
    })
}

/// The schemes that follow a standard.
pub(crate) const STANDARDS: [&str; 3] = ["rfc9421", "aws-sigv4", "jwt"];

/// The document of a service that signs or verifies as a standard says. Its caller's only secret is that of the webhooks.
pub(crate) fn standard_document(scheme: &str, service: &str) -> Value {
    json!({
        "service": service,
        "accept": [scheme],
        "sign_with": scheme,
        "services": {
            CALLED: {},
            CALLER: {
                "keys": [{"id": "key-1", "secret": "env:WEBHOOK_SECRET"}],
                "aws_keys": [{"id": "AKIAIOSFODNN7EXAMPLE", "secret": "env:WEBHOOK_SECRET"}],
                "allowed_targets": [CALLED],
            },
        },
        "aws_sigv4": {"region": "eu-west-1", "service": "execute-api"},
    })
}

/// The environment variable that holds a service's secret.
fn variable(service: &str) -> String {
    format!("SECRET_OF_{service}")
}

/// The secret of a service. Nothing of value: a text that is long enough and different for each.
pub(crate) fn secret(service: &str) -> String {
    service.bytes().cycle().take(32).enumerate().map(|(at, byte)| format!("{:02x}", byte ^ (at as u8 * 7))).collect()
}

/// The ids of all services that have a secret.
pub(crate) fn ids() -> impl Iterator<Item = String> {
    let others = [CALLED, "reader", "elsewhere", "retired", "not-listed"].map(str::to_owned);
    (0..SERVICES).map(|at| format!("service-{at:02}")).chain(others)
}

pub(crate) fn secrets() -> Secrets {
    ids().fold(Secrets::new(), |secrets, id| secrets.env(&variable(&id), &secret(&id)))
}

/// A request as a server has it in hand: all its header fields, names in lower case.
pub(crate) struct Request {
    pub(crate) target: &'static [u8],
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Request {
    pub(crate) fn head(&self) -> Head<'_, [(&'static str, String)]> {
        // Constants that the compiler knows would be judged at compile time.
        Head::new(black_box(METHOD).as_bytes(), black_box(self.target), self.headers.as_slice())
    }

    /// Adds a header, also where one of that name is there.
    pub(crate) fn add(&mut self, name: &'static str, value: &str) {
        self.headers.push((name, value.to_owned()));
    }

    /// Leaves a header out.
    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(known, _)| *known != name);
    }

    /// Changes the value of a header.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.remove(name);
        self.add(name, value);
    }
}

/// Signs requests that differ in their nonce.
pub(crate) struct Client {
    signer: Signer,
    count: u64,
}

impl Client {
    pub(crate) fn new(signer: Signer) -> Self {
        Self { signer, count: 0 }
    }

    /// A fresh request with twelve header fields.
    pub(crate) fn request(&mut self, body: &[u8], now: u64) -> Request {
        self.count += 1;
        // The form of a UUID, and as many different values as are needed.
        let nonce = format!("{:08x}-0000-4000-8000-{:012x}", self.count as u32, self.count.wrapping_mul(0x9e37_79b9));
        let none: &[(&str, &str)] = &[];
        let signed = self
            .signer
            .sign(&Head::new(METHOD.as_bytes(), TARGET.as_bytes(), none), body, now, &nonce[..36])
            .expect("a good request");
        let length = body.len().to_string();
        let names = ["x-service-id", "x-target-service", "x-timestamp", "x-request-id", "x-signature"];
        let mut request = Request { target: TARGET.as_bytes(), headers: Vec::with_capacity(12) };
        USUAL_HEADERS.into_iter().for_each(|(name, value)| request.add(name, value));
        request.add("content-length", &length);
        for (name, value) in signed.iter() {
            let name = names.into_iter().find(|known| known.eq_ignore_ascii_case(name));
            request.add(name.unwrap_or("x-service-name"), value);
        }
        request
    }

    /// What the signature is computed over, in bytes.
    pub(crate) fn message_bytes(&self, body: &[u8], now: u64) -> usize {
        let none: &[(&str, &str)] = &[];
        let nonce = "0".repeat(36);
        self.signer
            .message(&Head::new(METHOD.as_bytes(), TARGET.as_bytes(), none), body, now, &nonce)
            .expect("a good request")
            .len()
    }
}

/// Batches of requests at a steady rate, so that a replay store holds as many entries as its window has room for.
pub(crate) struct Traffic<'a> {
    client: Client,
    body: &'a [u8],
    per_second: u32,
    now: u64,
    sent: u32,
}

/// Requests that were signed just now, to be verified in turn.
pub(crate) struct Batch {
    pub(crate) requests: Vec<Request>,
    pub(crate) now: u64,
    next: usize,
}

impl Batch {
    pub(crate) fn new(requests: Vec<Request>, now: u64) -> Self {
        Self { requests, now, next: 0 }
    }

    /// The next request; the first one again after the last.
    pub(crate) fn next(&mut self) -> &Request {
        let at = self.next;
        self.next = (at + 1) % self.requests.len();
        &self.requests[at]
    }
}

/// How many requests are in a batch: few enough that they stay in the fastest cache, as a request that just came in.
pub(crate) const BATCH: u32 = 16;
/// How many requests are inside the window at once, where nothing else is said: those of 54 requests a second.
pub(crate) const LIVING: u32 = 16 * 1024;
/// The window and its margin.
const SECONDS_ALIVE: u32 = 305;

impl<'a> Traffic<'a> {
    /// Traffic of which `living` requests are inside the window at once. `seen` gets as many before the first batch.
    pub(crate) fn new(client: Client, body: &'a [u8], living: u32, mut seen: impl FnMut(&Request, u64)) -> Self {
        let per_second = living.div_ceil(SECONDS_ALIVE);
        let mut traffic = Self { client, body, per_second, now: NOW, sent: 0 };
        for _ in 0..living / BATCH {
            let batch = traffic.batch();
            batch.requests.iter().for_each(|request| seen(request, batch.now));
        }
        traffic
    }

    pub(crate) fn batch(&mut self) -> Batch {
        self.sent += BATCH;
        while self.sent >= self.per_second {
            self.sent -= self.per_second;
            self.now += 1;
        }
        Batch::new((0..BATCH).map(|_| self.client.request(self.body, self.now)).collect(), self.now)
    }
}
