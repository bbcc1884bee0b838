//! What an adapter hands over: a view of one request, exactly as on the wire.

use std::net::IpAddr;

use crate::bytes::{any, position};

/// The longest target (path and query) that is judged, in bytes.
pub(crate) const MAX_TARGET_BYTES: usize = 8192;
/// The longest method, in bytes.
pub(crate) const MAX_METHOD_BYTES: usize = 32;
/// The most header fields that are judged.
pub(crate) const MAX_HEADER_FIELDS: usize = 256;
/// The most bytes that all header names and values may have together.
pub(crate) const MAX_HEADER_BYTES: usize = 65_536;

/// Everything of a request but its body. Nothing is decoded, normalised or copied.
#[derive(Clone, Copy)]
pub struct Head<'a, H: Headers + ?Sized> {
    /// The method as received, for example `POST`.
    pub method: &'a [u8],
    /// The raw target: path and query exactly as on the wire.
    pub target: &'a [u8],
    /// The authority (`Host`, or `:authority`), where the adapter knows it. An empty one is none.
    pub authority: Option<&'a [u8]>,
    /// The header fields in the order received, repeats kept.
    pub headers: &'a H,
    /// The address of the client, by the adapter's proxy rules.
    pub client: Option<IpAddr>,
}

impl<'a, H: Headers + ?Sized> Head<'a, H> {
    /// A head without authority and client address.
    pub fn new(method: &'a [u8], target: &'a [u8], headers: &'a H) -> Self {
        Self { method, target, authority: None, headers, client: None }
    }

    /// The authority. Some languages know no other way to say that there is none than an empty one.
    pub(crate) fn authority(&self) -> Option<&'a [u8]> {
        self.authority.filter(|authority| !authority.is_empty())
    }

    /// The raw path: the target up to its first `?`.
    pub(crate) fn path(&self) -> &'a [u8] {
        self.split_target().0
    }

    /// The raw path, and what follows the first `?` (`None` where there is no `?`).
    pub(crate) fn split_target(&self) -> (&'a [u8], Option<&'a [u8]>) {
        match position(self.target, b'?') {
            Some(at) => (&self.target[..at], Some(&self.target[at + 1..])),
            None => (self.target, None),
        }
    }
}

/// Lends header fields to the core without copying them.
pub trait Headers {
    /// Calls `field` with name and value of each header field, in the order received, repeats included.
    fn visit<'a>(&'a self, field: impl FnMut(&'a [u8], &'a [u8]));
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for [(N, V)] {
    #[inline]
    fn visit<'a>(&'a self, mut field: impl FnMut(&'a [u8], &'a [u8])) {
        for (name, value) in self {
            field(name.as_ref(), value.as_ref());
        }
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn visit<'a>(&'a self, field: impl FnMut(&'a [u8], &'a [u8])) {
        self.as_slice().visit(field);
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const COUNT: usize> Headers for [(N, V); COUNT] {
    fn visit<'a>(&'a self, field: impl FnMut(&'a [u8], &'a [u8])) {
        self.as_slice().visit(field);
    }
}

/// What is wrong with a method, a target, or a header block as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadFault {
    Method,
    TargetForm,
    TargetLength,
    TargetByte,
    HeaderFields,
    HeaderBytes,
}

impl HeadFault {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Method => "the method is not 1 to 32 upper-case letters, digits, hyphens or underscores",
            Self::TargetForm => "the target does not start with a slash; pass path and query exactly as on the wire",
            Self::TargetLength => "the target is longer than 8192 bytes",
            Self::TargetByte => "the target holds a space, a control byte, '#' or a byte outside ASCII",
            Self::HeaderFields => "the request has more than 256 header fields",
            Self::HeaderBytes => "the header names and values are longer than 65536 bytes together",
        }
    }
}

/// Checks the method as it must be on the wire: upper case.
pub(crate) fn check_method(method: &[u8]) -> Result<(), HeadFault> {
    let known = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if matches!(method, b"GET" | b"POST" | b"PUT" | b"PATCH" | b"DELETE" | b"HEAD" | b"OPTIONS") {
        return Ok(());
    }
    if (1..=MAX_METHOD_BYTES).contains(&method.len()) && method.iter().all(known) {
        Ok(())
    } else {
        Err(HeadFault::Method)
    }
}

/// Checks the raw target: origin form, or `*` of an `OPTIONS` request, of bytes that may be on the wire.
pub(crate) fn check_target(method: &[u8], target: &[u8]) -> Result<(), HeadFault> {
    if target.len() > MAX_TARGET_BYTES {
        return Err(HeadFault::TargetLength);
    }
    if target.first() != Some(&b'/') && !(target == b"*" && method == b"OPTIONS") {
        return Err(HeadFault::TargetForm);
    }
    if any(target, |byte| (byte <= 0x20) | (byte >= 0x7f) | (byte == b'#')) {
        Err(HeadFault::TargetByte)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_must_be_upper_case_tokens() {
        for good in ["GET", "M-SEARCH", "X_1", &"A".repeat(32)] {
            assert_eq!(check_method(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in ["", "get", "GET ", "G\nT", "GÉT", &"A".repeat(33)] {
            assert_eq!(check_method(bad.as_bytes()), Err(HeadFault::Method), "{bad}");
        }
    }

    #[test]
    fn targets_must_be_raw_origin_form() {
        assert_eq!(check_target(b"GET", b"/a?b=%20"), Ok(()));
        assert_eq!(check_target(b"OPTIONS", b"*"), Ok(()));
        assert_eq!(check_target(b"GET", b"*"), Err(HeadFault::TargetForm));
        assert_eq!(check_target(b"GET", b""), Err(HeadFault::TargetForm));
        assert_eq!(check_target(b"GET", b"http://host/a"), Err(HeadFault::TargetForm));
        for bad in [&b"/a b"[..], b"/a\n", b"/a#b", b"/\x7f", b"/\xc3\xa9", b"/\0"] {
            assert_eq!(check_target(b"GET", bad), Err(HeadFault::TargetByte), "{bad:?}");
        }
        let longest = [b"/".as_slice(), &[b'a'; MAX_TARGET_BYTES - 1]].concat();
        assert_eq!(check_target(b"GET", &longest), Ok(()));
        assert_eq!(check_target(b"GET", &[longest, b"a".to_vec()].concat()), Err(HeadFault::TargetLength));
    }

    #[test]
    fn the_target_is_split_at_the_first_question_mark() {
        let none: &[(&str, &str)] = &[];
        let split = |target: &'static str| Head::new(b"GET", target.as_bytes(), none).split_target();
        assert_eq!(split("/a"), (&b"/a"[..], None));
        assert_eq!(split("/a?"), (&b"/a"[..], Some(&b""[..])));
        assert_eq!(split("/a?b?c"), (&b"/a"[..], Some(&b"b?c"[..])));
    }
}
