//! Finds the one credential of a request, and parses it strictly.

use crate::bytes::{holds, holds_joint, parse_digits};
use crate::header_name::Ends;
use crate::identifier::ReceivedId;
use crate::mac::{Tag, decode_tag};
use crate::refusal::{Detail, RefusalCode};
use crate::request::{HeadFault, Headers, MAX_HEADER_BYTES, MAX_HEADER_FIELDS};
use crate::scheme::{BuiltIn, SchemeSet, V2_PREFIX, header};

/// The most signatures in one header.
const MAX_SIGNATURES: usize = 8;
/// The most digits of a timestamp.
const MAX_TIMESTAMP_DIGITS: usize = 12;

/// A refusal before anything is known of the caller.
pub(crate) type Fault = (RefusalCode, Detail);

/// The header fields that carry credentials, as received.
#[derive(Default)]
pub(crate) struct Carriers<'a> {
    signature: Field<'a>,
    timestamp: Field<'a>,
    request_id: Field<'a>,
    service_id: Field<'a>,
    service_name: Field<'a>,
    target_service: Field<'a>,
    api_key: Field<'a>,
}

#[derive(Clone, Copy, Default)]
struct Field<'a> {
    value: Option<&'a [u8]>,
    repeated: bool,
}

/// The one credential of a request, parsed but not verified.
pub(crate) struct Claim<'a> {
    pub(crate) scheme: BuiltIn,
    pub(crate) service: &'a [u8],
    /// The timestamp's text as received: what is signed.
    pub(crate) timestamp_text: &'a [u8],
    pub(crate) timestamp: u64,
    pub(crate) signatures: Signatures<'a>,
    /// Empty where the scheme has none.
    pub(crate) target_service: &'a [u8],
    /// The request id where the scheme signs it, else empty.
    pub(crate) nonce: &'a [u8],
}

/// One signature, and the text of the others.
#[derive(Clone, Copy)]
pub(crate) struct Signatures<'a> {
    pub(crate) first: Tag,
    /// `,v2=…` for each other one. Checked when the claim was parsed.
    pub(crate) others: &'a [u8],
}

impl<'a> Carriers<'a> {
    /// Picks the credential headers, and checks the bounds of the header block.
    #[inline]
    pub(crate) fn collect<H: Headers + ?Sized>(&mut self, headers: &'a H) -> Result<(), HeadFault> {
        let (mut fields, mut bytes) = (0, 0);
        headers.visit(|name, value| {
            fields += 1;
            bytes += name.len() + value.len();
            if let Some(field) = self.field(name) {
                field.repeated |= field.value.is_some();
                field.value = Some(value);
            }
        });
        if fields > MAX_HEADER_FIELDS {
            return Err(HeadFault::HeaderFields);
        }
        if bytes > MAX_HEADER_BYTES {
            return Err(HeadFault::HeaderBytes);
        }
        Ok(())
    }

    #[inline]
    fn field(&mut self, name: &[u8]) -> Option<&mut Field<'a>> {
        const SIGNATURE: Ends = Ends::new(header::SIGNATURE);
        const TIMESTAMP: Ends = Ends::new(header::TIMESTAMP);
        const SERVICE_ID: Ends = Ends::new(header::SERVICE_ID);
        const REQUEST_ID: Ends = Ends::new(header::REQUEST_ID);
        const SERVICE_NAME: Ends = Ends::new(header::SERVICE_NAME);
        const TARGET_SERVICE: Ends = Ends::new(header::TARGET_SERVICE);

