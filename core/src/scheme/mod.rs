//! The wire formats: which headers carry the credential, and which bytes are signed.

use crate::mac::Sink;

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Scheme {
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
}

/// What begins each signature of `service-hmac-v2`.
pub(crate) const V2_PREFIX: &[u8] = b"v2=";

impl Scheme {
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

/// A set of schemes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SchemeSet(u8);

impl SchemeSet {
    pub(crate) const fn with(self, scheme: Scheme) -> Self {
        Self(self.0 | 1 << scheme as u8)
    }

    pub(crate) const fn has(self, scheme: Scheme) -> bool {
        self.0 & 1 << scheme as u8 != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Scheme> {
        Scheme::ALL.into_iter().filter(move |scheme| self.has(*scheme))
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

impl Scheme {
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

    /// What is signed after the body, in two pieces.
    #[inline]
    pub(crate) fn after_body(self, service: &[u8]) -> [&[u8]; 2] {
        match self {
            Self::ServiceHmac => [b"\n", service],
            Self::ServiceHmacV2 | Self::CrossService => [b"", b""],
        }
    }
}
