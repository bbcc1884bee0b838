//! Verifies a request while its body arrives.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::admission::{self, Credentials, Found, Others, Signed};
use crate::config::Compiled;
use crate::credentials::Signatures;
use crate::identifier::{ReceivedId, RequestId};
use crate::judge::{self, Admission, Facts, admit, check_body_length, check_length_of_nobody, find_key};
use crate::mac::{Running, Sink, Tag};
use crate::refusal::Refusal;
use crate::request::{Head, Headers};
use crate::scheme::BuiltIn;
use crate::standard;
use crate::template::{Pending, parameter_fault};
use crate::verified::{Acceptance, Verified};
use crate::verifier::Memory;

/// A verification under way. The bytes handed over so far are **not** verified before [`BodyVerification::finish`] has
/// said so.
pub struct BodyVerification {
    config: Arc<Compiled>,
    memory: Arc<Memory>,
    client: Option<IpAddr>,
    now: u64,
    state: State,
}

enum State {
    /// Nothing is asked of the body.
    Public {
        route: usize,
    },
    /// There is no credential, and none is needed.
    Nobody {
        route: Option<usize>,
        request_id: RequestId,
        length: u64,
    },
    Claimed(Box<Kept>),
    /// The refusal was given and counted.
    Refused(Refusal),
}

/// What is kept of the head.
struct Kept {
    /// But the request id, which is kept apart.
    facts: Facts<'static>,
    request_id: RequestId,
    others: Others,
    length: u64,
    signed: KeptSigned,
}

enum KeptSigned {
    BuiltIn(BuiltInClaim),
    Template(Box<Pending>),
    Standard(Box<standard::Pending>),
    /// There is an API key, a token or an identity, and nothing that covers the body.
    Nothing,
}

struct BuiltInClaim {
    scheme: BuiltIn,
    first_signature: Tag,
    other_signatures: Vec<u8>,
    /// The claimed service id as received: some schemes sign it behind the body.
    service: Vec<u8>,
    /// One tag in the making per key of the service; as many with the dummy key where the service is not known.
    running: Vec<Running>,
}

impl BodyVerification {
    pub(crate) fn begin<H: Headers + ?Sized>(
        config: &Arc<Compiled>,
        memory: &Arc<Memory>,
        head: &Head<'_, H>,
        now: u64,
    ) -> Result<Self, Refusal> {
        let state = admit(config, head, now, |admission| match admission {
            Admission::Public { route } => Ok(State::Public { route }),
            Admission::Claimed(claimed) => {
                claimed.look_up_permission(config);
                memory.check_failures(&claimed.facts, config, head.client)?;
                let signed = KeptSigned::BuiltIn(BuiltInClaim::new(config, claimed));
                Ok(State::Claimed(Box::new(Kept::new(&claimed.facts, Others::default(), signed))))
            }
            Admission::Entered(entered) => admission::admit(config, head, entered, now, memory, |credentials| {
                let Some(Credentials { signed, facts, api_key, token, identity }) = credentials else {
                    let request_id = entered.request_id.keep();
                    return Ok(State::Nobody { route: entered.route, request_id, length: 0 });
                };
                let signed = match signed {
                    Signed::BuiltIn(claimed) => KeptSigned::BuiltIn(BuiltInClaim::new(config, claimed)),
                    Signed::Template(claim) => {
                        let keys = (0..facts.keys).map(|at| admission::key_in_use(config, facts, Some(at)));
                        let needs_mark = admission::needs_mark(config, facts);
                        KeptSigned::Template(Box::new(Pending::new(claim, keys, needs_mark)))
                    }
                    Signed::Standard(signature) => {
                        KeptSigned::Standard(Box::new(standard::Pending::new(signature.clone())))
                    }
                    Signed::Nothing => KeptSigned::Nothing,
                };
                let others = Others { api_key, token, identity, ..Others::default() };
                Ok(State::Claimed(Box::new(Kept::new(facts, others, signed))))
            }),
        })?;
        Ok(Self { config: config.clone(), memory: memory.clone(), client: head.client, now, state })
    }

    /// Whether the body decides. `false` on a public route, and on an optional one where the request carries no credential:
    /// there it can be passed on unread.
    pub fn needs_body(&self) -> bool {
        !matches!(self.state, State::Public { .. } | State::Nobody { .. })
    }

