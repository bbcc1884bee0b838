//! The config document: parsed once, checked in full, compiled into what a verification needs.

mod contexts;
mod document;
mod environment;
pub(crate) mod json;
mod keys;
mod lookup;
mod problem;
pub(crate) mod reader;
mod secret;
mod time;

use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use crate::mac::MacKey;
use crate::policy::{Matching, Path, Pattern, check_unambiguous};
use crate::replay::Fingerprint;
use crate::scheme::{Scheme, SchemeSet};

pub(crate) use contexts::ContextSettings;
pub use lookup::{Lookup, Secrets};
pub use problem::{ConfigErrors, Problem};

/// A config document that holds no error. Cheap to clone.
#[derive(Clone)]
pub struct Config(pub(crate) Arc<Compiled>);

impl Config {
    /// Parses and checks a config document.
    ///
    /// `lookup` finds what `env:` and `file:` references stand for.
    ///
    /// # Errors
    /// All problems of the document at once, each with a JSON pointer and a sentence that says what to do.
    pub fn parse(document: &str, lookup: &dyn Lookup) -> Result<Self, ConfigErrors> {
        document::parse(document, lookup).map(|compiled| Self(Arc::new(compiled))).map_err(ConfigErrors::new)
    }

    /// Makes a config from environment variables alone, for a small service: `SERVICE_ID`, `SERVICE_SECRET`,
    /// `ALLOWED_SERVICES` (comma separated), `<SERVICE>_SECRET` for each of them (upper case, `-` and `.` as `_`),
    /// `HMAC_WINDOW_SECONDS` (1 to 600, default 300) and `HMAC_SCHEME` (what to sign with, default `service-hmac-v2`).
    ///
    /// # Errors
    /// As [`Config::parse`]; the sentences name the variables.
    pub fn from_env(lookup: &dyn Lookup) -> Result<Self, ConfigErrors> {
        let document = environment::document(lookup).map_err(ConfigErrors::new)?;
        Self::parse(&document, lookup)
    }

    /// What is allowed, but worth a look: schemes that leave parts of a request unsigned, secrets in the document.
    pub fn warnings(&self) -> &[Problem] {
        &self.0.warnings
    }

    /// The id of the service that this config is for.
    pub fn service(&self) -> &str {
        &self.0.service
    }

    /// The environment that this config is for.
    pub fn environment(&self) -> Option<&str> {
        self.0.environment.as_deref()
    }

    /// The ids of the known services, in the order of the document.
    pub fn service_ids(&self) -> impl Iterator<Item = &str> {
        self.0.services.iter().map(|service| &*service.id)
    }

    /// The base URL of a known service.
    pub fn url(&self, service: &str) -> Option<&str> {
        self.0.find(service.as_bytes()).and_then(|at| self.0.services[at].url.as_deref())
    }

