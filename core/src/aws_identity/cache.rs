//! What AWS has said of proofs, for as long as it holds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::fault::Fault;
use super::request::Question;

/// The most identities that are kept. Only those that stand for a service are, so strangers cannot fill this.
const MAX_KNOWN: usize = 16_384;
/// The most proofs that are remembered as refused. While they are as many, AWS is asked about no new one: so strangers cause no more than
/// this many questions in [`REFUSED_SECONDS`].
const MAX_REFUSED: usize = 1_024;
/// For how long a refusal of AWS is remembered, in seconds.
const REFUSED_SECONDS: u64 = 30;
/// For how long it is remembered that there was no answer, in seconds.
const UNANSWERED_SECONDS: u64 = 5;

/// Answers by their questions.
pub(crate) struct Identities(Mutex<Table>);

struct Table {
    known: HashMap<Question, Known, FixedState>,
    refused: HashMap<Question, Refused, FixedState>,
}

struct Known {
    arn: Arc<str>,
    /// The last second in which it counts.
    ends: u64,
}

#[derive(Clone, Copy)]
struct Refused {
    fault: Fault,
    /// The first second in which it counts no more.
    until: u64,
}

impl Identities {
    pub(crate) fn new(secret: u64) -> Self {
        let empty = || HashMap::with_hasher(FixedState::with_seed(secret));
        Self(Mutex::new(Table { known: empty(), refused: HashMap::with_hasher(FixedState::with_seed(secret)) }))
    }

    /// Who made a proof, or why nobody can say; [`Fault::Unasked`] where AWS has to be asked.
    pub(crate) fn find(&self, question: Question, now: u64) -> Result<Arc<str>, Fault> {
        let mut table = self.table();
        if let Some(known) = table.known.get(&question).filter(|known| now <= known.ends) {
            return Ok(known.arn.clone());
        }
        if let Some(refused) = table.refused.get(&question).filter(|refused| now < refused.until) {
            return Err(refused.fault);
        }
        if table.refused.len() >= MAX_REFUSED {
            table.refused.retain(|_, refused| now < refused.until);
        }
        Err(if table.refused.len() < MAX_REFUSED { Fault::Unasked } else { Fault::TooManyQuestions })
    }

    /// Takes an answer. `ends` is the last second in which the proof is good.
    pub(crate) fn keep(&self, question: Question, answer: Result<Arc<str>, Fault>, ends: u64, now: u64) {
        let mut table = self.table();
        match answer {
            Ok(arn) => {
                table.refused.remove(&question);
                table.make_room(now);
                table.known.insert(question, Known { arn, ends });
            }
            // An answer that is at hand is not lost by another one that failed.
            Err(_) if table.known.contains_key(&question) => {}
            Err(fault) if table.refused.len() < MAX_REFUSED => {
                let is_final = !matches!(fault, Fault::NoAnswer | Fault::AnswerForm | Fault::Busy);
                let until = now.saturating_add(if is_final { REFUSED_SECONDS } else { UNANSWERED_SECONDS });
                table.refused.insert(question, Refused { fault, until });
            }
            Err(_) => {}
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Drops what has ended, and where that is nothing, what ends first.
    fn make_room(&mut self, now: u64) {
        if self.known.len() < MAX_KNOWN {
            return;
        }
        self.known.retain(|_, known| now <= known.ends);
        if self.known.len() >= MAX_KNOWN
            && let Some((&first, _)) = self.known.iter().min_by_key(|(_, known)| known.ends)
        {
            self.known.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_767_225_600;

    fn question(number: usize) -> Question {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Question(bytes)
    }

    fn arn() -> Arc<str> {
        "arn:aws:sts::123456789012:assumed-role/a/b".into()
    }

    #[test]
    fn an_identity_counts_until_its_proof_ends() {
        let identities = Identities::new(7);
        assert_eq!(identities.find(question(1), NOW), Err(Fault::Unasked));
        identities.keep(question(1), Ok(arn()), NOW + 300, NOW);
        assert_eq!(identities.find(question(1), NOW), Ok(arn()));
        assert_eq!(identities.find(question(1), NOW + 300), Ok(arn()));
        assert_eq!(identities.find(question(1), NOW + 301), Err(Fault::Unasked));
        assert_eq!(identities.find(question(2), NOW), Err(Fault::Unasked));
    }

    #[test]
    fn a_refusal_is_remembered_for_a_short_time() {
        let identities = Identities::new(7);
        for (number, fault, seconds) in [(1, Fault::SignatureRefused, 30), (2, Fault::NoAnswer, 5)] {
            identities.keep(question(number), Err(fault), NOW + 300, NOW);
            assert_eq!(identities.find(question(number), NOW), Err(fault));
            assert_eq!(identities.find(question(number), NOW + seconds - 1), Err(fault));
            assert_eq!(identities.find(question(number), NOW + seconds), Err(Fault::Unasked));
        }
        identities.keep(question(1), Ok(arn()), NOW + 300, NOW);
        identities.keep(question(1), Err(Fault::NoAnswer), NOW + 300, NOW);
        assert_eq!(identities.find(question(1), NOW), Ok(arn()), "a lost answer takes nothing back");
    }

    #[test]
    fn strangers_cause_few_questions_and_take_little_memory() {
        let identities = Identities::new(7);
        identities.keep(question(0), Ok(arn()), NOW + 300, NOW);
        for number in 1..=MAX_REFUSED + 100 {
            identities.keep(question(number), Err(Fault::SignatureRefused), NOW + 300, NOW);
        }
        assert_eq!(identities.table().refused.len(), MAX_REFUSED);
        assert_eq!(identities.find(question(9_999_999), NOW), Err(Fault::TooManyQuestions));
        assert_eq!(identities.find(question(0), NOW), Ok(arn()), "who is known is not kept out");
        assert_eq!(identities.find(question(9_999_999), NOW + REFUSED_SECONDS), Err(Fault::Unasked));
        assert!(identities.table().refused.is_empty());
    }

    #[test]
    fn the_oldest_identity_makes_room() {
        let identities = Identities::new(7);
        for number in 0..=MAX_KNOWN {
            identities.keep(question(number), Ok(arn()), NOW + 300 + number as u64, NOW);
        }
        assert_eq!(identities.table().known.len(), MAX_KNOWN);
        assert_eq!(identities.find(question(0), NOW), Err(Fault::Unasked));
        assert_eq!(identities.find(question(1), NOW), Ok(arn()));
    }
}
