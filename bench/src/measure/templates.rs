//! T1: whole verifies of schemes that are data, beside those whose code stands in the core.

use std::hint::black_box;

use wiresign::{Config, Head, Secrets, Signer, Verifier};

use crate::contest::{Contestant, contest, prepared};
use crate::fleet::{
    BATCH, CALLED, CALLER, Client, Fleet, METHOD, NOW, Request, SHAPES, TARGET, USUAL_HEADERS, WEBHOOK_SECRET,
    WEBHOOKS, webhook_document,
};
use crate::report::{Row, Unit};

const ROUNDS: usize = 3000;
const BODY_BYTES: usize = 200;
/// Batches within a second: as many requests a second as in the other measurements.
const BATCHES_PER_SECOND: u64 = 3;
const WEBHOOK_HEADERS: [&str; 5] =
    ["stripe-signature", "x-hub-signature-256", "webhook-id", "webhook-timestamp", "webhook-signature"];

pub(crate) fn rows() -> Vec<Row> {
    let schemes = SHAPES.each_ref().map(|[built_in, shape]| [by_service(built_in), by_service(shape)]);
    let best = contest(ROUNDS, schemes.into_iter().flatten().chain(WEBHOOKS.map(by_webhook)).collect());
    let (pairs, webhooks) = best.split_at(2 * SHAPES.len());
    let shapes = SHAPES.iter().zip(pairs.as_chunks().0).map(|([built_in, _], [code, data])| {
        let built_in = built_in[0];
        let what = format!("a template of the shape of {built_in} against {built_in}: {data:.0} of {code:.0} ns");
        Row::judged("T1", what, data / code, Unit::Times, 1.05, 1.0)
    });
    let webhooks = WEBHOOKS.into_iter().zip(webhooks).map(|(scheme, nanoseconds)| {
        Row::plain("T1", format!("whole verify of {scheme}, 200 B body"), *nanoseconds, Unit::Nanoseconds)
    });
    shapes.chain(webhooks).collect()
}

/// Requests that were signed just now, each with a body of its own: not every scheme signs a nonce.
struct Batch {
    requests: Vec<(Request, Vec<u8>)>,
    now: u64,
    next: usize,
}

fn contestant<'a>(verifier: Verifier, mut sign: impl FnMut(u64, &[u8], u64) -> Request + 'a) -> Contestant<'a> {
    let mut batches = 0;
    let prepare = move || {
        let first = batches * u64::from(BATCH);
        let now = NOW + batches / BATCHES_PER_SECOND;
        batches += 1;
        let request = |number| {
            let body = format!("{number:0BODY_BYTES$}").into_bytes();
            (sign(number, &body, now), body)
        };
        Batch { requests: (first..first + u64::from(BATCH)).map(request).collect(), now, next: 0 }
    };
    prepared(BATCH, prepare, move |batch| {
        let (request, body) = &batch.requests[batch.next];
        batch.next += 1;
        let verified = verifier.verify(&request.head(), black_box(body), batch.now);
        black_box(&verified).as_ref().expect("a good request");
    })
}

fn by_service<'a>(accept: &'static [&'static str; 1]) -> Contestant<'a> {
    let fleet = Fleet { accept, ..Fleet::default() };
    let mut client = Client::new(fleet.signer(CALLER, CALLED));
    contestant(Verifier::new(&fleet.called()), move |_, body, now| client.request(body, now))
}

fn by_webhook<'a>(scheme: &'static str) -> Contestant<'a> {
    let secrets = Secrets::new().env("WEBHOOK_SECRET", WEBHOOK_SECRET);
    let document = webhook_document(scheme).to_string();
    let config = Config::parse(&document, &secrets).expect("the document holds no mistake");
    let signer = Signer::new(&config, None).expect("the webhook has a key");
    contestant(Verifier::new(&config), move |number, body, now| {
        let none: &[(&str, &str)] = &[];
        let head = Head::new(METHOD.as_bytes(), TARGET.as_bytes(), none);
        let signed = signer.sign(&head, body, now, &format!("msg_{number:022}")).expect("a good request");
        let mut request = Request { target: TARGET.as_bytes(), headers: Vec::with_capacity(12) };
        USUAL_HEADERS.into_iter().for_each(|(name, value)| request.add(name, value));
        request.add("content-length", "200");
        for (name, value) in signed.iter() {
            let known = WEBHOOK_HEADERS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
            request.add(known.expect("a header of these schemes"), value);
        }
        request
    })
}
