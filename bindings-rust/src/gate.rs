//! One request on its way: judged, settled, recorded, and handed on.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
#[cfg(feature = "reqwest")]
use http::header::AUTHORIZATION;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, Request};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError};
#[cfg(feature = "reqwest")]
use wiresign::RefusalCode;
use wiresign::{BodyVerification, Head, Refusal, ReplayOutcome, Verified, Verifier};
use wiresign_host::now;

use crate::body::{Kept, ONE_PIECE, let_go};
use crate::caller::Acceptance;
use crate::observer::Observer;
use crate::received::{Fields, Received, peer_of};
use crate::report::{fault, harmless, harmless_future};
use crate::response::Answer;
use crate::{BoxError, ReplayStore, VerifiedBody};

/// Up to this size a body is kept in memory until it is verified.
const MEMORY_BYTES: usize = 1024 * 1024;
/// A request with a longer body is no handshake.
const HANDSHAKE_BYTES: usize = 16_384;
/// What a service might take for the name of the caller.
const CLAIMS: [HeaderName; 2] = [HeaderName::from_static("x-service-id"), HeaderName::from_static("x-service-name")];

/// Carries the proof of an IAM identity. Most requests have none.
#[cfg(feature = "reqwest")]
const PROOF: HeaderName = HeaderName::from_static("x-service-aws-identity");

type ClientAddress = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;

/// Judges the requests of one server by one verifier.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) observer: Observer,
    pub(crate) replay: Option<Arc<dyn ReplayStore>>,
    pub(crate) client: Option<Arc<ClientAddress>>,
    pub(crate) identity_headers: Vec<HeaderName>,
    pub(crate) memory_bytes: usize,
    #[cfg(feature = "reqwest")]
    pub(crate) key_sets: Option<crate::key_sets::Following>,
    #[cfg(feature = "reqwest")]
    pub(crate) aws: Option<crate::Sts>,
    #[cfg(feature = "metrics")]
    pub(crate) publisher: Option<Arc<crate::publisher::Publisher>>,
}

/// What becomes of a request.
#[allow(clippy::large_enum_variant, reason = "it is moved once, and a box would be an allocation for each request")]
pub(crate) enum Judged<B> {
    LetIn(Request<VerifiedBody<B>>),
    Answered(Answer),
}

/// Why a request is not let in.
enum Stopped {
    Refused(Refusal),
    Handshake(wiresign::HandshakeResponse),
    /// The body did not arrive whole.
    Broken,
    /// The body could not be kept.
    Fault,
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        fault("the body of a request could not be kept in a temporary file, the request was answered with 500", error);
        Self::Fault
    }
}

impl Gate {
    pub(crate) fn new(verifier: Arc<Verifier>) -> Self {
        Self {
            verifier,
            observer: Observer::default(),
            replay: None,
            client: None,
            identity_headers: Vec::new(),
            memory_bytes: MEMORY_BYTES,
            #[cfg(feature = "reqwest")]
            key_sets: None,
            #[cfg(feature = "reqwest")]
            aws: None,
            #[cfg(feature = "metrics")]
            publisher: None,
        }
    }

