//! Reads webhooks: senders with keys of their own, each with the template of its scheme.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::accept::is_of_services;
use super::json::Json;
use super::reader::{Item, Members, Reader, child};
use super::secret::Purpose;
use super::{ID_RULE, Service, Window};
use crate::identifier::is_id;
use crate::scheme::{MAX_PLANS, catalogue};
use crate::template::{Finder, Plan, Step, Template};

/// The longest time for which a signature without a timestamp is remembered: a week.
const MAX_REMEMBER_SECONDS: u64 = 604_800;
const MIN_VERIFY_TOKEN_BYTES: usize = 8;

/// The templates of a document, by their ids.
pub(super) type Templates = BTreeMap<String, Arc<Template>>;

impl Reader<'_> {
    pub(super) fn schemes(&mut self, item: &Item<'_>) -> Templates {
        let mut templates = Templates::new();
        let Json::Object(members) = item.json else {
            self.wrong_kind(item, "an object of templates by their ids");
            return templates;
        };
        self.refuse_repeats(members, &item.pointer);
        for (id, json) in members {
            let item = Item { json, pointer: child(&item.pointer, id) };
            if is_reserved(id) || catalogue::find(id).is_some() {
                self.problem(&item.pointer, "there is a scheme of this name already; choose another one");
            } else if let Some(template) = self.template(id, &item) {
                templates.insert(id.clone(), Arc::new(template));
            }
        }
        templates
    }

    /// The webhooks as plans, and as services that stand behind the known ones.
    pub(super) fn webhooks(
        &mut self,
        item: &Item<'_>,
        templates: &Templates,
        default_window: Window,
        services: &mut Vec<Service>,
    ) -> Vec<Plan> {
        let Json::Object(members) = item.json else {
            self.wrong_kind(item, "an object of webhooks by their names");
            return Vec::new();
        };
        self.refuse_repeats(members, &item.pointer);
        let mut plans = Vec::new();
        for (name, json) in members {
            let item = Item { json, pointer: child(&item.pointer, name) };
            if !is_id(name) {
                self.problem(&item.pointer, ID_RULE);
                continue;
            }
            if let Some((plan, service)) = self.webhook(name, &item, templates, default_window, services.len()) {
                plans.push(plan);
                services.push(service);
            }
        }
        if plans.len() > MAX_PLANS {
            self.problem(&item.pointer, format!("there are at most {MAX_PLANS} webhooks"));
        }
        plans
    }

    fn webhook(
        &mut self,
        name: &str,
        item: &Item<'_>,
        templates: &Templates,
        default_window: Window,
        at: usize,
    ) -> Option<(Plan, Service)> {
        let known = ["scheme", "keys", "url", "verify_token", "headers", "window", "replay"];
        let members = self.object(item, &known)?;
        let Some(scheme) = members.get("scheme") else {
            self.problem(&child(&item.pointer, "scheme"), "name the scheme that the sender signs with");
            return None;
        };
        let id = self.string(&scheme)?;
        let Some(template) = templates.get(id).cloned().or_else(|| catalogue::find(id)) else {
            let message = if self.has_problem_at(&child("/schemes", id)) {
                "correct this scheme first, under \"schemes\""
            } else if is_of_services(id) {
                "this scheme is one between services, which have their keys under \"services\"; list it under \"accept\""
            } else {
                "no scheme of this name is known; `wiresign schemes` lists them"
            };
            self.problem(&scheme.pointer, message);
            return None;
        };
        if template.caller.is_some() {
            self.problem(
                &scheme.pointer,
                "this scheme names its caller, a service of the registry; list the scheme itself under accept",
            );
        }
        let keys = match members.get("keys") {
            Some(item) => self.keys_for(Purpose::Webhook(&template), &item, &mut BTreeMap::new(), |_| ()),
            None => {
                self.problem(&child(&item.pointer, "keys"), "list the keys that the sender signs with");
                Vec::new()
            }
        };
        let url = self.webhook_url(&members, &template);
        let verify_token = members.get("verify_token").and_then(|item| self.verify_token(&item));
        if keys.iter().any(|(key, ())| verify_token == Some(Sha256::digest(&**key.secret).into())) {
            let message = "a verify token travels in URLs, so it must not be the secret that the sender signs with";
            self.problem(&child(&item.pointer, "verify_token"), message);
        }
        let template = match members.get("headers") {
            Some(item) => self.with_other_headers(&template, &item),
            None => template,
        };
        let mut window = template.window.unwrap_or(default_window);
        if let Some(item) = members.get("window") {
            if template.timestamp.is_none() {
                self.problem(&item.pointer, "this scheme has no timestamp, so there is no window");
            }
            window = self.window(&item);
        }
        let remember = members.get("replay").and_then(|item| self.remember(&item, &template));
        if template.timestamp.is_none() && members.get("replay").is_none() {
            self.warn(
                &item.pointer,
                "this scheme has no timestamp, so a delivery that was overheard can be repeated; set replay.seconds if the sender never repeats one itself",
            );
        }
        let listed_as = format!("webhook:{name}");
        let keys = keys.into_iter().map(|(key, ())| key).collect();
        let service = Service { keys, ..Service::without_keys(listed_as.clone()) };
        let (origin, url) = url.unwrap_or_default();
        let plan = Plan {
            finder: Finder::new(&template),
            steps: Step::all(&template.parts),
            template,
            listed_as: listed_as.into(),
            webhook: Some(at),
            window,
            origin: origin.into(),
            url: url.into(),
            remember,
            verify_token,
        };
        Some((plan, service))
    }

    /// The URL of the endpoint: its scheme and authority, and the whole.
    fn webhook_url(&mut self, members: &Members<'_>, template: &Template) -> Option<(String, String)> {
        let Some(item) = members.get("url") else {
            if template.needs_url() {
                self.problem(
                    &child(&members.pointer, "url"),
                    "this scheme signs the URL; give the one under which the sender knows this endpoint",
                );
            }
            return None;
        };
        let url = self.string(&item)?;
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let end = rest.map(|rest| url.len() - rest.len() + rest.find(['/', '?']).unwrap_or(rest.len()));
        let is_fine = rest.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with(['/', '?'])
                && rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
        });
        match end {
            Some(end) if is_fine => Some((url[..end].to_owned(), url.to_owned())),
            _ => {
                self.problem(
                    &item.pointer,
                    "a webhook's URL is https:// or http://, a host, and the path as the sender has it",
                );
                None
            }
        }
    }

    fn verify_token(&mut self, item: &Item<'_>) -> Option<[u8; 32]> {
        let text = self.secret_text(item)?;
        if text.len() < MIN_VERIFY_TOKEN_BYTES {
            self.problem(&item.pointer, format!("a verify token has {MIN_VERIFY_TOKEN_BYTES} bytes or more"));
        }
        Some(Sha256::digest(&*text).into())
    }

    fn with_other_headers(&mut self, template: &Arc<Template>, item: &Item<'_>) -> Arc<Template> {
        let Some(members) = self.object(item, &["signature", "timestamp", "nonce", "message_id"]) else {
            return template.clone();
        };
        let mut changed = (**template).clone();
        let roles = [
            ("signature", changed.signature_header()),
            ("timestamp", changed.timestamp_header()),
            ("nonce", changed.nonce),
            ("message_id", changed.message_id),
        ];
        for (role, at) in roles {
            let Some(item) = members.get(role) else { continue };
            let name = self.header_name(&item);
            match (at, name) {
                (Some(at), Some(name)) => changed.headers[at].names = vec![name],
                (None, _) => self.problem(&item.pointer, "this scheme has no header of its own for that"),
                (Some(_), None) => {}
            }
        }
        Arc::new(changed)
    }

    fn remember(&mut self, item: &Item<'_>, template: &Template) -> Option<u64> {
        let members = self.object(item, &["seconds"])?;
        if template.timestamp.is_some() || template.message_is_empty() {
            self.problem(
                &item.pointer,
                "only signatures of a scheme without a timestamp need this; others are remembered as long as they are valid",
            );
        }
        let Some(item) = members.get("seconds") else {
            self.problem(&child(&item.pointer, "seconds"), "say for how long signatures are remembered");
            return None;
        };
        self.whole(&item, 1, MAX_REMEMBER_SECONDS, "seconds")
    }
}

/// Names that stand for something else in `accept`.
fn is_reserved(id: &str) -> bool {
    [
        "service-hmac",
        "service-hmac-v2",
        "cross-service",
        "api-key",
        "jwt",
        "aws-identity",
        "aws-sigv4",
        "rfc9421",
        "auth-context",
    ]
    .contains(&id)
}
