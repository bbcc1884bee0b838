//! Extractors for axum.

use axum::body::Body;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http_body_util::Either;

use crate::caller::{Acceptance, Caller, Refused};
use crate::report::fault;
use crate::response::Answer;

/// Why a handler gets no caller.
#[derive(Debug)]
pub enum NoCaller {
    /// The request came in on a public route, without a credential.
    Refused(Refused),
    /// There is no [`VerifyLayer`](crate::VerifyLayer) before the handler.
    NoLayer,
}

/// The verified caller. Where there is none, the request is answered with 401.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = NoCaller;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoCaller> {
        let Some(acceptance) = parts.extensions.get::<Acceptance>() else {
            fault("no verdict was possible, the request was answered with 500", "Caller needs VerifyLayer before it");
            return Err(NoCaller::NoLayer);
        };
        match acceptance.verified().require_service::<&str>(&[]) {
            Ok(()) => acceptance.caller().ok_or(NoCaller::NoLayer),
            Err(refusal) => {
                acceptance.note(&refusal, parts.method.as_str(), parts.uri.path());
                Err(NoCaller::Refused(Refused::new(refusal)))
            }
        }
    }
}

/// The verified caller; `None` on a public route.
impl<S: Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(Caller::of(&parts.extensions))
    }
}

impl IntoResponse for NoCaller {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refused) => refused.into_response(),
            Self::NoLayer => respond(Answer::of_fault()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        respond(Answer::of_refusal(&self))
    }
}

fn respond(answer: Answer) -> Response {
    answer.into_response::<Body>().map(|body| match body {
        Either::Left(body) => body,
        Either::Right(own) => Body::new(own),
    })
}