        // All names begin with "X-": most fields of a request are passed over here.
        if name.len() < 11 || name[1] != b'-' || name[0] | 0x20 != b'x' {
            return None;
        }
        match name.len() {
            11 if SIGNATURE.are_of(name) => Some(&mut self.signature),
            11 if TIMESTAMP.are_of(name) => Some(&mut self.timestamp),
            12 if SERVICE_ID.are_of(name) => Some(&mut self.service_id),
            12 if REQUEST_ID.are_of(name) => Some(&mut self.request_id),
            14 if SERVICE_NAME.are_of(name) => Some(&mut self.service_name),
            16 if TARGET_SERVICE.are_of(name) => Some(&mut self.target_service),
            17 if name.eq_ignore_ascii_case(header::API_KEY.as_bytes()) => Some(&mut self.api_key),
            _ => None,
        }
    }

    /// The request id where it has the usual form, for reports.
    pub(crate) fn request_id(&self) -> ReceivedId<'a> {
        match self.request_id {
            Field { value: Some(value), repeated: false } => ReceivedId::parse(value).unwrap_or(ReceivedId::NONE),
            _ => ReceivedId::NONE,
        }
    }

    /// The API key as received. `Err` where it came twice, or holds a comma where two were joined.
    pub(crate) fn api_key(&self) -> Result<Option<&'a [u8]>, Fault> {
        if self.api_key.is_repeated(header::API_KEY) {
            return Err((RefusalCode::DuplicateHeader, Detail::Repeated(header::API_KEY)));
        }
        Ok(self.api_key.value)
    }

    pub(crate) fn has_api_key(&self) -> bool {
        self.api_key.value.is_some()
    }

    /// Whether there is anything of a credential of the accepted built-in schemes.
    pub(crate) fn has_built_in(&self, accepted: SchemeSet) -> bool {
        let takes_id = accepted.takes(BuiltIn::ServiceHmac) || accepted.takes(BuiltIn::ServiceHmacV2);
        let takes_name = accepted.takes(BuiltIn::CrossService);
        self.signature.value.is_some()
            || (takes_id && self.service_id.value.is_some())
            || (takes_name && self.service_name.value.is_some())
    }

    /// Whether any credential header came more than once.
    #[inline]
    pub(crate) fn any_came_twice(&self) -> bool {
        self.signature.repeated
            | self.timestamp.repeated
            | self.request_id.repeated
            | self.service_id.repeated
            | self.service_name.repeated
            | self.target_service.repeated
    }

    /// Whether the headers that the older schemes do not parse are absent, but for a request id that has the usual form.
    #[inline]
    pub(crate) fn has_no_more_than(&self, request_id: ReceivedId<'_>) -> bool {
        self.target_service.value.is_none() && (self.request_id.value.is_none() || !request_id.is_none())
    }

    /// Refuses repeated headers of the accepted schemes. Some servers join repeated fields with a comma, and no credential
    /// but a list of signatures holds one, so a comma is a repetition: then the answer is the same whatever the server does.
    pub(crate) fn check_repetitions(&self, accepted: SchemeSet) -> Result<(), Fault> {
        let takes_id = accepted.takes(BuiltIn::ServiceHmac) || accepted.takes(BuiltIn::ServiceHmacV2);
        let relevant = [
            (&self.signature, true, header::SIGNATURE),
            (&self.timestamp, true, header::TIMESTAMP),
            (&self.request_id, true, header::REQUEST_ID),
            (&self.service_id, takes_id, header::SERVICE_ID),
            (&self.service_name, accepted.takes(BuiltIn::CrossService), header::SERVICE_NAME),
            (&self.target_service, accepted.takes(BuiltIn::ServiceHmacV2), header::TARGET_SERVICE),
        ];
        match relevant.into_iter().find(|(field, takes, name)| *takes && field.is_repeated(name)) {
            Some((_, _, name)) => Err((RefusalCode::DuplicateHeader, Detail::Repeated(name))),
            None => Ok(()),
        }
    }

    /// Chooses the scheme and parses its credential. Repetitions are another check's matter.
    #[inline]
    pub(crate) fn claim(&self, accepted: SchemeSet, request_id: ReceivedId<'_>) -> Result<Claim<'a>, Fault> {
        let takes_id = accepted.takes(BuiltIn::ServiceHmac) || accepted.takes(BuiltIn::ServiceHmacV2);
        let takes_name = accepted.takes(BuiltIn::CrossService);
        let absent = |code, name| (code, Detail::Absent(name));
        let other_scheme = (RefusalCode::SchemeNotAccepted, Detail::OtherScheme { accepted });
        let id = self.service_id.value.filter(|_| takes_id);
        let name = self.service_name.value.filter(|_| takes_name);
        let (service, signature) = match (id.or(name), self.signature.value) {
            _ if id.is_some() && name.is_some() => {
                return Err((RefusalCode::AmbiguousCredentials, Detail::TwoCallers));
            }
            (Some(service), Some(signature)) => (service, signature),
            (Some(_), None) => return Err(absent(RefusalCode::MissingSignature, header::SIGNATURE)),
            (None, None) => return Err((RefusalCode::AuthenticationRequired, Detail::NoCredential(accepted))),
            (None, Some(_)) if self.service_id.value.is_some() || self.service_name.value.is_some() => {
                return Err(other_scheme);
            }
            (None, Some(_)) => {
                let name = if takes_id { header::SERVICE_ID } else { header::SERVICE_NAME };
                return Err(absent(RefusalCode::MissingServiceId, name));
            }
        };
        let scheme = match (name, signature.starts_with(V2_PREFIX)) {
            (Some(_), _) => BuiltIn::CrossService,
            (None, true) => BuiltIn::ServiceHmacV2,
            (None, false) => BuiltIn::ServiceHmac,
        };
        if !accepted.takes(scheme) {
            return Err(other_scheme);
        }

        let timestamp_text =
            self.timestamp.value.ok_or_else(|| absent(RefusalCode::MissingTimestamp, header::TIMESTAMP))?;
        let (mut nonce, mut target_service): (&[u8], &[u8]) = (b"", b"");
        if scheme.signs_nonce() {
            nonce = self.request_id.value.ok_or_else(|| absent(RefusalCode::MissingNonce, header::REQUEST_ID))?;
            target_service =
                self.target_service.value.ok_or_else(|| absent(RefusalCode::MissingTarget, header::TARGET_SERVICE))?;
        }

        let timestamp = parse_timestamp(timestamp_text).ok_or_else(|| {
            let wanted = "1 to 12 ASCII digits without a leading zero";
            (RefusalCode::InvalidTimestamp, Detail::Form { header: header::TIMESTAMP, wanted })
        })?;
        let signatures = Signatures::parse(scheme, signature).ok_or_else(|| {
            let wanted = match scheme {
                BuiltIn::ServiceHmacV2 => "1 to 8 items \"v2=\" and 64 lower-case hex digits, separated by a comma",
                BuiltIn::ServiceHmac | BuiltIn::CrossService => "exactly 64 lower-case hex digits",
            };
            (RefusalCode::MalformedSignature, Detail::Form { header: header::SIGNATURE, wanted })
        })?;
        if scheme.signs_nonce() && !request_id.is_nonce() {
            let wanted = "16 to 64 letters, digits, hyphens or underscores";
            return Err((RefusalCode::InvalidNonce, Detail::Form { header: header::REQUEST_ID, wanted }));
        }
        Ok(Claim { scheme, service, timestamp_text, timestamp, signatures, target_service, nonce })
    }
}

