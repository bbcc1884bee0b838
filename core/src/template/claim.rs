//! Reads the credential of a template from a request, strictly and in a fixed order.

use super::message::{Message, Parts};
use super::parameters::{self, ParameterFault};
use super::signature::{ListFault, Reading, Signatures, Texts};
use super::{Algorithm, Collected, Part, Plan, SignaturePlace, Template, TimeUnit, TimestampPlace};
use crate::bytes::{any, holds, parse_digits};
use crate::config::parse_utc;
use crate::identifier::ReceivedId;
use crate::refusal::RefusalCode;
use crate::request::{Head, Headers};

/// The most bytes of a message id.
const MAX_MESSAGE_ID_BYTES: usize = 128;

/// A credential, parsed but not verified.
pub(crate) struct Claim<'a> {
    pub(crate) message: Message<'a>,
    pub(crate) signatures: Signatures<'a>,
    /// In Unix seconds.
    pub(crate) timestamp: Option<u64>,
    /// The nonce or the message id, where it has the form of a request id.
    pub(crate) id: Option<ReceivedId<'a>>,
    pub(crate) caller: Option<&'a [u8]>,
    pub(crate) target: Option<&'a [u8]>,
}

/// What is wrong with a credential. Put into words by the refusal's detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimFault {
    /// By the position of the header.
    Repeated(usize),
    /// Both names of one header are there.
    BothNames(usize),
    Absent(usize),
    AbsentTimestamp,
    AbsentParameter,
    RepeatedParameter,
    TooManyParameters,
    AbsentAuthority,
    TwoAuthorities,
    List,
    Timestamp,
    Signature,
    Id(usize),
}

impl<'a> Claim<'a> {
    /// A claim of which nothing is known yet; [`Collected::claim`] comes next. Large, so it is made where it stays.
    #[inline]
    pub(crate) fn unread(plan: &'a Plan) -> Self {
        let template = &*plan.template;
        let reading = Reading {
            algorithm: template.algorithm,
            encoding: template.signature.encoding,
            prefixes: &template.signature.prefixes,
        };
        Self {
            message: Message::new(plan, Parts::default()),
            signatures: Signatures::unread(reading),
            timestamp: None,
            id: None,
            caller: None,
            target: None,
        }
    }
}

impl<'a> Collected<'a> {
    /// Whether the request carries a credential of this template, however damaged.
    #[inline]
    pub(crate) fn is_there(&self, template: &Template, query: &[u8]) -> bool {
        let has_signature = match &template.signature.place {
            SignaturePlace::Header(at) => self.has(*at),
            SignaturePlace::Headers { first, count } => (*first..first + count).any(|at| self.has(at)),
            SignaturePlace::Query(name) => parameters::find(query, name) != Err(ParameterFault::Missing),
        };
        has_signature || template.caller.is_some_and(|at| self.has(at))
    }

