//! Judges the signatures of two standards, RFC 9421 and AWS Signature Version 4, in the way of all requests.

use std::sync::Arc;

use super::{BodyDigests, RunningDigests, Wanted};
use crate::admission::Found;
use crate::config::{Compiled, ReplayStoreKind, Rules, Window};
use crate::identifier::{ReceivedId, RequestId};
use crate::judge::{Entered, Facts, Replay, check_window};
use crate::mac::Tag;
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::replay::MARGIN_SECONDS;
use crate::request::{Head, Headers};
use crate::scheme::{Scheme, Standard};
use crate::{rfc9421, sigv4};

/// A signature, parsed but not verified.
#[derive(Clone)]
pub(crate) struct Signature {
    claim: Claim,
    /// The position of the claimed caller, where it is known.
    pub(super) service: Option<usize>,
    /// The position of the key that is named, among those of the caller.
    key: Option<usize>,
    /// Further signatures of the same caller, each with the position of its key.
    others: Vec<(rfc9421::Claim, usize)>,
    /// Whether the message went to an authority of this service.
    went_to_us: bool,
}

#[derive(Clone)]
enum Claim {
    Message(rfc9421::Claim),
    Aws(sigv4::Claim),
}

impl Signature {
    /// Steps 5 to 7: parses the signature and checks what it covers and when it was made.
    pub(crate) fn claim<H: Headers + ?Sized>(
        config: &Arc<Compiled>,
        head: &Head<'_, H>,
        entered: &Entered<'_>,
        scheme: Standard,
        strict: bool,
        now: u64,
    ) -> Result<Self, Refusal> {
        let refuse = |(code, detail), service| Refusal::new(code, detail, config, service, entered.request_id);
        let signature = match scheme {
            Standard::AwsSigv4 => aws(config, head),
            _ => message(config, head),
        };
        let signature = signature.map_err(|fault| refuse(fault, None))?;
        if strict && !signature.covers_target(config, entered) {
            let detail = Detail::QueryNotCovered(Scheme::Standard(scheme));
            return Err(refuse((RefusalCode::InsufficientCoverage, detail), signature.service));
        }
        signature.check_time(config, now).map_err(|fault| refuse(fault, signature.service))?;
        Ok(signature)
    }

    /// The first of several claims whose key is known: while keys rotate, a signer may use one that is known here and one that
    /// is not yet. Of the others those of the same caller are kept.
    pub(super) fn of(config: &Compiled, mut claims: Vec<rfc9421::Claim>) -> Self {
        let place_of = |claim: &rfc9421::Claim| config.find_bound_key(claim.keyid().as_bytes());
        let known = claims.iter().enumerate().find_map(|(at, claim)| Some((at, place_of(claim)?)));
        let (first, place) = known.map_or((0, None), |(at, place)| (at, Some(place)));
        let claim = claims.remove(first);
        let service = match (place, claim.keyid().split_once('/')) {
            (Some((service, _)), _) => Some(service),
            (None, Some((service, _))) => config.find(service.as_bytes()),
            (None, None) => None,
        };
        let others = claims
            .into_iter()
            .filter_map(|claim| {
                let (other, key) = place_of(&claim)?;
                (Some(other) == service).then_some((claim, key))
            })
            .collect();
        Self { claim: Claim::Message(claim), service, key: place.map(|(_, at)| at), others, went_to_us: true }
    }

    /// Whether all that a router looks at is covered.
    fn covers_target(&self, config: &Compiled, entered: &Entered<'_>) -> bool {
        match &self.claim {
            Claim::Aws(_) => true,
            Claim::Message(_) => {
                let covered = config.standards.messages.coverage();
                covered.method && covered.path && (covered.query || entered.query.is_none())
            }
        }
    }

    pub(super) fn check_time(&self, config: &Compiled, now: u64) -> Result<(), (RefusalCode, Detail)> {
        let over = (RefusalCode::TimestampOutsideWindow, Detail::SignatureExpired);
        match &self.claim {
            Claim::Message(claim) => {
                if let Some(created) = claim.created {
                    check_window(now, created, config.window)?;
                }
                if claim.expires.is_some_and(|expires| now >= expires) { Err(over) } else { Ok(()) }
            }
            Claim::Aws(claim) => check_window(now, claim.timestamp, window_of(claim)),
        }
    }

    /// When a message was signed.
    pub(super) fn created(&self) -> Option<u64> {
        match &self.claim {
            Claim::Message(claim) => claim.created,
            Claim::Aws(claim) => Some(claim.timestamp),
        }
    }

    /// The signed nonce, where it has the form of a request id that can be one.
    pub(crate) fn nonce(&self) -> Option<RequestId> {
        let Claim::Message(claim) = &self.claim else { return None };
        nonce_of(claim)
    }

