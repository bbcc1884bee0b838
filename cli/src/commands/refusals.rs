//! `wiresign refusals`: what a code means and what to do about it.
//!
//! Numbers, names and meanings come from the contract that every language's table is generated from. What to do is
//! written here, for the person who has just seen the code in a response or a log.

use clap::Args;
use serde_json::{Value, json};
use toml::Table;

use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::{NAME, Output};

const CONTRACT: &str = include_str!("../../../conformance/contract/refusals.toml");

/// List the refusal codes, or explain one
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Refusals {
    /// The code to explain, by name or number
    code: Option<String>,
}

struct Entry {
    number: i64,
    name: String,
    /// Refusals only: a failure is no answer to a request.
    status: Option<i64>,
    class: Option<String>,
    message: Option<String>,
    meaning: String,
}

impl Refusals {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let entries = entries();
        match self.code {
            None => list(&entries, output),
            Some(wanted) => {
                let entry = entries
                    .iter()
                    .find(|entry| entry.name.eq_ignore_ascii_case(&wanted) || entry.number.to_string() == wanted)
                    .ok_or_else(|| {
                        Failure::usage(format!("There is no code {wanted:?}; `wiresign refusals` lists all of them."))
                    })?;
                explain(entry, output);
            }
        }
        Ok(Exit::Success)
    }
}

fn list(entries: &[Entry], output: &mut Output) {
    if output.is_json() {
        output.json(&entries.iter().map(Entry::to_json).collect());
        return;
    }
    for entry in entries {
        let status = entry.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let label = format!("{:<25}", entry.name);
        output.labelled(NAME, &label, format!(" {status:>3}  {}", entry.meaning));
    }
}

fn explain(entry: &Entry, output: &mut Output) {
    if output.is_json() {
        output.json(&entry.to_json());
        return;
    }
    output.labelled(NAME, &entry.name, format!(" (number {})", entry.number));
    output.line(&entry.meaning);
    if let (Some(status), Some(class), Some(message)) = (entry.status, &entry.class, &entry.message) {
        output.line(format!("The response has status {status} and says {message:?}; class {class}."));
    }
    output.line(format!("What to do: {}", advice(&entry.name)));
}

impl Entry {
    fn to_json(&self) -> Value {
        json!({
            "number": self.number,
            "name": self.name,
            "status": self.status,
            "class": self.class,
            "message": self.message,
            "meaning": self.meaning,
            "advice": advice(&self.name),
        })
    }
}

/// Refusals first, then failures, each by number.
fn entries() -> Vec<Entry> {
    let contract: Table = CONTRACT.parse().expect("the contract is TOML; a test reads it");
    ["refusal", "failure"]
        .into_iter()
        .flat_map(|kind| contract[kind].as_array().expect("the contract lists refusals and failures"))
        .map(|row| {
            let text = |member: &str| row.get(member).and_then(|value| value.as_str()).map(str::to_owned);
            let number = |member: &str| row.get(member).and_then(toml::Value::as_integer);
            Entry {
                number: number("number").expect("each code has a number"),
                name: text("name").expect("each code has a name"),
                status: number("status"),
                class: text("class"),
                message: text("message"),
                meaning: text("meaning").expect("each code has a meaning"),
            }
        })
        .collect()
}

