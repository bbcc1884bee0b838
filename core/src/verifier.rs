//! Verifies requests against a config that may be replaced at any time.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::admission;
use crate::aws_identity::{self, Identities, IdentityRequest, Sent};
use crate::body_verification::BodyVerification;
use crate::config::{Compiled, Config};
use crate::current::Current;
use crate::explain::{self, Explanation};
use crate::failures::{ClaimClass, Failures, Source, is_guess};
use crate::handshake::{self, HandshakeResponse};
use crate::identifier::{ReceivedId, RequestId};
use crate::judge::{Admission, Also, Facts, admit, check_body_length, conclude, prove};
use crate::metrics::{Counters, Metrics};
use crate::policy::Path;
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::replay::{ReplayStore, fingerprint_of};
use crate::request::{Head, Headers, check_method, check_target};
use crate::rfc9421;
use crate::standard::{self, Response};
use crate::verified::{Acceptance, Verified};

/// Verifies requests. Thread-safe: make one per service and share it.
pub struct Verifier {
    config: Current,
    memory: Arc<Memory>,
}

/// What an external replay store says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// It was not there, and is now.
    First,
    /// It was there already.
    Repeated,
    /// The store gave no answer.
    Unavailable,
}

/// What a verifier remembers beyond one request and one config.
pub(crate) struct Memory {
    pub(crate) replay: ReplayStore,
    pub(crate) counters: Counters,
    pub(crate) identities: Arc<Identities>,
    failures: Arc<Failures>,
}

impl Memory {
    /// What tells how a request would be judged, and then forgets it: the replays are those that are known here, and nothing
    /// is counted.
    fn looking(&self) -> Self {
        let replay = self.replay.looking();
        let (identities, failures) = (self.identities.clone(), self.failures.clone());
        Self { replay, counters: Counters::default(), identities, failures }
    }

    /// Counts an outcome.
    #[inline]
    pub(crate) fn note(
        &self,
        config: &Compiled,
        outcome: &Result<Acceptance, Refusal>,
        client: Option<IpAddr>,
        now: u64,
    ) {
        match outcome {
            Ok(acceptance) => self.counters.count(config, acceptance),
            Err(refusal) => self.note_refusal(config, refusal, client, now),
        }
    }

    /// Counts a refusal, and remembers a guess where failures are limited.
    #[inline]
    pub(crate) fn note_refusal(&self, config: &Compiled, refusal: &Refusal, client: Option<IpAddr>, now: u64) {
        self.counters.count_refusal(refusal);
        if config.failures_per_minute.is_some()
            && is_guess(refusal.code(), refusal.facts())
            && let Some(source) = Source::new(client, refusal.claim_class())
        {
            self.failures.count(source, now);
        }
    }

    /// Refuses a client that has failed too often within this minute, before any work is done for it.
    #[inline]
    pub(crate) fn check_failures(
        &self,
        facts: &Facts<'_>,
        config: &Arc<Compiled>,
        client: Option<IpAddr>,
    ) -> Result<(), Refusal> {
        match self.reached_limit(config, client, facts.claim_class, facts.now) {
            Some(limit) => Err(facts.refuse(config, RefusalCode::RateLimited, Detail::TooManyFailures { limit })),
            None => Ok(()),
        }
    }

    /// The limit, where a client has failed as often as that within this minute under ids of the class.
    #[inline]
    pub(crate) fn reached_limit(
        &self,
        config: &Compiled,
        client: Option<IpAddr>,
        class: ClaimClass,
        now: u64,
    ) -> Option<u32> {
        let limit = config.failures_per_minute?;
        let source = Source::new(client, class)?;
        self.failures.are_too_many(source, limit, now).then_some(limit)
    }
}

impl Verifier {
    /// A verifier with an empty replay store.
    pub fn new(config: &Config) -> Self {
        let memory = Memory {
            replay: ReplayStore::new(config.0.replay.capacity, config.0.decoy_seed),
            counters: Counters::default(),
            identities: Arc::new(Identities::new(config.0.decoy_seed)),
            failures: Arc::new(Failures::new(config.0.decoy_seed)),
        };
        Self { config: Current::new(config.0.clone()), memory: Arc::new(memory) }
    }

