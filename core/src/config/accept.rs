//! Reads which schemes are accepted, and which one signs.

use std::sync::Arc;

use super::Window;
use super::reader::{Item, Reader, child};
use super::webhooks::Templates;
use crate::aws_identity;
use crate::scheme::{BuiltIn, Scheme, SchemeSet, Standard, catalogue, header};
use crate::template::{Finder, Plan, Step, Template};

/// The schemes that a document can name.
pub(super) struct KnownSchemes {
    /// The webhooks, then the templates that name their caller.
    pub(super) plans: Vec<Plan>,
    /// Templates that do not name their caller: they can only be a webhook's.
    nameless: Vec<String>,
}

/// Whether a scheme's keys are those of the services of the registry.
pub(super) fn is_of_services(id: &str) -> bool {
    id == "api-key" || BuiltIn::from_id(id).is_some() || Standard::from_id(id).is_some()
}

impl KnownSchemes {
    pub(super) fn new(webhooks: Vec<Plan>, templates: &Templates, default_window: Window) -> Self {
        let mut plans = webhooks;
        for (id, template) in templates.iter().filter(|(_, template)| template.caller.is_some()) {
            plans.push(Plan {
                finder: Finder::new(template),
                steps: Step::all(&template.parts),
                template: Arc::clone(template),
                listed_as: id.as_str().into(),
                webhook: None,
                window: template.window.unwrap_or(default_window),
                origin: "".into(),
                url: "".into(),
                remember: None,
                verify_token: None,
            });
        }
        plans.truncate(crate::scheme::MAX_PLANS);
        let nameless = templates.iter().filter(|(_, template)| template.caller.is_none());
        Self { plans, nameless: nameless.map(|(id, _)| id.clone()).collect() }
    }

    /// Whether a signature of this scheme covers what a router looks at.
    pub(super) fn covers_a_route(&self, scheme: Scheme) -> bool {
        match self.template(scheme) {
            Some(template) => template.coverage.method && template.coverage.path,
            None => !scheme.is_bearer(),
        }
    }

    fn find(&self, name: &str) -> Option<Scheme> {
        if name == "api-key" {
            return Some(Scheme::ApiKey);
        }
        let fixed = BuiltIn::from_id(name).map(Scheme::BuiltIn);
        fixed.or_else(|| Standard::from_id(name).map(Scheme::Standard)).or_else(|| {
            let at = self.plans.iter().position(|plan| *plan.listed_as == *name)?;
            Some(Scheme::Plan(at.try_into().expect("the number of plans is bounded")))
        })
    }

    fn template(&self, scheme: Scheme) -> Option<&Template> {
        match scheme {
            Scheme::Plan(at) => Some(&self.plans[usize::from(at)].template),
            Scheme::BuiltIn(_) | Scheme::ApiKey | Scheme::Standard(_) => None,
        }
    }

    pub(super) fn name(&self, scheme: Scheme) -> &str {
        match scheme {
            Scheme::BuiltIn(scheme) => scheme.id(),
            Scheme::ApiKey => "api-key",
            Scheme::Standard(scheme) => scheme.id(),
            Scheme::Plan(at) => &self.plans[usize::from(at)].listed_as,
        }
    }

    /// Whether a scheme of the set leaves the caller's id unsigned, so that the key alone says who calls.
    pub(super) fn names_callers_by_key(&self, set: SchemeSet) -> bool {
        set.iter().any(|scheme| match self.template(scheme) {
            None => scheme == Scheme::BuiltIn(BuiltIn::CrossService),
            Some(template) => template.caller.is_some() && !template.signs_caller(),
        })
    }

    /// The headers by which the schemes are told apart.
    fn telling_headers(&self, scheme: Scheme) -> Vec<&str> {
        match scheme {
            Scheme::BuiltIn(BuiltIn::CrossService) => vec![header::SIGNATURE, header::SERVICE_NAME],
            Scheme::BuiltIn(_) => vec![header::SIGNATURE, header::SERVICE_ID],
            Scheme::ApiKey => vec![header::API_KEY],
            Scheme::Standard(Standard::Rfc9421) => vec!["Signature", "Signature-Input"],
            // Of these two the word before the credential tells which it is.
            Scheme::Standard(Standard::AwsSigv4 | Standard::Jwt) => vec!["Authorization"],
            Scheme::Standard(Standard::AwsIdentity) => vec![aws_identity::header::IDENTITY],
            Scheme::Plan(at) => {
                let template = &self.plans[usize::from(at)].template;
                let caller = template.caller.into_iter().flat_map(|at| &template.headers[at].names);
                template.signature_names().chain(caller.map(|name| &**name)).collect()
            }
        }
    }
}

