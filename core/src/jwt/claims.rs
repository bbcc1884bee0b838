//! What a token claims, and whether that holds now and here (RFC 7519, section 4.1).

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::fault::Fault;
use super::name::{Name, place, take_name};
use crate::bytes::parse_digits;
use crate::refusal::RefusalCode;
use crate::strict_json::{Array, Object, Value};

/// The most digits of a time. Whole seconds only: fractions would be rounded, and not everywhere alike.
const MAX_TIME_DIGITS: usize = 12;

/// The claims of a token. Registered ones were read, with their types; others are looked up when they are asked for.
pub(crate) struct Claims {
    /// All decoded bytes of the token.
    decoded: Vec<u8>,
    payload: Range<usize>,
    issuer: Option<Name>,
    subject: Option<Name>,
    id: Option<Name>,
    audience: Option<Audience>,
    expires: u64,
    not_before: Option<u64>,
    issued_at: Option<u64>,
}

enum Audience {
    One(Name),
    /// Where the list is.
    List(Range<usize>),
}

/// What is read first.
#[derive(Default)]
struct Registered {
    issuer: Option<Name>,
    subject: Option<Name>,
    id: Option<Name>,
    audience: Option<Audience>,
    expires: Option<u64>,
    not_before: Option<u64>,
    issued_at: Option<u64>,
    fault: Option<Fault>,
}

impl Claims {
    /// The claims of a token that was read before, from their text.
    pub(crate) fn of_text(json: &str) -> Result<Self, Fault> {
        Self::read(json.into(), 0..json.len())
    }

    pub(super) fn read(decoded: Vec<u8>, payload: Range<usize>) -> Result<Self, Fault> {
        let mut found = Registered::default();
        Object::read(&decoded[payload.clone()], |name, value| found.take(&decoded, &name.decoded(), value))
            .map_err(Fault::Payload)?;
        let Registered { issuer, subject, id, audience, expires, not_before, issued_at, fault } = found;
        match (fault, expires) {
            (Some(fault), _) => Err(fault),
            (None, None) => Err(Fault::NoExpiry),
            (None, Some(expires)) => {
                Ok(Self { decoded, payload, issuer, subject, id, audience, expires, not_before, issued_at })
            }
        }
    }

    /// Whether the token is from `issuer`, for one of `audience`, and valid at `now`, all by whole seconds. `leeway` is what the
    /// clocks may differ by. `exp` is the first second at which the token has ended.
    ///
    /// # Errors
    /// `TOKEN_EXPIRED` where its end has passed, `INVALID_TOKEN` for all else.
    pub(crate) fn check<A: AsRef<str>>(
        &self,
        now: u64,
        leeway: u64,
        audience: &[A],
        issuer: &str,
    ) -> Result<(), (RefusalCode, Fault)> {
        let fault = match self.issuer() {
            None => Some(Fault::NoIssuer),
            Some(found) if found != issuer => Some(Fault::OtherIssuer),
            Some(_) => self.check_audience(audience).or_else(|| self.check_time(now, leeway)),
        };
        fault.map_or(Ok(()), |fault| Err(fault.with_code()))
    }

    fn check_audience<A: AsRef<str>>(&self, audience: &[A]) -> Option<Fault> {
        let is_ours = |name: &str| audience.iter().any(|ours| ours.as_ref() == name);
        let is_named = match self.audience.as_ref() {
            None => return Some(Fault::NoAudience),
            Some(Audience::One(name)) => is_ours(self.text(name)),
            Some(Audience::List(range)) => {
                let mut is_named = false;
                Array::of_checked(self.written(range)).each(|item| {
                    is_named |= matches!(item, Value::String(name) if is_ours(&name.decoded()));
                });
                is_named
            }
        };
        (!is_named).then_some(Fault::OtherAudience)
    }

    fn check_time(&self, now: u64, leeway: u64) -> Option<Fault> {
        let latest = now.saturating_add(leeway);
        if now >= self.expires.saturating_add(leeway) {
            return Some(Fault::Expired { seconds_ago: now - self.expires });
        }
        match (self.not_before, self.issued_at) {
            (Some(start), _) if latest < start => Some(Fault::NotYet { in_seconds: start - now }),
            (_, Some(issued)) if latest < issued => Some(Fault::IssuedInFuture { in_seconds: issued - now }),
            _ => None,
        }
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.issuer.as_ref().map(|name| self.text(name))
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_ref().map(|name| self.text(name))
    }

