//! Times several contestants side by side. What is compared is the fastest batch of each: noise only ever adds time, and
//! the rounds interleave, so all of them have met the same clock speed.

use std::sync::Barrier;
use std::time::{Duration, Instant};

/// One of the things that are compared: runs a batch and gives the nanoseconds per operation.
pub(crate) struct Contestant<'a>(Box<dyn FnMut() -> f64 + 'a>);

/// One operation per call.
pub(crate) fn repeated<'a>(operations: u32, mut operation: impl FnMut() + 'a) -> Contestant<'a> {
    prepared(operations, || (), move |()| operation())
}

/// One call that is as much work as `operations` operations.
pub(crate) fn bulk<'a>(operations: u32, mut work: impl FnMut() + 'a) -> Contestant<'a> {
    Contestant(Box::new(move || {
        let start = Instant::now();
        work();
        start.elapsed().as_nanos() as f64 / f64::from(operations)
    }))
}

/// Calls `operation` that many times on what `prepare` has made outside the timed section.
pub(crate) fn prepared<'a, B: 'a>(
    operations: u32,
    mut prepare: impl FnMut() -> B + 'a,
    mut operation: impl FnMut(&mut B) + 'a,
) -> Contestant<'a> {
    Contestant(Box::new(move || {
        let mut batch = prepare();
        let start = Instant::now();
        for _ in 0..operations {
            operation(&mut batch);
        }
        start.elapsed().as_nanos() as f64 / f64::from(operations)
    }))
}

/// Runs all contestants in turn, `rounds` times, and gives the least nanoseconds per operation of each, in order.
pub(crate) fn contest(rounds: usize, mut contestants: Vec<Contestant<'_>>) -> Vec<f64> {
    let mut best = vec![f64::INFINITY; contestants.len()];
    for _ in 0..rounds {
        for (best, Contestant(run)) in best.iter_mut().zip(&mut contestants) {
            *best = best.min(run());
        }
    }
    best
}

/// How long so many threads take that begin together, each with its number.
pub(crate) fn together(threads: usize, work: impl Fn(usize) + Sync) -> Duration {
    let barrier = Barrier::new(threads);
    let timed = &|thread: usize| {
        barrier.wait();
        let start = Instant::now();
        work(thread);
        (start, Instant::now())
    };
    let times: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(move || timed(thread))).collect();
        workers.into_iter().map(|worker| worker.join().expect("the work does not fail")).collect()
    });
    let first_start = times.iter().map(|(start, _)| *start).min().expect("there is a thread");
    let last_end = times.iter().map(|(_, end)| *end).max().expect("there is a thread");
    last_end - first_start
}
