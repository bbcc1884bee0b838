//! Signs requests: by headers, or as a link.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::canonical::CanonicalRequest;
use super::coverage::{SignedNames, is_name_byte};
use super::derived_key::SigningSecret;
use super::encoding::encode;
use super::fields::Fields;
use super::path::CanonicalPath;
use super::payload;
use super::query::{Query, carries_credential, parameter};
use super::scope::is_part;
use super::timestamp::Timestamp;
use super::{ALGORITHM, Expected, Fault, MAX_EXPIRY, SCOPE_END, SignFault};
use crate::mac::{TAG_HEX, hex_digits};
use crate::request::{Head, Headers};

/// Headers that are for the next machine only, or that machines on the way change: no signer of AWS covers them.
const UNSIGNED: [&str; 13] = [
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

const DATE: &str = "X-Amz-Date";
const PAYLOAD: &str = "X-Amz-Content-Sha256";
const TOKEN: &str = "X-Amz-Security-Token";

/// Who signs.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    pub(crate) access_key: &'a str,
    pub(crate) secret: &'a SigningSecret,
    pub(crate) session_token: Option<&'a str>,
}

/// What becomes of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    Signed(&'a [u8]),
    Unsigned,
}

/// The headers to set. Those of the same names that the request has must be replaced.
pub(crate) struct Signed<'a> {
    time: Timestamp,
    payload: Option<PayloadText>,
    token: Option<&'a str>,
    authorization: String,
    /// What was signed, for diagnosis.
    pub(crate) canonical_request: Vec<u8>,
}

/// The last line of a canonical request.
#[derive(Clone, Copy)]
enum PayloadText {
    Digest([u8; TAG_HEX]),
    Unsigned,
}

impl PayloadText {
    fn new(payload: Payload<'_>) -> Self {
        match payload {
            Payload::Signed(body) => Self::Digest(hex_digits(&Sha256::digest(body).into())),
            Payload::Unsigned => Self::Unsigned,
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Digest(digits) => as_text(digits),
            Self::Unsigned => payload::UNSIGNED,
        }
    }
}

fn as_text(ascii: &[u8]) -> &str {
    std::str::from_utf8(ascii).expect("digits, and what was checked, are ASCII")
}

impl Signed<'_> {
    /// Names and values, in the order in which to set them.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let token = self.token.map(|token| (TOKEN, token));
        let payload = self.payload.as_ref().map(|payload| (PAYLOAD, payload.as_str()));
        let date = (DATE, as_text(&self.time.text));
        [Some(date), payload, token, Some(("Authorization", &*self.authorization))].into_iter().flatten()
    }
}

/// Signs a request by headers. `time` is Unix time in seconds.
///
/// # Errors
/// Where the request cannot be signed so that it can be verified.
pub(crate) fn sign<'a, H: Headers + ?Sized>(
    head: &Head<'_, H>,
    payload: Payload<'_>,
    credentials: &Credentials<'a>,
    expected: &Expected,
    time: u64,
) -> Result<Signed<'a>, SignFault> {
    let (_, query) = head.split_target();
    if query.is_some_and(carries_credential) {
        return Err(SignFault::AlreadySigned);
    }
    let scope = Scope::new(credentials, expected, time)?;
    let payload = (expected.declares_payload || payload == Payload::Unsigned, PayloadText::new(payload));
    let (is_declared, payload) = payload;

    let mut fields = Fields::default();
    head.headers.visit(|name, value| {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let is_replaced = is("authorization") || is(DATE) || is(PAYLOAD) || is(TOKEN);
        if !is_replaced {
            fields.push(name, value);
        }
    });
    fields.push(DATE.as_bytes(), &scope.time.text);
    if is_declared {
        fields.push(PAYLOAD.as_bytes(), payload.as_str().as_bytes());
    }
    if let Some(token) = credentials.session_token {
        fields.push(TOKEN.as_bytes(), token.as_bytes());
    }
    let names = names_to_sign(&fields, expected)?;
    let query = Query::parse(query).map_err(|_| SignFault::Query)?;
    let canonical_request = write(head, &query, &fields, &names, &payload, expected)?;
    let signature = scope.sign(credentials, &canonical_request);

    let mut authorization = String::with_capacity(256);
    for piece in [ALGORITHM, " Credential=", &scope.credential, ", SignedHeaders=", as_text(&names), ", Signature="] {
        authorization.push_str(piece);
    }
    authorization.push_str(as_text(&signature));
    Ok(Signed {
        time: scope.time,
        payload: is_declared.then_some(payload),
        token: credentials.session_token,
        authorization,
        canonical_request,
    })
}

