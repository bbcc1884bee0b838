//! Verifies requests against a config that may be replaced at any time.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::body_verification::BodyVerification;
use crate::config::{Compiled, Config};
use crate::judge::{Admission, admit, check_body_length, conclude, find_key};
use crate::mac::Gathered;
use crate::metrics::{Counters, Metrics};
use crate::policy::Path;
use crate::refusal::Refusal;
use crate::replay::ReplayStore;
use crate::request::{Head, Headers, check_method, check_target};
use crate::verified::Verified;

/// Verifies requests. Thread-safe: make one per service and share it.
pub struct Verifier {
    config: ArcSwap<Compiled>,
    memory: Arc<Memory>,
}

/// What a verifier remembers beyond one request and one config.
pub(crate) struct Memory {
    pub(crate) replay: ReplayStore,
    pub(crate) counters: Counters,
}

impl Verifier {
    /// A verifier with an empty replay store.
    pub fn new(config: &Config) -> Self {
        let memory = Memory {
            replay: ReplayStore::new(config.0.replay.capacity, config.0.decoy_seed),
            counters: Counters::default(),
        };
        Self { config: ArcSwap::new(config.0.clone()), memory: Arc::new(memory) }
    }

    /// Verifies a request whose body is at hand. `now` is Unix time in seconds.
    ///
    /// A request that is accepted is remembered, where the config says so: verifying it again is a replay.
    ///
    /// # Errors
    /// The refusal, with a stable code.
    pub fn verify<H: Headers + ?Sized>(&self, head: &Head<'_, H>, body: &[u8], now: u64) -> Result<Verified, Refusal> {
        let config = self.config.load();
        let outcome = self.judge(&config, head, body, now);
        self.memory.counters.count(&outcome);
        outcome
    }

    // Never inlined, so that the outcome is made where the caller wants it, and not moved there.
    #[inline(never)]
    fn judge<H: Headers + ?Sized>(
        &self,
        config: &Arc<Compiled>,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
    ) -> Result<Verified, Refusal> {
        let admission = admit(config, head, now)?;
        let claimed = match &admission {
            Admission::Public { route } => return Ok(Verified::new(config.clone(), Some(*route), None)),
            Admission::Claimed(claimed) => claimed,
        };
        let facts = &claimed.facts;
        check_body_length(config, facts, body.len() as u64)?;
        let fields = claimed.fields();
        let after = facts.scheme.after_body(fields.service);
        let mut gathered = Gathered::new();
        let whole = gathered.whole(|sink| facts.scheme.put_before_body(&fields, sink), body, after);
        let compute = |key: Option<usize>| {
            let key = match (facts.service, key) {
                (Some(service), Some(key)) => &config.services[service].keys[key].mac,
                _ => &config.dummy_key,
            };
            match whole {
                Some(blocks) => key.tag_of_padded(blocks),
                None => key.tag(|sink| facts.scheme.put_before_body(&fields, sink), body, after),
            }
        };
        let (key, tag) = find_key(config, facts, compute, |tag| claimed.claim.signatures.hold(tag))?;
        conclude(config, facts, key, &tag, &self.memory.replay)
    }

    /// Begins the verification of a request whose body comes in pieces. Memory use does not depend on the body's size.
    ///
    /// # Errors
    /// A refusal that the head alone decides; it comes before any of the body needs to be read.
    pub fn begin<H: Headers + ?Sized>(&self, head: &Head<'_, H>, now: u64) -> Result<BodyVerification, Refusal> {
        let config = self.config.load_full();
        let admission = admit(&config, head, now).inspect_err(|refusal| self.memory.counters.count_refusal(refusal))?;
        Ok(BodyVerification::new(config.clone(), self.memory.clone(), &admission))
    }

    /// Takes a new config for all requests that come from now on. Requests under way finish on the old one; the replay
    /// store and the counters are kept.
    pub fn replace(&self, config: &Config) {
        self.config.store(config.0.clone());
    }

    /// What was counted since the verifier was made.
    pub fn metrics(&self) -> Metrics {
        self.memory.counters.read()
    }

    /// Whether a public route matches, so that neither credentials nor body need to be looked at.
    pub fn is_public(&self, method: &[u8], target: &[u8]) -> bool {
        if check_method(method).is_err() || check_target(method, target).is_err() {
            return false;
        }
        let path = Head::new(method, target, &[] as &[(&str, &str)]).path();
        self.config.load().route(method, &Path::new(path)).is_some_and(|(_, route)| route.public)
    }

    /// The most bytes that the body of a protected request may have.
    pub fn body_limit(&self) -> u64 {
        self.config.load().body_limit
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Verifier").field("service", &self.config.load().service).finish_non_exhaustive()
    }
}
