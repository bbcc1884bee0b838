//! A checked config document.

use std::collections::HashMap;
use std::sync::Arc;

use wiresign_host::SystemLookup;

use crate::failure::Failure;

/// One checked config document. Immutable, and shows no secret.
#[derive(uniffi::Object)]
pub struct Config(pub(crate) wiresign::Config);

/// One finding about a config document.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Problem {
    /// RFC 6901 JSON pointer to the member in question; empty for the whole document.
    pub pointer: String,
    /// A sentence that says what to do, without any secret.
    pub message: String,
}

/// Where an issuer of tokens publishes its keys.
#[derive(Clone, Debug, uniffi::Record)]
pub struct PublishedKeys {
    /// The name of the issuer.
    pub issuer: String,
    /// The URL of its JWK Set.
    pub url: String,
}

#[uniffi::export]
impl Config {
    /// Reads a config document. References of the kind `env:` find the given variables, or those of the process.
    ///
    /// # Errors
    /// All problems of the document.
    #[uniffi::constructor(default(env = None))]
    pub fn parse(json: &str, env: Option<HashMap<String, String>>) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(wiresign::Config::parse(json, &lookup(env))?)))
    }

    /// Makes the config of a small service from environment variables alone.
    ///
    /// # Errors
    /// What is wrong with them.
    #[uniffi::constructor(default(env = None))]
    pub fn from_env(env: Option<HashMap<String, String>>) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(wiresign::Config::from_env(&lookup(env))?)))
    }

    /// What is allowed but unwise.
    pub fn warnings(&self) -> Vec<Problem> {
        self.0.warnings().iter().map(Problem::from).collect()
    }

    /// The id of the service itself.
    pub fn service(&self) -> String {
        self.0.service().to_owned()
    }

    /// The environment that this service runs in.
    pub fn environment(&self) -> Option<String> {
        self.0.environment().map(str::to_owned)
    }

    /// The ids of the registry.
    pub fn service_ids(&self) -> Vec<String> {
        self.0.service_ids().map(str::to_owned).collect()
    }

    /// Where a service of the registry is reached.
    pub fn url(&self, service: &str) -> Option<String> {
        self.0.url(service).map(str::to_owned)
    }

    /// Where issuers of tokens publish their keys.
    pub fn jwks_urls(&self) -> Vec<PublishedKeys> {
        let urls = self.0.jwks_urls();
        urls.map(|(issuer, url)| PublishedKeys { issuer: issuer.to_owned(), url: url.to_owned() }).collect()
    }

    /// Takes the JWK Set that an issuer publishes now.
    ///
    /// # Errors
    /// What is wrong with it; then nothing changes.
    pub fn publish_keys(&self, issuer: &str, jwks: &str) -> Result<(), Failure> {
        Ok(self.0.publish_keys(issuer, jwks)?)
    }

    /// The longest body that is accepted, in bytes.
    pub fn body_limit(&self) -> u64 {
        self.0.body_limit()
    }
}

impl From<&wiresign::Problem> for Problem {
    fn from(problem: &wiresign::Problem) -> Self {
        Self { pointer: problem.pointer.clone(), message: problem.message.clone() }
    }
}

fn lookup(env: Option<HashMap<String, String>>) -> SystemLookup {
    env.map_or_else(SystemLookup::new, SystemLookup::with_env)
}
