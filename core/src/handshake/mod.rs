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
///
/// ```
/// use wiresign::{Config, Head, Secrets, Verifier};
///
/// let document = r#"{
///     "service": "bot",
///     "services": {},
///     "webhooks": {
///         "whatsapp": {"scheme": "whatsapp", "keys": [{"secret": "env:APP_SECRET"}], "verify_token": "env:VERIFY_TOKEN"}
///     }
/// }"#;
/// let secrets = Secrets::new().env("APP_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f0").env("VERIFY_TOKEN", "open sesame");
/// let verifier = Verifier::new(&Config::parse(document, &secrets)?);
///
/// let target = b"/hook?hub.mode=subscribe&hub.verify_token=open+sesame&hub.challenge=1158201444";
/// let head = Head::new(b"GET", target, &[] as &[(&str, &str)]);
/// match verifier.handshake("whatsapp", &head, b"", 1_767_225_600)? {
///     Some(response) => assert_eq!((response.status, response.body.as_str()), (200, "1158201444")),
///     None => unreachable!("an ordinary request; it would be verified now"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names and values, in the order in which to set them.
    pub headers: Vec<(String, String)>,
    /// The body, which may be empty.
    pub body: String,
}
