//! Signs what reqwest sends.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HOST, LOCATION,
    TRANSFER_ENCODING,
};
use http::{Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Body, Client, ClientBuilder, IntoUrl, Request, RequestBuilder, Response, Url};

use super::{BODY_BYTES, ClientError, Signers, gather, sign};
use crate::report::harmless;

/// How many redirects are followed, one after the other.
const MOST_REDIRECTS: usize = 10;
/// What says of a body that a redirect leaves out.
const ABOUT_THE_BODY: [http::HeaderName; 6] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, TRANSFER_ENCODING];

/// A client of reqwest that signs what it sends: the method, the raw target and the bytes of the body that go out.
///
/// A body is gathered first, since a signature covers all of it: that of a stream too, up to a limit. reqwest by itself would
/// take a signature along to wherever it is redirected, so redirects are followed here: within the origin each request is
/// signed anew, and one to another origin is refused, as a signature is made for one service.
#[derive(Clone)]
pub struct SigningClient {
    client: Client,
    signers: Signers,
    body_limit: usize,
    on_signed: Option<Arc<Hook>>,
}

type Hook = dyn Fn(&Request, Duration) + Send + Sync;

impl SigningClient {
    /// A client that signs with this signer, made of the settings of a client of reqwest.
    ///
    /// # Errors
    /// As `reqwest::ClientBuilder::build`.
    pub fn new(settings: ClientBuilder, signers: impl Into<Signers>) -> Result<Self, reqwest::Error> {
        let client = settings.redirect(Policy::none()).build()?;
        Ok(Self { client, signers: signers.into(), body_limit: BODY_BYTES, on_signed: None })
    }

    /// The longest body in bytes that is gathered to be signed; 10 MiB unless said.
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }

    /// Calls a hook with each request that is signed, before it is sent, and with the time that the signature took. A request that
    /// is redirected is signed once more. The headers of the signature are no text for logs, but `X-Request-ID` may be. Its
    /// panics are reported, and change nothing.
    pub fn on_signed(self, hook: impl Fn(&Request, Duration) + Send + Sync + 'static) -> Self {
        Self { on_signed: Some(Arc::new(hook)), ..self }
    }

    /// Begins a `GET` request.
    pub fn get(&self, url: impl IntoUrl) -> SigningRequest {
        self.request(Method::GET, url)
    }

    /// Begins a `POST` request.
    pub fn post(&self, url: impl IntoUrl) -> SigningRequest {
        self.request(Method::POST, url)
    }

    /// Begins a `PUT` request.
    pub fn put(&self, url: impl IntoUrl) -> SigningRequest {
        self.request(Method::PUT, url)
    }

    /// Begins a `PATCH` request.
    pub fn patch(&self, url: impl IntoUrl) -> SigningRequest {
        self.request(Method::PATCH, url)
    }

    /// Begins a `DELETE` request.
    pub fn delete(&self, url: impl IntoUrl) -> SigningRequest {
        self.request(Method::DELETE, url)
    }

    /// Begins a request.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> SigningRequest {
        SigningRequest { client: self.clone(), builder: self.client.request(method, url) }
    }

    /// Signs a request and sends it.
    ///
    /// # Errors
    /// Where it cannot be signed or sent, and where it is redirected to another origin.
    pub async fn execute(&self, request: Request) -> Result<Response, ClientError> {
        let mut request = self.with_whole_body(request).await?;
        for _ in 0..=MOST_REDIRECTS {
            let mut signed = request.try_clone().expect("a body that is in memory has a copy");
            self.sign(&mut signed).await?;
            let response = self.client.execute(signed).await.map_err(ClientError::Sending)?;
            let Some(next) = redirected(&request, &response)? else {
                return Ok(response);
            };
            request = next;
        }
        Err(ClientError::TooManyRedirects)
    }

    async fn with_whole_body(&self, mut request: Request) -> Result<Request, ClientError> {
        if let Some(body) = request.body_mut() {
            let bytes = gather(Pin::new(body), self.body_limit).await?;
            *body = Body::from(bytes);
        }
        Ok(request)
    }

    async fn sign(&self, request: &mut Request) -> Result<(), ClientError> {
        let body = request.body().and_then(Body::as_bytes).unwrap_or_default().to_vec();
        let url = request.url();
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let authority = match request.headers().get(HOST) {
            Some(host) => host.to_str().ok().map(str::to_owned),
            None => url.host_str().map(|host| url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"))),
        };
        let method = request.method().clone();
        let signer = self.signers.signer().await?;
        let start = Instant::now();
        sign(&signer, method.as_str(), &target, authority.as_deref(), request.headers_mut(), &body)?;
        if let Some(hook) = &self.on_signed {
            harmless("hook for signed requests", || hook(request, start.elapsed()));
        }
        Ok(())
    }
}

/// The request that a response asks for.
fn redirected(request: &Request, response: &Response) -> Result<Option<Request>, ClientError> {
    let status = response.status();
    if ![301, 302, 303, 307, 308].contains(&status.as_u16()) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let Some(url) = location.and_then(|location| request.url().join(location).ok()) else {
        return Ok(None);
    };
    if url.origin() != request.url().origin() {
        let text = |url: &Url| url.origin().ascii_serialization();
        return Err(ClientError::OtherOrigin { from: text(request.url()), to: text(&url) });
    }
    let mut next = request.try_clone().expect("a body that is in memory has a copy");
    *next.url_mut() = url;
    let method = request.method();
    let becomes_get = match status {
        StatusCode::SEE_OTHER => method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => method == Method::POST,
        _ => false,
    };
    if becomes_get {
        *next.method_mut() = Method::GET;
        *next.body_mut() = None;
        for name in ABOUT_THE_BODY {
            next.headers_mut().remove(name);
        }
    }
    Ok(Some(next))
}

impl fmt::Debug for SigningClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningClient").field("signers", &self.signers).finish_non_exhaustive()
    }
}

/// A request in the making, which is signed when it is sent.
#[derive(Debug)]
#[must_use = "a request that is not sent does nothing"]
pub struct SigningRequest {
    client: SigningClient,
    builder: RequestBuilder,
}

impl SigningRequest {
    /// Changes the request by whatever reqwest offers: queries, JSON, forms, time-outs.
    ///
    /// ```no_run
    /// # async fn call(client: wiresign_tower::SigningClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let invoice = serde_json::json!({"number": 8});
    /// client.post("http://127.0.0.1:8000/invoices").with(|request| request.json(&invoice)).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self { builder: change(self.builder), ..self }
    }

    /// Sets the body.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.with(|request| request.body(body))
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(|request| request.header(name, value))
    }

    /// Signs the request and sends it.
    ///
    /// # Errors
    /// As [`SigningClient::execute`].
    pub async fn send(self) -> Result<Response, ClientError> {
        let request = self.builder.build().map_err(ClientError::Sending)?;
        self.client.execute(request).await
    }
}
