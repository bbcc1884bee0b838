//! Reads what message signatures and signatures of AWS must be like.

use super::Service;
use super::reader::{Item, Members, Reader};
use crate::rfc9421::{self, PolicySettings, Side};
use crate::sigv4;
use crate::standard::Standards;

const MAX_COVERED: usize = 32;

impl Reader<'_> {
    pub(super) fn standards(
        &mut self,
        document: &Members<'_>,
        own: Option<&str>,
        services: &mut Vec<Service>,
    ) -> Option<Standards> {
        let messages = match document.get("rfc9421") {
            Some(item) => self.messages(&item),
            None => policies(PolicySettings::default()).ok(),
        };
        let aws = document.get("aws_sigv4").map(|item| self.aws(&item));
        let known: Vec<&str> = services.iter().map(|service| &*service.id).collect();
        let identities = document.get("aws_identity").map(|item| self.identities(&item, &known));
        let tokens = self.tokens(document.get("jwt"), own, services);
        let identities = match identities {
            Some(None) => return None,
            other => other.flatten(),
        };
        let (messages, responses) = messages?;
        let aws = match aws {
            Some(read) => Some(read?),
            None => None,
        };
        let unknown_aws_key = sigv4::SigningSecret::new(b"no service has this secret");
        Some(Standards { messages, responses, aws, unknown_aws_key, tokens, identities })
    }

    fn messages(&mut self, item: &Item<'_>) -> Option<(rfc9421::Policy, rfc9421::Policy)> {
        let members = self.object(item, &["covered", "tag", "label", "url_scheme", "authorities"])?;
        let covered = members.get("covered").map(|item| {
            let items = self.elements(&item, "component");
            if items.len() > MAX_COVERED {
                self.problem(&item.pointer, format!("there are at most {MAX_COVERED} components"));
            }
            items.iter().filter_map(|item| self.string(item)).collect::<Vec<_>>()
        });
        let authorities = members.get("authorities").map(|item| {
            let items = self.elements(&item, "authority");
            items.iter().filter_map(|item| self.string(item)).collect::<Vec<_>>()
        });
        let mut text = |name| members.get(name).and_then(|item| self.string(&item));
        let (tag, label, url_scheme) = (text("tag"), text("label"), text("url_scheme"));
        let (covered, authorities) = (covered.as_deref(), authorities.as_deref());
        let settings = PolicySettings { covered, tag, label, url_scheme, authorities, ..PolicySettings::default() };
        policies(settings).map_err(|message| self.problem(&item.pointer, message)).ok()
    }

    fn aws(&mut self, item: &Item<'_>) -> Option<sigv4::Expected> {
        let members = self.object(item, &["region", "service", "signed_headers", "style", "unsigned_payload"])?;
        let mut name = |name| {
            let Some(item) = members.get(name) else {
                self.problem(&format!("{}/{name}", item.pointer), format!("name the {name} that signatures are for"));
                return None;
            };
            let text = self.string(&item)?;
            let is_name = (1..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if !is_name {
                self.problem(
                    &item.pointer,
                    "this must be 1 to 64 lower-case letters, digits and hyphens, as in \"eu-west-1\"",
                );
            }
            is_name.then_some(text)
        };
        let (region, service) = (name("region"), name("service"));
        let is_s3 =
            members.get("style").map_or(Some(false), |item| self.choice(&item, &[("default", false), ("s3", true)]));
        let unsigned_payload = members.get("unsigned_payload").map_or(Some(false), |item| {
            let unsigned = self.boolean(&item);
            if unsigned == Some(true) {
                self.warn(&item.pointer, "a request whose body is not signed can be given another body on its way");
            }
            unsigned
        });
        let signed_headers = members.get("signed_headers").map_or(Vec::new(), |item| {
            let items = self.elements(&item, "header");
            items
                .iter()
                .filter_map(|item| self.header_name(item))
                .map(|name| name.to_ascii_lowercase().into())
                .collect()
        });
        let (region, service) = (region?, service?);
        let expected = match is_s3? {
            true => sigv4::Expected::s3(region, service),
            false => sigv4::Expected::new(region, service),
        };
        Some(sigv4::Expected { signed_headers, unsigned_payload: unsigned_payload?, ..expected })
    }
}

/// What is asked of requests, and of responses. What a response covers follows from nothing that is said of requests.
fn policies(settings: PolicySettings<'_>) -> Result<(rfc9421::Policy, rfc9421::Policy), &'static str> {
    let (tag, label, url_scheme) = (settings.tag, settings.label, settings.url_scheme);
    let of_responses = PolicySettings { tag, label, url_scheme, ..PolicySettings::default() };
    Ok((rfc9421::Policy::new(settings, Side::Request)?, rfc9421::Policy::new(of_responses, Side::Response)?))
}
