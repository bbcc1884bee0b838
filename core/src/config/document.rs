//! Reads the config document: every member by name, every problem with its place.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use super::json::Json;
use super::lookup::Lookup;
use super::problem::Problem;
use super::reader::{Item, Reader, child};
use super::{Compiled, ID_RULE, ReplaySettings, Route, Service, Window, replay_scope};
use crate::identifier::is_id;
use crate::mac::MacKey;
use crate::scheme::{Scheme, SchemeSet};

const DEFAULT_WINDOW_SECONDS: u64 = 300;
const MAX_WINDOW_SECONDS: u64 = 600;
const DEFAULT_REPLAY_CAPACITY: u64 = 1_000_000;
const MAX_REPLAY_CAPACITY: u64 = 100_000_000;
const DEFAULT_BODY_BYTES: u64 = 10 * 1024 * 1024;

/// Parses a document into what a verification needs, or lists everything that is wrong with it.
pub(super) fn parse(document: &str, lookup: &dyn Lookup) -> Result<Compiled, Vec<Problem>> {
    if document.starts_with('\u{feff}') {
        let message = "the document begins with a byte order mark; save it without one".into();
        return Err(vec![Problem { pointer: String::new(), message }]);
    }
    let json: Json = serde_json::from_str(document)
        .map_err(|error| vec![Problem { pointer: String::new(), message: format!("this is not JSON: {error}") }])?;
    let mut reader = Reader { lookup, problems: Vec::new(), warnings: Vec::new(), decoy_seed: 0, shared: Vec::new() };
    let compiled = reader.document(&json);
    match compiled {
        Some(compiled) if reader.problems.is_empty() => Ok(Compiled { warnings: reader.warnings, ..compiled }),
        _ => Err(reader.problems),
    }
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
                "routes",
                "replay",
                "limits",
                "reveal",
                "contexts",
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
        let accept =
            members.get("accept").map_or(SchemeSet::default().with(Scheme::ServiceHmacV2), |item| self.accept(&item));
        let sign_with = match members.get("sign_with") {
            Some(item) => self.scheme(&item).unwrap_or(Scheme::ServiceHmacV2),
            None => Scheme::ServiceHmacV2,
        };
        let window = members
            .get("window")
            .map_or(Window { past: DEFAULT_WINDOW_SECONDS, future: DEFAULT_WINDOW_SECONDS }, |item| self.window(&item));
        let services = match members.get("services") {
            Some(item) => self.services(&item, service, environment),
            None => {
                self.problem("/services", "list the known services");
                Vec::new()
            }
        };
        let contexts = members.get("contexts").and_then(|item| self.contexts(&item));
        let ids: HashMap<Box<[u8]>, usize, _> =
            services.iter().enumerate().map(|(at, service)| (service.id.as_bytes().into(), at)).collect();
        let routes =
            members.get("routes").map_or(Vec::new(), |item| self.routes(&item, &|id| ids.get(id.as_bytes()).copied()));
        let names_callers_by_key =
            routes.iter().filter_map(|route| route.accept).chain([accept]).any(|set| set.has(Scheme::CrossService));
        // A member that occurs twice is a problem of its own.
        let shared = std::mem::take(&mut self.shared);
        for (place, other) in shared.into_iter().filter(|(place, other)| place != other) {
            let owner = |pointer: &str| pointer.rsplit_once("/keys/").map(|(service, _)| service.to_owned());
            if owner(&place) == owner(&other) {
                self.problem(
                    &place,
                    format!("the same secret stands at {other}; a key that is revoked there would still be valid here"),
                );
            } else if names_callers_by_key {
                self.problem(
                    &place,
                    format!("the same secret stands at {other}; with cross-service only the key tells the two apart"),
                );
            } else {
                self.warn(&place, format!("the same secret stands at {other}; give each its own"));
            }
        }
        let replay = self.replay(members.get("replay"));
        let body_limit = members.get("limits").map_or(DEFAULT_BODY_BYTES, |item| self.limits(&item));
        let uniform = members
            .get("reveal")
            .is_some_and(|item| self.choice(&item, &[("code", false), ("uniform", true)]).unwrap_or(false));

        let paths_decide =
            routes.iter().any(|route| !route.public) || services.iter().any(|service| service.permissions.is_some());
        Some(Compiled {
            service: service?.into(),
            environment: environment.map(Into::into),
            accept,
            sign_with,
            window,
            callers: (0..services.len()).filter(|&at| !services[at].keys.is_empty()).collect(),
            decoy_seed: self.decoy_seed,
            services,
            by_id: ids,
            routes,
            paths_decide,
            replay,
            body_limit,
            uniform,
            contexts,
            dummy_key: MacKey::new(b"no service has this key, and no tag that it makes is compared"),
            warnings: Vec::new(),
        })
    }

    fn accept(&mut self, item: &Item<'_>) -> SchemeSet {
        let mut set = SchemeSet::default();
        for element in self.elements(item, "scheme") {
            if let Some(scheme) = self.scheme(&element) {
                if set.has(scheme) {
                    self.problem(&element.pointer, "this scheme is listed twice");
                }
                if !scheme.covers_query() {
                    self.warn(
                        &element.pointer,
                        format!(
                            "{} does not sign the query; prefer service-hmac-v2 where you control both ends",
                            scheme.id()
                        ),
                    );
                }
                set = set.with(scheme);
            }
        }
        if set.has(Scheme::ServiceHmac) && set.has(Scheme::CrossService) {
            self.problem(
                &item.pointer,
                "service-hmac and cross-service sign messages that can be taken for one another; accept them on different routes",
            );
        }
        set
    }

    fn scheme(&mut self, item: &Item<'_>) -> Option<Scheme> {
        let id = self.string(item)?;
        let scheme = Scheme::from_id(id);
        if scheme.is_none() {
            let known: Vec<_> = Scheme::ALL.iter().map(|scheme| scheme.id()).collect();
            self.problem(&item.pointer, format!("this scheme is not known; the schemes are {}", known.join(", ")));
        }
        scheme
    }

    fn window(&mut self, item: &Item<'_>) -> Window {
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
        let mut secrets: BTreeMap<[u8; 32], String> = BTreeMap::new();
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
        secrets: &mut BTreeMap<[u8; 32], String>,
    ) -> Option<Service> {
        let members = self.object(item, &["keys", "allowed_targets", "permissions", "environments", "url"])?;
        let keys = members.get("keys").map_or(Vec::new(), |item| self.keys(&item, secrets));
        let may_call = match members.get("allowed_targets") {
            Some(item) => {
                let targets = self.ids(&item);
                own.is_some_and(|own| targets.contains(&own))
            }
            None => {
                if Some(id) != own && !keys.is_empty() {
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
            may_call,
            lists_targets: members.get("allowed_targets").is_some(),
            in_environment,
            permissions,
            url,
            replay_scope: replay_scope(id),
        })
    }

    fn routes(&mut self, item: &Item<'_>, find: &dyn Fn(&str) -> Option<usize>) -> Vec<Route> {
        let items = self.array(item);
        let routes: Vec<(String, Route)> =
            items.iter().filter_map(|item| Some((item.pointer.clone(), self.route(item, find)?))).collect();
        for (at, (pointer, route)) in routes.iter().enumerate() {
            let shadows = |(_, earlier): &&(String, Route)| {
                earlier.pattern.covers(earlier.matching(), &route.pattern, route.matching())
            };
            if let Some((_, earlier)) = routes[..at].iter().find(shadows) {
                self.warn(
                    pointer,
                    format!("\"{}\" stands before this and matches all of it, so this decides nothing", earlier.text),
                );
            }
        }
        routes.into_iter().map(|(_, route)| route).collect()
    }

    fn route(&mut self, item: &Item<'_>, find: &dyn Fn(&str) -> Option<usize>) -> Option<Route> {
        let members = self.object(item, &["match", "public", "accept", "services", "strict"])?;
        let Some(matched) = members.get("match") else {
            self.problem(&child(&item.pointer, "match"), "say what the route matches, as in \"POST /internal/**\"");
            return None;
        };
        let pattern = self.pattern(&matched);
        let public = members.get("public").and_then(|item| self.boolean(&item)).unwrap_or(false);
        let strict = members.get("strict").and_then(|item| self.boolean(&item)).unwrap_or(false);
        let accept = members.get("accept").map(|item| self.accept(&item));
        let services = members.get("services").map(|item| {
            let mut positions = Vec::new();
            for element in self.elements(&item, "service") {
                let Some(id) = self.id(&element) else { continue };
                match find(id) {
                    Some(at) => positions.push(at),
                    None => self.problem(&element.pointer, "this service is not in \"services\""),
                }
            }
            positions.sort_unstable();
            positions
        });
        if public {
            for name in ["accept", "services", "strict"] {
                if members.get(name).is_some() {
                    self.problem(
                        &child(&item.pointer, name),
                        "a public route checks nothing, so this would have no effect",
                    );
                }
            }
        }
        let text = self.string(&matched)?.into();
        Some(Route { text, pattern: pattern?, public, accept, services, strict })
    }

    fn replay(&mut self, item: Option<Item<'_>>) -> ReplaySettings {
        let members = item.as_ref().and_then(|item| self.object(item, &["store", "capacity", "on_full"]));
        let get = |name| members.as_ref().and_then(|members| members.get(name));
        let enabled = get("store")
            .and_then(|item| {
                let enabled = self.choice(&item, &[("memory", true), ("none", false)]);
                if enabled == Some(false) {
                    self.warn(
                        &item.pointer,
                        "without a store, a request that was overheard can be repeated inside the window",
                    );
                }
                enabled
            })
            .unwrap_or(true);
        let capacity = get("capacity")
            .and_then(|item| self.whole(&item, 1, MAX_REPLAY_CAPACITY, "entries"))
            .unwrap_or(DEFAULT_REPLAY_CAPACITY);
        let allow_when_full =
            get("on_full").and_then(|item| self.choice(&item, &[("reject", false), ("allow", true)])).unwrap_or(false);
        ReplaySettings { enabled, capacity: capacity as usize, allow_when_full }
    }

    fn limits(&mut self, item: &Item<'_>) -> u64 {
        let members = self.object(item, &["body_bytes"]);
        members
            .and_then(|members| members.get("body_bytes"))
            .and_then(|item| self.whole(&item, 0, u64::from(u32::MAX), "bytes"))
            .unwrap_or(DEFAULT_BODY_BYTES)
    }
}
