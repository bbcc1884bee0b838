//! The question to AWS who made a proof.

use crate::request::{Header, headers};

/// A question to AWS: who made the proof of an IAM identity. Sent as it is, over TLS, without following redirects.
#[derive(uniffi::Object)]
pub struct IdentityRequest(pub(crate) wiresign::IdentityRequest);

#[uniffi::export]
impl IdentityRequest {
    /// Always POST.
    pub fn method(&self) -> String {
        self.0.method().to_owned()
    }

    /// The endpoint of STS in a region of the config.
    pub fn url(&self) -> String {
        self.0.url().to_owned()
    }

    /// The headers to send, Host among them.
    pub fn headers(&self) -> Vec<Header> {
        headers(self.0.headers())
    }

    /// Always the same.
    pub fn body(&self) -> String {
        self.0.body().to_owned()
    }
}
