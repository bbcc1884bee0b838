//! S2: the replay store alone, with a million entries inside the window.

use std::hint::black_box;

use crate::allocations::bytes_in_use;
use crate::contest::{contest, together};
use crate::curve::{Curve, Line};
use crate::fleet::NOW;
use crate::floor::{compression, scaled};
use crate::report::{Row, Unit};

// The core shows no store to the outside, and need not for a measurement: this is its file, compiled here.
#[path = "../../../core/src/replay.rs"]
#[allow(dead_code)]
mod core_replay;

use core_replay::{Fingerprint, MARGIN_SECONDS, ReplayStore, Sighting};

const LIVING: u64 = 1_000_000;
const WINDOW: u64 = 300;
/// The points of the curve.
const LIVE_ENTRIES: [u64; 6] = [1_000, 10_000, 100_000, 1_000_000, 3_000_000, 10_000_000];
const LIVE_ROUNDS: usize = 40;
const THREADS: [u64; 3] = [1, 2, 8];
const BATCH: u64 = 32 * 1024;
const ROUNDS: usize = 150;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Traffic at a steady rate: each second as many entries die as are added.
struct Traffic {
    store: ReplayStore,
    capacity: usize,
    per_second: u64,
    sent: u64,
}

pub(crate) fn rows() -> Vec<Row> {
    let before = bytes_in_use();
    let mut traffic = Traffic::new(LIVING);
    let mut best = [f64::INFINITY; THREADS.len()];
    for _ in 0..ROUNDS {
        for (best, threads) in best.iter_mut().zip(THREADS) {
            *best = best.min(traffic.send(threads, BATCH));
        }
    }
    let bytes = (bytes_in_use() - before) as f64;
    let what = format!("replay store, a million live entries: memory, {:.1} B an entry", bytes / LIVING as f64);
    let memory = Row::judged("S2", what, bytes / MEBIBYTE, Unit::Mebibytes, 40.0, 24.0);
    let compression = contest(ROUNDS, vec![compression()])[0];
    let row = |(threads, nanoseconds)| {
        let what = format!("replay store, a million live entries: a check, CPU time, {threads} thread(s)");
        Row::judged("S2", what, nanoseconds, Unit::Nanoseconds, scaled(100.0, compression), scaled(70.0, compression))
    };
    std::iter::once(memory).chain(THREADS.into_iter().zip(best).map(row)).collect()
}

/// What a check costs by the number of entries that are alive.
pub(super) fn live_entries() -> Curve {
    let mut line = Line::new("a check, one thread");
    for living in LIVE_ENTRIES {
        let mut traffic = Traffic::new(living);
        let best = (0..LIVE_ROUNDS).map(|_| traffic.send(1, BATCH)).fold(f64::INFINITY, f64::min);
        line.points.push((living, best));
    }
    Curve { id: "replay", title: "Cost of a check for replay", grows: "live entries of the store", lines: vec![line] }
}

impl Traffic {
    /// A store in which so many entries are alive.
    fn new(living: u64) -> Self {
        // A quarter more, so that the entries which are dead but still there have their places.
        let capacity = (living + living.div_ceil(4)) as usize + 1;
        let per_second = living.div_ceil(WINDOW + MARGIN_SECONDS);
        let mut traffic = Self { store: ReplayStore::new(capacity, 7), capacity, per_second, sent: 0 };
        // Twice as many as are alive at once, so that entries have died and been replaced.
        traffic.send(1, 2 * living);
        traffic
    }

    /// Checks `count` new requests, shared among threads, and gives the nanoseconds of CPU time for each.
    fn send(&mut self, threads: u64, count: u64) -> f64 {
        let (traffic, first) = (&*self, self.sent);
        let share = count / threads;
        let elapsed = together(threads as usize, |thread| {
            (0..share).for_each(|at| traffic.check(first + at * threads + thread as u64));
        });
        self.sent += share * threads;
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        elapsed.as_nanos() as f64 * threads.min(cores) as f64 / (share * threads) as f64
    }

    fn check(&self, number: u64) {
        let now = NOW + number / self.per_second;
        let sighting = self.store.insert(fingerprint(number), now, now, WINDOW, self.capacity);
        assert_eq!(black_box(sighting), Sighting::First);
    }
}

/// Bits without a pattern, as those of a MAC, and different for each number.
fn fingerprint(number: u64) -> Fingerprint {
    let mixed = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    (mixed ^ mixed >> 61).wrapping_mul(0xbf58_476d_1ce4_e5b9_94d0_49bb_1331_11eb).rotate_left(67)
}
