//! Verifies responses: that a service answered, and that it answered this request (RFC 9421, section 2.4).

use std::sync::Arc;

use super::{BodyDigests, Signature, StandardFacts};
use crate::config::Compiled;
use crate::failures::ClaimClass;
use crate::identifier::ReceivedId;
use crate::judge::{Facts, Replay, age, check_body_length};
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::request::{Head, Headers};
use crate::rfc9421;
use crate::scheme::{Scheme, Standard};
use crate::verified::{Acceptance, Caller, ReplayId, Verified};

/// A response, with its body.
pub(crate) struct Response<'a, H: Headers + ?Sized> {
    pub(crate) status: u16,
    pub(crate) headers: &'a H,
    pub(crate) body: &'a [u8],
}

/// Judges the response that `service` is said to have given to a request, which must have its signature headers as it was sent.
pub(crate) fn judge<H: Headers + ?Sized, R: Headers + ?Sized>(
    config: &Arc<Compiled>,
    service: &str,
    response: &Response<'_, H>,
    request: &Head<'_, R>,
    now: u64,
) -> Result<Verified, Refusal> {
    let expected = config.find(service.as_bytes());
    let refuse = |code, detail| Refusal::new(code, detail, config, expected, ReceivedId::NONE);
    let claims = rfc9421::response_claims(&config.standards.responses, (response.status, response.headers), request)
        .map_err(|(code, fault)| refuse(code, Detail::MessageSignature(fault)))?;
    let signature = Signature::of(config, claims);
    signature.check_time(config, now).map_err(|(code, detail)| refuse(code, detail))?;
    let facts = Facts {
        scheme: Scheme::Standard(Standard::Rfc9421),
        service: signature.service,
        keys: 1,
        route: None,
        timestamp: signature.created(),
        window: config.window,
        now,
        request_id: ReceivedId::NONE,
        id_is_signed: false,
        signs_nonce: false,
        // It answers one request, which has been sent once.
        replay: Replay::Never,
        signs_target: true,
        is_for_us: true,
        is_permitted: true,
        claim_class: ClaimClass::NONE,
    };
    check_body_length(config, &facts, response.body.len() as u64)?;
    let digests = BodyDigests::of(response.body, signature.wanted());
    let found = signature.prove(config, &facts, &digests, response.body.len() as u64)?;
    let at = facts.service.expect("a key was found, so the service is known");
    if expected != Some(at) {
        return Err(refuse(RefusalCode::ServiceNotAllowed, Detail::AnsweredByAnother));
    }
    let standard = StandardFacts { token: None, identity: None, covered: signature.covered() };
    let caller = Caller {
        service: at,
        key: found.key(),
        scheme: facts.scheme,
        has_api_key_too: false,
        timestamp: facts.timestamp,
        age: facts.timestamp.map(|timestamp| age(now, timestamp)),
        request_id: facts.request_id.keep(),
        id_is_signed: false,
        replay_id: ReplayId::None,
        replay_seconds: None,
        unrecorded: false,
    };
    let acceptance = Acceptance { route: None, caller: Some(caller), standard: Some(Arc::new(standard)) };
    Ok(Verified::new(config.clone(), acceptance))
}
