//! Reads a curl command line as the request that curl would send.
//!
//! What curl would do is done: nothing more is guessed. Flags that make a body or a credential which cannot be told from the
//! command line alone are refused with a sentence.

use std::path::Path;

use crate::failure::Failure;
use crate::input;
use crate::request::{BodyFrom, Request};
use crate::url::Url;

/// Flags with a value that changes nothing of what is signed.
const WITH_VALUE: [&str; 27] = [
    "--cacert",
    "--capath",
    "--cert",
    "--ciphers",
    "--connect-timeout",
    "--connect-to",
    "--dump-header",
    "--interface",
    "--keepalive-time",
    "--key",
    "--limit-rate",
    "--max-redirs",
    "--max-time",
    "--noproxy",
    "--output",
    "--proxy",
    "--proxy-header",
    "--referer",
    "--resolve",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "--stderr",
    "--trace",
    "--trace-ascii",
    "--user-agent",
    "--write-out",
];

/// Flags without a value that change nothing of what is signed.
const WITHOUT_VALUE: [&str; 25] = [
    "--compressed",
    "--fail",
    "--fail-with-body",
    "--globoff",
    "--http1.0",
    "--http1.1",
    "--http2",
    "--http2-prior-knowledge",
    "--http3",
    "--include",
    "--insecure",
    "--ipv4",
    "--ipv6",
    "--location",
    "--no-buffer",
    "--no-keepalive",
    "--no-progress-meter",
    "--progress-bar",
    "--remote-name",
    "--retry-all-errors",
    "--show-error",
    "--silent",
    "--ssl-reqd",
    "--tlsv1.2",
    "--verbose",
];

/// Flags that cannot be followed, and what to do instead.
const REFUSED: [(&str, &str); 11] = [
    ("--user", "no scheme here signs with a user name and a password; leave it out"),
    ("--oauth2-bearer", "give the header itself with -H"),
    ("--aws-sigv4", "give the headers that curl sends, as --verbose shows them"),
    ("--digest", "leave it out: the signature is the credential"),
    ("--negotiate", "leave it out: the signature is the credential"),
    ("--netrc", "leave it out: the signature is the credential"),
    ("--form", "curl chooses the boundary; give the body that was sent with --data-binary @FILE"),
    ("--data-urlencode", "versions of curl encode it in different ways; give the body that was sent with --data-raw"),
    ("--config", "write the flags of that file into the command line"),
    ("--next", "explain one request at a time"),
    ("--url-query", "write the query into the URL"),
];

/// Short flags and what they are short for.
const SHORT: [(char, &str); 29] = [
    ('#', "--progress-bar"),
    ('4', "--ipv4"),
    ('6', "--ipv6"),
    ('A', "--user-agent"),
    ('b', "--cookie"),
    ('D', "--dump-header"),
    ('d', "--data"),
    ('E', "--cert"),
    ('e', "--referer"),
    ('F', "--form"),
    ('f', "--fail"),
    ('G', "--get"),
    ('g', "--globoff"),
    ('H', "--header"),
    ('I', "--head"),
    ('i', "--include"),
    ('K', "--config"),
    ('k', "--insecure"),
    ('L', "--location"),
    ('m', "--max-time"),
    ('N', "--no-buffer"),
    ('n', "--netrc"),
    ('o', "--output"),
    ('O', "--remote-name"),
    ('s', "--silent"),
    ('S', "--show-error"),
    ('T', "--upload-file"),
    ('u', "--user"),
    ('v', "--verbose"),
];

/// The rest of them.
const MORE_SHORT: [(char, &str); 4] = [('w', "--write-out"), ('X', "--request"), ('x', "--proxy"), (':', "--next")];

#[derive(Default)]
struct Command {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    removed: Vec<Vec<u8>>,
    /// The pieces of the body.
    data: Option<Vec<u8>>,
    is_json: bool,
    is_upload: bool,
    is_head: bool,
    is_get: bool,
    path_as_is: bool,
    request_target: Option<String>,
}

/// Reads a command line, with or without `curl` in front.
pub(crate) fn parse(line: &str) -> Result<Request, Failure> {
    if line.contains("$'") {
        return Err(Failure::usage("Write $'...' in the command line as '...': its escapes are the shell's matter."));
    }
    // A line that is continued is one line.
    let line = line.replace("\\\r\n", " ").replace("\\\n", " ");
    let words = shlex::split(&line)
        .ok_or_else(|| Failure::usage("Close the quotes of the curl command line; it ends inside them."))?;
    let mut words = words.into_iter().peekable();
    words.next_if(|word| word == "curl" || word == "curl.exe" || word.ends_with("/curl"));
    let mut command = Command::default();
    let mut only_places = false;
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("-") if !only_places => only_places = true,
            Some(rest) if !only_places && !rest.is_empty() => {
                for (name, attached) in flags(&word)? {
                    let mut value = || {
                        attached
                            .clone()
                            .or_else(|| words.next())
                            .ok_or_else(|| Failure::usage(format!("Give {name} of the curl command line its value.")))
                    };
                    command.take(&name, &mut value)?;
                }
            }
            _ => command.place(word)?,
        }
    }
    command.into_request()
}

