//! R2 and R4: a whole verify of `service-hmac-v2`, with window, registry, routes, permissions and replay store.

use std::hint::black_box;

use wiresign::Verifier;

use super::by_hand::{ByHand, HmacSha2, KeyedMac, Ring};
use crate::contest::{Contestant, contest, prepared};
use crate::fleet::{BATCH, CALLED, CALLER, Client, Fleet, LIVING, NOW, SERVICES, Traffic};
use crate::floor::{compression, compressions, scaled};
use crate::report::{Row, Unit};

const ROUNDS: usize = 4000;
const CAPACITY: u32 = 1_000_000;

pub(crate) fn rows() -> Vec<Row> {
    let small = Case::measure(&[b'x'; 200], ROUNDS);
    let large = Case::measure(&[b'x'; 16 * 1024], ROUNDS / 4);
    let (crowded_floor, crowded) = measure_crowded(&[b'x'; 200], ROUNDS / 2);
    let what = |case: &Case, size: &str| {
        format!(
            "whole verify, {SERVICES} services, {size} body ({} B signed): {:.0} ns, F = {:.0} ns",
            case.message_bytes, case.ours, case.floor
        )
    };
    let goal = |nanoseconds| scaled(nanoseconds, small.compression);
    let over = |nanoseconds: f64| nanoseconds - small.floor;
    vec![
        Row::plain("F", "one SHA-256 compression", small.compression, Unit::Nanoseconds),
        Row::judged("R2", what(&small, "200 B"), over(small.ours), Unit::OverFloor, goal(150.0), goal(80.0)),
        Row::plain("R2", "the same work by hand, hmac + sha2", over(small.hmac_sha2), Unit::OverFloor),
        Row::plain("R2", "the same work by hand, ring", over(small.ring), Unit::OverFloor),
        Row::plain(
            "R2",
            "whole verify while the replay store holds a million live requests",
            crowded - crowded_floor,
            Unit::OverFloor,
        ),
        Row::judged("R4", what(&large, "16 KiB"), large.ours / large.floor, Unit::Times, 1.05, 1.02),
        Row::plain("R4", "the same work by hand, hmac + sha2", large.hmac_sha2 / large.floor, Unit::Times),
    ]
}

/// The floor, and a whole verify by a store that is as full as it may be by default.
fn measure_crowded(body: &[u8], rounds: usize) -> (f64, f64) {
    let fleet = Fleet { replay_capacity: u64::from(CAPACITY) * 2, ..Fleet::default() };
    let verifier = Verifier::new(&fleet.called());
    let client = Client::new(fleet.signer(CALLER, CALLED));
    let message_bytes = client.message_bytes(body, NOW);
    let mut traffic = Traffic::new(client, body, CAPACITY, |request, now| {
        verifier.verify(&request.head(), body, now).expect("a good request");
    });
    let best = contest(rounds, vec![compression(), ours(&verifier, &mut traffic, body)]);
    (best[0] * compressions(message_bytes), best[1])
}

pub(super) fn ours<'a>(verifier: &'a Verifier, traffic: &'a mut Traffic<'_>, body: &'a [u8]) -> Contestant<'a> {
    prepared(
        BATCH,
        || traffic.batch(),
        |batch| {
            let now = batch.now;
            let verified = verifier.verify(&batch.next().head(), black_box(body), now);
            black_box(&verified).as_ref().expect("a good request");
        },
    )
}

pub(super) fn by_hand<'a, M: KeyedMac>(
    verifier: &'a ByHand<M>,
    traffic: &'a mut Traffic<'_>,
    body: &'a [u8],
) -> Contestant<'a> {
    prepared(
        BATCH,
        || traffic.batch(),
        |batch| {
            let now = batch.now;
            let verified = verifier.verify(batch.next(), black_box(body), now);
            black_box(&verified).as_ref().expect("a good request");
        },
    )
}

struct Case {
    message_bytes: usize,
    compression: f64,
    floor: f64,
    ours: f64,
    hmac_sha2: f64,
    ring: f64,
}

impl Case {
    fn measure(body: &[u8], rounds: usize) -> Self {
        let fleet = Fleet::default();
        let client = || Client::new(fleet.signer(CALLER, CALLED));
        let message_bytes = client().message_bytes(body, NOW);

        let verifier = Verifier::new(&fleet.called());
        let mut for_us = Traffic::new(client(), body, LIVING, |request, now| {
            verifier.verify(&request.head(), body, now).expect("a good request");
        });
        let hmac_sha2 = ByHand::<HmacSha2>::new();
        let mut for_hmac_sha2 = Traffic::new(client(), body, LIVING, |request, now| {
            hmac_sha2.verify(request, body, now).expect("a good request");
        });
        let ring = ByHand::<Ring>::new();
        let mut for_ring = Traffic::new(client(), body, LIVING, |request, now| {
            ring.verify(request, body, now).expect("a good request");
        });

        let contestants = vec![
            compression(),
            ours(&verifier, &mut for_us, body),
            by_hand(&hmac_sha2, &mut for_hmac_sha2, body),
            by_hand(&ring, &mut for_ring, body),
        ];
        let [compression, ours, hmac_sha2, ring] = contest(rounds, contestants).try_into().expect("four contestants");
        Self { message_bytes, compression, floor: compression * compressions(message_bytes), ours, hmac_sha2, ring }
    }
}
