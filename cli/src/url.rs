//! Splits a URL without changing one byte of it: what is signed must be what is sent, so nothing is decoded, encoded or
//! normalised here.

/// `https://host:port` and the target that goes into the request line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Host, and port where one is written.
    pub(crate) authority: String,
    /// Path and query. A missing path is `/`, as every client sends it; a fragment is never sent and left out.
    pub(crate) target: String,
}

impl Url {
    /// Parses `http://…` and `https://…`. `None` when the text starts with neither; an error says what to change.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, &'static str>> {
        let (scheme, rest) =
            [("http", "http://"), ("https", "https://")].into_iter().find_map(|(scheme, prefix)| {
                let head = text.get(..prefix.len())?;
                head.eq_ignore_ascii_case(prefix).then(|| (scheme, &text[prefix.len()..]))
            })?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        if authority.is_empty() {
            return Some(Err("name a host after ://"));
        }
        if authority.contains('@') {
            return Some(Err("take the user name and password out of the URL: the signature is the credential"));
        }
        // An HTTP client may take a port that it cannot read for none, and would send the request to somebody else.
        if !is_port(port(authority)) {
            return Some(Err("write the port as a number from 1 to 65535, and an address of IPv6 in brackets"));
        }
        let target = after.split_once('#').map_or(after, |(before, _)| before);
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Some(Ok(Self { scheme, authority: authority.to_owned(), target }))
    }

    /// The URL of another target at this origin.
    pub(crate) fn with_target(self, target: &str) -> Self {
        Self { target: target.to_owned(), ..self }
    }
}

/// What stands behind the colon after the host; empty where nothing does.
fn port(authority: &str) -> &str {
    let after_brackets = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    after_brackets.split_once(':').map_or("", |(_, port)| port)
}

/// Whether it is a port, or none: a colon alone means the usual one.
fn is_port(text: &str) -> bool {
    let is_number = text.bytes().all(|letter| letter.is_ascii_digit());
    text.is_empty() || (is_number && text.parse::<u16>().is_ok_and(|port| port > 0))
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // `OPTIONS *` is about the server as a whole, which a URL names without a path.
        let target = if self.target == "*" { "" } else { &self.target };
        write!(f, "{}://{}{target}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_kept_byte_for_byte() {
        for (text, authority, target) in [
            ("http://h", "h", "/"),
            ("HTTPS://h:8443/", "h:8443", "/"),
            ("http://h?q", "h", "/?q"),
            ("http://h/a/../b//c?x=%2F%20+&y=?/#part", "h", "/a/../b//c?x=%2F%20+&y=?/"),
            ("http://[::1]:80/a?", "[::1]:80", "/a?"),
            ("http://[::1]/", "[::1]", "/"),
            ("http://h:/", "h:", "/"),
            ("http://h:65535/", "h:65535", "/"),
        ] {
            let url = Url::parse(text).expect(text).expect(text);
            assert_eq!((url.authority.as_str(), url.target.as_str()), (authority, target), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_urls_and_bad_urls_say_why() {
        for text in ["/a", "h/a", "ftp://h/a", "htt", "", "é://"] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
        for text in [
            "http://",
            "https:///a",
            "http://user:pass@h/a",
            "http://h:99999/a",
            "http://h:0/a",
            "http://h:http/a",
            "http://h:+80/a",
            "http://h:1:2/a",
            "http://::1/a",
            "http://[::1]:x/a",
        ] {
            assert!(Url::parse(text).expect(text).is_err(), "{text}");
        }
    }

    #[test]
    fn another_target_keeps_the_origin() {
        let moved = |base: &str, target: &str| {
            Url::parse(base).expect("a URL").expect("well formed").with_target(target).to_string()
        };
        assert_eq!(moved("http://h", "/a?b"), "http://h/a?b");
        assert_eq!(moved("https://h:1/x", "/a"), "https://h:1/a");
        assert_eq!(moved("https://h", "*"), "https://h");
    }
}
