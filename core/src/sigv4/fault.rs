//! What is wrong with a request that carries this kind of credential, or cannot be given one.

use std::borrow::Cow;

use super::{MAX_PARAMETERS, MAX_SIGNED_HEADERS};
use crate::refusal::RefusalCode;

/// Why a credential is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NoneThere,
    /// In the header and in the query.
    TwoCarriers,
    Algorithm,
    /// By the name of the header.
    Repeated(&'static str),
    RepeatedParameter,
    ParameterSpelling,
    TooManyParameters,
    PercentSign,
    PlusSign,
    Authorization,
    NoCredential,
    NoSignedHeaders,
    NoSignature,
    NoDate,
    NoExpiry,
    Scope,
    Signature,
    SignedHeaders,
    TooManySignedHeaders,
    SignedHeaderAbsent,
    HeaderByte,
    Host,
    TwoAuthorities,
    HostNotSigned,
    AmazonHeaderNotSigned,
    ContentTypeNotSigned,
    /// A header that the config demands.
    RequiredNotSigned,
    Date,
    Day,
    Expiry,
    LongExpiry,
    PayloadAbsent,
    PayloadTwice,
    PayloadMode,
    PayloadUnsigned,
    /// By its name.
    Streaming(&'static str),
}

impl Fault {
    pub(crate) fn code(self) -> RefusalCode {
        use RefusalCode as Code;
        match self {
            Self::NoneThere => Code::AuthenticationRequired,
            Self::TwoCarriers => Code::AmbiguousCredentials,
            Self::Algorithm => Code::AlgorithmNotAllowed,
            Self::Repeated(_) => Code::DuplicateHeader,
            Self::RepeatedParameter
            | Self::ParameterSpelling
            | Self::TooManyParameters
            | Self::PercentSign
            | Self::PlusSign
            | Self::TooManySignedHeaders
            | Self::HeaderByte
            | Self::TwoAuthorities
            | Self::PayloadTwice => Code::MalformedRequest,
            Self::NoCredential => Code::MissingServiceId,
            Self::NoSignature => Code::MissingSignature,
            Self::NoDate | Self::NoExpiry => Code::MissingTimestamp,
            Self::Authorization | Self::Scope | Self::Signature | Self::SignedHeaders | Self::PayloadMode => {
                Code::MalformedSignature
            }
            Self::Date | Self::Day | Self::Expiry => Code::InvalidTimestamp,
            Self::LongExpiry => Code::TimestampOutsideWindow,
            Self::NoSignedHeaders
            | Self::SignedHeaderAbsent
            | Self::Host
            | Self::HostNotSigned
            | Self::AmazonHeaderNotSigned
            | Self::ContentTypeNotSigned
            | Self::RequiredNotSigned
            | Self::PayloadAbsent
            | Self::PayloadUnsigned
            | Self::Streaming(_) => Code::InsufficientCoverage,
        }
    }

    /// For the operator.
    pub(crate) fn sentence(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::NoneThere => {
                "the request has neither an Authorization header of AWS4-HMAC-SHA256 nor X-Amz-Signature"
            }
            Self::TwoCarriers => "the request is signed in the Authorization header and in the query; sign it once",
            Self::Algorithm => "only AWS4-HMAC-SHA256 is taken; the request names another algorithm",
            Self::Repeated(name) => {
                return format!("the header {name} is there twice, or was joined from several").into();
            }
            Self::RepeatedParameter => "a parameter of the signature is in the query twice",
            Self::ParameterSpelling => "a parameter of the signature is spelled in another letter case",
            Self::TooManyParameters => return format!("the query has more than {MAX_PARAMETERS} parameters").into(),
            Self::PercentSign => "the path or the query has a percent sign without two hex digits",
            Self::PlusSign => {
                "the query holds a plus sign, which signers take for a space, for itself or as it is; send %20 or %2B"
            }
            Self::Authorization => "the Authorization header is not Credential=..., SignedHeaders=..., Signature=...",
            Self::NoCredential => "the signature has no Credential",
            Self::NoSignedHeaders => "the signature names no signed headers",
            Self::NoSignature => "the credential has no Signature",
            Self::NoDate => "the request has neither X-Amz-Date nor Date",
            Self::NoExpiry => "the presigned request has no X-Amz-Expires",
            Self::Scope => "the Credential is not ID/YYYYMMDD/REGION/SERVICE/aws4_request",
            Self::Signature => "the Signature is not 64 lower-case hex digits",
            Self::SignedHeaders => {
                "the signed headers are not distinct lower-case names, sorted, with semicolons between"
            }
            Self::TooManySignedHeaders => {
                return format!("the signature names more than {MAX_SIGNED_HEADERS} headers").into();
            }
            Self::SignedHeaderAbsent => "a header that the signature names is not in the request",
            Self::HeaderByte => "a signed header holds a control byte",
            Self::Host => "the host is signed, and the request has none",
            Self::TwoAuthorities => "the Host header and the authority of the request differ",
            Self::HostNotSigned => "the signature does not cover the host",
            Self::AmazonHeaderNotSigned => "the request has an x-amz-* header that the signature does not cover",
            Self::ContentTypeNotSigned => "the request has a Content-Type that the signature does not cover",
            Self::RequiredNotSigned => {
                "the signature does not cover a header that \"aws_sigv4\".\"signed_headers\" demands"
            }
            Self::Date => "the time is not YYYYMMDDTHHMMSSZ, nor the Date header a date of HTTP",
            Self::Day => "the day of the Credential is not that of the request's time",
            Self::Expiry => "X-Amz-Expires is not a number of seconds, from 1 on and without leading zeros",
            Self::LongExpiry => "the presigned request is valid for longer than it may be",
            Self::PayloadAbsent => "the request has no x-amz-content-sha256, which this style demands",
            Self::PayloadTwice => "x-amz-content-sha256 is a header and a parameter of the query; send one",
            Self::PayloadMode => "x-amz-content-sha256 is neither 64 lower-case hex digits nor a known mode",
            Self::PayloadUnsigned => {
                "the body is not signed (UNSIGNED-PAYLOAD); sign it, or set \"unsigned_payload\" where that is meant"
            }
            Self::Streaming(mode) => {
                return format!(
                    "the body is sent in pieces by {mode}, whose signatures are not verified here; sign the whole body"
                )
                .into();
            }
        })
    }
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignFault {
    NoHost,
    Header,
    TooManyHeaders,
    Query,
    AlreadySigned,
    Time,
    Expiry,
    Scope,
    Token,
}

impl SignFault {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::NoHost => "the signature covers the host; give the request a Host header or an authority",
            Self::Header => "a header has a name that is no token, or a control byte in its value",
            Self::TooManyHeaders => "the request has more than 64 headers to sign",
            Self::Query => "the query has a plus sign, a percent sign without two digits, or more than 100 parameters",
            Self::AlreadySigned => "the query is that of a presigned link already",
            Self::Time => "the time is after the year 9999",
            Self::Expiry => "a presigned link is valid for 1 to 604800 seconds",
            Self::Scope => {
                "the access key id, the region and the service are 1 to 128 visible characters without / , ; ="
            }
            Self::Token => "the session token is not visible ASCII text without a comma",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_the_mode_that_is_refused() {
        let fault = Fault::Streaming("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
        assert_eq!(fault.code(), RefusalCode::InsufficientCoverage);
        assert!(fault.sentence().contains("STREAMING-AWS4-HMAC-SHA256-PAYLOAD,"));
    }
}
