//! The judge is judged: a canary is a case with a wrong expectation, and it must fail in every binding.

use crate::outcome::{FailureKind, Outcome};
use crate::run::{BindingRun, CaseEnd, State};
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
        for (case, end) in cases.iter().zip(&binding.ends).filter(|(_, end)| !is_left_out(binding, end)) {
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

/// Whether a driver of the repository need not be asked: it cannot do the operation, and `drivers.toml` does not say that
/// it can. A driver from outside promises nothing, so what it leaves out is missed.
pub fn is_left_out(binding: &BindingRun, end: &CaseEnd) -> bool {
    let is_declared = binding.driver.named_by_hello;
    is_declared && matches!((&binding.state, &end.outcome), (State::Ran(_), Outcome::Unsupported(_)))
}
