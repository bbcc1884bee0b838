//! Which header fields a signature covers, and how they are signed.

use super::fields::{Fields, is_amazon};
use super::{Expected, Fault, MAX_SIGNED_HEADERS};
use crate::bytes::{any, any_pair, holds};
use crate::header_name;

/// Distinct lower-case names, sorted, with semicolons between.
#[derive(Clone, Copy)]
pub(super) struct SignedNames<'a>(&'a [u8]);

const SESSION_TOKEN: &[u8] = b"x-amz-security-token";

impl<'a> SignedNames<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let mut before: &[u8] = b"";
        for (at, name) in text.split(|&byte| byte == b';').enumerate() {
            if at == MAX_SIGNED_HEADERS {
                return Err(Fault::TooManySignedHeaders);
            }
            if name <= before || !name.iter().all(|&byte| is_name_byte(byte)) || name == b"authorization" {
                return Err(if text.is_empty() { Fault::NoSignedHeaders } else { Fault::SignedHeaders });
            }
            before = name;
        }
        Ok(Self(text))
    }

    pub(super) fn text(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn names(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.split(|&byte| byte == b';')
    }

    pub(super) fn covers(self, name: &[u8]) -> bool {
        self.names().any(|known| known == name)
    }

    /// Writes a line for each name, and checks that those cover what must be covered.
    pub(super) fn put(
        self,
        fields: &Fields<'_>,
        host: Option<&[u8]>,
        expected: &Expected,
        text: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let (mut amazon, mut has_host, mut has_content_type) = (0, false, false);
        for name in self.names() {
            text.extend_from_slice(name);
            text.push(b':');
            if name == b"host" {
                put_value(host.ok_or(Fault::Host)?, text)?;
                has_host = true;
            } else {
                let found = put_values(name, fields, text)?;
                amazon += if is_amazon(name) { found } else { 0 };
                has_content_type |= name == b"content-type";
            }
            text.push(b'\n');
        }
        // Each name is there once, so equal numbers mean that no field was left out.
        let is_token_outside = expected.token_is_outside && !self.covers(SESSION_TOKEN);
        let left_out = usize::from(is_token_outside && fields.token.value.is_some());
        if !has_host {
            return Err(Fault::HostNotSigned);
        }
        if amazon + left_out != fields.amazon {
            return Err(Fault::AmazonHeaderNotSigned);
        }
        if fields.has_content_type && !has_content_type {
            return Err(Fault::ContentTypeNotSigned);
        }
        if !expected.signed_headers.iter().all(|name| self.covers(name.as_bytes())) {
            return Err(Fault::RequiredNotSigned);
        }
        Ok(())
    }
}

/// What may be in a header name in lower case (RFC 9110, section 5.6.2).
const NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'#' | b'$' | b'%'
            | b'&' | b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~');
        byte += 1;
    }
    table
};

/// Whether a byte may be in a header name in lower case.
pub(super) fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES[usize::from(byte)]
}

/// Writes the values of all fields of a name with commas between. Gives how many there are.
fn put_values(name: &[u8], fields: &Fields<'_>, text: &mut Vec<u8>) -> Result<usize, Fault> {
    let mut found = 0;
    for (other, value) in &fields.all {
        if header_name::is_same(other, name) {
            if found > 0 {
                text.push(b',');
            }
            put_value(value, text)?;
            found += 1;
        }
    }
    if found == 0 { Err(Fault::SignedHeaderAbsent) } else { Ok(found) }
}

