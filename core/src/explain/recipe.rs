//! A signed message as a list of parts, so that one of them can be changed at a time.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::mac::{Sink, hex};
use crate::scheme::{BuiltIn, Fields};
use crate::template::parameters::{self, sorted_form, sorted_query};
use crate::template::{BodyPart, Making, Part, SortedQuery, Template};

/// One part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(Vec<u8>),
    Method,
    Path,
    Query,
    Target,
    UnescapedTarget,
    /// Scheme and authority of the URL under which the sender knows the endpoint.
    Origin,
    Endpoint,
    Authority,
    Timestamp,
    Nonce,
    Caller,
    TargetService,
    /// A header of the template by its position.
    Header(usize),
    Parameter(Box<str>),
    SortedQuery(SortedQuery),
    Body,
    BodyDigest,
    Form {
        distinct: bool,
    },
}

pub(super) type Bytes<'a> = Cow<'a, [u8]>;

/// What the parts stand for in one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) method: Bytes<'a>,
    pub(super) path: Bytes<'a>,
    pub(super) query: Option<Bytes<'a>>,
    pub(super) origin: Bytes<'a>,
    pub(super) endpoint: Bytes<'a>,
    pub(super) authority: Bytes<'a>,
    pub(super) timestamp: Bytes<'a>,
    pub(super) nonce: Bytes<'a>,
    pub(super) caller: Bytes<'a>,
    pub(super) target_service: Bytes<'a>,
    pub(super) headers: Vec<Bytes<'a>>,
    pub(super) body: Bytes<'a>,
}

impl Values<'_> {
    pub(super) fn target(&self) -> Vec<u8> {
        match &self.query {
            Some(query) => [&self.path, &b"?"[..], query].concat(),
            None => self.path.to_vec(),
        }
    }

    fn query(&self) -> &[u8] {
        self.query.as_deref().unwrap_or_default()
    }
}

/// The message of a built-in scheme.
pub(super) fn of_built_in(scheme: BuiltIn) -> Vec<Piece> {
    let line = || Piece::Literal(b"\n".to_vec());
    let parts = match scheme {
        BuiltIn::ServiceHmac => {
            vec![Piece::Method, Piece::Path, Piece::Timestamp, Piece::Body, Piece::Caller]
        }
        BuiltIn::CrossService => vec![Piece::Method, Piece::Path, Piece::Timestamp, Piece::Body],
        BuiltIn::ServiceHmacV2 => vec![
            Piece::Literal(first_line()),
            Piece::Method,
            Piece::Path,
            Piece::Query,
            Piece::Timestamp,
            Piece::Caller,
            Piece::TargetService,
            Piece::Nonce,
            Piece::Body,
        ],
    };
    let mut pieces = Vec::with_capacity(2 * parts.len());
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            pieces.push(line());
        }
        pieces.push(part);
    }
    pieces
}

/// What stands first in the messages of `service-hmac-v2`.
fn first_line() -> Vec<u8> {
    let fields =
        Fields { method: b"", path: b"", query: b"", timestamp: b"", service: b"", target_service: b"", nonce: b"" };
    let mut message = Vec::new();
    BuiltIn::ServiceHmacV2.put_before_body(&fields, &mut message);
    message.trim_ascii_end().to_vec()
}

