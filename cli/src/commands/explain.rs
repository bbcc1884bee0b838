//! `wiresign explain`: why a request is accepted or refused, and what probably went wrong.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::Value;
use wiresign::{Explanation, Verifier};

use crate::config::ConfigArgs;
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::{BAD, GOOD, Output};
use crate::raw_message::RawMessage;
use crate::request::{BodyFrom, Request, RequestArgs};
use crate::{curl, input};

/// Explain why a request is accepted or refused, and name the probable cause
///
/// Goes through the verification stage by stage, and where the signature is wrong tries the usual causes one by one: a body
/// that was written anew, a path without its prefix, a key read in another way, a clock that is wrong, and a hundred more.
/// A cause is "proved" where the signature is right without it, and "likely" where the request only looks like it.
///
/// The configuration is that of the service that receives the request. No secret and no expected signature is shown.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Explain {
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

    /// A curl command line as one argument, as in --curl 'curl -d @body http://…'; - for standard input
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["place", "raw"], allow_hyphen_values = true)]
    curl: Option<String>,

    /// The time of arrival in seconds since 1970; the clock when left out
    #[arg(long, alias = "at", value_name = "SECONDS")]
    now: Option<u64>,
}

impl Explain {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        if self.place.is_none() && self.raw.is_none() && self.curl.is_none() {
            return Err(Failure::usage(
                "Give the target as received, --raw and a file with the whole request, or --curl and a command line.",
            ));
        }
        let config = self.config.require()?;
        let has_flags = !self.request.is_empty();
        let whole = |what| Failure::usage(format!("Leave out -X, -H and --body: {what} has everything."));
        let request = match (self.raw, self.curl) {
            (Some(_), _) if has_flags => return Err(whole("a raw message")),
            (_, Some(_)) if has_flags => return Err(whole("the curl command line")),
            (Some(path), _) => raw(path, output)?,
            (None, Some(line)) if line == "-" => {
                curl::parse(&input::read_text(&PathBuf::from("-"), "the curl command line")?)?
            }
            (None, Some(line)) => curl::parse(&line)?,
            (None, None) => self.request.into_request(self.place.unwrap_or_default())?,
        };
        let now = self.now.unwrap_or_else(wiresign_host::now);
        let explanation = Verifier::new(&config).explain(&request.head(), &request.body, now);
        show(&explanation, output);
        Ok(if explanation.verdict() == "OK" { Exit::Success } else { Exit::Refused })
    }
}

fn raw(path: PathBuf, output: &mut Output) -> Result<Request, Failure> {
    let raw = RawMessage::parse(&input::read(&path, "the message")?).map_err(Failure::problem)?;
    if raw.surplus > 0 {
        output.note(format!("note: {} bytes after the end of the body are ignored.", raw.surplus));
    }
    Ok(Request {
        method: raw.method,
        url: None,
        target: raw.target,
        headers: raw.headers,
        body: raw.body,
        body_from: BodyFrom::File(path),
    })
}

fn show(explanation: &Explanation, output: &mut Output) {
    if output.is_json() {
        let document: Value = serde_json::from_str(&explanation.json()).expect("an explanation is JSON");
        output.json(&document);
        return;
    }
    let text = explanation.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    match first.split_once(':') {
        Some((word, code)) => output.labelled(BAD, word, format!(":{code}")),
        None => output.labelled(GOOD, first, ""),
    }
    output.line(rest.trim_end());
}
