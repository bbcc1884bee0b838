//! Reads JSON member by member, whatever it stands for: each problem with its place.

use super::ID_RULE;
use super::json::Json;
use super::lookup::Lookup;
use super::problem::Problem;
use crate::identifier::is_id;
use crate::policy::Pattern;

/// Reads JSON member by member, and collects everything that is wrong with it.
pub(crate) struct Reader<'l> {
    pub(super) lookup: &'l dyn Lookup,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) decoy_seed: u64,
    /// Places of equal secrets.
    pub(super) shared: Vec<(String, String)>,
}

/// The members of an object, known to be without strangers and repeats.
pub(crate) struct Members<'j> {
    members: &'j [(String, Json)],
    pub(crate) pointer: String,
}

impl<'j> Members<'j> {
    pub(crate) fn get(&self, name: &str) -> Option<Item<'j>> {
        let (_, json) = self.members.iter().find(|(member, _)| member == name)?;
        Some(Item { json, pointer: child(&self.pointer, name) })
    }
}

/// A value and its place.
pub(crate) struct Item<'j> {
    pub(crate) json: &'j Json,
    pub(crate) pointer: String,
}

/// The pointer of a member or element (RFC 6901, section 3).
pub(crate) fn child(pointer: &str, name: impl std::fmt::Display) -> String {
    format!("{pointer}/{}", name.to_string().replace('~', "~0").replace('/', "~1"))
}

impl<'l> Reader<'l> {
    pub(crate) fn new(lookup: &'l dyn Lookup) -> Self {
        Self { lookup, problems: Vec::new(), warnings: Vec::new(), decoy_seed: 0, shared: Vec::new() }
    }
}

impl Reader<'_> {
    pub(crate) fn object<'j>(&mut self, item: &Item<'j>, known: &[&str]) -> Option<Members<'j>> {
        let Json::Object(members) = item.json else {
            self.wrong_kind(item, "an object");
            return None;
        };
        for (name, _) in members {
            if !known.contains(&name.as_str()) {
                let message = format!("this member is not known here; the members are {}", known.join(", "));
                self.problem(&child(&item.pointer, name), message);
            }
        }
        self.refuse_repeats(members, &item.pointer);
        Some(Members { members, pointer: item.pointer.clone() })
    }

    /// Whether something at this place, or below it, has been refused.
    pub(super) fn has_problem_at(&self, pointer: &str) -> bool {
        let rests = self.problems.iter().filter_map(|problem| problem.pointer.strip_prefix(pointer));
        rests.into_iter().any(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(crate) fn refuse_repeats(&mut self, members: &[(String, Json)], pointer: &str) {
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut repeated: Vec<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        repeated.dedup();
        for name in repeated {
            self.problem(&child(pointer, name), "this member occurs more than once");
        }
    }

    pub(crate) fn array<'j>(&mut self, item: &Item<'j>) -> Vec<Item<'j>> {
        let Json::Array(elements) = item.json else {
            self.wrong_kind(item, "an array");
            return Vec::new();
        };
        elements.iter().enumerate().map(|(at, json)| Item { json, pointer: child(&item.pointer, at) }).collect()
    }

    /// The elements of an array that must not be empty.
    pub(crate) fn elements<'j>(&mut self, item: &Item<'j>, what: &str) -> Vec<Item<'j>> {
        if *item.json == Json::Array(Vec::new()) {
            self.problem(&item.pointer, format!("list at least one {what}, or leave the member out"));
        }
        self.array(item)
    }

    pub(crate) fn ids<'j>(&mut self, item: &Item<'j>) -> Vec<&'j str> {
        let items = self.array(item);
        items.iter().filter_map(|item| self.id(item)).collect()
    }

    pub(crate) fn id<'j>(&mut self, item: &Item<'j>) -> Option<&'j str> {
        let id = self.string(item)?;
        if !is_id(id) {
            self.problem(&item.pointer, ID_RULE);
            return None;
        }
        Some(id)
    }

    /// An id that may come from the environment, so that one document serves a whole fleet.
    pub(crate) fn own_id(&mut self, item: &Item<'_>) -> Option<String> {
        let Some(name) = self.string(item)?.strip_prefix("env:") else {
            return self.id(item).map(str::to_owned);
        };
        let problem = match self.lookup.env(name) {
            Ok(Some(id)) if is_id(&id) => return Some(id),
            Ok(Some(_)) => format!("the environment variable {name} does not hold an id: {ID_RULE}"),
            Ok(None) => format!("the environment variable {name} is not set; set it to the id that stands here"),
            Err(why) => format!("the environment variable {name} cannot be read: {why}"),
        };
        self.problem(&item.pointer, problem);
        None
    }

    pub(crate) fn pattern(&mut self, item: &Item<'_>) -> Option<Pattern> {
        let text = self.string(item)?;
        Pattern::parse(text).map_err(|message| self.problem(&item.pointer, message)).ok()
    }

    pub(crate) fn url<'j>(&mut self, item: &Item<'j>) -> Option<&'j str> {
        let url = self.string(item)?;
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let authority = rest.map(|rest| rest.trim_end_matches('/'));
        let good = authority.is_some_and(|authority| {
            !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\".contains(&byte))
        });
        if !good {
            self.problem(
                &item.pointer,
                "a URL here is https:// or http:// with host and port, without path, query or user",
            );
            return None;
        }
        Some(url)
    }

    pub(crate) fn time(&mut self, item: &Item<'_>) -> Option<u64> {
        let text = self.string(item)?;
        let time = super::time::parse_utc(text);
        if time.is_none() {
            self.problem(&item.pointer, "write the time as \"2026-12-01T00:00:00Z\" (UTC, whole seconds)");
        }
        time
    }

    pub(crate) fn string<'j>(&mut self, item: &Item<'j>) -> Option<&'j str> {
        match item.json {
            Json::String(text) => Some(text),
            _ => {
                self.wrong_kind(item, "a string");
                None
            }
        }
    }

    pub(crate) fn boolean(&mut self, item: &Item<'_>) -> Option<bool> {
        match item.json {
            Json::Bool(value) => Some(*value),
            _ => {
                self.wrong_kind(item, "true or false");
                None
            }
        }
    }

    pub(crate) fn whole(&mut self, item: &Item<'_>, least: u64, most: u64, unit: &str) -> Option<u64> {
        match item.json {
            Json::Whole(number) if (least..=most).contains(number) => Some(*number),
            Json::Whole(_) | Json::Number => {
                self.problem(&item.pointer, format!("this must be a whole number of {unit} from {least} to {most}"));
                None
            }
            _ => {
                self.wrong_kind(item, &format!("a whole number of {unit} from {least} to {most}"));
                None
            }
        }
    }

    pub(crate) fn choice<T: Copy>(&mut self, item: &Item<'_>, choices: &[(&str, T)]) -> Option<T> {
        let text = self.string(item)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            self.problem(&item.pointer, format!("this must be {}", names.join(" or ")));
        }
        found
    }

    pub(crate) fn wrong_kind(&mut self, item: &Item<'_>, wanted: &str) {
        self.problem(&item.pointer, format!("this must be {wanted}, and it is {}", item.json.kind()));
    }

    pub(crate) fn problem(&mut self, pointer: &str, message: impl Into<String>) {
        self.problems.push(Problem { pointer: pointer.into(), message: message.into() });
    }

    pub(crate) fn warn(&mut self, pointer: &str, message: impl Into<String>) {
        self.warnings.push(Problem { pointer: pointer.into(), message: message.into() });
    }
}
