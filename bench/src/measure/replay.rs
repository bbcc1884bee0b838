//! S2: the replay store alone, with a million entries inside the window.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use crate::allocations::bytes_in_use;
use crate::contest::contest;
use crate::fleet::NOW;
use crate::floor::{compression, scaled};
use crate::report::{Row, Unit};

// The core shows no store to the outside, and need not for a measurement: this is its file, compiled here.
#[path = "../../../core/src/replay.rs"]
#[allow(dead_code)]
mod core_replay;

use core_replay::{Fingerprint, MARGIN_SECONDS, ReplayStore, Sighting};

const LIVING: u64 = 1_000_000;
/// A quarter more, so that the entries which are dead but still there have their places.
const CAPACITY: usize = 1_250_000;
const WINDOW: u64 = 300;
const PER_SECOND: u64 = LIVING / (WINDOW + MARGIN_SECONDS);
const THREADS: [u64; 3] = [1, 2, 8];
const BATCH: u64 = 32 * 1024;
const ROUNDS: usize = 150;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Traffic at a steady rate: each second as many entries die as are added.
struct Traffic {
    store: ReplayStore,
    sent: u64,
}

pub(crate) fn rows() -> Vec<Row> {
    let before = bytes_in_use();
    let mut traffic = Traffic { store: ReplayStore::new(CAPACITY, 7), sent: 0 };
    // Twice as many as are alive at once, so that entries have died and been replaced.
    traffic.send(1, 2 * LIVING);
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

impl Traffic {
    /// Checks `count` new requests, shared among threads, and gives the nanoseconds of CPU time for each.
    fn send(&mut self, threads: u64, count: u64) -> f64 {
        let barrier = Barrier::new(threads as usize);
        let (store, first) = (&self.store, self.sent);
        let share = count / threads;
        let work = &|thread: u64| {
            barrier.wait();
            let start = Instant::now();
            (0..share).for_each(|at| check(store, first + at * threads + thread));
            (start, Instant::now())
        };
        let times: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
            workers.into_iter().map(|worker| worker.join().expect("each request is new")).collect()
        });
        let first_start = times.iter().map(|(start, _)| *start).min().expect("there is a thread");
        let last_end = times.iter().map(|(_, end)| *end).max().expect("there is a thread");
        let elapsed = last_end - first_start;
        self.sent += share * threads;
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        elapsed.as_nanos() as f64 * threads.min(cores) as f64 / (share * threads) as f64
    }
}

fn check(store: &ReplayStore, number: u64) {
    let now = NOW + number / PER_SECOND;
    let sighting = store.insert(&fingerprint(number), now, now, WINDOW, CAPACITY);
    assert_eq!(black_box(sighting), Sighting::First);
}

/// Bits without a pattern, as those of a MAC, and different for each number.
fn fingerprint(number: u64) -> Fingerprint {
    let mixed = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    (mixed ^ mixed >> 61).wrapping_mul(0xbf58_476d_1ce4_e5b9_94d0_49bb_1331_11eb).rotate_left(67).to_le_bytes()
}
