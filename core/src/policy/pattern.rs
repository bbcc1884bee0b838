//! Patterns over method and path, compiled when the config is loaded, matched in time linear in the path.

use std::fmt;

use super::path::Path;
use crate::bytes::{is_same, position, starts_with};
use crate::percent::Unescaped;

/// How a literal is compared.
///
/// A pattern that opens a route or grants a permission must match the exact bytes. A pattern that restricts a route must
/// also catch the spellings that routers treat alike, or it could be walked round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    Exact,
    /// Letter case, percent escapes and a trailing slash make no difference, and `GET` means `HEAD` too.
    Wide,
}

/// `[METHOD ]/segment/*/…/**`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    method: Option<Box<[u8]>>,
    segments: Box<[Segment]>,
    /// The segments again, for paths that are spelt as the pattern is.
    runs: Box<[Run]>,
    any_tail: bool,
    start: Start,
}

#[derive(Clone, Debug)]
enum Run {
    Any,
    /// Adjacent literals, each with the slash before it.
    Literal(Box<[u8]>),
}

/// The first bytes that a plain path must have. Most patterns are told from most paths by them.
#[derive(Clone, Copy, Debug)]
struct Start {
    lower: u64,
    /// The bit that makes a letter small, for each letter.
    letters: u64,
    /// All bits of the bytes that are known.
    known: u64,
}

#[derive(Clone, Debug)]
enum Segment {
    Any,
    Literal { raw: Box<[u8]>, decoded: Box<[u8]> },
}

impl Pattern {
    /// Compiles a pattern, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => (Some(method), path),
            None => (None, text),
        };
        if let Some(method) = method {
            crate::request::check_method(method.as_bytes())
                .map_err(|_| format!("\"{method}\" is not a method; write it in upper case, as in \"GET /path\""))?;
        }
        let start = Start::new(path);
        let Some(path) = path.strip_prefix('/') else {
            return Err(
                "a pattern is a path that starts with '/', with a method and one space before it if needed".into()
            );
        };
        if let Some(bad) = path.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '?' | '#')) {
            return Err(format!("a pattern holds the path as on the wire, so {bad:?} cannot be in it"));
        }
        let mut names: Vec<&str> = path.split('/').collect();
        if path.is_empty() {
            names.clear();
        }
        let any_tail = names.last() == Some(&"**");
        if any_tail {
            names.pop();
        }
        let segments = names.iter().copied().map(Segment::parse).collect::<Result<_, _>>()?;
        Ok(Self {
            method: method.map(|method| method.as_bytes().into()),
            segments,
            runs: runs(&names),
            any_tail,
            start,
        })
    }

    /// Whether all that `other` matches in its way is matched by this one in its own.
    pub(crate) fn covers(&self, matching: Matching, other: &Self, others_matching: Matching) -> bool {
        let covers_method = match (&self.method, &other.method) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(its)) if matching == Matching::Wide => {
                own == its || (**own == *b"GET" && **its == *b"HEAD")
            }
            // Widely, GET means HEAD too.
            (Some(own), Some(its)) => own == its && (others_matching == Matching::Exact || **its != *b"GET"),
        };
        // An exact literal misses the other spellings of a wide one, and an exact end misses the trailing slash.
        let misses_spellings = matching == Matching::Exact && others_matching == Matching::Wide;
        let covers_head = self.segments.iter().zip(&other.segments).all(|pair| match pair {
            (Segment::Any, _) => true,
            (Segment::Literal { .. }, Segment::Any) => false,
            (own, Segment::Literal { raw, .. }) => !misses_spellings && own.strip(raw, matching) == Some(None),
        });
        let covers_tail =
            self.any_tail || (other.segments.len() == self.segments.len() && !other.any_tail && !misses_spellings);
        covers_method && covers_head && covers_tail && other.segments.len() >= self.segments.len()
    }

    #[inline(always)]
    pub(crate) fn matches(&self, method: &[u8], path: &Path<'_>, matching: Matching) -> bool {
        // Most patterns of a config end here: not worth a call.
        (!path.is_plain || self.start.may_begin(path))
            && self.takes_method(method, matching)
            && self.matches_path(path.raw, matching)
    }

    #[inline(never)]
    fn matches_path(&self, path: &[u8], matching: Matching) -> bool {
        // What matches exactly matches widely too, and most paths are spelt as their pattern is.
        self.matches_exactly(path) || (matching == Matching::Wide && self.matches_widely(path))
    }

    #[inline]
    fn takes_method(&self, method: &[u8], matching: Matching) -> bool {
        self.method.as_ref().is_none_or(|own| {
            is_same(own, method) || (matching == Matching::Wide && **own == *b"GET" && method == b"HEAD")
        })
    }

    fn matches_exactly(&self, path: &[u8]) -> bool {
        if path.len() <= 1 {
            return self.runs.is_empty() && path == b"/";
        }
        let mut rest = path;
        for run in &self.runs {
            let length = match run {
                Run::Any if rest.first() == Some(&b'/') => 1 + segment_length(&rest[1..]),
                Run::Literal(text) if starts_with(rest, text) => text.len(),
                Run::Any | Run::Literal(_) => 0,
            };
            // A slash alone is no segment.
            if length <= 1 {
                return false;
            }
            rest = &rest[length..];
        }
        rest.first().is_none_or(|&next| self.any_tail && next == b'/')
    }

    fn matches_widely(&self, path: &[u8]) -> bool {
        let Some(path) = path.strip_prefix(b"/") else {
            return false;
        };
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let mut rest = (!path.is_empty()).then_some(path);
        for segment in &self.segments {
            let Some(tail) = rest.and_then(|path| segment.strip(path, Matching::Wide)) else {
                return false;
            };
            rest = tail;
        }
        rest.is_none() || self.any_tail
    }
}

