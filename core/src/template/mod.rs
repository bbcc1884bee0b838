//! Schemes as data: a template is parsed once into what a verification needs, and nothing of it is interpreted that could
//! be decided before the request comes.

mod check;
mod claim;
mod finder;
mod message;
pub(crate) mod parameters;
mod pending;
mod proof;
mod signature;

pub(crate) use check::is_digest_of;
pub(crate) use claim::{Claim, ClaimFault, parameter_fault};
pub(crate) use finder::{Collected, Finder};
pub(crate) use message::{Message, Parts, Step};
pub(crate) use pending::{KeyInUse, Pending};
pub(crate) use proof::{Proof, ProofKey, Running};
pub(crate) use signature::{Decoded, Encoding, List};

use crate::config::Window;
use crate::handshake::Handshake;

/// A format, as its JSON describes it.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) id: Box<str>,
    pub(crate) title: Box<str>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: KeyForm,
    pub(crate) parts: Box<[Part]>,
    /// Where the part of the body stands, or the number of parts where there is none.
    pub(crate) body_at: usize,
    /// What [`Part::Made`] stands for, by position.
    pub(crate) makings: Vec<Making>,
    pub(crate) signature: SignatureForm,
    pub(crate) timestamp: Option<TimestampForm>,
    /// The position of each header among [`Template::headers`].
    pub(crate) nonce: Option<usize>,
    pub(crate) message_id: Option<usize>,
    pub(crate) caller: Option<usize>,
    pub(crate) target: Option<usize>,
    /// The position of `Host`, where the message holds the authority.
    pub(crate) host: Option<usize>,
    /// The headers that are read; of each the names that it may have.
    pub(crate) headers: Vec<HeaderNames>,
    /// What must not be in a message id: the text that follows it in the message.
    pub(crate) message_id_end: Box<[u8]>,
    pub(crate) window: Option<Window>,
    /// The query parameter that holds the body's digest.
    pub(crate) body_digest: Option<Box<str>>,
    pub(crate) url_variants: UrlVariants,
    /// How the sender's challenge is answered. The first that matches decides.
    pub(crate) handshakes: Vec<Handshake>,
    pub(crate) legacy: bool,
    pub(crate) coverage: Coverage,
    pub(crate) about: About,
}

/// What a template says for its documentation.
#[derive(Clone, Default)]
pub(crate) struct About {
    pub(crate) sender: Box<str>,
    pub(crate) secret: Box<str>,
    pub(crate) notes: Vec<Box<str>>,
}

/// The names that a header may have. Where there are two, all headers of a request use the first, or all the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderNames {
    /// Spelled as they are sent.
    pub(crate) names: Vec<Box<str>>,
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    HmacSha256,
    HmacSha512,
    HmacSha1,
    Ed25519,
    EcdsaP256Sha256,
    /// SHA-256 over the secret and the message: whoever knows a signature can sign longer messages.
    Sha256Prefix,
    /// The signature is the secret itself.
    Token,
}

impl Algorithm {
    pub(crate) const ALL: [(&'static str, Self); 7] = [
        ("hmac-sha256", Self::HmacSha256),
        ("hmac-sha512", Self::HmacSha512),
        ("hmac-sha1", Self::HmacSha1),
        ("ed25519", Self::Ed25519),
        ("ecdsa-p256-sha256", Self::EcdsaP256Sha256),
        ("sha256-prefix", Self::Sha256Prefix),
        ("token", Self::Token),
    ];

    pub(crate) const fn is_asymmetric(self) -> bool {
        matches!(self, Self::Ed25519 | Self::EcdsaP256Sha256)
    }

    /// How many bytes a signature has: the least and the most.
    pub(crate) const fn signature_bytes(self) -> (usize, usize) {
        match self {
            Self::HmacSha256 | Self::Sha256Prefix => (32, 32),
            Self::HmacSha1 => (20, 20),
            Self::HmacSha512 | Self::Ed25519 => (64, 64),
            // A sequence of two integers of up to 33 bytes each.
            Self::EcdsaP256Sha256 => (8, 72),
            Self::Token => (0, 0),
        }
    }
}

/// How the text of a secret becomes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyForm {
    pub(crate) encoding: KeyEncoding,
    /// Taken off before decoding.
    pub(crate) prefix: Box<str>,
    pub(crate) without_prefix: WithoutPrefix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyEncoding {
    Text,
    Hex,
    Base64,
}

/// What a secret without the prefix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithoutPrefix {
    Same,
    Text,
    Refused,
}

/// A part of the signed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(Box<[u8]>),
    Method,
    Path,
    Query,
    Target,
    /// Scheme and authority of the configured URL.
    Origin,
    /// The configured URL.
    Endpoint,
    Authority,
    Timestamp,
    /// A header by its position among [`Template::headers`].
    Header(usize),
    /// The value that was made for this request, by its position.
    Made(usize),
    Body(BodyPart),
}

/// What of the body is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyPart {
    Raw,
    Sha256,
    Form { distinct: bool },
}

/// What is made from the head of each request, since no part of it stands there as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Making {
    Url,
    UrlUnescaped,
    QueryValue(Box<str>),
    SortedQuery(SortedQuery),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SortedQuery {
    pub(crate) except: Vec<Box<str>>,
    pub(crate) assign: Box<str>,
    pub(crate) join: Box<str>,
    /// What joins the values of a name that comes twice; `None` where that is refused.
    pub(crate) repeated: Option<Box<str>>,
    pub(crate) escape: bool,
}

/// Other spellings of the URL that the sender may have signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UrlVariants {
    pub(crate) port: bool,
    pub(crate) querystring: bool,
}

