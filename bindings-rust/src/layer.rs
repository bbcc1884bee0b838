//! The layer: lets only verified requests, and those of public routes, through to a service.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Request, Response};
use http_body::Body;
use http_body_util::Either;
use tower_layer::Layer;
use tower_service::Service;
use wiresign::Verifier;

use crate::gate::{Gate, Judged};
use crate::received::peer_of;
use crate::{BoxError, Decision, ReplayStore, ResponseBody, TrustedProxies, VerifiedBody};

/// Lets verified requests, and those of public routes, through to a service. It stands in front of everything that reads a
/// body or rewrites a request. Handshakes of webhooks it answers by itself.
#[derive(Clone, Debug)]
pub struct VerifyLayer {
    gate: Arc<Gate>,
}

impl VerifyLayer {
    /// A layer that judges by this verifier.
    pub fn new(verifier: impl Into<Arc<Verifier>>) -> Self {
        Self { gate: Arc::new(Gate::new(verifier.into())) }
    }

    fn with(mut self, change: impl FnOnce(&mut Gate)) -> Self {
        change(Arc::make_mut(&mut self.gate));
        self
    }

    /// The store that several processes share, where the config says `"replay": {"store": "external"}`. Without it, requests that
    /// it would have to remember are refused.
    pub fn replay(self, store: impl ReplayStore) -> Self {
        self.with(|gate| gate.replay = Some(Arc::new(store)))
    }

    /// Calls a hook with every decision. Its panics are reported, and change nothing.
    pub fn on_decision(self, hook: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Self {
        self.with(|gate| gate.observer.set_hook(hook))
    }

    /// Tells whose address a request comes from, where a proxy stands in between that [`VerifyLayer::trusted_proxies`] does not do
    /// for: else it is that of the connection, and "limits" of the config would count all clients of the proxy as one. Believe
    /// only what your own proxy has written. `None` is an address that is not known.
    pub fn client(self, address: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.with(|gate| gate.client = Some(Arc::new(address)))
    }

    /// Has these proxies tell whose address a request comes from. Of this and [`VerifyLayer::client`] the last one counts.
    pub fn trusted_proxies(self, proxies: TrustedProxies) -> Self {
        self.client(move |parts| proxies.client(peer_of(&parts.extensions), &parts.headers))
    }

    /// Names of headers that the application takes for an identity, such as `X-User-ID`. They never reach it from outside.
    pub fn identity_headers(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.with(|gate| gate.identity_headers = names.into_iter().collect())
    }

    /// Larger bodies wait in an unnamed temporary file while they are verified: 1 MiB unless said.
    pub fn memory_bytes(self, bytes: usize) -> Self {
        self.with(|gate| gate.memory_bytes = bytes)
    }

    /// Has keys fetched anew when a token names one that is not known: in the background, and once within the cool-down. The
    /// request is refused; the next one with that key finds it.
    ///
    /// Where the sets and the verifier were made of one config, the sets follow `Verifier::replace`: the first request after it
    /// finds the keys at hand, and has those of new issuers fetched.
    #[cfg(feature = "reqwest")]
    pub fn key_sets(self, sets: crate::KeySets) -> Self {
        self.with(|gate| gate.key_sets = Some(crate::key_sets::Following::new(sets, &gate.verifier)))
    }

    /// Has AWS asked about the proofs of IAM identities. Without it they are refused with `IDENTITY_UNAVAILABLE`.
    #[cfg(feature = "reqwest")]
    pub fn aws(self, sts: crate::Sts) -> Self {
        self.with(|gate| gate.aws = Some(sts))
    }

    /// Copies the counters of the verifier into the recorder of the crate `metrics`, within a second after they have changed.
    #[cfg(feature = "metrics")]
    pub fn publish_metrics(self) -> Self {
        self.with(|gate| gate.publisher = Some(Arc::default()))
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify { gate: self.gate.clone(), inner }
    }
}

/// A service behind [`VerifyLayer`].
#[derive(Clone, Debug)]
pub struct Verify<S> {
    gate: Arc<Gate>,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Verify<S>
where
    S: Service<Request<VerifiedBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that is ready is the one that was asked, and not its copy.
        let copy = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, copy);
        let gate = self.gate.clone();
        Box::pin(async move {
            match gate.judge(request).await {
                Judged::LetIn(request) => inner.call(request).await.map(|response| response.map(Either::Left)),
                Judged::Answered(answer) => Ok(answer.into_response()),
            }
        })
    }
}
