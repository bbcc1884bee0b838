//! `wiresign token`: issues, shows and verifies JSON Web Tokens.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand, ValueHint};
use serde_json::{Value, json};
use wiresign::{Head, Signer, TokenIssuer, TokenRequest, Verifier};

use super::verify;
use crate::config::{ConfigArgs, Role};
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::input;
use crate::output::{BAD, GOOD, NAME, Output};
use crate::request::RequestArgs;

/// Issue, show and verify JSON Web Tokens
///
/// A token is read from standard input or a file, never from an argument: whoever sees it can use it.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Token {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Issue(Issue),
    Show(Show),
    Verify(Verify),
}

/// Issue a token with the service's own key and print it
///
/// Without --subject it is about the service itself, as requests of "sign_with": "jwt" carry it. With --subject it is what a
/// token endpoint gives that service.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
struct Issue {
    #[command(flatten)]
    config: ConfigArgs,

    /// The service that the token is for
    #[arg(short, long, value_name = "SERVICE")]
    target: String,

    /// Issue as another service of the registry than the one that the configuration is for
    #[arg(long = "as", value_name = "SERVICE")]
    issuer: Option<String>,

    /// The service that the token is about
    #[arg(long, value_name = "SERVICE")]
    subject: Option<String>,

    /// For how many seconds, at most the "lifetime" of the configuration
    #[arg(long, value_name = "SECONDS", requires = "subject")]
    lifetime: Option<u64>,

    /// A permission of the subject that the token holds, as 'GET /path/**'; may be repeated; all of them when left out
    #[arg(long = "permission", value_name = "PATTERN", requires = "subject")]
    permissions: Vec<String>,

    /// The tenant that the token names
    #[arg(long, value_name = "NAME", requires = "subject")]
    tenant: Option<String>,

    /// The time of issuing in seconds since 1970; the clock when left out
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,

    /// The token's id (jti); a random UUID when left out
    #[arg(long, value_name = "TEXT")]
    id: Option<String>,
}

/// Show what a token says, without verifying it
///
/// The signature is not shown, so what is printed cannot be used as the token.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
struct Show {
    /// The file that holds the token, with or without "Bearer" before it; - for standard input
    #[arg(value_name = "FILE", default_value = "-", value_hint = ValueHint::FilePath)]
    token: PathBuf,

    /// The time to compare with in seconds since 1970; the clock when left out
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
}

/// Verify a token as a service would, in a request to TARGET
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
struct Verify {
    #[command(flatten)]
    config: ConfigArgs,

    /// Where the request goes that carries the token (/path?query): permissions and routes depend on it
    #[arg(value_name = "TARGET")]
    place: String,

    #[command(flatten)]
    request: RequestArgs,

    /// The file that holds the token, with or without "Bearer" before it; - for standard input
    #[arg(long, value_name = "FILE", default_value = "-", value_hint = ValueHint::FilePath)]
    token: PathBuf,

    /// The time of arrival in seconds since 1970; the clock when left out
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
}

impl Token {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self.command {
            Command::Issue(command) => command.run(output),
            Command::Show(command) => command.run(output),
            Command::Verify(command) => command.run(output),
        }
    }
}

