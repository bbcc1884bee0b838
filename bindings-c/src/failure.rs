//! Everything that can make a call fail.

use wiresign::{ConfigErrors, ContextError, FailureCode, Problem, Refusal, SignError};
use wiresign_host::NoRandomness;

use crate::{about, codes};

/// Why an export gives another status than success.
pub(crate) enum Failure {
    /// The request was judged, and is refused.
    Refused(Refusal),
    /// The configuration document, or a set of keys for it, has problems.
    Config(Vec<Problem>),
    /// The request cannot be signed.
    Signing(SignError),
    /// The context cannot be signed, or the configuration has no keys for contexts.
    Context(ContextError),
    /// An argument cannot be used. The text begins with the name that the argument has in the header.
    Argument(String),
    /// A buffer of the caller is too small; what it has to hold was written.
    TooSmall(String),
    /// The object was finished before.
    Spent(&'static str),
    /// A defect of this library.
    Internal(String),
}

impl Failure {
    /// The status of the call.
    pub(crate) fn code(&self) -> i32 {
        match self {
            Self::Refused(refusal) => refusal.code().number(),
            Self::Config(_) => codes::WIRESIGN_CONFIG_INVALID,
            Self::Signing(_) | Self::Context(_) => codes::WIRESIGN_SIGNING_FAILED,
            Self::Argument(_) => codes::WIRESIGN_INVALID_ARGUMENT,
            Self::TooSmall(_) => codes::WIRESIGN_BUFFER_TOO_SMALL,
            Self::Spent(_) => codes::WIRESIGN_OBJECT_SPENT,
            Self::Internal(_) => codes::WIRESIGN_INTERNAL,
        }
    }

    /// An argument that cannot be used: its name in the header, and what is wrong with it.
    pub(crate) fn argument(name: &str, problem: impl std::fmt::Display) -> Self {
        Self::Argument(format!("{name}: {problem}"))
    }

    /// What a defect of this library says to everyone; the detail is for the operator.
    pub(crate) fn internal_message() -> &'static str {
        about::meaning(FailureCode::Internal)
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Config(errors.problems().to_vec())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Config(vec![problem])
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Self::Signing(error)
    }
}

impl From<ContextError> for Failure {
    fn from(error: ContextError) -> Self {
        Self::Context(error)
    }
}
