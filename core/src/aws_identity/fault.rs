//! Why a proof of an IAM identity is not taken.

use super::header;
use crate::refusal::RefusalCode;
use crate::sigv4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// By the name of the header.
    Repeated(&'static str),
    NoTarget,
    NoDate,
    Algorithm,
    Form,
    Date,
    Day,
    AccessKey,
    Token,
    OtherScope,
    AudienceNotSigned,
    SignedHeaders,
    OtherTarget,
    /// The adapter has to ask AWS first.
    Unasked,
    TooManyQuestions,
    NoAnswer,
    AnswerForm,
    Busy,
    SignatureRefused,
    KeyRefused,
    Expired,
    UnknownPrincipal,
    SeveralServices,
    NoSuchService,
}

impl Fault {
    pub(crate) fn code(self) -> RefusalCode {
        use RefusalCode as Code;
        match self {
            Self::Repeated(_) => Code::DuplicateHeader,
            Self::NoTarget => Code::MissingTarget,
            Self::NoDate => Code::MissingTimestamp,
            Self::Algorithm => Code::AlgorithmNotAllowed,
            Self::Form | Self::AccessKey | Self::SignedHeaders => Code::MalformedSignature,
            Self::Date | Self::Day => Code::InvalidTimestamp,
            Self::Token => Code::InvalidToken,
            Self::AudienceNotSigned => Code::InsufficientCoverage,
            Self::OtherScope | Self::OtherTarget => Code::TargetNotAllowed,
            Self::Unasked | Self::TooManyQuestions | Self::NoAnswer | Self::AnswerForm | Self::Busy => {
                Code::IdentityUnavailable
            }
            Self::SignatureRefused => Code::InvalidSignature,
            Self::KeyRefused => Code::UnknownKey,
            Self::Expired => Code::TokenExpired,
            Self::UnknownPrincipal | Self::SeveralServices | Self::NoSuchService => Code::UnknownService,
        }
    }

    /// For the operator.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::Repeated(name) => return format!("{name} is there twice, or holds a comma where two were joined"),
            Self::NoDate => return format!("{} is not there", header::DATE),
            Self::NoTarget => "X-Target-Service is not there, which the proof has to cover",
            Self::Algorithm => "only AWS4-HMAC-SHA256 is taken; the proof names another algorithm",
            Self::Form => {
                "the proof is not AWS4-HMAC-SHA256 Credential=ID/YYYYMMDD/REGION/sts/aws4_request, SignedHeaders=..., Signature=..."
            }
            Self::Date => "the date of the proof is not YYYYMMDDTHHMMSSZ",
            Self::Day => "the day of the Credential is not that of the proof's date",
            Self::AccessKey => "the access key id is not 16 to 128 letters, digits or underscores",
            Self::Token => "the session token is not 1 to 4096 visible ASCII characters without a comma",
            Self::OtherScope => "the proof is for a region that is not under aws_identity.regions, or for another service of AWS than sts",
            Self::AudienceNotSigned => "the proof does not cover x-target-service, so it would be good for every service",
            Self::SignedHeaders => {
                "the proof covers other headers than accept, content-type, host, x-amz-date, x-target-service and, with a session token, x-amz-security-token"
            }
            Self::OtherTarget => "the proof is for another service than this one",
            Self::Unasked => "AWS was not asked about this proof; hand its answer over before the request is verified",
            Self::TooManyQuestions => "too many proofs have failed within seconds, so no new one is sent to AWS at the moment",
            Self::NoAnswer => "AWS gave no answer about this proof, and no request passes without one",
            Self::AnswerForm => "the answer about this proof is not the JSON that AWS writes",
            Self::Busy => "AWS does not answer about this proof at the moment: an error of its own, or too many requests",
            Self::SignatureRefused => "AWS says that the signature does not hold: another secret, another target, or other headers were signed",
            Self::KeyRefused => "AWS knows no such access key, or it goes with another session token",
            Self::Expired => "AWS says that the session token has expired",
            Self::UnknownPrincipal => "the identity matches no pattern under aws_identity.roles",
            Self::SeveralServices => "the identity stands for different services by different patterns under aws_identity.roles",
            Self::NoSuchService => "the service that the identity stands for is not in \"services\"",
        }
        .into()
    }
}

impl From<sigv4::Fault> for Fault {
    fn from(fault: sigv4::Fault) -> Self {
        match fault {
            sigv4::Fault::Algorithm => Self::Algorithm,
            sigv4::Fault::Repeated(_) => Self::Repeated(header::IDENTITY),
            sigv4::Fault::Date => Self::Date,
            sigv4::Fault::Day => Self::Day,
            _ => Self::Form,
        }
    }
}
