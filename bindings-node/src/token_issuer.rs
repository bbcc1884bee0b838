//! Issues tokens about the services of the registry.

use std::cell::RefCell;

use napi::Result;
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use wiresign::{IssuedToken, SignError, TokenIssuer, TokenRequest, TokenResponse};

use crate::config::NativeConfig;
use crate::signer::nonce_of;
use crate::text::WireText;
use crate::verifier::seconds;

/// Issues tokens, and keeps why its last call failed for JavaScript to pick up.
#[napi]
pub struct NativeTokenIssuer {
    issuer: TokenIssuer,
    error: RefCell<String>,
}

/// A token that was issued.
#[napi(object, object_from_js = false)]
pub struct IssuedFields {
    /// The token in compact form.
    pub text: String,
    /// The first Unix second at which it has ended.
    pub expires: f64,
    /// For how many seconds it lives.
    pub lifetime: f64,
    /// What it allows, as patterns.
    pub permissions: Vec<String>,
}

impl From<IssuedToken> for IssuedFields {
    fn from(token: IssuedToken) -> Self {
        Self {
            text: token.text().to_owned(),
            expires: token.expires() as f64,
            lifetime: token.lifetime() as f64,
            permissions: token.permissions().to_vec(),
        }
    }
}

/// What a request for a token is answered with.
#[napi(object, object_from_js = false)]
pub struct TokenResponseFields {
    /// The HTTP status.
    pub status: u32,
    /// Names and values, in order.
    pub headers: Vec<Vec<String>>,
    /// The body, which holds the token.
    pub body: String,
}

impl From<TokenResponse> for TokenResponseFields {
    fn from(response: TokenResponse) -> Self {
        let headers = response.headers.into_iter().map(|(name, value)| vec![name, value]).collect();
        Self { status: response.status.into(), headers, body: response.body }
    }
}

#[napi]
impl NativeTokenIssuer {
    /// An issuer, or the sentence that says why there is none.
    #[napi(catch_unwind)]
    pub fn create(config: &NativeConfig) -> Either<NativeTokenIssuer, String> {
        match TokenIssuer::new(&config.0) {
            Ok(issuer) => Either::A(Self { issuer, error: RefCell::default() }),
            Err(error) => Either::B(error.to_string()),
        }
    }

    /// A token about a service for one of its targets; `null` is an error, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments, reason = "each crosses on its own, so that no object is taken apart here")]
    pub fn issue(
        &self,
        subject: String,
        audience: String,
        lifetime: Option<f64>,
        permissions: Option<Vec<String>>,
        tenant: Option<String>,
        now: f64,
        id: Option<WireText>,
    ) -> Result<Option<IssuedFields>> {
        let permissions: Option<Vec<&str>> = permissions.as_ref().map(|list| list.iter().map(|text| &**text).collect());
        let request = TokenRequest {
            lifetime: lifetime.map(seconds).transpose()?,
            permissions: permissions.as_deref(),
            tenant: tenant.as_deref(),
            ..TokenRequest::new(&subject, &audience)
        };
        let now = seconds(now)?;
        Ok(self.kept(id, |id| self.issuer.issue(&request, now, id)))
    }

    /// The whole answer of a token endpoint; `null` is an error, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    pub fn answer(
        &self,
        caller: Option<String>,
        form: &[u8],
        tenant: Option<String>,
        now: f64,
        id: Option<WireText>,
    ) -> Result<Option<TokenResponseFields>> {
        let now = seconds(now)?;
        Ok(self.kept(id, |id| self.issuer.answer(caller.as_deref(), form, tenant.as_deref(), now, id)))
    }

    /// Takes a new config for all later tokens; `false` is an error, which is left, and the config stays.
    #[napi(catch_unwind)]
    pub fn replace(&self, config: &NativeConfig) -> bool {
        self.issuer.replace(&config.0).map_err(|error| self.error.replace(error.to_string())).is_ok()
    }

    /// Why the last call failed.
    #[napi(catch_unwind)]
    pub fn last_error(&self) -> String {
        self.error.borrow().clone()
    }

    /// What is made with the id that is given, or a fresh one.
    fn kept<T, F: From<T>>(
        &self,
        id: Option<WireText>,
        make: impl FnOnce(&str) -> std::result::Result<T, SignError>,
    ) -> Option<F> {
        let made = nonce_of(id.as_ref()).and_then(|id| make(&id).map_err(|error| error.to_string()));
        made.map(F::from).map_err(|error| self.error.replace(error)).ok()
    }
}
