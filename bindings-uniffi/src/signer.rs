//! Signs requests.

use std::sync::Arc;

use crate::config::Config;
use crate::failure::Failure;
use crate::process::{id, seconds};
use crate::request::{Field, Fields, Header, Request, Response, signed_headers};

/// Holds the credential of one caller and a scheme. Threads may share it.
#[derive(uniffi::Object)]
pub struct Signer(wiresign::Signer);

#[uniffi::export]
impl Signer {
    /// A signer for calls to the target service; schemes that sign no target need none.
    ///
    /// # Errors
    /// What is missing.
    #[uniffi::constructor(default(target = None))]
    pub fn new(config: &Config, target: Option<String>) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(wiresign::Signer::new(&config.0, target.as_deref())?)))
    }

    /// A signer with credentials of AWS that were given out for a while.
    ///
    /// # Errors
    /// What is missing, or wrong with the credentials.
    #[uniffi::constructor(default(session_token = None, target = None))]
    pub fn with_aws_credentials(
        config: &Config,
        access_key_id: &str,
        secret: &str,
        session_token: Option<String>,
        target: Option<String>,
    ) -> Result<Arc<Self>, Failure> {
        let (target, session_token) = (target.as_deref(), session_token.as_deref());
        let signer = wiresign::Signer::with_aws_credentials(&config.0, target, access_key_id, secret, session_token);
        Ok(Arc::new(Self(signer?)))
    }

    /// The headers to set, in order.
    ///
    /// # Errors
    /// Why the request cannot be signed.
    #[uniffi::method(default(now = None, nonce = None))]
    pub fn sign(&self, request: Request, now: Option<u64>, nonce: Option<String>) -> Result<Vec<Header>, Failure> {
        let nonce = id(nonce.as_deref())?;
        let signed = request.lend(|head| self.0.sign(head, &request.body, seconds(now), &nonce))?;
        Ok(signed_headers(&signed))
    }

    /// The canonical bytes that `sign` would sign. They hold no secret.
    ///
    /// # Errors
    /// As `sign`.
    #[uniffi::method(default(now = None, nonce = None))]
    pub fn message(&self, request: Request, now: Option<u64>, nonce: Option<String>) -> Result<Vec<u8>, Failure> {
        let nonce = id(nonce.as_deref())?;
        Ok(request.lend(|head| self.0.message(head, &request.body, seconds(now), &nonce))?)
    }

    /// The target of a link that is signed for so many seconds. Only where the config signs with `aws-sigv4`.
    ///
    /// # Errors
    /// Why there is no such link.
    #[uniffi::method(default(now = None))]
    pub fn presign(&self, head: Request, lifetime: u64, now: Option<u64>) -> Result<String, Failure> {
        Ok(head.lend(|head| self.0.presign(head, seconds(now), lifetime))?)
    }

    /// The headers that sign a response, and bind it to the request that it answers, as that was received.
    ///
    /// # Errors
    /// Why the response cannot be signed.
    #[uniffi::method(default(now = None))]
    pub fn sign_response(
        &self,
        response: Response,
        answered: Request,
        now: Option<u64>,
    ) -> Result<Vec<Header>, Failure> {
        let signed =
            response.lend(|response| answered.lend(|head| self.0.sign_response(response, head, seconds(now))))?;
        Ok(signed_headers(&signed))
    }

    /// The headers that sign a request once more, as the `Accept-Signature` of its response asks; absent where that asks for
    /// nothing.
    ///
    /// # Errors
    /// Why it cannot be signed so.
    #[uniffi::method(default(now = None, nonce = None))]
    pub fn sign_as_asked(
        &self,
        response_headers: Vec<Field>,
        request: Request,
        now: Option<u64>,
        nonce: Option<String>,
    ) -> Result<Option<Vec<Header>>, Failure> {
        let nonce = id(nonce.as_deref())?;
        let asked = Fields(&response_headers);
        let signed = request.lend(|head| self.0.sign_as_asked(&asked, head, &request.body, seconds(now), &nonce))?;
        Ok(signed.as_ref().map(signed_headers))
    }
}