    /// Parses the credential into a claim of the plan that is unread.
    ///
    /// # Errors
    /// The code and what is wrong, by the first fault in the order of the documentation.
    #[inline]
    pub(crate) fn claim<'c, H: Headers + ?Sized>(
        &'c self,
        plan: &'c Plan,
        head: &Head<'a, H>,
        claim: &mut Claim<'c>,
    ) -> Result<(), (RefusalCode, ClaimFault)>
    where
        'a: 'c,
    {
        use RefusalCode as Code;
        let template = &*plan.template;
        if self.has_both_names()
            && let Some(at) = template.signature_header()
        {
            return Err((Code::AmbiguousCredentials, ClaimFault::BothNames(at)));
        }
        if self.may_be_repeated(plan) {
            self.check_repetitions(plan)?;
        }
        let parsed = self.parse(plan, head, claim);
        if parsed.is_err() {
            self.check_repetitions(plan)?;
        }
        parsed
    }

    fn parse<'c, H: Headers + ?Sized>(
        &'c self,
        plan: &'c Plan,
        head: &Head<'a, H>,
        claim: &mut Claim<'c>,
    ) -> Result<(), (RefusalCode, ClaimFault)>
    where
        'a: 'c,
    {
        use RefusalCode as Code;
        let template = &*plan.template;
        let (path, query) = head.split_target();
        let query = query.unwrap_or_default();

        let parameter = |name: &str| match parameters::find(query, name) {
            Ok(value) => Ok(Some(value)),
            Err(ParameterFault::Missing) => Ok(None),
            Err(fault) => Err(parameter_fault(fault)),
        };
        let malformed = (Code::MalformedSignature, ClaimFault::Signature);
        let absent_signature = |at| (Code::MissingSignature, ClaimFault::Absent(at));
        let (texts, listed_timestamp) = match &template.signature.place {
            SignaturePlace::Header(at) => {
                let value = self.value(*at).ok_or(absent_signature(*at))?;
                match &template.signature.list {
                    None => (Texts::one(value), None),
                    Some(list) => list.read(value).map_err(|fault| list_fault(fault, *at))?,
                }
            }
            SignaturePlace::Headers { first, count } => {
                (Texts::of_headers(self, *first, *count).map_err(|fault| list_fault(fault, *first))?, None)
            }
            SignaturePlace::Query(name) => {
                let value = parameter(name)?.ok_or((Code::MissingSignature, ClaimFault::AbsentParameter))?;
                (Texts::one(value), None)
            }
        };

        let need = |at: Option<usize>, code| match at {
            None => Ok(None),
            Some(at) => match self.value(at) {
                Some(value) => Ok(Some(value)),
                None => Err((code, ClaimFault::Absent(at))),
            },
        };
        let timestamp_text = match template.timestamp.as_ref().map(|form| &form.place) {
            None => None,
            Some(TimestampPlace::Header(at)) => need(Some(*at), Code::MissingTimestamp)?,
            Some(TimestampPlace::Query(name)) => {
                Some(parameter(name)?.ok_or((Code::MissingTimestamp, ClaimFault::AbsentTimestamp))?)
            }
            Some(TimestampPlace::List) => {
                Some(listed_timestamp.ok_or((Code::MissingTimestamp, ClaimFault::AbsentTimestamp))?)
            }
        };
        let nonce = need(template.nonce, Code::MissingNonce)?;
        let message_id = need(template.message_id, Code::MissingNonce)?;
        claim.caller = need(template.caller, Code::MissingServiceId)?;
        claim.target = need(template.target, Code::MissingTarget)?;

        if !plan.finder.has_all_signed(self) {
            for part in &template.parts {
                if let Part::Header(at) = part {
                    need(Some(*at), Code::InsufficientCoverage)?;
                }
            }
        }
        claim.message.head = Parts {
            method: head.method,
            target: head.target,
            path,
            query,
            authority: self.authority(template, head.authority())?,
            timestamp: timestamp_text.unwrap_or_default(),
            headers: self.values(),
        };
        claim.message.make().map_err(parameter_fault)?;

        if let (Some(form), Some(text)) = (&template.timestamp, timestamp_text) {
            let timestamp = form.unit.parse(text).ok_or((Code::InvalidTimestamp, ClaimFault::Timestamp))?;
            claim.timestamp = Some(timestamp);
        }
        claim.signatures.read(texts).ok_or(malformed)?;
        if let (Some(at), Some(nonce)) = (template.nonce, nonce) {
            claim.id = ReceivedId::parse(nonce).filter(|id| id.is_nonce());
            if claim.id.is_none() {
                return Err((Code::InvalidNonce, ClaimFault::Id(at)));
            }
        }
        if let (Some(at), Some(text)) = (template.message_id, message_id) {
            if !is_message_id(text, &template.message_id_end) {
                return Err((Code::InvalidNonce, ClaimFault::Id(at)));
            }
            claim.id = claim.id.or(ReceivedId::parse(text));
        }
        Ok(())
    }

    /// Some servers join repeated fields with a comma, and hardly a format has use for one: then it is a repetition, and the
    /// answer is the same whatever the server does.
    #[cold]
    fn check_repetitions(&self, plan: &Plan) -> Result<(), (RefusalCode, ClaimFault)> {
        match (0..plan.template.headers.len()).find(|&at| self.is_repeated(at) || self.is_joined(plan, at)) {
            Some(at) => Err((RefusalCode::DuplicateHeader, ClaimFault::Repeated(at))),
            None => Ok(()),
        }
    }

    /// Whether a header is repeated, but for commas that make the parser fail.
    #[inline]
    fn may_be_repeated(&self, plan: &Plan) -> bool {
        self.any_is_repeated() || plan.finder.loosely_parsed().any(|at| self.is_joined(plan, at))
    }

    #[inline]
    fn is_joined(&self, plan: &Plan, at: usize) -> bool {
        let Some(value) = self.value(at) else { return false };
        let signature = &plan.template.signature;
        match &signature.list {
            Some(list) if signature.place == SignaturePlace::Header(at) => list.looks_joined(value),
            _ => !plan.template.may_hold_commas(at) && holds(value, b','),
        }
    }

    fn authority(&self, template: &Template, given: Option<&'a [u8]>) -> Result<&'a [u8], (RefusalCode, ClaimFault)> {
        let Some(at) = template.host else { return Ok(b"") };
        match (given, self.value(at)) {
            (Some(given), Some(host)) if !given.eq_ignore_ascii_case(host) => {
                Err((RefusalCode::MalformedRequest, ClaimFault::TwoAuthorities))
            }
            (Some(authority), _) | (None, Some(authority)) => Ok(authority),
            (None, None) => Err((RefusalCode::InsufficientCoverage, ClaimFault::AbsentAuthority)),
        }
    }
}

