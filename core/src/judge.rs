//! The way of a request through verification, step by step. The first step that fails decides the code, in every
//! language and whether the body comes at once or in pieces.

use std::sync::Arc;

use crate::bytes::is_same;
use crate::config::Compiled;
use crate::credentials::{Carriers, Claim};
use crate::identifier::ReceivedId;
use crate::mac::Tag;
use crate::policy::{Path, check_unambiguous};
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::replay::{Fingerprint, ReplayStore, Sighting};
use crate::request::{Head, Headers, check_method, check_target};
use crate::scheme::{Fields, Scheme};
use crate::verified::{Caller, ReplayId, Verified};

/// What the head of a request says, before the signature is computed.
#[expect(clippy::large_enum_variant, reason = "a box would cost an allocation for each request")]
pub(crate) enum Admission<'a> {
    /// A public route: accepted without looking at credentials.
    Public { route: usize },
    /// A credential of an accepted scheme, inside the window.
    Claimed(Claimed<'a>),
}

/// A credential, and everything about it that the head decides.
pub(crate) struct Claimed<'a> {
    pub(crate) claim: Claim<'a>,
    pub(crate) path: &'a [u8],
    pub(crate) query: &'a [u8],
    pub(crate) method: &'a [u8],
    pub(crate) facts: Facts<'a>,
}

/// What outlives the head, for a body that comes in pieces.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) scheme: Scheme,
    /// The claimed service's position, where it is known.
    pub(crate) service: Option<usize>,
    /// How many keys are tried: those of the service, or of its decoy.
    pub(crate) keys: usize,
    pub(crate) route: Option<usize>,
    pub(crate) timestamp: u64,
    pub(crate) now: u64,
    pub(crate) request_id: ReceivedId<'a>,
    is_safe_method: bool,
    is_for_us: bool,
    is_permitted: bool,
}

impl Claimed<'_> {
    /// What is signed, but the body.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields {
            method: self.method,
            path: self.path,
            query: self.query,
            timestamp: self.claim.timestamp_text,
            service: self.claim.service,
            target_service: self.claim.target_service,
            nonce: self.claim.nonce,
        }
    }
}

/// Steps 1 to 7: judges the head.
#[inline]
pub(crate) fn admit<'a, H: Headers + ?Sized>(
    config: &Arc<Compiled>,
    head: &Head<'a, H>,
    now: u64,
) -> Result<Admission<'a>, Refusal> {
    let refuse = |(code, detail), request_id: ReceivedId<'_>| {
        Refusal::new(code, detail, config.clone(), None, request_id.keep())
    };
    let malformed = |detail| (RefusalCode::MalformedRequest, detail);

    let mut carriers = Carriers::default();
    carriers
        .collect(head.headers)
        .and_then(|()| check_method(head.method))
        .and_then(|()| check_target(head.method, head.target))
        .map_err(|fault| refuse(malformed(Detail::Head(fault)), ReceivedId::NONE))?;
    let request_id = carriers.request_id();
    let (path, query) = head.split_target();

    let path = Path::new(path);
    let route = config.route(head.method, &path);
    if let Some((at, route)) = route
        && route.public
    {
        return Ok(Admission::Public { route: at });
    }
    if config.paths_decide && path.raw != b"*" {
        check_unambiguous(&path).map_err(|fault| refuse(malformed(Detail::Path(fault)), request_id))?;
    }

    let accepted = route.and_then(|(_, route)| route.accept).unwrap_or(config.accept);
    let claim = carriers.claim(accepted, request_id);
    let service = claim.as_ref().ok().and_then(|claim| config.find(claim.service));
    let service = service.filter(|&at| !config.services[at].keys.is_empty());
    let is_for_us = |claim: &Claim<'_>| is_same(claim.target_service, config.service.as_bytes());
    // Every header of such a claim was parsed or found as a whole, so none can hold a comma: no need to look for one.
    let is_whole = !carriers.any_came_twice()
        && service.is_some()
        && claim.as_ref().is_ok_and(|claim| claim.scheme == Scheme::ServiceHmacV2 && is_for_us(claim));
    if !is_whole {
        carriers.check_repetitions(accepted).map_err(|fault| refuse(fault, request_id))?;
    }
    let claim = claim.map_err(|fault| refuse(fault, request_id))?;
    let refuse = |code, detail| Refusal::new(code, detail, config.clone(), service, request_id.keep());

    if query.is_some() && !claim.scheme.covers_query() && route.is_some_and(|(_, route)| route.strict) {
        return Err(refuse(RefusalCode::InsufficientCoverage, Detail::QueryNotCovered(claim.scheme)));
    }
    let age = age(now, claim.timestamp);
    if age > config.window.past as i64 || -age > config.window.future as i64 {
        return Err(refuse(RefusalCode::TimestampOutsideWindow, Detail::Window { age, window: config.window }));
    }

    // An unknown id costs what some known one costs, here and below, so that time does not tell which ids are known.
    let judged = service.map(|at| &config.services[at]).or_else(|| config.decoy(claim.service));
    let facts = Facts {
        scheme: claim.scheme,
        service,
        keys: judged.map_or(1, |service| service.keys.len()),
        route: route.map(|(at, _)| at),
        timestamp: claim.timestamp,
        now,
        request_id,
        is_safe_method: matches!(head.method, b"GET" | b"HEAD" | b"OPTIONS"),
        is_for_us: !claim.scheme.signs_target() || is_for_us(&claim),
        is_permitted: judged.is_none_or(|service| service.permits(head.method, &path)),
    };
    Ok(Admission::Claimed(Claimed {
        claim,
        path: path.raw,
        query: query.unwrap_or_default(),
        method: head.method,
        facts,
    }))
}

