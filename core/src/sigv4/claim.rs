//! A credential of this scheme, read from the head of a request, and proved when the body's digest is known.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::authorization::{Authorization, is_of_family};
use super::canonical::CanonicalRequest;
use super::coverage::SignedNames;
#[cfg(test)]
use super::derived_key::string_to_sign;
use super::derived_key::{DerivedKey, SigningSecret};
use super::fields::Fields;
use super::path::CanonicalPath;
use super::payload::{self, Covered};
use super::query::{Query, carries_credential, parameter};
use super::scope::Scope;
use super::timestamp::Timestamp;
use super::{ALGORITHM, Expected, Fault, SCOPE_END, WINDOW};
use crate::bytes::parse_digits;
#[cfg(test)]
use crate::mac::Sink;
use crate::mac::{Tag, decode_tag, hex_digits, same_tag};
use crate::request::{Head, Headers};
use crate::standard::BodyDigests;

/// Where a credential travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Header,
    /// A presigned link.
    Query,
}

/// Whether a request has a credential of this scheme, however damaged. For a choice between schemes; what is wrong with it
/// [`Claim::read`] says.
pub(crate) fn is_there(authorization: Option<&[u8]>, query: Option<&[u8]>) -> bool {
    authorization.is_some_and(is_of_family) || query.is_some_and(carries_credential)
}

/// A credential, parsed but not verified. Nothing in it is borrowed from the request.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(crate) carrier: Carrier,
    /// When the request was signed, in Unix seconds. The signature covers it.
    pub(crate) timestamp: u64,
    pub(crate) signature: Tag,
    /// Whether no request with another path has the same signature.
    pub(crate) has_one_path: bool,
    /// `ID/YYYYMMDD/REGION/SERVICE/aws4_request`
    credential: Box<[u8]>,
    access_key_bytes: usize,
    region_bytes: usize,
    /// The time as it is signed.
    time: Timestamp,
    /// The life of a presigned link, in seconds.
    expires: Option<u64>,
    token: Option<Zeroizing<Vec<u8>>>,
    signed_names: Box<[u8]>,
    covered: Covered,
    /// The digest of the canonical request in the making: all of it but its last line.
    request: Sha256,
}

/// What is read from either carrier, not judged yet.
struct Sent<'a> {
    carrier: Carrier,
    credential: Cow<'a, [u8]>,
    signed_names: Cow<'a, [u8]>,
    signature: Cow<'a, [u8]>,
    time: Option<Timestamp>,
    expires: Option<u64>,
    token: Option<Cow<'a, [u8]>>,
    payload: Option<Cow<'a, [u8]>>,
}

impl Claim {
    /// Reads the credential of a request.
    ///
    /// # Errors
    /// What is wrong with it, by the first fault in the order of the documentation.
    pub(crate) fn read<H: Headers + ?Sized>(head: &Head<'_, H>, expected: &Expected) -> Result<Self, Fault> {
        Self::read_and_show(head, expected, |_| ())
    }

    /// As [`Claim::read`], and shows the canonical request but for its last line.
    pub(crate) fn read_and_show<H: Headers + ?Sized>(
        head: &Head<'_, H>,
        expected: &Expected,
        show: impl FnOnce(&[u8]),
    ) -> Result<Self, Fault> {
        let (path, query) = head.split_target();
        let fields = Fields::collect(head.headers);
        let carrier = find_carrier(&fields, query)?;
        let query = Query::parse(query)?;
        let sent = match carrier {
            Carrier::Header => Sent::in_header(&fields)?,
            Carrier::Query => Sent::in_query(&query, &fields)?,
        };
        let scope = Scope::parse(&sent.credential).ok_or(Fault::Scope)?;
        let names = SignedNames::parse(&sent.signed_names)?;
        let time = sent.time.ok_or(Fault::Date)?;
        if *time.day() != scope.day {
            return Err(Fault::Day);
        }
        if sent.expires.is_some_and(|expires| expires > expected.longest_expiry) {
            return Err(Fault::LongExpiry);
        }
        let signature = decode_tag(&sent.signature).ok_or(Fault::Signature)?;
        let covered = sent.covered(expected)?;
        if let (Some(host), Some(authority)) = (fields.host.value, head.authority())
            && !host.eq_ignore_ascii_case(authority)
        {
            return Err(Fault::TwoAuthorities);
        }
        let path = CanonicalPath::new(path, expected.path)?;
        let left_out: &[&str] = match (carrier, expected.token_is_outside) {
            (Carrier::Header, _) => &[],
            (Carrier::Query, false) => &[parameter::SIGNATURE],
            (Carrier::Query, true) => &[parameter::SIGNATURE, parameter::TOKEN],
        };
        let host = fields.host.value.or(head.authority());
        let request = CanonicalRequest {
            method: head.method,
            path: &path.text,
            query: &query,
            left_out,
            fields: &fields,
            host,
            names,
        };
        let canonical = request.write(expected)?;
        show(&canonical);
        Ok(Self {
            carrier,
            timestamp: time.seconds,
            signature,
            has_one_path: path.has_one_reading,
            access_key_bytes: scope.access_key.len(),
            region_bytes: scope.region.len(),
            time,
            expires: sent.expires,
            token: sent.token.as_ref().map(|token| Zeroizing::new(token.to_vec())),
            signed_names: names.text().into(),
            covered,
            request: Sha256::new_with_prefix(&canonical),
            credential: sent.credential.as_ref().into(),
        })
    }

