//! How far a long run is, how fast it goes, and how long it still takes.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Writes a line on standard error now and then.
pub(crate) struct Progress {
    started: Instant,
    said: Instant,
    every: Duration,
    end: &'static str,
}

impl Progress {
    pub(crate) fn start() -> Progress {
        let now = Instant::now();
        // A terminal is overwritten; a log gets few lines.
        let (every, end) = if io::stderr().is_terminal() {
            (Duration::from_millis(200), "\r")
        } else {
            (Duration::from_secs(15), "\n")
        };
        Progress { started: now, said: now, every, end }
    }

    pub(crate) fn say(&mut self, done: u64, count: u64, differences: usize) {
        if self.said.elapsed() < self.every {
            return;
        }
        self.said = Instant::now();
        let rate = done as f64 / self.started.elapsed().as_secs_f64();
        let left = (count.saturating_sub(done)) as f64 / rate.max(f64::MIN_POSITIVE);
        // Nobody is left to tell where standard error is closed.
        let _ = write!(
            io::stderr(),
            "{done} of {count} cases, {rate:.0} a second, {left:.0} s left, {differences} differences   {}",
            self.end
        );
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
