//! Requests to places that ask for something else than one credential of a built-in scheme: templates, API keys, several
//! credentials at once, or none.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::bytes::is_same;
use crate::config::{Compiled, ReplayRule, ReplayStoreKind, Rules};
use crate::failures::ClaimClass;
use crate::identifier::{ReceivedId, RequestId};
use crate::judge::{
    self, Also, Entered, Facts, Replay, check_body_length, check_length_of_nobody, check_window, conclude, find_key,
};
use crate::mac::{Gathered, Tag};
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::replay::{ReplayStore, fingerprint_of};
use crate::request::{Head, Headers};
use crate::scheme::{Scheme, SchemeSet, Standard};
use crate::standard::{self, BodyDigests, Identity, Signature, StandardFacts, Token};
use crate::template::{self, Claim, Collected, KeyInUse, parameter_fault};
use crate::verified::Acceptance;
use crate::verifier::Memory;

/// The longest API key that is looked up, in bytes.
pub(crate) const MAX_API_KEY_BYTES: usize = 512;

/// The credentials of a request, as far as the head decides about them.
pub(crate) struct Credentials<'c> {
    pub(crate) signed: Signed<'c>,
    pub(crate) facts: &'c Facts<'c>,
    /// The positions of the service and of its API key, where one was sent and found.
    pub(crate) api_key: Option<(usize, usize)>,
    pub(crate) token: Option<Box<Token>>,
    pub(crate) identity: Option<Box<Identity>>,
}

/// The credential that covers more than itself.
pub(crate) enum Signed<'c> {
    BuiltIn(&'c judge::Claimed<'c>),
    Template(&'c Claim<'c>),
    Standard(&'c Signature),
    /// There is an API key, a token or an identity, and nothing that covers the request.
    Nothing,
}

/// Judges a request whose body is at hand.
#[inline(never)]
pub(crate) fn judge<H: Headers + ?Sized>(
    config: &Arc<Compiled>,
    head: &Head<'_, H>,
    entered: &Entered<'_>,
    body: &[u8],
    now: u64,
    memory: &Memory,
) -> Result<Acceptance, Refusal> {
    admit(config, head, entered, now, memory, |credentials| match credentials {
        None => {
            check_length_of_nobody(config, entered.request_id, body.len() as u64)?;
            Ok(Acceptance::of_nobody(entered.route))
        }
        Some(credentials) => judge_body(config, credentials, body, &memory.replay),
    })
}

#[inline(never)]
fn judge_body(
    config: &Arc<Compiled>,
    credentials: Credentials<'_>,
    body: &[u8],
    store: &ReplayStore,
) -> Result<Acceptance, Refusal> {
    let Credentials { signed, facts, api_key, token, identity } = credentials;
    check_body_length(config, facts, body.len() as u64)?;
    let signature = match &signed {
        Signed::BuiltIn(claimed) => fingerprint_of(&claimed.claim.signatures.first),
        Signed::Template(claim) => claim.signatures.tag().and_then(fingerprint_of),
        Signed::Standard(_) | Signed::Nothing => None,
    };
    facts.fetch_place(config, signature, store);
    let mut covered = Box::default();
    let found = match signed {
        Signed::BuiltIn(claimed) => judge::prove(config, claimed, body)?.into(),
        Signed::Nothing => Found::nothing(api_key),
        Signed::Standard(signature) => {
            let found =
                signature.prove(config, facts, &BodyDigests::of(body, signature.wanted()), body.len() as u64)?;
            covered = signature.covered();
            found
        }
        Signed::Template(claim) => {
            let mut gathered = Gathered::new();
            let check = claim
                .check(body, &mut gathered)
                .map_err(|fault| refuse_claim(config, facts, parameter_fault(fault)))?;
            let is_one = claim.signatures.is_one();
            let found = find_signatures(config, facts, is_one, |key| check.with(key_in_use(config, facts, key)))?;
            check_digest(config, facts, claim.is_right_body(body))?;
            match needs_mark(config, facts) {
                true => found.with_mark(claim.mark(body)),
                false => found,
            }
        }
    };
    conclude_all(config, facts, Others { api_key, token, identity, covered }, &found, store)
}

/// The keys whose signatures were found.
pub(crate) struct Found {
    key: usize,
    tag: Tag,
    /// The tags of other keys.
    others: Vec<Tag>,
}

impl From<(usize, Tag)> for Found {
    fn from((key, tag): (usize, Tag)) -> Self {
        Self { key, tag, others: Vec::new() }
    }
}