/// Signs a request as a link that is valid for `expires` seconds: gives the target to send. Headers of the request are signed
/// and must be sent with it.
///
/// # Errors
/// As [`sign`].
pub(crate) fn presign<H: Headers + ?Sized>(
    head: &Head<'_, H>,
    payload: Payload<'_>,
    credentials: &Credentials<'_>,
    expected: &Expected,
    time: u64,
    expires: u64,
) -> Result<String, SignFault> {
    let (_, query) = head.split_target();
    if query.is_some_and(carries_credential) {
        return Err(SignFault::AlreadySigned);
    }
    if !(1..=MAX_EXPIRY).contains(&expires) {
        return Err(SignFault::Expiry);
    }
    let scope = Scope::new(credentials, expected, time)?;
    let mut fields = Fields::default();
    head.headers.visit(|name, value| {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if !(is("authorization") || is(DATE) || is(PAYLOAD) || is(TOKEN)) {
            fields.push(name, value);
        }
    });
    let names = names_to_sign(&fields, expected)?;
    // S3 takes a link that says nothing of the body for one that leaves it open; all others digest it.
    let is_declared = expected.declares_payload != (payload == Payload::Unsigned);
    let payload = PayloadText::new(payload);

    let mut target = String::with_capacity(head.target.len() + 512);
    target.push_str(std::str::from_utf8(head.target).map_err(|_| SignFault::Query)?);
    let mut mark = if query.is_some() { '&' } else { '?' };
    let mut add = |name: &str, value: &[u8]| {
        target.push(mark);
        mark = '&';
        target.push_str(name);
        target.push('=');
        target.push_str(as_text(&encode(value)));
    };
    add(parameter::ALGORITHM, ALGORITHM.as_bytes());
    add(parameter::CREDENTIAL, scope.credential.as_bytes());
    add(parameter::DATE, &scope.time.text);
    add(parameter::SIGNED_HEADERS, &names);
    add(parameter::EXPIRES, expires.to_string().as_bytes());
    if is_declared {
        add(parameter::PAYLOAD, payload.as_str().as_bytes());
    }
    if let Some(token) = credentials.session_token {
        add(parameter::TOKEN, token.as_bytes());
    }
    let with_query = Head { target: target.as_bytes(), ..*head };
    let query = Query::parse(with_query.split_target().1).map_err(|_| SignFault::Query)?;
    let canonical_request = write(&with_query, &query, &fields, &names, &payload, expected)?;
    let signature = scope.sign(credentials, &canonical_request);
    for piece in ["&", parameter::SIGNATURE, "=", as_text(&signature)] {
        target.push_str(piece);
    }
    Ok(target)
}

/// Writes a canonical request with its last line.
fn write<H: Headers + ?Sized>(
    head: &Head<'_, H>,
    query: &Query<'_>,
    fields: &Fields<'_>,
    names: &[u8],
    payload: &PayloadText,
    expected: &Expected,
) -> Result<Vec<u8>, SignFault> {
    let fault = |fault| match fault {
        Fault::Host => SignFault::NoHost,
        Fault::TooManySignedHeaders => SignFault::TooManyHeaders,
        Fault::PercentSign => SignFault::Query,
        _ => SignFault::Header,
    };
    let left_out: &[&str] = if expected.token_is_outside { &[parameter::TOKEN] } else { &[] };
    let path = CanonicalPath::new(head.path(), expected.path).map_err(fault)?;
    let names = SignedNames::parse(names).map_err(fault)?;
    let host = fields.host.value.or(head.authority());
    let request = CanonicalRequest { method: head.method, path: &path.text, query, left_out, fields, host, names };
    let mut text = request.write(expected).map_err(fault)?;
    text.extend_from_slice(payload.as_str().as_bytes());
    Ok(text)
}

/// The names of the fields in lower case, sorted, with semicolons between.
fn names_to_sign(fields: &Fields<'_>, expected: &Expected) -> Result<Vec<u8>, SignFault> {
    let is_left_out = |name: &[u8]| {
        UNSIGNED.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
            || (expected.token_is_outside && name.eq_ignore_ascii_case(TOKEN.as_bytes()))
    };
    let mut names: Vec<Cow<'_, [u8]>> = Vec::with_capacity(fields.all.len() + 1);
    names.push(Cow::Borrowed(b"host"));
    for (name, _) in fields.all.iter().filter(|(name, _)| !is_left_out(name)) {
        let name = match name.iter().all(|&byte| is_name_byte(byte)) {
            true => Cow::Borrowed(*name),
            false => Cow::Owned(name.to_ascii_lowercase()),
        };
        if name.is_empty() || !name.iter().all(|&byte| is_name_byte(byte)) {
            return Err(SignFault::Header);
        }
        names.push(name);
    }
    names.sort_unstable();
    names.dedup();
    Ok(names.join(&b';'))
}

/// Where and when a signature holds.
struct Scope<'e> {
    time: Timestamp,
    credential: String,
    expected: &'e Expected,
    access_key_bytes: usize,
}

impl<'e> Scope<'e> {
    fn new(credentials: &Credentials<'_>, expected: &'e Expected, time: u64) -> Result<Self, SignFault> {
        let time = Timestamp::at(time).ok_or(SignFault::Time)?;
        let is_token = |token: &str| token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        if credentials.session_token.is_some_and(|token| token.is_empty() || !is_token(token)) {
            return Err(SignFault::Token);
        }
        let (region, service) = (&*expected.region, &*expected.service);
        if ![credentials.access_key, region, service].iter().all(|part| is_part(part.as_bytes())) {
            return Err(SignFault::Scope);
        }
        let mut credential = String::with_capacity(128);
        for (at, part) in
            [credentials.access_key, as_text(time.day()), region, service, SCOPE_END].into_iter().enumerate()
        {
            if at > 0 {
                credential.push('/');
            }
            credential.push_str(part);
        }
        Ok(Self { time, credential, expected, access_key_bytes: credentials.access_key.len() })
    }

    /// The signature in hex.
    fn sign(&self, credentials: &Credentials<'_>, canonical_request: &[u8]) -> [u8; TAG_HEX] {
        let (region, service) = (self.expected.region.as_bytes(), self.expected.service.as_bytes());
        let key = credentials.secret.key(self.time.day(), region, service);
        let scope = &self.credential.as_bytes()[self.access_key_bytes + 1..];
        hex_digits(&key.sign(&self.time, scope, &Sha256::digest(canonical_request).into()))
    }
}
