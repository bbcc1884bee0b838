//! The credential of one accepted scheme, read leniently: what is missing is noted, and what is nearly right is taken.

use std::borrow::Cow;

use super::header::near;
use super::reading::{self, Reading, Spelling};
use super::recipe::{self, Bytes, Piece, Values};
use super::target::shown;
use crate::config::Compiled;
use crate::request::{Head, Headers};
use crate::scheme::{BuiltIn, Scheme, V2_PREFIX, header};
use crate::template::parameters;
use crate::template::{Algorithm, Encoding, SignaturePlace, Template, TimestampPlace};

/// What a request says under one scheme.
pub(super) struct Sought<'a> {
    pub(super) scheme: Scheme,
    pub(super) algorithm: Algorithm,
    pub(super) pieces: Vec<Piece>,
    pub(super) values: Values<'a>,
    pub(super) readings: Vec<Reading>,
    /// The id that the request names as its caller.
    pub(super) claimed: Option<Bytes<'a>>,
    /// The position of the caller's entry.
    pub(super) service: Option<usize>,
    /// The headers of the scheme that are there.
    pub(super) read: Vec<String>,
    /// Those that are not.
    pub(super) missing: Vec<String>,
    /// Those that are there under a similar name: the right one, and the one that was sent.
    pub(super) renamed: Vec<(String, String)>,
    /// All header fields of the request.
    pub(super) fields: Vec<(&'a [u8], &'a [u8])>,
}

/// The credentials of all accepted schemes of which the request has anything; the likeliest first.
pub(super) fn all<'a, H: Headers + ?Sized>(
    config: &'a Compiled,
    accepted: impl Iterator<Item = Scheme>,
    head: &Head<'a, H>,
    body: &'a [u8],
) -> Vec<Sought<'a>> {
    let mut fields = Vec::new();
    head.headers.visit(|name, value| fields.push((name, value)));
    let mut all: Vec<Sought<'a>> = accepted
        .filter_map(|scheme| {
            let finder = Finder::new(config, head, &fields);
            Some(match scheme {
                Scheme::BuiltIn(own) => built_in(finder, own, head, body),
                Scheme::Plan(at) => template(finder, at, head, body),
                Scheme::ApiKey | Scheme::Standard(_) => return None,
            })
        })
        .filter(|sought| !sought.readings.is_empty() || !sought.read.is_empty() || !sought.renamed.is_empty())
        .collect();
    all.sort_by_key(|sought| {
        let is_spelled = sought.readings.iter().any(|reading| reading.faults.is_empty());
        (sought.missing.len() + sought.renamed.len(), !is_spelled)
    });
    all
}

/// Finds the headers of a scheme, and keeps account of them.
struct Finder<'a, 'f> {
    config: &'a Compiled,
    fields: &'f [(&'a [u8], &'a [u8])],
    host: &'a [u8],
    read: Vec<String>,
    missing: Vec<String>,
    renamed: Vec<(String, String)>,
}

impl<'a, 'f> Finder<'a, 'f> {
    fn new<H: Headers + ?Sized>(config: &'a Compiled, head: &Head<'a, H>, fields: &'f [(&'a [u8], &'a [u8])]) -> Self {
        let host = head.authority().or_else(|| exact(fields, "host")).unwrap_or_default();
        Self { config, fields, host, read: Vec::new(), missing: Vec::new(), renamed: Vec::new() }
    }

    fn find(&mut self, name: &str, needed: bool) -> Option<&'a [u8]> {
        if let Some(value) = exact(self.fields, name) {
            self.read.push(name.to_owned());
            return Some(value);
        }
        if !needed {
            return None;
        }
        let taken = |other: &[u8]| header::CREDENTIALS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(other));
        match near(self.fields.iter().copied(), name, taken) {
            Some((found, value)) => {
                self.renamed.push((name.to_owned(), shown(found)));
                Some(value)
            }
            None => {
                self.missing.push(name.to_owned());
                None
            }
        }
    }
}