impl Found {
    /// What stands in for a key and a tag where nothing is signed.
    pub(crate) fn nothing(api_key: Option<(usize, usize)>) -> Self {
        (api_key.map_or(0, |(_, key)| key), Tag::default()).into()
    }

    /// The position of the key that was found.
    pub(crate) fn key(&self) -> usize {
        self.key
    }

    /// The same, with the marks of further signatures.
    pub(crate) fn with_others(self, others: Vec<Tag>) -> Self {
        Self { others, ..self }
    }

    /// The same, with the message's digest in place of the tags.
    pub(crate) fn with_mark(self, mark: Tag) -> Self {
        Self { tag: mark, others: Vec::new(), ..self }
    }
}

/// Finds the key that made a signature, and where there are several signatures, the others that made one.
pub(crate) fn find_signatures(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    is_one: bool,
    mut check: impl FnMut(Option<usize>) -> Option<Tag>,
) -> Result<Found, Refusal> {
    let mut found = Found::from(find_key(config, facts, &mut check)?);
    if !is_one {
        let others = (0..facts.keys).filter(|&at| at != found.key);
        found.others = others.filter_map(|at| check(Some(at))).collect();
    }
    Ok(found)
}

/// Whether the message itself is what a replay is told by: a store of the adapter takes one key for a request, and of several
/// signatures some may be left out.
pub(crate) fn needs_mark(config: &Compiled, facts: &Facts<'_>) -> bool {
    if config.replay.store != ReplayStoreKind::External || facts.signs_nonce {
        return false;
    }
    match facts.scheme {
        Scheme::Plan(at) => config.plan(at).template.takes_several_signatures(),
        Scheme::BuiltIn(_) | Scheme::ApiKey | Scheme::Standard(_) => false,
    }
}

/// What a request holds beside what was proved of it.
#[derive(Default)]
pub(crate) struct Others {
    pub(crate) api_key: Option<(usize, usize)>,
    pub(crate) token: Option<Box<Token>>,
    pub(crate) identity: Option<Box<Identity>>,
    /// What a signature of the standards covers.
    pub(crate) covered: Box<str>,
}

/// After the signature: whether all credentials are of one service, then policy and replay.
pub(crate) fn conclude_all(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    Others { api_key, token, identity, covered }: Others,
    found: &Found,
    store: &ReplayStore,
) -> Result<Acceptance, Refusal> {
    let has_api_key_too = facts.scheme != Scheme::ApiKey && api_key.is_some();
    let is_of_another = |service| Some(service) != facts.service;
    let is_key_of_another = api_key.is_some_and(|(service, _)| is_of_another(service));
    let is_token_of_another = token.as_ref().is_some_and(|token| !token.names_user && is_of_another(token.service));
    let is_identity_of_another = identity.as_ref().is_some_and(|identity| is_of_another(identity.service));
    if is_key_of_another || is_token_of_another || is_identity_of_another {
        return Err(facts.refuse(config, RefusalCode::AmbiguousCredentials, Detail::OtherService));
    }
    let is_granted = token.as_ref().is_none_or(|token| token.grants);
    let denied = match is_granted {
        true => None,
        false => Some(Facts { is_permitted: false, ..*facts }),
    };
    let facts = denied.as_ref().unwrap_or(facts);
    let token = token.map(|token| token.facts);
    let identity = identity.map(|identity| identity.facts);
    let is_individual = token.is_some() || identity.is_some() || !covered.is_empty();
    let standard = is_individual.then(|| Arc::new(StandardFacts { token, identity, covered }));
    let also = Also { has_api_key: has_api_key_too, tags: &found.others, standard: standard.as_ref() };
    conclude(config, facts, found.key, &found.tag, also, store)
}

pub(crate) fn check_digest(config: &Arc<Compiled>, facts: &Facts<'_>, is_right_body: bool) -> Result<(), Refusal> {
    match is_right_body {
        true => Ok(()),
        false => Err(facts.refuse(config, RefusalCode::DigestMismatch, Detail::OtherDigest)),
    }
}

/// The key at a position among those of the claimed service, or what stands in for it.
pub(crate) fn key_in_use<'c>(config: &'c Compiled, facts: &Facts<'_>, key: Option<usize>) -> KeyInUse<'c> {
    match (facts.service, key) {
        (Some(service), Some(key)) => {
            let key = &config.services[service].keys[key];
            (&key.mac, key.proof.as_deref())
        }
        _ => (&config.dummy_key, None),
    }
}