/// The flags of one word, the last of them with what is attached to it.
fn flags(word: &str) -> Result<Vec<(String, Option<String>)>, Failure> {
    if word.starts_with("--") {
        return Ok(vec![(word.to_owned(), None)]);
    }
    let mut flags = Vec::new();
    let mut letters = word[1..].chars();
    while let Some(letter) = letters.next() {
        let long = SHORT.iter().chain(&MORE_SHORT).find(|(short, _)| *short == letter);
        let Some((_, long)) = long else {
            return Err(unknown(&format!("-{letter}")));
        };
        let rest = letters.as_str();
        if takes_value(long) && !rest.is_empty() {
            flags.push(((*long).to_owned(), Some(rest.to_owned())));
            break;
        }
        flags.push(((*long).to_owned(), None));
    }
    Ok(flags)
}

fn takes_value(long: &str) -> bool {
    let own = ["--request", "--header", "--data", "--cookie", "--upload-file", "--user", "--form", "--config"];
    own.contains(&long) || WITH_VALUE.contains(&long)
}

fn unknown(flag: &str) -> Failure {
    Failure::usage(format!("Leave {flag} out of the curl command line; what it does to a request is not known here."))
}

impl Command {
    fn take(&mut self, name: &str, value: &mut dyn FnMut() -> Result<String, Failure>) -> Result<(), Failure> {
        match name {
            "--request" => self.method = Some(value()?),
            "--url" => self.place(value()?)?,
            "--header" => self.header(&value()?)?,
            "--cookie" => self.headers.push((b"Cookie".to_vec(), value()?.into_bytes())),
            "--data" | "--data-ascii" => {
                let (text, is_file) = data(&value()?)?;
                // A file is read as text: curl leaves out line ends and NULs.
                let keeps = |byte: &u8| !is_file || !b"\r\n\0".contains(byte);
                self.add_data(text.into_iter().filter(keeps).collect(), b"&");
            }
            "--data-binary" => {
                let (bytes, _) = data(&value()?)?;
                self.add_data(bytes, b"&");
            }
            "--data-raw" => self.add_data(value()?.into_bytes(), b"&"),
            "--json" => {
                let (bytes, _) = data(&value()?)?;
                self.is_json = true;
                self.add_data(bytes, b"");
            }
            "--upload-file" => {
                self.is_upload = true;
                self.data = Some(input::read(Path::new(&value()?), "the file to upload")?);
            }
            "--head" => self.is_head = true,
            "--get" => self.is_get = true,
            "--path-as-is" => self.path_as_is = true,
            "--request-target" => self.request_target = Some(value()?),
            _ if WITH_VALUE.contains(&name) => {
                value()?;
            }
            _ if WITHOUT_VALUE.contains(&name) => {}
            _ => {
                let refused = REFUSED.iter().find(|(flag, _)| *flag == name);
                return Err(match refused {
                    Some((flag, advice)) => {
                        Failure::usage(format!("The curl command line has {flag}, which cannot be followed: {advice}."))
                    }
                    None => unknown(name),
                });
            }
        }
        Ok(())
    }

    fn place(&mut self, url: String) -> Result<(), Failure> {
        match self.url.replace(url) {
            None => Ok(()),
            Some(_) => Err(Failure::usage("Give one URL in the curl command line; quote it if the shell splits it.")),
        }
    }

    /// `Name: value`, `Name;` for an empty value, `Name:` for none.
    fn header(&mut self, text: &str) -> Result<(), Failure> {
        if text.starts_with('@') {
            return Err(Failure::usage("Write the headers of that file into the curl command line, each with -H."));
        }
        let bytes = |text: &str| text.trim_matches([' ', '\t']).as_bytes().to_vec();
        match (text.split_once(':'), text.strip_suffix(';')) {
            (Some((name, value)), _) if value.trim().is_empty() => self.removed.push(bytes(name)),
            (Some((name, value)), _) => self.headers.push((bytes(name), bytes(value))),
            (None, Some(name)) => self.headers.push((bytes(name), Vec::new())),
            (None, None) => {
                return Err(Failure::usage("Write each -H of the curl command line as 'Name: value'."));
            }
        }
        Ok(())
    }

    fn add_data(&mut self, bytes: Vec<u8>, separator: &[u8]) {
        match &mut self.data {
            None => self.data = Some(bytes),
            Some(data) => {
                data.extend_from_slice(separator);
                data.extend_from_slice(&bytes);
            }
        }
    }