    pub(crate) async fn judge<B>(self: Arc<Self>, request: Request<B>) -> Judged<B>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (mut parts, body) = request.into_parts();
        if parts.extensions.get::<Acceptance>().is_some_and(|known| known.is_by(&self.verifier)) {
            // Mounted twice, on a router and on a part of it: the second look would be a replay.
            return Judged::LetIn(Request::from_parts(parts, VerifiedBody::unread(Bytes::new(), Box::pin(body))));
        }
        #[cfg(feature = "reqwest")]
        if let Some(key_sets) = &self.key_sets {
            key_sets.catch_up(&self.verifier);
        }
        let version = parts.version;
        let mut clock = Clock::start();
        let client = self.client_of(&parts);
        let received = Received::new(&parts, client);
        let (outcome, leftover) = self.verify(&received, body, &mut clock).await;
        let judged = match outcome {
            Ok((verified, body)) => {
                self.observer.tell(Ok(&verified), received.shown(), clock.spent());
                self.strip_unverified_identity(&mut parts.headers, &verified);
                parts.extensions.insert(Acceptance::new(self.clone(), verified, client));
                Judged::LetIn(Request::from_parts(parts, body))
            }
            Err(Stopped::Refused(refusal)) => {
                #[cfg(feature = "reqwest")]
                self.fetch_missing_keys(&refusal, &parts.headers);
                self.observer.tell(Err(&refusal), received.shown(), clock.spent());
                Judged::Answered(Answer::of_refusal(&refusal))
            }
            Err(Stopped::Handshake(response)) => Judged::Answered(Answer::of_handshake(response)),
            Err(Stopped::Broken) => Judged::Answered(Answer::of_broken_body(version)),
            Err(Stopped::Fault) => Judged::Answered(Answer::of_fault()),
        };
        if let Some(leftover) = leftover {
            let_go(leftover);
        }
        #[cfg(feature = "metrics")]
        if let Some(publisher) = &self.publisher {
            publisher.changed(&self.verifier);
        }
        judged
    }

    /// Has AWS asked, where a request carries a proof of an IAM identity.
    #[cfg(feature = "reqwest")]
    async fn identify(&self, head: &Head<'_, Fields<'_>>) {
        if let Some(aws) = &self.aws
            && let Some(question) = self.verifier.identity_request(head, now())
        {
            aws.identify(&self.verifier, question, || self.verifier.identity_request(head, now())).await;
        }
    }

    /// Has keys fetched where one may be missing. The request is not kept waiting for them: anybody can name keys.
    #[cfg(feature = "reqwest")]
    fn fetch_missing_keys(&self, refusal: &Refusal, headers: &HeaderMap) {
        let Some(key_sets) = &self.key_sets else { return };
        let is_missing = match refusal.code() {
            RefusalCode::UnknownKey => true,
            // A token that names no key was tried with those at hand.
            RefusalCode::InvalidSignature | RefusalCode::AlgorithmNotAllowed => headers
                .get_all(AUTHORIZATION)
                .iter()
                .any(|value| value.as_bytes().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))),
            _ => false,
        };
        if is_missing {
            key_sets.wake();
        }
    }

    fn client_of(&self, parts: &Parts) -> Option<IpAddr> {
        match &self.client {
            Some(address) => harmless("function for addresses of clients", || address(parts)).flatten(),
            None => peer_of(&parts.extensions),
        }
    }

    /// The verdict with the body to be given on, and what of a refused request's body nobody has read.
    async fn verify<B>(
        &self,
        received: &Received<'_>,
        body: B,
        clock: &mut Clock,
    ) -> (Result<(Verified, VerifiedBody<B>), Stopped>, Option<Pin<Box<B>>>)
    where
        B: Body<Data = Bytes>,
        B::Error: Into<BoxError>,
    {
        let head = received.head();
        #[cfg(feature = "reqwest")]
        if received.has(&PROOF) {
            clock.wait(self.identify(&head)).await;
        }
        let mut body = Box::pin(body);
        let mut kept = Kept::new(self.memory_bytes);
        match self.read_and_verify(&head, &mut body, &mut kept, clock).await {
            Ok((verified, Read::Whole)) => match kept.give_on().await {
                Ok(given) => (Ok((verified, given)), None),
                Err(error) => (Err(error.into()), None),
            },
            Ok((verified, Read::Begun)) => (Ok((verified, VerifiedBody::unread(kept.whole().clone(), body))), None),
            Err(stopped) => (Err(stopped), Some(body)),
        }
    }

    async fn read_and_verify<B>(
        &self,
        head: &Head<'_, Fields<'_>>,
        body: &mut Pin<Box<B>>,
        kept: &mut Kept,
        clock: &mut Clock,
    ) -> Result<(Verified, Read), Stopped>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<BoxError>,
    {
        let declared = body.size_hint().exact();
        let webhooks = self.verifier.handshakes_at(head.method, head.target);
        let one_piece = match declared {
            // Whether it is public still, the verification says: the config may be replaced in between.
            _ if self.verifier.is_public(head.method, head.target) => 0,
            Some(length) if length <= (ONE_PIECE as u64).min(self.verifier.body_limit()) => ONE_PIECE,
            None if !webhooks.is_empty() => HANDSHAKE_BYTES,
            _ => 0,
        };
        let mut begun = if one_piece == 0 { Some(self.begin(head, declared)?) } else { None };
        loop {
            if begun.as_ref().is_some_and(|begun| !begun.needs_body()) {
                // Nobody claims anything, so there is nothing to be verified.
                let verified = begun.take().expect("it was there").finish()?;
                return Ok((self.settle(verified, clock).await?, Read::Begun));
            }
            let piece = match clock.wait(body.frame()).await {
                None => break,
                Some(Err(error)) => return Err(self.unread(head, error.into())),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => piece,
                    Err(frame) => {
                        frame.into_trailers().into_iter().for_each(|trailers| kept.add_trailers(trailers));
                        continue;
                    }
                },
            };
            if begun.is_none() && kept.length() + piece.len() as u64 > one_piece as u64 {
                let mut begin = self.begin(head, declared)?;
                begin.update(kept.whole())?;
                begun = Some(begin);
            }
            if let Some(begun) = &mut begun {
                begun.update(&piece)?;
            }
            kept.add(piece).await?;
        }
        let verified = match begun {
            Some(begun) => begun.finish()?,
            None => {
                self.answer_handshake(&webhooks, head, kept.whole())?;
                self.verifier.verify(head, kept.whole(), now())?
            }
        };
        Ok((self.settle(verified, clock).await?, Read::Whole))
    }

    fn begin(&self, head: &Head<'_, Fields<'_>>, declared: Option<u64>) -> Result<BodyVerification, Refusal> {
        let mut begun = self.verifier.begin(head, now())?;
        declared.map_or(Ok(()), |length| begun.declare_length(length))?;
        Ok(begun)
    }

    fn answer_handshake(&self, webhooks: &[String], head: &Head<'_, Fields<'_>>, body: &[u8]) -> Result<(), Stopped> {
        if body.len() > HANDSHAKE_BYTES {
            return Ok(());
        }
        for webhook in webhooks {
            if let Some(response) = self.verifier.handshake(webhook, head, body, now())? {
                return Err(Stopped::Handshake(response));
            }
        }
        Ok(())
    }

    /// What a body is that could not be read. A limit in front of the layer gets the answer that its own has.
    fn unread(&self, head: &Head<'_, Fields<'_>>, error: BoxError) -> Stopped {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*error);
        while let Some(error) = cause {
            if error.is::<LengthLimitError>() {
                return self.begin(head, Some(u64::MAX)).map_or_else(Stopped::from, |_| Stopped::Broken);
            }
            cause = error.source();
        }
        Stopped::Broken
    }

    /// Asks the store where the config wants one.
    async fn settle(&self, verified: Verified, clock: &mut Clock) -> Result<Verified, Refusal> {
        let (Some(seconds), Some(key)) = (verified.replay_seconds(), verified.replay_key()) else {
            return Ok(verified);
        };
        let outcome = match &self.replay {
            Some(store) => {
                clock.wait(harmless_future("replay store", async { store.insert(&key, seconds).await })).await
            }
            None => {
                fault(
                    "no verdict on a replay",
                    "the config says that the replay store is external, but the layer has none",
                );
                None
            }
        };
        self.verifier.settle_replay(&verified, outcome.unwrap_or(ReplayOutcome::Unavailable))?;
        Ok(verified)
    }

    /// Removes what a service might take for the caller's name, unless it is that name. On a public route, or beside another
    /// scheme's credential, anybody may have written it.
    fn strip_unverified_identity(&self, headers: &mut HeaderMap, verified: &Verified) {
        for name in &CLAIMS {
            let mut values = headers.get_all(name).iter();
            let Some(first) = values.next() else { continue };
            let is_verified = values.next().is_none() && verified.service().is_some_and(|service| first == service);
            if !is_verified {
                headers.remove(name);
            }
        }
        for name in &self.identity_headers {
            headers.remove(name);
        }
    }
}

/// How much of a body was read.
enum Read {
    Whole,
    /// A part of it, or nothing; the service reads the rest.
    Begun,
}

/// Counts the time that a verification takes, and stands still while others are waited for.
struct Clock {
    started: Instant,
    waited: Duration,
}

impl Clock {
    fn start() -> Self {
        Self { started: Instant::now(), waited: Duration::ZERO }
    }

    async fn wait<T>(&mut self, future: impl Future<Output = T>) -> T {
        let before = Instant::now();
        let outcome = future.await;
        self.waited += before.elapsed();
        outcome
    }

    fn spent(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.waited)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gate").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