pub(crate) fn refuse_claim(
    config: &Arc<Compiled>,
    facts: &Facts<'_>,
    (code, fault): (RefusalCode, template::ClaimFault),
) -> Refusal {
    match facts.scheme {
        Scheme::Plan(plan) => facts.refuse(config, code, Detail::Claim { plan, fault }),
        _ => facts.refuse(config, code, Detail::OtherDigest),
    }
}

/// Steps 4 to 7 for all kinds of credentials. Hands them to `judge`, or nothing where the request has none and needs none:
/// they are larger than what moving them would be worth.
#[inline]
pub(crate) fn admit<H: Headers + ?Sized, R>(
    config: &Arc<Compiled>,
    head: &Head<'_, H>,
    entered: &Entered<'_>,
    now: u64,
    memory: &Memory,
    judge: impl FnOnce(Option<Credentials<'_>>) -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    let route = entered.route.map(|at| &config.routes[at]);
    let (rules, strict) = route.map_or((&config.rules, false), |route| (&route.rules, route.strict));
    let refuse = |code, detail| Refusal::new(code, detail, config, None, entered.request_id);
    let accepted = rules.accept;

    let mut found = SchemeSet::default();
    // In one place for all of them, since it is large to move.
    let mut headers = Collected::default();
    let (mut signed, mut collected) = (None, None);
    for at in accepted.plans() {
        let plan = config.plan(at);
        plan.finder.collect_into(head.headers, &mut headers);
        collected = Some(at);
        if headers.is_there(&plan.template, entered.query.unwrap_or_default()) {
            found = found.with(Scheme::Plan(at));
            signed = collected;
        }
    }
    let has_built_in = accepted.takes_built_in() && entered.carriers.has_built_in(accepted);
    let has_api_key = accepted.has(Scheme::ApiKey) && entered.carriers.has_api_key();
    if has_api_key {
        found = found.with(Scheme::ApiKey);
    }
    let carriers = standard::Carriers::collect(head, accepted);
    let standards = carriers.found(accepted);
    found = found.union(standards);
    match found.count() + u32::from(has_built_in) {
        0 if rules.optional => return judge(None),
        0 => return Err(refuse(RefusalCode::AuthenticationRequired, Detail::NoCredential(accepted))),
        count if rules.every && count < accepted.count() => {
            return Err(refuse(RefusalCode::AuthenticationRequired, Detail::NotAllCredentials(accepted)));
        }
        count if !rules.every && count > 1 => {
            let built_in = accepted.iter().filter(|scheme| has_built_in && matches!(scheme, Scheme::BuiltIn(_)));
            let found = built_in.fold(found, SchemeSet::with);
            return Err(refuse(RefusalCode::AmbiguousCredentials, Detail::SeveralCredentials(found)));
        }
        _ => {}
    }
    if standards.count() > 0 {
        carriers.check_repetitions().map_err(|(code, detail)| refuse(code, detail))?;
    }

    // What names its caller only when it is looked up names nobody before: whoever tries many is stopped before the next look.
    let check_guesses = || match memory.reached_limit(config, head.client, ClaimClass::NONE, now) {
        Some(limit) => Err(refuse(RefusalCode::RateLimited, Detail::TooManyFailures { limit })),
        None => Ok(()),
    };
    // A bearer credential covers nothing of the request, so on its own it opens no strict route.
    let find_bearers = |is_alone: bool| {
        if !has_api_key && standards.count() == 0 {
            return Ok((None, None, None));
        }
        let api_key = match has_api_key {
            true => {
                check_guesses()?;
                Some(find_api_key(config, entered, strict && is_alone, now)?)
            }
            false => None,
        };
        let token = match carriers.bearer().filter(|_| standards.has(Scheme::Standard(Standard::Jwt))) {
            Some(_) if strict && is_alone => {
                let detail = Detail::QueryNotCovered(Scheme::Standard(Standard::Jwt));
                return Err(refuse(RefusalCode::InsufficientCoverage, detail));
            }
            Some(text) => {
                check_guesses()?;
                Some(Box::new(standard::judge_token(config, head.method, entered, text, now)?))
            }
            None => None,
        };
        let identity = match standards.has(Scheme::Standard(Standard::AwsIdentity)) {
            true if strict && is_alone => {
                let detail = Detail::QueryNotCovered(Scheme::Standard(Standard::AwsIdentity));
                return Err(refuse(RefusalCode::InsufficientCoverage, detail));
            }
            true => {
                check_guesses()?;
                Some(Box::new(standard::judge_identity(config, &memory.identities, entered, carriers.identity(), now)?))
            }
            false => None,
        };
        Ok((api_key, token, identity))
    };
    let conclude = |credentials: Credentials<'_>| {
        memory.check_failures(credentials.facts, config, head.client)?;
        judge(Some(credentials))
    };
    let signing = [Standard::Rfc9421, Standard::AwsSigv4].into_iter().find(|it| standards.has(Scheme::Standard(*it)));
    if let Some(at) = signed {
        if signed != collected {
            config.plan(at).finder.collect_into(head.headers, &mut headers);
        }
        let plan = config.plan(at);
        let mut claim = Claim::unread(plan);
        headers.claim(plan, head, &mut claim).map_err(|fault| refuse_claim_of(config, entered, at, fault))?;
        let facts = facts_of_template(config, head, entered, at, &claim, rules, strict, now)?;
        let (api_key, token, identity) = find_bearers(false)?;
        conclude(Credentials { signed: Signed::Template(&claim), facts: &facts, api_key, token, identity })
    } else if let Some(scheme) = signing {
        let signature = Signature::claim(config, head, entered, scheme, strict, now)?;
        let nonce = signature.nonce();
        let facts = signature.facts(config, head, entered, nonce.as_ref(), rules, now);
        let (api_key, token, identity) = find_bearers(false)?;
        conclude(Credentials { signed: Signed::Standard(&signature), facts: &facts, api_key, token, identity })
    } else if has_built_in {
        judge::claim(config, head, entered, rules, strict, now, |claimed| {
            claimed.look_up_permission(config);
            let (api_key, token, identity) = find_bearers(false)?;
            conclude(Credentials { signed: Signed::BuiltIn(claimed), facts: &claimed.facts, api_key, token, identity })
        })
    } else {
        let (api_key, token, identity) = find_bearers(true)?;
        let id = token.as_ref().and_then(|token| token.id);
        let facts = facts_of_bearer(
            config,
            head,
            entered,
            api_key,
            token.as_deref(),
            id.as_ref(),
            identity.as_deref(),
            rules,
            now,
        );
        conclude(Credentials { signed: Signed::Nothing, facts: &facts, api_key, token, identity })
    }
}

