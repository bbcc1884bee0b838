//! What a driver answers to one step, read strictly: a missing or an unknown member is an error of the driver.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::step::Step;
use crate::strict_json::nullable;
use crate::text::Text;

/// The answer to one step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepResult {
    /// The request is genuine (or the route is public).
    Verified(Verified),
    /// The request is refused.
    Refused(Refused),
    /// The request was signed.
    Signed(Signed),
    /// The request cannot be signed.
    Failed(Failed),
    /// The configuration was read.
    Checked(Checked),
    /// The configuration was exchanged.
    Replaced,
    /// The context was signed.
    ContextSigned(ContextSigned),
    /// The context's signature holds.
    ContextVerified(ContextVerified),
    /// The request was looked at as a handshake.
    Handshaken(Handshaken),
    /// The verdict over a request was explained.
    Explained(Explained),
    /// It was said what AWS is to be asked, and its answer was taken.
    IdentityAsked(IdentityAsked),
    /// A token was issued.
    TokenIssued(TokenIssued),
    /// A request to a token endpoint was answered.
    TokenAnswered(HttpAnswer),
    /// The configuration has problems.
    ConfigErrors(Vec<Problem>),
    /// Something happened that the binding did not foresee. Never right.
    Crashed(String),
}

/// `{"ok": ...}` of `verify` and `verify_stream`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// Who called; null on a public route only.
    #[serde(deserialize_with = "nullable")]
    pub service: Option<String>,
    /// Which key matched.
    #[serde(deserialize_with = "nullable")]
    pub key: Option<String>,
    /// The scheme of the credential.
    #[serde(deserialize_with = "nullable")]
    pub scheme: Option<String>,
    /// Seconds between signing and verifying; negative when the timestamp lies in the future.
    #[serde(deserialize_with = "nullable")]
    pub age: Option<i64>,
    /// The request id.
    #[serde(deserialize_with = "nullable")]
    pub request_id: Option<String>,
    /// The pattern of the route that matched.
    #[serde(deserialize_with = "nullable")]
    pub route: Option<String>,
    /// Whether the key is on its way out.
    pub retiring: bool,
    /// Whether the route is public.
    pub public: bool,
    /// What the signature covers.
    pub covered: Vec<String>,
    /// What a second request with the same credential is recognised by.
    #[serde(deserialize_with = "nullable")]
    pub replay_key: Option<String>,
}

/// `{"refused": ...}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The code of the contract.
    pub code: String,
    /// The HTTP status of the code.
    pub status: u16,
    /// What an adapter sends to the caller.
    pub response: Response,
    /// The request id, where a readable one was received.
    #[serde(deserialize_with = "nullable")]
    pub request_id: Option<String>,
}

/// The HTTP response to a refused request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The exact text of the JSON body.
    pub body: String,
    /// The `WWW-Authenticate` header, on 401.
    #[serde(deserialize_with = "nullable")]
    pub www_authenticate: Option<String>,
}

/// `{"ok": ...}` of `sign`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The headers to set, in order.
    pub headers: Vec<(String, String)>,
    /// The bytes that were signed.
    pub message: Text,
}

/// `{"failed": ...}` of `sign` and of the steps with contexts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// The code of the contract.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// `{"ok": ...}` of `check`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    /// What works but should be looked at.
    pub warnings: Vec<Problem>,
}

/// `{"ok": ...}` of `sign_context`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextSigned {
    /// The signature in hex.
    pub signature: String,
    /// The bytes that were signed.
    pub message: Text,
}

/// `{"ok": ...}` of `verify_context`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextVerified {
    /// Which key matched.
    pub key: String,
    /// Whether the key is on its way out.
    pub retiring: bool,
    /// Which form of signature held.
    pub matched: String,
    /// The distinct roles, in the order of their bytes.
    pub roles: Vec<String>,
}

/// `{"ok": ...}` of `ask_identity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityAsked {
    /// What is to be sent to AWS; null where there is nothing to ask.
    #[serde(deserialize_with = "nullable")]
    pub question: Option<IdentityQuestion>,
}

/// A request to AWS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityQuestion {
    /// The method.
    pub method: String,
    /// Where it goes.
    pub url: String,
    /// The headers to send, in order.
    pub headers: Vec<(String, String)>,
    /// The exact text of the body.
    pub body: String,
}

/// `{"ok": ...}` of `issue_token`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenIssued {
    /// The token in compact form.
    pub text: String,
    /// The first Unix second at which it has ended.
    pub expires: u64,
    /// For how many seconds it lives.
    pub lifetime: u64,
    /// What it allows.
    pub permissions: Vec<String>,
}

/// `{"ok": ...}` of `handshake`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handshaken {
    /// What to answer; null where the request is no handshake.
    #[serde(deserialize_with = "nullable")]
    pub handshake: Option<HttpAnswer>,
}

/// The HTTP response to a handshake, or to a request for a token: `{"ok": ...}` of `answer_token`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers to set, in order.
    pub headers: Vec<(String, String)>,
    /// The exact text of the body.
    pub body: String,
}

/// `{"ok": ...}` of `explain`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// `OK`, or the code of the refusal.
    pub verdict: String,
    /// The ids of the causes that are named, in their order.
    pub hints: Vec<String>,
}

/// A problem or a warning of a configuration document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// JSON pointer to the place.
    pub pointer: String,
    /// A sentence for people.
    pub message: String,
}