/// The first header field of that name.
pub(super) fn exact<'a>(fields: &[(&'a [u8], &'a [u8])], name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
}

fn built_in<'a, H: Headers + ?Sized>(
    mut finder: Finder<'a, '_>,
    scheme: BuiltIn,
    head: &Head<'a, H>,
    body: &'a [u8],
) -> Sought<'a> {
    let identity = if scheme == BuiltIn::CrossService { header::SERVICE_NAME } else { header::SERVICE_ID };
    let claimed = finder.find(identity, true);
    let signature = finder.find(header::SIGNATURE, true);
    let timestamp = finder.find(header::TIMESTAMP, true);
    let nonce = finder.find(header::REQUEST_ID, scheme.signs_nonce());
    let target_service = match scheme.signs_target() {
        true => finder.find(header::TARGET_SERVICE, true),
        false => None,
    };
    let own_url = finder.config.find(finder.config.service.as_bytes());
    let own_url = own_url.and_then(|at| finder.config.services[at].url.as_deref()).unwrap_or_default();
    let (path, query) = head.split_target();
    let values = Values {
        method: head.method.into(),
        path: path.into(),
        query: query.map(Cow::Borrowed),
        origin: own_url.trim_end_matches('/').as_bytes().into(),
        endpoint: own_url.as_bytes().into(),
        authority: finder.host.into(),
        timestamp: timestamp.unwrap_or_default().into(),
        nonce: nonce.unwrap_or_default().into(),
        caller: claimed.unwrap_or_default().into(),
        target_service: target_service.unwrap_or_default().into(),
        headers: Vec::new(),
        body: body.into(),
    };
    let is_v2 = scheme == BuiltIn::ServiceHmacV2;
    let prefix = std::str::from_utf8(V2_PREFIX).unwrap_or_default();
    let spelling = Spelling {
        algorithm: Algorithm::HmacSha256,
        encoding: Encoding::Hex,
        prefixes: if is_v2 { vec![prefix] } else { Vec::new() },
    };
    let texts = signature.iter().flat_map(|text| text.split(|&byte| byte == b',' && is_v2));
    Sought {
        scheme: Scheme::BuiltIn(scheme),
        algorithm: Algorithm::HmacSha256,
        pieces: recipe::of_built_in(scheme),
        readings: reading::read(texts.take(16), &spelling),
        service: claimed.and_then(|id| finder.config.find(id)),
        claimed: claimed.map(Cow::Borrowed),
        values,
        read: finder.read,
        missing: finder.missing,
        renamed: finder.renamed,
        fields: finder.fields.to_vec(),
    }
}

