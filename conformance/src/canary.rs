//! The judge is judged: a canary is a case with a wrong expectation, and it must fail in every binding.

use crate::outcome::{FailureKind, Outcome};
use crate::run::{BindingRun, State};
use crate::vectors::Case;

/// A canary that was not caught, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The binding.
    pub binding: String,
    /// The id of the canary.
    pub id: String,
    /// What happened instead of a failed expectation.
    pub reason: String,
}

/// The canaries that were not caught. Caught is only what failed because of its expectation: a driver that crashes
/// fails every case, and proves nothing about the judge.
pub fn missed(cases: &[Case], bindings: &[BindingRun]) -> Vec<Missed> {
    let mut missed = Vec::new();
    for binding in bindings {
        for (case, end) in cases.iter().zip(&binding.ends) {
            let reason = match (&binding.state, &end.outcome) {
                (State::NotRun(cause) | State::Broken(cause), _) => cause.clone(),
                (_, Outcome::Fail(failures)) => {
                    if failures.iter().all(|failure| failure.kind == FailureKind::Expectation) {
                        continue;
                    }
                    failures[0].to_string()
                }
                (_, Outcome::Unsupported(capability)) => format!("the driver does not declare {capability}"),
                (_, outcome) => format!("it ended as {}", outcome.word()),
            };
            missed.push(Missed { binding: binding.driver.name.clone(), id: case.id.clone(), reason });
        }
    }
    missed
}
