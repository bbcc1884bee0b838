//! Who acts for whom.

use std::sync::Arc;

use crate::config::Config;
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::process::seconds;

/// Signs and verifies contexts: a tenant and the roles that somebody has there. Threads may share it.
#[derive(uniffi::Object)]
pub struct Contexts(wiresign::Contexts);

/// A tenant and roles that were signed.
#[derive(Clone, Debug, uniffi::Record)]
pub struct VerifiedContext {
    /// The tenant.
    pub tenant: String,
    /// The roles, sorted and each once.
    pub roles: Vec<String>,
    /// Which key matched.
    pub key_id: String,
    /// Whether that key is on its way out.
    pub key_is_retiring: bool,
    /// Which form of signature matched.
    pub matched: String,
}

#[uniffi::export]
impl Contexts {
    /// Takes the keys for contexts of a config.
    ///
    /// # Errors
    /// Where it has none.
    #[uniffi::constructor]
    pub fn new(config: &Config) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(wiresign::Contexts::new(&config.0)?)))
    }

    /// The signature, as hex.
    ///
    /// # Errors
    /// Why the context cannot be signed.
    #[uniffi::method(default(now = None))]
    pub fn sign(&self, tenant: &str, roles: Vec<String>, now: Option<u64>) -> Result<String, Failure> {
        Ok(self.0.sign(tenant, &roles, seconds(now))?)
    }

    /// The canonical bytes that `sign` signs. They hold no secret.
    ///
    /// # Errors
    /// As `sign`.
    pub fn message(&self, tenant: &str, roles: Vec<String>) -> Result<Vec<u8>, Failure> {
        Ok(self.0.message(tenant, &roles)?)
    }

    /// Judges a signature; `payload` is what an older system signed.
    ///
    /// # Errors
    /// The refusal.
    #[uniffi::method(default(now = None, payload = None))]
    pub fn verify(
        &self,
        tenant: &str,
        roles: Vec<String>,
        signature: &str,
        now: Option<u64>,
        payload: Option<Vec<u8>>,
    ) -> Result<VerifiedContext, Failure> {
        let verified = self.0.verify(tenant, &roles, signature, seconds(now), payload.as_deref())?;
        Ok(VerifiedContext {
            tenant: verified.tenant().to_owned(),
            roles: verified.roles().map(str::to_owned).collect(),
            key_id: verified.key_id().to_owned(),
            key_is_retiring: verified.key_is_retiring(),
            matched: verified.matched().to_owned(),
        })
    }

    /// Takes the keys of a new config. The counters are kept.
    ///
    /// # Errors
    /// Where it has none; then the old ones stay.
    pub fn replace(&self, config: &Config) -> Result<(), Failure> {
        Ok(self.0.replace(&config.0)?)
    }

    /// The counters as they stand.
    pub fn metrics(&self) -> Metrics {
        self.0.metrics().into()
    }
}