/// Writes a value without blanks around it and with one space for each row of them.
fn put_value(value: &[u8], text: &mut Vec<u8>) -> Result<(), Fault> {
    let is_blank = |byte: u8| (byte == b' ') | (byte == b'\t');
    if any(value, |byte| ((byte < 0x20) & (byte != b'\t')) | (byte == 0x7f)) {
        return Err(Fault::HeaderByte);
    }
    let is_folded = !any_pair(value, |left, right| is_blank(left) & is_blank(right))
        && !holds(value, b'\t')
        && ![value.first(), value.last()].contains(&Some(&b' '));
    if is_folded {
        text.extend_from_slice(value);
        return Ok(());
    }
    for (at, word) in value.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty()).enumerate() {
        if at > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_trimmed_and_folded() {
        for (value, expected) in [
            ("", ""),
            ("a", "a"),
            ("  a  ", "a"),
            ("a b", "a b"),
            ("\"a   b\"", "\"a b\""),
            ("a\tb \t c", "a b c"),
            ("   ", ""),
            ("\t", ""),
            ("ü", "ü"),
        ] {
            let mut text = Vec::new();
            put_value(value.as_bytes(), &mut text).expect("fine");
            assert_eq!(text, expected.as_bytes(), "{value:?}");
        }
        for bad in ["a\nhost:b", "a\r", "\0", "\x7f"] {
            assert_eq!(put_value(bad.as_bytes(), &mut Vec::new()), Err(Fault::HeaderByte), "{bad:?}");
        }
    }

    #[test]
    fn names_are_distinct_sorted_and_few() {
        let many = |count: usize| {
            let names: Vec<String> = (100..100 + count).map(|at| format!("h{at}")).collect();
            names.join(";")
        };
        for good in ["host", "content-type;host;x-amz-date", &many(64)] {
            assert!(SignedNames::parse(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in ["host;", ";host", "Host", "host;host", "x-a;host", "a b", "a:b", "a;authorization;host", "a\n"] {
            assert_eq!(SignedNames::parse(bad.as_bytes()).err(), Some(Fault::SignedHeaders), "{bad:?}");
        }
        assert_eq!(SignedNames::parse(b"").err(), Some(Fault::NoSignedHeaders));
        assert_eq!(SignedNames::parse(many(65).as_bytes()).err(), Some(Fault::TooManySignedHeaders));
    }

    #[test]
    fn what_must_be_covered_is_covered() {
        let put = |names: &str, headers: &[(&str, &str)], expected: &Expected| {
            let headers = headers.to_vec();
            let names = SignedNames::parse(names.as_bytes()).expect("good");
            let mut text = Vec::new();
            names.put(&Fields::collect(&headers), Some(b"h"), expected, &mut text).map(|()| text)
        };
        let expected = Expected::new("r", "s");
        assert_eq!(put("host", &[("A", "1")], &expected).expect("enough"), b"host:h\n");
        let twice = put("a;host", &[("A", "1"), ("b", "2"), ("a", " 3")], &expected);
        assert_eq!(twice.expect("enough"), b"a:1,3\nhost:h\n");
        assert_eq!(put("a", &[("A", "1")], &expected), Err(Fault::HostNotSigned));
        assert_eq!(put("a;host", &[], &expected), Err(Fault::SignedHeaderAbsent));
        assert_eq!(put("a;host", &[("a", "")], &expected).expect("empty is not absent"), b"a:\nhost:h\n");
        assert_eq!(put("host", &[("X-AMZ-A", "1")], &expected), Err(Fault::AmazonHeaderNotSigned));
        assert!(put("host;x-amz-a", &[("X-AMZ-A", "1"), ("x-amz-a", "2")], &expected).is_ok());
        assert_eq!(put("host", &[("Content-Type", "1")], &expected), Err(Fault::ContentTypeNotSigned));
        assert!(put("content-type;host", &[("Content-Type", "1")], &expected).is_ok());

        let demanding = Expected { signed_headers: vec!["x-tenant".into()], ..expected.clone() };
        assert_eq!(put("host", &[("X-Tenant", "1")], &demanding), Err(Fault::RequiredNotSigned));
        assert_eq!(put("host", &[], &demanding), Err(Fault::RequiredNotSigned));
        assert!(put("host;x-tenant", &[("X-Tenant", "1")], &demanding).is_ok());

        let outside = Expected { token_is_outside: true, ..expected.clone() };
        let token = [("X-Amz-Security-Token", "1")];
        assert!(put("host", &token, &outside).is_ok());
        assert!(put("host;x-amz-security-token", &token, &outside).is_ok());
        assert_eq!(put("host", &token, &expected), Err(Fault::AmazonHeaderNotSigned));
    }
}