    /// Verifies a request whose body is at hand. `now` is Unix time in seconds.
    ///
    /// A request that is accepted is remembered, where the config says so: verifying it again is a replay.
    ///
    /// # Errors
    /// The refusal, with a stable code.
    // Always inlined: the outcome is large, and would be moved once more on its way to the caller.
    #[inline(always)]
    pub fn verify<H: Headers + ?Sized>(&self, head: &Head<'_, H>, body: &[u8], now: u64) -> Result<Verified, Refusal> {
        let config = self.config.load();
        let outcome = Self::judge(&config, head, body, now, &self.memory);
        self.memory.note(&config, &outcome, head.client, now);
        outcome.map(|acceptance| Verified::new(config, acceptance))
    }

    // Never inlined, so that what is large is made in one place, and not moved about.
    #[inline(never)]
    fn judge<H: Headers + ?Sized>(
        config: &Arc<Compiled>,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        memory: &Memory,
    ) -> Result<Acceptance, Refusal> {
        admit(config, head, now, |admission| match admission {
            Admission::Public { route } => Ok(Acceptance::of_nobody(Some(route))),
            Admission::Claimed(claimed) => {
                memory.check_failures(&claimed.facts, config, head.client)?;
                check_body_length(config, &claimed.facts, body.len() as u64)?;
                let signature = fingerprint_of(&claimed.claim.signatures.first);
                claimed.facts.fetch_place(config, signature, &memory.replay);
                let (key, tag) = prove(config, claimed, body)?;
                claimed.look_up_permission(config);
                conclude(config, &claimed.facts, key, &tag, Also::default(), &memory.replay)
            }
            Admission::Entered(entered) => admission::judge(config, head, entered, body, now, memory),
        })
    }

    /// Explains how the request is judged, stage by stage, and where it is refused tries the usual causes one by one.
    ///
    /// Nothing is remembered and nothing is counted. For operators: what it says is not for callers, and a long
    /// body may take it a second.
    pub fn explain<H: Headers + ?Sized>(&self, head: &Head<'_, H>, body: &[u8], now: u64) -> Explanation {
        let config = self.config.load();
        let outcome = Self::judge(&config, head, body, now, &self.memory.looking());
        let outcome = outcome.map(|acceptance| Verified::new(config.clone(), acceptance));
        explain::explain(&config, head, body, now, &outcome)
    }

    /// Takes what an external replay store says of a request that was accepted, under its
    /// [`replay_key`](Verified::replay_key).
    ///
    /// # Errors
    /// `REPLAYED_REQUEST`, or `REPLAY_STORE_UNAVAILABLE` unless `replay.on_outage` lets requests pass.
    pub fn settle_replay(&self, verified: &Verified, outcome: ReplayOutcome) -> Result<(), Refusal> {
        let counters = &self.memory.counters;
        let config = verified.config();
        let caller = verified.caller();
        let refuse = |code, detail| {
            let id = caller.map_or(RequestId::NONE, |caller| caller.request_id);
            let refusal = Refusal::new(code, detail, config, caller.map(|caller| caller.service), id.lend());
            counters.count_refusal(&refusal);
            Err(refusal)
        };
        match outcome {
            ReplayOutcome::First => {}
            ReplayOutcome::Repeated => return refuse(RefusalCode::ReplayedRequest, Detail::RepeatedOutside),
            ReplayOutcome::Unavailable if config.replay.allow_on_outage => counters.count_unrecorded(),
            ReplayOutcome::Unavailable => return refuse(RefusalCode::ReplayStoreUnavailable, Detail::StoreAway),
        }
        counters.count_accepted(config, verified.acceptance());
        Ok(())
    }

    /// Begins the verification of a request whose body comes in pieces. Memory use does not depend on the body's size.
    ///
    /// # Errors
    /// A refusal that the head alone decides; it comes before any of the body needs to be read.
    pub fn begin<H: Headers + ?Sized>(&self, head: &Head<'_, H>, now: u64) -> Result<BodyVerification, Refusal> {
        let config = self.config.load();
        BodyVerification::begin(&config, &self.memory, head, now)
            .inspect_err(|refusal| self.memory.note_refusal(&config, refusal, head.client, now))
    }