    /// The access key id, as received.
    pub(crate) fn access_key(&self) -> &[u8] {
        &self.credential[..self.access_key_bytes]
    }

    /// `YYYYMMDD`, which is the day of the time that is signed.
    pub(crate) fn day(&self) -> &[u8; 8] {
        self.time.day()
    }

    pub(crate) fn region(&self) -> &[u8] {
        let start = self.access_key_bytes + "/YYYYMMDD/".len();
        &self.credential[start..start + self.region_bytes]
    }

    pub(crate) fn service(&self) -> &[u8] {
        let start = self.access_key_bytes + "/YYYYMMDD/".len() + self.region_bytes + 1;
        &self.credential[start..self.credential.len() - SCOPE_END.len() - 1]
    }

    /// Whether the request was signed for the region and the service of the config.
    pub(crate) fn is_for(&self, expected: &Expected) -> bool {
        self.region() == expected.region.as_bytes() && self.service() == expected.service.as_bytes()
    }

    /// Whether a header, in lower case, is covered by the signature.
    #[cfg(test)]
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.signed_names.split(|&byte| byte == b';').any(|known| known == name.as_bytes())
    }

    /// The names of the headers that the signature covers, in lower case.
    pub(crate) fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.signed_names.split(|&byte| byte == b';').filter_map(|name| std::str::from_utf8(name).ok())
    }

    /// How old the request may be, and how far in the future, in seconds. A presigned link says the first itself.
    pub(crate) fn window(&self) -> (u64, u64) {
        (self.expires.unwrap_or(WINDOW), WINDOW)
    }

    /// Whether the request has the session token that its key demands, and none where there is none.
    pub(crate) fn has_token(&self, demanded: Option<&[u8]>) -> bool {
        match (&self.token, demanded) {
            (Some(sent), Some(demanded)) => sent.ct_eq(demanded).into(),
            (None, None) => true,
            _ => false,
        }
    }

    /// Whether [`Claim::prove`] and [`Claim::is_right_body`] need the SHA-256 of the body.
    pub(crate) fn needs_digest(&self) -> bool {
        self.covered != Covered::Unsigned
    }

    /// The key that this claim is proved with, should it hold. Keys for the scope of the config are kept; others are for requests
    /// that are refused anyhow.
    pub(crate) fn key(&self, secret: &SigningSecret, expected: &Expected) -> Arc<DerivedKey> {
        match self.is_for(expected) {
            true => secret.key(self.day(), self.region(), self.service()),
            false => Arc::new(secret.derive(self.day(), self.region(), self.service())),
        }
    }

    /// Whether the signature was made with the key. Takes the same time wherever the two differ.
    pub(crate) fn prove(&self, key: &DerivedKey, digests: &BodyDigests) -> bool {
        let Some(request) = self.request_digest(digests) else { return false };
        same_tag(&key.sign(&self.time, self.scope(), &request), &self.signature)
    }

    /// Whether the body has the digest that the request declares.
    pub(crate) fn is_right_body(&self, digests: &BodyDigests) -> bool {
        match (self.covered, digests.sha256) {
            (Covered::Declared(declared), Some(digest)) => declared == digest,
            (Covered::Declared(_), None) => false,
            (Covered::Body | Covered::Unsigned, _) => true,
        }
    }

    /// What is signed, for diagnosis. `None` where the body's digest is needed and not there.
    #[cfg(test)]
    pub(crate) fn string_to_sign(&self, digests: &BodyDigests) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        text.put_lines(&string_to_sign(&self.time, self.scope()));
        text.extend_from_slice(&hex_digits(&self.request_digest(digests)?));
        Some(text)
    }

    /// `YYYYMMDD/REGION/SERVICE/aws4_request`
    fn scope(&self) -> &[u8] {
        &self.credential[self.access_key_bytes + 1..]
    }

    /// The digest of the canonical request.
    fn request_digest(&self, digests: &BodyDigests) -> Option<Tag> {
        let request = self.request.clone();
        let request = match self.covered {
            Covered::Declared(digest) => request.chain_update(hex_digits(&digest)),
            Covered::Body => request.chain_update(hex_digits(&digests.sha256?)),
            Covered::Unsigned => request.chain_update(payload::UNSIGNED),
        };
        Some(request.finalize().into())
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Claim")
            .field("carrier", &self.carrier)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

fn find_carrier(fields: &Fields<'_>, query: Option<&[u8]>) -> Result<Carrier, Fault> {
    let in_header = fields.authorization.value.is_some_and(is_of_family);
    match (in_header, query.is_some_and(carries_credential)) {
        (true, true) => Err(Fault::TwoCarriers),
        (true, false) => Ok(Carrier::Header),
        (false, true) => Ok(Carrier::Query),
        (false, false) => Err(Fault::NoneThere),
    }
}

impl<'a> Sent<'a> {
    fn in_header(fields: &Fields<'a>) -> Result<Self, Fault> {
        fields.authorization.check_not_repeated("Authorization")?;
        fields.amazon_date.check_once("X-Amz-Date")?;
        fields.payload.check_once("X-Amz-Content-Sha256")?;
        fields.token.check_once("X-Amz-Security-Token")?;
        fields.host.check_once("Host")?;
        let Authorization { credential, signed_headers, signature } =
            Authorization::parse(fields.authorization.value.ok_or(Fault::NoneThere)?)?;
        let time = match (fields.amazon_date.value, fields.date.value) {
            (Some(text), _) => Timestamp::parse(text),
            (None, Some(text)) => {
                fields.date.check_one_date()?;
                Timestamp::parse_date(text)
            }
            (None, None) => return Err(Fault::NoDate),
        };
        Ok(Self {
            carrier: Carrier::Header,
            credential: Cow::Borrowed(credential),
            signed_names: Cow::Borrowed(signed_headers),
            signature: Cow::Borrowed(signature),
            time,
            expires: None,
            token: fields.token.value.map(Cow::Borrowed),
            payload: fields.payload.value.map(Cow::Borrowed),
        })
    }

    fn in_query(query: &'a Query<'_>, fields: &Fields<'a>) -> Result<Self, Fault> {
        fields.payload.check_once("X-Amz-Content-Sha256")?;
        fields.host.check_once("Host")?;
        let need = |name, fault| query.find(name)?.ok_or(fault);
        let signature = need(parameter::SIGNATURE, Fault::NoSignature)?;
        if *need(parameter::ALGORITHM, Fault::Algorithm)? != *ALGORITHM.as_bytes() {
            return Err(Fault::Algorithm);
        }
        let credential = need(parameter::CREDENTIAL, Fault::NoCredential)?;
        let signed_names = need(parameter::SIGNED_HEADERS, Fault::NoSignedHeaders)?;
        let time = need(parameter::DATE, Fault::NoDate)?;
        let expires = need(parameter::EXPIRES, Fault::NoExpiry)?;
        let expires = parse_digits(&expires, 12).filter(|&expires| expires > 0).ok_or(Fault::Expiry)?;
        let payload = match (query.find_in_any_case(parameter::PAYLOAD)?, fields.payload.value) {
            (Some(_), Some(_)) => return Err(Fault::PayloadTwice),
            (Some((_, value)), None) => Some(value),
            (None, value) => value.map(Cow::Borrowed),
        };
        Ok(Self {
            carrier: Carrier::Query,
            credential,
            signed_names,
            signature,
            time: Timestamp::parse(&time),
            expires: Some(expires),
            token: query.find(parameter::TOKEN)?,
            payload,
        })
    }

    fn covered(&self, expected: &Expected) -> Result<Covered, Fault> {
        let covered = match &self.payload {
            Some(text) => Covered::parse(text)?,
            // The links of S3 leave the body open, and say so nowhere.
            None if expected.declares_payload && self.carrier == Carrier::Query => Covered::Unsigned,
            None if expected.declares_payload => return Err(Fault::PayloadAbsent),
            None => Covered::Body,
        };
        match covered {
            Covered::Unsigned if !expected.unsigned_payload => Err(Fault::PayloadUnsigned),
            covered => Ok(covered),
        }
    }
}
