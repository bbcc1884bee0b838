//! Signs what a client of hyper sends, or any other that is a `tower::Service`.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{Request, Uri, Version};
use http_body::Body;
use http_body_util::Full;
use tower_layer::Layer;
use tower_service::Service;

use super::{BODY_BYTES, ClientError, Signers, gather, sign};
use crate::BoxError;

/// Signs what a client sends: the method, the raw target and the bytes of the body that go out.
///
/// A body is gathered first, since a signature covers all of it. Put the layer inside of one that follows redirects or tries
/// again, so that each request has a signature of its own; and name the [`origin`](Self::origin) then.
#[derive(Clone, Debug)]
pub struct SignLayer {
    signers: Signers,
    body_limit: usize,
    origin: Option<Uri>,
}

impl SignLayer {
    /// A layer that signs with this signer.
    pub fn new(signers: impl Into<Signers>) -> Self {
        Self { signers: signers.into(), body_limit: BODY_BYTES, origin: None }
    }

    /// The longest body in bytes that is gathered to be signed; 10 MiB unless said.
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }

    /// Sends nothing to other origins than that of this URL. A signature is for one service.
    pub fn origin(self, url: Uri) -> Self {
        Self { origin: Some(url), ..self }
    }
}

impl<S> Layer<S> for SignLayer {
    type Service = Sign<S>;

    fn layer(&self, inner: S) -> Sign<S> {
        Sign { layer: self.clone(), inner }
    }
}

/// A client behind [`SignLayer`].
#[derive(Clone, Debug)]
pub struct Sign<S> {
    layer: SignLayer,
    inner: S,
}

impl<S, B> Service<Request<B>> for Sign<S>
where
    S: Service<Request<Full<Bytes>>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = S::Response;
    /// A [`ClientError`] where nothing was sent; else the error of the client.
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The client that is ready is the one that was asked, and not its copy.
        let copy = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, copy);
        let layer = self.layer.clone();
        Box::pin(async move {
            let request = layer.sign(request).await?;
            inner.call(request).await.map_err(Into::into)
        })
    }
}

impl SignLayer {
    async fn sign<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Result<Request<Full<Bytes>>, ClientError>
    where
        B::Error: Into<BoxError>,
    {
        let (mut parts, body) = request.into_parts();
        if let Some(origin) = &self.origin {
            let (from, to) = (origin_of(origin), origin_of(&parts.uri));
            if from != to {
                return Err(ClientError::OtherOrigin { from, to });
            }
        }
        let body = gather(pin!(body), self.body_limit).await?;
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let authority = match host {
            Some(host) if parts.version < Version::HTTP_2 => Some(host),
            _ => parts.uri.authority().map(|authority| as_sent(parts.uri.scheme(), authority)),
        };
        let signer = self.signers.signer().await?;
        sign(&signer, parts.method.as_str(), target, authority.as_deref(), &mut parts.headers, &body)?;
        Ok(Request::from_parts(parts, Full::new(body)))
    }
}

/// Host and port as they go out: without the port that the scheme has anyway.
fn as_sent(scheme: Option<&Scheme>, authority: &Authority) -> String {
    match authority.port_u16() {
        Some(port) if scheme.is_none_or(|scheme| usual_port(scheme) != Some(port)) => {
            format!("{}:{port}", authority.host())
        }
        _ => authority.host().to_owned(),
    }
}

fn usual_port(scheme: &Scheme) -> Option<u16> {
    match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn origin_of(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let authority = uri.authority().map_or(String::new(), |authority| as_sent(uri.scheme(), authority));
    format!("{scheme}://{}", authority.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |one: &'static str, other: &'static str| {
            origin_of(&Uri::from_static(one)) == origin_of(&Uri::from_static(other))
        };
        assert!(same("http://orders/a", "http://ORDERS:80/b?c"));
        assert!(same("https://user@orders/", "https://orders:443"));
        assert!(!same("http://orders/", "https://orders/"));
        assert!(!same("http://orders/", "http://orders:8000/"));
        assert!(!same("http://orders/", "http://billing/"));
        assert!(!same("http://orders/", "/a"));
    }
}
