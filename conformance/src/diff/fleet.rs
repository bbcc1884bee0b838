//! A fleet that was made up: a configuration document, and callers that know the secrets in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::format::{Format, Sender};
use super::hostile::{BODIES, NAMES};
use super::mac::{Algorithm, hex};
use super::mutate::{before_signing, hostile_time};
use super::random::Random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The service whose verifier is judged.
pub(crate) const OWN: &str = "orders";
/// 2026-01-01T00:00:00Z.
pub(super) const START: u64 = 1_767_225_600;

const CALLERS: [&str; 4] = ["billing", "web", "image-service", "a.b_c-D9"];
const TARGETS: [&str; 12] = [
    "/api/orders",
    "/api/orders/7",
    "/api/orders?id=7&sort=",
    "/api/x/run",
    "/health",
    "/public/a",
    "/internal/jobs",
    "/internal/jobs?all=1",
    "/both/1",
    "/",
    "/api/images/1?x=%2F",
    "/API/Orders",
];

/// A document and those who call.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) document: Value,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) now: u64,
    callers: Vec<Caller>,
    carriers: Vec<Carrier>,
    hook_keys: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct Caller {
    id: &'static str,
    keys: Vec<Vec<u8>>,
    api_key: Option<String>,
}

/// A way to carry a credential.
#[derive(Clone, Debug)]
enum Carrier {
    Second,
    First,
    CrossService,
    ApiKey,
    /// Of a service, by its caller header.
    Template(Format),
    /// Of a sender with keys of its own.
    Webhook(Format),
}

impl Fleet {
    pub(crate) fn new(random: &mut Random) -> Fleet {
        // Peers know one scheme at a time and no policy: what they are to judge must have room too.
        let is_plain = random.percent(35);
        let mut fleet = Fleet {
            document: Value::Null,
            env: BTreeMap::new(),
            now: START + random.below(100_000) as u64,
            callers: Vec::new(),
            carriers: if is_plain { vec![plain_carrier(random)] } else { carriers(random) },
            hook_keys: Vec::new(),
        };
        let mut services = Map::new();
        services.insert(OWN.to_owned(), json!({"keys": [fleet.key(random, "OWN", 0).0]}));
        let takes_api_keys = fleet.carriers.iter().any(|carrier| matches!(carrier, Carrier::ApiKey));
        for (number, id) in CALLERS.into_iter().enumerate() {
            if number == 0 || random.percent(50) {
                let (caller, entry) = fleet.caller(random, id, takes_api_keys, is_plain);
                fleet.callers.push(caller);
                services.insert(id.to_owned(), entry);
            }
        }

        let mut document = json!({"service": OWN, "services": services});
        let accept: Vec<&str> = fleet.carriers.iter().map(Carrier::id).collect();
        document["accept"] = json!(accept);
        let signing = accept.iter().find(|id| **id != "api-key").copied().unwrap_or("service-hmac-v2");
        document["sign_with"] = json!(signing);
        for carrier in fleet.carriers.clone() {
            let (Carrier::Template(format) | Carrier::Webhook(format)) = &carrier else { continue };
            if let Some(template) = &format.template {
                document["schemes"][format.id] = template.clone();
            }
            if matches!(carrier, Carrier::Webhook(_)) {
                document["webhooks"] = json!({"hooks": fleet.webhook(random, format)});
            }
        }
        if is_plain {
            document["replay"] = json!({"store": "none"});
            fleet.document = document;
            return fleet;
        }
        if random.percent(70) {
            let routes = fleet.routes(random, &accept);
            document["routes"] = json!(routes);
        }
        settings(random, &mut document);
        fleet.document = document;
        fleet
    }

    fn caller(
        &mut self,
        random: &mut Random,
        id: &'static str,
        takes_api_keys: bool,
        is_plain: bool,
    ) -> (Caller, Value) {
        let mut keys = Vec::new();
        let mut entries = Vec::new();
        for number in 0..1 + random.below(3) {
            let (entry, key) = self.key(random, id, number);
            entries.push(entry);
            keys.push(key);
        }
        let mut entry = json!({"keys": entries, "url": format!("https://{}.internal:8443", id.to_ascii_lowercase())});
        let mut api_key = None;
        if takes_api_keys {
            let secret = random.hex(40);
            let name = format!("API_{}", self.env.len());
            entry["api_keys"] = json!([{"secret": format!("env:{name}")}]);
            self.env.insert(name, secret.clone());
            api_key = Some(secret);
        }
        for (share, member, value) in [
            (70, "allowed_targets", json!([random.pick(&[OWN, OWN, OWN, "web", "other"]), "billing"])),
            (25, "permissions", json!(["GET /api/**", "POST /api/orders", "/both/*"])),
            (20, "environments", json!([random.pick(&["production", "staging"])])),
        ] {
            if random.percent(share) && (!is_plain || member == "allowed_targets") {
                entry[member] = value;
            }
        }
        (Caller { id, keys, api_key }, entry)
    }

