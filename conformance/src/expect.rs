//! What a test expects of a step. There are four verdicts and no fifth one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::contract::Contract;
use crate::result::{HttpAnswer, IdentityQuestion};
use crate::step::Step;
use crate::text::Text;

/// The expected verdict of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Success. Only the listed fields are compared, each exactly.
    Ok(Map<String, Value>),
    /// Refused with this code.
    Refused(String),
    /// The configuration has problems at exactly these JSON pointers.
    ConfigErrors(Vec<String>),
    /// The operation failed with this code.
    Failed(String),
}

impl Expect {
    /// Whether the step must not succeed.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Expect::Ok(_))
    }

    /// Says what is wrong with the expectation itself: a code that does not exist, a field that the step never has.
    pub fn problem(&self, step: &Step) -> Option<String> {
        match self {
            Expect::Ok(fields) => fields.iter().find_map(|(name, value)| field_problem(step, name, value)),
            Expect::Refused(code) => {
                if !step.can_be_refused() {
                    return Some(format!("the step {:?} is never refused", step.op()));
                }
                let known = Contract::embedded().refusal(code).is_some();
                (!known).then(|| format!("{code:?} is no refusal code of the contract"))
            }
            Expect::Failed(code) => {
                if !step.can_fail() {
                    return Some(format!("the step {:?} never fails", step.op()));
                }
                let known = Contract::embedded().has_failure(code);
                (!known).then(|| format!("{code:?} is no failure code of the contract"))
            }
            Expect::ConfigErrors(pointers) => {
                if pointers.is_empty() {
                    return Some("config_errors lists no pointer".to_owned());
                }
                let sorted = pointers.windows(2).all(|pair| pair[0] < pair[1]);
                (!sorted).then(|| "config_errors must be sorted and without repeats".to_owned())
            }
        }
    }
}

fn field_problem(step: &Step, name: &str, value: &Value) -> Option<String> {
    let fits = match (step, name) {
        (
            Step::Verify { .. } | Step::VerifyStream { .. },
            "service" | "key" | "scheme" | "request_id" | "route" | "replay_key",
        ) => value.is_string() || value.is_null(),
        (Step::Verify { .. } | Step::VerifyStream { .. }, "age") => value.is_i64() || value.is_null(),
        (Step::Verify { .. } | Step::VerifyStream { .. }, "retiring" | "public") => value.is_boolean(),
        (Step::Verify { .. } | Step::VerifyStream { .. }, "covered") => is_list_of_strings(value),
        (Step::Sign { .. } | Step::AnswerToken { .. }, "headers") => {
            serde_json::from_value::<Vec<(String, String)>>(value.clone()).is_ok()
        }
        (Step::AnswerToken { .. }, "status") | (Step::IssueToken { .. }, "expires" | "lifetime") => value.is_u64(),
        (Step::AnswerToken { .. }, "body") | (Step::IssueToken { .. }, "text") => value.is_string(),
        (Step::IssueToken { .. }, "permissions") => is_list_of_strings(value),
        (Step::AskIdentity { .. }, "question") => {
            value.is_null() || serde_json::from_value::<IdentityQuestion>(value.clone()).is_ok()
        }
        (Step::Sign { .. } | Step::SignContext { .. }, "message") => {
            serde_json::from_value::<Text>(value.clone()).is_ok()
        }
        (Step::SignContext { .. }, "signature") | (Step::VerifyContext { .. }, "key" | "matched") => value.is_string(),
        (Step::VerifyContext { .. }, "retiring") => value.is_boolean(),
        (Step::VerifyContext { .. }, "roles") => is_list_of_strings(value),
        (Step::Handshake { .. }, "handshake") => {
            value.is_null() || serde_json::from_value::<HttpAnswer>(value.clone()).is_ok()
        }
        (Step::Explain { .. }, "verdict") => {
            value == "OK" || value.as_str().is_some_and(|code| Contract::embedded().refusal(code).is_some())
        }
        (Step::Explain { .. }, "hints") | (Step::Check {}, "warnings") => is_list_of_strings(value),
        _ => return Some(format!("the result of {:?} has no field {name:?}", step.op())),
    };
    (!fits).then(|| format!("the expected {name:?} has the wrong type: {value}"))
}

fn is_list_of_strings(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}
