//! `wiresign.Verifier`.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wiresign as core;

use crate::body_verification::BodyVerification;
use crate::config::Config;
use crate::errors;
use crate::explanation::Explanation;
use crate::handshake::HandshakeResponse;
use crate::identity::IdentityRequest;
use crate::metrics::Metrics;
use crate::verified::Verified;
use crate::wire::{Body, DETACH_FROM, Parts, Response, Seconds, Text, declared_length, host};

/// Judges requests by one config. Threads may share it.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct Verifier {
    core: core::Verifier,
    config: Mutex<Py<Config>>,
}

#[pymethods]
impl Verifier {
    #[new]
    fn new(config: &Bound<'_, Config>) -> Self {
        Self { core: core::Verifier::new(&config.get().0), config: Mutex::new(config.clone().unbind()) }
    }

    /// Judges a whole request, and raises a Refusal where it does not hold.
    #[pyo3(signature = (method, target, headers, body=Body::Absent, *, authority=None, client=None, now=None))]
    #[pyo3(text_signature = "($self, method, target, headers, body=b'', *, authority=None, client=None, now=None)")]
    #[expect(clippy::too_many_arguments, reason = "one crossing per request")]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        method: Text<'_>,
        target: Text<'_>,
        headers: &Bound<'_, PyAny>,
        body: Body<'_>,
        authority: Option<Text<'_>>,
        client: Option<&str>,
        now: Option<Seconds>,
    ) -> PyResult<Bound<'py, Verified>> {
        let now = Seconds::or_clock(now);
        let parts = Parts { method, target, headers, authority, client };
        let body = body.bytes();
        if body.len() < DETACH_FROM {
            // The object is made here, so that the verdict is moved once. The headers are done with by then.
            return parts.lend(|head| Verified::or_raise(py, self.core.verify(head, body, now)))?;
        }
        let begun = parts.lend(|head| self.core.begin(head, now))?;
        // Nothing of the caller's header list is needed any more, so the GIL can go.
        let verdict = begun.and_then(|mut begun| {
            py.detach(move || {
                begun.update(body)?;
                begun.finish()
            })
        });
        Verified::or_raise(py, verdict)
    }

    /// Judges the head of a request, and gives the object that takes the body piece by piece.
    #[pyo3(signature = (method, target, headers, *, authority=None, client=None, now=None))]
    #[expect(clippy::too_many_arguments, reason = "one crossing per request")]
    fn begin(
        &self,
        py: Python<'_>,
        method: Text<'_>,
        target: Text<'_>,
        headers: &Bound<'_, PyAny>,
        authority: Option<Text<'_>>,
        client: Option<&str>,
        now: Option<Seconds>,
    ) -> PyResult<BodyVerification> {
        let now = Seconds::or_clock(now);
        let parts = Parts { method, target, headers, authority, client };
        let begun =
            parts.lend(|head| self.core.begin(head, now).map(|begun| (begun, declared_length(head.headers))))?;
        match begun {
            Ok((begun, declared)) => Ok(BodyVerification::new(begun, declared)),
            Err(refusal) => Err(errors::refusal(py, refusal)),
        }
    }

    /// As `begin`, for an adapter before which no proxy is believed anything: the authority is what Host says. None where a
    /// handshake has to be looked for first.
    #[pyo3(signature = (method, target, headers, client, answers, /))]
    fn _begin_direct(
        &self,
        py: Python<'_>,
        method: Text<'_>,
        target: Text<'_>,
        headers: &Bound<'_, PyAny>,
        client: Option<&str>,
        answers: bool,
    ) -> PyResult<Option<BodyVerification>> {
        if answers && !self.core.handshakes_at(method.0, target.0).is_empty() {
            return Ok(None);
        }
        let now = Seconds::or_clock(None);
        let parts = Parts { method, target, headers, authority: None, client };
        let begun = parts.lend(|head| {
            let head = core::Head { authority: host(head.headers), ..*head };
            self.core.begin(&head, now).map(|begun| (begun, declared_length(head.headers)))
        })?;
        match begun {
            Ok((begun, declared)) => Ok(Some(BodyVerification::new(begun, declared))),
            Err(refusal) => Err(errors::refusal(py, refusal)),
        }
    }

    /// Explains how a request is judged. Nothing is remembered and nothing is counted.
    #[pyo3(signature = (method, target, headers, body=Body::Absent, *, authority=None, client=None, now=None))]
    #[pyo3(text_signature = "($self, method, target, headers, body=b'', *, authority=None, client=None, now=None)")]
    #[expect(clippy::too_many_arguments, reason = "the same arguments as verify")]
    fn explain(
        &self,
        method: Text<'_>,
        target: Text<'_>,
        headers: &Bound<'_, PyAny>,
        body: Body<'_>,
        authority: Option<Text<'_>>,
        client: Option<&str>,
        now: Option<Seconds>,
    ) -> PyResult<Explanation> {
        let now = Seconds::or_clock(now);
        let parts = Parts { method, target, headers, authority, client };
        parts.lend(|head| Explanation(self.core.explain(head, body.bytes(), now)))
    }

    /// Answers a request that is a handshake of the webhook: its sender's challenge. None: it is none, so verify it.
    #[pyo3(signature = (webhook, method, target, headers, body=Body::Absent, *, authority=None, client=None, now=None))]
    #[pyo3(
        text_signature = "($self, webhook, method, target, headers, body=b'', *, authority=None, client=None, now=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "one crossing per request")]
    fn handshake<'py>(
        &self,
        py: Python<'py>,
        webhook: &str,
        method: Text<'_>,
        target: Text<'_>,
        headers: &Bound<'_, PyAny>,
        body: Body<'_>,
        authority: Option<Text<'_>>,
        client: Option<&str>,
        now: Option<Seconds>,
    ) -> PyResult<Option<Bound<'py, HandshakeResponse>>> {
        let now = Seconds::or_clock(now);
        let parts = Parts { method, target, headers, authority, client };
        match parts.lend(|head| self.core.handshake(webhook, head, body.bytes(), now))? {
            Ok(answer) => answer.map(|answer| Bound::new(py, HandshakeResponse(answer))).transpose(),
            Err(refusal) => Err(errors::refusal(py, refusal)),
        }
    }

    /// The webhooks that are accepted where a request goes, and whose senders make handshakes.
    fn handshakes_at(&self, method: Text<'_>, target: Text<'_>) -> Vec<String> {
        self.core.handshakes_at(method.0, target.0)
    }

    /// Judges the response that a service gave to a request, by a signature that covers both.
    #[pyo3(signature = (
        service, status, headers, body=Body::Absent, *, method, target, request_headers, authority=None, now=None
    ))]
    #[pyo3(
        text_signature = "($self, service, status, headers, body=b'', *, method, target, request_headers, authority=None, now=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "one crossing per response")]
    fn verify_response<'py>(
        &self,
        py: Python<'py>,
        service: &str,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: Body<'_>,
        method: Text<'_>,
        target: Text<'_>,
        request_headers: &Bound<'_, PyAny>,
        authority: Option<Text<'_>>,
        now: Option<Seconds>,
    ) -> PyResult<Bound<'py, Verified>> {
        let now = Seconds::or_clock(now);
        let response = Response::read(status, headers, body)?;
        let parts = Parts { method, target, headers: request_headers, authority, client: None };
        let verdict = parts.lend(|head| self.core.verify_response(service, response.parts(), head, now))?;
        Verified::or_raise(py, verdict)
    }

    /// The value of an Accept-Signature header that asks the caller for the signature that is accepted here.
    fn accept_signature(&self) -> String {
        self.core.accept_signature()
    }

    /// The question that AWS has to answer before a request with the proof of an IAM identity can be verified. None: there is
    /// nothing to ask.
    #[pyo3(signature = (method, target, headers, *, authority=None, client=None, now=None))]
    fn identity_request(
        &self,
        method: Text<'_>,
        target: Text<'_>,
        headers: &Bound<'_, PyAny>,
        authority: Option<Text<'_>>,
        client: Option<&str>,
        now: Option<Seconds>,
    ) -> PyResult<Option<IdentityRequest>> {
        let now = Seconds::or_clock(now);
        let parts = Parts { method, target, headers, authority, client };
        Ok(parts.lend(|head| self.core.identity_request(head, now))?.map(IdentityRequest))
    }

    /// Takes what AWS answers to a question: status and body, or None where no answer came.
    #[pyo3(signature = (question, answer=None, *, now=None))]
    fn identity_answer(
        &self,
        question: &Bound<'_, IdentityRequest>,
        answer: Option<(u16, Vec<u8>)>,
        now: Option<Seconds>,
    ) {
        let answer = answer.as_ref().map(|(status, body)| (*status, body.as_slice()));
        self.core.identity_answer(&question.get().0, answer, Seconds::or_clock(now));
    }

    /// Swaps the config for all later requests. Replay store and counters are kept.
    fn replace(&self, config: &Bound<'_, Config>) {
        let mut current = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        self.core.replace(&config.get().0);
        *current = config.clone().unbind();
    }

    /// The config as it is now, for what fetches keys for it.
    #[getter]
    fn _config(&self, py: Python<'_>) -> Py<Config> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone_ref(py)
    }

    /// Takes what a store shared by several verifiers says of an accepted request: "first", "repeated" or "unavailable".
    fn settle_replay(&self, py: Python<'_>, verified: &Bound<'_, Verified>, outcome: &str) -> PyResult<()> {
        let outcome = match outcome {
            "first" => core::ReplayOutcome::First,
            "repeated" => core::ReplayOutcome::Repeated,
            "unavailable" => core::ReplayOutcome::Unavailable,
            _ => return Err(PyValueError::new_err("outcome is \"first\", \"repeated\" or \"unavailable\"")),
        };
        self.core.settle_replay(&verified.get().0, outcome).map_err(|refusal| errors::refusal(py, refusal))
    }

    /// The counters as they stand.
    fn metrics(&self) -> Metrics {
        Metrics(self.core.metrics())
    }

    /// Whether a public route answers this method and target.
    fn is_public(&self, method: Text<'_>, target: Text<'_>) -> bool {
        self.core.is_public(method.0, target.0)
    }

    /// The longest body that is accepted now, in bytes.
    #[getter]
    fn body_limit(&self) -> u64 {
        self.core.body_limit()
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("Verifier"))
    }
}
