//! The way of a request through verification, step by step. The first step that fails decides the code, in every
//! language and whether the body comes at once or in pieces.

use std::sync::Arc;

use crate::bytes::is_same;
use crate::config::{Compiled, ReplayRule, ReplayStoreKind, Rules, Window};
use crate::credentials::{Carriers, Claim};
use crate::failures::ClaimClass;
use crate::identifier::ReceivedId;
use crate::mac::{Gathered, Tag};
use crate::policy::{Path, check_unambiguous};
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::replay::{Fingerprint, MARGIN_SECONDS, ReplayStore, Sighting, fingerprint_of};
use crate::request::{Head, Headers, check_method, check_target};
use crate::scheme::{BuiltIn, Fields, Scheme};
use crate::standard::StandardFacts;
use crate::verified::{Acceptance, Caller, ReplayId};

/// What the head of a request says, before the signature is computed.
pub(crate) enum Admission<'m, 'a> {
    /// A public route: accepted without looking at credentials.
    Public { route: usize },
    /// A credential of a built-in scheme, inside the window.
    Claimed(&'m mut Claimed<'a>),
    /// A place where more than one built-in credential is asked for, or something else than that.
    Entered(&'m Entered<'a>),
}

/// A request up to its route, before any credential is looked at.
pub(crate) struct Entered<'a> {
    pub(crate) carriers: &'a Carriers<'a>,
    pub(crate) request_id: ReceivedId<'a>,
    pub(crate) path: Path<'a>,
    pub(crate) query: Option<&'a [u8]>,
    pub(crate) route: Option<usize>,
}

/// A credential, and everything about it that the head decides.
pub(crate) struct Claimed<'a> {
    pub(crate) claim: &'a Claim<'a>,
    pub(crate) path: Path<'a>,
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
    pub(crate) timestamp: Option<u64>,
    pub(crate) window: Window,
    pub(crate) now: u64,
    pub(crate) request_id: ReceivedId<'a>,
    pub(crate) id_is_signed: bool,
    pub(crate) signs_nonce: bool,
    pub(crate) replay: Replay,
    /// Whether the scheme signs the target, so that nothing can be sent back to its sender.
    pub(crate) signs_target: bool,
    pub(crate) is_for_us: bool,
    pub(crate) is_permitted: bool,
    /// Where failures are counted, should this be one.
    pub(crate) claim_class: ClaimClass,
}

/// What a replay is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Nothing: the request may come again.
    Never,
    Nonce,
    Signature,
    /// The nonce or the signature of a request that is never too old, for so many seconds.
    NonceFor(u64),
    SignatureFor(u64),
}

impl Replay {
    #[inline]
    pub(crate) fn new(rule: ReplayRule, signs_nonce: bool, method: &[u8]) -> Self {
        let is_safe = matches!(method, b"GET" | b"HEAD" | b"OPTIONS");
        match rule {
            ReplayRule::Off => Self::Never,
            _ if signs_nonce => Self::Nonce,
            // Without a signed nonce two equal requests within a second cannot be told from a replay. Reading twice does no harm.
            ReplayRule::UnsafeMethods if is_safe => Self::Never,
            ReplayRule::UnsafeMethods | ReplayRule::AllMethods => Self::Signature,
        }
    }
}

impl Claimed<'_> {
    /// Looks up whether the service may do what the head asks for; till then it may not. Where the body is at hand this comes
    /// behind the hash: that leaves most of the processor idle, so what follows it is done meanwhile.
    #[inline]
    pub(crate) fn look_up_permission(&mut self, config: &Compiled) {
        let service = self.facts.service.map(|at| &config.services[at]).or_else(|| config.decoy(self.claim.service));
        self.facts.is_permitted = service.is_none_or(|service| service.permits(self.method, &self.path));
    }

    /// What is signed, but the body.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields {
            method: self.method,
            path: self.path.raw,
            query: self.query,
            timestamp: self.claim.timestamp_text,
            service: self.claim.service,
            target_service: self.claim.target_service,
            nonce: self.claim.nonce,
        }
    }
}

/// Steps 1 to 7: judges the head. Hands what it says to `judge`: it is larger than what moving it would be worth.
#[inline]
pub(crate) fn admit<H: Headers + ?Sized, R>(
    config: &Arc<Compiled>,
    head: &Head<'_, H>,
    now: u64,
    judge: impl FnOnce(Admission<'_, '_>) -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    let refuse = |(code, detail), request_id: ReceivedId<'_>| Refusal::new(code, detail, config, None, request_id);
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
        return judge(Admission::Public { route: at });
    }
    if config.paths_decide && path.raw != b"*" {
        check_unambiguous(&path).map_err(|fault| refuse(malformed(Detail::Path(fault)), request_id))?;
    }

    let (rules, strict) = route.map_or((&config.rules, false), |(_, route)| (&route.rules, route.strict));
    let route = route.map(|(at, _)| at);
    let entered = Entered { carriers: &carriers, request_id, path, query, route };
    if !rules.are_plain() {
        return judge(Admission::Entered(&entered));
    }
    claim(config, head, &entered, rules, strict, now, |claimed| judge(Admission::Claimed(claimed)))
}

