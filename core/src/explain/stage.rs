//! The stages of a verification: what was looked at in each, and how it ended.

use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    Failed,
    Skipped,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The stages in the order of most schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StageName {
    Request,
    Route,
    Path,
    Credential,
    Form,
    Coverage,
    Window,
    BodySize,
    Keys,
    Message,
    Signature,
    Policy,
    Replay,
}

impl StageName {
    pub(super) const ALL: [Self; 13] = [
        Self::Request,
        Self::Route,
        Self::Path,
        Self::Credential,
        Self::Form,
        Self::Coverage,
        Self::Window,
        Self::BodySize,
        Self::Keys,
        Self::Message,
        Self::Signature,
        Self::Policy,
        Self::Replay,
    ];

    /// The stages of a token, whose claims mean nothing before a key has signed them.
    pub(super) const OF_TOKENS: [Self; 13] = [
        Self::Request,
        Self::Route,
        Self::Path,
        Self::Credential,
        Self::Coverage,
        Self::Form,
        Self::Keys,
        Self::Message,
        Self::Signature,
        Self::Window,
        Self::BodySize,
        Self::Policy,
        Self::Replay,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Route => "route",
            Self::Path => "path",
            Self::Credential => "credential",
            Self::Form => "form",
            Self::Coverage => "coverage",
            Self::Window => "window",
            Self::BodySize => "body-size",
            Self::Keys => "keys",
            Self::Message => "message",
            Self::Signature => "signature",
            Self::Policy => "policy",
            Self::Replay => "replay",
        }
    }
}

/// One stage: its facts are names and values.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) name: StageName,
    pub(super) outcome: Outcome,
    pub(super) facts: Vec<(&'static str, Value)>,
}

impl Stage {
    pub(super) fn json(&self) -> Value {
        let facts: Map<String, Value> =
            self.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        json!({"stage": self.name.name(), "outcome": self.outcome.name(), "facts": facts})
    }

    /// The facts on one line, without the reason of the refusal: it stands above all stages.
    pub(super) fn line(&self) -> String {
        let facts = self.facts.iter().filter(|(name, _)| *name != "because");
        let facts: Vec<String> = facts.map(|(name, value)| fact(name, value)).collect();
        facts.join("; ")
    }
}

fn fact(name: &str, value: &Value) -> String {
    let name = name.replace('_', " ");
    match value {
        Value::Bool(true) => name,
        Value::Bool(false) => format!("not {name}"),
        Value::Array(items) if items.is_empty() => format!("{name}: none"),
        other => format!("{name}: {}", plain(other)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".into(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        // Names are texts and stand first.
        Value::Object(members) => {
            let named = ["part", "key"].iter().filter_map(|name| members.get(*name));
            let others = members.iter().filter(|(name, _)| *name != "part" && *name != "key").map(|(_, value)| value);
            named.chain(others).map(plain).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
