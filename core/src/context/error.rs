//! Why a context cannot be signed.

use std::fmt;

use super::canonical::ContextFault;
use crate::refusal::FailureCode;

/// Why a context cannot be signed, or a config cannot be used for contexts. Displays as a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextError {
    /// The config has no keys for contexts.
    NoKeys,
    /// The tenant or the roles cannot be signed.
    InvalidContext(&'static str),
    /// No key for contexts is valid at that time.
    NoValidKey,
}

impl ContextError {
    /// The stable code of all failures to sign.
    pub fn code(&self) -> FailureCode {
        FailureCode::SigningFailed
    }
}

impl From<ContextFault> for ContextError {
    fn from(fault: ContextFault) -> Self {
        Self::InvalidContext(fault.sentence())
    }
}

impl fmt::Display for ContextError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoKeys => {
                "the config has no keys for contexts; add \"contexts\": {\"keys\": [{\"secret\": \"env:NAME\"}]}"
            }
            Self::InvalidContext(why) => why,
            Self::NoValidKey => "no key for contexts is valid at this time; add a key that is",
        })
    }
}

impl std::error::Error for ContextError {}
