//! The credential scope: whose key, for which day, region and service.

use super::SCOPE_END;
use crate::bytes::{any, position};

/// The longest access key id, region or service, in bytes.
const MAX_PART_BYTES: usize = 128;

/// `ID/YYYYMMDD/REGION/SERVICE/aws4_request`, in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope<'a> {
    pub(super) access_key: &'a [u8],
    pub(super) day: [u8; 8],
    pub(super) region: &'a [u8],
    pub(super) service: &'a [u8],
}

impl<'a> Scope<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        if any(text, |byte| !is_known(byte) & (byte != b'/')) {
            return None;
        }
        let mut rest = text;
        let mut next = || {
            let (part, after) = rest.split_at(position(rest, b'/').unwrap_or(rest.len()));
            rest = after.get(1..).unwrap_or_default();
            (1..=MAX_PART_BYTES).contains(&part.len()).then_some(part)
        };
        let (access_key, day, region, service) = (next()?, next()?, next()?, next()?);
        let day: [u8; 8] = day.try_into().ok()?;
        let is_whole = rest == SCOPE_END.as_bytes();
        (is_whole && day.iter().all(u8::is_ascii_digit)).then_some(Self { access_key, day, region, service })
    }
}

/// Whether a text can stand between the slashes of a scope.
pub(super) fn is_part(text: &[u8]) -> bool {
    (1..=MAX_PART_BYTES).contains(&text.len()) && !any(text, |byte| !is_known(byte))
}

fn is_known(byte: u8) -> bool {
    (byte > b' ') & (byte < 0x7f) & (byte != b'/') & (byte != b',') & (byte != b';') & (byte != b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_five_parts() {
        let scope = Scope::parse(b"AKID/20150830/us-east-1/s3/aws4_request").expect("good");
        assert_eq!((scope.access_key, scope.day), (&b"AKID"[..], *b"20150830"));
        assert_eq!((scope.region, scope.service), (&b"us-east-1"[..], &b"s3"[..]));
        for bad in [
            "",
            "AKID",
            "AKID/20150830/us-east-1/s3",
            "AKID/20150830/us-east-1/s3/aws4_request/",
            "AKID/20150830/us-east-1/s3/aws4_reques",
            "AKID/20150830/us-east-1/s3/AWS4_REQUEST",
            "/20150830/us-east-1/s3/aws4_request",
            "AKID/2015083/us-east-1/s3/aws4_request",
            "AKID/2015083x/us-east-1/s3/aws4_request",
            "AKID/20150830//s3/aws4_request",
            "AKID/20150830/us-east-1//aws4_request",
            "A/KID/20150830/us-east-1/s3/aws4_request",
            "AKID/20150830/us east/s3/aws4_request",
            "AK\nID/20150830/us-east-1/s3/aws4_request",
        ] {
            assert_eq!(Scope::parse(bad.as_bytes()), None, "{bad:?}");
        }
        let long = format!("{}/20150830/us-east-1/s3/aws4_request", "A".repeat(129));
        assert_eq!(Scope::parse(long.as_bytes()), None);
    }
}
