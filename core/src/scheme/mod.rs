//! The wire formats: which headers carry the credential, and which bytes are signed.

pub(crate) mod catalogue;

use crate::mac::Sink;

/// A wire format whose code stands here. Their messages are made without looking at a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum BuiltIn {
    ServiceHmac = 0,
    ServiceHmacV2 = 1,
    CrossService = 2,
}

/// The header names of all schemes, spelled as they are sent.
pub(crate) mod header {
    pub(crate) const SERVICE_ID: &str = "X-Service-ID";
    pub(crate) const SERVICE_NAME: &str = "X-Service-Name";
    pub(crate) const TARGET_SERVICE: &str = "X-Target-Service";
    pub(crate) const TIMESTAMP: &str = "X-Timestamp";
    pub(crate) const REQUEST_ID: &str = "X-Request-ID";
    pub(crate) const SIGNATURE: &str = "X-Signature";
    pub(crate) const API_KEY: &str = "X-Service-API-Key";

    /// All of them.
    pub(crate) const CREDENTIALS: [&str; 7] =
        [SERVICE_ID, SERVICE_NAME, TARGET_SERVICE, TIMESTAMP, REQUEST_ID, SIGNATURE, API_KEY];
}

/// What begins each signature of `service-hmac-v2`.
pub(crate) const V2_PREFIX: &[u8] = b"v2=";

impl BuiltIn {
    pub(crate) const ALL: [Self; 3] = [Self::ServiceHmac, Self::ServiceHmacV2, Self::CrossService];

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::ServiceHmac => "service-hmac",
            Self::ServiceHmacV2 => "service-hmac-v2",
            Self::CrossService => "cross-service",
        }
    }

    pub(crate) fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.id() == id)
    }

    /// The parts of a request that the signature covers.
    pub(crate) const fn covers(self) -> &'static [&'static str] {
        match self {
            Self::ServiceHmac => &["method", "path", "timestamp", "service", "body"],
            Self::ServiceHmacV2 => {
                &["method", "path", "query", "timestamp", "service", "target-service", "nonce", "body"]
            }
            Self::CrossService => &["method", "path", "timestamp", "body"],
        }
    }

    pub(crate) const fn covers_query(self) -> bool {
        matches!(self, Self::ServiceHmacV2)
    }

    /// Whether the target service is signed, so that the request is worthless elsewhere.
    pub(crate) const fn signs_target(self) -> bool {
        matches!(self, Self::ServiceHmacV2)
    }

    /// Whether the request id is signed, and so can tell a replay from a repetition.
    pub(crate) const fn signs_nonce(self) -> bool {
        matches!(self, Self::ServiceHmacV2)
    }
}

/// What can be listed under `accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    BuiltIn(BuiltIn),
    ApiKey,
    Standard(Standard),
    /// A compiled template, by its position among the plans of the config.
    Plan(u8),
}

/// The schemes that are defined elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standard {
    Rfc9421,
    AwsSigv4,
    Jwt,
    AwsIdentity,
}

impl Standard {
    pub(crate) const ALL: [Self; 4] = [Self::Rfc9421, Self::AwsSigv4, Self::Jwt, Self::AwsIdentity];

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Rfc9421 => "rfc9421",
            Self::AwsSigv4 => "aws-sigv4",
            Self::Jwt => "jwt",
            Self::AwsIdentity => "aws-identity",
        }
    }

    pub(crate) fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.id() == id)
    }

    /// As [`Scheme::is_bearer`].
    pub(crate) const fn is_bearer(self) -> bool {
        matches!(self, Self::Jwt | Self::AwsIdentity)
    }
}

/// The position of the first plan in a set: behind the built-in schemes, `api-key` and the standards.
const FIRST_PLAN: u8 = 8;
/// The most plans of a config: those of its webhooks, and its templates with a caller.
pub(crate) const MAX_PLANS: usize = 120;

impl Scheme {
    /// Whether a credential covers nothing of the request, so that whoever has it can send any other with it.
    pub(crate) const fn is_bearer(self) -> bool {
        match self {
            Self::ApiKey => true,
            Self::Standard(scheme) => scheme.is_bearer(),
            Self::BuiltIn(_) | Self::Plan(_) => false,
        }
    }

