//! Compares an answer with what the vector expects. Bytes and header order exactly, refusals by code, messages never.

use serde_json::{Map, Value};

use crate::expect::Expect;
use crate::result::{StepResult, pointers};
use crate::text::Text;

/// Nothing when the answer is the expected one, else a sentence with both.
pub fn judge(expect: &Expect, got: &StepResult) -> Option<String> {
    match (expect, got) {
        (_, StepResult::Crashed(text)) => Some(format!("expected {}, the binding crashed: {text}", verdict(expect))),
        (Expect::Ok(fields), StepResult::Signed(signed)) => {
            if let Some(headers) = fields.get("headers") {
                let got = serde_json::to_value(&signed.headers).expect("plain data is JSON");
                if *headers != got {
                    return Some(format!("headers: expected {headers}, got {got}"));
                }
            }
            message_differs(fields, &signed.message)
        }
        (Expect::Ok(fields), StepResult::ContextSigned(signed)) => {
            if let Some(signature) = fields.get("signature").filter(|signature| **signature != signed.signature) {
                return Some(format!("signature: expected {signature}, got {:?}", signed.signature));
            }
            message_differs(fields, &signed.message)
        }
        (Expect::Ok(fields), StepResult::Checked(checked)) => {
            let expected = fields.get("warnings").and_then(Value::as_array)?;
            let expected: Vec<&str> = expected.iter().filter_map(Value::as_str).collect();
            let got = pointers(&checked.warnings);
            (expected != got).then(|| format!("warnings: expected {expected:?}, got {got:?}"))
        }
        (Expect::Ok(_), StepResult::Replaced) => None,
        (
            Expect::Ok(fields),
            StepResult::Verified(_)
            | StepResult::ContextVerified(_)
            | StepResult::Handshaken(_)
            | StepResult::Explained(_)
            | StepResult::IdentityAsked(_)
            | StepResult::TokenIssued(_)
            | StepResult::TokenAnswered(_),
        ) => fields_differ(fields, &got.to_value()["ok"]),
        (Expect::Refused(code), StepResult::Refused(refused)) if *code == refused.code => None,
        (Expect::Failed(code), StepResult::Failed(failed)) if *code == failed.code => None,
        (Expect::ConfigErrors(expected), StepResult::ConfigErrors(problems)) => {
            let got = pointers(problems);
            (*expected != got).then(|| format!("config_errors: expected {expected:?}, got {got:?}"))
        }
        _ => Some(format!("expected {}, got {}", verdict(expect), answer(got))),
    }
}

/// The expected verdict in a few words.
pub fn verdict(expect: &Expect) -> String {
    match expect {
        Expect::Ok(_) => "ok".to_owned(),
        Expect::Refused(code) => format!("refused {code}"),
        Expect::Failed(code) => format!("failed {code}"),
        Expect::ConfigErrors(pointers) => format!("config_errors {pointers:?}"),
    }
}

/// The answer in a few words.
pub fn answer(got: &StepResult) -> String {
    match got {
        StepResult::Refused(refused) => format!("refused {}", refused.code),
        StepResult::Failed(failed) => format!("failed {} ({})", failed.code, failed.message),
        StepResult::ConfigErrors(problems) => {
            let listed: Vec<String> =
                problems.iter().map(|problem| format!("{:?} ({})", problem.pointer, problem.message)).collect();
            format!("config_errors {}", listed.join(", "))
        }
        StepResult::Crashed(text) => format!("crashed: {text}"),
        StepResult::Verified(_)
        | StepResult::Signed(_)
        | StepResult::Checked(_)
        | StepResult::Replaced
        | StepResult::ContextSigned(_)
        | StepResult::ContextVerified(_)
        | StepResult::Handshaken(_)
        | StepResult::Explained(_)
        | StepResult::IdentityAsked(_)
        | StepResult::TokenIssued(_)
        | StepResult::TokenAnswered(_) => format!("ok {}", got.to_value()["ok"]),
    }
}

/// Compared as bytes, whichever form they are written in.
fn message_differs(expected: &Map<String, Value>, got: &Text) -> Option<String> {
    let message = serde_json::from_value::<Text>(expected.get("message")?.clone());
    let message = message.expect("expectations are checked when they are loaded");
    (message.bytes() != got.bytes()).then(|| format!("message: expected {:?}, got {:?}", message.lossy(), got.lossy()))
}

fn fields_differ(expected: &Map<String, Value>, got: &Value) -> Option<String> {
    let different: Vec<String> = expected
        .iter()
        .filter(|(name, value)| got[name.as_str()] != **value)
        .map(|(name, value)| format!("{name}: expected {value}, got {}", got[name.as_str()]))
        .collect();
    (!different.is_empty()).then(|| different.join("; "))
}