fn list_fault(fault: ListFault, at: usize) -> (RefusalCode, ClaimFault) {
    match fault {
        ListFault::Malformed => (RefusalCode::MalformedSignature, ClaimFault::List),
        ListFault::TimestampTwice => (RefusalCode::DuplicateHeader, ClaimFault::Repeated(at)),
    }
}

pub(crate) fn parameter_fault(fault: ParameterFault) -> (RefusalCode, ClaimFault) {
    match fault {
        ParameterFault::Missing => (RefusalCode::InsufficientCoverage, ClaimFault::AbsentParameter),
        ParameterFault::Repeated => (RefusalCode::MalformedRequest, ClaimFault::RepeatedParameter),
        ParameterFault::TooMany => (RefusalCode::MalformedRequest, ClaimFault::TooManyParameters),
    }
}

/// Whether a sender's name for a message cannot run into what follows it. Where nothing separates the two, it holds no mark
/// that bodies begin with: else the start of a body, up to some time that it holds, could be taken for a part of the name.
fn is_message_id(text: &[u8], end: &[u8]) -> bool {
    let runs_on = match end {
        b"" => any(text, |byte| (byte == b'{') | (byte == b'[') | (byte == b'"') | (byte == b'<')),
        end => text.windows(end.len()).any(|window| window == end),
    };
    (1..=MAX_MESSAGE_ID_BYTES).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic) && !runs_on
}

impl TimeUnit {
    /// The time in Unix seconds, from text that is written in the one right way.
    #[inline]
    pub(crate) fn parse(self, text: &[u8]) -> Option<u64> {
        match self {
            Self::Seconds => parse_digits(text, 12),
            Self::Milliseconds => parse_digits(text, 15).map(|milliseconds| milliseconds / 1000),
            Self::Rfc3339 => {
                let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
                let (seconds, fraction) =
                    text.split_once('.').map_or((text, None), |(left, right)| (left, Some(right)));
                let is_fraction =
                    |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
                fraction.is_none_or(is_fraction).then(|| parse_utc(&format!("{seconds}Z")))?
            }
        }
    }

    /// The time as the sender writes it. Seconds have no fraction.
    pub(crate) fn write(self, seconds: u64) -> String {
        match self {
            Self::Seconds => seconds.to_string(),
            Self::Milliseconds => format!("{seconds}000"),
            Self::Rfc3339 => crate::config::write_utc(seconds),
        }
    }
}

impl Algorithm {
    /// Whether something in the request is signed at all.
    pub(crate) const fn signs(self) -> bool {
        !matches!(self, Self::Token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_one_spelling_only() {
        assert_eq!(TimeUnit::Seconds.parse(b"1767225600"), Some(1_767_225_600));
        assert_eq!(TimeUnit::Milliseconds.parse(b"1767225600999"), Some(1_767_225_600));
        for good in ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.123456789Z"] {
            assert_eq!(TimeUnit::Rfc3339.parse(good.as_bytes()), Some(1_767_225_600), "{good}");
        }
        for bad in [
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01 00:00:00Z",
            "2026-13-01T00:00:00Z",
            "1767225600",
        ] {
            assert_eq!(TimeUnit::Rfc3339.parse(bad.as_bytes()), None, "{bad}");
        }
        for bad in ["", "01", "+1", " 1", "1.0", "1000000000000"] {
            assert_eq!(TimeUnit::Seconds.parse(bad.as_bytes()), None, "{bad}");
        }
        for unit in [TimeUnit::Seconds, TimeUnit::Milliseconds, TimeUnit::Rfc3339] {
            assert_eq!(unit.parse(unit.write(1_767_225_600).as_bytes()), Some(1_767_225_600));
        }
    }

    #[test]
    fn a_message_id_cannot_run_into_what_follows() {
        assert!(is_message_id(b"msg_1", b"."));
        assert!(is_message_id(b"msg.1", b""));
        for bad in [&b""[..], b"msg.1", b"a b", b"a\n", &[b'a'; 129]] {
            assert!(!is_message_id(bad, b"."), "{bad:?}");
        }
    }
}
