//! Paths that a router could read differently than the policy does.

use crate::bytes::any_pair;
use crate::percent::escaped_byte;

/// A raw path, looked at once.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    pub(crate) raw: &'a [u8],
    /// The first bytes, with zeros behind a short path.
    pub(super) start: [u8; 8],
    /// Whether nothing in the path could be written in another way, but for the letter case. Most paths are plain.
    pub(super) is_plain: bool,
}

impl<'a> Path<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Self {
        let is_special = |byte| (byte == b'%') | (byte == b'\\') | (byte == b';');
        let is_plain =
            !any_pair(raw, |left, right| is_special(left) | ((left == b'/') & ((right == b'/') | (right == b'.'))))
                && !raw.last().is_some_and(|&byte| is_special(byte));
        let start = raw.first_chunk().copied().unwrap_or_else(|| {
            let mut start = [0; 8];
            start[..raw.len()].copy_from_slice(raw);
            start
        });
        Self { raw, start, is_plain }
    }
}

/// Why a path has more than one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathFault {
    DotSegment,
    EmptySegment,
    Separator,
    Escape,
    NeedlessEscape,
}

impl PathFault {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::DotSegment => "the path has a '.' or '..' segment; send the path that is meant",
            Self::EmptySegment => "the path has an empty segment ('//')",
            Self::Separator => "the path holds a backslash, a ';', or an escaped separator or control byte",
            Self::Escape => {
                "the path has a percent sign without two hex digits, or escapes a byte that is never in UTF-8"
            }
            Self::NeedlessEscape => "the path escapes a letter, digit or mark that needs no escape",
        }
    }
}

/// Checks that a raw path has one reading: what the policy matches is what any router will route.
///
/// Refused are dot segments, empty segments but a trailing one, backslashes and `;` (which some routers cut off), and
/// escapes of separators, control bytes, unreserved bytes (RFC 3986, section 2.3) and bytes that never occur in UTF-8.
pub(crate) fn check_unambiguous(path: &Path<'_>) -> Result<(), PathFault> {
    if path.is_plain {
        return Ok(());
    }
    let path = path.raw;
    let mut at = 0;
    while let Some(&byte) = path.get(at) {
        match byte {
            b'\\' | b';' => return Err(PathFault::Separator),
            b'/' => {
                let rest = &path[at + 1..];
                let segment = &rest[..rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len())];
                match segment {
                    b"" if !rest.is_empty() => return Err(PathFault::EmptySegment),
                    b"." | b".." => return Err(PathFault::DotSegment),
                    _ => {}
                }
            }
            b'%' => {
                let escaped = escaped_byte(&path[at + 1..]).ok_or(PathFault::Escape)?;
                match escaped {
                    b'/' | b'\\' | b';' | 0..=0x1f | 0x7f => return Err(PathFault::Separator),
                    0xc0 | 0xc1 | 0xf5..=0xff => return Err(PathFault::Escape),
                    b'-' | b'.' | b'_' | b'~' => return Err(PathFault::NeedlessEscape),
                    _ if escaped.is_ascii_alphanumeric() => return Err(PathFault::NeedlessEscape),
                    _ => at += 2,
                }
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_have_one_reading() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/a/b.c",
            "/...",
            "/.well-known/x",
            "/caf%C3%A9",
            "/a%20b",
            "/a%25b",
            "/~me",
            "/a:b@c!$&'()*+,=",
        ] {
            assert_eq!(check_unambiguous(&Path::new(path.as_bytes())), Ok(()), "{path}");
        }
    }

    #[test]
    fn paths_with_two_readings_are_refused() {
        use PathFault::*;
        for (path, fault) in [
            ("/a/../b", DotSegment),
            ("/..", DotSegment),
            ("/./a", DotSegment),
            ("/a/.", DotSegment),
            ("//a", EmptySegment),
            ("/a//b", EmptySegment),
            ("/a//", EmptySegment),
            ("/a%2Fb", Separator),
            ("/a%2fb", Separator),
            ("/a%5cb", Separator),
            ("/a\\b", Separator),
            ("/a;x=1", Separator),
            ("/a%3bx", Separator),
            ("/a%00", Separator),
            ("/a%0a", Separator),
            ("/a%7F", Separator),
            ("/%2e%2e/a", NeedlessEscape),
            ("/%61", NeedlessEscape),
            ("/%7e", NeedlessEscape),
            ("/a%", Escape),
            ("/a%2", Escape),
            ("/a%zz", Escape),
            ("/a%c0%af", Escape),
        ] {
            assert_eq!(check_unambiguous(&Path::new(path.as_bytes())), Err(fault), "{path}");
        }
    }
}
