//! Verifies requests.

mod exchange;
mod hot;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Error, Result};
use napi_derive::napi;
use wiresign::{Config, Head, Metrics, Refusal, RefusalCode, ReplayOutcome, Verified, Verifier};

use crate::body_verification::NativeBodyVerification;
use crate::callback::unix_seconds;
use crate::config::NativeConfig;
use crate::facts::FactsTable;
use crate::identity::NativeIdentityRequest;
use crate::outcome::{Facts, NativeVerified, RefusalFields, VerifiedFields};
use crate::text::{Texts, WireText};

/// A verifier, and what is left of its last verdict.
///
/// JavaScript runs one call at a time, so what a call leaves is there until the next: it picks that up at once, or never.
pub(crate) struct State {
    pub(crate) verifier: Verifier,
    pub(crate) facts: RefCell<FactsTable>,
    pub(crate) refusal: RefCell<Option<Refusal>>,
    /// A verdict that does not fit into a number.
    pub(crate) verified: RefCell<Option<Verified>>,
    /// The names of the headers that the config in force reads, in lower case.
    names: RefCell<Vec<String>>,
    exchange: exchange::Exchange,
    texts: RefCell<Texts>,
}

/// Judges requests by one config.
#[napi]
pub struct NativeVerifier {
    state: Rc<State>,
    config: Config,
}

/// One counter.
#[napi(object, object_from_js = false)]
pub struct Counter {
    /// As Prometheus has it.
    pub name: &'static str,
    /// Label names and values.
    pub labels: HashMap<String, String>,
    /// How often it was counted.
    pub value: f64,
}

impl Counter {
    pub(crate) fn all(metrics: &Metrics) -> Vec<Self> {
        let owned = |(name, value): &(&str, _)| ((*name).to_owned(), String::from(AsRef::<str>::as_ref(value)));
        let counters = metrics.counters().iter().map(|counter| Self {
            name: counter.name,
            labels: counter.labels.iter().map(owned).collect(),
            value: counter.value as f64,
        });
        counters.collect()
    }
}

/// How a verification went.
#[napi(object, object_from_js = false)]
pub struct ExplanationFields {
    /// `OK`, or the code of the refusal.
    pub verdict: &'static str,
    /// What probably went wrong.
    pub hints: Vec<Hint>,
    /// All of it for people.
    pub text: String,
    /// All of it for programs.
    pub json: String,
}

/// One cause.
#[napi(object, object_from_js = false)]
pub struct Hint {
    /// Its stable name.
    pub id: &'static str,
    /// A sentence that names it.
    pub cause: String,
    /// A sentence that says what to do.
    pub fix: String,
    /// Whether a signature proves it.
    pub is_proved: bool,
}

impl From<&wiresign::Explanation> for ExplanationFields {
    fn from(explanation: &wiresign::Explanation) -> Self {
        let hints = explanation.hints().iter().map(|hint| Hint {
            id: hint.id(),
            cause: hint.cause().to_owned(),
            fix: hint.fix().to_owned(),
            is_proved: hint.is_proved(),
        });
        Self {
            verdict: explanation.verdict(),
            hints: hints.collect(),
            text: explanation.to_string(),
            json: explanation.json(),
        }
    }
}

/// What came of a handshake.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct HandshakeOutcome {
    /// Whether a refusal is left.
    pub refused: bool,
    /// What to answer; `null` where the request is no handshake.
    pub response: Option<HandshakeResponse>,
}

/// What a handshake is answered with.
#[napi(object, object_from_js = false)]
pub struct HandshakeResponse {
    /// The HTTP status.
    pub status: u32,
    /// Names and values.
    pub headers: Vec<Vec<String>>,
    /// The body.
    pub body: String,
}

impl From<wiresign::HandshakeResponse> for HandshakeResponse {
    fn from(response: wiresign::HandshakeResponse) -> Self {
        let headers = response.headers.into_iter().map(|(name, value)| vec![name, value]).collect();
        Self { status: response.status.into(), headers, body: response.body }
    }
}

