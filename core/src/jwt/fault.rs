//! What is wrong with a token, for the operator.

use crate::refusal::RefusalCode;
use crate::strict_json::JsonFault;

/// What is wrong with a token, or which of its claims does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Joined,
    TooLong,
    Encrypted,
    Parts,
    Base64(&'static str),
    Header(JsonFault),
    Payload(JsonFault),
    /// A member of the header is of the wrong type, or not of a form that can name anything.
    HeaderMember(&'static str),
    NoAlgorithm,
    AlgorithmNone,
    AlgorithmNotOffered,
    /// The header asks for something that changes what the token means.
    Extension(&'static str),
    /// A claim is of the wrong type, or not of a form that can name anything.
    Claim(&'static str),
    /// A claim that the config reads is of the wrong type.
    ConfiguredClaim,
    NoExpiry,
    Expired {
        seconds_ago: u64,
    },
    NotYet {
        in_seconds: u64,
    },
    IssuedInFuture {
        in_seconds: u64,
    },
    OtherIssuer,
    NoIssuer,
    OtherAudience,
    NoAudience,
}

impl Fault {
    pub(super) fn with_code(self) -> (RefusalCode, Self) {
        let code = match self {
            Self::Joined => RefusalCode::DuplicateHeader,
            Self::AlgorithmNone | Self::AlgorithmNotOffered => RefusalCode::AlgorithmNotAllowed,
            Self::Expired { .. } => RefusalCode::TokenExpired,
            _ => RefusalCode::InvalidToken,
        };
        (code, self)
    }

    /// Nothing of what a stranger has written is in it.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::Joined => "Authorization holds a comma, as where two values were joined".into(),
            Self::TooLong => "the token is longer than 8192 bytes".into(),
            Self::Encrypted => "the token is encrypted (JWE); only signed tokens are read".into(),
            Self::Parts => "the token is not three parts with two dots between them".into(),
            Self::Base64(part) => format!("the {part} of the token is not base64url without padding, in its one form"),
            Self::Header(fault) => format!("the header of the token {}", fault.sentence()),
            Self::Payload(fault) => format!("the payload of the token {}", fault.sentence()),
            Self::HeaderMember(name) => {
                format!("\"{name}\" in the header of the token is not a string of 1 to 512 bytes without control characters")
            }
            Self::NoAlgorithm => "the header of the token names no algorithm".into(),
            Self::AlgorithmNone => "the token says that it is not signed (\"alg\" is \"none\")".into(),
            Self::AlgorithmNotOffered => {
                "the token names an algorithm that is not offered; use EdDSA, ES256, ES384, HS256, HS384, HS512, RS256, PS256 or PS512"
                    .into()
            }
            Self::Extension(name) => format!("the header of the token has \"{name}\", which is not supported"),
            Self::Claim("exp" | "nbf" | "iat") => {
                "\"exp\", \"nbf\" and \"iat\" are whole seconds since 1970 of up to 12 digits, and one of them is not".into()
            }
            Self::Claim("aud") => "\"aud\" is neither a string nor a list of strings".into(),
            Self::Claim(name) => format!("\"{name}\" is not a string of 1 to 512 bytes without control characters"),
            Self::ConfiguredClaim => "a claim that the config reads is of another type than it has to be".into(),
            Self::NoExpiry => "the token has no \"exp\"; tokens that never end are refused".into(),
            Self::Expired { seconds_ago } => format!("the token has ended {seconds_ago} seconds ago"),
            Self::NotYet { in_seconds } => format!("the token is valid in {in_seconds} seconds (\"nbf\"); compare the clocks"),
            Self::IssuedInFuture { in_seconds } => {
                format!("the token was issued {in_seconds} seconds in the future (\"iat\"); compare the clocks")
            }
            Self::OtherIssuer => "\"iss\" is not the issuer whose keys are tried".into(),
            Self::NoIssuer => "the token does not say who has issued it (\"iss\")".into(),
            Self::OtherAudience => "the token is for others: \"aud\" does not name this service".into(),
            Self::NoAudience => "the token does not say whom it is for (\"aud\")".into(),
        }
    }
}
