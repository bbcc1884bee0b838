//! Texts in a token that name somebody or something: an issuer, a caller, a key, a token.

use std::ops::Range;

use crate::strict_json::Value;

/// The longest of them, in bytes.
const MAX_NAME_BYTES: usize = 512;

/// A name, kept by its place in the decoded bytes where it is written there as it is.
pub(super) enum Name {
    At(Range<usize>),
    Unescaped(Box<str>),
}

impl Name {
    pub(super) fn text<'a>(&'a self, decoded: &'a [u8]) -> &'a str {
        match self {
            Self::At(range) => std::str::from_utf8(&decoded[range.clone()]).unwrap_or_default(),
            Self::Unescaped(text) => text,
        }
    }
}

/// Takes a value of 1 to 512 bytes without control characters, which would do harm in logs and headers.
pub(super) fn take_name(decoded: &[u8], value: Value<'_>, name: &mut Option<Name>) -> Result<(), ()> {
    let Value::String(text) = value else {
        return Err(());
    };
    let unescaped = text.decoded();
    if !(1..=MAX_NAME_BYTES).contains(&unescaped.len()) || unescaped.chars().any(char::is_control) {
        return Err(());
    }
    *name = Some(match text.plain() {
        Some(plain) => Name::At(place(decoded, plain)),
        None => Name::Unescaped(unescaped.into()),
    });
    Ok(())
}

/// Where a part of the decoded bytes is.
pub(super) fn place(decoded: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - decoded.as_ptr().addr();
    start..start + part.len()
}
