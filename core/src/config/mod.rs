//! The config document: parsed once, checked in full, compiled into what a verification needs.

mod accept;
mod api_keys;
mod bound_keys;
mod contexts;
mod document;
mod environment;
mod identities;
pub(crate) mod json;
mod keys;
mod lookup;
mod problem;
mod reach;
pub(crate) mod reader;
mod routes;
mod secret;
mod standards;
mod templates;
mod time;
mod tokens;
mod webhooks;

use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::bound_key::JwkSet;
use crate::failures::ClaimClass;
use crate::mac::MacKey;
use crate::policy::{Matching, Path, Pattern, Permission, check_unambiguous};
use crate::replay::Scope;
use crate::scheme::{Scheme, SchemeSet, header};
use crate::standard::{Standards, token_holds};
use crate::template::{Plan, ProofKey, Template};

pub(crate) use api_keys::ApiKeyIndex;
pub(crate) use bound_keys::{AwsKey, Bound, PlaceIndex};
pub(crate) use contexts::ContextSettings;
pub use lookup::{Lookup, Secrets};
pub use problem::{ConfigErrors, Problem};
pub(crate) use time::{parse_utc, write_utc};

/// Parses a template that stands on its own.
pub(crate) fn parse_template(id: &str, document: &str) -> Result<Template, Vec<Problem>> {
    document::parse_template(id, document)
}

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
        self.0.services[..self.0.known_services].iter().map(|service| &*service.id)
    }

    /// The base URL of a known service.
    pub fn url(&self, service: &str) -> Option<&str> {
        self.0.find(service.as_bytes()).and_then(|at| self.0.services[at].url.as_deref())
    }

    /// The names of the webhooks, in the order of the document.
    pub fn webhooks(&self) -> impl Iterator<Item = &str> {
        self.0.services[self.0.known_services..].iter().filter_map(|service| service.id.strip_prefix("webhook:"))
    }

    /// The names of all headers that any accepted scheme reads, in lower case: what an adapter that does not hand over all
    /// header fields has to hand over. A `*` among them means all fields: see [`Config::needs_all_headers`].
    pub fn header_names(&self) -> Vec<String> {
        let all = self.0.routes.iter().map(|route| route.rules.accept).chain([self.0.rules.accept]);
        let mut names: Vec<String> = header::CREDENTIALS.iter().map(|name| name.to_ascii_lowercase()).collect();
        for scheme in all.flat_map(|set| set.iter()) {
            match scheme {
                Scheme::Plan(at) => {
                    names.extend(self.0.plan(at).template.header_names().map(str::to_ascii_lowercase));
                }
                Scheme::Standard(_) => names.push("*".into()),
                Scheme::BuiltIn(_) | Scheme::ApiKey => {}
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// The names of the query parameters that may hold the signature of an accepted scheme.
    pub fn query_names(&self) -> Vec<String> {
        let all = self.0.routes.iter().map(|route| route.rules.accept).chain([self.0.rules.accept]);
        let plans = all.flat_map(SchemeSet::plans).map(|at| self.0.plan(at));
        let mut names: Vec<String> =
            plans.filter_map(|plan| plan.template.signature_parameter()).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether a scheme of the standards is accepted: their signers choose which headers are signed, and their results differ
    /// from request to request. Then an adapter has to hand over all header fields, and not only those of
    /// [`Config::header_names`], and keeps nothing of one result for the next one.
    pub fn needs_all_headers(&self) -> bool {
        let mut all = self.0.routes.iter().map(|route| route.rules.accept).chain([self.0.rules.accept]);
        all.any(SchemeSet::takes_standard)
    }

    /// Whether both are one config, and no two with the same content: keys that are published for the one are those of the other.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Where issuers of tokens publish their keys: the name of each issuer and the URL of its JWK Set. The application
    /// fetches them, and hands them over by [`Config::publish_keys`].
    pub fn jwks_urls(&self) -> impl Iterator<Item = (&str, &str)> {
        let issuers = self.0.standards.tokens.issuers.iter();
        issuers.filter_map(|issuer| Some((&*issuer.name, issuer.jwks_url.as_deref()?)))
    }

    /// Takes the keys that an issuer publishes now, as the JSON text of a JWK Set (RFC 7517, section 5), in place of those
    /// that it published before. All verifiers with this config use them from then on.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the document, or that no such issuer publishes keys. Then the keys stay as
    /// they were.
    pub fn publish_keys(&self, issuer: &str, jwks: &str) -> Result<(), Problem> {
        let refuse = |message: &str| Problem { pointer: String::new(), message: message.into() };
        let issuers = &self.0.standards.tokens.issuers;
        let issuer = issuers.iter().find(|known| *known.name == *issuer && known.jwks_url.is_some());
        let issuer = issuer.ok_or_else(|| refuse("no issuer of this name has a URL for its keys in the config"))?;
        issuer.publish(JwkSet::parse(jwks.as_bytes()).map_err(refuse)?);
        Ok(())
    }

    /// Whether a service may do all that a permission matches: by its `permissions` here, and by those of its token, whose claims
    /// are given as JSON text. For bindings that have no `Verified` of the core at hand.
    pub fn permits(&self, service: &str, claims: Option<&str>, permission: &Permission) -> bool {
        self.0.permits(service, claims, permission)
    }

    /// Whether accepted requests are remembered by the adapter, in a store that several processes share.
    pub fn has_external_replay_store(&self) -> bool {
        self.0.replay.store == ReplayStoreKind::External
    }

    /// Whether any webhook has a sender that makes handshakes: else `Verifier::handshakes_at` knows none, wherever a request goes.
    pub fn has_handshakes(&self) -> bool {
        let mut webhooks = self.0.plans.iter().filter(|plan| plan.listed_as.starts_with("webhook:"));
        webhooks.any(|plan| !plan.template.handshakes.is_empty())
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
    /// What holds where no route says otherwise.
    pub(crate) rules: Rules,
    pub(crate) sign_with: Scheme,
    pub(crate) window: Window,
    /// How far back the longest window of all schemes reaches, in seconds. They share one replay store, so none of them may
    /// take an entry of another one for dead.
    pub(crate) longest_past: u64,
    /// The known services, and behind them the webhooks.
    pub(crate) services: Vec<Service>,
    /// How many of them are known services.
    pub(crate) known_services: usize,
    pub(crate) api_keys: ApiKeyIndex,
    /// The access keys of AWS by their ids.
    pub(crate) aws_keys: PlaceIndex,
    /// The keys of message signatures by their ids, where an id is that of one key only.
    pub(crate) bound_keys: PlaceIndex,
    pub(crate) standards: Standards,
    pub(crate) plans: Vec<Plan>,
    by_id: HashMap<Box<[u8]>, usize, FixedState>,
    pub(crate) routes: Vec<Route>,
    /// Whether a path decides what a caller may do, so that it must have one reading.
    pub(crate) paths_decide: bool,
    pub(crate) replay: ReplaySettings,
    pub(crate) body_limit: u64,
    /// How often a source may fail within a minute.
    pub(crate) failures_per_minute: Option<u32>,
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

/// Which credentials a request needs, and whether it may come again.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) accept: SchemeSet,
    /// Whether every scheme of the set is needed, instead of one.
    pub(crate) every: bool,
    /// Whether a request without any credential is let in too.
    pub(crate) optional: bool,
    pub(crate) replay: ReplayRule,
}

impl Rules {
    /// Whether one credential of a built-in scheme is all that is asked for.
    #[inline]
    pub(crate) fn are_plain(&self) -> bool {
        self.accept.is_built_in() && !self.every && !self.optional
    }
}

/// Which requests of a scheme without a nonce are taken for replays when they come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplayRule {
    UnsafeMethods,
    AllMethods,
    /// No request at all, nonce or not.
    Off,
}

/// A known service, or a webhook.
pub(crate) struct Service {
    pub(crate) id: Box<str>,
    pub(crate) keys: Vec<Key>,
    /// The keys of message signatures and tokens: the former, and those that are bound to another algorithm.
    pub(crate) bound_keys: Vec<Bound>,
    pub(crate) aws_keys: Vec<AwsKey>,
    pub(crate) api_keys: Vec<ApiKey>,
    /// The API key that this service is called with.
    pub(crate) call_with: Option<SecretText>,
    /// Whether the service's targets include the one that this config is for.
    pub(crate) may_call: bool,
    /// The service's targets, where the document lists them.
    pub(crate) targets: Option<Box<[Box<str>]>>,
    /// Whether the service may act in the environment that this config is for.
    pub(crate) in_environment: bool,
    /// What the service may do; `None` for everything.
    pub(crate) permissions: Option<Vec<Pattern>>,
    pub(crate) url: Option<Box<str>>,
    /// Keeps the nonces of different services apart.
    pub(crate) replay_scope: Scope,
}

impl Service {
    /// Somebody who calls with something else than keys of the registry, and to whom no policy of it applies.
    fn without_keys(id: String) -> Self {
        Self {
            replay_scope: replay_scope(&id),
            id: id.into(),
            keys: Vec::new(),
            bound_keys: Vec::new(),
            aws_keys: Vec::new(),
            api_keys: Vec::new(),
            call_with: None,
            may_call: true,
            targets: Some(Box::default()),
            in_environment: true,
            permissions: None,
            url: None,
        }
    }

    /// Whether its permissions cover this one request.
    #[inline]
    pub(crate) fn permits(&self, method: &[u8], path: &Path<'_>) -> bool {
        let permits = |pattern: &Pattern| pattern.matches(method, path, Matching::Exact);
        self.permissions.as_deref().is_none_or(|permissions| permissions.iter().any(permits))
    }

    /// Whether its permissions cover all that another one does.
    fn holds(&self, permission: &Permission) -> bool {
        self.permissions.as_deref().is_none_or(|permissions| permission.is_covered_by(permissions.iter()))
    }
}

/// A secret as it was found.
pub(crate) type SecretText = Zeroizing<Box<[u8]>>;

/// One key of a service.
pub(crate) struct Key {
    pub(crate) id: Box<str>,
    pub(crate) mac: MacKey,
    /// What takes the place of the MAC key in templates of other algorithms.
    pub(crate) proof: Option<Box<ProofKey>>,
    /// The secret's text, for diagnosis.
    pub(crate) secret: SecretText,
    /// The first Unix second at which the key is valid.
    pub(crate) not_before: u64,
    /// The first Unix second at which the key is valid no more.
    pub(crate) not_after: u64,
    pub(crate) state: KeyState,
}

/// A key that is sent as it is.
pub(crate) struct ApiKey {
    /// Its SHA-256.
    pub(crate) digest: [u8; 32],
    pub(crate) key: Key,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyState {
    Active,
    /// Still accepted, but its use is counted; signing prefers an active key.
    Retiring,
    Revoked,
}

impl Key {
    /// The secret as it stands where it was found. Text was checked to be UTF-8.
    pub(crate) fn secret_text(&self) -> &str {
        std::str::from_utf8(&self.secret).unwrap_or_default()
    }

    /// The key to sign with where there is room for one signature: of those that are valid an active one before one on its
    /// way out. `of` tells the key of what is kept beside it.
    pub(crate) fn best<T>(kept: &[T], of: impl Fn(&T) -> &Self, now: u64) -> Option<&T> {
        kept.iter().filter(|kept| of(kept).is_valid(now)).min_by_key(|kept| of(kept).state != KeyState::Active)
    }

    pub(crate) fn is_valid(&self, now: u64) -> bool {
        self.state != KeyState::Revoked && (self.not_before..self.not_after).contains(&now)
    }
}

/// What holds on some paths.
pub(crate) struct Route {
    pub(crate) text: Box<str>,
    pub(crate) pattern: Pattern,
    pub(crate) public: bool,
    pub(crate) rules: Rules,
    /// The services that may use the route, as positions, sorted; `None` for all.
    pub(crate) services: Option<Vec<usize>>,
    pub(crate) strict: bool,
}

impl Route {
    /// A route that opens matches exactly, one that restricts matches widely.
    fn matching(&self) -> Matching {
        if self.public || self.rules.optional { Matching::Exact } else { Matching::Wide }
    }
}

/// Whether and how requests are remembered.
#[derive(Clone, Copy)]
pub(crate) struct ReplaySettings {
    pub(crate) store: ReplayStoreKind,
    pub(crate) capacity: usize,
    /// Whether a full store lets requests pass.
    pub(crate) allow_when_full: bool,
    /// Whether requests pass while a store of the adapter cannot be reached.
    pub(crate) allow_on_outage: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplayStoreKind {
    Memory,
    /// The adapter has a store that several processes share.
    External,
    None,
}

impl Compiled {
    pub(crate) fn plan(&self, at: u8) -> &Plan {
        &self.plans[usize::from(at)]
    }

    /// The plan of a webhook, with its position.
    pub(crate) fn webhook(&self, name: &str) -> Option<(u8, &Plan)> {
        let is_it = |plan: &&Plan| plan.listed_as.strip_prefix("webhook:") == Some(name);
        let plans = self.plans.iter().zip(0..);
        plans.map(|(plan, at)| (at, plan)).find(|(_, plan)| is_it(plan))
    }

    /// The id of a scheme, as results name it.
    pub(crate) fn scheme_id(&self, scheme: Scheme) -> &str {
        match scheme {
            Scheme::BuiltIn(scheme) => scheme.id(),
            Scheme::ApiKey => "api-key",
            Scheme::Standard(scheme) => scheme.id(),
            Scheme::Plan(at) => &self.plan(at).template.id,
        }
    }

    /// What `accept` calls a scheme.
    pub(crate) fn listed(&self, scheme: Scheme) -> &str {
        match scheme {
            Scheme::Plan(at) => &self.plan(at).listed_as,
            other => self.scheme_id(other),
        }
    }

    /// The service and the key of message signatures that a key id stands for: `service/key`, or the id of one key alone.
    pub(crate) fn find_bound_key(&self, id: &[u8]) -> Option<(usize, usize)> {
        if let Some(&place) = self.bound_keys.get(id) {
            return Some(place);
        }
        let slash = id.iter().position(|byte| *byte == b'/')?;
        let service = self.find(&id[..slash])?;
        let keys = &self.services[service].bound_keys;
        let at = keys.iter().position(|known| known.key.id.as_bytes() == &id[slash + 1..])?;
        Some((service, at))
    }

    /// The position of the service with that id.
    #[inline]
    pub(crate) fn find(&self, id: &[u8]) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Whether a service may do all that a permission matches: by its `permissions`, and by the claims of its token.
    pub(crate) fn permits(&self, service: &str, claims: Option<&str>, permission: &Permission) -> bool {
        let service = self.find(service.as_bytes()).map(|at| &self.services[at]);
        service.is_some_and(|service| service.holds(permission))
            && claims.is_none_or(|claims| token_holds(self, claims, permission))
    }

    /// The class in which failures under an id are counted. Not worth a hash where none are.
    #[inline]
    pub(crate) fn claim_class(&self, id: &[u8]) -> ClaimClass {
        match self.failures_per_minute {
            None => ClaimClass::NONE,
            Some(_) => ClaimClass::new(id, self.decoy_seed),
        }
    }

    /// The service whose work an unknown id costs: always the same one for an id, as if the id were known.
    pub(crate) fn decoy(&self, id: &[u8]) -> Option<&Service> {
        let hash = FixedState::with_seed(self.decoy_seed).hash_one(id);
        let at = (hash as usize).checked_rem(self.callers.len())?;
        Some(&self.services[self.callers[at]])
    }

    /// The first route that matches, with its position. A public route never matches a path that a router could take for
    /// another one: `/assets/../internal` is no asset.
    #[inline]
    pub(crate) fn route(&self, method: &[u8], path: &Path<'_>) -> Option<(usize, &Route)> {
        self.routes.iter().enumerate().find(|(_, route)| {
            route.pattern.matches(method, path, route.matching()) && (!route.public || check_unambiguous(path).is_ok())
        })
    }
}

/// The scope of a service's nonces. Keys are left out on purpose: a request that is signed with two keys while they
/// rotate must not count as two.
pub(crate) fn replay_scope(service: &str) -> Scope {
    let digest = Sha256::new().chain_update(b"wiresign-replay\n").chain_update(service).finalize();
    digest[..16].try_into().expect("a digest is longer than 16 bytes")
}
