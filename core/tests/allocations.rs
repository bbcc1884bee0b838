//! A verification takes no memory of its own: a flood of requests, good or forged, cannot make a service allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use wiresign::{Config, Head, RefusalCode, Secrets, Signer, Verifier};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting for each thread on its own, since tests run side by side.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    // A thread that is about to end may allocate when its counter is gone; nothing is measured there.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: each method passes its arguments on to the system's allocator unchanged, so its contract holds as it stands.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of this same method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of this same method.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of this same method.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn allocations_of(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

const DOCUMENT: &str = r#"{
    "service": "orders",
    "accept": ["service-hmac-v2", "SCHEME"],
    "sign_with": "SIGN_WITH",
    "services": {
        "orders": {"keys": [{"secret": "env:ORDERS"}]},
        "billing": {
            "keys": [{"secret": "env:OLD", "state": "retiring"}, {"secret": "env:NEW"}],
            "allowed_targets": ["orders"],
            "permissions": ["GET /health", "POST /v1/orders/*/lines"]
        }
    },
    "routes": [
        {"match": "GET /health", "public": true},
        {"match": "/internal/**", "services": ["orders"], "strict": true},
        {"match": "POST /v1/**", "services": ["billing"]}
    ],
    "replay": {"capacity": CAPACITY}
}"#;
const NOW: u64 = 1_767_225_600;
const TARGET: &[u8] = b"/v1/orders/7/lines?draft=1";
const BODY: &[u8] = br#"{"sku":"a-1","count":3}"#;

struct Fixture {
    verifier: Verifier,
    signer: Signer,
    signed: u32,
}

type Headers = Vec<(String, String)>;

const NEW: &str = "5e8f0b7c3d9a1e6f4b2c8d7e0f1a3b5c6d9e8f7a0b1c2d3e4f5a6b7c8d9e0f1a";

