//! X1: what each kind of refusal costs, against an acceptance in the same round.

use std::hint::black_box;

use wiresign::{Refusal, RefusalCode as Code, Verified, Verifier};

use crate::contest::{Contestant, contest, prepared};
use crate::fleet::{BATCH, Batch, CALLED, CALLER, Client, Fleet, LIVING, NOW, Request, Traffic};
use crate::report::{Row, Unit};

const BODY: &[u8] = &[b'x'; 200];
const ROUNDS: usize = 1500;
const SMALL_STORE: u64 = 64 * 1024;

/// A way to be refused: who signs for whom, and what is changed after signing.
struct Kind {
    code: Code,
    fleet: Fleet,
    caller: &'static str,
    target: &'static str,
    spoil: Spoil,
}

type Spoil = fn(&mut Request);

fn kinds() -> Vec<Kind> {
    let fleet = Fleet::default();
    let small = Fleet { body_limit: 100, ..fleet };
    let two_schemes = Fleet { accept: &["service-hmac-v2", "cross-service"], ..fleet };
    let old_scheme = Fleet { accept: &["service-hmac"], ..fleet };
    let by_others = [
        (Code::KeyNotValidNow, "retired", CALLED),
        (Code::TargetNotAllowed, CALLER, "somebody-else"),
        (Code::EnvironmentNotAllowed, "elsewhere", CALLED),
        (Code::ServiceNotAllowed, "not-listed", CALLED),
        (Code::PermissionDenied, "reader", CALLED),
    ];
    let spoilt: [(Code, Fleet, Spoil); 19] = [
        (Code::InvalidSignature, fleet, |request| request.set("x-signature", &v2(1))),
        (Code::InvalidSignature, fleet, |request| request.set("x-signature", &v2(8))),
        (Code::UnknownService, fleet, |request| request.set("x-service-id", "nobody")),
        (Code::BodyTooLarge, small, |_| ()),
        (Code::TimestampOutsideWindow, fleet, |request| request.set("x-timestamp", &(NOW - 301).to_string())),
        (Code::InsufficientCoverage, old_scheme, |request| request.target = b"/api/v1/orders?page=2"),
        (Code::InvalidNonce, fleet, |request| request.set("x-request-id", "too-short")),
        (Code::MalformedSignature, fleet, |request| request.set("x-signature", "v2=abc")),
        (Code::InvalidTimestamp, fleet, |request| request.set("x-timestamp", "01767225600")),
        (Code::MissingTarget, fleet, |request| request.remove("x-target-service")),
        (Code::MissingNonce, fleet, |request| request.remove("x-request-id")),
        (Code::MissingTimestamp, fleet, |request| request.remove("x-timestamp")),
        (Code::MissingServiceId, fleet, |request| request.remove("x-service-id")),
        (Code::MissingSignature, fleet, |request| request.remove("x-signature")),
        (Code::SchemeNotAccepted, fleet, |request| request.set("x-signature", &"0".repeat(64))),
        (Code::AmbiguousCredentials, two_schemes, |request| request.add("x-service-name", CALLER)),
        (Code::DuplicateHeader, fleet, |request| request.add("x-service-id", CALLER)),
        (Code::MalformedRequest, fleet, |request| request.target = b"/api/v1/../internal"),
        (Code::AuthenticationRequired, fleet, |request| {
            ["x-service-id", "x-signature"].into_iter().for_each(|name| request.remove(name));
        }),
    ];
    let by_others = by_others.map(|(code, caller, target)| Kind { code, fleet, caller, target, spoil: |_| () });
    let spoilt = spoilt.map(|(code, fleet, spoil)| Kind { code, fleet, caller: CALLER, target: CALLED, spoil });
    by_others.into_iter().chain(spoilt).collect()
}

/// So many well-formed signatures that nobody made.
fn v2(count: usize) -> String {
    vec![format!("v2={}", "0".repeat(64)); count].join(",")
}

pub(crate) fn rows() -> Vec<Row> {
    let kinds = kinds();
    let fleet = Fleet::default();
    let verifier = Verifier::new(&fleet.called());
    let mut accepted = Traffic::new(Client::new(fleet.signer(CALLER, CALLED)), BODY, LIVING, |request, now| {
        verifier.verify(&request.head(), BODY, now).expect("a good request");
    });
    let acceptance = prepared(
        BATCH,
        || accepted.batch(),
        |batch| {
            verify(&verifier, batch).as_ref().expect("a good request");
        },
    );

    let again = Verifier::new(&fleet.called());
    let mut repeated = Traffic::new(Client::new(fleet.signer(CALLER, CALLED)), BODY, LIVING, |request, now| {
        again.verify(&request.head(), BODY, now).expect("a good request");
    });
    let replay = prepared(
        BATCH,
        || {
            let batch = repeated.batch();
            for request in &batch.requests {
                again.verify(&request.head(), BODY, batch.now).expect("a good request");
            }
            batch
        },
        |batch| refused(&again, batch, Code::ReplayedRequest),
    );

    let full = full_store();
    let mut late = Client::new(Fleet::default().signer("service-30", CALLED));
    let no_room = prepared(
        BATCH,
        || Batch::new((0..BATCH).map(|_| late.request(BODY, NOW)).collect(), NOW),
        |batch| refused(&full, batch, Code::ReplayStoreUnavailable),
    );

    let codes: Vec<Code> = [Code::ReplayedRequest, Code::ReplayStoreUnavailable]
        .into_iter()
        .chain(kinds.iter().map(|kind| kind.code))
        .collect();
    let contestants = [acceptance, replay, no_room].into_iter().chain(kinds.iter().map(Kind::contestant)).collect();
    let best = contest(ROUNDS, contestants);
    let row = |(code, nanoseconds): (Code, &f64)| {
        let what = format!("{} against an acceptance: {nanoseconds:.0} of {:.0} ns", code.name(), best[0]);
        Row::judged("X1", what, nanoseconds / best[0], Unit::Times, 1.1, 1.0)
    };
    codes.into_iter().zip(&best[1..]).map(row).collect()
}

fn verify(verifier: &Verifier, batch: &mut Batch) -> Result<Verified, Refusal> {
    let now = batch.now;
    black_box(verifier.verify(&batch.next().head(), black_box(BODY), now))
}

fn refused(verifier: &Verifier, batch: &mut Batch, code: Code) {
    assert_eq!(verify(verifier, batch).expect_err("a request to refuse").code(), code);
}

/// A verifier whose replay store takes nothing more, since nothing in it may be forgotten yet.
fn full_store() -> Verifier {
    let fleet = Fleet { replay_capacity: SMALL_STORE, ..Fleet::default() };
    let verifier = Verifier::new(&fleet.called());
    let mut client = Client::new(fleet.signer(CALLER, CALLED));
    // The parts of the store fill unevenly, so more requests are sent than there are places.
    for _ in 0..SMALL_STORE * 5 / 4 {
        drop(verifier.verify(&client.request(BODY, NOW).head(), BODY, NOW));
    }
    verifier
}

impl Kind {
    fn contestant(&self) -> Contestant<'_> {
        let mut client = Client::new(self.fleet.signer(self.caller, self.target));
        let verifier = Verifier::new(&self.fleet.called());
        let requests = move || {
            let mut requests: Vec<Request> = (0..BATCH).map(|_| client.request(BODY, NOW)).collect();
            requests.iter_mut().for_each(self.spoil);
            Batch::new(requests, NOW)
        };
        prepared(BATCH, requests, move |batch| refused(&verifier, batch, self.code))
    }
}
