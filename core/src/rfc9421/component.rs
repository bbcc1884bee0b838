//! What a signature can cover: derived components and header fields (RFC 9421, section 2).

use std::borrow::Cow;
use std::ops::Range;

use sfv::{BareItemFromInput, StringRef};

use super::Fault;

/// A part of the message that is not a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derived {
    Method,
    TargetUri,
    Authority,
    Scheme,
    RequestTarget,
    Path,
    Query,
    QueryParam,
    Status,
}

impl Derived {
    const ALL: [(&'static str, Self); 9] = [
        ("@method", Self::Method),
        ("@authority", Self::Authority),
        ("@path", Self::Path),
        ("@query", Self::Query),
        ("@target-uri", Self::TargetUri),
        ("@scheme", Self::Scheme),
        ("@request-target", Self::RequestTarget),
        ("@query-param", Self::QueryParam),
        ("@status", Self::Status),
    ];

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, derived)| derived)
    }

    /// What is covered by itself. Nothing is, for a query parameter: its name is part of what it is.
    pub(super) const fn bit(self) -> u16 {
        match self {
            Self::QueryParam => 0,
            _ => 1 << self as u16,
        }
    }

    /// What is covered by itself and by all that it is made of.
    pub(super) const fn covered_bits(self) -> u16 {
        let parts = match self {
            Self::TargetUri => Self::Scheme.bit() | Self::Authority.bit() | Self::Path.bit() | Self::Query.bit(),
            Self::RequestTarget => Self::Path.bit() | Self::Query.bit(),
            _ => 0,
        };
        self.bit() | parts
    }
}

/// How the value of a header field is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldForm<'a> {
    /// As received, lines joined.
    Plain,
    /// Written again by the rules of structured fields (`sf`).
    Structured,
    /// Each line as a byte sequence (`bs`).
    Wrapped,
    /// One member of a dictionary (`key`).
    Member(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    Derived(Derived),
    /// By its name, percent-encoded.
    QueryParam(&'a str),
    Field(&'a str, FieldForm<'a>),
}

/// A component that a signature says it covers.
#[derive(Clone, Debug)]
pub(super) struct Component<'a> {
    pub(super) subject: Subject<'a>,
    /// Whether it is one of the request that a response answers (`req`).
    pub(super) of_request: bool,
    /// Where its identifier is written.
    pub(super) identifier: Range<usize>,
}

impl Component<'_> {
    /// Whether two identifiers stand for the same. The order of parameters does not matter.
    pub(super) fn is_same(&self, other: &Component<'_>) -> bool {
        self.subject == other.subject && self.of_request == other.of_request
    }
}

/// A component whose identifier is being read.
#[derive(Default)]
pub(super) struct Reading<'a> {
    name: Option<&'a str>,
    sf: bool,
    bs: bool,
    req: bool,
    tr: bool,
    key: Option<&'a str>,
    query_name: Option<&'a str>,
    fault: Option<Fault>,
}

impl<'a> Reading<'a> {
    pub(super) fn start(item: &BareItemFromInput<'a>) -> Self {
        match borrowed(item) {
            name @ Some(_) => Self { name, ..Self::default() },
            None => Self { fault: Some(Fault::ComponentName), ..Self::default() },
        }
    }

    pub(super) fn parameter(&mut self, name: &str, value: &BareItemFromInput<'a>) {
        let is_new = match (name, value) {
            ("sf", BareItemFromInput::Boolean(true)) => !std::mem::replace(&mut self.sf, true),
            ("bs", BareItemFromInput::Boolean(true)) => !std::mem::replace(&mut self.bs, true),
            ("req", BareItemFromInput::Boolean(true)) => !std::mem::replace(&mut self.req, true),
            ("tr", BareItemFromInput::Boolean(true)) => !std::mem::replace(&mut self.tr, true),
            ("key", value) if let Some(text) = borrowed(value) => self.key.replace(text).is_none(),
            ("name", value) if let Some(text) = borrowed(value) => self.query_name.replace(text).is_none(),
            _ => return self.fail(Fault::ComponentParameter),
        };
        if !is_new {
            self.fail(Fault::RepeatedParameter);
        }
    }

    fn fail(&mut self, fault: Fault) {
        self.fault = self.fault.or(Some(fault));
    }

    pub(super) fn finish(self, identifier: Range<usize>) -> Result<Component<'a>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let name = self.name.ok_or(Fault::ComponentName)?;
        if self.tr {
            return Err(Fault::Trailer);
        }
        let of_field = self.sf || self.bs || self.key.is_some();
        let subject = if name.starts_with('@') {
            let derived = Derived::from_name(name).ok_or(Fault::ComponentName)?;
            match (derived, self.query_name) {
                _ if of_field => return Err(Fault::ComponentCombination),
                (Derived::QueryParam, Some(name)) => Subject::QueryParam(name),
                (Derived::QueryParam, None) | (_, Some(_)) => return Err(Fault::ComponentCombination),
                (derived, None) => Subject::Derived(derived),
            }
        } else {
            if !is_field_name(name) {
                return Err(Fault::ComponentName);
            }
            let form = match (self.key, self.sf, self.bs) {
                _ if self.query_name.is_some() => return Err(Fault::ComponentCombination),
                (Some(key), _, false) => FieldForm::Member(key),
                (None, true, false) => FieldForm::Structured,
                (None, false, true) => FieldForm::Wrapped,
                (None, false, false) => FieldForm::Plain,
                (_, _, true) => return Err(Fault::ComponentCombination),
            };
            Subject::Field(name, form)
        };
        Ok(Component { subject, of_request: self.req, identifier })
    }
}

/// The text of a string in which nothing had to be escaped. What is looked for by name never needs that.
fn borrowed<'a>(item: &BareItemFromInput<'a>) -> Option<&'a str> {
    match item {
        BareItemFromInput::String(Cow::Borrowed(text)) => Some(StringRef::as_str(text)),
        _ => None,
    }
}

fn is_field_name(name: &str) -> bool {
    let is_token = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~')
    };
    !name.is_empty() && name.bytes().all(is_token)
}
