//! `wiresign verify`: judges one request as a service would.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use wiresign::{Refusal, Verified, Verifier};

use crate::config::ConfigArgs;
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::input;
use crate::output::{BAD, GOOD, NAME, Output};
use crate::raw_message::RawMessage;
use crate::request::{BodyFrom, Request, RequestArgs};

/// Verify one request, from flags or as a raw HTTP message
///
/// The configuration is that of the service that receives the request. The verdict of a service can differ in one
/// point: this command has seen no earlier request, so it never finds a replay.
///
/// A raw message is a request line, headers, an empty line and the body. Content-Length or chunked encoding ends the
/// body; with neither it goes to the end of the file.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Verify {
    #[command(flatten)]
    config: ConfigArgs,

    /// The target as received (/path?query), or a URL that has it
    #[arg(value_name = "TARGET")]
    place: Option<String>,

    #[command(flatten)]
    request: RequestArgs,

    /// The file that holds a raw HTTP/1.1 request; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "place", value_hint = ValueHint::FilePath)]
    raw: Option<PathBuf>,

    /// The time of arrival in seconds since 1970; the clock when left out
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
}

impl Verify {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        if self.place.is_none() && self.raw.is_none() {
            return Err(Failure::usage("Give the target as received, or --raw and a file with the whole request."));
        }
        let config = self.config.require()?;
        let request = match self.raw {
            Some(path) => {
                if !self.request.is_empty() {
                    return Err(Failure::usage("Leave out -X, -H and --body: a raw message has everything."));
                }
                let raw = RawMessage::parse(&input::read(&path, "the message")?).map_err(Failure::problem)?;
                if raw.surplus > 0 {
                    output.note(format!("note: {} after the end of the body are ignored.", bytes(raw.surplus)));
                }
                Request {
                    method: raw.method,
                    url: None,
                    target: raw.target,
                    headers: raw.headers,
                    body: raw.body,
                    body_from: BodyFrom::File(path),
                }
            }
            None => self.request.into_request(self.place.unwrap_or_default())?,
        };
        let now = self.now.unwrap_or_else(wiresign_host::now);
        match Verifier::new(&config).verify(&request.head(), &request.body, now) {
            Ok(verified) => {
                accepted(&verified, output);
                Ok(Exit::Success)
            }
            Err(refusal) => {
                refused(&refusal, output);
                Ok(Exit::Refused)
            }
        }
    }
}

fn bytes(number: usize) -> String {
    if number == 1 { "1 byte".to_owned() } else { format!("{number} bytes") }
}

pub(super) fn accepted(verified: &Verified, output: &mut Output) {
    let covered: Vec<&str> = verified.covered().collect();
    if output.is_json() {
        output.json(&json!({
            "accepted": true,
            "public": verified.is_public(),
            "service": verified.service(),
            "scheme": verified.scheme(),
            "key": verified.key_id(),
            "key_is_retiring": verified.key_is_retiring(),
            "timestamp": verified.timestamp(),
            "age": verified.age(),
            "request_id": verified.request_id(),
            "request_id_is_signed": verified.request_id_is_signed(),
            "route": verified.route(),
            "covered": covered,
            "subject": verified.subject(),
            "tenant": verified.tenant(),
            "token_expires": verified.token_expires(),
            "claims": verified.claims().and_then(|claims| serde_json::from_str::<Value>(claims).ok()),
            "replay_key": verified.replay_key(),
        }));
        return;
    }
    if verified.is_public() {
        output.labelled(
            GOOD,
            "accepted",
            ": the route is public, or optional and no credential was sent; nothing is known of the caller.",
        );
    } else {
        output.labelled(GOOD, "accepted", "");
    }
    let retiring = if verified.key_is_retiring() { " (retiring: replace it)" } else { "" };
    let signed = if verified.request_id_is_signed() { "" } else { " (not signed)" };
    let rows = [
        ("service", verified.service().map(str::to_owned)),
        ("scheme", verified.scheme().map(str::to_owned)),
        ("key", verified.key_id().map(|id| format!("{id}{retiring}"))),
        ("subject", verified.subject().map(str::to_owned)),
        ("tenant", verified.tenant().map(str::to_owned)),
        ("expires", verified.token_expires().map(|time| time.to_string())),
        ("age", verified.age().map(|age| format!("{age} s"))),
        ("request id", verified.request_id().map(|id| format!("{id}{signed}"))),
        ("route", verified.route().map(str::to_owned)),
        ("covered", (!covered.is_empty()).then(|| covered.join(", "))),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            output.labelled(NAME, &format!("  {name:<11}"), value);
        }
    }
}

pub(super) fn refused(refusal: &Refusal, output: &mut Output) {
    let code = refusal.code();
    if output.is_json() {
        let response = refusal.response();
        output.json(&json!({
            "accepted": false,
            "code": code.name(),
            "number": code.number(),
            "status": refusal.status(),
            "message": refusal.message(),
            "detail": refusal.detail(),
            "service": refusal.service(),
            "request_id": refusal.request_id(),
            "response": {
                "status": response.status,
                "code": response.code.name(),
                "www_authenticate": response.www_authenticate,
                "body": response.body,
            },
        }));
        return;
    }
    output.labelled(BAD, "refused", format!(": {} (status {})", code.name(), refusal.status()));
    output.labelled(NAME, "  message ", refusal.message());
    output.labelled(NAME, "  detail  ", refusal.detail());
    output.labelled(NAME, "  explain ", format!("wiresign refusals {}", code.name()));
}
