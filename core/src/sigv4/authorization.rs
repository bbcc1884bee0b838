//! The `Authorization` header: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use super::{ALGORITHM, Fault};
use crate::bytes::position;

/// What is before the parameters of each version of this scheme.
const FAMILY: &[u8] = b"AWS4-";

/// The parameters, not judged yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) credential: &'a [u8],
    pub(super) signed_headers: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// Whether a header value is a credential of this family of schemes, however damaged.
pub(super) fn is_of_family(value: &[u8]) -> bool {
    value.first_chunk().is_some_and(|start: &[u8; FAMILY.len()]| start.eq_ignore_ascii_case(FAMILY))
}

impl<'a> Authorization<'a> {
    pub(super) fn parse(value: &'a [u8]) -> Result<Self, Fault> {
        // Three parameters need two commas. Some servers join repeated headers by another one.
        let is_joined = || value.iter().filter(|&&byte| byte == b',').count() > 2;
        Self::read(value).map_err(|fault| if is_joined() { Fault::Repeated("Authorization") } else { fault })
    }

    /// Takes each parameter once, so that a value that was joined from several is refused in any case.
    fn read(value: &'a [u8]) -> Result<Self, Fault> {
        let parameters = match value.strip_prefix(ALGORITHM.as_bytes()) {
            Some([b' ', parameters @ ..]) => parameters,
            Some([]) => b"",
            _ => return Err(Fault::Algorithm),
        };
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        let mut rest = Some(parameters).filter(|parameters| !parameters.is_empty());
        while let Some(text) = rest {
            let (piece, after) = match position(text, b',') {
                Some(comma) => (&text[..comma], Some(&text[comma + 1..])),
                None => (text, None),
            };
            rest = after;
            let piece = &piece[piece.iter().take_while(|&&byte| byte == b' ').count()..];
            let (name, value) = piece.split_at(position(piece, b'=').ok_or(Fault::Authorization)?);
            let place = match name {
                b"Credential" => &mut credential,
                b"SignedHeaders" => &mut signed_headers,
                b"Signature" => &mut signature,
                _ => return Err(Fault::Authorization),
            };
            if place.replace(&value[1..]).is_some() {
                return Err(Fault::Authorization);
            }
        }
        let signature = signature.ok_or(Fault::NoSignature)?;
        let credential = credential.ok_or(Fault::NoCredential)?;
        let signed_headers = signed_headers.ok_or(Fault::NoSignedHeaders)?;
        Ok(Self { credential, signed_headers, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_come_in_any_order_with_or_without_spaces() {
        let expected = Authorization { credential: b"c", signed_headers: b"h", signature: b"s" };
        for good in [
            "AWS4-HMAC-SHA256 Credential=c, SignedHeaders=h, Signature=s",
            "AWS4-HMAC-SHA256 Credential=c,SignedHeaders=h,Signature=s",
            "AWS4-HMAC-SHA256 Signature=s, Credential=c, SignedHeaders=h",
        ] {
            assert_eq!(Authorization::parse(good.as_bytes()), Ok(expected), "{good}");
        }
    }

    #[test]
    fn damaged_headers_are_refused() {
        for (bad, fault) in [
            ("AWS4-HMAC-SHA256", Fault::NoSignature),
            ("AWS4-HMAC-SHA256 ", Fault::NoSignature),
            ("AWS4-HMAC-SHA256 Credential=c, SignedHeaders=h", Fault::NoSignature),
            ("AWS4-HMAC-SHA256 Credential=c, Signature=s", Fault::NoSignedHeaders),
            ("AWS4-HMAC-SHA256 SignedHeaders=h, Signature=s", Fault::NoCredential),
            ("AWS4-HMAC-SHA256 Credential=c, Credential=d, Signature=s", Fault::Authorization),
            ("AWS4-HMAC-SHA256 credential=c, SignedHeaders=h, Signature=s", Fault::Authorization),
            ("AWS4-HMAC-SHA256 Credential=c,\tSignedHeaders=h, Signature=s", Fault::Authorization),
            ("AWS4-HMAC-SHA256 Credential=c; SignedHeaders=h; Signature=s", Fault::NoSignature),
            ("AWS4-HMAC-SHA256 Credential=c, SignedHeaders=h, Signature=s,", Fault::Repeated("Authorization")),
            (
                "AWS4-HMAC-SHA256 Credential=c, SignedHeaders=h, Signature=s, AWS4-HMAC-SHA256 Credential=c",
                Fault::Repeated("Authorization"),
            ),
            ("AWS4-HMAC-SHA256 Credential=c, , SignedHeaders=h", Fault::Authorization),
            ("AWS4-HMAC-SHA256x Credential=c, SignedHeaders=h, Signature=s", Fault::Algorithm),
            ("aws4-hmac-sha256 Credential=c, SignedHeaders=h, Signature=s", Fault::Algorithm),
            ("AWS4-ECDSA-P256-SHA256 Credential=c, SignedHeaders=h, Signature=s", Fault::Algorithm),
        ] {
            assert_eq!(Authorization::parse(bad.as_bytes()), Err(fault), "{bad}");
        }
        assert!(is_of_family(b"aws4-x") && !is_of_family(b"Bearer AWS4-") && !is_of_family(b"AWS4"));
    }
}