/// Step 8.
pub(crate) fn check_body_length(config: &Arc<Compiled>, facts: &Facts<'_>, length: u64) -> Result<(), Refusal> {
    if length > config.body_limit {
        return Err(facts.refuse(config, RefusalCode::BodyTooLarge, Detail::BodyLimit(config.body_limit)));
    }
    Ok(())
}

/// Step 9: finds the key that made the signature.
///
/// `tag` computes the tag with the key at a position; `holds` compares it. Keys that are valid come first, so that a good
/// request costs one computation; the others only tell a retired key from a forged signature.
#[inline]
pub(crate) fn find_key(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    mut tag: impl FnMut(Option<usize>) -> Tag,
    holds: impl Fn(&Tag) -> bool,
) -> Result<(usize, Tag), Refusal> {
    let Some(service) = facts.service else {
        // The same work as for a known service, so that time does not tell which services are known.
        for _ in 0..facts.keys {
            std::hint::black_box(holds(&tag(None)));
        }
        return Err(facts.refuse(config, RefusalCode::UnknownService, Detail::UnknownService));
    };
    let keys = &config.services[service].keys;
    for valid in [true, false] {
        for (at, _) in keys.iter().enumerate().filter(|(_, key)| key.is_valid(facts.now) == valid) {
            let tag = tag(Some(at));
            if holds(&tag) {
                return match valid {
                    true => Ok((at, tag)),
                    false => Err(facts.refuse(config, RefusalCode::KeyNotValidNow, Detail::Key { at, now: facts.now })),
                };
            }
        }
    }
    Err(facts.refuse(config, RefusalCode::InvalidSignature, Detail::NoKeyMatches { tried: keys.len() }))
}