/// Steps 4 to 7 for a built-in scheme. Hands the credential to `judge`, for the same reason.
#[inline(always)]
pub(crate) fn claim<H: Headers + ?Sized, R>(
    config: &Arc<Compiled>,
    head: &Head<'_, H>,
    entered: &Entered<'_>,
    rules: &Rules,
    strict: bool,
    now: u64,
    judge: impl FnOnce(&mut Claimed<'_>) -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    let Entered { carriers, request_id, path, query, route } = entered;
    let (request_id, query) = (*request_id, *query);
    let accepted = rules.accept;
    let refuse = |(code, detail), request_id: ReceivedId<'_>| Refusal::new(code, detail, config, None, request_id);
    let claim = carriers.claim(accepted, request_id);
    let service = claim.as_ref().ok().and_then(|claim| config.find(claim.service));
    let service = service.filter(|&at| !config.services[at].keys.is_empty());
    let is_for_us = |claim: &Claim<'_>| is_same(claim.target_service, config.service.as_bytes());
    // Every header of such a claim was parsed or found as a whole, so none can hold a comma: no need to look for one.
    let is_whole = !carriers.any_came_twice()
        && service.is_some()
        && claim.as_ref().is_ok_and(|claim| match claim.scheme {
            BuiltIn::ServiceHmacV2 => is_for_us(claim),
            BuiltIn::ServiceHmac | BuiltIn::CrossService => carriers.has_no_more_than(request_id),
        });
    if !is_whole {
        carriers.check_repetitions(accepted).map_err(|fault| refuse(fault, request_id))?;
    }
    let claim = match &claim {
        Ok(claim) => claim,
        Err(fault) => return Err(refuse(*fault, request_id)),
    };
    let scheme = Scheme::BuiltIn(claim.scheme);
    let refuse = |code, detail| Refusal::new(code, detail, config, service, request_id);

    if query.is_some() && !claim.scheme.covers_query() && strict {
        return Err(refuse(RefusalCode::InsufficientCoverage, Detail::QueryNotCovered(scheme)));
    }
    let window = config.window;
    check_window(now, claim.timestamp, window).map_err(|(code, detail)| refuse(code, detail))?;

    // An unknown id costs what some known one costs, here and below, so that time does not tell which ids are known.
    let judged = service.map(|at| &config.services[at]).or_else(|| config.decoy(claim.service));
    let signs_nonce = claim.scheme.signs_nonce();
    let facts = Facts {
        scheme,
        service,
        keys: judged.map_or(1, |service| service.keys.len()),
        route: *route,
        timestamp: Some(claim.timestamp),
        window,
        now,
        request_id,
        id_is_signed: signs_nonce,
        signs_nonce,
        replay: Replay::new(rules.replay, signs_nonce, head.method),
        signs_target: claim.scheme.signs_target(),
        is_for_us: !claim.scheme.signs_target() || is_for_us(claim),
        is_permitted: false,
        claim_class: config.claim_class(claim.service),
    };
    judge(&mut Claimed { claim, path: *path, query: query.unwrap_or_default(), method: head.method, facts })
}

/// Step 7.
#[inline]
pub(crate) fn check_window(now: u64, timestamp: u64, window: Window) -> Result<(), (RefusalCode, Detail)> {
    let age = age(now, timestamp);
    if age > window.past as i64 || -age > window.future as i64 {
        return Err((RefusalCode::TimestampOutsideWindow, Detail::Window { age, window }));
    }
    Ok(())
}

/// Step 8.
#[inline]
pub(crate) fn check_body_length(config: &Arc<Compiled>, facts: &Facts<'_>, length: u64) -> Result<(), Refusal> {
    check_length(config, facts.service, facts.request_id, length)
}

/// Step 8 for a body of which nobody says whose it is. Who passes such a body on unread is not held up by it; who keeps one is
/// not made to keep more than it would of a caller.
pub(crate) fn check_length_of_nobody(
    config: &Arc<Compiled>,
    request_id: ReceivedId<'_>,
    length: u64,
) -> Result<(), Refusal> {
    check_length(config, None, request_id, length)
}

#[inline]
fn check_length(
    config: &Arc<Compiled>,
    service: Option<usize>,
    request_id: ReceivedId<'_>,
    length: u64,
) -> Result<(), Refusal> {
    if length > config.body_limit {
        let detail = Detail::BodyLimit(config.body_limit);
        return Err(Refusal::new(RefusalCode::BodyTooLarge, detail, config, service, request_id));
    }
    Ok(())
}

/// Step 9 for a built-in scheme whose body is at hand.
#[inline(always)]
pub(crate) fn prove(config: &Arc<Compiled>, claimed: &Claimed<'_>, body: &[u8]) -> Result<(usize, Tag), Refusal> {
    let facts = &claimed.facts;
    let scheme = claimed.claim.scheme;
    let mut gathered = Gathered::new();
    let whole = gathered.whole(|sink| scheme.put(&claimed.fields(), body, sink));
    find_key(config, facts, |key| {
        let key = match (facts.service, key) {
            (Some(service), Some(key)) => &config.services[service].keys[key].mac,
            _ => &config.dummy_key,
        };
        let tag = match whole {
            Some(blocks) => key.tag_of_padded(blocks),
            None => key.tag(|sink| scheme.put(&claimed.fields(), body, sink)),
        };
        claimed.claim.signatures.hold(&tag).then_some(tag)
    })
}

/// Step 9: finds the key that made the signature.
///
/// `check` says what the message becomes with the key at a position, if one of the signatures is made with it. Keys that are
/// valid come first, so that a good request costs one computation; the others only tell a retired key from a forged signature.
#[inline]
pub(crate) fn find_key(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    mut check: impl FnMut(Option<usize>) -> Option<Tag>,
) -> Result<(usize, Tag), Refusal> {
    let Some(service) = facts.service else {
        // The same work as for a known service, so that time does not tell which services are known.
        for _ in 0..facts.keys {
            std::hint::black_box(check(None));
        }
        return Err(facts.refuse(config, RefusalCode::UnknownService, Detail::UnknownService(facts.claim_class)));
    };
    let keys = &config.services[service].keys;
    for valid in [true, false] {
        for (at, _) in keys.iter().enumerate().filter(|(_, key)| key.is_valid(facts.now) == valid) {
            if let Some(tag) = check(Some(at)) {
                return match valid {
                    true => Ok((at, tag)),
                    false => Err(facts.refuse(config, RefusalCode::KeyNotValidNow, Detail::Key { at, now: facts.now })),
                };
            }
        }
    }
    Err(facts.refuse(config, RefusalCode::InvalidSignature, Detail::NoKeyMatches { tried: keys.len() }))
}

/// What a request may carry beside one credential with one signature.
#[derive(Clone, Copy, Default)]
pub(crate) struct Also<'t> {
    pub(crate) has_api_key: bool,
    /// The tags of other keys whose signatures are in the request too. Each is remembered: a copy of the request with one
    /// signature left out is a replay.
    pub(crate) tags: &'t [Tag],
    /// What results say of the standards.
    pub(crate) standard: Option<&'t Arc<StandardFacts>>,
}