    fn key(&mut self, random: &mut Random, owner: &str, number: usize) -> (Value, Vec<u8>) {
        let name = format!("SECRET_{}", self.env.len());
        let bytes = random.bytes(32);
        let (secret, key, encoding) = match random.below(4) {
            0 => (hex(&bytes), bytes, Some("hex")),
            1 => (STANDARD.encode(&bytes), bytes, Some("base64")),
            _ => (hex(&bytes), hex(&bytes).into_bytes(), None),
        };
        let mut entry = json!({"secret": format!("env:{name}")});
        if let Some(encoding) = encoding {
            entry["encoding"] = json!(encoding);
        }
        if random.percent(60) {
            entry["id"] = json!(format!("{}-{number}", owner.to_ascii_lowercase()));
        }
        // The first key is good: a fleet in which nobody can call says little.
        if number > 0 {
            match random.below(6) {
                0 => entry["state"] = json!("retiring"),
                1 => entry["state"] = json!("revoked"),
                2 => entry["not_before"] = json!("2026-06-01T00:00:00Z"),
                3 => entry["not_after"] = json!("2025-12-31T23:59:59Z"),
                _ => {}
            }
        }
        self.env.insert(name, secret);
        (entry, key)
    }

    fn webhook(&mut self, random: &mut Random, format: &Format) -> Value {
        let mut keys = Vec::new();
        for _ in 0..1 + random.below(2) {
            let name = format!("HOOK_{}", self.env.len());
            let bytes = random.bytes(24);
            let (secret, key) = if format.is_base64_key {
                (format!("whsec_{}", STANDARD.encode(&bytes)), bytes)
            } else {
                (hex(&bytes), hex(&bytes).into_bytes())
            };
            keys.push(json!({"secret": format!("env:{name}")}));
            self.env.insert(name, secret);
            self.hook_keys.push(key);
        }
        json!({"scheme": format.id, "keys": keys})
    }

    fn routes(&self, random: &mut Random, accept: &[&str]) -> Vec<Value> {
        let one = random.pick(accept);
        let mut routes = vec![
            json!({"match": "GET /health", "public": true}),
            json!({"match": "/public/**", "optional": true}),
            json!({"match": "/internal/**", "services": random.some(&["billing", "web"]).into_iter().filter(|id| self.callers.iter().any(|caller| caller.id == *id)).collect::<Vec<_>>(), "strict": random.percent(50)}),
            json!({"match": "POST /api/*/run", "accept": [one]}),
            json!({"match": "/api/**", "replay": random.pick(&["unsafe-methods", "all-methods", "off"])}),
        ];
        let services = routes[2]["services"].as_array().is_some_and(Vec::is_empty);
        if services && let Some(route) = routes[2].as_object_mut() {
            route.remove("services");
        }
        if accept.contains(&"api-key") && accept.len() > 1 {
            let other = accept.iter().find(|id| **id != "api-key").expect("there is another one");
            if !other.starts_with("webhook:") {
                routes.push(json!({"match": "/both/**", "require_all": ["api-key", other]}));
            }
        }
        random.shuffle(&mut routes);
        let length = 1 + random.below(routes.len());
        routes.truncate(length);
        routes
    }

    /// A request that one of the callers sends, which in half of the cases has something hostile in what it signs.
    pub(crate) fn call(&self, random: &mut Random) -> Draft {
        let mut draft = Draft {
            method: random.pick(&[b"GET".as_slice(), b"GET", b"POST", b"POST", b"PUT", b"HEAD"]).to_vec(),
            target: random.pick(&TARGETS).as_bytes().to_vec(),
            authority: random.percent(30).then(|| b"orders.internal:8443".to_vec()),
            headers: Vec::new(),
            body: if random.percent(50) { Vec::new() } else { random.pick(BODIES).to_vec() },
        };
        if random.percent(40) {
            before_signing(random, &mut draft);
        }
        let carrier = random.pick_ref(&self.carriers);
        self.seal(random, carrier, &mut draft);
        if random.percent(4) {
            let second = random.pick_ref(&self.carriers);
            self.seal(random, second, &mut draft);
        }
        draft
    }