/// As it stands in the config.
impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| std::str::from_utf8(bytes).expect("a pattern was parsed from text");
        if let Some(method) = &self.method {
            write!(out, "{} ", text(method))?;
        }
        let names = self.segments.iter().map(|segment| match segment {
            Segment::Any => "*",
            Segment::Literal { raw, .. } => text(raw),
        });
        let mut is_root = true;
        for name in names.chain(self.any_tail.then_some("**")) {
            write!(out, "/{name}")?;
            is_root = false;
        }
        if is_root { out.write_str("/") } else { Ok(()) }
    }
}

/// Joins adjacent literals.
fn runs(names: &[&str]) -> Box<[Run]> {
    let literals = names.chunk_by(|left, right| *left != "*" && *right != "*");
    literals
        .map(|names| match names {
            ["*"] => Run::Any,
            names => Run::Literal(format!("/{}", names.join("/")).into_bytes().into()),
        })
        .collect()
}

impl Start {
    /// The bytes of a pattern's path up to the first that may be another in the path: a star and the slash before it, a
    /// percent triplet.
    fn new(path: &str) -> Self {
        let literal = path.find(['*', '%']).map_or(path, |end| path[..end].trim_end_matches('/'));
        let mut start = Self { lower: 0, letters: 0, known: 0 };
        for (at, byte) in literal.bytes().take(8).enumerate() {
            start.lower |= u64::from(byte.to_ascii_lowercase()) << (8 * at);
            start.letters |= if byte.is_ascii_alphabetic() { 0x20 << (8 * at) } else { 0 };
            start.known |= 0xff << (8 * at);
        }
        start
    }

    #[inline]
    fn may_begin(&self, path: &Path<'_>) -> bool {
        (u64::from_le_bytes(path.start) | self.letters) & self.known == self.lower
    }
}

impl Segment {
    fn parse(name: &str) -> Result<Self, String> {
        match name {
            "*" => Ok(Self::Any),
            "**" => Err("'**' can only be the last segment of a pattern".into()),
            "" => Err("a pattern has no empty segment and no trailing slash".into()),
            _ if name.contains('*') => Err(format!("'*' stands for a whole segment, so \"{name}\" cannot be matched")),
            _ => {
                super::check_unambiguous(&Path::new(format!("/{name}").as_bytes()))
                    .map_err(|fault| format!("in \"{name}\" {}", fault.sentence()))?;
                Ok(Self::Literal { raw: name.as_bytes().into(), decoded: Unescaped(name.as_bytes()).collect() })
            }
        }
    }

    /// What follows this segment at the start of `path`: `Some(None)` where the path ends with it, `None` where it is not
    /// there.
    #[inline]
    fn strip<'p>(&self, path: &'p [u8], matching: Matching) -> Option<Option<&'p [u8]>> {
        let length = match (self, matching) {
            (Self::Any, _) => Some(segment_length(path)).filter(|&length| length > 0),
            (Self::Literal { raw, .. }, Matching::Exact) => path.starts_with(raw).then_some(raw.len()),
            (Self::Literal { raw, .. }, Matching::Wide) if path.starts_with(raw) => Some(raw.len()),
            (Self::Literal { decoded, .. }, Matching::Wide) => Self::length_of_spelling(decoded, path),
        }?;
        match path[length..].split_first() {
            None => Some(None),
            Some((b'/', tail)) => Some(Some(tail)),
            Some(_) => None,
        }
    }

    /// The length of the path's first segment, where that is a spelling of `decoded`.
    fn length_of_spelling(decoded: &[u8], path: &[u8]) -> Option<usize> {
        let name = &path[..segment_length(path)];
        let is_same = name.len() >= decoded.len()
            && Unescaped(name).map(|byte| byte.to_ascii_lowercase()).eq(decoded.iter().map(u8::to_ascii_lowercase));
        is_same.then_some(name.len())
    }
}

