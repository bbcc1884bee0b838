//! Reads the routes: what holds on some paths.

use super::accept::KnownSchemes;
use super::reader::{Item, Reader, child};
use super::{ReplayRule, Route, Rules};
use crate::scheme::{Scheme, SchemeSet};

impl Reader<'_> {
    pub(super) fn routes(
        &mut self,
        item: &Item<'_>,
        default_accept: SchemeSet,
        known: &KnownSchemes,
        find: &dyn Fn(&str) -> Option<usize>,
    ) -> Vec<Route> {
        let items = self.array(item);
        let mut routes: Vec<(String, Route)> = Vec::with_capacity(items.len());
        for item in &items {
            let Some(route) = self.route(item, default_accept, known, find) else { continue };
            let shadows = |(_, earlier): &&(String, Route)| {
                earlier.pattern.covers(earlier.matching(), &route.pattern, route.matching())
            };
            if let Some((_, earlier)) = routes.iter().find(shadows) {
                let message =
                    format!("\"{}\" stands before this and matches all of it, so this decides nothing", earlier.text);
                self.warn(&item.pointer, message);
            }
            routes.push((item.pointer.clone(), route));
        }
        routes.into_iter().map(|(_, route)| route).collect()
    }

    fn route(
        &mut self,
        item: &Item<'_>,
        default_accept: SchemeSet,
        known: &KnownSchemes,
        find: &dyn Fn(&str) -> Option<usize>,
    ) -> Option<Route> {
        let members = self
            .object(item, &["match", "public", "optional", "accept", "require_all", "services", "strict", "replay"])?;
        let Some(matched) = members.get("match") else {
            self.problem(&child(&item.pointer, "match"), "say what the route matches, as in \"POST /internal/**\"");
            return None;
        };
        let pattern = self.pattern(&matched);
        let mut flag = |name| members.get(name).and_then(|item| self.boolean(&item)).unwrap_or(false);
        let (public, optional, strict) = (flag("public"), flag("optional"), flag("strict"));
        let accept = members.get("accept").map(|item| self.accept(&item, known));
        let every = members.get("require_all").map(|item| self.require_all(&item, known));
        let services = members.get("services").map(|item| self.route_services(&item, find));
        let replay = members.get("replay").and_then(|item| {
            let choices = [
                ("unsafe-methods", ReplayRule::UnsafeMethods),
                ("all-methods", ReplayRule::AllMethods),
                ("off", ReplayRule::Off),
            ];
            let rule = self.choice(&item, &choices);
            if rule == Some(ReplayRule::Off) {
                self.warn(&item.pointer, "a request that was overheard can be repeated here inside the window");
            }
            rule
        });
        if public {
            for name in ["optional", "accept", "require_all", "services", "strict", "replay"] {
                if members.get(name).is_some() {
                    self.problem(
                        &child(&item.pointer, name),
                        "a public route checks nothing, so this would have no effect",
                    );
                }
            }
        }
        if optional && !public && services.is_some() {
            self.warn(
                &child(&item.pointer, "services"),
                "the route is optional: whoever sends no credential is let in, so this keeps out only those who say who they are",
            );
        }
        if every.is_some() {
            for name in ["optional", "accept"] {
                if members.get(name).is_some() {
                    self.problem(
                        &child(&item.pointer, name),
                        "require_all says already which credentials there must be",
                    );
                }
            }
        }
        let text = self.string(&matched)?.into();
        let rules = Rules {
            accept: every.or(accept).unwrap_or(default_accept),
            every: every.is_some(),
            optional,
            replay: replay.unwrap_or(ReplayRule::UnsafeMethods),
        };
        if strict && !public {
            for scheme in rules.accept.iter().filter(|scheme| !known.covers_a_route(*scheme)) {
                self.warn(
                    &item.pointer,
                    format!(
                        "the route is strict, and {} signs no method and path, so it is never accepted here",
                        known.name(scheme)
                    ),
                );
            }
        }
        Some(Route { text, pattern: pattern?, public, rules, services, strict })
    }

    fn require_all(&mut self, item: &Item<'_>, known: &KnownSchemes) -> SchemeSet {
        let set = self.accept(item, known);
        if set.iter().filter(|scheme| !scheme.is_bearer()).count() > 1 {
            self.problem(
                &item.pointer,
                "one signature covers a request; require one signing scheme, with or without api-key, jwt and aws-identity",
            );
        }
        let names_a_webhook = |scheme| known.name(scheme).starts_with("webhook:");
        if set.has(Scheme::ApiKey) && set.iter().any(names_a_webhook) {
            self.problem(
                &item.pointer,
                "a webhook is no service of the registry, so its sender cannot have an API key of one; accept the webhook alone",
            );
        }
        set
    }

    fn route_services(&mut self, item: &Item<'_>, find: &dyn Fn(&str) -> Option<usize>) -> Vec<usize> {
        let mut positions = Vec::new();
        for element in self.elements(item, "service") {
            let Some(id) = self.id(&element) else { continue };
            match find(id) {
                Some(at) => positions.push(at),
                None => self.problem(&element.pointer, "this service is not in \"services\""),
            }
        }
        positions.sort_unstable();
        positions
    }
}
