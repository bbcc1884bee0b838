//! What remembers requests for several processes.

#[cfg(feature = "redis")]
pub(crate) mod redis;

use std::pin::Pin;

use wiresign::ReplayOutcome;

/// A store that several verifiers share, so that a request is accepted once by all of them together. The config names it:
/// `"replay": {"store": "external"}`, and `on_outage` says there what happens while it gives no answer.
pub trait ReplayStore: Send + Sync + 'static {
    /// Remembers a key for so long unless it is there, both in one step for all who share the store.
    fn insert<'a>(&'a self, key: &'a str, seconds: u64) -> Pin<Box<dyn Future<Output = ReplayOutcome> + Send + 'a>>;
}
