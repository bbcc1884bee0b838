//! R1: the HMAC of the core, from hex digits to a verdict, against the floor and against other crates.

use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::contest::{contest, repeated};
use crate::floor::{compression, compressions};
use crate::report::{Row, Unit};

// The core shows no HMAC of its own to the outside, and need not for a measurement: this is its file, compiled here.
#[path = "../../../core/src/mac.rs"]
#[allow(dead_code)]
mod core_mac;

use core_mac::{MacKey, decode_tag, hex, same_tag};

const KEY: &[u8] = b"0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9";
/// Message lengths, what must be, what is within reach, operations per batch, rounds.
const CASES: [(usize, f64, f64, u32, usize); 3] =
    [(200, 1.30, 1.15, 64, 4000), (1024, 1.12, 1.05, 32, 3000), (16 * 1024, 1.03, 1.01, 4, 1500)];

pub(crate) fn rows() -> Vec<Row> {
    CASES
        .into_iter()
        .flat_map(|(bytes, must, reach, operations, rounds)| case(bytes, must, reach, operations, rounds))
        .collect()
}

fn case(bytes: usize, must: f64, reach: f64, operations: u32, rounds: usize) -> Vec<Row> {
    let message: Vec<u8> = (0..bytes).map(|at| at as u8).collect();
    let ours = MacKey::new(KEY);
    let plain = Hmac::<Sha256>::new_from_slice(KEY).expect("HMAC takes keys of any length");
    let ring = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY);
    let digits = hex(&ours.tag_of(&message));
    let expected = decode_tag(digits.as_bytes()).expect("the digits of a tag");

    let best = contest(
        rounds,
        vec![
            compression(),
            repeated(operations, || {
                let claimed = decode_tag(black_box(digits.as_bytes())).expect("the digits of a tag");
                assert!(same_tag(&ours.tag_of(black_box(&message)), &claimed));
            }),
            repeated(operations, || {
                let mut running = plain.clone();
                running.update(black_box(&message));
                running.verify_slice(black_box(&expected)).expect("the tag is right");
            }),
            repeated(operations, || {
                ring::hmac::verify(&ring, black_box(&message), black_box(&expected)).expect("the tag is right");
            }),
        ],
    );
    let floor = best[0] * compressions(bytes);
    let what = |who: &str, at: usize| format!("{who}, {} B, against F: {:.0} of {floor:.0} ns", bytes, best[at]);
    vec![
        Row::judged("R1", what("HMAC verify of the core", 1), best[1] / floor, Unit::Times, must, reach),
        Row::plain("R1", what("the same with hmac + sha2", 2), best[2] / floor, Unit::Times),
        Row::plain("R1", what("the same with ring", 3), best[3] / floor, Unit::Times),
    ]
}