/// A request's fields as they cross for a cold call.
pub(crate) type HeaderPairs = Vec<(Vec<u8>, Vec<u8>)>;

#[napi]
impl NativeVerifier {
    /// A verifier with an empty replay store.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: &NativeConfig) -> Self {
        let state = State {
            verifier: Verifier::new(&config.0),
            facts: RefCell::default(),
            refusal: RefCell::default(),
            verified: RefCell::default(),
            names: RefCell::new(config.0.header_names()),
            exchange: exchange::Exchange::default(),
            texts: RefCell::default(),
        };
        Self { state: Rc::new(state), config: config.0.clone() }
    }

    /// The function that every request goes through.
    ///
    /// # Errors
    /// Where Node cannot make one.
    #[napi]
    pub fn hot_verify<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        hot::verify_function(env, self.state.clone())
    }

    /// What a number of the hot function stands for.
    ///
    /// # Errors
    /// Where the number was never given.
    #[napi(catch_unwind)]
    pub fn facts(&self, number: u32) -> Result<Facts> {
        let facts = self.state.facts.borrow().facts(number as usize);
        facts.ok_or_else(|| Error::from_reason("no verdict has this number"))
    }

    /// The refusal that the last call left.
    ///
    /// # Errors
    /// Where it left none.
    #[napi(catch_unwind)]
    pub fn take_refusal(&self) -> Result<RefusalFields> {
        let refusal = self.state.refusal.take();
        refusal.as_ref().map(RefusalFields::from).ok_or_else(|| Error::from_reason("nothing was refused"))
    }

    /// The verdict that the last call left because it did not fit into a number.
    ///
    /// # Errors
    /// Where it left none.
    #[napi(catch_unwind)]
    pub fn take_verified(&self) -> Result<VerifiedFields> {
        let verified = self.state.verified.take().ok_or_else(|| Error::from_reason("nothing was verified"))?;
        let number = self.state.facts.borrow_mut().number_of_individual(&verified);
        Ok(match number {
            Some(number) => VerifiedFields::numbered(&verified, Some(number as u32)),
            None => VerifiedFields::from(&verified),
        })
    }

    /// Judges a request by all of its header fields: name, value, name, value. `null` is a refusal, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn verify(
        &self,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        body: &[u8],
        now: f64,
        authority: Option<WireText>,
        client: Option<String>,
    ) -> Result<Option<VerifiedFields>> {
        let headers = pairs(headers);
        let head = head(&method, &target, &headers, authority.as_ref(), client.as_deref())?;
        match self.state.verifier.verify(&head, body, seconds(now)?) {
            Ok(verified) => Ok(Some((&verified).into())),
            Err(refusal) => {
                self.state.refusal.replace(Some(refusal));
                Ok(None)
            }
        }
    }

    /// Judges the head of a request whose body follows. `null` is a refusal, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    pub fn begin(
        &self,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        now: f64,
        authority: Option<WireText>,
        client: Option<String>,
    ) -> Result<Option<NativeBodyVerification>> {
        let headers = pairs(headers);
        let head = head(&method, &target, &headers, authority.as_ref(), client.as_deref())?;
        match self.state.verifier.begin(&head, seconds(now)?) {
            Ok(begun) => Ok(Some(NativeBodyVerification::new(begun))),
            Err(refusal) => {
                self.state.refusal.replace(Some(refusal));
                Ok(None)
            }
        }
    }

    /// Takes what a store outside says of an accepted request; `false` is a refusal, which is left.
    ///
    /// # Errors
    /// Where there is no such outcome.
    #[napi(catch_unwind)]
    pub fn settle_replay(&self, verified: &NativeVerified, outcome: String) -> Result<bool> {
        let outcome = match outcome.as_str() {
            "first" => ReplayOutcome::First,
            "repeated" => ReplayOutcome::Repeated,
            "unavailable" => ReplayOutcome::Unavailable,
            _ => return Err(Error::from_reason("a replay store answers first, repeated or unavailable")),
        };
        let settled = self.state.verifier.settle_replay(&verified.0, outcome);
        Ok(settled.map_err(|refusal| self.state.refusal.replace(Some(refusal))).is_ok())
    }

    /// Says how a request is judged, and remembers nothing.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn explain(
        &self,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        body: &[u8],
        now: f64,
        authority: Option<WireText>,
        client: Option<String>,
    ) -> Result<ExplanationFields> {
        let headers = pairs(headers);
        let head = head(&method, &target, &headers, authority.as_ref(), client.as_deref())?;
        Ok((&self.state.verifier.explain(&head, body, seconds(now)?)).into())
    }

    /// Answers the challenge of a webhook's sender. `refused` says that a refusal is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn handshake(
        &self,
        webhook: String,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        body: &[u8],
        now: f64,
        authority: Option<WireText>,
        client: Option<String>,
    ) -> Result<HandshakeOutcome> {
        let headers = pairs(headers);
        let head = head(&method, &target, &headers, authority.as_ref(), client.as_deref())?;
        Ok(match self.state.verifier.handshake(&webhook, &head, body, seconds(now)?) {
            Ok(response) => HandshakeOutcome { refused: false, response: response.map(HandshakeResponse::from) },
            Err(refusal) => {
                self.state.refusal.replace(Some(refusal));
                HandshakeOutcome { refused: true, response: None }
            }
        })
    }

    /// The webhooks to ask `handshake` about before a request is verified.
    #[napi(catch_unwind)]
    pub fn handshakes_at(&self, method: WireText, target: WireText) -> Vec<String> {
        self.state.verifier.handshakes_at(&method.0, &target.0)
    }

    /// Judges the response that a service gave to a request. `null` is a refusal, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn verify_response(
        &self,
        service: String,
        status: u16,
        response_headers: Vec<WireText>,
        body: &[u8],
        method: WireText,
        target: WireText,
        request_headers: Vec<WireText>,
        now: f64,
        authority: Option<WireText>,
    ) -> Result<Option<VerifiedFields>> {
        let (received, sent) = (pairs(response_headers), pairs(request_headers));
        let request = head(&method, &target, &sent, authority.as_ref(), None)?;
        match self.state.verifier.verify_response(&service, (status, &received, body), &request, seconds(now)?) {
            Ok(verified) => Ok(Some((&verified).into())),
            Err(refusal) => {
                self.state.refusal.replace(Some(refusal));
                Ok(None)
            }
        }
    }

    /// The question that AWS has to answer before a request can be verified; `null` where there is none.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    pub fn identity_request(
        &self,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        now: f64,
        authority: Option<WireText>,
        client: Option<String>,
    ) -> Result<Option<NativeIdentityRequest>> {
        let headers = pairs(headers);
        let head = head(&method, &target, &headers, authority.as_ref(), client.as_deref())?;
        Ok(self.state.verifier.identity_request(&head, seconds(now)?).map(NativeIdentityRequest))
    }

    /// Takes what AWS answers to a question; without a status no answer came.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    pub fn identity_answer(
        &self,
        question: &NativeIdentityRequest,
        status: Option<u16>,
        body: &[u8],
        now: f64,
    ) -> Result<()> {
        self.state.verifier.identity_answer(&question.0, status.map(|status| (status, body)), seconds(now)?);
        Ok(())
    }

    /// The value of the header that asks a caller for the signature that is accepted here.
    #[napi(catch_unwind)]
    pub fn accept_signature(&self) -> String {
        self.state.verifier.accept_signature()
    }

    /// Takes a new config for all requests from now on.
    #[napi(catch_unwind)]
    pub fn replace(&mut self, config: &NativeConfig) {
        self.state.verifier.replace(&config.0);
        self.state.names.replace(config.0.header_names());
        self.state.facts.take();
        self.config = config.0.clone();
    }

    /// The function that says whether a public route answers.
    ///
    /// # Errors
    /// Where Node cannot make one.
    #[napi]
    pub fn hot_is_public<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        hot::is_public_function(env, self.state.clone())
    }

    /// The longest body, in bytes.
    #[napi(getter)]
    pub fn body_limit(&self) -> f64 {
        self.state.verifier.body_limit() as f64
    }

    /// The counters as text.
    #[napi(catch_unwind)]
    pub fn prometheus(&self) -> String {
        self.state.verifier.metrics().prometheus()
    }

    /// The counters as values.
    #[napi(catch_unwind)]
    pub fn counters(&self) -> Vec<Counter> {
        Counter::all(&self.state.verifier.metrics())
    }

    /// What a refusal of an accepted request says of the config in force.
    #[napi(catch_unwind)]
    pub fn terms(&self) -> Terms {
        Terms { realm: self.config.service().to_owned(), reveals_codes: reveals_codes(&self.config) }
    }
}

