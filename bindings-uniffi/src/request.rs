//! Requests and responses as they are on the wire.

use wiresign::{Head, Headers, SignedHeaders};

/// One header field, in bytes.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Field {
    /// The name, in any letter case.
    pub name: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// One request as it is on the wire. Where only the head is asked for, nobody looks at the body.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Request {
    /// The method.
    pub method: Vec<u8>,
    /// Path and query, exactly as they are sent.
    pub target: Vec<u8>,
    /// The header fields, in the order in which they are sent, repeats included.
    pub headers: Vec<Field>,
    /// The body.
    pub body: Vec<u8>,
    /// The `Host` or `:authority`, where it is known.
    #[uniffi(default = None)]
    pub authority: Option<Vec<u8>>,
    /// The IP address of the client. Any other text stands for one that is not known.
    #[uniffi(default = None)]
    pub client: Option<String>,
}

/// One response as it is on the wire.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The header fields, in the order in which they are sent, repeats included.
    pub headers: Vec<Field>,
    /// The body.
    pub body: Vec<u8>,
}

/// One header to set.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Header fields, lent to the core.
pub(crate) struct Fields<'a>(pub(crate) &'a [Field]);

impl Headers for Fields<'_> {
    fn visit<'a>(&'a self, mut field: impl FnMut(&'a [u8], &'a [u8])) {
        for each in self.0 {
            field(&each.name, &each.value);
        }
    }
}

impl Request {
    /// Lends the head to the core.
    pub(crate) fn lend<R>(&self, work: impl FnOnce(&Head<'_, Fields<'_>>) -> R) -> R {
        work(&Head {
            method: &self.method,
            target: &self.target,
            authority: self.authority.as_deref(),
            headers: &Fields(&self.headers),
            client: self.client.as_ref().and_then(|client| client.parse().ok()),
        })
    }
}

impl Response {
    /// Lends the response to the core.
    pub(crate) fn lend<R>(&self, work: impl FnOnce((u16, &Fields<'_>, &[u8])) -> R) -> R {
        work((self.status, &Fields(&self.headers), &self.body))
    }
}

/// Headers to set, of pairs.
pub(crate) fn headers<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Header> {
    pairs.map(|(name, value)| Header { name: name.to_owned(), value: value.to_owned() }).collect()
}

/// Headers to set, of a signature.
pub(crate) fn signed_headers(signed: &SignedHeaders) -> Vec<Header> {
    headers(signed.iter())
}
