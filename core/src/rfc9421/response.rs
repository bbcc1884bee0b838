//! Signed responses, bound to the requests that they answer (RFC 9421, section 2.4).

use super::message::{Message, Request, Response};
use super::policy::Policy;
use super::sign::{Signed, SigningKey, drafts, make};
use super::{Claim, Fault, Refused, claims, digest};
use crate::request::{Head, Headers};

/// Signs the response to a request.
pub(crate) fn sign_response<H: Headers + ?Sized, R: Headers + ?Sized>(
    policy: &Policy,
    (status, headers, body): (u16, &H, &[u8]),
    request: &Head<'_, R>,
    keys: &[SigningKey<'_>],
    now: u64,
) -> Result<Signed, Fault> {
    let content_digest = (policy.needs_digest() && !body.is_empty()).then(|| digest::write(body));
    let mut response = Response::new(status, headers)?;
    if let Some(value) = &content_digest {
        response.fields.set(b"content-digest", value.as_bytes());
    }
    let request = Request::new(request, policy.url_scheme())?;
    let drafts = drafts(policy, !body.is_empty(), keys, now, None);
    let made = make(Message::Response { response: &response, request: &request }, &drafts)?;
    Ok(made.with_digest(content_digest))
}

/// The signatures of a response to a request, as it was sent: with its own signature headers.
pub(crate) fn response_claims<H: Headers + ?Sized, R: Headers + ?Sized>(
    policy: &Policy,
    (status, headers): (u16, &H),
    request: &Head<'_, R>,
) -> Result<Vec<Claim>, Refused> {
    let response = Response::new(status, headers)?;
    let request = Request::new(request, policy.url_scheme())?;
    claims(policy, Message::Response { response: &response, request: &request })
}