/// What a refusal says of the config in force.
#[napi(object)]
pub struct Terms {
    /// The id of the service itself.
    pub realm: String,
    /// Whether the answer tells refusals of one status apart.
    pub reveals_codes: bool,
}

/// The refusal of a request by the application or its adapter, for a reason that the core does not know of. It looks like one
/// of the core: `Verified::require_service` says the same, and a hot call has left no `Verified` to ask.
///
/// # Errors
/// Where there is no such code.
#[napi(catch_unwind)]
pub fn refuse(
    code: String,
    detail: String,
    service: Option<String>,
    request_id: Option<String>,
    terms: Terms,
) -> Result<RefusalFields> {
    let code = RefusalCode::from_name(&code).ok_or_else(|| Error::from_reason("no refusal has this code"))?;
    let shown = if terms.reveals_codes { code } else { uniform(code) };
    let challenge = (shown.status() == 401).then(|| format!("Wiresign realm=\"{}\"", terms.realm));
    Ok(RefusalFields::of_adapter(code, detail, service, request_id, shown, challenge))
}

/// What is shown where the config wants no code revealed; `Refusal::response` of the core does the same.
fn uniform(code: RefusalCode) -> RefusalCode {
    match code.status() {
        403 => RefusalCode::PermissionDenied,
        413 | 429 | 503 => code,
        _ => RefusalCode::AuthenticationRequired,
    }
}

