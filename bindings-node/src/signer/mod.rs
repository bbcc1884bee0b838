//! Signs requests.

mod hot;

use std::cell::RefCell;
use std::rc::Rc;

use napi::bindgen_prelude::{Either, Uint8Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;
use wiresign::{SignError, SignedHeaders, Signer};

use crate::config::NativeConfig;
use crate::text::{Texts, WireText};
use crate::verifier::{head, pairs, seconds};

/// A signer, and what its last call left for JavaScript to pick up.
pub(crate) struct State {
    pub(crate) signer: Signer,
    pub(crate) names: RefCell<Vec<String>>,
    pub(crate) error: RefCell<String>,
    pub(crate) texts: RefCell<Texts>,
}

/// What came of a response that may ask for a signature.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct AskedOutcome {
    /// Whether an error is left.
    pub failed: bool,
    /// The headers to set; `null` where nothing is asked for.
    pub headers: Option<Vec<Vec<String>>>,
}

/// Holds the credential of one caller and a scheme.
#[napi]
pub struct NativeSigner {
    state: Rc<State>,
}

#[napi]
impl NativeSigner {
    /// A signer, or the sentence that says why there is none.
    #[napi(catch_unwind)]
    pub fn create(config: &NativeConfig, target: Option<String>) -> Either<NativeSigner, String> {
        Self::from(Signer::new(&config.0, target.as_deref()))
    }

    /// The same with credentials of AWS in place of those in the config.
    #[napi(catch_unwind)]
    pub fn with_aws_credentials(
        config: &NativeConfig,
        target: Option<String>,
        access_key_id: String,
        secret: String,
        session_token: Option<String>,
    ) -> Either<NativeSigner, String> {
        let (target, token) = (target.as_deref(), session_token.as_deref());
        Self::from(Signer::with_aws_credentials(&config.0, target, &access_key_id, &secret, token))
    }

    fn from(made: std::result::Result<Signer, SignError>) -> Either<NativeSigner, String> {
        match made {
            Ok(signer) => {
                let state =
                    State { signer, names: RefCell::default(), error: RefCell::default(), texts: RefCell::default() };
                Either::A(Self { state: Rc::new(state) })
            }
            Err(error) => Either::B(error.to_string()),
        }
    }

    /// The function that every request goes through.
    ///
    /// # Errors
    /// Where Node cannot make one.
    #[napi]
    pub fn hot_sign<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        hot::function(env, self.state.clone())
    }

    /// The names of the headers of the last signature, in the order of their values.
    #[napi(catch_unwind)]
    pub fn header_names(&self) -> Vec<String> {
        self.state.names.borrow().clone()
    }

    /// Why the last call failed.
    #[napi(catch_unwind)]
    pub fn last_error(&self) -> String {
        self.state.error.borrow().clone()
    }

    /// The headers to set, name and value, for a request whose own headers are signed too; `null` is an error, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn sign(
        &self,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        body: &[u8],
        now: f64,
        nonce: Option<WireText>,
        authority: Option<WireText>,
    ) -> Result<Option<Vec<Vec<String>>>> {
        let headers = pairs(headers);
        let head = head(&method, &target, &headers, authority.as_ref(), None)?;
        let now = seconds(now)?;
        let signed = nonce_of(nonce.as_ref())
            .and_then(|nonce| self.state.signer.sign(&head, body, now, &nonce).map_err(|error| error.to_string()));
        Ok(self.kept(signed.map(|signed| listed(&signed))))
    }

    /// The bytes that would be signed; `null` where the request cannot be signed.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn message(
        &self,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        body: &[u8],
        now: f64,
        nonce: Option<WireText>,
        authority: Option<WireText>,
    ) -> Result<Option<Uint8Array>> {
        let headers = pairs(headers);
        let head = head(&method, &target, &headers, authority.as_ref(), None)?;
        let now = seconds(now)?;
        let message = nonce_of(nonce.as_ref())
            .and_then(|nonce| self.state.signer.message(&head, body, now, &nonce).map_err(|error| error.to_string()));
        Ok(self.kept(message).map(Uint8Array::from))
    }

    /// The target of a link that is signed for so many seconds; `null` is an error, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    pub fn presign(
        &self,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        now: f64,
        valid_for: f64,
        authority: Option<WireText>,
    ) -> Result<Option<String>> {
        let headers = pairs(headers);
        let head = head(&method, &target, &headers, authority.as_ref(), None)?;
        let link = self.state.signer.presign(&head, seconds(now)?, seconds(valid_for)?);
        Ok(self.kept(link.map_err(|error| error.to_string())))
    }

    /// The headers that sign a response and bind it to its request; `null` is an error, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn sign_response(
        &self,
        status: u16,
        response_headers: Vec<WireText>,
        body: &[u8],
        method: WireText,
        target: WireText,
        request_headers: Vec<WireText>,
        now: f64,
        authority: Option<WireText>,
    ) -> Result<Option<Vec<Vec<String>>>> {
        let (own, received) = (pairs(response_headers), pairs(request_headers));
        let request = head(&method, &target, &received, authority.as_ref(), None)?;
        let signed = self.state.signer.sign_response((status, &own, body), &request, seconds(now)?);
        Ok(self.kept(signed.map(|signed| listed(&signed)).map_err(|error| error.to_string())))
    }

    /// The headers to set for the second attempt that a response asks for. `failed` says that an error is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn sign_as_asked(
        &self,
        response_headers: Vec<WireText>,
        method: WireText,
        target: WireText,
        headers: Vec<WireText>,
        body: &[u8],
        now: f64,
        nonce: Option<WireText>,
        authority: Option<WireText>,
    ) -> Result<AskedOutcome> {
        let (response, headers) = (pairs(response_headers), pairs(headers));
        let head = head(&method, &target, &headers, authority.as_ref(), None)?;
        let now = seconds(now)?;
        let signed = nonce_of(nonce.as_ref()).and_then(|nonce| {
            let signed = self.state.signer.sign_as_asked(&response, &head, body, now, &nonce);
            signed.map_err(|error| error.to_string())
        });
        Ok(match self.kept(signed) {
            Some(signed) => AskedOutcome { failed: false, headers: signed.as_ref().map(listed) },
            None => AskedOutcome { failed: true, headers: None },
        })
    }

    fn kept<T>(&self, outcome: std::result::Result<T, String>) -> Option<T> {
        outcome.map_err(|error| self.state.error.replace(error)).ok()
    }
}

fn listed(signed: &SignedHeaders) -> Vec<Vec<String>> {
    signed.iter().map(|(name, value)| vec![name.to_owned(), value.to_owned()]).collect()
}

/// The nonce that is given, or a fresh request id.
pub(crate) fn nonce_of(given: Option<&WireText>) -> std::result::Result<String, String> {
    match given {
        Some(nonce) => Ok(text_of(&nonce.0).to_owned()),
        None => wiresign_host::request_id_string().map_err(|error| error.to_string()),
    }
}

/// A nonce as text. Those outside ASCII are no nonces, as little as the empty one that stands for them.
pub(crate) fn text_of(bytes: &[u8]) -> &str {
    if bytes.is_ascii() { std::str::from_utf8(bytes).unwrap_or_default() } else { "" }
}