impl StepResult {
    /// Reads the answer to `step`. The error says what is wrong with its form.
    pub fn read(step: &Step, value: &Value) -> Result<StepResult, String> {
        let Some((kind, content)) = single_member(value) else {
            return Err(format!("a result is an object with exactly one member, got {value}"));
        };
        let content = content.clone();
        let result = match (kind, step) {
            ("ok", Step::Verify { .. } | Step::VerifyStream { .. }) => {
                serde_json::from_value(content).map(StepResult::Verified)
            }
            ("ok", Step::Sign { .. }) => serde_json::from_value(content).map(StepResult::Signed),
            ("ok", Step::Check {}) => serde_json::from_value(content).map(StepResult::Checked),
            ("ok", Step::Replace { .. }) => serde_json::from_value(content).map(|Empty {}| StepResult::Replaced),
            ("ok", Step::SignContext { .. }) => serde_json::from_value(content).map(StepResult::ContextSigned),
            ("ok", Step::VerifyContext { .. }) => serde_json::from_value(content).map(StepResult::ContextVerified),
            ("ok", Step::Handshake { .. }) => serde_json::from_value(content).map(StepResult::Handshaken),
            ("ok", Step::Explain { .. }) => serde_json::from_value(content).map(StepResult::Explained),
            ("ok", Step::AskIdentity { .. }) => serde_json::from_value(content).map(StepResult::IdentityAsked),
            ("ok", Step::IssueToken { .. }) => serde_json::from_value(content).map(StepResult::TokenIssued),
            ("ok", Step::AnswerToken { .. }) => serde_json::from_value(content).map(StepResult::TokenAnswered),
            ("refused", _) if step.can_be_refused() => serde_json::from_value(content).map(StepResult::Refused),
            ("failed", _) if step.can_fail() => serde_json::from_value(content).map(StepResult::Failed),
            ("config_errors", _) => serde_json::from_value(content).map(StepResult::ConfigErrors),
            ("crashed", _) => serde_json::from_value(content).map(StepResult::Crashed),
            _ => return Err(format!("{kind:?} is no answer to {:?}", step.op())),
        };
        let result = result.map_err(|error| format!("the result {kind:?} of {:?}: {error}", step.op()))?;
        match &result {
            StepResult::Signed(Signed { message: Text::Plain(_), .. })
            | StepResult::ContextSigned(ContextSigned { message: Text::Plain(_), .. }) => {
                Err("the signed message must be given as {\"base64\": \"...\"}".to_owned())
            }
            StepResult::ConfigErrors(problems) if problems.is_empty() => {
                Err("\"config_errors\" lists no problem".to_owned())
            }
            _ => Ok(result),
        }
    }

    /// The answer as it stands on a driver's line.
    pub fn to_value(&self) -> Value {
        match self {
            StepResult::Verified(verified) => json!({"ok": verified}),
            StepResult::Refused(refused) => json!({"refused": refused}),
            StepResult::Signed(signed) => json!({"ok": signed}),
            StepResult::Failed(failed) => json!({"failed": failed}),
            StepResult::Checked(checked) => json!({"ok": checked}),
            StepResult::Replaced => json!({"ok": {}}),
            StepResult::ContextSigned(signed) => json!({"ok": signed}),
            StepResult::ContextVerified(verified) => json!({"ok": verified}),
            StepResult::Handshaken(handshaken) => json!({"ok": handshaken}),
            StepResult::Explained(explained) => json!({"ok": explained}),
            StepResult::IdentityAsked(asked) => json!({"ok": asked}),
            StepResult::TokenIssued(issued) => json!({"ok": issued}),
            StepResult::TokenAnswered(answer) => json!({"ok": answer}),
            StepResult::ConfigErrors(problems) => json!({"config_errors": problems}),
            StepResult::Crashed(text) => json!({"crashed": text}),
        }
    }
}

/// The pointers of some problems, sorted and without repeats: several problems may be at one place.
pub fn pointers(problems: &[Problem]) -> Vec<&str> {
    let mut pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    pointers.sort_unstable();
    pointers.dedup();
    pointers
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

fn single_member(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, content)| (name.as_str(), content))
}

#[cfg(test)]
mod tests {
    use super::StepResult;
    use crate::step::Step;
    use serde_json::{Value, json};

    fn verify_step() -> Step {
        serde_json::from_value(
            json!({"op": "verify", "now": 1, "request": {"method": "GET", "target": "/", "headers": [], "body": ""}}),
        )
        .unwrap()
    }

    fn verified() -> Value {
        json!({"ok": {"service": "a", "key": "1", "scheme": "service-hmac", "age": 0, "request_id": null, "route": null,
                      "retiring": false, "public": false, "covered": [], "replay_key": null}})
    }

    #[test]
    fn reads_what_it_writes() {
        let value = verified();
        assert_eq!(StepResult::read(&verify_step(), &value).unwrap().to_value(), value);
    }

    #[test]
    fn a_missing_null_is_not_null() {
        let mut value = verified();
        value["ok"].as_object_mut().unwrap().remove("route");
        let error = StepResult::read(&verify_step(), &value).unwrap_err();
        assert!(error.contains("missing field `route`"), "{error}");
    }

    #[test]
    fn refuses_unknown_members_and_foreign_answers() {
        let mut value = verified();
        value["ok"]["extra"] = json!(1);
        assert!(StepResult::read(&verify_step(), &value).is_err());
        for bad in
            [json!({}), json!({"ok": {}, "crashed": ""}), json!({"failed": {"code": "X", "message": ""}}), json!(1)]
        {
            assert!(StepResult::read(&verify_step(), &bad).is_err(), "{bad}");
        }
    }
}
