//! Handshakes: a sender asks whether an endpoint is really run by whoever entered its URL, and wants something of its
//! challenge back. Which request is one, what it must prove and what is answered is data of the template.

mod answer;
mod document;
mod judge;
mod parse;
mod rule;

pub(crate) use judge::judge;
pub(crate) use rule::{Handshake, HandshakeFault};

/// What an adapter answers a handshake with. The same bytes in every language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names and values, in the order in which to set them.
    pub headers: Vec<(String, String)>,
    /// The body, which may be empty.
    pub body: String,
}