/// The message of a template.
pub(super) fn of_template(template: &Template) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in &template.parts {
        let piece = match part {
            Part::Literal(text) => Piece::Literal(text.to_vec()),
            Part::Method => Piece::Method,
            Part::Path => Piece::Path,
            Part::Query => Piece::Query,
            Part::Target => Piece::Target,
            Part::Origin => Piece::Origin,
            Part::Endpoint => Piece::Endpoint,
            Part::Authority => Piece::Authority,
            Part::Timestamp => Piece::Timestamp,
            Part::Header(at) if template.nonce == Some(*at) || template.message_id == Some(*at) => Piece::Nonce,
            Part::Header(at) if template.caller == Some(*at) => Piece::Caller,
            Part::Header(at) if template.target == Some(*at) => Piece::TargetService,
            Part::Header(at) => Piece::Header(*at),
            Part::Made(at) => match &template.makings[*at] {
                Making::Url => {
                    pieces.push(Piece::Origin);
                    Piece::Target
                }
                Making::UrlUnescaped => {
                    pieces.push(Piece::Origin);
                    Piece::UnescapedTarget
                }
                Making::QueryValue(name) => Piece::Parameter(name.clone()),
                Making::SortedQuery(form) => Piece::SortedQuery(form.clone()),
            },
            Part::Body(BodyPart::Raw) => Piece::Body,
            Part::Body(BodyPart::Sha256) => Piece::BodyDigest,
            Part::Body(BodyPart::Form { distinct }) => Piece::Form { distinct: *distinct },
        };
        pieces.push(piece);
    }
    pieces
}

/// The first digits of the SHA-256 of some bytes: enough to compare by eye, and nothing of the bytes.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..4])
}

/// Puts the message together.
pub(super) fn put(pieces: &[Piece], values: &Values<'_>, sink: &mut impl Sink) {
    pieces.iter().for_each(|piece| sink.put(&piece.bytes(values)));
}

impl Piece {
    /// What the part is in a request. A parameter that is not there is empty.
    pub(super) fn bytes<'v>(&'v self, values: &'v Values<'_>) -> Bytes<'v> {
        Cow::Borrowed(match self {
            Self::Literal(text) => text,
            Self::Method => &values.method,
            Self::Path => &values.path,
            Self::Query => values.query(),
            Self::Target => return Cow::Owned(values.target()),
            Self::UnescapedTarget => return Cow::Owned(parameters::unescape_target(&values.target())),
            Self::Origin => &values.origin,
            Self::Endpoint => &values.endpoint,
            Self::Authority => &values.authority,
            Self::Timestamp => &values.timestamp,
            Self::Nonce => &values.nonce,
            Self::Caller => &values.caller,
            Self::TargetService => &values.target_service,
            Self::Header(at) => values.headers.get(*at).map_or(&b""[..], |value| value),
            Self::Parameter(name) => {
                let value = parameters::find(values.query(), name).unwrap_or_default();
                return Cow::Owned(parameters::decode(value));
            }
            Self::SortedQuery(form) => {
                return Cow::Owned(sorted_query(values.query(), form).unwrap_or_default());
            }
            Self::Body => &values.body,
            Self::BodyDigest => return Cow::Owned(hex(&Sha256::digest(&values.body)).into_bytes()),
            Self::Form { distinct } => {
                return Cow::Owned(sorted_form(&values.body, *distinct).unwrap_or_default());
            }
        })
    }

    /// What the part is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Literal(text) => return format!("\"{}\"", text.escape_ascii()),
            Self::Method => "method",
            Self::Path => "path",
            Self::Query => "query",
            Self::Target => "target",
            Self::UnescapedTarget => "target unescaped",
            Self::Origin => "origin",
            Self::Endpoint => "endpoint",
            Self::Authority => "authority",
            Self::Timestamp => "timestamp",
            Self::Nonce => "request id",
            Self::Caller => "service",
            Self::TargetService => "target-service",
            Self::Header(_) => "header",
            Self::Parameter(name) => return format!("query:{name}"),
            Self::SortedQuery(_) => "sorted query",
            Self::Body => "body",
            Self::BodyDigest => "body-sha256",
            Self::Form { .. } => "sorted form",
        }
        .into()
    }

    pub(super) fn is_literal(&self) -> bool {
        matches!(self, Self::Literal(_))
    }

    /// Whether the part follows from the body.
    pub(super) fn is_of_body(&self) -> bool {
        matches!(self, Self::Body | Self::BodyDigest | Self::Form { .. })
    }
}
