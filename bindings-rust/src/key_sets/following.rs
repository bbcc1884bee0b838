//! Key sets that follow a verifier.

use std::sync::{Arc, Mutex, PoisonError};

use wiresign::{Config, Verifier};

use super::KeySets;

/// Sets that are fetched for the config that a verifier has, whichever that is by now.
#[derive(Clone)]
pub(crate) struct Following {
    sets: KeySets,
    /// The config that the verifier had when it was looked at last. Without one, the sets are of another config than the
    /// verifier's, and what becomes of them is up to the application.
    seen: Option<Arc<Mutex<Config>>>,
}

impl Following {
    pub(crate) fn new(sets: KeySets, verifier: &Verifier) -> Self {
        let config = verifier.config();
        let seen = sets.serves(&config).then(|| Arc::new(Mutex::new(config)));
        Self { sets, seen }
    }

    /// Has the sets serve the config that has replaced another one since this was called last.
    pub(crate) fn catch_up(&self, verifier: &Verifier) {
        let Some(seen) = &self.seen else { return };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let config = verifier.config();
        if config.is_same(&seen) {
            return;
        }
        // The application may have handed it over by itself.
        if !self.sets.serves(&config) {
            self.sets.replace(&config);
        }
        *seen = config;
    }

    /// Fetches soon, except what was fetched within the cool-down. It waits for nothing.
    pub(crate) fn wake(&self) {
        self.sets.wake();
    }
}
