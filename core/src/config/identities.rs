//! Reads which identities of AWS stand for which services.

use super::json::Json;
use super::reader::{Item, Reader, child};
use crate::aws_identity::{Region, RolePattern, Settings};

const MAX_REGIONS: usize = 64;
const MAX_ROLES: usize = 256;

impl Reader<'_> {
    /// `known` are the ids of the services.
    pub(super) fn identities(&mut self, item: &Item<'_>, known: &[&str]) -> Option<Settings> {
        let members = self.object(item, &["regions", "roles"])?;
        let regions = match members.get("regions") {
            Some(item) => self.regions(&item),
            None => {
                self.problem(
                    &child(&item.pointer, "regions"),
                    "list the regions that proofs may be for, as \"eu-central-1\"",
                );
                Vec::new()
            }
        };
        let roles = members.get("roles").map_or(Vec::new(), |item| self.roles(&item, known));
        (!regions.is_empty()).then_some(Settings { regions, roles })
    }

    fn regions(&mut self, item: &Item<'_>) -> Vec<Region> {
        let items = self.elements(item, "region");
        if items.len() > MAX_REGIONS {
            self.problem(&item.pointer, format!("there are at most {MAX_REGIONS} regions"));
        }
        let mut regions: Vec<Region> = Vec::new();
        for item in items {
            let Some(name) = self.string(&item) else { continue };
            if !is_region(name) {
                self.problem(&item.pointer, "this must be the name of a region, as \"eu-central-1\"");
            } else if regions.iter().any(|region| *region.name == *name) {
                self.problem(&item.pointer, "this region is listed twice");
            } else {
                regions.push(Region::new(name));
            }
        }
        regions
    }

    fn roles(&mut self, item: &Item<'_>, known: &[&str]) -> Vec<RolePattern> {
        let Json::Object(members) = item.json else {
            self.wrong_kind(item, "an object of ids of services by the ARNs of their roles");
            return Vec::new();
        };
        self.refuse_repeats(members, &item.pointer);
        if members.len() > MAX_ROLES {
            self.problem(&item.pointer, format!("there are at most {MAX_ROLES} roles"));
            return Vec::new();
        }
        let mut roles = Vec::with_capacity(members.len());
        for (arn, json) in members {
            let item = Item { json, pointer: child(&item.pointer, arn) };
            let Some(id) = self.string(&item) else { continue };
            match RolePattern::parse(arn, id) {
                Err(message) => self.problem(&item.pointer, message),
                Ok(role) if role.one_service().is_some_and(|id| !known.contains(&id)) => {
                    self.problem(&item.pointer, "this service is not in \"services\"");
                }
                Ok(role) => roles.push(role),
            }
        }
        roles
    }
}

/// Whether a text can be a part of a host name, and not more than that.
fn is_region(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    name.len() <= 32
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.split('-').count() > 2
        && name.split('-').all(is_word)
}