    fn seal(&self, random: &mut Random, carrier: &Carrier, draft: &mut Draft) {
        let caller = random.pick_ref(&self.callers);
        let seconds = match random.below(12) {
            0 => self.now - random.pick(&[299, 300, 301, 600, 601]),
            1 => self.now + random.pick(&[1, 299, 300, 301, 600, 601]),
            _ => self.now - random.below(5) as u64,
        };
        let mut time = match carrier {
            Carrier::Template(format) | Carrier::Webhook(format) => format.time(seconds),
            _ => seconds.to_string(),
        }
        .into_bytes();
        if random.percent(6) {
            time = hostile_time(random, &time);
        }
        // From a small set, so that some are sent twice.
        let mut nonce = format!("6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b{:02}", random.below(40));
        if random.percent(5) {
            nonce = (random.pick(NAMES)).to_owned();
        }
        let service = if random.percent(4) { random.pick(NAMES) } else { caller.id };
        let target = if random.percent(5) { random.pick(NAMES) } else { OWN };
        let key = random.pick_ref(&caller.keys);
        let (path, query) = draft.split_target();
        let (head, ts, id) = (&draft.method, time.as_slice(), service.as_bytes());
        match carrier {
            Carrier::Second => {
                let parts: [&[u8]; 9] =
                    [b"wiresign-v2", head, path, query, ts, id, target.as_bytes(), nonce.as_bytes(), &draft.body];
                let message = parts.join(&b'\n');
                let several = random.percent(15);
                let keys: Vec<&Vec<u8>> = if several { caller.keys.iter().collect() } else { vec![key] };
                let tags: Vec<String> =
                    keys.iter().map(|key| format!("v2={}", hex(&Algorithm::Sha256.tag(key, &message)))).collect();
                draft.set("X-Service-ID", service);
                draft.set("X-Target-Service", target);
                draft.set("X-Timestamp", time);
                draft.set("X-Request-ID", nonce);
                draft.set("X-Signature", tags.join(","));
            }
            Carrier::First => {
                let message = [head, path, ts, &draft.body, id].join(&b'\n');
                let tag = hex(&Algorithm::Sha256.tag(key, &message));
                draft.set("X-Service-ID", service);
                draft.set("X-Timestamp", time);
                draft.set("X-Signature", tag);
                draft.set("X-Request-ID", nonce);
            }
            Carrier::CrossService => {
                let message = [head, path, ts, &draft.body].join(&b'\n');
                let tag = hex(&Algorithm::Sha256.tag(key, &message));
                draft.set("X-Service-Name", service);
                draft.set("X-Timestamp", time);
                draft.set("X-Signature", tag);
                draft.set("X-Request-ID", nonce);
            }
            Carrier::ApiKey => {
                let known = caller.api_key.clone().unwrap_or_default();
                draft.set("X-Service-API-Key", if random.percent(90) { known } else { random.hex(40) });
            }
            Carrier::Template(format) => {
                let sender = Sender { service, time: &time, nonce: &nonce };
                format.sign(draft, sender, &[key.as_slice()]);
            }
            Carrier::Webhook(format) => {
                let sender = Sender { service, time: &time, nonce: &nonce };
                let mut keys: Vec<&[u8]> = self.hook_keys.iter().map(Vec::as_slice).collect();
                random.shuffle(&mut keys);
                format.sign(draft, sender, &keys);
            }
        }
    }

    /// A service that can be called, or none, or one that there is not.
    pub(crate) fn target(&self, random: &mut Random) -> Option<String> {
        match random.below(10) {
            0 => None,
            1 => Some("nobody".to_owned()),
            _ => Some(random.pick_ref(&self.callers).id.to_owned()),
        }
    }
}

impl Carrier {
    fn id(&self) -> &'static str {
        match self {
            Carrier::Second => "service-hmac-v2",
            Carrier::First => "service-hmac",
            Carrier::CrossService => "cross-service",
            Carrier::ApiKey => "api-key",
            Carrier::Template(format) => format.id,
            Carrier::Webhook(_) => "webhook:hooks",
        }
    }
}

fn plain_carrier(random: &mut Random) -> Carrier {
    match random.below(5) {
        0 => Carrier::Second,
        1 => Carrier::First,
        2 => Carrier::CrossService,
        _ => Carrier::Webhook(Format::known(random)),
    }
}

fn carriers(random: &mut Random) -> Vec<Carrier> {
    let mut carriers = Vec::new();
    if random.percent(50) {
        carriers.push(Carrier::Second);
    }
    match random.below(5) {
        0 | 1 => carriers.push(Carrier::First),
        2 => carriers.push(Carrier::CrossService),
        _ => {}
    }
    if random.percent(20) {
        carriers.push(Carrier::ApiKey);
    }
    match random.below(6) {
        0 => carriers.push(Carrier::Template(Format::made_up(random, true))),
        1 => carriers.push(Carrier::Webhook(Format::made_up(random, false))),
        2 | 3 => carriers.push(Carrier::Webhook(Format::known(random))),
        _ => {}
    }
    if carriers.is_empty() {
        carriers.push(Carrier::Second);
    }
    carriers
}

fn settings(random: &mut Random, document: &mut Value) {
    let choices = [
        (30, "window", json!({"past": 1 + random.below(600), "future": random.below(600)})),
        (30, "replay", json!({"store": random.pick(&["memory", "none", "external"])})),
        (
            10,
            "replay",
            json!({"store": "memory", "capacity": 1 + random.below(4), "on_full": random.pick(&["reject", "allow"])}),
        ),
        (15, "limits", json!({"body_bytes": random.below(24)})),
        (15, "reveal", json!("uniform")),
        (100, "environment", json!(random.pick(&["production", "staging", "test"]))),
    ];
    for (share, member, value) in choices {
        if random.percent(share) {
            document[member] = value;
        }
    }
}