/// Steps 10 and 11: policy, then replay.
#[inline]
pub(crate) fn conclude(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    key: usize,
    tag: &Tag,
    also: Also<'_>,
    store: &ReplayStore,
) -> Result<Acceptance, Refusal> {
    let at = facts.service.expect("a key was found, so the service is known");
    let service = &config.services[at];
    let refuse = |code, detail| facts.refuse(config, code, detail);

    if !facts.is_for_us {
        return Err(refuse(RefusalCode::TargetNotAllowed, Detail::OtherTarget));
    }
    // The older formats do not sign the target: what a service sends could be sent back to it.
    let is_reflected = !facts.signs_target && service.id == config.service && service.targets.is_none();
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
    let of_tag = |tag: &Tag| fingerprint_of(tag).expect("a tag is longer than a fingerprint");
    let fingerprint = match facts.replay {
        Replay::Nonce | Replay::NonceFor(_) => store.fingerprint(&service.replay_scope, &request_id),
        _ => of_tag(tag),
    };
    let mut unrecorded = check_replay(config, facts, fingerprint, store)?;
    for tag in also.tags {
        unrecorded |= check_replay(config, facts, of_tag(tag), store)?;
    }
    Ok(Acceptance {
        route: facts.route,
        caller: Some(Caller {
            service: at,
            key,
            scheme: facts.scheme,
            has_api_key_too: also.has_api_key,
            timestamp: facts.timestamp,
            age: facts.timestamp.map(|timestamp| age(facts.now, timestamp)),
            request_id,
            id_is_signed: facts.id_is_signed,
            replay_id: facts.replay_id(tag),
            replay_seconds: facts.replay_seconds(config),
            unrecorded,
        }),
        standard: also.standard.cloned(),
    })
}