/// What is wrong with a credential of a template before its caller is known.
pub(crate) fn refuse_claim_of(
    config: &Arc<Compiled>,
    entered: &Entered<'_>,
    at: u8,
    (code, fault): (RefusalCode, template::ClaimFault),
) -> Refusal {
    let detail = Detail::Claim { plan: at, fault };
    Refusal::new(code, detail, config, config.plan(at).webhook, entered.request_id)
}

/// Steps 5 to 7 for a credential of a template.
#[expect(clippy::too_many_arguments, reason = "what the head says comes from several places")]
#[inline(always)]
pub(crate) fn facts_of_template<'c, H: Headers + ?Sized>(
    config: &'c Arc<Compiled>,
    head: &Head<'_, H>,
    entered: &Entered<'c>,
    at: u8,
    claim: &Claim<'c>,
    rules: &Rules,
    strict: bool,
    now: u64,
) -> Result<Facts<'c>, Refusal> {
    let plan = config.plan(at);
    let template = &*plan.template;
    let refuse =
        |code, detail, service, request_id: ReceivedId<'_>| Refusal::new(code, detail, config, service, request_id);
    let names_message = template.nonce.is_some() || template.message_id.is_some();
    let request_id = match claim.id {
        Some(id) => id,
        None if names_message => ReceivedId::NONE,
        None => entered.request_id,
    };
    let service = match (plan.webhook, claim.caller) {
        (Some(webhook), _) => Some(webhook),
        (None, caller) => caller.and_then(|id| config.find(id)).filter(|&at| !config.services[at].keys.is_empty()),
    };

    let coverage = &template.coverage;
    let covers_target = coverage.method && coverage.path && (coverage.query || entered.query.is_none());
    if strict && !covers_target {
        let detail = Detail::QueryNotCovered(Scheme::Plan(at));
        return Err(refuse(RefusalCode::InsufficientCoverage, detail, service, request_id));
    }
    if let Some(timestamp) = claim.timestamp {
        check_window(now, timestamp, plan.window)
            .map_err(|(code, detail)| refuse(code, detail, service, request_id))?;
    }

    let judged = service.map(|at| &config.services[at]).or_else(|| config.decoy(claim.caller.unwrap_or_default()));
    // Where the body is signed and the method is not, anybody can make a GET of a POST that was overheard.
    let signed_method = if coverage.body && !coverage.method { b"" } else { head.method };
    let replay = match Replay::new(rules.replay, template.signs_nonce(), signed_method) {
        Replay::Signature if !template.algorithm.signs() => Replay::Never,
        Replay::Signature if claim.timestamp.is_none() => plan.remember.map_or(Replay::Never, Replay::SignatureFor),
        Replay::Nonce if claim.timestamp.is_none() => plan.remember.map_or(Replay::Nonce, Replay::NonceFor),
        replay => replay,
    };
    Ok(Facts {
        scheme: Scheme::Plan(at),
        service,
        keys: judged.map_or(1, |service| service.keys.len()),
        route: entered.route,
        timestamp: claim.timestamp,
        window: plan.window,
        now,
        request_id,
        id_is_signed: claim.id.is_some(),
        signs_nonce: template.signs_nonce(),
        replay,
        signs_target: template.target.is_some(),
        is_for_us: claim.target.is_none_or(|target| is_same(target, config.service.as_bytes())),
        is_permitted: judged.is_none_or(|service| service.permits(head.method, &entered.path)),
        claim_class: match (plan.webhook, claim.caller) {
            (Some(at), _) => config.claim_class(config.services[at].id.as_bytes()),
            (None, caller) => config.claim_class(caller.unwrap_or_default()),
        },
    })
}

