//! Checks an answer against itself and against the contract, whatever the vector expects.

use serde::Deserialize;
use serde_json::Value;

use crate::contract::Contract;
use crate::result::{ContextVerified, HttpAnswer, IdentityQuestion, Refused, StepResult, Verified};
use crate::strict_json::nullable;
use crate::vectors::Configuration;

/// What a caller is told of every credential that does not hold, where the configuration reveals no more.
const UNIFORM: &str = "AUTHENTICATION_REQUIRED";

/// How much a refusal tells the caller: the `reveal` member of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// The code itself.
    Code,
    /// Only what a caller must tell apart.
    Uniform,
}

impl Reveal {
    /// What a configuration document asks for.
    pub fn of(configuration: &Configuration) -> Reveal {
        match configuration {
            Configuration::Document(document) => Reveal::of_document(document),
            Configuration::Text(text) => {
                serde_json::from_str(text).map_or(Reveal::Code, |value| Reveal::of_document(&value))
            }
        }
    }

    /// What a configuration document asks for.
    pub fn of_document(document: &Value) -> Reveal {
        if document["reveal"] == "uniform" { Reveal::Uniform } else { Reveal::Code }
    }
}

/// Everything in the answer that cannot be.
pub fn contradictions(got: &StepResult, reveal: Reveal) -> Vec<String> {
    match got {
        StepResult::Refused(refused) => refusal_contradictions(refused, reveal),
        StepResult::Verified(verified) => verified_contradictions(verified),
        StepResult::ContextVerified(verified) => context_contradictions(verified),
        StepResult::Handshaken(handshaken) => handshaken.handshake.as_ref().map_or(Vec::new(), echo_contradictions),
        StepResult::IdentityAsked(asked) => asked.question.as_ref().map_or(Vec::new(), question_contradictions),
        StepResult::TokenAnswered(answer) => token_contradictions(answer),
        StepResult::Explained(explained)
            if explained.verdict != "OK" && Contract::embedded().refusal(&explained.verdict).is_none() =>
        {
            vec![format!("{:?} is no refusal code of the contract", explained.verdict)]
        }
        StepResult::Failed(failed) if !Contract::embedded().has_failure(&failed.code) => {
            vec![format!("{:?} is no failure code of the contract", failed.code)]
        }
        _ => Vec::new(),
    }
}

/// The body of a response to a refused request: exactly these three members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    error: String,
    code: String,
    #[serde(rename = "requestId", deserialize_with = "nullable")]
    request_id: Option<String>,
}

fn refusal_contradictions(refused: &Refused, reveal: Reveal) -> Vec<String> {
    let contract = Contract::embedded();
    let response = &refused.response;
    let mut found = Vec::new();

    let Some(row) = contract.refusal(&refused.code) else {
        return vec![format!("{:?} is no refusal code of the contract", refused.code)];
    };
    if refused.status != row.status {
        found
            .push(format!("status {} of {} is not {}, as the contract says", refused.status, refused.code, row.status));
    }
    if (response.status == 401) != response.www_authenticate.is_some() {
        let state = if response.www_authenticate.is_some() { "there" } else { "missing" };
        found.push(format!("www_authenticate is {state} on a response with status {}", response.status));
    }

    let body: Body = match serde_json::from_str(&response.body) {
        Ok(body) => body,
        Err(error) => {
            found.push(format!("the response body is not JSON with exactly error, code and requestId: {error}"));
            return found;
        }
    };
    match reveal {
        Reveal::Code if body.code != refused.code => {
            found.push(format!("the response body says {:?}, the refusal is {:?}", body.code, refused.code));
        }
        Reveal::Uniform if matches!(response.status, 400 | 401) && body.code != UNIFORM => {
            found.push(format!(
                "the response body says {:?}, where reveal is uniform and only {UNIFORM} may be said",
                body.code
            ));
        }
        _ => {}
    }
    match contract.refusal(&body.code) {
        None => found.push(format!("the response body's code {:?} is not in the contract", body.code)),
        Some(told) => {
            if response.status != told.status {
                found.push(format!(
                    "response status {} does not go with {}, which has {}",
                    response.status, body.code, told.status
                ));
            }
            if body.error != told.message {
                found.push(format!("the response body's error {:?} is not the sentence of {}", body.error, body.code));
            }
        }
    }
    if body.request_id != refused.request_id {
        found.push(format!(
            "the response body's requestId is {:?}, request_id is {:?}",
            body.request_id, refused.request_id
        ));
    }
    found
}

