//! Everything that can make a call fail.

use std::fmt;

use wiresign::{ConfigErrors, ContextError, SignError};
use wiresign_host::NoRandomness;

use crate::config::Problem;
use crate::refusal::Refusal;

/// Why a call gave no result.
#[derive(Debug, uniffi::Error)]
pub enum Failure {
    /// The request was judged, and is refused.
    Refused {
        /// Why, and what to answer.
        refusal: Refusal,
    },
    /// The config document, or a set of keys for it, has problems.
    Config {
        /// All of them, in the order of the document.
        problems: Vec<Problem>,
    },
    /// What was to be signed cannot be.
    Signing {
        /// A sentence that says what is missing.
        sentence: String,
    },
    /// An argument cannot be used.
    Argument {
        /// A sentence that says what is wrong with it.
        sentence: String,
    },
    /// The object has given its verdict before, or another thread is using it.
    Spent,
    /// The system gives no randomness.
    System {
        /// A sentence of the system.
        sentence: String,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { refusal } => write!(out, "{}: {}", refusal.code, refusal.message),
            Self::Config { problems } => write!(out, "the config document has {} problems", problems.len()),
            Self::Signing { sentence } | Self::Argument { sentence } | Self::System { sentence } => {
                out.write_str(sentence)
            }
            Self::Spent => out.write_str("the verification has given its verdict, or another thread is using it"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<wiresign::Refusal> for Failure {
    fn from(refusal: wiresign::Refusal) -> Self {
        Self::Refused { refusal: (&refusal).into() }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Config { problems: errors.problems().iter().map(Problem::from).collect() }
    }
}

impl From<wiresign::Problem> for Failure {
    fn from(problem: wiresign::Problem) -> Self {
        Self::Config { problems: vec![(&problem).into()] }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Self::Signing { sentence: error.to_string() }
    }
}

impl From<ContextError> for Failure {
    fn from(error: ContextError) -> Self {
        Self::Signing { sentence: error.to_string() }
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Self {
        Self::System { sentence: error.to_string() }
    }
}
