//! How a case ends in one binding. There is no way to end in between.

use std::fmt;

use serde::Serialize;

/// The end of one case in one binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as expected.
    Pass,
    /// At least one thing was not.
    Fail(Vec<Failure>),
    /// The case fails as the list of known failures says.
    KnownFailure(String),
    /// The driver declares that it cannot do this operation.
    Unsupported(&'static str),
    /// The driver could not be started.
    NotRun,
}

/// One thing that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Which kind of thing.
    pub kind: FailureKind,
    /// The step, from 1, where it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What was wrong, and the cause.
    pub message: String,
}

/// The kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The answer is not the one that the vector expects.
    Expectation,
    /// The answer contradicts itself or the contract.
    Consistency,
    /// The driver did not keep to the protocol, or ended, or took too long.
    Protocol,
    /// Two bindings gave different answers.
    Difference,
    /// The case is listed as a known failure, and passes.
    KnownFailurePasses,
}

impl Failure {
    /// A failure of a whole case.
    pub fn of_case(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, step: None, message: message.into() }
    }

    /// A failure of the step with this index (from 0).
    pub fn of_step(kind: FailureKind, index: usize, message: impl Into<String>) -> Failure {
        Failure { kind, step: Some(index + 1), message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(formatter, "step {step}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

impl Outcome {
    /// Adds a failure; whatever the outcome was, it is a failure now.
    pub fn add(&mut self, failure: Failure) {
        match self {
            Outcome::Fail(failures) => failures.push(failure),
            _ => *self = Outcome::Fail(vec![failure]),
        }
    }

    /// The failures, where there are some.
    pub fn failures(&self) -> &[Failure] {
        match self {
            Outcome::Fail(failures) => failures,
            _ => &[],
        }
    }

    /// One word for reports.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail(_) => "fail",
            Outcome::KnownFailure(_) => "known_failure",
            Outcome::Unsupported(_) => "unsupported",
            Outcome::NotRun => "not_run",
        }
    }
}
