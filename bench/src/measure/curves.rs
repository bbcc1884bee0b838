//! What a whole verify costs where one thing grows: the body, the registry, the routes, the threads. A few seconds each.

use std::hint::black_box;

use serde_json::{Value, json};
use wiresign::{Config, Secrets, Signer, Verifier};

use super::by_hand::{ByHand, HmacSha2};
use super::replay::live_entries;
use super::whole::{by_hand, ours};
use crate::contest::{contest, together};
use crate::curve::{Curve, Line};
use crate::fleet::{BATCH, CALLED, CALLER, Client, Fleet, Request, Traffic, secret};
use crate::floor::{compression, compressions};

const BODY: &[u8] = &[b'x'; 200];
const BODY_SIZES: [usize; 8] = [0, 64, 256, 1024, 4 * 1024, 16 * 1024, 64 * 1024, 256 * 1024];
/// Rounds of one point, for a body of nothing; larger bodies get fewer.
const ROUNDS: usize = 400;
const REGISTRY_SIZES: [usize; 6] = [1, 10, 100, 1_000, 10_000, 100_000];
const ROUTE_COUNTS: [usize; 5] = [1, 10, 100, 1_000, 10_000];
const THREADS: [usize; 4] = [1, 2, 4, 8];
/// Requests that are alive at once: few, since the replay store has a curve of its own.
const LIVING: u32 = 1024;
const ONE_MEBIBYTE: usize = 1024 * 1024;

pub(crate) fn curves() -> Vec<Curve> {
    vec![body(), registry(), routes(), live_entries(), threads()]
}

fn body() -> Curve {
    let mut lines =
        [Line::new("whole verify"), Line::new("the same by hand, hmac + sha2"), Line::new("the hash alone")];
    let fleet = Fleet::default();
    for size in BODY_SIZES {
        let body = vec![b'x'; size];
        let client = || Client::new(fleet.signer(CALLER, CALLED));
        let floor = compressions(client().message_bytes(&body, crate::fleet::NOW));
        let verifier = Verifier::new(&fleet.called());
        let mut for_us = Traffic::new(client(), &body, LIVING, |request, now| {
            verifier.verify(&request.head(), &body, now).expect("a good request");
        });
        let hand = ByHand::<HmacSha2>::new();
        let mut for_hand = Traffic::new(client(), &body, LIVING, |request, now| {
            hand.verify(request, &body, now).expect("a good request");
        });
        let rounds = (ROUNDS * 16 * 1024 / (16 * 1024 + size)).max(8);
        let contestants =
            vec![compression(), ours(&verifier, &mut for_us, &body), by_hand(&hand, &mut for_hand, &body)];
        let best = contest(rounds, contestants);
        for (line, nanoseconds) in lines.iter_mut().zip([best[1], best[2], best[0] * floor]) {
            line.points.push((size as u64, nanoseconds));
        }
    }
    Curve { id: "body", title: "Cost against the size of the body", grows: "bytes of the body", lines: lines.into() }
}

fn registry() -> Curve {
    let line = grown("whole verify", &REGISTRY_SIZES, |services| document(services, 1));
    Curve {
        id: "registry",
        title: "Cost against the size of the registry",
        grows: "services in the registry",
        lines: vec![line],
    }
}

fn routes() -> Curve {
    let last = grown("the last route matches", &ROUTE_COUNTS, |routes| document(1, routes));
    Curve { id: "routes", title: "Cost against the number of routes", grows: "routes", lines: vec![last] }
}

/// A line over documents that grow.
fn grown(name: &str, sizes: &[usize], document: impl Fn(usize) -> (Value, Secrets)) -> Line {
    let mut line = Line::new(name);
    for &size in sizes {
        let (document, secrets) = document(size);
        let verifier = Verifier::new(&config(&document, &secrets));
        let mut traffic = Traffic::new(client(), BODY, LIVING, |request, now| {
            verifier.verify(&request.head(), BODY, now).expect("a good request");
        });
        let best = contest(ROUNDS, vec![ours(&verifier, &mut traffic, BODY)]);
        line.points.push((size as u64, best[0]));
    }
    line
}

/// A registry with so many callers, and so many routes, of which only the last one matches the requests.
fn document(services: usize, routes: usize) -> (Value, Secrets) {
    let ids = (1..services).map(|at| format!("service-{at:06}")).chain([CALLER.to_owned()]);
    let mut registry = serde_json::Map::new();
    let mut secrets = Secrets::new();
    for id in ids {
        let variable = format!("SECRET_OF_{id}");
        secrets = secrets.env(&variable, &secret(&id));
        registry.insert(id, json!({"keys": [{"secret": format!("env:{variable}")}], "allowed_targets": [CALLED]}));
    }
    let others = (1..routes).map(|at| json!({"match": format!("POST /api/v1/resource-{at:05}/*/resize")}));
    let matching = json!({"match": "POST /api/v1/images/*/resize", "services": [CALLER]});
    let routes: Vec<Value> = others.chain([matching]).collect();
    (json!({"service": CALLED, "services": registry, "routes": routes}), secrets)
}

fn config(document: &Value, secrets: &Secrets) -> Config {
    Config::parse(&document.to_string(), secrets).expect("the document holds no mistake")
}

fn client() -> Client {
    let (mut document, secrets) = document(1, 1);
    document["service"] = json!(CALLER);
    document["services"][CALLED] = json!({});
    Client::new(Signer::new(&config(&document, &secrets), Some(CALLED)).expect("the caller has a key"))
}

/// Requests a second, from how long each takes: one verifier that all threads share.
fn threads() -> Curve {
    let lines =
        [("200 B", BODY.to_vec(), 4096), ("1 MiB", vec![b'x'; ONE_MEBIBYTE], 16)].map(|(name, body, requests)| {
            let mut line = Line::new(name);
            for threads in THREADS {
                let each = (0..5).map(|_| shared(threads, &body, requests)).fold(f64::INFINITY, f64::min);
                line.points.push((threads as u64, each));
            }
            line
        });
    Curve {
        id: "threads",
        title: "Cost where threads share a verifier, elapsed time for each request",
        grows: "threads",
        lines: lines.into(),
    }
}

/// The elapsed nanoseconds for each of the requests, which the threads share.
fn shared(threads: usize, body: &[u8], requests: usize) -> f64 {
    let fleet = Fleet::default();
    let verifier = Verifier::new(&fleet.called());
    // All in one window, since no thread waits for the others: the store forgets what is older for all of them.
    let client = Client::new(fleet.signer(CALLER, CALLED));
    let mut traffic = Traffic::new(client, body, requests as u32, |_, _| ());
    let batches: Vec<(Vec<Request>, u64)> =
        (0..requests / BATCH as usize).map(|_| traffic.batch()).map(|batch| (batch.requests, batch.now)).collect();
    let elapsed = together(threads, |thread| {
        for (requests, now) in batches.iter().skip(thread).step_by(threads) {
            for request in requests {
                black_box(verifier.verify(&request.head(), body, *now)).as_ref().expect("a good request");
            }
        }
    });
    elapsed.as_nanos() as f64 / requests as f64
}