fn context_contradictions(verified: &ContextVerified) -> Vec<String> {
    let mut found = Vec::new();
    if !matches!(verified.matched.as_str(), "hmac-sha256" | "sha256-prefix") {
        found.push(format!("there is no form of signature {:?}", verified.matched));
    }
    if !verified.roles.windows(2).all(|pair| pair[0] < pair[1]) {
        found.push("the roles are not sorted, or one is there twice".to_owned());
    }
    found
}

/// An echo must never become a page in a browser.
fn echo_contradictions(answer: &HttpAnswer) -> Vec<String> {
    let values = |name| values(&answer.headers, name);
    let (kinds, sniffing) = (values("Content-Type"), values("X-Content-Type-Options"));
    let mut found = Vec::new();
    if !answer.body.is_empty() && !matches!(kinds[..], ["text/plain" | "application/json"]) {
        found.push(format!("the answer has a body of the types {kinds:?}"));
    }
    if !answer.body.is_empty() && sniffing != ["nosniff"] {
        found.push("the answer has a body, and lets its type be guessed".to_owned());
    }
    found
}

/// A question goes to AWS over TLS, to the host that was signed, whatever the caller wrote.
fn question_contradictions(question: &IdentityQuestion) -> Vec<String> {
    let mut found = Vec::new();
    let host = question.url.strip_prefix("https://").and_then(|rest| rest.strip_suffix('/')).unwrap_or_default();
    let is_of_aws = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    let is_name = host.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte));
    if !(host.starts_with("sts.") && is_of_aws && is_name) {
        found.push(format!("the question goes to {:?}, which is no endpoint of STS", question.url));
    }
    if values(&question.headers, "Host") != [host] {
        found.push(format!("the question for {host} has another host in its headers"));
    }
    if question.method != "POST" {
        found.push(format!("the question has the method {:?}", question.method));
    }
    found
}

/// RFC 6749, sections 5.1 and 5.2.
fn token_contradictions(answer: &HttpAnswer) -> Vec<String> {
    let mut found = Vec::new();
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let wanted = if answer.status == 200 { "access_token" } else { "error" };
    if !body[wanted].is_string() {
        found.push(format!("the answer with status {} has no {wanted}", answer.status));
    }
    if !matches!(answer.status, 200 | 400 | 401) {
        found.push(format!("a token endpoint never answers with status {}", answer.status));
    }
    if (answer.status == 401) == values(&answer.headers, "WWW-Authenticate").is_empty() {
        found.push(format!("WWW-Authenticate does not go with status {}", answer.status));
    }
    if values(&answer.headers, "Cache-Control") != ["no-store"] {
        found.push("the answer may be kept by caches".to_owned());
    }
    if values(&answer.headers, "Content-Type") != ["application/json"] {
        found.push("the answer is not said to be JSON".to_owned());
    }
    found
}

fn values<'h>(headers: &'h [(String, String)], name: &str) -> Vec<&'h str> {
    headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
}

fn verified_contradictions(verified: &Verified) -> Vec<String> {
    // The first three are always known of a caller; the others not under every scheme.
    let named = [
        ("service", verified.service.is_some(), true),
        ("key", verified.key.is_some(), true),
        ("scheme", verified.scheme.is_some(), true),
        ("age", verified.age.is_some(), false),
        ("replay_key", verified.replay_key.is_some(), false),
    ];
    let wrong =
        named.iter().filter(|(_, present, always)| if verified.public { *present } else { *always && !*present });
    wrong
        .map(|(name, present, _)| {
            let state = if *present { "there" } else { "null" };
            let route = if verified.public { "a public route, where nobody is verified" } else { "a verified request" };
            format!("{name} is {state} on {route}")
        })
        .collect()
}