fn template<'a, H: Headers + ?Sized>(
    mut finder: Finder<'a, '_>,
    at: u8,
    head: &Head<'a, H>,
    body: &'a [u8],
) -> Sought<'a> {
    let plan = finder.config.plan(at);
    let template = &*plan.template;
    let (path, query) = head.split_target();
    let mut find = |at: usize, needed: bool| {
        let names = &template.headers[at].names;
        let exactly = names.iter().find_map(|name| exact(finder.fields, name).map(|_| name));
        finder.find(exactly.unwrap_or(&names[0]), needed)
    };
    let parameter = |name: &str| parameters::find(query.unwrap_or_default(), name).ok();

    let mut raw: Vec<&'a [u8]> = Vec::new();
    match &template.signature.place {
        SignaturePlace::Header(at) => raw.extend(find(*at, true)),
        SignaturePlace::Headers { first, count } => {
            raw.extend((*first..first + count).filter_map(|at| find(at, false)));
            if raw.is_empty() {
                raw.extend(find(*first, true));
            }
        }
        SignaturePlace::Query(name) => raw.extend(parameter(name)),
    }
    let mut texts = raw.clone();
    let mut listed_timestamp = None;
    if let (Some(list), Some(value)) = (&template.signature.list, raw.first()) {
        match list.read(value) {
            Ok((read, timestamp)) if read.iter().next().is_some() => {
                texts = read.iter().collect();
                listed_timestamp = timestamp;
            }
            // Not a list as it should be: each item may be the signature.
            read => {
                listed_timestamp = read.ok().and_then(|(_, timestamp)| timestamp);
                let items = value.split(|&byte| byte == list.separator).map(<[u8]>::trim_ascii);
                texts.extend(items.flat_map(|item| item.splitn(2, |&byte| byte == list.assign)).take(32));
            }
        }
    }
    let timestamp = match template.timestamp.as_ref().map(|form| &form.place) {
        Some(TimestampPlace::Header(at)) => find(*at, true),
        Some(TimestampPlace::Query(name)) => parameter(name),
        Some(TimestampPlace::List) => listed_timestamp,
        None => None,
    };
    let nonce = template.nonce.or(template.message_id).and_then(|at| find(at, true));
    let claimed = template.caller.and_then(|at| find(at, true));
    let target_service = template.target.and_then(|at| find(at, true));
    let headers: Vec<Bytes<'a>> = headers_of(template, finder.fields);
    for piece in recipe::of_template(template) {
        if let Piece::Header(at) = piece
            && headers[at].is_empty()
            && exact(finder.fields, &template.headers[at].names[0]).is_none()
        {
            finder.missing.push(template.headers[at].names[0].to_string());
        }
    }
    let values = Values {
        method: head.method.into(),
        path: path.into(),
        query: query.map(Cow::Borrowed),
        origin: plan.origin.as_bytes().into(),
        endpoint: plan.url.as_bytes().into(),
        authority: finder.host.into(),
        timestamp: timestamp.unwrap_or_default().into(),
        nonce: nonce.unwrap_or_default().into(),
        caller: claimed.unwrap_or_default().into(),
        target_service: target_service.unwrap_or_default().into(),
        headers,
        body: body.into(),
    };
    let spelling = Spelling {
        algorithm: template.algorithm,
        encoding: template.signature.encoding,
        prefixes: template.signature.prefixes.iter().map(|prefix| &**prefix).collect(),
    };
    let readings = match template.algorithm {
        Algorithm::Token => tokens(&texts),
        _ => reading::read(texts.into_iter(), &spelling),
    };
    Sought {
        scheme: Scheme::Plan(at),
        algorithm: template.algorithm,
        pieces: recipe::of_template(template),
        readings,
        service: plan.webhook.or_else(|| claimed.and_then(|id| finder.config.find(id))),
        claimed: claimed.map(Cow::Borrowed),
        values,
        read: finder.read,
        missing: finder.missing,
        renamed: finder.renamed,
        fields: finder.fields.to_vec(),
    }
}

/// The values of a template's headers by their positions.
pub(super) fn headers_of<'a>(template: &Template, fields: &[(&'a [u8], &'a [u8])]) -> Vec<Bytes<'a>> {
    let value = |names: &[Box<str>]| names.iter().find_map(|name| exact(fields, name)).unwrap_or_default();
    template.headers.iter().map(|header| Cow::Borrowed(value(&header.names))).collect()
}

/// A text that is the secret itself, in the spellings in which it is sent.
fn tokens(texts: &[&[u8]]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for text in texts {
        readings.push(Reading { bytes: text.to_vec(), faults: Vec::new() });
        let bare = text.trim_ascii();
        if bare.len() != text.len() {
            readings.push(Reading { bytes: bare.to_vec(), faults: vec!["signature-white-space"] });
        }
        if let Some(at) = bare.iter().position(|&byte| byte == b' ' || byte == b'=') {
            readings.push(Reading { bytes: bare[at + 1..].to_vec(), faults: vec!["signature-prefix"] });
        }
        if let Some(inner) = bare.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
            readings.push(Reading { bytes: inner.to_vec(), faults: vec!["signature-quotes"] });
        }
    }
    readings
}