fn segment_length(path: &[u8]) -> usize {
    position(path, b'/').unwrap_or(path.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, method: &str, path: &str, matching: Matching) -> bool {
        Pattern::parse(pattern).expect("a good pattern").matches(
            method.as_bytes(),
            &Path::new(path.as_bytes()),
            matching,
        )
    }

    #[test]
    fn literals_stars_and_tails() {
        for (pattern, path, expected) in [
            ("/", "/", true),
            ("/", "/a", false),
            ("/a", "/a", true),
            ("/a", "/a/b", false),
            ("/a/*", "/a/b", true),
            ("/a/*", "/a", false),
            ("/", "", false),
            ("/**", "", false),
            ("/a", "/ab", false),
            ("/a/b/*", "/a/bc/d", false),
            ("/a/*", "/a/", false),
            ("/a/*", "/a/b/", false),
            ("/a/*/c/**", "/a/b/cd", false),
            ("/a/*/c/**", "/a/b/c/", true),
            ("/*/*/c", "/a/b/c", true),
            ("/*/*/c", "/a//c", false),
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/c", "/a/b/d", false),
            ("/a/**", "/a", true),
            ("/a/**", "/a/", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**", "/ab", false),
            ("/**", "/", true),
            ("/**", "/a/b", true),
            ("/**", "*", false),
        ] {
            assert_eq!(matches(pattern, "GET", path, Matching::Exact), expected, "{pattern} {path}");
            if !path.ends_with('/') || path == "/" {
                assert_eq!(matches(pattern, "GET", path, Matching::Wide), expected, "{pattern} {path}");
            }
        }
    }

    #[test]
    fn a_restricting_pattern_catches_other_spellings_and_an_opening_one_does_not() {
        for path in ["/Internal/x", "/internal/X", "/internal/x/", "/internal/%78"] {
            assert!(matches("/internal/x", "GET", path, Matching::Wide), "{path}");
            assert!(!matches("/internal/x", "GET", path, Matching::Exact), "{path}");
        }
        assert!(matches("GET /a", "HEAD", "/a", Matching::Wide));
        assert!(!matches("GET /a", "HEAD", "/a", Matching::Exact));
        assert!(!matches("GET /a", "POST", "/a", Matching::Wide));
        assert!(matches("/a%21b", "GET", "/a!b", Matching::Wide));
    }

    #[test]
    fn a_pattern_covers_what_it_leaves_nothing_of() {
        let covers = |one: &str, matching, other: &str, others_matching| {
            let parse = |text| Pattern::parse(text).expect("a good pattern");
            parse(one).covers(matching, &parse(other), others_matching)
        };
        use Matching::{Exact, Wide};
        for (one, other) in
            [("/**", "/a"), ("/A/**", "/a/b"), ("GET /x", "HEAD /x"), ("/*/b", "/a/b"), ("/a", "GET /a")]
        {
            assert!(covers(one, Wide, other, Wide), "{one} {other}");
            assert!(!covers(other, Wide, one, Wide), "{other} {one}");
        }
        assert!(covers("/**", Exact, "/a", Wide));
        assert!(covers("/*/**", Exact, "/a", Wide));
        assert!(covers("/a", Exact, "/a", Exact));
        for one in ["/a", "/*", "/a/**", "GET /**"] {
            assert!(!covers(one, Exact, "GET /a", Wide), "{one}");
        }
    }

    #[test]
    fn a_pattern_is_written_as_it_was_read() {
        for text in ["/", "/**", "GET /", "/a", "POST /a/*/c%21/**", "/*"] {
            assert_eq!(Pattern::parse(text).expect("a good pattern").to_string(), text);
        }
    }

    #[test]
    fn patterns_that_cannot_be_meant_are_refused() {
        for bad in [
            "", "a", "get /a", "GET", "GET  /a", "/a/", "/a//b", "/**/a", "/a*", "/a?b", "/a b c", "/ä", "/a/../b",
            "/a%2fb",
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