    /// Takes the length that the head declares (`Content-Length`), so that a body that is too long need not be read. What
    /// needs no body may have one of any length, as long as it is passed on unread.
    ///
    /// # Errors
    /// `BODY_TOO_LARGE`. Each later call gives the same refusal.
    pub fn declare_length(&mut self, bytes: u64) -> Result<(), Refusal> {
        match &mut self.state {
            State::Claimed(kept) => {
                let length = bytes.max(kept.length);
                let outcome = check_body_length(&self.config, &kept.facts(), length);
                self.stop(outcome)
            }
            State::Refused(refusal) => Err(refusal.clone()),
            State::Public { .. } | State::Nobody { .. } => Ok(()),
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// `BODY_TOO_LARGE`, as soon as the limit is passed; on a public route never. Each later call gives the same refusal.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let more = bytes.len() as u64;
        let outcome = match &mut self.state {
            State::Claimed(kept) => {
                kept.length = kept.length.saturating_add(more);
                check_body_length(&self.config, &kept.facts(), kept.length)
            }
            State::Nobody { request_id, length, .. } => {
                *length = length.saturating_add(more);
                check_length_of_nobody(&self.config, request_id.lend(), *length)
            }
            State::Refused(refusal) => return Err(refusal.clone()),
            State::Public { .. } => return Ok(()),
        };
        self.stop(outcome)?;
        if let State::Claimed(kept) = &mut self.state {
            match &mut kept.signed {
                KeptSigned::BuiltIn(claim) => claim.running.iter_mut().for_each(|running| running.put(bytes)),
                KeptSigned::Template(pending) => pending.update(bytes),
                KeptSigned::Standard(pending) => pending.update(bytes),
                KeptSigned::Nothing => {}
            }
        }
        Ok(())
    }

    /// Counts a refusal, and keeps it for all later calls.
    fn stop(&mut self, outcome: Result<(), Refusal>) -> Result<(), Refusal> {
        outcome.inspect_err(|refusal| {
            self.memory.counters.count_refusal(refusal);
            self.state = State::Refused(refusal.clone());
        })
    }

    /// Judges the request, now that the body is complete.
    ///
    /// # Errors
    /// The refusal, with a stable code.
    pub fn finish(self) -> Result<Verified, Refusal> {
        let outcome = match self.state {
            State::Refused(refusal) => return Err(refusal),
            State::Public { route } => Ok(Acceptance::of_nobody(Some(route))),
            State::Nobody { route, .. } => Ok(Acceptance::of_nobody(route)),
            State::Claimed(kept) => kept.judge(&self.config, &self.memory),
        };
        self.memory.note(&self.config, &outcome, self.client, self.now);
        outcome.map(|acceptance| Verified::new(self.config, acceptance))
    }
}

impl Kept {
    fn new(facts: &Facts<'_>, others: Others, signed: KeptSigned) -> Self {
        let request_id = facts.request_id.keep();
        Self { facts: facts.with_request_id(ReceivedId::NONE), request_id, others, length: 0, signed }
    }

    fn facts(&self) -> Facts<'_> {
        self.facts.with_request_id(self.request_id.lend())
    }

    fn judge(mut self, config: &Arc<Compiled>, memory: &Memory) -> Result<Acceptance, Refusal> {
        let signed = std::mem::replace(&mut self.signed, KeptSigned::Nothing);
        let mut others = std::mem::take(&mut self.others);
        let facts = self.facts();
        let found = match signed {
            KeptSigned::BuiltIn(claim) => claim.prove(config, &facts)?.into(),
            KeptSigned::Nothing => Found::nothing(others.api_key),
            KeptSigned::Standard(pending) => {
                let (found, covered) = pending.prove(config, &facts)?;
                others.covered = covered;
                found
            }
            KeptSigned::Template(pending) => {
                let complete = pending
                    .complete()
                    .map_err(|fault| admission::refuse_claim(config, &facts, parameter_fault(fault)))?;
                let found = admission::find_signatures(config, &facts, complete.is_one, |key| {
                    complete.check(key.unwrap_or(0), admission::key_in_use(config, &facts, key))
                })?;
                admission::check_digest(config, &facts, complete.is_right_body)?;
                match complete.mark {
                    Some(mark) => found.with_mark(mark),
                    None => found,
                }
            }
        };
        admission::conclude_all(config, &facts, others, &found, &memory.replay)
    }
}

impl BuiltInClaim {
    fn new(config: &Compiled, claimed: &judge::Claimed<'_>) -> Self {
        let (facts, scheme) = (&claimed.facts, claimed.claim.scheme);
        let mut running: Vec<Running> = match facts.service {
            Some(service) => config.services[service].keys.iter().map(|key| key.mac.start()).collect(),
            None => (0..facts.keys).map(|_| config.dummy_key.start()).collect(),
        };
        let fields = claimed.fields();
        running.iter_mut().for_each(|running| scheme.put_before_body(&fields, running));
        Self {
            scheme,
            first_signature: claimed.claim.signatures.first,
            other_signatures: claimed.claim.signatures.others.to_vec(),
            service: fields.service.to_vec(),
            running,
        }
    }

    fn prove(self, config: &Arc<Compiled>, facts: &Facts<'_>) -> Result<(usize, Tag), Refusal> {
        let finish = |mut running: Running| {
            self.scheme.put_after_body(&self.service, &mut running);
            running.finish()
        };
        let tags: Vec<Tag> = self.running.into_iter().map(finish).collect();
        let signatures = Signatures { first: self.first_signature, others: &self.other_signatures };
        find_key(config, facts, |key| {
            let tag = tags[key.unwrap_or(0)];
            signatures.hold(&tag).then_some(tag)
        })
    }
}

impl fmt::Debug for BodyVerification {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BodyVerification").field("needs_body", &self.needs_body()).finish_non_exhaustive()
    }
}