    /// The `jti`.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_ref().map(|name| self.text(name))
    }

    pub(crate) fn expires(&self) -> u64 {
        self.expires
    }

    pub(crate) fn issued_at(&self) -> Option<u64> {
        self.issued_at
    }

    /// The whole payload, as it was sent: one JSON object, each member once.
    pub(crate) fn json(&self) -> &str {
        self.written(&self.payload)
    }

    /// A claim that is a string. A name is looked up as it is, then, where it has dots, as a path through objects.
    ///
    /// # Errors
    /// Where it is there, and of another type.
    pub(crate) fn text_claim(&self, path: &str) -> Result<Option<Cow<'_, str>>, (RefusalCode, Fault)> {
        match self.find(path) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.decoded())),
            Some(_) => Err(Fault::ConfiguredClaim.with_code()),
        }
    }

    /// A claim that is a list of strings, or one string of several separated by spaces (as `scope` is, RFC 8693, section 4.2).
    ///
    /// # Errors
    /// Where it is there, and of another type.
    pub(crate) fn list_claim(&self, path: &str) -> Result<Option<Vec<Cow<'_, str>>>, (RefusalCode, Fault)> {
        let wrong = Err(Fault::ConfiguredClaim.with_code());
        match self.find(path) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(match text.decoded() {
                Cow::Borrowed(text) => words(text).map(Cow::Borrowed).collect(),
                Cow::Owned(text) => words(&text).map(|word| Cow::Owned(word.to_owned())).collect(),
            })),
            Some(Value::Array(array)) => {
                let (mut list, mut is_list) = (Vec::new(), true);
                array.each(|item| match item {
                    Value::String(text) => list.push(text.decoded()),
                    _ => is_list = false,
                });
                if is_list { Ok(Some(list)) } else { wrong }
            }
            Some(_) => wrong,
        }
    }

    fn find(&self, path: &str) -> Option<Value<'_>> {
        let payload = Object::of_checked(self.json());
        payload.get(path).or_else(|| {
            let mut found = Value::Object(payload);
            for name in path.split('.') {
                let Value::Object(object) = found else {
                    return None;
                };
                found = object.get(name)?;
            }
            Some(found)
        })
    }

    pub(super) fn text<'a>(&'a self, name: &'a Name) -> &'a str {
        name.text(&self.decoded)
    }

    pub(super) fn decoded(&self, range: &Range<usize>) -> &[u8] {
        &self.decoded[range.clone()]
    }

    /// A part of the payload, which is UTF-8.
    fn written(&self, range: &Range<usize>) -> &str {
        std::str::from_utf8(self.decoded(range)).unwrap_or_default()
    }
}

impl Registered {
    fn take(&mut self, decoded: &[u8], name: &str, value: Value<'_>) {
        let (name, is_right) = match name {
            "iss" => ("iss", take_name(decoded, value, &mut self.issuer).is_ok()),
            "sub" => ("sub", take_name(decoded, value, &mut self.subject).is_ok()),
            "jti" => ("jti", take_name(decoded, value, &mut self.id).is_ok()),
            "aud" => ("aud", self.take_audience(decoded, value)),
            "exp" => ("exp", take_time(value, &mut self.expires)),
            "nbf" => ("nbf", take_time(value, &mut self.not_before)),
            "iat" => ("iat", take_time(value, &mut self.issued_at)),
            _ => return,
        };
        if !is_right {
            self.fault = self.fault.or(Some(Fault::Claim(name)));
        }
    }

    fn take_audience(&mut self, decoded: &[u8], value: Value<'_>) -> bool {
        match value {
            Value::String(_) => {
                let mut name = None;
                let is_right = take_name(decoded, value, &mut name).is_ok();
                self.audience = name.map(Audience::One);
                is_right
            }
            Value::Array(list) => {
                let mut is_right = true;
                list.each(|item| is_right &= matches!(item, Value::String(_)));
                self.audience = Some(Audience::List(place(decoded, list.text())));
                is_right
            }
            _ => false,
        }
    }
}

/// Whether the value is a time: digits alone, without a leading zero.
fn take_time(value: Value<'_>, time: &mut Option<u64>) -> bool {
    if let Value::Number(text) = value {
        *time = parse_digits(text.as_bytes(), MAX_TIME_DIGITS);
    }
    time.is_some()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

impl fmt::Debug for Claims {
    /// Without the claims: they are about somebody.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Claims").field("expires", &self.expires).finish_non_exhaustive()
    }
}
