//! The config in force: read by all threads for each request, replaced now and then.
//!
//! A thread remembers what it has read, so that reading it again costs one count and no lock. A lock-free pointer costs twice that: it
//! has to protect what it lends until the count is taken.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::config::Compiled;

/// Holds the config in force.
pub(crate) struct Current {
    held: Mutex<Arc<Compiled>>,
    /// Another one for each config that was ever put into force, here or elsewhere in the process. Changed under the lock.
    stamp: AtomicU64,
    place: Place,
}

/// Where threads remember what they have read of a [`Current`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(usize);

/// What a thread has read before.
struct Seen {
    stamp: u64,
    /// Keeps no content alive: the secrets of a config that was replaced are gone as soon as nothing else holds it.
    config: Weak<Compiled>,
}

/// How many verifiers of a process have a place of their own. Of two that share one and are used in turn by a thread, each asks for the
/// lock.
const PLACES: usize = 4;

thread_local! {
    static SEEN: RefCell<[Seen; PLACES]> =
        const { RefCell::new([const { Seen { stamp: 0, config: Weak::new() } }; PLACES]) };
}

impl Current {
    pub(crate) fn new(config: Arc<Compiled>) -> Self {
        Self { held: Mutex::new(config), stamp: AtomicU64::new(next_stamp()), place: Place::next() }
    }

    #[inline]
    pub(crate) fn load(&self) -> Arc<Compiled> {
        let stamp = self.stamp.load(Ordering::Acquire);
        let known = SEEN.try_with(|places| {
            let seen = &places.try_borrow().ok()?[self.place.index()];
            if seen.stamp == stamp { seen.config.upgrade() } else { None }
        });
        known.ok().flatten().unwrap_or_else(|| self.load_anew())
    }

    #[cold]
    fn load_anew(&self) -> Arc<Compiled> {
        let (config, stamp) = {
            let held = self.lock();
            (held.clone(), self.stamp.load(Ordering::Acquire))
        };
        let seen = Seen { stamp, config: Arc::downgrade(&config) };
        // A thread that is about to end has no places any more, and does without.
        SEEN.try_with(|places| places.borrow_mut()[self.place.index()] = seen).unwrap_or_default();
        config
    }

    /// Puts a config into force. Who has seen it never gets the one before again.
    pub(crate) fn store(&self, config: Arc<Compiled>) {
        let mut held = self.lock();
        let old = std::mem::replace(&mut *held, config);
        self.stamp.store(next_stamp(), Ordering::Release);
        // Nobody waits while the old one is taken apart.
        drop(held);
        drop(old);
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Compiled>> {
        // A panic cannot leave a pointer half written, so a poisoned lock is as good as any.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// In turns.
    fn next() -> Self {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) % PLACES)
    }

    /// Reduced once more, for the compiler: it asks no more whether the place is there.
    #[inline]
    fn index(self) -> usize {
        self.0 % PLACES
    }
}

/// Never 0, and never the same twice.
fn next_stamp() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Secrets};

    fn config(limit: u64) -> Arc<Compiled> {
        let document = serde_json::json!({"service": "a", "services": {}, "limits": {"body_bytes": limit}});
        Config::parse(&document.to_string(), &Secrets::new()).expect("a good document").0
    }

    #[test]
    fn what_was_replaced_is_gone_as_soon_as_nobody_needs_it() {
        let current = Current::new(config(1));
        let in_use = current.load();
        let old = Arc::downgrade(&in_use);
        current.store(config(2));
        assert_eq!((current.load().body_limit, in_use.body_limit), (2, 1));
        drop(in_use);
        assert!(old.upgrade().is_none(), "this thread has seen it, and keeps no content of it");
    }

    #[test]
    fn each_of_many_is_told_from_the_others() {
        let limits = 1..=3 * PLACES as u64;
        let all: Vec<Current> = limits.clone().map(|limit| Current::new(config(limit))).collect();
        for _ in 0..3 {
            assert!(all.iter().map(|current| current.load().body_limit).eq(limits.clone()));
        }
        all[1].store(config(100));
        assert_eq!([0, 1, 2].map(|at| all[at].load().body_limit), [1, 100, 3]);
    }

    /// Whatever else in the process is made or replaced in between.
    #[test]
    fn two_that_have_their_own_places_are_read_in_turn_without_the_lock() {
        let made = || Current::new(config(1));
        let one = made();
        let other =
            std::iter::repeat_with(made).find(|other| other.place != one.place).expect("some has another place");
        let (ask, asked) = std::sync::mpsc::channel();
        let (answer, answered) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let (one, other) = (&one, &other);
            scope.spawn(move || {
                for () in asked {
                    let both = (one.load(), other.load());
                    // Nobody waits for it any more where it came too late.
                    answer.send(both.1.body_limit).ok();
                }
            });
            let read = || {
                ask.send(()).expect("somebody reads");
                answered.recv_timeout(std::time::Duration::from_secs(60))
            };
            for limit in 2..2 + 2 * PLACES as u64 {
                other.store(config(limit));
                assert_eq!(read(), Ok(limit));
                let locks = [one.lock(), other.lock()];
                let outcome = read();
                drop(locks);
                assert_eq!(outcome, Ok(limit), "reading has waited for the lock");
            }
            drop(ask);
        });
    }

    #[test]
    fn all_threads_see_one_config_after_the_other() {
        const LAST: u64 = 200;
        let current = Current::new(config(1));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut latest = 0;
                    while latest < LAST {
                        let limit = current.load().body_limit;
                        assert!(limit >= latest, "{limit} after {latest}");
                        latest = limit;
                    }
                });
            }
            for limit in 2..=LAST {
                current.store(config(limit));
                assert_eq!(current.load().body_limit, limit);
            }
        });
    }

    /// Where a thread ends, its own things may be dropped after those that are kept here.
    #[test]
    fn a_thread_that_ends_can_still_read() {
        struct Last(Arc<Current>, std::sync::mpsc::Sender<u64>);
        impl Drop for Last {
            fn drop(&mut self) {
                self.1.send(self.0.load().body_limit).expect("somebody waits");
            }
        }
        thread_local! {
            static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
        }
        let current = Arc::new(Current::new(config(7)));
        let (send, receive) = std::sync::mpsc::channel();
        let theirs = current.clone();
        let thread = std::thread::spawn(move || {
            LAST.with(|last| *last.borrow_mut() = Some(Last(theirs.clone(), send)));
            assert_eq!(theirs.load().body_limit, 7);
        });
        assert_eq!(receive.recv(), Ok(7));
        thread.join().expect("nothing fails");
    }
}