/// Steps 10 and 11: policy, then replay.
#[inline]
pub(crate) fn conclude(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    key: usize,
    tag: &Tag,
    store: &ReplayStore,
) -> Result<Verified, Refusal> {
    let at = facts.service.expect("a key was found, so the service is known");
    let service = &config.services[at];
    let refuse = |code, detail| facts.refuse(config, code, detail);

    if !facts.is_for_us {
        return Err(refuse(RefusalCode::TargetNotAllowed, Detail::OtherTarget));
    }
    // The older formats do not sign the target: what a service sends could be sent back to it.
    let is_reflected = !facts.scheme.signs_target() && service.id == config.service && !service.lists_targets;
    if !service.may_call || is_reflected {
        return Err(refuse(RefusalCode::TargetNotAllowed, Detail::TargetNotListed));
    }
    if !service.in_environment {
        return Err(refuse(RefusalCode::EnvironmentNotAllowed, Detail::Environment));
    }
    if let Some(route) = facts.route
        && let Some(services) = &config.routes[route].services
        && services.binary_search(&at).is_err()
    {
        return Err(refuse(RefusalCode::ServiceNotAllowed, Detail::RouteServices { route }));
    }
    if !facts.is_permitted {
        return Err(refuse(RefusalCode::PermissionDenied, Detail::Permissions));
    }

    let request_id = facts.request_id.keep();
    let fingerprint = match facts.scheme.signs_nonce() {
        true => store.fingerprint(&service.replay_scope, &request_id),
        false => *tag.first_chunk().expect("32 bytes are more than 16"),
    };
    let unrecorded = check_replay(config, facts, &fingerprint, store)?;
    Ok(Verified::new(
        config.clone(),
        facts.route,
        Some(Caller {
            service: at,
            key,
            scheme: facts.scheme,
            timestamp: facts.timestamp,
            age: age(facts.now, facts.timestamp),
            request_id,
            replay_id: if facts.scheme.signs_nonce() { ReplayId::Nonce } else { ReplayId::Signature(*tag) },
            unrecorded,
        }),
    ))
}

/// Refuses what was seen before. `true` where the store was full and the config lets the request pass unrecorded.
fn check_replay(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    fingerprint: &Fingerprint,
    store: &ReplayStore,
) -> Result<bool, Refusal> {
    // Without a signed nonce two equal requests within a second cannot be told from a replay. Reading twice does no harm.
    if !config.replay.enabled || (facts.is_safe_method && !facts.scheme.signs_nonce()) {
        return Ok(false);
    }
    let refuse = |code, detail| Err(facts.refuse(config, code, detail));
    let capacity = config.replay.capacity;
    let sighting = store.insert(fingerprint, facts.timestamp, facts.now, config.window.past, capacity);
    match sighting {
        Sighting::First => Ok(false),
        Sighting::Repeated if facts.scheme.signs_nonce() => refuse(RefusalCode::ReplayedRequest, Detail::SameNonce),
        Sighting::Repeated => refuse(RefusalCode::ReplayedRequest, Detail::SameSignature),
        Sighting::Forgotten => refuse(RefusalCode::TimestampOutsideWindow, Detail::TooOldForStore),
        Sighting::Full if config.replay.allow_when_full => Ok(true),
        Sighting::Full => refuse(RefusalCode::ReplayStoreUnavailable, Detail::StoreFull { capacity }),
    }
}

impl Facts<'_> {
    /// The same facts with a request id that lives elsewhere.
    pub(crate) fn with_request_id<'b>(&self, request_id: ReceivedId<'b>) -> Facts<'b> {
        Facts {
            scheme: self.scheme,
            service: self.service,
            keys: self.keys,
            route: self.route,
            timestamp: self.timestamp,
            now: self.now,
            request_id,
            is_safe_method: self.is_safe_method,
            is_for_us: self.is_for_us,
            is_permitted: self.is_permitted,
        }
    }

    pub(crate) fn refuse(&self, config: &Arc<Compiled>, code: RefusalCode, detail: Detail) -> Refusal {
        Refusal::new(code, detail, config.clone(), self.service, self.request_id.keep())
    }
}

/// How old a timestamp is, in seconds; negative where it lies in the future.
fn age(now: u64, timestamp: u64) -> i64 {
    now.saturating_sub(timestamp).min(i64::MAX as u64) as i64
        - timestamp.saturating_sub(now).min(i64::MAX as u64) as i64
}
