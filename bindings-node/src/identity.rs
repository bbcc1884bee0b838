//! Questions to AWS.

use napi_derive::napi;
use wiresign::IdentityRequest;

/// A question to AWS: who made the proof of an IAM identity.
#[napi]
pub struct NativeIdentityRequest(pub(crate) IdentityRequest);

#[napi]
impl NativeIdentityRequest {
    /// Always POST.
    #[napi(getter)]
    pub fn method(&self) -> &'static str {
        self.0.method()
    }

    /// The endpoint of STS in a region of the config.
    #[napi(getter)]
    pub fn url(&self) -> String {
        self.0.url().to_owned()
    }

    /// Names and values, Host among them.
    #[napi(getter)]
    pub fn headers(&self) -> Vec<Vec<String>> {
        self.0.headers().map(|(name, value)| vec![name.to_owned(), value.to_owned()]).collect()
    }

    /// Always the same.
    #[napi(getter)]
    pub fn body(&self) -> &'static str {
        self.0.body()
    }
}
