//! Whole answers of the core, to send as they are.

use crate::request::{Header, headers};

/// What to answer a handshake or a request for a token with, byte for byte.
#[derive(Clone, uniffi::Record)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers to set, in order.
    pub headers: Vec<Header>,
    /// The body, which may be empty, and may hold a token.
    pub body: String,
}

impl From<wiresign::HandshakeResponse> for Answer {
    fn from(response: wiresign::HandshakeResponse) -> Self {
        Self::new(response.status, &response.headers, response.body)
    }
}

impl From<wiresign::TokenResponse> for Answer {
    fn from(response: wiresign::TokenResponse) -> Self {
        Self::new(response.status, &response.headers, response.body)
    }
}

impl Answer {
    fn new<N: AsRef<str>, V: AsRef<str>>(status: u16, pairs: &[(N, V)], body: String) -> Self {
        Self { status, headers: headers(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))), body }
    }
}