fn secrets() -> Secrets {
    Secrets::new()
        .env("ORDERS", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9")
        .env("OLD", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9")
        .env("NEW", NEW)
        .env("HOOK", "b12f1af8e00768aceede6b65bb3cb7a2f2e76d56de17beab68e4c91bca9ca6db")
        .env("WHSEC", "whsec_R2LVDCS+kgJoqLvfeUxPhTTIxJRJxTgh")
}

impl Fixture {
    fn new(sign_with: &str, capacity: u32) -> Self {
        let secrets = secrets();
        let other = if sign_with == "service-hmac-v2" { "service-hmac" } else { sign_with };
        let document = DOCUMENT
            .replace("SCHEME", other)
            .replace("SIGN_WITH", sign_with)
            .replace("CAPACITY", &capacity.to_string());
        let orders = Config::parse(&document, &secrets).expect("a config");
        let billing = Config::parse(&document.replacen("orders", "billing", 1), &secrets).expect("a config");
        let signer = Signer::new(&billing, Some("orders")).expect("a signer");
        Self { verifier: Verifier::new(&orders), signer, signed: 0 }
    }

    /// A request as it comes in, with fields that are none of a signature's.
    fn request(&mut self, target: &[u8]) -> Headers {
        self.signed += 1;
        let none: &[(&str, &str)] = &[];
        let nonce = format!("nonce-{:026}", self.signed);
        let signed = self.signer.sign(&Head::new(b"POST", target, none), BODY, NOW, &nonce).expect("signed");
        let others = [("Host", "orders:8080"), ("Accept", "*/*"), ("Content-Type", "application/json")];
        others.into_iter().chain(signed.iter()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

#[test]
fn an_accepted_request_takes_no_memory() {
    for scheme in ["service-hmac-v2", "service-hmac", "cross-service"] {
        let mut fixture = Fixture::new(scheme, 4000);
        // Older schemes sign no nonce, so each request has a path of its own.
        let targets: Vec<String> = (0..600).map(|at| format!("/v1/orders/{at}/lines")).collect();
        let requests: Vec<Headers> = targets.iter().map(|target| fixture.request(target.as_bytes())).collect();
        let verify = |(target, headers): (&String, &Headers)| {
            let head = Head::new(b"POST", target.as_bytes(), headers);
            drop(fixture.verifier.verify(&head, BODY, NOW).expect("a good request"));
        };
        let mut each = targets.iter().zip(&requests);
        // The replay store takes memory while it fills, each time for half as much again: now and then, and last at 488.
        let growing = allocations_of(|| each.by_ref().take(500).for_each(verify));
        assert!(growing < 100, "{scheme}: {growing}");
        assert_eq!(allocations_of(|| each.for_each(verify)), 0, "{scheme}");
    }
}

/// What stands in the document for a scheme that is data, and how it is listed.
const SCHEMES_AS_DATA: [(&str, &str); 6] = [
    (
        "acme",
        r#""schemes": {"acme": {
            "algorithm": "hmac-sha256",
            "message": ["method", "\n", "target", "\n", "timestamp", "\n", "nonce", "\n", "service", "\n", "body"],
            "signature": {"header": "X-Acme-Signature", "encoding": "base64", "prefix": "acme "},
            "timestamp": {"header": "X-Acme-Time", "unit": "ms"},
            "nonce": {"header": "X-Acme-Nonce"},
            "caller": {"header": "X-Acme-Service"}
        }}"#,
    ),
    ("webhook:stripe", r#""webhooks": {"stripe": {"scheme": "stripe", "keys": [{"secret": "env:HOOK"}]}}"#),
    ("webhook:github", r#""webhooks": {"github": {"scheme": "github", "keys": [{"secret": "env:HOOK"}]}}"#),
    ("webhook:slack", r#""webhooks": {"slack": {"scheme": "slack", "keys": [{"secret": "env:HOOK"}]}}"#),
    (
        "webhook:standard",
        r#""webhooks": {"standard": {"scheme": "standard-webhooks", "keys": [{"secret": "env:WHSEC"}]}}"#,
    ),
    (
        "webhook:shopify",
        r#""webhooks": {"shopify": {"scheme": "shopify", "keys": [{"secret": "env:HOOK"}], "replay": {"seconds": 60}}}"#,
    ),
];

#[test]
fn a_request_of_a_scheme_that_is_data_takes_no_memory() {
    for (listed, member) in SCHEMES_AS_DATA {
        for length in [20, 2000] {
            let config = |service: &str| {
                let document = format!(
                    r#"{{
                        "service": "{service}", "accept": ["{listed}"], "sign_with": "{listed}", {member},
                        "services": {{
                            "orders": {{"keys": [{{"secret": "env:ORDERS"}}]}},
                            "billing": {{"keys": [{{"secret": "env:NEW"}}], "allowed_targets": ["orders"]}}
                        }},
                        "replay": {{"capacity": 4000}}
                    }}"#
                );
                Config::parse(&document, &secrets()).unwrap_or_else(|errors| panic!("{errors}"))
            };
            let signer = Signer::new(&config("billing"), Some("orders")).expect("a signer");
            let verifier = Verifier::new(&config("orders"));
            let requests: Vec<(Vec<u8>, Headers)> = (0..600)
                .map(|at| {
                    let body = format!("{at:length$}").into_bytes();
                    let none: &[(&str, &str)] = &[];
                    let nonce = format!("nonce-{at:026}");
                    let signed = signer.sign(&Head::new(b"POST", TARGET, none), &body, NOW, &nonce).expect("signed");
                    (body, signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
                })
                .collect();
            let verify = |(body, headers): &(Vec<u8>, Headers)| {
                let verified = verifier.verify(&Head::new(b"POST", TARGET, headers), body, NOW);
                assert_eq!(verified.expect("a good request").schemes().count(), 1, "{listed}");
            };
            let mut each = requests.iter();
            each.by_ref().take(500).for_each(verify);
            assert_eq!(allocations_of(|| each.for_each(verify)), 0, "{listed}, {length} bytes");
        }
    }
}

#[test]
fn a_request_with_an_api_key_takes_no_memory() {
    let document = r#"{
        "service": "orders", "accept": ["api-key"], "sign_with": "service-hmac-v2",
        "services": {
            "orders": {"keys": [{"secret": "env:ORDERS"}]},
            "billing": {"api_keys": [{"secret": "env:NEW"}], "allowed_targets": ["orders"]}
        }
    }"#;
    let verifier = Verifier::new(&Config::parse(document, &secrets()).unwrap_or_else(|errors| panic!("{errors}")));
    let headers = [("Accept", "*/*"), ("X-Service-API-Key", NEW)];
    let verify = || drop(verifier.verify(&Head::new(b"POST", TARGET, &headers), BODY, NOW).expect("a good request"));
    verify();
    assert_eq!(allocations_of(verify), 0);
}

#[test]
fn a_public_route_takes_no_memory() {
    let fixture = Fixture::new("service-hmac-v2", 1000);
    let headers = [("Host", "orders:8080")];
    let verify = || drop(fixture.verifier.verify(&Head::new(b"GET", b"/health", &headers), b"", NOW).expect("public"));
    verify();
    assert_eq!(allocations_of(verify), 0);
}

#[test]
fn a_refused_request_takes_no_memory() {
    use RefusalCode::*;
    let mut fixture = Fixture::new("service-hmac-v2", 1_000_000);
    let replayed = fixture.request(TARGET);
    fixture.verifier.verify(&Head::new(b"POST", TARGET, &replayed), BODY, NOW).expect("a good request");
    let good = fixture.request(TARGET);

    let with = |name: &str, value: &str| {
        let mut headers = good.clone();
        headers.iter_mut().find(|(known, _)| known == name).expect("the header is there").1 = value.into();
        headers
    };
    let without = |name: &str| good.iter().filter(|(known, _)| known != name).cloned().collect::<Headers>();
    let forged = vec![format!("v2={}", "0".repeat(64)); 8].join(",");
    let twice = good.iter().chain(&good).cloned().collect::<Headers>();

    let cases: Vec<(RefusalCode, &[u8], Headers)> = vec![
        (ReplayedRequest, TARGET, replayed),
        (InvalidSignature, TARGET, with("X-Signature", &forged)),
        (UnknownService, TARGET, with("X-Service-ID", "nobody")),
        (TimestampOutsideWindow, TARGET, with("X-Timestamp", "5")),
        (InvalidTimestamp, TARGET, with("X-Timestamp", "now")),
        (MalformedSignature, TARGET, with("X-Signature", "v2=00")),
        (InvalidNonce, TARGET, with("X-Request-ID", "short")),
        (MissingSignature, TARGET, without("X-Signature")),
        (MissingTimestamp, TARGET, without("X-Timestamp")),
        (MissingNonce, TARGET, without("X-Request-ID")),
        (MissingTarget, TARGET, without("X-Target-Service")),
        (MissingServiceId, TARGET, without("X-Service-ID")),
        (AuthenticationRequired, TARGET, Vec::new()),
        (DuplicateHeader, TARGET, twice),
        (MalformedRequest, b"/v1/../internal", good.clone()),
        (MalformedRequest, b"not a target", good.clone()),
    ];
    let refuse = |target: &[u8], headers: &Headers| {
        fixture
            .verifier
            .verify(&Head::new(b"POST", target, headers), BODY, NOW)
            .expect_err("a request to refuse")
            .code()
    };
    for (code, target, headers) in &cases {
        let mut given = None;
        let cost = allocations_of(|| given = Some(refuse(target, headers)));
        assert_eq!((given, cost), (Some(*code), 0));
    }
}

#[test]
fn a_full_store_refuses_without_taking_memory() {
    let mut fixture = Fixture::new("service-hmac-v2", 10);
    for _ in 0..10 {
        let headers = fixture.request(TARGET);
        fixture.verifier.verify(&Head::new(b"POST", TARGET, &headers), BODY, NOW).expect("there is room");
    }
    let verify = |headers: &Headers| {
        let refusal = fixture.verifier.verify(&Head::new(b"POST", TARGET, headers), BODY, NOW).expect_err("no room");
        assert_eq!(refusal.code(), RefusalCode::ReplayStoreUnavailable);
    };
    let requests: Vec<Headers> = {
        let mut other = Fixture::new("service-hmac-v2", 10);
        other.signed = 100;
        (0..3).map(|_| other.request(TARGET)).collect()
    };
    // The first one in vain looks for room; it finds out how long there will be none.
    verify(&requests[0]);
    assert_eq!(allocations_of(|| requests[1..].iter().for_each(verify)), 0);
}