/// Looks an API key up by its digest: no key is compared with another one, so time tells nothing.
fn find_api_key(
    config: &Arc<Compiled>,
    entered: &Entered<'_>,
    strict: bool,
    now: u64,
) -> Result<(usize, usize), Refusal> {
    let refuse = |code, detail, service| Err(Refusal::new(code, detail, config, service, entered.request_id));
    let sent = match entered.carriers.api_key() {
        Ok(sent) => sent.unwrap_or_default(),
        Err((code, detail)) => return refuse(code, detail, None),
    };
    if strict {
        return refuse(RefusalCode::InsufficientCoverage, Detail::QueryNotCovered(Scheme::ApiKey), None);
    }
    let digest: [u8; 32] = Sha256::digest(sent).into();
    let Some(&(service, at)) = config.api_keys.get(&digest).filter(|_| sent.len() <= MAX_API_KEY_BYTES) else {
        return refuse(RefusalCode::UnknownKey, Detail::UnknownApiKey, None);
    };
    if !config.services[service].api_keys[at].key.is_valid(now) {
        return refuse(RefusalCode::KeyNotValidNow, Detail::ApiKey { at, now }, Some(service));
    }
    Ok((service, at))
}

/// The facts of a request whose only credentials cover nothing of it.
#[expect(clippy::too_many_arguments, reason = "what the credentials say comes from several places")]
fn facts_of_bearer<'a, H: Headers + ?Sized>(
    config: &Arc<Compiled>,
    head: &Head<'a, H>,
    entered: &Entered<'a>,
    api_key: Option<(usize, usize)>,
    token: Option<&Token>,
    id: Option<&'a RequestId>,
    identity: Option<&Identity>,
    rules: &Rules,
    now: u64,
) -> Facts<'a> {
    let by_key = api_key.map(|(service, _)| service);
    let by_identity = identity.filter(|_| by_key.is_none());
    let by_token = token.filter(|_| by_key.is_none() && by_identity.is_none());
    let service = by_key.or(by_identity.map(|identity| identity.service)).or(by_token.map(|token| token.service));
    let (scheme, timestamp) = match (by_key, by_identity) {
        (Some(_), _) => (Scheme::ApiKey, None),
        (None, Some(identity)) => (Scheme::Standard(Standard::AwsIdentity), Some(identity.signed_at)),
        (None, None) => (Scheme::Standard(Standard::Jwt), by_token.and_then(|token| token.issued_at)),
    };
    let remaining = token.map_or(0, |token| token.remaining(config, now));
    Facts {
        scheme,
        service,
        keys: 0,
        route: entered.route,
        timestamp,
        window: config.window,
        now,
        // Of a token that is accepted once. Beside another bearer too: nothing else tells the request from its copy.
        request_id: id.map_or(entered.request_id, |id| id.lend()),
        id_is_signed: id.is_some(),
        signs_nonce: id.is_some(),
        replay: match id {
            Some(_) if rules.replay != ReplayRule::Off => Replay::NonceFor(remaining),
            _ => Replay::Never,
        },
        signs_target: token.is_some() || identity.is_some(),
        is_for_us: true,
        is_permitted: service.is_none_or(|at| config.services[at].permits(head.method, &entered.path)),
        claim_class: ClaimClass::NONE,
    }
}
