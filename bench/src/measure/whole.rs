//! R2 and R4: a whole verify of `service-hmac-v2`, with window, registry, routes, permissions and replay store.

use std::hint::black_box;

use wiresign::Verifier;

use super::by_hand::{ByHand, HmacSha2, Ring};
use crate::contest::{contest, prepared};
use crate::fleet::{BATCH, CALLED, CALLER, Client, Fleet, NOW, SERVICES, Traffic};
use crate::floor::{compression, compressions};
use crate::report::{Row, Unit};

const ROUNDS: usize = 4000;

pub(crate) fn rows() -> Vec<Row> {
    let small = Case::measure(&[b'x'; 200], ROUNDS);
    let large = Case::measure(&[b'x'; 16 * 1024], ROUNDS / 4);
    let what = |case: &Case, size: &str| {
        format!(
            "whole verify, {SERVICES} services, {size} body ({} B signed): {:.0} ns, F = {:.0} ns",
            case.message_bytes, case.ours, case.floor
        )
    };
    vec![
        Row::plain("F", "one SHA-256 compression", small.compression, Unit::Nanoseconds),
        Row::judged("R2", what(&small, "200 B"), small.ours - small.floor, Unit::OverFloor, 150.0, 80.0),
        Row::plain("R2", "the same work by hand, hmac + sha2", small.hmac_sha2 - small.floor, Unit::OverFloor),
        Row::plain("R2", "the same work by hand, ring", small.ring - small.floor, Unit::OverFloor),
        Row::judged("R4", what(&large, "16 KiB"), large.ours / large.floor, Unit::Times, 1.05, 1.02),
        Row::plain("R4", "the same work by hand, hmac + sha2", large.hmac_sha2 / large.floor, Unit::Times),
    ]
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
        let mut for_us = Traffic::new(client(), body, |request, now| {
            verifier.verify(&request.head(), body, now).expect("a good request");
        });
        let hmac_sha2 = ByHand::<HmacSha2>::new();
        let mut for_hmac_sha2 = Traffic::new(client(), body, |request, now| {
            hmac_sha2.verify(request, body, now).expect("a good request");
        });
        let ring = ByHand::<Ring>::new();
        let mut for_ring = Traffic::new(client(), body, |request, now| {
            ring.verify(request, body, now).expect("a good request");
        });

        let best = contest(
            rounds,
            vec![
                compression(),
                prepared(
                    BATCH,
                    || for_us.batch(),
                    |batch| {
                        let now = batch.now;
                        let verified = verifier.verify(&batch.next().head(), black_box(body), now);
                        black_box(&verified).as_ref().expect("a good request");
                    },
                ),
                prepared(
                    BATCH,
                    || for_hmac_sha2.batch(),
                    |batch| {
                        let now = batch.now;
                        let verified = hmac_sha2.verify(batch.next(), black_box(body), now);
                        black_box(&verified).as_ref().expect("a good request");
                    },
                ),
                prepared(
                    BATCH,
                    || for_ring.batch(),
                    |batch| {
                        let now = batch.now;
                        let verified = ring.verify(batch.next(), black_box(body), now);
                        black_box(&verified).as_ref().expect("a good request");
                    },
                ),
            ],
        );
        let [compression, ours, hmac_sha2, ring] = best.try_into().expect("four contestants");
        Self { message_bytes, compression, floor: compression * compressions(message_bytes), ours, hmac_sha2, ring }
    }
}
