//! The request that `sign`, `verify` and `call` are about, as flags describe it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use wiresign::Head;

use crate::failure::Failure;
use crate::input;
use crate::url::Url;

/// Flags as curl has them.
#[derive(Args, Debug)]
pub(crate) struct RequestArgs {
    /// The method; GET when left out, POST when there is a body
    #[arg(short = 'X', long = "request", value_name = "METHOD", allow_hyphen_values = true)]
    method: Option<String>,

    /// A header, as 'Name: value'; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    headers: Vec<(String, String)>,

    /// The body, taken as it stands
    #[arg(long, value_name = "TEXT", conflicts_with = "body_file", allow_hyphen_values = true)]
    body: Option<String>,

    /// The file that holds the body, byte for byte; - for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    body_file: Option<PathBuf>,
}

/// A request with everything that is signed.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Where the request goes; `None` when only a target is known.
    pub(crate) url: Option<Url>,
    pub(crate) target: String,
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) body_from: BodyFrom,
}

/// Where the body came from; a curl command line names the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyFrom {
    Nowhere,
    Argument,
    File(PathBuf),
}

impl RequestArgs {
    /// Reads the body and takes the place apart: a URL (`http://…`, `https://…`), or a target as it stands.
    pub(crate) fn into_request(self, place: String) -> Result<Request, Failure> {
        let (body, body_from) = match (self.body, self.body_file) {
            (Some(text), _) => (text.into_bytes(), BodyFrom::Argument),
            (None, Some(path)) => (input::read(&path, "the body")?, BodyFrom::File(path)),
            (None, None) => (Vec::new(), BodyFrom::Nowhere),
        };
        let method = self
            .method
            .unwrap_or_else(|| if body_from == BodyFrom::Nowhere { "GET".to_owned() } else { "POST".to_owned() });
        let url = match Url::parse(&place) {
            Some(Ok(url)) => Some(url),
            Some(Err(advice)) => return Err(Failure::usage(format!("Correct the URL: {advice}."))),
            None => None,
        };
        let target = url.as_ref().map_or(place, |url| url.target.clone());
        let headers = self.headers.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
        Ok(Request { method, url, target, headers, body, body_from })
    }

    /// Whether one of the flags was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.method.is_none() && self.headers.is_empty() && self.body.is_none() && self.body_file.is_none()
    }
}

impl Request {
    /// What the core reads.
    pub(crate) fn head(&self) -> Head<'_, Vec<(Vec<u8>, Vec<u8>)>> {
        Head {
            method: self.method.as_bytes(),
            target: self.target.as_bytes(),
            authority: self.authority(),
            headers: &self.headers,
            client: None,
        }
    }

    /// The host that the request is for: the Host header, otherwise the URL's.
    pub(crate) fn authority(&self) -> Option<&[u8]> {
        self.header("host").or_else(|| self.url.as_ref().map(|url| url.authority.as_bytes()))
    }

    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_slice())
    }

    /// Names the type of a body that has none, so that every client sends the same. No scheme signs this header.
    pub(crate) fn name_content_type(&mut self) {
        if self.body_from == BodyFrom::Nowhere || self.header("content-type").is_some() {
            return;
        }
        let is_json = match self.body.trim_ascii_start().first() {
            Some(b'{' | b'[') => serde_json::from_slice::<serde_json::Value>(&self.body).is_ok(),
            _ => false,
        };
        let value: &[u8] = if is_json { b"application/json" } else { b"application/octet-stream" };
        self.headers.push((b"Content-Type".to_vec(), value.to_vec()));
    }

    /// Whether the body was read from standard input.
    pub(crate) fn body_from_stdin(&self) -> bool {
        matches!(&self.body_from, BodyFrom::File(path) if path == Path::new("-"))
    }
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as 'Name: value'")?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err("a header name consists of letters, digits and hyphens".to_owned());
    }
    if value.chars().any(|letter| letter != '\t' && letter.is_ascii_control()) {
        return Err("a header value holds no line break and no control character".to_owned());
    }
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse_header;

    #[test]
    fn headers_are_taken_apart_at_the_first_colon() {
        let header = |text: &str| parse_header(text).map(|(name, value)| format!("{name}|{value}"));
        assert_eq!(header("X-A: b: c").as_deref(), Ok("X-A|b: c"));
        assert_eq!(header("X-A:").as_deref(), Ok("X-A|"));
        assert_eq!(header("x-a:\tb ").as_deref(), Ok("x-a|b"));
        for bad in ["X-A", ": v", "X A: v", "X-A : v", "X-A: a\r\nX-B: b", "X-A: a\0"] {
            assert!(header(bad).is_err(), "{bad}");
        }
    }
}