fn advice(name: &str) -> &'static str {
    match name {
        "AUTHENTICATION_REQUIRED" => {
            "sign the request; if it is signed, see whether a proxy removes the X- headers. With \"reveal\": \"uniform\" \
             this code stands for every credential refusal, and the service's own log has the precise one."
        }
        "MISSING_SIGNATURE" => "send X-Signature; `wiresign sign` prints all headers that belong together.",
        "MISSING_TIMESTAMP" => "send the X-Timestamp that was signed.",
        "MISSING_SERVICE_ID" => "send the caller's id as X-Service-ID (cross-service: X-Service-Name).",
        "INVALID_TIMESTAMP" => "send whole seconds since 1970 in ASCII digits; milliseconds and fractions are refused.",
        "TIMESTAMP_OUTSIDE_WINDOW" => {
            "compare the clocks of both machines, sign just before sending and again for each retry; the bounds are \
             \"window\" in the configuration."
        }
        "MALFORMED_SIGNATURE" => {
            "write the signature as 64 lower-case hex digits, with v2= before each one under service-hmac-v2."
        }
        "INVALID_SIGNATURE" => {
            "compare both sides: the same secret and encoding of it; method in upper case; path and query as on the wire, \
             with the prefix that a proxy removes or adds; the body's own bytes and not JSON that was parsed and written \
             again. `wiresign sign --show-message` shows what is signed, byte for byte."
        }
        "UNKNOWN_SERVICE" => "add the caller to \"services\" where the request is verified, or correct its id.",
        "UNKNOWN_KEY" => "add the key to the service in the registry, or sign with a key that is there.",
        "KEY_NOT_VALID_NOW" => {
            "give the caller its current key; not_before, not_after and state in the registry say when a key is valid."
        }
        "ALGORITHM_NOT_ALLOWED" => "sign with the algorithm that the key is registered for.",
        "AMBIGUOUS_CREDENTIALS" => "send the headers of one scheme only.",
        "DUPLICATE_HEADER" => {
            "send each credential header once; a proxy or client that adds its own must replace and not append."
        }
        "MALFORMED_REQUEST" => {
            "send a plain path: no dot segments, no empty segments, no encoded slashes, no encoded letters, no bytes \
             outside ASCII; the detail in the service's log names the fault."
        }
        "INSUFFICIENT_COVERAGE" => "sign with service-hmac-v2, which signs the query, or call the route without one.",
        "DIGEST_MISMATCH" => "compute the digest over the bytes that are sent.",
        "REPLAYED_REQUEST" => "sign every attempt anew, retries included: a fresh request id and timestamp each time.",
        "TOKEN_EXPIRED" => "get a new token before the old one ends.",
        "INVALID_TOKEN" => "see the detail in the service's log for the claim that does not hold.",
        "TARGET_NOT_ALLOWED" => {
            "sign for the service that is called (--target), and list it in the caller's allowed_targets."
        }
        "SERVICE_NOT_ALLOWED" => "add the caller to \"services\" of the route, if it may use it.",
        "PERMISSION_DENIED" => "add a permission such as \"GET /path/**\" to the caller, if it may do this.",
        "ENVIRONMENT_NOT_ALLOWED" => "add the environment to \"environments\" of the caller, if it may act there.",
        "BODY_TOO_LARGE" => "send less, or raise limits.body_bytes.",
        "RATE_LIMITED" => "wait a minute and correct the cause of the failures before the next attempt.",
        "REPLAY_STORE_UNAVAILABLE" => "raise replay.capacity, or bring the store back, and send the request again.",
        "IDENTITY_UNAVAILABLE" => {
            "let the service reach STS of its regions, and give its middleware what asks it (in Python the option aws); then \
             send the request again."
        }
        "MISSING_NONCE" => "send the X-Request-ID that was signed.",
        "INVALID_NONCE" => "use 16 to 64 letters, digits, hyphens or underscores; a UUID is fine.",
        "MISSING_TARGET" => "send the X-Target-Service that was signed.",
        "SCHEME_NOT_ACCEPTED" => "sign with a scheme of \"accept\", or add the caller's scheme there.",
        "CONFIG_INVALID" => "run `wiresign check`; it lists every problem with its place.",
        "SIGNING_FAILED" => "give the signer what the message names: a key, a target service, a usable path.",
        "INVALID_ARGUMENT" => "correct the argument that the message names.",
        "BUFFER_TOO_SMALL" => "call again with a buffer of the size that was written.",
        "OBJECT_SPENT" => "make a new object for each request.",
        "INTERNAL" => "report it with the message and the version.",
        _ => "see docs/refusals.md.",
    }
}

#[cfg(test)]
mod tests {
    use wiresign::RefusalCode;

    use super::*;

    #[test]
    fn the_contract_and_the_core_agree() {
        let entries = entries();
        for code in RefusalCode::ALL {
            let entry = entries.iter().find(|entry| entry.number == i64::from(code.number())).expect("a known number");
            assert_eq!(entry.name, code.name());
            assert_eq!(entry.status, Some(i64::from(code.status())));
            assert_eq!(entry.message.as_deref(), Some(code.message()));
        }
        assert_eq!(entries.iter().filter(|entry| entry.status.is_some()).count(), RefusalCode::ALL.len());
    }

    #[test]
    fn every_code_has_advice_of_its_own() {
        for entry in entries() {
            assert_ne!(advice(&entry.name), advice("no such code"), "{}", entry.name);
        }
    }
}
