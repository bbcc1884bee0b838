//! The path as it is signed.

use std::borrow::Cow;

use super::Fault;
use super::encoding::{is_unreserved, push_encoded};
use crate::bytes::any_pair;
use crate::percent::escaped_byte;

/// How a path becomes its canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathForm {
    /// Dot segments and repeated slashes go, and what is left is encoded once more: all services but S3.
    Normalised,
    /// The path that was sent, which is encoded already: S3.
    AsSent,
}

/// A path as it is signed.
pub(crate) struct CanonicalPath<'a> {
    pub(crate) text: Cow<'a, [u8]>,
    /// Whether no other path has the same canonical form.
    pub(super) has_one_reading: bool,
}

impl<'a> CanonicalPath<'a> {
    /// # Errors
    /// Where a path that is to be encoded already has a percent sign without digits.
    pub(crate) fn new(path: &'a [u8], form: PathForm) -> Result<Self, Fault> {
        let is_plain = path.iter().all(|&byte| byte == b'/' || is_unreserved(byte));
        Ok(match form {
            PathForm::Normalised => {
                let normalised = normalise(path);
                let has_one_reading = *normalised == *path;
                let text = if is_plain { normalised } else { Cow::Owned(encode(&normalised)) };
                Self { text, has_one_reading }
            }
            PathForm::AsSent if is_plain => Self { text: Cow::Borrowed(path), has_one_reading: true },
            PathForm::AsSent => {
                let text = recode(path)?;
                let has_one_reading = text == path;
                Self { text: Cow::Owned(text), has_one_reading }
            }
        })
    }
}

fn encode(path: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(path.len() + 32);
    path.iter().for_each(|&byte| push_path_byte(&mut encoded, byte));
    encoded
}

fn push_path_byte(path: &mut Vec<u8>, byte: u8) {
    match byte {
        b'/' => path.push(byte),
        _ => push_encoded(path, byte),
    }
}

/// Takes out `.` and empty segments, and what `..` leads back over. A slash at the end stays one.
fn normalise(path: &[u8]) -> Cow<'_, [u8]> {
    let is_normal = !any_pair(path, |left, right| (left == b'/') & ((right == b'/') | (right == b'.')));
    if is_normal && !path.is_empty() {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut normalised = Vec::with_capacity(path.len() + 1);
    for segment in &kept {
        normalised.push(b'/');
        normalised.extend_from_slice(segment);
    }
    if kept.is_empty() || path.last() == Some(&b'/') {
        normalised.push(b'/');
    }
    Cow::Owned(normalised)
}

/// Gives each escape one spelling, but for those of slashes, which are not separators.
fn recode(path: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut encoded = Vec::with_capacity(path.len() + 32);
    let mut rest = path;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            push_encoded(&mut encoded, escaped_byte(tail).ok_or(Fault::PercentSign)?);
            rest = &tail[2..];
        } else {
            push_path_byte(&mut encoded, byte);
        }
    }
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(path: &str, form: PathForm) -> String {
        let path = CanonicalPath::new(path.as_bytes(), form).expect("fine");
        String::from_utf8(path.text.into_owned()).expect("ASCII")
    }

    #[test]
    fn paths_of_most_services_are_normalised_and_encoded_once_more() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("//a//b//", "/a/b/"),
            ("/./a", "/a"),
            ("/a/../..", "/"),
            ("/../a", "/a"),
            ("/a/b/..", "/a"),
            ("/a/b/../", "/a/"),
            ("/.well-known/..a", "/.well-known/..a"),
            ("/a%20b", "/a%2520b"),
            ("/@c/d%3D", "/%40c/d%253D"),
            ("/a b", "/a%20b"),
            ("*", "%2A"),
        ] {
            assert_eq!(canonical(path, PathForm::Normalised), expected, "{path}");
        }
    }

    #[test]
    fn paths_of_s3_stay_as_they_are() {
        for (path, expected) in [
            ("/", "/"),
            ("//a/../b", "//a/../b"),
            ("/a%20b", "/a%20b"),
            ("/a%2fb", "/a%2Fb"),
            ("/a$b", "/a%24b"),
            ("/a%24b", "/a%24b"),
            ("/%7Ea+b", "/~a%2Bb"),
        ] {
            assert_eq!(canonical(path, PathForm::AsSent), expected, "{path}");
        }
        for bad in ["/%", "/%2", "/%zz"] {
            let path = CanonicalPath::new(bad.as_bytes(), PathForm::AsSent);
            assert_eq!(path.err(), Some(Fault::PercentSign), "{bad}");
        }
    }

    #[test]
    fn a_path_that_another_one_equals_is_told() {
        for (path, form, expected) in [
            ("/a%20b/@", PathForm::Normalised, true),
            ("/a//b", PathForm::Normalised, false),
            ("/a/./b", PathForm::Normalised, false),
            ("/a//b/..", PathForm::AsSent, true),
            ("/a%2Fb", PathForm::AsSent, true),
            ("/a%2fb", PathForm::AsSent, false),
            ("/a@b", PathForm::AsSent, false),
        ] {
            let canonical = CanonicalPath::new(path.as_bytes(), form).expect("fine");
            assert_eq!(canonical.has_one_reading, expected, "{path}");
        }
    }
}
