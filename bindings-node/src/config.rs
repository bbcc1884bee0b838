//! The config document. Secrets stay on this side.

use std::collections::HashMap;

use napi::Error;
use napi_derive::napi;
use wiresign::{Config, ConfigErrors, Permission};
use wiresign_host::SystemLookup;

/// One finding about a config document.
#[napi(object)]
pub struct Problem {
    /// JSON pointer.
    pub pointer: String,
    /// What to do.
    pub message: String,
}

impl From<&wiresign::Problem> for Problem {
    fn from(problem: &wiresign::Problem) -> Self {
        Self { pointer: problem.pointer.clone(), message: problem.message.clone() }
    }
}

/// A config, or why there is none.
#[napi(object, object_from_js = false)]
pub struct ConfigOutcome {
    /// Absent where there are problems.
    pub config: Option<NativeConfig>,
    /// Empty where there is a config.
    pub problems: Vec<Problem>,
}

impl From<Result<Config, ConfigErrors>> for ConfigOutcome {
    fn from(outcome: Result<Config, ConfigErrors>) -> Self {
        match outcome {
            Ok(config) => Self { config: Some(NativeConfig(config)), problems: Vec::new() },
            Err(errors) => Self { config: None, problems: errors.problems().iter().map(Problem::from).collect() },
        }
    }
}

/// One checked config document.
#[napi]
pub struct NativeConfig(pub(crate) Config);

/// Reads a config document; `environment` is name, value, name, value.
#[napi(catch_unwind)]
pub fn parse_config(json: String, environment: Vec<String>) -> ConfigOutcome {
    Config::parse(&json, &lookup(environment)).into()
}

/// Makes a config from environment variables; `environment` is name, value, name, value.
#[napi(catch_unwind)]
pub fn config_from_env(environment: Vec<String>) -> ConfigOutcome {
    Config::from_env(&lookup(environment)).into()
}

/// JavaScript always says what the environment is: `process.env` of a worker thread is not that of the process.
fn lookup(environment: Vec<String>) -> SystemLookup {
    let mut items = environment.into_iter();
    let mut variables = HashMap::new();
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        variables.insert(name, value);
    }
    SystemLookup::with_env(variables)
}

#[napi]
impl NativeConfig {
    /// The id of the service itself.
    #[napi(getter)]
    pub fn service(&self) -> &str {
        self.0.service()
    }

    /// The environment that the service runs in.
    #[napi(getter)]
    pub fn environment(&self) -> Option<&str> {
        self.0.environment()
    }

    /// What is allowed but unwise.
    #[napi(getter)]
    pub fn warnings(&self) -> Vec<Problem> {
        self.0.warnings().iter().map(Problem::from).collect()
    }

    /// The ids of the registry.
    #[napi(getter)]
    pub fn service_ids(&self) -> Vec<&str> {
        self.0.service_ids().collect()
    }

    /// The longest body, in bytes.
    #[napi(getter)]
    pub fn body_limit(&self) -> f64 {
        self.0.body_limit() as f64
    }

    /// The names of the webhooks.
    #[napi(getter)]
    pub fn webhooks(&self) -> Vec<&str> {
        self.0.webhooks().collect()
    }

    /// Where issuers publish their keys: the name of each, and the URL.
    #[napi(getter)]
    pub fn jwks_urls(&self) -> Vec<Vec<&str>> {
        self.0.jwks_urls().map(|(issuer, url)| vec![issuer, url]).collect()
    }

    /// Takes the keys that an issuer publishes now, or says why it does not.
    #[napi(catch_unwind)]
    pub fn publish_keys(&self, issuer: String, jwks: String) -> Option<Problem> {
        self.0.publish_keys(&issuer, &jwks).as_ref().err().map(Problem::from)
    }

    /// The names of all headers that a scheme reads, in lower case and sorted.
    #[napi(getter)]
    pub fn header_names(&self) -> Vec<String> {
        self.0.header_names()
    }

    /// The names of the query parameters that may hold a signature, sorted.
    #[napi(getter)]
    pub fn query_names(&self) -> Vec<String> {
        self.0.query_names()
    }

    /// Whether requests say themselves which of their headers are signed.
    #[napi(getter)]
    pub fn needs_all_headers(&self) -> bool {
        self.0.needs_all_headers()
    }

    /// Whether a store outside remembers requests.
    #[napi(getter)]
    pub fn has_external_replay_store(&self) -> bool {
        self.0.has_external_replay_store()
    }

    /// Whether a service may do all that a permission matches, by the config and by the claims of its token.
    ///
    /// # Errors
    /// What is wrong with the permission.
    #[napi(catch_unwind)]
    pub fn permits(&self, service: String, claims: Option<String>, permission: String) -> napi::Result<bool> {
        let permission = Permission::parse(&permission).map_err(Error::from_reason)?;
        Ok(self.0.permits(&service, claims.as_deref(), &permission))
    }

    /// Where a service is reached.
    #[napi]
    pub fn url(&self, service: String) -> Option<&str> {
        self.0.url(&service)
    }
}
