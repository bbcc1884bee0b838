//! `wiresign call`: signs one request and really sends it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueHint};
use serde_json::{Value, json};
use ureq::http::{self, Request, Response, Uri};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use wiresign::RefusalCode;

use super::sign::{CallerArgs, Signed};
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::input;
use crate::output::{BAD, GOOD, NAME, Output};
use crate::request::{BodyFrom, RequestArgs};

/// What is held in memory of an answer that must be known as a whole (an error, or under --json).
const MAX_HELD_BODY: u64 = 64 * 1024 * 1024;

const CERTIFICATE_ADVICE: &str = "check its certificate; --cacert names the file of a private authority";

/// Sign one request and send it, as curl would
///
/// The body of the answer goes to standard output, the status to standard error. A redirect is not followed: the
/// signature is for one URL only. A body without Content-Type is sent as application/json when it is a JSON object or
/// array, otherwise as application/octet-stream. Proxies are taken from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Call {
    /// The URL; a path is enough with --target of a service that has a url in the registry
    #[arg(value_name = "URL|PATH")]
    place: String,

    #[command(flatten)]
    caller: CallerArgs,

    #[command(flatten)]
    request: RequestArgs,

    /// Print the status line and the headers of the answer before its body
    #[arg(short, long)]
    include: bool,

    /// The longest time for the whole call
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    timeout: u32,

    /// A PEM file with the certificates to trust for https instead of the public ones
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    cacert: Option<PathBuf>,
}

impl Call {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        // What can be wrong here is found before a nonce is spent.
        let agent = agent(self.timeout, self.cacert.as_deref())?;
        let signed = self.caller.sign(self.request, self.place, None, None)?;
        let url = signed.request.url.clone().ok_or_else(|| {
            Failure::usage("Give the whole URL, or --target of a service that has a url in the registry.")
        })?;
        let request = to_http(&signed)?;
        let origin = format!("{}://{}", url.scheme, url.authority);
        let lost = |error: ureq::Error| no_answer(&origin, &error);

        let started = Instant::now();
        // A request that ought to have a body gets one, if an empty one: otherwise it would be sent in chunks.
        let wants_body = matches!(signed.request.method.as_str(), "POST" | "PUT" | "PATCH");
        let answer = if wants_body || signed.request.body_from != BodyFrom::Nowhere {
            agent.run(request.map(|()| signed.request.body.as_slice()))
        } else {
            agent.run(request)
        };
        let mut answer = answer.map_err(lost)?;
        let exit = if answer.status().is_success() { Exit::Success } else { Exit::HttpStatus };

        if output.is_json() {
            let body = held_body(&mut answer).map_err(lost)?;
            let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            output.json(&json!({
                "request": {
                    "method": signed.request.method,
                    "url": url.to_string(),
                    "headers": pairs(signed.fields()),
                },
                "status": answer.status().as_u16(),
                "headers": pairs(fields(&answer)),
                "body": text_or_base64(&body),
                "milliseconds": milliseconds,
            }));
            return Ok(exit);
        }

        let style = if exit == Exit::Success { GOOD } else { BAD };
        if self.include {
            output.labelled(style, &status_line(&answer), "");
            for (name, value) in fields(&answer) {
                output.labelled(NAME, &String::from_utf8_lossy(name), format!(": {}", String::from_utf8_lossy(value)));
            }
            output.line("");
        } else {
            output.note(format!("{style}{}{style:#}", status_line(&answer)));
        }
        if exit == Exit::Success {
            copy(&mut answer, output).map_err(|error| lost(error.into()))?;
        } else {
            let body = held_body(&mut answer).map_err(lost)?;
            output.bytes(&body);
            if let Some(code) = refusal_code(&body) {
                output.note(format!("\nnote: `wiresign refusals {}` explains the refusal.", code.name()));
            }
        }
        Ok(exit)
    }
}

fn agent(timeout: u32, cacert: Option<&Path>) -> Result<Agent, Failure> {
    let mut config = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(u64::from(timeout))))
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .user_agent(concat!("wiresign/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = cacert {
        let certificates = parse_pem(&input::read(path, "the certificates")?)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Failure::problem(format!("Save {} as PEM: {error}.", path.display())))?;
        if certificates.is_empty() {
            return Err(Failure::problem(format!("Put a PEM certificate into {}: there is none.", path.display())));
        }
        let roots = RootCerts::Specific(Arc::new(certificates));
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    Ok(config.build().new_agent())
}

/// The request for the HTTP client, after a look at whether the client will send it as it was signed.
fn to_http(signed: &Signed) -> Result<Request<()>, Failure> {
    let url = signed.request.url.as_ref().expect("the caller has looked for the URL");
    let uri: Uri =
        url.to_string().parse().map_err(|error| Failure::usage(format!("Correct the URL {url}: {error}.")))?;
    if uri.path_and_query().map(http::uri::PathAndQuery::as_str) != Some(signed.request.target.as_str()) {
        return Err(Failure::usage("Send this one with another client: the target would be changed on its way."));
    }
    let mut builder = Request::builder().method(signed.request.method.as_str()).uri(uri);
    for (name, value) in signed.fields() {
        if [&b"content-length"[..], b"transfer-encoding"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
            let name = String::from_utf8_lossy(name);
            return Err(Failure::usage(format!("Leave out -H {name}: it follows from the body.")));
        }
        builder = builder.header(name, value);
    }
    builder.body(()).map_err(|error| Failure::usage(format!("Correct the request: {error}.")))
}

fn no_answer(origin: &str, error: &ureq::Error) -> Failure {
    let advice = match error {
        ureq::Error::HostNotFound => "correct the host name",
        ureq::Error::Timeout(_) => "try again, or give it more time with --timeout",
        // An answer that is no TLS comes as an I/O error too, which only its text tells from the next one.
        ureq::Error::Io(error) if error.to_string().contains("InvalidContentType") => {
            "the service does not speak TLS there; correct the port, or write http:// where it is meant"
        }
        // A certificate that does not hold comes as an I/O error of this kind, for the TLS stream is an I/O stream.
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => CERTIFICATE_ADVICE,
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) | ureq::Error::Pem(_) => CERTIFICATE_ADVICE,
        _ => "check that the service runs and can be reached from here",
    };
    Failure::unreachable(format!("No complete answer from {origin} ({error}): {advice}."))
}

fn fields(answer: &Response<Body>) -> impl Iterator<Item = (&[u8], &[u8])> {
    answer.headers().iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
}

fn pairs<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<[Value; 2]> {
    fields.map(|(name, value)| [text_or_base64(name), text_or_base64(value)]).collect()
}

/// Text as a string; what is not UTF-8 as `{"base64": …}`.
fn text_or_base64(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({"base64": STANDARD.encode(bytes)}),
    }
}

fn status_line(answer: &Response<Body>) -> String {
    let status = answer.status();
    match status.canonical_reason() {
        Some(reason) => format!("{:?} {} {reason}", answer.version(), status.as_u16()),
        None => format!("{:?} {}", answer.version(), status.as_u16()),
    }
}

fn held_body(answer: &mut Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    answer.body_mut().with_config().limit(MAX_HELD_BODY).read_to_vec()
}

/// Hands the body on as it arrives.
fn copy(answer: &mut Response<Body>, output: &mut Output) -> std::io::Result<()> {
    let mut reader = answer.body_mut().as_reader();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(()),
            length => output.bytes(&buffer[..length]),
        }
    }
}

/// The code, where the answer is a refusal of a Wiresign service.
fn refusal_code(body: &[u8]) -> Option<RefusalCode> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    RefusalCode::from_name(answer.get("code")?.as_str()?)
}
