//! What is answered: by the service, or by the layer itself.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode, Version};
use http_body_util::{Either, Full};
use wiresign::{HandshakeResponse, Refusal};
use wiresign_host::now;

/// The body of a response: that of the service, or what the layer answers by itself.
pub type ResponseBody<B> = Either<B, Full<Bytes>>;

/// What is answered in place of the service.
pub(crate) struct Answer {
    status: u16,
    fields: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Answer {
    /// Exactly the bytes that a refusal has in every language.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        let response = refusal.response();
        let mut fields = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let challenge = response.www_authenticate.and_then(|text| HeaderValue::from_maybe_shared(text).ok());
        fields.extend(challenge.map(|challenge| (WWW_AUTHENTICATE, challenge)));
        if response.status == StatusCode::TOO_MANY_REQUESTS.as_u16() {
            // Failures are counted by the minute of the clock.
            fields.push((RETRY_AFTER, HeaderValue::from(60 - now() % 60)));
        }
        Self { status: response.status, fields, body: response.body.into() }
    }

    /// What the sender of a webhook wants back.
    pub(crate) fn of_handshake(response: HandshakeResponse) -> Self {
        let read = |(name, value): (String, String)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
        };
        let fields = response.headers.into_iter().filter_map(read).collect();
        Self { status: response.status, fields, body: response.body.into() }
    }

    /// No verdict was possible, and that is no fault of the client.
    pub(crate) fn of_fault() -> Self {
        Self { status: 500, fields: Vec::new(), body: Bytes::new() }
    }

    /// The body did not arrive whole. Most likely nobody is left to read this.
    pub(crate) fn of_broken_body(version: Version) -> Self {
        let close = (version < Version::HTTP_2).then_some((CONNECTION, HeaderValue::from_static("close")));
        Self { status: 400, fields: close.into_iter().collect(), body: Bytes::new() }
    }

    pub(crate) fn into_response<B>(self) -> Response<ResponseBody<B>> {
        let length = self.body.len();
        let mut response = Response::new(Either::Right(Full::new(self.body)));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.extend(self.fields);
        headers.insert(CONTENT_LENGTH, length.into());
        response
    }
}