impl Field<'_> {
    /// Whether the field came twice, or holds a comma where two were joined.
    fn is_repeated(&self, name: &str) -> bool {
        let Some(value) = self.value else {
            return false;
        };
        if name == header::SIGNATURE && value.starts_with(V2_PREFIX) {
            return self.repeated || holds_joint(value);
        }
        self.repeated || holds(value, b',')
    }
}

impl<'a> Signatures<'a> {
    #[inline]
    fn parse(scheme: BuiltIn, text: &'a [u8]) -> Option<Self> {
        if scheme != BuiltIn::ServiceHmacV2 {
            return Some(Self { first: decode_tag(text)?, others: b"" });
        }
        const ITEM: usize = V2_PREFIX.len() + crate::mac::TAG_HEX;
        let (first, others) = text.split_at_checked(ITEM)?;
        let first = decode_tag(first.strip_prefix(V2_PREFIX)?)?;
        if others.len() % (ITEM + 1) != 0 || others.len() / (ITEM + 1) >= MAX_SIGNATURES {
            return None;
        }
        let signatures = Self { first, others };
        signatures.others().all(|other| other.is_some()).then_some(signatures)
    }

    fn others(self) -> impl Iterator<Item = Option<Tag>> + 'a {
        self.others.chunks(1 + V2_PREFIX.len() + crate::mac::TAG_HEX).map(|item| {
            let hex = item.strip_prefix(b",")?.strip_prefix(V2_PREFIX)?;
            decode_tag(hex)
        })
    }

    /// Whether one of the signatures is `tag`. Each is compared in constant time.
    #[inline]
    pub(crate) fn hold(self, tag: &Tag) -> bool {
        let first = crate::mac::same_tag(&self.first, tag);
        self.others().flatten().fold(first, |held, other| held | crate::mac::same_tag(&other, tag))
    }
}

#[inline]
fn parse_timestamp(text: &[u8]) -> Option<u64> {
    parse_digits(text, MAX_TIMESTAMP_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_plain_digits() {
        assert_eq!(parse_timestamp(b"1704067200"), Some(1_704_067_200));
        assert_eq!(parse_timestamp(b"0"), Some(0));
        assert_eq!(parse_timestamp(b"999999999999"), Some(999_999_999_999));
        for bad in ["", "01", "00", "+1", "-1", " 1", "1 ", "1.0", "1e9", "0x1", "1_0", "१", "1000000000000", "1\n"] {
            assert_eq!(parse_timestamp(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_list_of_signatures_is_read_exactly() {
        let item = |digit: &str| format!("v2={}", digit.repeat(64));
        let parse = |text: &str| Signatures::parse(BuiltIn::ServiceHmacV2, text.as_bytes()).map(|s| s.others().count());
        assert_eq!(parse(&item("a")), Some(0));
        assert_eq!(parse(&format!("{},{}", item("a"), item("b"))), Some(1));
        assert_eq!(parse(&vec![item("a"); 8].join(",")), Some(7));
        assert_eq!(parse(&vec![item("a"); 9].join(",")), None);
        for bad in [
            "v2=".into(),
            format!("{},", item("a")),
            format!(",{}", item("a")),
            format!("{}, {}", item("a"), item("b")),
            format!("{},,{}", item("a"), item("b")),
            format!("{},v3={}", item("a"), "b".repeat(64)),
            format!("{},{}", item("a"), "b".repeat(67)),
            item("A"),
            format!("{}0", item("a")),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn any_of_several_signatures_may_hold() {
        let text = format!("v2={},v2={},v2={}", "0a".repeat(32), "0b".repeat(32), "0c".repeat(32));
        let signatures = Signatures::parse(BuiltIn::ServiceHmacV2, text.as_bytes()).expect("good");
        for good in [0x0a, 0x0b, 0x0c] {
            assert!(signatures.hold(&[good; 32]));
        }
        assert!(!signatures.hold(&[0x0d; 32]));
    }
}
