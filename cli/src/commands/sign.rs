//! `wiresign sign`: the headers of one request, without sending it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{ArgGroup, Args};
use serde_json::json;
use wiresign::{Config, SignedHeaders, Signer};

use crate::config::{ConfigArgs, Role};
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::{NAME, Output};
use crate::request::{BodyFrom, Request, RequestArgs};
use crate::url::Url;
use crate::visible;

/// Sign one request and print what to send
///
/// Prints the headers to set, one a line. The request must be sent with exactly this method, target and body.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP, group(ArgGroup::new("form").args(["curl", "http", "show_message", "presign"])))]
pub(crate) struct Sign {
    /// The URL of the request, or its target (/path?query)
    #[arg(value_name = "URL|TARGET")]
    place: String,

    #[command(flatten)]
    caller: CallerArgs,

    #[command(flatten)]
    request: RequestArgs,

    /// Print a curl command line that sends the request
    #[arg(long)]
    curl: bool,

    /// Print the whole request as a raw HTTP/1.1 message, as `wiresign verify --raw` reads it
    #[arg(long)]
    http: bool,

    /// Print the bytes that are signed, with invisible characters shown: a space as ·, a line break as \n
    #[arg(long)]
    show_message: bool,

    /// Print a link that is signed for so many seconds, instead of headers; only with aws-sigv4
    #[arg(long, value_name = "SECONDS")]
    presign: Option<u64>,

    /// The time of signing in seconds since 1970; the clock when left out
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,

    /// The request id; a random UUID when left out
    #[arg(long, value_name = "TEXT")]
    nonce: Option<String>,
}

/// Who calls whom: shared by `sign` and `call`.
#[derive(Args, Debug)]
pub(super) struct CallerArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// The service that is called
    #[arg(short, long, value_name = "SERVICE")]
    target: Option<String>,

    /// Sign as another service of the registry than the one that the configuration is for
    #[arg(long = "as", value_name = "SERVICE")]
    caller: Option<String>,

    /// Sign with another scheme than the "sign_with" of the configuration, as in aws-sigv4
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<String>,
}

/// A request, its headers, and the configuration they were made with.
pub(super) struct Signed {
    pub(super) request: Request,
    pub(super) headers: SignedHeaders,
    pub(super) message: Vec<u8>,
}

impl CallerArgs {
    /// Completes the request from the registry (its URL, where only a path was given) and signs it.
    pub(super) fn sign(
        &self,
        request: RequestArgs,
        place: String,
        now: Option<u64>,
        nonce: Option<String>,
    ) -> Result<Signed, Failure> {
        let (mut request, signer) = self.prepare(request, place)?;
        request.name_content_type();
        let now = now.unwrap_or_else(wiresign_host::now);
        let nonce = nonce.map_or_else(wiresign_host::request_id_string, Ok)?;
        let headers = signer.sign(&request.head(), &request.body, now, &nonce)?;
        if let Some((name, _)) = headers.iter().find(|(name, _)| request.header(name).is_some()) {
            return Err(Failure::usage(format!("Leave out -H {name}: signing sets it.")));
        }
        let message = signer.message(&request.head(), &request.body, now, &nonce)?;
        Ok(Signed { request, headers, message })
    }

    /// Completes the request from the registry and signs it as a link, which is the place to send it to.
    fn presign(&self, request: RequestArgs, place: String, now: u64, seconds: u64) -> Result<Request, Failure> {
        let (mut request, signer) = self.prepare(request, place)?;
        request.target = signer.presign(&request.head(), now, seconds)?;
        request.url = request.url.map(|url| url.with_target(&request.target));
        Ok(request)
    }

    fn prepare(&self, request: RequestArgs, place: String) -> Result<(Request, Signer), Failure> {
        let config =
            self.config.require_as(Role { service: self.caller.as_deref(), scheme: self.scheme.as_deref() })?;
        let mut request = request.into_request(place)?;
        // The method that is signed is the method that is sent, so both are put in upper case here, once.
        request.method.make_ascii_uppercase();
        self.complete(&mut request, &config)?;
        let signer = Signer::new(&config, self.target.as_deref())?;
        Ok((request, signer))
    }

    fn complete(&self, request: &mut Request, config: &Config) -> Result<(), Failure> {
        if request.url.is_some() {
            return Ok(());
        }
        let Some((target, base)) = self.target.as_deref().and_then(|target| Some((target, config.url(target)?))) else {
            return Ok(());
        };
        let url = Url::parse(base).and_then(Result::ok).ok_or_else(|| {
            Failure::problem(format!("Correct the url of {target} in the registry: {base} cannot be called."))
        })?;
        let url = url.with_target(&request.target);
        request.url = Some(url);
        Ok(())
    }
}

impl Signed {
    /// All header fields in the order in which they are sent: the signature's last.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let given = self.request.headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        given.chain(self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
    }
}

