//! Verifies a request while its body arrives.

use std::fmt;
use std::sync::Arc;

use crate::config::Compiled;
use crate::credentials::Signatures;
use crate::identifier::{ReceivedId, RequestId};
use crate::judge::{Admission, Facts, check_body_length, conclude, find_key};
use crate::mac::{Running, Sink, Tag};
use crate::refusal::Refusal;
use crate::verified::Verified;
use crate::verifier::Memory;

/// A verification under way. The bytes handed over so far are **not** verified before [`BodyVerification::finish`] has
/// said so.
pub struct BodyVerification {
    config: Arc<Compiled>,
    memory: Arc<Memory>,
    state: State,
}

enum State {
    Public {
        route: usize,
    },
    Claimed(Box<Claimed>),
    /// The refusal was given and counted.
    Refused(Refusal),
}

struct Claimed {
    /// But the request id, which is kept apart.
    facts: Facts<'static>,
    request_id: RequestId,
    first_signature: Tag,
    other_signatures: Vec<u8>,
    /// The claimed service id as received: some schemes sign it behind the body.
    service: Vec<u8>,
    /// One tag in the making per key of the service; as many with the dummy key where the service is not known.
    running: Vec<Running>,
    length: u64,
}

impl BodyVerification {
    pub(crate) fn new(config: Arc<Compiled>, memory: Arc<Memory>, admission: &Admission<'_>) -> Self {
        let state = match admission {
            Admission::Public { route } => State::Public { route: *route },
            Admission::Claimed(claimed) => {
                let facts = claimed.facts;
                let mut running: Vec<Running> = match facts.service {
                    Some(service) => config.services[service].keys.iter().map(|key| key.mac.start()).collect(),
                    None => (0..facts.keys).map(|_| config.dummy_key.start()).collect(),
                };
                let fields = claimed.fields();
                running.iter_mut().for_each(|running| facts.scheme.put_before_body(&fields, running));
                State::Claimed(Box::new(Claimed {
                    facts: facts.with_request_id(ReceivedId::NONE),
                    request_id: facts.request_id.keep(),
                    first_signature: claimed.claim.signatures.first,
                    other_signatures: claimed.claim.signatures.others.to_vec(),
                    service: fields.service.to_vec(),
                    running,
                    length: 0,
                }))
            }
        };
        Self { config, memory, state }
    }

    /// Whether the body decides. `false` on a public route, where it can be passed on unread.
    pub fn needs_body(&self) -> bool {
        !matches!(self.state, State::Public { .. })
    }

    /// Takes the length that the head declares (`Content-Length`), so that a body that is too long need not be read.
    ///
    /// # Errors
    /// `BODY_TOO_LARGE`. Each later call gives the same refusal.
    pub fn declare_length(&mut self, bytes: u64) -> Result<(), Refusal> {
        self.bound(|claimed| bytes.max(claimed.length))
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// `BODY_TOO_LARGE`, as soon as the limit is passed. Each later call gives the same refusal.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.bound(|claimed| {
            claimed.length = claimed.length.saturating_add(bytes.len() as u64);
            claimed.length
        })?;
        if let State::Claimed(claimed) = &mut self.state {
            claimed.running.iter_mut().for_each(|running| running.put(bytes));
        }
        Ok(())
    }

    fn bound(&mut self, length: impl FnOnce(&mut Claimed) -> u64) -> Result<(), Refusal> {
        let claimed = match &mut self.state {
            State::Public { .. } => return Ok(()),
            State::Refused(refusal) => return Err(refusal.clone()),
            State::Claimed(claimed) => claimed,
        };
        let length = length(claimed);
        check_body_length(&self.config, &claimed.facts(), length).inspect_err(|refusal| {
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
            State::Public { route } => Ok(Verified::new(self.config, Some(route), None)),
            State::Claimed(claimed) => claimed.judge(&self.config, &self.memory),
        };
        self.memory.counters.count(&outcome);
        outcome
    }
}

impl Claimed {
    fn facts(&self) -> Facts<'_> {
        self.facts.with_request_id(self.request_id.lend())
    }

    fn judge(mut self, config: &Arc<Compiled>, memory: &Memory) -> Result<Verified, Refusal> {
        let running = std::mem::take(&mut self.running);
        let facts = self.facts();
        let tags: Vec<Tag> = running
            .into_iter()
            .map(|mut running| {
                facts.scheme.after_body(&self.service).into_iter().for_each(|piece| running.put(piece));
                running.finish()
            })
            .collect();
        let signatures = Signatures { first: self.first_signature, others: &self.other_signatures };
        let (key, tag) = find_key(config, &facts, |key| tags[key.unwrap_or(0)], |tag| signatures.hold(tag))?;
        conclude(config, &facts, key, &tag, &memory.replay)
    }
}

impl fmt::Debug for BodyVerification {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BodyVerification").field("needs_body", &self.needs_body()).finish_non_exhaustive()
    }
}
