//! The header fields of a message, as a signature covers them (RFC 9421, section 2.1).

use std::borrow::Cow;

use super::Fault;
use crate::header_name;
use crate::request::{Headers, MAX_HEADER_BYTES, MAX_HEADER_FIELDS};

/// The field lines of a message in the order received, values without white space around them.
pub(crate) struct Fields<'a> {
    lines: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Fields<'a> {
    pub(crate) fn collect<H: Headers + ?Sized>(headers: &'a H) -> Result<Self, Fault> {
        let mut lines = Vec::with_capacity(16);
        let mut bytes = 0;
        headers.visit(|name, value| {
            bytes += name.len() + value.len();
            if lines.len() <= MAX_HEADER_FIELDS {
                lines.push((name, trim(value)));
            }
        });
        if lines.len() > MAX_HEADER_FIELDS {
            return Err(Fault::HeaderFields);
        }
        if bytes > MAX_HEADER_BYTES {
            return Err(Fault::HeaderBytes);
        }
        Ok(Self { lines })
    }

    /// The values of a field, one per line.
    #[inline]
    pub(super) fn lines<'f>(&'f self, name: &'f [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a, 'f> {
        self.lines.iter().filter(move |(known, _)| header_name::is_same(known, name)).map(|(_, value)| *value)
    }

    /// The value of a field with its lines joined. `None` where there is no line.
    pub(super) fn value(&self, name: &[u8]) -> Option<Cow<'a, [u8]>> {
        let mut lines = self.lines(name);
        let first = lines.next()?;
        let Some(second) = lines.next() else {
            return Some(Cow::Borrowed(first));
        };
        let mut joined = first.to_vec();
        for line in std::iter::once(second).chain(lines) {
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(line);
        }
        Some(Cow::Owned(joined))
    }

    /// Puts one line in the place of those that a field has.
    pub(super) fn set(&mut self, name: &'a [u8], value: &'a [u8]) {
        self.lines.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.lines.push((name, value));
    }
}

fn trim(value: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = value.iter().position(is_kept).unwrap_or(value.len());
    let end = value.iter().rposition(is_kept).map_or(start, |last| last + 1);
    &value[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_trimmed_and_joined_in_order() {
        let headers = [("Accept", " application/json\t"), ("X-Empty", "  "), ("ACCEPT", "*/*"), ("Accept-CH", "a")];
        let fields = Fields::collect(&headers).unwrap();
        let value = |name: &str| fields.value(name.as_bytes()).map(|value| String::from_utf8(value.into()).unwrap());
        assert_eq!(value("accept").as_deref(), Some("application/json, */*"));
        assert_eq!(value("x-empty").as_deref(), Some(""));
        assert_eq!(value("accept-ch").as_deref(), Some("a"));
        assert_eq!(value("host"), None);
    }

    #[test]
    fn sizes_are_bounded() {
        assert!(Fields::collect(&vec![("a", "b"); MAX_HEADER_FIELDS]).is_ok());
        assert_eq!(Fields::collect(&vec![("a", "b"); MAX_HEADER_FIELDS + 1]).err(), Some(Fault::HeaderFields));
        let long = "v".repeat(MAX_HEADER_BYTES - 1);
        assert!(Fields::collect(&[("a", &*long)]).is_ok());
        assert_eq!(Fields::collect(&[("ab", &*long)]).err(), Some(Fault::HeaderBytes));
    }
}