    fn into_request(mut self) -> Result<Request, Failure> {
        let text = self.url.take().ok_or_else(|| Failure::usage("Give the curl command line its URL."))?;
        let text = if text.contains("://") { text } else { format!("http://{text}") };
        let mut url = match Url::parse(&text) {
            Some(Ok(url)) => url,
            Some(Err(advice)) => return Err(Failure::usage(format!("Correct the URL: {advice}."))),
            None => return Err(Failure::usage("The URL of the curl command line is neither http nor https.")),
        };
        if !self.path_as_is {
            url.target = without_dot_segments(&url.target);
        }
        if let (true, Some(data)) = (self.is_get, self.data.take_if(|_| self.is_get)) {
            let data = String::from_utf8(data)
                .map_err(|_| Failure::usage("With --get the data becomes the query; it must be text."))?;
            let separator = if url.target.contains('?') { '&' } else { '?' };
            url.target = format!("{}{separator}{data}", url.target);
        }
        if let Some(target) = self.request_target {
            url.target = target;
        }
        let usual = match () {
            () if self.is_head => "HEAD",
            () if self.is_upload => "PUT",
            () if self.data.is_some() => "POST",
            () => "GET",
        };
        let has = |headers: &[(Vec<u8>, Vec<u8>)], name: &str| {
            headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()))
        };
        if self.data.is_some() && !self.is_upload && !has(&self.headers, "content-type") {
            let value: &[u8] = if self.is_json { b"application/json" } else { b"application/x-www-form-urlencoded" };
            self.headers.push((b"Content-Type".to_vec(), value.to_vec()));
        }
        if !has(&self.headers, "host") {
            self.headers.push((b"Host".to_vec(), url.authority.clone().into_bytes()));
        }
        let removed = self.removed;
        self.headers.retain(|(name, _)| !removed.iter().any(|removed| removed.eq_ignore_ascii_case(name)));
        let body_from = if self.data.is_some() { BodyFrom::Argument } else { BodyFrom::Nowhere };
        Ok(Request {
            method: self.method.unwrap_or_else(|| usual.to_owned()),
            target: url.target.clone(),
            url: Some(url),
            headers: self.headers,
            body: self.data.unwrap_or_default(),
            body_from,
        })
    }
}

/// What a data flag stands for: the text itself, or a file. The second value says which.
fn data(value: &str) -> Result<(Vec<u8>, bool), Failure> {
    match value.strip_prefix('@') {
        Some(path) => Ok((input::read(Path::new(path), "the data")?, true)),
        None => Ok((value.as_bytes().to_vec(), false)),
    }
}

/// The target as curl sends it (RFC 3986, section 5.2.4).
fn without_dot_segments(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut kept: Vec<&str> = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match *segment {
            "." if is_last => kept.push(""),
            "." => {}
            ".." => {
                kept.pop();
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (String, String, String, Vec<(String, String)>) {
        let request = parse(line).unwrap_or_else(|failure| panic!("{line}: {}", failure.message()));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let headers = request.headers.iter().map(|(name, value)| (text(name), text(value))).collect();
        (request.method, request.target, text(&request.body), headers)
    }

    #[test]
    fn a_command_line_is_the_request_that_curl_sends() {
        for (line, method, target, body) in [
            ("curl http://h/a?b=c#d", "GET", "/a?b=c", ""),
            ("curl -sSXPUT h/a -d '{\"a\": 1}'", "PUT", "/a", "{\"a\": 1}"),
            ("curl -d a=1 --data-raw @b --url https://h/", "POST", "/", "a=1&@b"),
            ("curl --json '{' --json '}' h", "POST", "/", "{}"),
            ("curl -G -d a=1 'h/x?q=1'", "GET", "/x?q=1&a=1", ""),
            ("/usr/bin/curl -I 'http://h/a/./b/../c'", "HEAD", "/a/c", ""),
            ("curl --path-as-is h/a/../b", "GET", "/a/../b", ""),
            ("curl -X OPTIONS --request-target '*' h/", "OPTIONS", "*", ""),
            ("curl.exe h/a", "GET", "/a", ""),
            ("curl -m 3 -o /dev/null \\\n -X DELETE \\\n h/a", "DELETE", "/a", ""),
        ] {
            let (own_method, own_target, own_body, _) = read(line);
            assert_eq!((&*own_method, &*own_target, &*own_body), (method, target, body), "{line}");
        }
    }

    #[test]
    fn headers_are_set_emptied_and_removed() {
        let (.., headers) = read("curl -H 'X-A: b: c' -HX-B:d -H 'X-C;' -H 'Host:' -d x h");
        let expected =
            [("X-A", "b: c"), ("X-B", "d"), ("X-C", ""), ("Content-Type", "application/x-www-form-urlencoded")];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_cannot_be_followed_is_refused_with_a_sentence() {
        for line in [
            "curl",
            "curl -u a:b h",
            "curl -F a=b h",
            "curl --data-urlencode a=b h",
            "curl --no-such-flag h",
            "curl -Z h",
            "curl h g",
            "curl 'h",
            "curl -d $'a' h",
            "curl -X",
            "curl ftp://h/a",
            "curl http://u:p@h/",
            "curl -H nonsense h",
            "curl -d @/no/such/file h",
        ] {
            let failure = parse(line).expect_err(line);
            assert!(failure.message().ends_with('.'), "{line}: {}", failure.message());
            assert!(!failure.message().contains("a:b"), "{line}");
        }
    }
}