    /// The most bytes that the body of a protected request may have.
    pub fn body_limit(&self) -> u64 {
        self.0.body_limit
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Config")
            .field("service", &self.service())
            .field("environment", &self.environment())
            .field("services", &self.service_ids().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The grammar of ids in words, for problems.
const ID_RULE: &str = "an id is 1 to 128 letters, digits, '.', '_' or '-', and starts with a letter or digit";

/// What a verification needs, in the form in which it needs it.
pub(crate) struct Compiled {
    pub(crate) service: Box<str>,
    pub(crate) environment: Option<Box<str>>,
    pub(crate) accept: SchemeSet,
    pub(crate) sign_with: Scheme,
    pub(crate) window: Window,
    pub(crate) services: Vec<Service>,
    by_id: HashMap<Box<[u8]>, usize, FixedState>,
    pub(crate) routes: Vec<Route>,
    /// Whether a path decides what a caller may do, so that it must have one reading.
    pub(crate) paths_decide: bool,
    pub(crate) replay: ReplaySettings,
    pub(crate) body_limit: u64,
    pub(crate) uniform: bool,
    /// Stands in for the key of an unknown service, so that it takes the same work.
    pub(crate) dummy_key: MacKey,
    /// The services that can call, as positions.
    pub(crate) callers: Vec<usize>,
    /// Chooses decoys. Follows from the secrets, so that nobody else can tell which service stands in for which id.
    pub(crate) decoy_seed: u64,
    pub(crate) contexts: Option<ContextSettings>,
    pub(crate) warnings: Vec<Problem>,
}

/// How far a timestamp may lie from now, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) past: u64,
    pub(crate) future: u64,
}

/// A known service.
pub(crate) struct Service {
    pub(crate) id: Box<str>,
    pub(crate) keys: Vec<Key>,
    /// Whether the service's targets include the one that this config is for.
    pub(crate) may_call: bool,
    /// Whether the document lists the service's targets.
    pub(crate) lists_targets: bool,
    /// Whether the service may act in the environment that this config is for.
    pub(crate) in_environment: bool,
    /// What the service may do; `None` for everything.
    pub(crate) permissions: Option<Vec<Pattern>>,
    pub(crate) url: Option<Box<str>>,
    /// Keeps the nonces of different services apart.
    pub(crate) replay_scope: Fingerprint,
}

impl Service {
    pub(crate) fn permits(&self, method: &[u8], path: &Path<'_>) -> bool {
        match &self.permissions {
            None => true,
            Some(permissions) => permissions.iter().any(|pattern| pattern.matches(method, path, Matching::Exact)),
        }
    }
}

/// One key of a service.
pub(crate) struct Key {
    pub(crate) id: Box<str>,
    pub(crate) mac: MacKey,
    /// The first Unix second at which the key is valid.
    pub(crate) not_before: u64,
    /// The first Unix second at which the key is valid no more.
    pub(crate) not_after: u64,
    pub(crate) state: KeyState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyState {
    Active,
    /// Still accepted, but its use is counted; signing prefers an active key.
    Retiring,
    Revoked,
}

impl Key {
    pub(crate) fn is_valid(&self, now: u64) -> bool {
        self.state != KeyState::Revoked && (self.not_before..self.not_after).contains(&now)
    }
}

/// What holds on some paths.
pub(crate) struct Route {
    pub(crate) text: Box<str>,
    pub(crate) pattern: Pattern,
    pub(crate) public: bool,
    pub(crate) accept: Option<SchemeSet>,
    /// The services that may use the route, as positions, sorted; `None` for all.
    pub(crate) services: Option<Vec<usize>>,
    pub(crate) strict: bool,
}

impl Route {
    /// A route that opens matches exactly, one that restricts matches widely.
    fn matching(&self) -> Matching {
        if self.public { Matching::Exact } else { Matching::Wide }
    }
}

/// Whether and how requests are remembered.
#[derive(Clone, Copy)]
pub(crate) struct ReplaySettings {
    pub(crate) enabled: bool,
    pub(crate) capacity: usize,
    /// Whether a full store lets requests pass.
    pub(crate) allow_when_full: bool,
}

impl Compiled {
    /// The position of the service with that id.
    pub(crate) fn find(&self, id: &[u8]) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The service whose work an unknown id costs: always the same one for an id, as if the id were known.
    pub(crate) fn decoy(&self, id: &[u8]) -> Option<&Service> {
        let hash = FixedState::with_seed(self.decoy_seed).hash_one(id);
        let at = (hash as usize).checked_rem(self.callers.len())?;
        Some(&self.services[self.callers[at]])
    }

    /// The first route that matches, with its position. A public route never matches a path that a router could take for
    /// another one: `/assets/../internal` is no asset.
    pub(crate) fn route(&self, method: &[u8], path: &Path<'_>) -> Option<(usize, &Route)> {
        self.routes.iter().enumerate().find(|(_, route)| {
            route.pattern.matches(method, path, route.matching()) && (!route.public || check_unambiguous(path).is_ok())
        })
    }
}

/// The scope of a service's nonces. Keys are left out on purpose: a request that is signed with two keys while they
/// rotate must not count as two.
pub(crate) fn replay_scope(service: &str) -> Fingerprint {
    let digest = Sha256::new().chain_update(b"wiresign-replay\n").chain_update(service).finalize();
    digest[..16].try_into().expect("a digest is longer than 16 bytes")
}
