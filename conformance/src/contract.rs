//! The refusal codes and failures that exist, read from `contract/refusals.toml` when the runner is built.
//!
//! The runner takes them from the file and not from the core, so that the core's own table is judged as well.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

const REFUSALS: &str = include_str!("../contract/refusals.toml");

/// What the contract says about one refusal code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status that goes with the code.
    pub status: u16,
    /// The sentence for the caller.
    pub message: String,
}

/// Every code, by its name.
#[derive(Debug)]
pub struct Contract {
    refusals: BTreeMap<String, Refusal>,
    failures: Vec<String>,
}

impl Contract {
    /// The contract that this runner was built with.
    pub fn embedded() -> &'static Contract {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| {
            let file: File =
                toml::from_str(REFUSALS).expect("contract/refusals.toml is TOML with refusals and failures");
            Contract {
                refusals: file
                    .refusal
                    .into_iter()
                    .map(|row| (row.name, Refusal { status: row.status, message: row.message }))
                    .collect(),
                failures: file.failure.into_iter().map(|row| row.name).collect(),
            }
        })
    }

    /// The refusal of this name.
    pub fn refusal(&self, code: &str) -> Option<&Refusal> {
        self.refusals.get(code)
    }

    /// Whether a failure of this name exists.
    pub fn has_failure(&self, code: &str) -> bool {
        self.failures.iter().any(|name| name == code)
    }
}

#[derive(Deserialize)]
struct File {
    refusal: Vec<RefusalRow>,
    failure: Vec<FailureRow>,
}

#[derive(Deserialize)]
struct RefusalRow {
    name: String,
    status: u16,
    message: String,
}

#[derive(Deserialize)]
struct FailureRow {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::Contract;

    #[test]
    fn knows_the_codes_of_the_file() {
        let contract = Contract::embedded();
        assert_eq!(contract.refusal("INVALID_SIGNATURE").unwrap().status, 401);
        assert!(contract.has_failure("SIGNING_FAILED"));
        assert!(contract.refusal("SIGNING_FAILED").is_none());
    }
}