/// Where the signature is, and how it is written.
#[derive(Clone)]
pub(crate) struct SignatureForm {
    pub(crate) place: SignaturePlace,
    pub(crate) encoding: Encoding,
    /// Texts of which one stands before the signature; the longest first.
    pub(crate) prefixes: Vec<Box<str>>,
    /// The one that a signer writes.
    pub(crate) written_prefix: Box<str>,
    pub(crate) list: Option<List>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignaturePlace {
    /// By the position among [`Template::headers`].
    Header(usize),
    /// Several headers that may each hold one: so many from this position on.
    Headers {
        first: usize,
        count: usize,
    },
    Query(Box<str>),
}

#[derive(Clone)]
pub(crate) struct TimestampForm {
    pub(crate) place: TimestampPlace,
    pub(crate) unit: TimeUnit,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimestampPlace {
    Header(usize),
    Query(Box<str>),
    /// In the list that holds the signatures.
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    Seconds,
    Milliseconds,
    Rfc3339,
}

/// What the signature covers. Computed from the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// In the order of the message, as the results of a verification name them.
    pub(crate) names: Vec<Box<str>>,
    pub(crate) method: bool,
    pub(crate) path: bool,
    pub(crate) query: bool,
    pub(crate) body: bool,
    pub(crate) timestamp: bool,
}

/// The most headers that a template reads.
pub(crate) const MAX_HEADERS: usize = 12;

impl Template {
    /// The names of all headers that are read.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().flat_map(|header| &header.names).map(|name| &**name)
    }

    /// The names of the headers that may hold a signature.
    pub(crate) fn signature_names(&self) -> impl Iterator<Item = &str> {
        let range = match self.signature.place {
            SignaturePlace::Header(at) => at..at + 1,
            SignaturePlace::Headers { first, count } => first..first + count,
            SignaturePlace::Query(_) => 0..0,
        };
        self.headers[range].iter().flat_map(|header| &header.names).map(|name| &**name)
    }

    /// The name of the query parameter that holds the signature.
    pub(crate) fn signature_parameter(&self) -> Option<&str> {
        match &self.signature.place {
            SignaturePlace::Query(name) => Some(name),
            SignaturePlace::Header(_) | SignaturePlace::Headers { .. } => None,
        }
    }

    /// The position of the header that alone holds signatures.
    pub(crate) fn signature_header(&self) -> Option<usize> {
        match self.signature.place {
            SignaturePlace::Header(at) => Some(at),
            SignaturePlace::Headers { .. } | SignaturePlace::Query(_) => None,
        }
    }

    pub(crate) fn timestamp_header(&self) -> Option<usize> {
        match self.timestamp.as_ref()?.place {
            TimestampPlace::Header(at) => Some(at),
            TimestampPlace::Query(_) | TimestampPlace::List => None,
        }
    }

    pub(crate) fn message_is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether the caller's id is part of the message.
    pub(crate) fn signs_caller(&self) -> bool {
        self.caller.is_some_and(|at| self.parts.contains(&Part::Header(at)))
    }

    /// Whether a request may hold more than one signature.
    pub(crate) fn takes_several_signatures(&self) -> bool {
        self.signature.list.is_some() || matches!(self.signature.place, SignaturePlace::Headers { .. })
    }

    /// Whether signing needs no more than a secret, and the signature goes into headers.
    pub(crate) fn can_sign(&self) -> bool {
        let in_headers = !matches!(self.signature.place, SignaturePlace::Query(_))
            && !matches!(self.timestamp, Some(TimestampForm { place: TimestampPlace::Query(_), .. }));
        !self.algorithm.is_asymmetric() && in_headers
    }

    /// Whether the signed message holds something unique, so that a replay can be told from a repetition.
    pub(crate) fn signs_nonce(&self) -> bool {
        self.nonce.is_some()
    }

    pub(crate) fn body_part(&self) -> Option<BodyPart> {
        match self.parts.get(self.body_at) {
            Some(Part::Body(part)) => Some(*part),
            _ => None,
        }
    }

    /// Whether a header may hold commas: one that is signed for its own sake, and is nothing to Wiresign.
    pub(crate) fn may_hold_commas(&self, at: usize) -> bool {
        let roles = [self.nonce, self.message_id, self.caller, self.target, self.timestamp_header()];
        !roles.contains(&Some(at)) && self.parts.contains(&Part::Header(at))
    }

    pub(crate) fn needs_url(&self) -> bool {
        self.makings.iter().any(|making| matches!(making, Making::Url | Making::UrlUnescaped))
            || self.parts.iter().any(|part| matches!(part, Part::Origin | Part::Endpoint))
    }
}

/// A template in use: with its own names for headers, its own URL, its own window.
pub(crate) struct Plan {
    pub(crate) template: std::sync::Arc<Template>,
    pub(crate) finder: Finder,
    /// What is put into the message, in order.
    pub(crate) steps: Box<[Step]>,
    /// How `accept` lists it: `webhook:NAME`, or the template's id.
    pub(crate) listed_as: Box<str>,
    /// The position of the webhook among the services; `None` where the request names its caller.
    pub(crate) webhook: Option<usize>,
    pub(crate) window: Window,
    /// Scheme and authority of the URL under which the sender knows the endpoint.
    pub(crate) origin: Box<str>,
    pub(crate) url: Box<str>,
    /// How long a signature is remembered, in seconds, where the scheme has no timestamp.
    pub(crate) remember: Option<u64>,
    pub(crate) verify_token: Option<[u8; 32]>,
}