    /// What the head says. `nonce` is that of the signature.
    pub(crate) fn facts<'a, H: Headers + ?Sized>(
        &self,
        config: &Compiled,
        head: &Head<'a, H>,
        entered: &Entered<'a>,
        nonce: Option<&'a RequestId>,
        rules: &Rules,
        now: u64,
    ) -> Facts<'a> {
        let service = self.service.map(|at| &config.services[at]);
        let covered = config.standards.messages.coverage();
        let (scheme, timestamp, window, claimed_id) = match &self.claim {
            Claim::Message(claim) => (Standard::Rfc9421, claim.created, config.window, claim.keyid().as_bytes()),
            Claim::Aws(claim) => (Standard::AwsSigv4, Some(claim.timestamp), window_of(claim), claim.access_key()),
        };
        // Where the body is signed and the method is not, anybody can make a GET of a POST that was overheard.
        let covers_method = scheme == Standard::AwsSigv4 || covered.method;
        let method = if covers_method { head.method } else { b"" };
        let replay = match Replay::new(rules.replay, nonce.is_some(), method) {
            // Without a time, or with one that lies further back than all windows, it is remembered from now on.
            Replay::Signature if timestamp.is_none() => Replay::SignatureFor(window.past),
            Replay::Nonce if timestamp.is_none() => Replay::NonceFor(window.past),
            Replay::Signature if window.past > config.longest_past => {
                // The last second counts to its end, and the clocks of a store's servers differ.
                let ends = timestamp.unwrap_or(now) + window.past + MARGIN_SECONDS;
                Replay::SignatureFor(ends.saturating_sub(now))
            }
            replay => replay,
        };
        Facts {
            scheme: Scheme::Standard(scheme),
            service: self.service,
            keys: 1,
            route: entered.route,
            timestamp,
            window,
            now,
            request_id: nonce.map_or(entered.request_id, RequestId::lend),
            id_is_signed: nonce.is_some(),
            signs_nonce: nonce.is_some(),
            replay,
            // What is signed for one scope is worthless elsewhere, and so is what is signed for one authority where that is known.
            signs_target: scheme == Standard::AwsSigv4 || config.standards.messages.names_authorities(),
            is_for_us: match &self.claim {
                Claim::Message(_) => self.went_to_us,
                Claim::Aws(claim) => claim.is_for(expected(config)),
            },
            is_permitted: service.is_none_or(|service| service.permits(head.method, &entered.path)),
            claim_class: config.claim_class(claimed_id),
        }
    }

    /// Which digests of the body the proof needs.
    pub(crate) fn wanted(&self) -> Wanted {
        match &self.claim {
            Claim::Message(claim) => claim.wanted_digests(),
            Claim::Aws(claim) => Wanted { sha256: claim.needs_digest(), sha512: false },
        }
    }

    /// Step 9: whether the key that is named made the signature, and whether the body is the one that it covers.
    pub(crate) fn prove(
        &self,
        config: &Arc<Compiled>,
        facts: &Facts<'_>,
        digests: &BodyDigests,
        length: u64,
    ) -> Result<Found, Refusal> {
        let refuse = |code, detail| facts.refuse(config, code, detail);
        match &self.claim {
            Claim::Message(claim) => {
                let Some((service, at)) = self.service.zip(self.key) else {
                    // As much work as for a key of HMAC that is known.
                    std::hint::black_box(config.dummy_key.tag_of(claim.base()));
                    let code =
                        if self.service.is_some() { RefusalCode::UnknownKey } else { RefusalCode::UnknownService };
                    return Err(refuse(code, Detail::UnknownKeyId(facts.claim_class)));
                };
                let known = &config.services[service].bound_keys[at];
                if claim.algorithm().is_some_and(|name| Some(name) != known.bound.algorithm().http_name()) {
                    return Err(refuse(RefusalCode::AlgorithmNotAllowed, Detail::OtherAlgorithm));
                }
                if !known.bound.verify(claim.base(), claim.signature()) {
                    return Err(refuse(RefusalCode::InvalidSignature, Detail::StandardSignature));
                }
                if !known.key.is_valid(facts.now) {
                    return Err(refuse(RefusalCode::KeyNotValidNow, Detail::BoundKey { at, now: facts.now }));
                }
                claim
                    .check_body(length, digests)
                    .map_err(|(code, fault)| refuse(code, Detail::MessageSignature(fault)))?;
                // Each is remembered: a copy of the request with one of them left out is a replay.
                let keys = &config.services[service].bound_keys;
                let holds =
                    |(other, at): &&(rfc9421::Claim, usize)| keys[*at].bound.verify(other.base(), other.signature());
                if self
                    .others
                    .iter()
                    .filter(|(other, _)| is_told_apart(config, facts, claim, other))
                    .any(|it| holds(&it))
                {
                    return Err(refuse(RefusalCode::AmbiguousCredentials, Detail::NoCommonNonce));
                }
                let others = if facts.signs_nonce { &[][..] } else { &self.others };
                let marks = others.iter().filter(holds).map(|(other, _)| other.mark()).collect();
                let mark = if facts.is_told_by_nonce() { Tag::default() } else { claim.mark() };
                Ok(Found::from((at, mark)).with_others(marks))
            }
            Claim::Aws(claim) => {
                let Some((service, at)) = self.service.zip(self.key) else {
                    // The same work as for a key that is known, so that time does not tell which are.
                    let decoy = &config.standards.unknown_aws_key;
                    std::hint::black_box(claim.prove(&claim.key(decoy, expected(config)), digests));
                    return Err(refuse(RefusalCode::UnknownKey, Detail::UnknownAccessKey(facts.claim_class)));
                };
                let known = &config.services[service].aws_keys[at];
                if !claim.prove(&claim.key(&known.signing, expected(config)), digests) {
                    return Err(refuse(RefusalCode::InvalidSignature, Detail::StandardSignature));
                }
                if !known.key.is_valid(facts.now) {
                    return Err(refuse(RefusalCode::KeyNotValidNow, Detail::AwsKey { at, now: facts.now }));
                }
                if !claim.has_token(known.session_token.as_ref().map(|token| &***token)) {
                    return Err(refuse(RefusalCode::InvalidToken, Detail::SessionToken));
                }
                if !claim.is_right_body(digests) {
                    return Err(refuse(RefusalCode::DigestMismatch, Detail::OtherBody));
                }
                Ok((at, claim.signature).into())
            }
        }
    }

    /// The names of what the signature covers, a space between two: most who ask for the caller never ask for them.
    pub(crate) fn covered(&self) -> Box<str> {
        match &self.claim {
            Claim::Message(claim) => claim.covered().into(),
            Claim::Aws(claim) => {
                let mut names = String::from("method path query timestamp");
                let body = claim.needs_digest().then_some("body");
                for name in body.into_iter().chain(claim.signed_headers()) {
                    names.push(' ');
                    names.push_str(name);
                }
                names.into()
            }
        }
    }
}

