//! Layers for routes of some callers only.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body_util::Either;
use tower_layer::Layer;
use tower_service::Service;
use wiresign::{Permission, Refusal, Verified};

use crate::ResponseBody;
use crate::caller::Acceptance;
use crate::report::fault;
use crate::response::Answer;

/// Serves some of the verified callers only; without any service named all of them, but nobody else. It stands behind
/// [`VerifyLayer`](crate::VerifyLayer), and refuses to serve without it.
#[derive(Clone, Debug)]
pub struct RequireService {
    services: Arc<[String]>,
}

impl RequireService {
    /// A layer for calls of these services.
    pub fn new<S: Into<String>>(services: impl IntoIterator<Item = S>) -> Self {
        Self { services: services.into_iter().map(Into::into).collect() }
    }
}

/// Serves those callers only that may do all that a permission such as `POST /invoices/**` matches, by the config and by the
/// token of the request. It stands behind [`VerifyLayer`](crate::VerifyLayer), and refuses to serve without it.
#[derive(Clone, Debug)]
pub struct RequirePermission {
    permission: Arc<Permission>,
}

impl RequirePermission {
    /// A layer for callers with this permission.
    pub fn new(permission: Permission) -> Self {
        Self { permission: Arc::new(permission) }
    }
}

/// A rule of the application.
pub(crate) trait Rule {
    fn judge(&self, verified: &Verified) -> Result<(), Refusal>;
}

impl Rule for RequireService {
    fn judge(&self, verified: &Verified) -> Result<(), Refusal> {
        verified.require_service(&self.services)
    }
}

impl Rule for RequirePermission {
    fn judge(&self, verified: &Verified) -> Result<(), Refusal> {
        verified.require_permission(&self.permission)
    }
}

fn judge<B>(rule: &impl Rule, request: &Request<B>) -> Result<(), Answer> {
    let Some(acceptance) = request.extensions().get::<Acceptance>() else {
        fault("no verdict was possible, the request was answered with 500", "a rule needs VerifyLayer before it");
        return Err(Answer::of_fault());
    };
    rule.judge(acceptance.verified()).map_err(|refusal| {
        acceptance.note(&refusal, request.method().as_str(), request.uri().path());
        Answer::of_refusal(&refusal)
    })
}

impl<S> Layer<S> for RequireService {
    type Service = Required<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Required { rule: self.clone(), inner }
    }
}

impl<S> Layer<S> for RequirePermission {
    type Service = Required<S, Self>;

    fn layer(&self, inner: S) -> Self::Service {
        Required { rule: self.clone(), inner }
    }
}

/// A service behind [`RequireService`] or [`RequirePermission`].
#[derive(Clone, Debug)]
pub struct Required<S, R> {
    rule: R,
    inner: S,
}

impl<S, L, B, R> Service<Request<B>> for Required<S, L>
where
    L: Rule,
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match judge(&self.rule, &request) {
            Ok(()) => {
                let response = self.inner.call(request);
                Box::pin(async move { response.await.map(|response| response.map(Either::Left)) })
            }
            Err(answer) => Box::pin(std::future::ready(Ok(answer.into_response()))),
        }
    }
}
