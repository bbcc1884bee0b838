//! What can be wrong with a message signature, and the refusal that it leads to.

use crate::refusal::RefusalCode;

/// A refusal's code, and what led to it.
pub(crate) type Refused = (RefusalCode, Fault);

/// What is wrong with a signature, or with the message that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    HeaderFields,
    HeaderBytes,
    AbsentSignature,
    AbsentInput,
    InputForm,
    SignatureForm,
    SignatureText,
    TooManySignatures,
    TooManyComponents,
    TooManyParameters,
    RepeatedLabel,
    NoneChosen,
    NotAList,
    ComponentName,
    ComponentParameter,
    ComponentCombination,
    RepeatedComponent,
    RepeatedParameter,
    Trailer,
    RequestComponent,
    StatusOfRequest,
    DerivedOfResponse,
    ParameterType,
    ParameterText,
    AbsentCreated,
    Time,
    AbsentKeyId,
    AbsentNonce,
    Nonce,
    NothingCovered,
    TooLittleCovered,
    AbsentField,
    AbsentMember,
    RepeatedMember,
    AbsentQueryParameter,
    RepeatedQueryParameter,
    TooManyQueryParameters,
    QueryEncoding,
    FieldForm,
    FieldType,
    SetCookie,
    FieldBytes,
    TooMuchCovered,
    AbsentAuthority,
    TwoAuthorities,
    RepeatedHost,
    Authority,
    DigestForm,
    UnknownDigests,
    BodyNotCovered,
    Digest,
    NoKey,
    VerifyingKey,
}

impl Fault {
    pub(crate) fn code(self) -> RefusalCode {
        use RefusalCode as Code;
        match self {
            Self::AbsentSignature => Code::MissingSignature,
            Self::NoneChosen => Code::SchemeNotAccepted,
            Self::RepeatedLabel | Self::RepeatedHost => Code::DuplicateHeader,
            Self::AbsentCreated => Code::MissingTimestamp,
            Self::Time => Code::InvalidTimestamp,
            Self::AbsentKeyId => Code::MissingServiceId,
            Self::AbsentNonce => Code::MissingNonce,
            Self::Nonce => Code::InvalidNonce,
            Self::Digest => Code::DigestMismatch,
            Self::NothingCovered
            | Self::TooLittleCovered
            | Self::AbsentField
            | Self::AbsentMember
            | Self::AbsentQueryParameter
            | Self::AbsentAuthority
            | Self::UnknownDigests
            | Self::BodyNotCovered => Code::InsufficientCoverage,
            Self::HeaderFields
            | Self::HeaderBytes
            | Self::RepeatedMember
            | Self::RepeatedQueryParameter
            | Self::TooManyQueryParameters
            | Self::QueryEncoding
            | Self::FieldForm
            | Self::SetCookie
            | Self::FieldBytes
            | Self::TooMuchCovered
            | Self::TwoAuthorities
            | Self::Authority => Code::MalformedRequest,
            Self::AbsentInput
            | Self::InputForm
            | Self::SignatureForm
            | Self::SignatureText
            | Self::TooManySignatures
            | Self::TooManyComponents
            | Self::TooManyParameters
            | Self::NotAList
            | Self::ComponentName
            | Self::ComponentParameter
            | Self::ComponentCombination
            | Self::RepeatedComponent
            | Self::RepeatedParameter
            | Self::Trailer
            | Self::RequestComponent
            | Self::StatusOfRequest
            | Self::DerivedOfResponse
            | Self::ParameterType
            | Self::ParameterText
            | Self::FieldType
            | Self::NoKey
            | Self::VerifyingKey
            | Self::DigestForm => Code::MalformedSignature,
        }
    }