/// Refuses what was seen before. `true` where the store was full and the config lets the request pass unrecorded.
fn check_replay(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    fingerprint: Fingerprint,
    store: &ReplayStore,
) -> Result<bool, Refusal> {
    if config.replay.store != ReplayStoreKind::Memory || facts.replay == Replay::Never {
        return Ok(false);
    }
    let refuse = |code, detail| Err(facts.refuse(config, code, detail));
    let capacity = config.replay.capacity;
    let past = config.longest_past;
    let timestamp = match (facts.replay, facts.timestamp) {
        // An entry lives for the longest window after its time: this one for so many seconds from now.
        (Replay::NonceFor(seconds) | Replay::SignatureFor(seconds), _) => {
            facts.now.saturating_add(seconds).saturating_sub(past)
        }
        (_, timestamp) => timestamp.unwrap_or(facts.now),
    };
    match store.insert(fingerprint, timestamp, facts.now, past, capacity) {
        Sighting::First => Ok(false),
        Sighting::Repeated => refuse(RefusalCode::ReplayedRequest, facts.replay.detail()),
        Sighting::Forgotten => refuse(RefusalCode::TimestampOutsideWindow, Detail::TooOldForStore),
        Sighting::Full if config.replay.allow_when_full => Ok(true),
        Sighting::Full => refuse(RefusalCode::ReplayStoreUnavailable, Detail::StoreFull { capacity }),
    }
}

impl Replay {
    pub(crate) fn detail(self) -> Detail {
        if matches!(self, Self::Nonce | Self::NonceFor(_)) { Detail::SameNonce } else { Detail::SameSignature }
    }
}

impl Facts<'_> {
    /// Has the place fetched where the request will be looked for among those that came before, so that it is there when the
    /// signature is checked. `signature` is what the one in the request would be remembered by, where that decides.
    #[inline]
    pub(crate) fn fetch_place(&self, config: &Compiled, signature: Option<Fingerprint>, store: &ReplayStore) {
        let fingerprint = match self.replay {
            _ if config.replay.store != ReplayStoreKind::Memory => None,
            Replay::Never => None,
            Replay::Nonce | Replay::NonceFor(_) => {
                // Nearly the same work for a service that nobody knows, so that time does not tell which ones are known.
                let scope = self.service.map_or(&[0; _], |at| &config.services[at].replay_scope);
                Some(store.fingerprint(scope, &self.request_id.keep()))
            }
            Replay::Signature | Replay::SignatureFor(_) => signature,
        };
        if let Some(fingerprint) = fingerprint {
            store.fetch(fingerprint);
        }
    }

    /// The same facts with a request id that lives elsewhere.
    pub(crate) fn with_request_id<'b>(&self, request_id: ReceivedId<'b>) -> Facts<'b> {
        Facts { request_id, ..*self }
    }

    /// Whether a signed nonce is all that a replay is told by, so that nothing else needs to stand for the request.
    pub(crate) fn is_told_by_nonce(&self) -> bool {
        self.signs_nonce && !matches!(self.replay, Replay::Signature | Replay::SignatureFor(_))
    }

    fn replay_id(&self, tag: &Tag) -> ReplayId {
        match self.replay {
            _ if self.signs_nonce => ReplayId::Nonce,
            Replay::SignatureFor(_) => ReplayId::Signature(*tag),
            // Without a time the same message may come again and again, and without a signature nothing tells requests apart.
            _ if self.timestamp.is_none() || self.scheme.is_bearer() => ReplayId::None,
            _ => ReplayId::Signature(*tag),
        }
    }

    /// For how long a store of the adapter must remember the request, in seconds; `None` where it need not.
    fn replay_seconds(&self, config: &Compiled) -> Option<u64> {
        let is_asked = config.replay.store == ReplayStoreKind::External && self.replay != Replay::Never;
        is_asked.then_some(match (self.replay, self.timestamp) {
            (Replay::NonceFor(seconds) | Replay::SignatureFor(seconds), _) => seconds,
            (_, Some(timestamp)) => {
                (timestamp + self.window.past + MARGIN_SECONDS).saturating_sub(self.now).max(MARGIN_SECONDS)
            }
            (_, None) => self.window.past + MARGIN_SECONDS,
        })
    }

    pub(crate) fn refuse(&self, config: &Arc<Compiled>, code: RefusalCode, detail: Detail) -> Refusal {
        Refusal::new(code, detail, config, self.service, self.request_id)
    }
}

/// How old a timestamp is, in seconds; negative where it lies in the future.
pub(crate) fn age(now: u64, timestamp: u64) -> i64 {
    now.saturating_sub(timestamp).min(i64::MAX as u64) as i64
        - timestamp.saturating_sub(now).min(i64::MAX as u64) as i64
}
