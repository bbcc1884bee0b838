//! The credential scope: whose key, for which day, region and service.

use super::SCOPE_END;

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
        let mut parts = text.split(|&byte| byte == b'/');
        let mut next = || parts.next().filter(|part| is_part(part));
        let (access_key, day, region, service, end) = (next()?, next()?, next()?, next()?, next()?);
        let day: [u8; 8] = day.try_into().ok()?;
        let is_whole = end == SCOPE_END.as_bytes() && parts.next().is_none();
        (is_whole && day.iter().all(u8::is_ascii_digit)).then_some(Self { access_key, day, region, service })
    }
}

/// Whether a text can stand between the slashes of a scope.
pub(super) fn is_part(text: &[u8]) -> bool {
    let is_known = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b',' | b';' | b'=');
    (1..=MAX_PART_BYTES).contains(&text.len()) && text.iter().all(is_known)
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
