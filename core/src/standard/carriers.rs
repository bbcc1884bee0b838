//! Finds the credentials of the standards in a request.

use crate::credentials::Fault;
use crate::header_name::Ends;
use crate::refusal::{Detail, RefusalCode};
use crate::request::{Head, Headers};
use crate::scheme::{Scheme, SchemeSet, Standard};
use crate::{aws_identity, jwt, sigv4};

const AUTHORIZATION: &str = "Authorization";
const SIGNATURE: &str = "Signature";
const SIGNATURE_INPUT: &str = "Signature-Input";

/// Where credentials of the standards may be.
#[derive(Default)]
pub(crate) struct Carriers<'a> {
    authorization: Option<&'a [u8]>,
    authorization_is_repeated: bool,
    /// Whether any `Authorization` holds a token, or a signature of AWS: which of two comes last decides nothing.
    has_bearer: bool,
    has_aws: bool,
    has_signature: bool,
    query: Option<&'a [u8]>,
    identity: aws_identity::Sent<'a>,
}

impl<'a> Carriers<'a> {
    /// Looks for credentials of the accepted standards.
    pub(crate) fn collect<H: Headers + ?Sized>(head: &Head<'a, H>, accepted: SchemeSet) -> Self {
        let mut carriers = Self::default();
        if !accepted.takes_standard() {
            return carriers;
        }
        // Their lengths differ, and two ends of eight bytes are all of each.
        const AUTHORIZATION_ENDS: Ends = Ends::new(AUTHORIZATION);
        const SIGNATURE_ENDS: Ends = Ends::new(SIGNATURE);
        const SIGNATURE_INPUT_ENDS: Ends = Ends::new(SIGNATURE_INPUT);
        head.headers.visit(|name, value| {
            let is = |known: &str, ends: &Ends| name.len() == known.len() && ends.are_of(name);
            if is(AUTHORIZATION, &AUTHORIZATION_ENDS) {
                carriers.authorization_is_repeated |= carriers.authorization.is_some();
                carriers.authorization = Some(value);
                carriers.has_bearer |= jwt::carried(value).is_some();
                carriers.has_aws |= sigv4::is_there(Some(value), None);
            }
            carriers.has_signature |= is(SIGNATURE, &SIGNATURE_ENDS) || is(SIGNATURE_INPUT, &SIGNATURE_INPUT_ENDS);
        });
        carriers.query = head.split_target().1;
        if accepted.has(Scheme::Standard(Standard::AwsIdentity)) {
            carriers.identity = aws_identity::Sent::collect(head.headers);
        }
        carriers
    }

    /// The standards whose credentials are there, of those that are accepted.
    pub(crate) fn found(&self, accepted: SchemeSet) -> SchemeSet {
        if !accepted.takes_standard() {
            return SchemeSet::default();
        }
        let is_there = |scheme| match scheme {
            Standard::Rfc9421 => self.has_signature,
            Standard::AwsSigv4 => self.has_aws || sigv4::is_there(None, self.query),
            Standard::Jwt => self.has_bearer,
            Standard::AwsIdentity => self.identity.is_there(),
        };
        let accepted = Standard::ALL.into_iter().filter(|scheme| accepted.has(Scheme::Standard(*scheme)));
        accepted.filter(|scheme| is_there(*scheme)).map(Scheme::Standard).fold(SchemeSet::default(), SchemeSet::with)
    }

    /// Refuses an `Authorization` header that came twice: nobody could say which one counts.
    pub(crate) fn check_repetitions(&self) -> Result<(), Fault> {
        match self.authorization_is_repeated {
            true => Err((RefusalCode::DuplicateHeader, Detail::Repeated(AUTHORIZATION))),
            false => Ok(()),
        }
    }

    /// The proof of an IAM identity.
    pub(crate) fn identity(&self) -> &aws_identity::Sent<'a> {
        &self.identity
    }

    /// The text of the token, where there is one.
    pub(crate) fn bearer(&self) -> Option<&'a [u8]> {
        self.authorization.and_then(jwt::carried)
    }
}
