//! Issues tokens.

use std::sync::Arc;

use crate::answer::Answer;
use crate::config::Config;
use crate::failure::Failure;
use crate::process::{id, seconds};

/// Issues tokens about the services of the registry, for a token endpoint. Threads may share it.
#[derive(uniffi::Object)]
pub struct TokenIssuer(wiresign::TokenIssuer);

/// A token that was issued. Whoever has it can use it.
#[derive(Clone, uniffi::Record)]
pub struct IssuedToken {
    /// The token in compact form.
    pub text: String,
    /// The first Unix second at which it has ended.
    pub expires: u64,
    /// For how many seconds it lives.
    pub lifetime: u64,
    /// What it allows, as patterns.
    pub permissions: Vec<String>,
}

#[uniffi::export]
impl TokenIssuer {
    /// Takes the keys of the own service.
    ///
    /// # Errors
    /// Where it has none that can sign tokens.
    #[uniffi::constructor]
    pub fn new(config: &Config) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(wiresign::TokenIssuer::new(&config.0)?)))
    }

    /// A token about a service of the registry for one of its targets.
    ///
    /// # Errors
    /// Why there is none.
    #[uniffi::method(default(lifetime = None, permissions = None, tenant = None, now = None, token_id = None))]
    #[allow(clippy::too_many_arguments, reason = "all but two of them are named where a language can")]
    pub fn issue(
        &self,
        subject: &str,
        audience: &str,
        lifetime: Option<u64>,
        permissions: Option<Vec<String>>,
        tenant: Option<String>,
        now: Option<u64>,
        token_id: Option<String>,
    ) -> Result<IssuedToken, Failure> {
        let permissions: Option<Vec<&str>> = permissions.as_ref().map(|list| list.iter().map(|text| &**text).collect());
        let request = wiresign::TokenRequest {
            lifetime,
            permissions: permissions.as_deref(),
            tenant: tenant.as_deref(),
            ..wiresign::TokenRequest::new(subject, audience)
        };
        let issued = self.0.issue(&request, seconds(now), &id(token_id.as_deref())?)?;
        Ok(IssuedToken {
            text: issued.text().to_owned(),
            expires: issued.expires(),
            lifetime: issued.lifetime(),
            permissions: issued.permissions().to_vec(),
        })
    }

    /// The whole answer to the form of a caller that a verification named.
    ///
    /// # Errors
    /// Where the service itself cannot sign.
    #[uniffi::method(default(tenant = None, now = None, token_id = None))]
    pub fn answer(
        &self,
        caller: Option<String>,
        form: Vec<u8>,
        tenant: Option<String>,
        now: Option<u64>,
        token_id: Option<String>,
    ) -> Result<Answer, Failure> {
        let token_id = id(token_id.as_deref())?;
        Ok(self.0.answer(caller.as_deref(), &form, tenant.as_deref(), seconds(now), &token_id)?.into())
    }

    /// Swaps the config for all later tokens.
    ///
    /// # Errors
    /// Where the new one cannot sign any; then the old one stays.
    pub fn replace(&self, config: &Config) -> Result<(), Failure> {
        Ok(self.0.replace(&config.0)?)
    }
}