    /// Answers a request that is a handshake of the webhook: its sender's challenge. Ask this before [`Verifier::verify`], and
    /// where there is an answer, send it and nothing else. `None`: the request is no handshake; go on and verify it. A name
    /// that the config does not have answers nothing.
    ///
    /// # Errors
    /// The refusal of a request that is a handshake, or carries a signature that one must carry.
    pub fn handshake<H: Headers + ?Sized>(
        &self,
        webhook: &str,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
    ) -> Result<Option<HandshakeResponse>, Refusal> {
        let config = self.config.load();
        let outcome = handshake::judge(&config, webhook, head, body, now);
        if matches!(outcome, Ok(None)) {
            return outcome;
        }
        let class = config.claim_class(format!("webhook:{webhook}").as_bytes());
        let limit = self.memory.reached_limit(&config, head.client, class, now);
        let outcome = match (limit, config.webhook(webhook)) {
            (Some(limit), Some((_, plan))) => {
                let detail = Detail::TooManyFailures { limit };
                Err(Refusal::new(RefusalCode::RateLimited, detail, &config, plan.webhook, ReceivedId::NONE))
            }
            _ => outcome,
        };
        outcome.inspect_err(|refusal| self.memory.note_refusal(&config, refusal, head.client, now))
    }

    /// The webhooks that are accepted where a request goes, and whose senders make handshakes: those to ask
    /// [`handshake`](Self::handshake) about, one after the other, before the request is verified.
    pub fn handshakes_at(&self, method: &[u8], target: &[u8]) -> Vec<String> {
        if check_method(method).is_err() || check_target(method, target).is_err() {
            return Vec::new();
        }
        let config = self.config.load();
        let path = Head::new(method, target, &[] as &[(&str, &str)]).path();
        let route = config.route(method, &Path::new(path)).map(|(_, route)| route);
        if route.is_some_and(|route| route.public) {
            return Vec::new();
        }
        let plans = route.map_or(&config.rules, |route| &route.rules).accept.plans().map(|at| config.plan(at));
        let answering = plans.filter(|plan| !plan.template.handshakes.is_empty());
        answering.filter_map(|plan| plan.listed_as.strip_prefix("webhook:")).map(str::to_owned).collect()
    }

    /// Verifies the response that a service gave to a request, by a signature of RFC 9421 that covers both. `request` is the
    /// request as it was sent, with its signature headers; `status`, `headers` and `body` are those of the response.
    ///
    /// # Errors
    /// The refusal, as for requests; `SERVICE_NOT_ALLOWED` where another service has signed.
    pub fn verify_response<H: Headers + ?Sized, R: Headers + ?Sized>(
        &self,
        service: &str,
        (status, headers, body): (u16, &H, &[u8]),
        request: &Head<'_, R>,
        now: u64,
    ) -> Result<Verified, Refusal> {
        standard::judge_response(&self.config.load(), service, &Response { status, headers, body }, request, now)
    }

    /// The question that AWS has to answer before a request with the proof of an IAM identity can be verified. `None` where there is
    /// nothing to ask: the request is refused or let in without, or the answer is known. Ask this before [`Verifier::verify`] and
    /// [`Verifier::begin`], send what it gives, and hand the answer to [`Verifier::identity_answer`].
    pub fn identity_request<H: Headers + ?Sized>(&self, head: &Head<'_, H>, now: u64) -> Option<IdentityRequest> {
        let config = self.config.load();
        config.standards.identities.as_ref()?;
        let refusal = BodyVerification::begin(&config, &self.memory, head, now).err()?;
        let is_unasked = matches!(refusal.facts(), Detail::Identity(aws_identity::Fault::Unasked));
        if is_unasked { standard::question(&config, &Sent::collect(head.headers)) } else { None }
    }

    /// Takes what AWS answers to a question: status and body, or `None` where no answer came. Then the request can be verified, and
    /// whoever sends the same proof until it ends.
    pub fn identity_answer(&self, request: &IdentityRequest, answer: Option<(u16, &[u8])>, now: u64) {
        let config = self.config.load();
        let Some(settings) = &config.standards.identities else { return };
        let arn = answer
            .map_or(Err(aws_identity::Fault::NoAnswer), |(status, body)| aws_identity::judge_answer(status, body));
        // Only who stands for a service is kept for long: everybody on AWS can prove to be somebody.
        let arn = arn.and_then(|arn| standard::find_service(&config, settings, &arn).map(|_| arn.into()));
        self.memory.identities.keep(request.question, arn, request.ends, now);
    }

    /// The value of an `Accept-Signature` header (RFC 9421, section 5.1) that asks the caller for the signature that is accepted
    /// here. For the answer to a request that was not signed so.
    pub fn accept_signature(&self) -> String {
        rfc9421::ask(&self.config.load().standards.messages)
    }

    /// Takes a new config for all requests that come from now on. Requests under way finish on the old one; the replay
    /// store and the counters are kept.
    pub fn replace(&self, config: &Config) {
        self.config.store(config.0.clone());
    }

    /// The config that requests are judged by now.
    pub fn config(&self) -> Config {
        Config(self.config.load())
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
