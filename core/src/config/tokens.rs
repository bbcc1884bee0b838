//! Reads how JSON Web Tokens are judged and issued.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::json::Json;
use super::keys::Places;
use super::reader::{Item, Members, Reader, child};
use super::{Bound, Service};
use crate::bound_key::{JwkSet, SetKey};
use crate::jwt;
use crate::scheme::Standard;
use crate::signer::can_sign;
use crate::standard::{Issuer, Issuing, TokenSettings};

const DEFAULT_LEEWAY_SECONDS: u64 = 30;
const MAX_LEEWAY_SECONDS: u64 = 300;
const DEFAULT_LIFETIME_SECONDS: u64 = 300;
const MAX_LIFETIME_SECONDS: u64 = 86_400;
const MAX_ISSUERS: usize = 16;
const MAX_NAME_BYTES: usize = 256;

/// Whom the tokens of an issuer name.
#[derive(Clone, Copy)]
enum Callers {
    Services,
    Users,
}

impl Reader<'_> {
    /// The settings, and the issuers whose tokens name users as services that stand behind the known ones.
    pub(super) fn tokens(
        &mut self,
        item: Option<Item<'_>>,
        own: Option<&str>,
        services: &mut Vec<Service>,
    ) -> TokenSettings {
        let known = ["audience", "leeway", "lifetime", "once", "issue", "issuers"];
        let members = item.as_ref().and_then(|item| self.object(item, &known));
        let get = |name| members.as_ref().and_then(|members| members.get(name));
        let audiences = match get("audience") {
            Some(item) => self.audiences(&item),
            None => own.into_iter().map(Into::into).collect(),
        };
        let mut seconds = |name, least, most, default| {
            get(name).and_then(|item| self.whole(&item, least, most, "seconds")).unwrap_or(default)
        };
        let leeway = seconds("leeway", 0, MAX_LEEWAY_SECONDS, DEFAULT_LEEWAY_SECONDS);
        let lifetime = seconds("lifetime", 1, MAX_LIFETIME_SECONDS, DEFAULT_LIFETIME_SECONDS);
        let once = get("once").and_then(|item| self.boolean(&item)).unwrap_or(false);
        let issue = get("issue").map(|item| self.issuing(&item, own, services)).unwrap_or_default();
        let issuers = get("issuers").map_or(Vec::new(), |item| self.issuers(&item, services));
        TokenSettings { audiences, leeway, lifetime, once, issue, issuers }
    }

    /// What is written into tokens about others.
    fn issuing(&mut self, item: &Item<'_>, own: Option<&str>, services: &[Service]) -> Issuing {
        let default = Issuing::default();
        let known = ["issuer", "permissions_claim", "tenant_claim"];
        let Some(members) = self.object(item, &known) else { return default };
        let own_service = services.iter().find(|service| Some(&*service.id) == own);
        if !own_service.is_some_and(|own| can_sign(own, Standard::Jwt)) {
            self.warn(&item.pointer, "the own service has no key that can sign tokens; give it one with a private_key");
        }
        let issuer = members.get("issuer").and_then(|item| {
            let name = self.name(&item)?;
            let is_of_another = Some(name) != own && services.iter().any(|service| *service.id == *name);
            if is_of_another {
                self.problem(&item.pointer, "this is the id of another service, whose tokens these would seem to be");
            }
            Some(name.into())
        });
        let mut claim = |name, default: Box<str>| {
            let Some(item) = members.get(name) else { return default };
            let claim = self.name(&item).unwrap_or_default();
            if jwt::RESERVED.contains(&claim) {
                self.problem(&item.pointer, format!("{claim} has a meaning of its own; name another claim"));
            }
            claim.into()
        };
        let permissions_claim = claim("permissions_claim", default.permissions_claim);
        let tenant_claim = claim("tenant_claim", default.tenant_claim);
        if permissions_claim == tenant_claim {
            self.problem(&item.pointer, "permissions and tenant need a claim each");
        }
        Issuing { issuer, permissions_claim, tenant_claim }
    }

    fn audiences(&mut self, item: &Item<'_>) -> Vec<Box<str>> {
        if let Json::String(_) = item.json {
            return self.name(item).into_iter().map(Into::into).collect();
        }
        let items = self.elements(item, "audience");
        items.iter().filter_map(|item| self.name(item)).map(Into::into).collect()
    }

    /// A name as tokens have them: compared byte for byte.
    fn name<'j>(&mut self, item: &Item<'j>) -> Option<&'j str> {
        let name = self.string(item)?;
        if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
            self.problem(&item.pointer, "this must be a text of 1 to 256 bytes without control characters");
            return None;
        }
        Some(name)
    }

    fn issuers(&mut self, item: &Item<'_>, services: &mut Vec<Service>) -> Vec<Issuer> {
        let Json::Object(members) = item.json else {
            self.wrong_kind(item, "an object of issuers by the text of their iss claim");
            return Vec::new();
        };
        self.refuse_repeats(members, &item.pointer);
        if members.len() > MAX_ISSUERS {
            self.problem(&item.pointer, format!("there are at most {MAX_ISSUERS} issuers"));
            return Vec::new();
        }
        let mut issuers = Vec::with_capacity(members.len());
        for (name, json) in members {
            let item = Item { json, pointer: child(&item.pointer, name) };
            let is_known = services.iter().any(|service| *service.id == **name);
            if is_known {
                self.problem(
                    &item.pointer,
                    "a service has this id, and issues tokens with its own keys; name the issuer otherwise",
                );
                continue;
            }
            issuers.extend(self.issuer(name, &item, services));
        }
        issuers
    }

    fn issuer(&mut self, name: &str, item: &Item<'_>, services: &mut Vec<Service>) -> Option<Issuer> {
        let known = ["keys", "jwks", "callers", "type", "caller_claim", "permissions_claim", "tenant_claim"];
        let members = self.object(item, &known)?;
        let (keys, jwks) = (members.get("keys"), members.get("jwks"));
        if keys.is_some() == jwks.is_some() {
            self.problem(&item.pointer, "say where the issuer's keys are: either keys, or jwks");
            return None;
        }
        let keys = keys.map_or(Vec::new(), |item| self.issuer_keys(&item));
        if keys.iter().any(|known| known.bound.algorithm().is_symmetric()) {
            let message =
                "with the issuer's secret this service could issue such tokens too; take an issuer's public_key";
            self.warn(&item.pointer, message);
        }
        let (published, jwks_url) = jwks.map_or((Vec::new(), None), |item| self.jwks(&item));
        let callers = members.get("callers").map_or(Some(Callers::Services), |item| {
            self.choice(&item, &[("services", Callers::Services), ("users", Callers::Users)])
        })?;
        let mut claim = |name| self.claim_name(&members, name);
        let (caller_claim, permissions_claim, tenant_claim, kind) =
            (claim("caller_claim"), claim("permissions_claim"), claim("tenant_claim"), claim("type"));
        let users = match callers {
            Callers::Services => None,
            Callers::Users => {
                services.push(users_of(name));
                Some(services.len() - 1)
            }
        };
        Some(Issuer {
            name: name.into(),
            keys,
            jwks_url,
            fetched: ArcSwap::new(Arc::new(published)),
            users,
            kind,
            caller_claim: caller_claim.unwrap_or_else(|| "sub".into()),
            permissions_claim,
            tenant_claim,
        })
    }

    fn claim_name(&mut self, members: &Members<'_>, name: &str) -> Option<Box<str>> {
        let item = members.get(name)?;
        self.name(&item).map(Into::into)
    }

    fn issuer_keys(&mut self, item: &Item<'_>) -> Vec<Bound> {
        let mut keys: Vec<Bound> = Vec::new();
        for (at, item) in self.key_items(item).iter().enumerate() {
            let Some(key) = self.bound_key(item, at, &mut Places::new()) else { continue };
            self.check_key_id(item, &key.key.id, keys.iter().map(|other| &other.key));
            keys.push(key);
        }
        keys
    }

    /// The keys of a JWK Set that is at hand, or the URL from which the adapter fetches it.
    fn jwks(&mut self, item: &Item<'_>) -> (Vec<SetKey>, Option<Box<str>>) {
        let Some(reference) = self.string(item) else { return (Vec::new(), None) };
        if reference.starts_with("https://") || is_loopback(reference) {
            return (Vec::new(), Some(reference.into()));
        }
        if reference.starts_with("http://") {
            self.problem(&item.pointer, "keys that come over plain HTTP can be anybody's; use https://");
            return (Vec::new(), None);
        }
        let Some(document) = self.key_text(item) else { return (Vec::new(), None) };
        match JwkSet::parse(&document) {
            Ok(keys) => (keys, None),
            Err(message) => {
                self.problem(&item.pointer, message);
                (Vec::new(), None)
            }
        }
    }
}

/// Whether a URL stays on this machine, for development.
fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

/// Who calls with the tokens of an issuer's users.
fn users_of(issuer: &str) -> Service {
    Service::without_keys(format!("issuer:{issuer}"))
}
