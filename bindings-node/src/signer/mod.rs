//! Signs requests.

mod hot;

use std::cell::RefCell;
use std::rc::Rc;

use napi::bindgen_prelude::{Either, Uint8Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;
use wiresign::{Head, Signer};

use crate::config::NativeConfig;
use crate::text::WireText;
use crate::verifier::seconds;

/// A signer, and what its last call left for JavaScript to pick up.
pub(crate) struct State {
    pub(crate) signer: Signer,
    pub(crate) names: RefCell<Vec<String>>,
    pub(crate) error: RefCell<String>,
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
        match Signer::new(&config.0, target.as_deref()) {
            Ok(signer) => {
                let state = State { signer, names: RefCell::default(), error: RefCell::default() };
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

    /// The bytes that would be signed; `null` where the request cannot be signed.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    pub fn message(
        &self,
        method: WireText,
        target: WireText,
        body: &[u8],
        now: f64,
        nonce: Option<WireText>,
        authority: Option<WireText>,
    ) -> Result<Option<Uint8Array>> {
        let none: &[(&str, &str)] = &[];
        let mut head = Head::new(&method.0, &target.0, none);
        head.authority = authority.as_ref().map(|text| text.0.as_slice());
        let outcome = match &nonce {
            Some(nonce) => Ok(text_of(&nonce.0).to_owned()),
            None => wiresign_host::request_id_string().map_err(|error| error.to_string()),
        };
        let now = seconds(now)?;
        let message = outcome
            .and_then(|nonce| self.state.signer.message(&head, body, now, &nonce).map_err(|error| error.to_string()));
        Ok(message.map(Uint8Array::from).map_err(|error| self.state.error.replace(error)).ok())
    }
}

/// A nonce as text. Those outside ASCII are no nonces, as little as the empty one that stands for them.
pub(crate) fn text_of(bytes: &[u8]) -> &str {
    if bytes.is_ascii() { std::str::from_utf8(bytes).unwrap_or_default() } else { "" }
}
