//! Judges requests.

use std::sync::Arc;

use crate::answer::Answer;
use crate::body_verification::BodyVerification;
use crate::config::Config;
use crate::explanation::Explanation;
use crate::failure::Failure;
use crate::identity_request::IdentityRequest;
use crate::metrics::Metrics;
use crate::process::seconds;
use crate::request::{Request, Response};
use crate::verified::Verified;

/// Judges requests by one config. Threads may share it.
#[derive(uniffi::Object)]
pub struct Verifier(wiresign::Verifier);

/// What a store that several verifiers share says of a request.
#[derive(Clone, Copy, Debug, uniffi::Enum)]
pub enum ReplayOutcome {
    /// It has not seen the request before, and remembers it now.
    First,
    /// It has seen the request before.
    Repeated,
    /// It gave no answer.
    Unavailable,
}

#[uniffi::export]
impl Verifier {
    /// A verifier with an empty replay store and counters at zero.
    #[uniffi::constructor]
    pub fn new(config: &Config) -> Arc<Self> {
        Arc::new(Self(wiresign::Verifier::new(&config.0)))
    }

    /// Judges a whole request.
    ///
    /// # Errors
    /// The refusal.
    #[uniffi::method(default(now = None))]
    pub fn verify(&self, request: Request, now: Option<u64>) -> Result<Arc<Verified>, Failure> {
        Ok(Verified::new(request.lend(|head| self.0.verify(head, &request.body, seconds(now)))?))
    }

    /// Judges the head of a request, and gives the object that takes the body piece by piece.
    ///
    /// # Errors
    /// The refusal.
    #[uniffi::method(default(now = None))]
    pub fn begin(&self, head: Request, now: Option<u64>) -> Result<Arc<BodyVerification>, Failure> {
        let begun = head.lend(|head| self.0.begin(head, seconds(now)))?;
        Ok(Arc::new(BodyVerification::new(begun)))
    }

    /// Swaps the config for all later requests. Replay store and counters are kept.
    pub fn replace(&self, config: &Config) {
        self.0.replace(&config.0);
    }

    /// Takes what a store that several verifiers share says of an accepted request.
    ///
    /// # Errors
    /// The refusal of a repeated request, or of one that the store knows nothing about.
    pub fn settle_replay(&self, verified: &Verified, outcome: ReplayOutcome) -> Result<(), Failure> {
        let outcome = match outcome {
            ReplayOutcome::First => wiresign::ReplayOutcome::First,
            ReplayOutcome::Repeated => wiresign::ReplayOutcome::Repeated,
            ReplayOutcome::Unavailable => wiresign::ReplayOutcome::Unavailable,
        };
        Ok(self.0.settle_replay(&verified.0, outcome)?)
    }

    /// Says how a request is judged, and remembers and counts nothing.
    #[uniffi::method(default(now = None))]
    pub fn explain(&self, request: Request, now: Option<u64>) -> Explanation {
        (&request.lend(|head| self.0.explain(head, &request.body, seconds(now)))).into()
    }

    /// Answers the challenge of a webhook's sender; absent where the request is none.
    ///
    /// # Errors
    /// The refusal.
    #[uniffi::method(default(now = None))]
    pub fn handshake(&self, webhook: &str, request: Request, now: Option<u64>) -> Result<Option<Answer>, Failure> {
        let answer = request.lend(|head| self.0.handshake(webhook, head, &request.body, seconds(now)))?;
        Ok(answer.map(Answer::from))
    }

    /// The webhooks to ask `handshake` about before a request is verified.
    pub fn handshakes_at(&self, method: Vec<u8>, target: Vec<u8>) -> Vec<String> {
        self.0.handshakes_at(&method, &target)
    }

    /// Judges the response of a service to a request, as that was sent.
    ///
    /// # Errors
    /// The refusal.
    #[uniffi::method(default(now = None))]
    pub fn verify_response(
        &self,
        service: &str,
        response: Response,
        answered: Request,
        now: Option<u64>,
    ) -> Result<Arc<Verified>, Failure> {
        let verdict = response
            .lend(|response| answered.lend(|head| self.0.verify_response(service, response, head, seconds(now))));
        Ok(Verified::new(verdict?))
    }

    /// The value of an `Accept-Signature` header that asks a caller for the signature that is accepted here.
    pub fn accept_signature(&self) -> String {
        self.0.accept_signature()
    }

    /// The question that AWS has to answer before a request can be verified; absent where there is none.
    #[uniffi::method(default(now = None))]
    pub fn identity_request(&self, head: Request, now: Option<u64>) -> Option<Arc<IdentityRequest>> {
        let question = head.lend(|head| self.0.identity_request(head, seconds(now)))?;
        Some(Arc::new(IdentityRequest(question)))
    }

    /// Takes what AWS answers to a question; nothing where no answer came.
    #[uniffi::method(default(now = None))]
    pub fn identity_answer(&self, question: &IdentityRequest, answer: Option<Response>, now: Option<u64>) {
        let answer = answer.as_ref().map(|answer| (answer.status, answer.body.as_slice()));
        self.0.identity_answer(&question.0, answer, seconds(now));
    }

    /// The counters as they stand.
    pub fn metrics(&self) -> Metrics {
        self.0.metrics().into()
    }

    /// Whether a public route answers this method and target.
    pub fn is_public(&self, method: Vec<u8>, target: Vec<u8>) -> bool {
        self.0.is_public(&method, &target)
    }

    /// The longest body that is accepted now, in bytes.
    pub fn body_limit(&self) -> u64 {
        self.0.body_limit()
    }
}