impl Sign {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        if let Some(seconds) = self.presign {
            if self.nonce.is_some() {
                return Err(Failure::usage("Leave out --nonce: a link has none."));
            }
            let now = self.now.unwrap_or_else(wiresign_host::now);
            let request = self.caller.presign(self.request, self.place, now, seconds)?;
            show_link(&request, output);
            return Ok(Exit::Success);
        }
        let signed = self.caller.sign(self.request, self.place, self.now, self.nonce)?;
        if output.is_json() {
            let curl = if self.curl { Some(curl_command(&signed)?) } else { None };
            let http = self.http.then(|| STANDARD.encode(raw_message(&signed)));
            let headers: Vec<[&str; 2]> = signed.headers.iter().map(|(name, value)| [name, value]).collect();
            let mut document = json!({
                "method": signed.request.method,
                "target": signed.request.target,
                "url": signed.request.url.as_ref().map(Url::to_string),
                "headers": headers,
                "message": {"base64": STANDARD.encode(&signed.message), "shown": visible::render(&signed.message)},
            });
            if let Some(curl) = curl {
                document["curl"] = curl.into();
            }
            if let Some(http) = http {
                document["http"] = json!({"base64": http});
            }
            output.json(&document);
        } else if self.curl {
            let command = curl_command(&signed)?;
            output.line(command);
            if signed.request.body_from_stdin() {
                output.note("note: give curl the same body on its standard input.");
            }
        } else if self.http {
            output.bytes(&raw_message(&signed));
        } else if self.show_message {
            output.line(visible::render(&signed.message));
        } else {
            for (name, value) in signed.headers.iter() {
                output.labelled(NAME, name, format!(": {value}"));
            }
        }
        Ok(Exit::Success)
    }
}

fn show_link(request: &Request, output: &mut Output) {
    let url = request.url.as_ref().map(Url::to_string);
    if output.is_json() {
        output.json(&json!({"method": request.method, "target": request.target, "url": url}));
    } else {
        output.line(url.as_deref().unwrap_or(&request.target));
        output.note("note: whoever has this link can use it until it ends.");
    }
}

/// A command line for a POSIX shell.
fn curl_command(signed: &Signed) -> Result<String, Failure> {
    let request = &signed.request;
    let url = request.url.as_ref().ok_or_else(|| {
        Failure::usage("Give the whole URL, or --target of a service that has a url in the registry.")
    })?;
    // curl would resolve dot segments and read brackets in the URL as a pattern; both change what was signed.
    let mut words = vec!["curl".to_owned(), "--path-as-is".to_owned(), "--globoff".to_owned()];
    if request.method == "HEAD" {
        words.push("--head".to_owned());
    } else {
        words.extend(["--request".to_owned(), quote(&request.method)]);
    }
    for (name, value) in signed.fields() {
        let name = String::from_utf8_lossy(name);
        let value = String::from_utf8_lossy(value);
        // curl takes `Name:` as the wish to send no such header.
        let field = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.extend(["--header".to_owned(), quote(&field)]);
    }
    match &request.body_from {
        BodyFrom::Nowhere => {}
        BodyFrom::Argument => {
            words.extend(["--data-raw".to_owned(), quote(&String::from_utf8_lossy(&request.body))]);
        }
        BodyFrom::File(path) => {
            words.extend(["--data-binary".to_owned(), quote(&format!("@{}", path.display()))]);
        }
    }
    if url.target == "*" {
        words.extend(["--request-target".to_owned(), "'*'".to_owned()]);
        words.push(quote(&format!("{}://{}/", url.scheme, url.authority)));
    } else {
        words.push(quote(&url.to_string()));
    }
    Ok(words.join(" "))
}

fn quote(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@,+%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn raw_message(signed: &Signed) -> Vec<u8> {
    let request = &signed.request;
    let mut raw = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
    let mut field = |name: &[u8], value: &[u8]| {
        raw.extend_from_slice(name);
        raw.extend_from_slice(b": ");
        raw.extend_from_slice(value);
        raw.extend_from_slice(b"\r\n");
    };
    if request.header("host").is_none() {
        field(b"Host", request.authority().unwrap_or(b"localhost"));
    }
    for (name, value) in signed.fields() {
        field(name, value);
    }
    if request.header("content-length").is_none() && request.body_from != BodyFrom::Nowhere {
        field(b"Content-Length", request.body.len().to_string().as_bytes());
    }
    raw.extend_from_slice(b"\r\n");
    raw.extend_from_slice(&request.body);
    raw
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_shell_gets_each_word_back_as_it_was() {
        for (word, quoted) in [
            ("POST", "POST"),
            ("https://h:1/a", "https://h:1/a"),
            ("/a?b&c", "'/a?b&c'"),
            ("it's $HOME", "'it'\\''s $HOME'"),
            ("", "''"),
            ("two\nlines", "'two\nlines'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
    }
}