pub(crate) fn pairs(flat: Vec<WireText>) -> HeaderPairs {
    let mut items = flat.into_iter();
    let mut pairs = Vec::with_capacity(items.len() / 2);
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        pairs.push((name.0, value.0));
    }
    pairs
}

pub(crate) fn head<'a>(
    method: &'a WireText,
    target: &'a WireText,
    headers: &'a HeaderPairs,
    authority: Option<&'a WireText>,
    client: Option<&str>,
) -> Result<Head<'a, HeaderPairs>> {
    let client = client.map(str::parse::<IpAddr>).transpose();
    Ok(Head {
        method: &method.0,
        target: &target.0,
        authority: authority.map(|text| text.0.as_slice()),
        headers,
        client: client.map_err(|_| Error::from_reason("the client is not an IP address"))?,
    })
}

pub(crate) fn seconds(now: f64) -> Result<u64> {
    unix_seconds(now).ok_or_else(|| Error::from_reason("the time is not in whole seconds"))
}

/// Asks the core itself whether it reveals codes, by a request that it always refuses.
fn reveals_codes(config: &Config) -> bool {
    let nothing = Head::new(b"", b"", &[] as &[(&str, &str)]);
    match Verifier::new(config).verify(&nothing, b"", 0) {
        Ok(_) => unreachable!("a request without a method is always refused"),
        Err(refusal) => refusal.response().code == refusal.code(),
    }
}
