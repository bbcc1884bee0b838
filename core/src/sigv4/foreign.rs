//! A signature over a request to somebody else: taken apart here, so that the request can be made once more. Only who it is
//! for can verify it.

use super::authorization::Authorization;
use super::scope::Scope;
use super::timestamp::Timestamp;
use super::{ALGORITHM, Fault, SCOPE_END};
use crate::mac::{Tag, decode_tag};

/// The parts of an `Authorization` header and its date, each in its one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign<'a> {
    pub(crate) access_key: &'a [u8],
    pub(crate) region: &'a [u8],
    pub(crate) service: &'a [u8],
    /// Not judged.
    pub(crate) signed_headers: &'a [u8],
    pub(crate) signature: Tag,
    /// When it was made, in Unix seconds.
    pub(crate) seconds: u64,
}

impl<'a> Foreign<'a> {
    pub(crate) fn read(authorization: &'a [u8], date: &[u8]) -> Result<Self, Fault> {
        let Authorization { credential, signed_headers, signature } = Authorization::parse(authorization)?;
        let scope = Scope::parse(credential).ok_or(Fault::Scope)?;
        let signature = decode_tag(signature).ok_or(Fault::Signature)?;
        let time = Timestamp::parse(date).ok_or(Fault::Date)?;
        if *time.day() != scope.day {
            return Err(Fault::Day);
        }
        let Scope { access_key, region, service, .. } = scope;
        Ok(Self { access_key, region, service, signed_headers, signature, seconds: time.seconds })
    }
}

/// The `Authorization` header of these parts.
pub(crate) fn authorization(
    (access_key, region, service): (&str, &str, &str),
    date: &str,
    signed_headers: &str,
    signature: &Tag,
) -> String {
    let day = &date[..8];
    let signature = crate::mac::hex(signature);
    format!(
        "{ALGORITHM} Credential={access_key}/{day}/{region}/{service}/{SCOPE_END}, SignedHeaders={signed_headers}, Signature={signature}"
    )
}
