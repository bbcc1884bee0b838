//! Reads the config document: every member by name, every problem with its place.

use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use super::accept::KnownSchemes;
use super::bound_keys::index_bound_keys;
use super::json::Json;
use super::keys::Places;
use super::lookup::{Lookup, Secrets};
use super::problem::Problem;
use super::reader::{Item, Reader, child};
use super::secret::Purpose;
use super::webhooks::Templates;
use super::{
    ApiKey, Compiled, ID_RULE, ReplayRule, ReplaySettings, ReplayStoreKind, Rules, Service, Window, replay_scope,
};
use crate::identifier::is_id;
use crate::mac::MacKey;
use crate::scheme::{BuiltIn, Scheme, SchemeSet, Standard};
use crate::sigv4;
use crate::template::Template;

const DEFAULT_WINDOW_SECONDS: u64 = 300;
const MAX_WINDOW_SECONDS: u64 = 600;
const DEFAULT_REPLAY_CAPACITY: u64 = 1_000_000;
const MAX_REPLAY_CAPACITY: u64 = 100_000_000;
const MAX_FAILURES_PER_MINUTE: u64 = 1_000_000;
const DEFAULT_BODY_BYTES: u64 = 10 * 1024 * 1024;

/// Parses a document into what a verification needs, or lists everything that is wrong with it.
pub(super) fn parse(document: &str, lookup: &dyn Lookup) -> Result<Compiled, Vec<Problem>> {
    if document.starts_with('\u{feff}') {
        let message = "the document begins with a byte order mark; save it without one".into();
        return Err(vec![Problem { pointer: String::new(), message }]);
    }
    if document.trim_ascii().is_empty() {
        let message = "the document is empty; `wiresign init` writes a first one".into();
        return Err(vec![Problem { pointer: String::new(), message }]);
    }
    let json: Json = serde_json::from_str(document)
        .map_err(|error| vec![Problem { pointer: String::new(), message: format!("this is not JSON: {error}") }])?;
    let mut reader = Reader::new(lookup);
    let compiled = reader.document(&json);
    match compiled {
        Some(compiled) if reader.problems.is_empty() => Ok(Compiled { warnings: reader.warnings, ..compiled }),
        _ => Err(reader.problems),
    }
}

/// Parses a template of the catalogue.
pub(super) fn parse_template(id: &str, document: &str) -> Result<Template, Vec<Problem>> {
    let json: Json = serde_json::from_str(document)
        .map_err(|error| vec![Problem { pointer: String::new(), message: format!("this is not JSON: {error}") }])?;
    let nothing = Secrets::new();
    let mut reader = Reader::new(&nothing);
    let template = reader.template(id, &Item { json: &json, pointer: String::new() });
    template.filter(|_| reader.problems.is_empty()).ok_or(reader.problems)
}