impl Issue {
    fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let now = self.now.unwrap_or_else(wiresign_host::now);
        let id = self.id.clone().map_or_else(wiresign_host::request_id_string, Ok)?;
        let text = match &self.subject {
            Some(subject) => self.about(subject, now, &id)?,
            None => self.about_itself(now, &id)?,
        };
        if output.is_json() {
            let decoded = Decoded::read(&text)?;
            output.json(&json!({"token": text, "expires": decoded.claims["exp"], "claims": decoded.claims}));
        } else {
            output.line(text);
            output.note("note: whoever has this token can use it until it ends.");
        }
        Ok(Exit::Success)
    }

    fn about(&self, subject: &str, now: u64, id: &str) -> Result<String, Failure> {
        let config = self.config.require_as(Role { service: self.issuer.as_deref(), ..Role::default() })?;
        let permissions: Vec<&str> = self.permissions.iter().map(String::as_str).collect();
        let request = TokenRequest {
            lifetime: self.lifetime,
            permissions: (!permissions.is_empty()).then_some(&permissions),
            tenant: self.tenant.as_deref(),
            ..TokenRequest::new(subject, &self.target)
        };
        Ok(TokenIssuer::new(&config)?.issue(&request, now, id)?.text().to_owned())
    }

    fn about_itself(&self, now: u64, id: &str) -> Result<String, Failure> {
        let config = self.config.require_as(Role { service: self.issuer.as_deref(), scheme: Some("jwt") })?;
        let none: &[(&str, &str)] = &[];
        let signer = Signer::new(&config, Some(&self.target))?;
        let signed = signer.sign(&Head::new(b"GET", b"/", none), b"", now, id)?;
        let (_, value) = signed.iter().next().expect("a token is one header");
        Ok(bare(value).to_owned())
    }
}

impl Show {
    fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let text = input::read_text(&self.token, "the token")?;
        let decoded = Decoded::read(bare(&text))?;
        let now = self.now.unwrap_or_else(wiresign_host::now);
        let expires = decoded.claims["exp"].as_u64();
        if output.is_json() {
            output.json(&json!({
                "verified": false,
                "header": decoded.header,
                "claims": decoded.claims,
                "expired": expires.map(|end| end <= now),
            }));
            return Ok(Exit::Success);
        }
        for (part, members) in [("header", &decoded.header), ("claims", &decoded.claims)] {
            output.labelled(NAME, part, "");
            for (name, value) in members.as_object().into_iter().flatten() {
                output.labelled(NAME, &format!("  {name:<11}"), value);
            }
        }
        match expires {
            Some(end) if end <= now => output.labelled(BAD, "ended", format!(" {} s ago", now - end)),
            Some(end) => output.labelled(GOOD, "ends", format!(" in {} s", end - now)),
            None => output.labelled(BAD, "never ends", ": no service accepts it"),
        }
        output.note("note: nothing of this is verified; `wiresign token verify` does that.");
        Ok(Exit::Success)
    }
}

impl Verify {
    fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let config = self.config.require()?;
        let mut request = self.request.into_request(self.place)?;
        if request.header("authorization").is_some() {
            return Err(Failure::usage("Leave out -H Authorization: the token is put there."));
        }
        let text = input::read_text(&self.token, "the token")?;
        request.headers.push((b"Authorization".to_vec(), format!("Bearer {}", bare(&text)).into_bytes()));
        let now = self.now.unwrap_or_else(wiresign_host::now);
        match Verifier::new(&config).verify(&request.head(), &request.body, now) {
            Ok(verified) => {
                verify::accepted(&verified, output);
                Ok(Exit::Success)
            }
            Err(refusal) => {
                verify::refused(&refusal, output);
                Ok(Exit::Refused)
            }
        }
    }
}

/// The token of a text that may be a whole `Authorization` value.
fn bare(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => text,
    }
}

/// The two parts of a token that say something.
struct Decoded {
    header: Value,
    claims: Value,
}

impl Decoded {
    fn read(token: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, _] = parts[..] else {
            return Err(Failure::problem("Give a token of three parts with dots between them: this is none."));
        };
        let part = |text: &str, what: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok();
            let value = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()).filter(Value::is_object);
            value.ok_or_else(|| {
                Failure::problem(format!("Give another token: the {what} of this one is no JSON object."))
            })
        };
        Ok(Self { header: part(header, "header")?, claims: part(claims, "payload")? })
    }
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn the_name_of_the_scheme_may_stand_before_a_token() {
        for text in ["a.b.c", " a.b.c\n", "Bearer a.b.c", "bearer  a.b.c\r\n"] {
            assert_eq!(bare(text), "a.b.c", "{text}");
        }
        assert_eq!(bare("Basic a.b.c"), "Basic a.b.c");
    }
}