/// The nonce of a signature, where it has the form of a request id that can be one.
fn nonce_of(claim: &rfc9421::Claim) -> Option<RequestId> {
    let nonce = ReceivedId::parse(claim.nonce()?.as_bytes())?;
    nonce.is_nonce().then(|| nonce.keep())
}

/// Whether a copy of the request that is left with the second signature alone would be a new one: told by a nonce of its own, or,
/// where none is signed, by a signature that a store of the adapter has not seen, since that takes one key for a request.
fn is_told_apart(config: &Compiled, facts: &Facts<'_>, first: &rfc9421::Claim, second: &rfc9421::Claim) -> bool {
    let (first, second) = (nonce_of(first), nonce_of(second));
    let is_remembered = facts.replay != Replay::Never && config.replay.store != ReplayStoreKind::None;
    let is_same = match (&first, &second) {
        (Some(first), Some(second)) => first.as_bytes() == second.as_bytes(),
        (None, None) => config.replay.store == ReplayStoreKind::Memory,
        _ => false,
    };
    is_remembered && !is_same
}

fn window_of(claim: &sigv4::Claim) -> Window {
    let (past, future) = claim.window();
    Window { past, future }
}

fn expected(config: &Compiled) -> &sigv4::Expected {
    config.standards.aws.as_ref().expect("a config that accepts signatures of AWS says what they are for")
}

fn message<H: Headers + ?Sized>(config: &Compiled, head: &Head<'_, H>) -> Result<Signature, (RefusalCode, Detail)> {
    let policy = &config.standards.messages;
    let request = rfc9421::Request::new(head, policy.url_scheme())
        .map_err(|fault| (fault.code(), Detail::MessageSignature(fault)))?;
    let claims = rfc9421::claims(policy, rfc9421::Message::Request(&request))
        .map_err(|(code, fault)| (code, Detail::MessageSignature(fault)))?;
    Ok(Signature { went_to_us: policy.is_for_us(&request), ..Signature::of(config, claims) })
}

fn aws<H: Headers + ?Sized>(config: &Compiled, head: &Head<'_, H>) -> Result<Signature, (RefusalCode, Detail)> {
    let claim =
        sigv4::Claim::read(head, expected(config)).map_err(|fault| (fault.code(), Detail::AwsSignature(fault)))?;
    // What is signed is the path in its shortest form, and a router may take another one for something else.
    if !claim.has_one_path {
        return Err((RefusalCode::MalformedRequest, Detail::AwsPath));
    }
    let place = config.aws_keys.get(claim.access_key()).copied();
    let (service, key) = place.unzip();
    Ok(Signature { claim: Claim::Aws(claim), service, key, others: Vec::new(), went_to_us: true })
}

/// A signature whose head is judged, kept until the body is complete.
pub(crate) struct Pending {
    signature: Signature,
    digests: RunningDigests,
    length: u64,
}

impl Pending {
    pub(crate) fn new(signature: Signature) -> Self {
        Self { digests: RunningDigests::new(signature.wanted()), signature, length: 0 }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.digests.put(bytes);
        self.length += bytes.len() as u64;
    }

    /// The body is complete.
    pub(crate) fn prove(self, config: &Arc<Compiled>, facts: &Facts<'_>) -> Result<(Found, Box<str>), Refusal> {
        let found = self.signature.prove(config, facts, &self.digests.finish(), self.length)?;
        Ok((found, self.signature.covered()))
    }
}