    /// What was found wrong and what to do, for the operator's log.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::HeaderFields => "the message has more than 256 header fields",
            Self::HeaderBytes => "the header names and values are longer than 65536 bytes together",
            Self::AbsentSignature => {
                "Signature-Input names a signature that Signature does not hold; send both headers"
            }
            Self::AbsentInput => "there is a Signature header without Signature-Input; send both headers",
            Self::InputForm => "Signature-Input is not a dictionary of structured fields (RFC 9651)",
            Self::SignatureForm => "Signature is not a dictionary of byte sequences without parameters (RFC 9651)",
            Self::SignatureText => "the signature is not written in base64 with padding, or is empty",
            Self::TooManySignatures => "the message holds more than 8 signatures",
            Self::TooManyComponents => "a signature covers more than 32 components",
            Self::TooManyParameters => "a signature or a component has more than 16 parameters",
            Self::RepeatedLabel => "two signatures have the same label",
            Self::NoneChosen => {
                "no signature has the label and the tag that are asked for; set tag and label as configured"
            }
            Self::NotAList => "a member of Signature-Input is not a list of components in parentheses",
            Self::ComponentName => {
                "the signature covers a component that does not exist; names of header fields are lower case, and names \
                 with @ are those of RFC 9421"
            }
            Self::ComponentParameter => "a covered component has a parameter that does not exist, or of a wrong type",
            Self::ComponentCombination => "a covered component has parameters that exclude each other, or lacks one",
            Self::RepeatedComponent => "the signature covers a component twice",
            Self::RepeatedParameter => "a parameter is there twice",
            Self::Trailer => "the signature covers a trailer field (tr), and trailers are not judged",
            Self::RequestComponent => "the signature of a request covers a component with req, which is for responses",
            Self::StatusOfRequest => "the signature of a request covers @status, which is for responses",
            Self::DerivedOfResponse => "the signature of a response covers a component of requests without req",
            Self::ParameterType => "created or expires is not a number, or keyid, alg, nonce or tag is not a string",
            Self::ParameterText => {
                "keyid, alg, nonce or tag is empty, longer than 512 bytes, or holds a quote or backslash"
            }
            Self::AbsentCreated => "the signature has no parameter created; sign the time of signing",
            Self::Time => "created or expires is not Unix time of 1 to 12 digits",
            Self::AbsentKeyId => "the signature has no parameter keyid, so its key is not known",
            Self::AbsentNonce => "the signature has no parameter nonce; sign a fresh one with each request",
            Self::Nonce => "the nonce is not 16 to 64 letters, digits, hyphens or underscores",
            Self::NothingCovered => "the signature covers nothing of the message",
            Self::TooLittleCovered => {
                "the signature does not cover all components that are asked for; compare rfc9421.covered"
            }
            Self::AbsentField => "the signature covers a header field that the message does not have",
            Self::AbsentMember => "the signature covers a member of a header field that the field does not have",
            Self::RepeatedMember => "the signature covers a member of a header field that the field has twice",
            Self::AbsentQueryParameter => "the signature covers a query parameter that the target does not have",
            Self::RepeatedQueryParameter => "the signature covers a query parameter that the target has twice",
            Self::TooManyQueryParameters => "the signature covers a query parameter, and the query has more than 100",
            Self::QueryEncoding => {
                "the signature covers a query parameter, and the query has a percent sign without two digits"
            }
            Self::FieldForm => "a header field that is covered with sf or key is not a structured field of its type",
            Self::FieldType => {
                "a header field is covered with sf, and no type is registered for it; cover it without sf"
            }
            Self::SetCookie => "several Set-Cookie fields are covered without bs, so they cannot be told apart",
            Self::FieldBytes => "a covered value holds a control byte or a byte outside ASCII; cover it with bs",
            Self::TooMuchCovered => "the signatures cover long fields so often that judging them would take too long",
            Self::AbsentAuthority => "the signature covers the authority, and the request has no Host",
            Self::TwoAuthorities => "the Host header and the authority differ",
            Self::RepeatedHost => "the request has two Host headers",
            Self::Authority => "the authority is not a host with an optional port",
            Self::DigestForm => "Content-Digest is not a dictionary of byte sequences as long as their digests",
            Self::UnknownDigests => "Content-Digest holds neither sha-256 nor sha-512",
            Self::BodyNotCovered => "there is a body, and the signature does not cover content-digest",
            Self::NoKey => "there is no key to sign with",
            Self::VerifyingKey => "the key can only verify; sign with its private half",
            Self::Digest => "the body does not have the digest that Content-Digest says",
        }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        (fault.code(), fault)
    }
}