impl Reader<'_> {
    pub(super) fn accept(&mut self, item: &Item<'_>, known: &KnownSchemes) -> SchemeSet {
        let mut set = SchemeSet::default();
        for element in self.elements(item, "scheme") {
            let Some(scheme) = self.scheme(&element, known) else { continue };
            if set.has(scheme) {
                self.problem(&element.pointer, "this scheme is listed twice");
            } else if let Some(other) = self.clash(scheme, set, known) {
                self.problem(&item.pointer, other);
            }
            let covers_query = match scheme {
                Scheme::BuiltIn(scheme) => scheme.covers_query(),
                Scheme::ApiKey | Scheme::Standard(_) => true,
                Scheme::Plan(at) => {
                    let plan = &known.plans[usize::from(at)];
                    plan.webhook.is_some() || plan.template.coverage.query
                }
            };
            if !covers_query {
                let name = known.name(scheme);
                self.warn(
                    &element.pointer,
                    format!("{name} does not sign the query; prefer service-hmac-v2 where you control both ends"),
                );
            }
            let is_everywhere = item.pointer == "/accept";
            if is_everywhere && known.name(scheme).starts_with("webhook:") && !known.covers_a_route(scheme) {
                let name = known.name(scheme);
                self.warn(
                    &element.pointer,
                    format!("{name} does not sign both method and path, so what was sent to one endpoint is good for another; accept it on its own route"),
                );
            }
            set = set.with(scheme);
        }
        if set.takes(BuiltIn::ServiceHmac) && set.takes(BuiltIn::CrossService) {
            self.problem(
                &item.pointer,
                "service-hmac and cross-service sign messages that can be taken for one another; accept them on different routes",
            );
        }
        set
    }

    /// Whether two schemes would look for their credential in the same header.
    fn clash(&self, scheme: Scheme, set: SchemeSet, known: &KnownSchemes) -> Option<String> {
        let own = known.telling_headers(scheme);
        let tell_each_other = |other: &Scheme| {
            matches!(
                (scheme, other),
                (Scheme::BuiltIn(_), Scheme::BuiltIn(_)) | (Scheme::Standard(_), Scheme::Standard(_))
            )
        };
        set.iter().filter(|other| !tell_each_other(other)).find_map(|other| {
            let names = known.telling_headers(other);
            let shared = own.iter().find(|own| names.iter().any(|name| name.eq_ignore_ascii_case(own)))?;
            Some(format!(
                "{} reads {shared}, as {} does; accept them on different routes, or put their keys under one",
                known.name(scheme),
                known.name(other)
            ))
        })
    }

    pub(super) fn sign_with(&mut self, item: &Item<'_>, known: &KnownSchemes) -> Scheme {
        let scheme = self.scheme(item, known).unwrap_or(Scheme::BuiltIn(BuiltIn::ServiceHmacV2));
        if known.template(scheme).is_some_and(|template| !template.can_sign()) {
            self.problem(&item.pointer, "this scheme can be verified here, and not signed with");
        }
        scheme
    }

    fn scheme(&mut self, item: &Item<'_>, known: &KnownSchemes) -> Option<Scheme> {
        let name = self.string(item)?;
        let scheme = known.find(name);
        if scheme.is_none() {
            let is_nameless = known.nameless.iter().any(|id| id == name) || catalogue::find(name).is_some();
            let message = match name.strip_prefix("webhook:") {
                Some(webhook) if self.has_problem_at(&child("/webhooks", webhook)) => {
                    "correct this webhook first, under \"webhooks\"".into()
                }
                None if self.has_problem_at(&child("/schemes", name)) => {
                    "correct this scheme first, under \"schemes\"".into()
                }
                Some(_) => "there is no webhook of this name under \"webhooks\"".into(),
                None if is_nameless => {
                    "this scheme does not say who calls; make a webhook of it, and list \"webhook:NAME\" here".into()
                }
                None => {
                    let built_in = BuiltIn::ALL.iter().map(|scheme| scheme.id());
                    let known: Vec<_> = built_in.chain(Standard::ALL.iter().map(|scheme| scheme.id())).collect();
                    format!(
                        "this scheme is not known; the schemes are {}, api-key, \"webhook:NAME\" and those under \"schemes\" that name their caller",
                        known.join(", ")
                    )
                }
            };
            self.problem(&item.pointer, message);
        }
        scheme
    }
}
