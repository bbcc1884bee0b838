//! Who acts for whom: a tenant and roles, signed.

use std::cell::RefCell;

use napi::bindgen_prelude::{Either, Uint8Array};
use napi::{Error, Result};
use napi_derive::napi;
use wiresign::{ContextError, Contexts, Refusal};

use crate::config::NativeConfig;
use crate::outcome::RefusalFields;
use crate::verifier::{Counter, seconds};

/// Signs and verifies contexts, and keeps what its last call left for JavaScript to pick up.
#[napi]
pub struct NativeContexts {
    contexts: Contexts,
    error: RefCell<String>,
    refusal: RefCell<Option<Refusal>>,
}

/// A tenant and roles that were signed.
#[napi(object, object_from_js = false)]
pub struct ContextFields {
    /// The tenant.
    pub tenant: String,
    /// Sorted, each once.
    pub roles: Vec<String>,
    /// The key that matched.
    pub key_id: String,
    /// Whether that key is on its way out.
    pub key_is_retiring: bool,
    /// The form of signature that matched.
    pub matched: &'static str,
}

#[napi]
impl NativeContexts {
    /// Contexts, or the sentence that says why there are none.
    #[napi(catch_unwind)]
    pub fn create(config: &NativeConfig) -> Either<NativeContexts, String> {
        match Contexts::new(&config.0) {
            Ok(contexts) => Either::A(Self { contexts, error: RefCell::default(), refusal: RefCell::default() }),
            Err(error) => Either::B(error.to_string()),
        }
    }

    /// The signature as hex; `null` is an error, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    pub fn sign(&self, tenant: String, roles: Vec<String>, now: f64) -> Result<Option<String>> {
        let now = seconds(now)?;
        Ok(self.kept(self.contexts.sign(&tenant, &roles, now)))
    }

    /// The bytes that are signed; `null` is an error, which is left.
    #[napi(catch_unwind)]
    pub fn message(&self, tenant: String, roles: Vec<String>) -> Option<Uint8Array> {
        self.kept(self.contexts.message(&tenant, &roles)).map(Uint8Array::from)
    }

    /// Judges a signature; `null` is a refusal, which is left.
    ///
    /// # Errors
    /// Where an argument is of the wrong type.
    #[napi(catch_unwind)]
    pub fn verify(
        &self,
        tenant: String,
        roles: Vec<String>,
        signature: String,
        now: f64,
        payload: Option<Uint8Array>,
    ) -> Result<Option<ContextFields>> {
        let payload = payload.as_deref();
        match self.contexts.verify(&tenant, &roles, &signature, seconds(now)?, payload) {
            Ok(verified) => Ok(Some(ContextFields {
                tenant: verified.tenant().to_owned(),
                roles: verified.roles().map(str::to_owned).collect(),
                key_id: verified.key_id().to_owned(),
                key_is_retiring: verified.key_is_retiring(),
                matched: verified.matched(),
            })),
            Err(refusal) => {
                self.refusal.replace(Some(refusal));
                Ok(None)
            }
        }
    }

    /// Takes new keys; `false` is an error, which is left.
    #[napi(catch_unwind)]
    pub fn replace(&self, config: &NativeConfig) -> bool {
        self.kept(self.contexts.replace(&config.0)).is_some()
    }

    /// Why the last call failed.
    #[napi(catch_unwind)]
    pub fn last_error(&self) -> String {
        self.error.borrow().clone()
    }

    /// The refusal that the last call left.
    ///
    /// # Errors
    /// Where it left none.
    #[napi(catch_unwind)]
    pub fn take_refusal(&self) -> Result<RefusalFields> {
        let refusal = self.refusal.take();
        refusal.as_ref().map(RefusalFields::from).ok_or_else(|| Error::from_reason("nothing was refused"))
    }

    /// The counters as text.
    #[napi(catch_unwind)]
    pub fn prometheus(&self) -> String {
        self.contexts.metrics().prometheus()
    }

    /// The counters as values.
    #[napi(catch_unwind)]
    pub fn counters(&self) -> Vec<Counter> {
        Counter::all(&self.contexts.metrics())
    }

    fn kept<T>(&self, outcome: std::result::Result<T, ContextError>) -> Option<T> {
        outcome.map_err(|error| self.error.replace(error.to_string())).ok()
    }
}