impl Reader<'_> {
    fn document(&mut self, json: &Json) -> Option<Compiled> {
        let root = Item { json, pointer: String::new() };
        let members = self.object(
            &root,
            &[
                "$schema",
                "service",
                "environment",
                "accept",
                "sign_with",
                "window",
                "services",
                "api_keys",
                "schemes",
                "webhooks",
                "routes",
                "replay",
                "limits",
                "reveal",
                "contexts",
                "rfc9421",
                "aws_sigv4",
                "aws_identity",
                "jwt",
            ],
        )?;
        if let Some(schema) = members.get("$schema") {
            self.string(&schema);
        }
        let service = match members.get("service") {
            Some(item) => self.own_id(&item),
            None => {
                self.problem("/service", "name the service that this document is for");
                None
            }
        };
        let environment = members.get("environment").and_then(|item| self.own_id(&item));
        let (service, environment) = (service.as_deref(), environment.as_deref());
        let window = members
            .get("window")
            .map_or(Window { past: DEFAULT_WINDOW_SECONDS, future: DEFAULT_WINDOW_SECONDS }, |item| self.window(&item));
        let mut services = match members.get("services") {
            Some(item) => self.services(&item, service, environment),
            None => {
                self.problem("/services", "list the known services");
                Vec::new()
            }
        };
        if let Some(item) = members.get("api_keys") {
            self.shared_api_keys(&item, &mut services);
        }
        let ids: HashMap<Box<[u8]>, usize, _> =
            services.iter().enumerate().map(|(at, service)| (service.id.as_bytes().into(), at)).collect();
        let callers = (0..services.len()).filter(|&at| !services[at].keys.is_empty()).collect();
        let known_services = services.len();
        let templates = members.get("schemes").map_or_else(Templates::new, |item| self.schemes(&item));
        let webhooks =
            members.get("webhooks").map_or(Vec::new(), |item| self.webhooks(&item, &templates, window, &mut services));
        let standards = self.standards(&members, service, &mut services);
        self.refuse_secrets_for_two_ends(&services, known_services);
        let known = KnownSchemes::new(webhooks, &templates, window);
        let default_accept = SchemeSet::default().with(Scheme::BuiltIn(BuiltIn::ServiceHmacV2));
        let accept = members.get("accept").map_or(default_accept, |item| self.accept(&item, &known));
        let sign_with = match members.get("sign_with") {
            Some(item) => self.sign_with(&item, &known),
            None => Scheme::BuiltIn(BuiltIn::ServiceHmacV2),
        };
        let contexts = members.get("contexts").and_then(|item| self.contexts(&item, &services));
        let routes = members
            .get("routes")
            .map_or(Vec::new(), |item| self.routes(&item, accept, &known, &|id| ids.get(id.as_bytes()).copied()));
        let aws_is_described = members.get("aws_sigv4").is_some();
        let aws = Scheme::Standard(Standard::AwsSigv4);
        let uses = |scheme| {
            sign_with == scheme
                || routes.iter().map(|route| route.rules.accept).chain([accept]).any(|set| set.has(scheme))
        };
        let uses_aws = uses(aws);
        if uses_aws && !aws_is_described {
            self.problem("/aws_sigv4", "say which region and service the signatures of aws-sigv4 are for");
        }
        if uses(Scheme::Standard(Standard::AwsIdentity)) && members.get("aws_identity").is_none() {
            self.problem("/aws_identity", "say which regions and roles the identities of aws-identity are from");
        }
        let all_accepted = routes.iter().map(|route| route.rules.accept).fold(accept, SchemeSet::union);
        let own = service.and_then(|id| services[..known_services].iter().find(|known| *known.id == *id));
        if let Some(standards) = &standards {
            self.warn_of_missing_callers(all_accepted, &services[..known_services], &standards.tokens);
            self.warn_of_unnamed_authorities(all_accepted, standards);
            self.warn_of_missing_key(sign_with, own);
        }
        let names_callers_by_key =
            routes.iter().map(|route| route.rules.accept).chain([accept]).any(|set| known.names_callers_by_key(set));
        // A member that occurs twice is a problem of its own.
        let shared = std::mem::take(&mut self.shared);
        for (place, other) in shared.into_iter().filter(|(place, other)| place != other) {
            if [&place, &other].iter().any(|pointer| pointer.contains("/api_keys")) {
                self.problem(&place, format!("the same secret stands at {other}; an API key travels in requests, so nothing else may be made with it"));
                continue;
            }
            let owner = |pointer: &str| pointer.rsplit_once("/keys/").map(|(service, _)| service.to_owned());
            if owner(&place) == owner(&other) {
                self.problem(
                    &place,
                    format!("the same secret stands at {other}; a key that is revoked there would still be valid here"),
                );
            } else if names_callers_by_key {
                self.problem(
                    &place,
                    format!("the same secret stands at {other}; a scheme that does not sign the caller's id is accepted, so only the key tells the two apart"),
                );
            } else {
                self.warn(&place, format!("the same secret stands at {other}; give each its own"));
            }
        }
        let replay = self.replay(members.get("replay"));
        let (body_limit, failures_per_minute) =
            members.get("limits").map_or((DEFAULT_BODY_BYTES, None), |item| self.limits(&item));
        let uniform = members
            .get("reveal")
            .is_some_and(|item| self.choice(&item, &[("code", false), ("uniform", true)]).unwrap_or(false));

        let paths_decide =
            routes.iter().any(|route| !route.public) || services.iter().any(|service| service.permissions.is_some());
        Some(Compiled {
            service: service?.into(),
            environment: environment.map(Into::into),
            rules: Rules { accept, every: false, optional: false, replay: ReplayRule::UnsafeMethods },
            sign_with,
            window,
            longest_past: known
                .plans
                .iter()
                .map(|plan| plan.window.past)
                .fold(window.past, u64::max)
                .max(if uses_aws { sigv4::WINDOW } else { 0 }),
            callers,
            decoy_seed: self.decoy_seed,
            known_services,
            api_keys: self.index_api_keys(&services),
            aws_keys: self.index_aws_keys(&services),
            bound_keys: index_bound_keys(&services),
            standards: standards?,
            services,
            by_id: ids,
            plans: known.plans,
            routes,
            paths_decide,
            replay,
            body_limit,
            failures_per_minute,
            uniform,
            contexts,
            dummy_key: MacKey::new(b"no service has this key, and no tag that it makes is compared"),
            warnings: Vec::new(),
        })
    }

    pub(super) fn window(&mut self, item: &Item<'_>) -> Window {
        let members = self.object(item, &["past", "future"]);
        let mut bound = |name, least| {
            members
                .as_ref()
                .and_then(|members| members.get(name))
                .and_then(|item| self.whole(&item, least, MAX_WINDOW_SECONDS, "seconds"))
                .unwrap_or(DEFAULT_WINDOW_SECONDS)
        };
        Window { past: bound("past", 1), future: bound("future", 0) }
    }

    fn services(&mut self, item: &Item<'_>, own: Option<&str>, environment: Option<&str>) -> Vec<Service> {
        let Json::Object(members) = item.json else {
            self.wrong_kind(item, "an object of services by their ids");
            return Vec::new();
        };
        self.refuse_repeats(members, &item.pointer);
        let mut secrets = Places::new();
        let mut services = Vec::with_capacity(members.len());
        for (id, json) in members {
            let item = Item { json, pointer: child(&item.pointer, id) };
            if !is_id(id) {
                self.problem(&item.pointer, ID_RULE);
                continue;
            }
            services.extend(self.service(id, &item, own, environment, &mut secrets));
        }
        let digest = secrets.keys().fold(Sha256::new(), |digest, secret| digest.chain_update(secret)).finalize();
        self.decoy_seed = u64::from_le_bytes(*digest.first_chunk().expect("32 bytes are more than 8"));
        services
    }

    fn service(
        &mut self,
        id: &str,
        item: &Item<'_>,
        own: Option<&str>,
        environment: Option<&str>,
        secrets: &mut Places,
    ) -> Option<Service> {
        let members = self.object(
            item,
            &["keys", "aws_keys", "api_keys", "call_with", "allowed_targets", "permissions", "environments", "url"],
        )?;
        let (keys, bound_keys) =
            members.get("keys").map_or_else(Default::default, |item| self.keys_of_service(&item, secrets));
        let aws_keys = members.get("aws_keys").map_or(Vec::new(), |item| self.aws_keys(&item));
        let api_keys = members.get("api_keys").map_or(Vec::new(), |item| {
            let keys = self.keys_for(Purpose::ApiKey, &item, secrets, |text| Sha256::digest(text).into());
            keys.into_iter().map(|(key, digest)| ApiKey { digest, key }).collect()
        });
        let call_with = members.get("call_with").and_then(|item| self.key_to_call_with(&item));
        let targets = members.get("allowed_targets").map(|item| self.ids(&item));
        let may_call = match &targets {
            Some(targets) => own.is_some_and(|own| targets.contains(&own)),
            None => {
                if Some(id) != own && !(bound_keys.is_empty() && aws_keys.is_empty() && api_keys.is_empty()) {
                    self.warn(
                        &item.pointer,
                        "without allowed_targets this service may call every service that has its key",
                    );
                }
                true
            }
        };
        let in_environment = match members.get("environments") {
            Some(item) => {
                let environments = self.ids(&item);
                let is_said = self.problems.iter().any(|problem| problem.pointer == "/environment");
                if environment.is_none() && !is_said {
                    self.problem("/environment", "name the environment, since services are limited to some");
                }
                environment.is_some_and(|environment| environments.contains(&environment))
            }
            None => true,
        };
        let permissions = members.get("permissions").map(|item| {
            let items = self.array(&item);
            items.iter().filter_map(|item| self.pattern(item)).collect()
        });
        let url = members.get("url").and_then(|item| self.url(&item)).map(Into::into);
        Some(Service {
            id: id.into(),
            keys,
            bound_keys,
            aws_keys,
            api_keys,
            call_with,
            may_call,
            targets: targets.map(|targets| targets.into_iter().map(Into::into).collect()),
            in_environment,
            permissions,
            url,
            replay_scope: replay_scope(id),
        })
    }

    fn replay(&mut self, item: Option<Item<'_>>) -> ReplaySettings {
        let members = item.as_ref().and_then(|item| self.object(item, &["store", "capacity", "on_full", "on_outage"]));
        let get = |name| members.as_ref().and_then(|members| members.get(name));
        let stores = [
            ("memory", ReplayStoreKind::Memory),
            ("external", ReplayStoreKind::External),
            ("none", ReplayStoreKind::None),
        ];
        let store = get("store").and_then(|item| {
            let store = self.choice(&item, &stores);
            if store == Some(ReplayStoreKind::None) {
                self.warn(
                    &item.pointer,
                    "without a store, a request that was overheard can be repeated inside the window",
                );
            }
            store
        });
        let capacity = get("capacity")
            .and_then(|item| self.whole(&item, 1, MAX_REPLAY_CAPACITY, "entries"))
            .unwrap_or(DEFAULT_REPLAY_CAPACITY);
        let mut allows = |name| {
            get(name).and_then(|item| self.choice(&item, &[("reject", false), ("allow", true)])).unwrap_or(false)
        };
        ReplaySettings {
            store: store.unwrap_or(ReplayStoreKind::Memory),
            capacity: capacity as usize,
            allow_when_full: allows("on_full"),
            allow_on_outage: allows("on_outage"),
        }
    }

    fn limits(&mut self, item: &Item<'_>) -> (u64, Option<u32>) {
        let members = self.object(item, &["body_bytes", "failures_per_minute"]);
        let get = |name| members.as_ref().and_then(|members| members.get(name));
        let body_bytes = get("body_bytes")
            .and_then(|item| self.whole(&item, 0, u64::from(u32::MAX), "bytes"))
            .unwrap_or(DEFAULT_BODY_BYTES);
        let failures = get("failures_per_minute")
            .and_then(|item| self.whole(&item, 1, MAX_FAILURES_PER_MINUTE, "failures per minute"));
        (body_bytes, failures.map(|failures| failures as u32))
    }
}
