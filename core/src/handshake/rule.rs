//! One handshake, as a template describes it.

/// The longest body that can be a handshake's, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 16_384;
/// The longest text that is sent back, in bytes.
pub(crate) const MAX_ECHO_BYTES: usize = 1024;

/// Which request is the handshake, what it must prove, and what is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    pub(crate) method: Box<str>,
    /// Headers by their names in lower case.
    pub(crate) headers: Vec<(Box<str>, Box<str>)>,
    pub(crate) query: Vec<(Box<str>, MatchValue)>,
    /// Places of the body, as JSON pointers.
    pub(crate) json: Vec<(Box<str>, MatchValue)>,
    pub(crate) verify: Verify,
    pub(crate) status: u16,
    pub(crate) extra_headers: Vec<(Box<str>, Box<str>)>,
    pub(crate) body: Option<Body>,
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MatchValue {
    Any,
    Text(Box<str>),
    Whole(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    /// The request holds as one of the webhook.
    Signature,
    /// The query parameter of that name equals the verify token.
    Token(Box<str>),
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Text(Source),
    /// A JSON object, its members in this order.
    Object(Vec<(Box<str>, Value)>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(Box<str>),
    Whole(u64),
    Echo(Source),
    /// HMAC-SHA256 over the text with the key that verified the request.
    Hmac(Source),
}

/// Where a text of the request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Query(Box<str>),
    /// A JSON pointer into the body.
    Json(Box<str>),
}

/// What is wrong with a request that is a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeFault {
    RepeatedParameter,
    TooManyParameters,
    RepeatedMember,
    AbsentEcho,
    UnsafeEcho,
    WrongToken,
    NoToken,
}

impl HandshakeFault {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::RepeatedParameter => "a query parameter of the handshake is there twice",
            Self::TooManyParameters => "the query has too many parameters",
            Self::RepeatedMember => "a JSON member of the handshake is there twice",
            Self::AbsentEcho => "what the handshake sends back is not in the request",
            Self::UnsafeEcho => {
                "what the handshake would send back is not 1 to 1024 visible ASCII characters without quotes, &, <, > and \\"
            }
            Self::WrongToken => "the verify token of the handshake is missing, or not that of the webhook",
            Self::NoToken => "the handshake needs the webhook's verify_token, which is not in the config",
        }
    }
}
