//! What is counted of contexts.

use std::sync::atomic::{AtomicU64, Ordering};

use super::verified::{Matched, VerifiedContext};
use crate::metrics::{Counter, Metrics};
use crate::refusal::{Refusal, RefusalCode};

/// Every code that a context is refused with.
const CODES: [RefusalCode; 4] = [
    RefusalCode::MalformedSignature,
    RefusalCode::InvalidSignature,
    RefusalCode::KeyNotValidNow,
    RefusalCode::MalformedRequest,
];

/// Counts outcomes, each in a place of its own.
#[derive(Default)]
pub(super) struct Counters {
    accepted: [AtomicU64; Matched::ALL.len()],
    refused: [AtomicU64; CODES.len()],
    retiring: AtomicU64,
}

impl Counters {
    pub(super) fn count(&self, outcome: &Result<VerifiedContext, Refusal>) {
        let one = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        match outcome {
            Ok(verified) => {
                one(&self.accepted[verified.form() as usize]);
                if verified.key_is_retiring() {
                    one(&self.retiring);
                }
            }
            Err(refusal) => {
                let at = CODES.iter().position(|code| *code == refusal.code());
                one(&self.refused[at.expect("contexts are refused with these codes only")]);
            }
        }
    }

    pub(super) fn read(&self) -> Metrics {
        let counter =
            |name, labels, counter: &AtomicU64| Counter { name, labels, value: counter.load(Ordering::Relaxed) };
        let accepted = Matched::ALL
            .iter()
            .zip(&self.accepted)
            .map(|(matched, accepted)| counter(ACCEPTED, vec![("matched", matched.name())], accepted));
        let refused = CODES
            .iter()
            .zip(&self.refused)
            .map(|(code, refused)| counter(REFUSED, vec![("code", code.name())], refused));
        let retiring = counter(RETIRING, Vec::new(), &self.retiring);
        Metrics::new(&HELP, accepted.chain(refused).chain([retiring]).collect())
    }
}

const ACCEPTED: &str = "wiresign_contexts_accepted_total";
const REFUSED: &str = "wiresign_contexts_refused_total";
const RETIRING: &str = "wiresign_retiring_key_contexts_total";

const HELP: [(&str, &str); 3] = [
    (ACCEPTED, "Contexts that were accepted, by the form of signature that held."),
    (REFUSED, "Contexts that were refused, by code."),
    (RETIRING, "Accepted contexts that were signed with a retiring key."),
];