    const fn bit(self) -> u128 {
        1 << match self {
            Self::BuiltIn(scheme) => scheme as u8,
            Self::ApiKey => 3,
            Self::Standard(scheme) => 4 + scheme as u8,
            Self::Plan(at) => FIRST_PLAN + at,
        }
    }
}

/// A set of schemes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SchemeSet(u128);

impl SchemeSet {
    const BUILT_IN: u128 = 0b111;
    const STANDARD: u128 = 0b1111_0000;

    #[must_use]
    pub(crate) const fn with(self, scheme: Scheme) -> Self {
        Self(self.0 | scheme.bit())
    }

    #[must_use]
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, scheme: Scheme) -> bool {
        self.0 & scheme.bit() != 0
    }

    pub(crate) const fn takes(self, scheme: BuiltIn) -> bool {
        self.has(Scheme::BuiltIn(scheme))
    }

    /// Whether any of the built-in schemes is in the set.
    pub(crate) const fn takes_built_in(self) -> bool {
        self.0 & Self::BUILT_IN != 0
    }

    /// Whether any of the standards is in the set.
    pub(crate) const fn takes_standard(self) -> bool {
        self.0 & Self::STANDARD != 0
    }

    /// Whether nothing but built-in schemes is in the set.
    pub(crate) const fn is_built_in(self) -> bool {
        self.0 & !Self::BUILT_IN == 0
    }

    /// How many schemes are in the set.
    pub(crate) const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The positions of the plans in the set.
    pub(crate) fn plans(self) -> impl Iterator<Item = u8> {
        let mut rest = self.0 >> FIRST_PLAN;
        std::iter::from_fn(move || {
            let at = (rest != 0).then(|| rest.trailing_zeros() as u8)?;
            rest &= rest - 1;
            Some(at)
        })
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Scheme> {
        let built_in = BuiltIn::ALL.into_iter().map(Scheme::BuiltIn);
        let standards = Standard::ALL.into_iter().map(Scheme::Standard);
        let fixed = built_in.chain([Scheme::ApiKey]).chain(standards).filter(move |scheme| self.has(*scheme));
        fixed.chain(self.plans().map(Scheme::Plan))
    }
}

/// The fields that the signed message is made of.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) path: &'a [u8],
    /// What follows the first `?`; empty where there is none.
    pub(crate) query: &'a [u8],
    /// The timestamp's text as received.
    pub(crate) timestamp: &'a [u8],
    pub(crate) service: &'a [u8],
    pub(crate) target_service: &'a [u8],
    pub(crate) nonce: &'a [u8],
}

impl BuiltIn {
    /// Puts the whole signed message.
    #[inline]
    pub(crate) fn put(self, fields: &Fields<'_>, body: &[u8], sink: &mut impl Sink) {
        self.put_before_body(fields, sink);
        sink.put(body);
        self.put_after_body(fields.service, sink);
    }

    /// Puts what is signed before the body.
    #[inline]
    pub(crate) fn put_before_body(self, fields: &Fields<'_>, sink: &mut impl Sink) {
        match self {
            Self::ServiceHmac | Self::CrossService => {
                sink.put_lines(&[fields.method, fields.path, fields.timestamp]);
            }
            Self::ServiceHmacV2 => {
                // The first line keeps this format apart from the older ones, where the method stands there in upper case.
                sink.put_lines(&[
                    b"wiresign-v2",
                    fields.method,
                    fields.path,
                    fields.query,
                    fields.timestamp,
                    fields.service,
                    fields.target_service,
                    fields.nonce,
                ]);
            }
        }
    }

    /// Puts what is signed after the body.
    #[inline]
    pub(crate) fn put_after_body(self, service: &[u8], sink: &mut impl Sink) {
        match self {
            Self::ServiceHmac => {
                sink.put(b"\n");
                sink.put(service);
            }
            Self::ServiceHmacV2 | Self::CrossService => {}
        }
    }
}
