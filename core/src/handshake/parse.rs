//! Reads the handshakes of a template.

use super::rule::{Body, Handshake, MatchValue, Source, Value, Verify};
use crate::config::json::Json;
use crate::config::reader::{Item, Members, Reader, child};
use crate::request::check_method;

const MAX_HANDSHAKES: usize = 4;
const MAX_MEMBERS: usize = 8;
/// Headers that follow from the body, or that no fixed value suits.
const FORBIDDEN_HEADERS: [&str; 5] =
    ["content-type", "content-length", "transfer-encoding", "set-cookie", "x-content-type-options"];

impl Reader<'_> {
    /// One handshake, or an array of them. `is_hmac` says whether the template's algorithm is HMAC-SHA256.
    pub(crate) fn handshakes(&mut self, item: &Item<'_>, is_hmac: bool) -> Vec<Handshake> {
        let Json::Array(_) = item.json else {
            return self.handshake(item, is_hmac).into_iter().collect();
        };
        let items = self.elements(item, "handshake");
        if items.len() > MAX_HANDSHAKES {
            self.problem(&item.pointer, format!("a scheme has at most {MAX_HANDSHAKES} handshakes"));
        }
        items.iter().filter_map(|item| self.handshake(item, is_hmac)).collect()
    }

    fn handshake(&mut self, item: &Item<'_>, is_hmac: bool) -> Option<Handshake> {
        let members = self.object(item, &["match", "verify", "respond"])?;
        let matching = self.needed(&members, "match", "say which request is the handshake");
        let verify = self.needed(&members, "verify", "say \"signature\", \"none\", or {\"token\": NAME}");
        let respond = self.needed(&members, "respond", "say what is answered");
        let verify = verify.and_then(|item| self.verification(&item));
        let draft = matching.and_then(|item| self.matching(&item));
        let respond = respond?;
        let answer = self.answer(&respond)?;
        let verify = verify?;
        self.check_echo(&respond, answer.body.as_ref(), &verify, is_hmac);
        Some(Handshake { verify, status: answer.status, extra_headers: answer.headers, body: answer.body, ..draft? })
    }

    fn needed<'j>(&mut self, members: &Members<'j>, name: &str, message: &str) -> Option<Item<'j>> {
        let item = members.get(name);
        if item.is_none() {
            self.problem(&child(&members.pointer, name), message);
        }
        item
    }

    /// What a request must be like; the rest of the handshake is filled in later.
    fn matching(&mut self, item: &Item<'_>) -> Option<Handshake> {
        let members = self.object(item, &["method", "header", "query", "json"])?;
        let method = self.needed(&members, "method", "name the method, in upper case");
        let method = method.and_then(|item| {
            let method = self.string(&item)?;
            if check_method(method.as_bytes()).is_err() {
                self.problem(&item.pointer, "a method is 1 to 32 upper-case letters, digits, hyphens or underscores");
                return None;
            }
            Some(method)
        });
        let (header, query, json) = (members.get("header"), members.get("query"), members.get("json"));
        if header.is_none() && query.is_none() && json.is_none() {
            self.problem(&item.pointer, "ordinary requests have the same method; add header, query or json");
        }
        let headers = header.map(|item| self.fixed_headers(&item)).unwrap_or_default();
        let query = query.map(|item| self.wanted(&item, Self::parameter_name, false)).unwrap_or_default();
        let json = json.map(|item| self.wanted(&item, Self::json_pointer, true)).unwrap_or_default();
        Some(Handshake {
            method: method?.into(),
            headers,
            query,
            json,
            verify: Verify::Nothing,
            status: 200,
            extra_headers: Vec::new(),
            body: None,
        })
    }

    /// The members of an object that is not empty.
    fn entries<'j>(&mut self, item: &Item<'j>) -> Vec<(&'j str, Item<'j>)> {
        let Json::Object(members) = item.json else {
            self.wrong_kind(item, "an object");
            return Vec::new();
        };
        if members.is_empty() || members.len() > MAX_MEMBERS {
            self.problem(&item.pointer, format!("list 1 to {MAX_MEMBERS} members here"));
        }
        self.refuse_repeats(members, &item.pointer);
        let place = |name: &str| child(&item.pointer, name);
        members.iter().map(|(name, json)| (name.as_str(), Item { json, pointer: place(name) })).collect()
    }

    /// Names and what their values must be.
    fn wanted(
        &mut self,
        item: &Item<'_>,
        check: fn(&mut Self, &str, &str) -> bool,
        numbers: bool,
    ) -> Vec<(Box<str>, MatchValue)> {
        let mut wanted = Vec::new();
        for (name, item) in self.entries(item) {
            if !check(self, name, &item.pointer) {
                continue;
            }
            let value = match item.json {
                Json::Bool(true) => MatchValue::Any,
                Json::String(text) => MatchValue::Text(text.as_str().into()),
                Json::Whole(number) if numbers => MatchValue::Whole(*number),
                _ if numbers => {
                    self.wrong_kind(&item, "a text, a whole number, or true");
                    continue;
                }
                _ => {
                    self.wrong_kind(&item, "a text, or true");
                    continue;
                }
            };
            wanted.push((name.into(), value));
        }
        wanted
    }

    fn parameter_name(&mut self, name: &str, pointer: &str) -> bool {
        if name.is_empty() {
            self.problem(pointer, "a query parameter has a name");
        }
        !name.is_empty()
    }

    fn json_pointer(&mut self, text: &str, pointer: &str) -> bool {
        let escapes_are_whole = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        let is_pointer = text.starts_with('/') && escapes_are_whole;
        if !is_pointer {
            self.problem(pointer, "a place in a body is a JSON pointer, as in \"/event\"");
        }
        is_pointer
    }

    /// Headers with fixed values.
    fn fixed_headers(&mut self, item: &Item<'_>) -> Vec<(Box<str>, Box<str>)> {
        let mut headers = Vec::new();
        for (name, item) in self.entries(item) {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if !(1..=128).contains(&name.len()) || !name.bytes().all(is_name) {
                self.problem(&item.pointer, "a header's name is 1 to 128 letters, digits, hyphens or underscores");
                continue;
            }
            let Some(value) = self.string(&item) else { continue };
            let is_visible = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            if value.is_empty() || value.trim() != value || !is_visible {
                self.problem(&item.pointer, "a header's value here is visible ASCII, without spaces around it");
                continue;
            }
            headers.push((name.into(), value.into()));
        }
        headers
    }

    fn verification(&mut self, item: &Item<'_>) -> Option<Verify> {
        if let Json::String(_) = item.json {
            return Some(match self.choice(item, &[("signature", true), ("none", false)])? {
                true => Verify::Signature,
                false => Verify::Nothing,
            });
        }
        let members = self.object(item, &["token"])?;
        let token = self.needed(&members, "token", "name the query parameter that holds the verify token")?;
        let name = self.string(&token)?;
        self.parameter_name(name, &token.pointer).then(|| Verify::Token(name.into()))
    }

    fn answer(&mut self, item: &Item<'_>) -> Option<Answer> {
        let members = self.object(item, &["status", "headers", "body"])?;
        let status = match members.get("status").map(|item| (item.json, item)) {
            None => Some(200),
            Some((Json::Whole(status @ (200 | 202 | 204)), _)) => Some(*status as u16),
            Some((_, item)) => {
                self.problem(&item.pointer, "this must be 200, 202 or 204");
                None
            }
        };
        let headers = members.get("headers").map(|item| {
            let headers = self.fixed_headers(&item);
            for (name, _) in &headers {
                if FORBIDDEN_HEADERS.iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden)) {
                    self.problem(&child(&item.pointer, name), "this header cannot be set here");
                }
            }
            headers
        });
        let body = match members.get("body") {
            None => None,
            Some(item) if status == Some(204) => {
                self.problem(&item.pointer, "an answer of status 204 has no body");
                None
            }
            Some(item) => Some(self.answer_body(&item)?),
        };
        Some(Answer { status: status?, headers: headers.unwrap_or_default(), body })
    }

    fn answer_body(&mut self, item: &Item<'_>) -> Option<Body> {
        let members = self.object(item, &["query", "json", "object"])?;
        let Some(object) = members.get("object") else {
            return self.source(item, &members).map(Body::Text);
        };
        if members.get("query").is_some() || members.get("json").is_some() {
            self.problem(&item.pointer, "say one of query, json and object");
        }
        let mut values = Vec::new();
        for (name, item) in self.entries(&object) {
            if let Some(value) = self.value(&item) {
                values.push((name.into(), value));
            }
        }
        Some(Body::Object(values))
    }

    fn value(&mut self, item: &Item<'_>) -> Option<Value> {
        match item.json {
            Json::String(text) => return Some(Value::Text(text.as_str().into())),
            Json::Whole(number) => return Some(Value::Whole(*number)),
            Json::Object(_) => {}
            _ => {
                self.wrong_kind(item, "a text, a whole number, or an object that says where the text stands");
                return None;
            }
        }
        let members = self.object(item, &["query", "json", "hmac-sha256"])?;
        let Some(inner) = members.get("hmac-sha256") else {
            return self.source(item, &members).map(Value::Echo);
        };
        if members.get("query").is_some() || members.get("json").is_some() {
            self.problem(&item.pointer, "say one of query, json and hmac-sha256");
        }
        let members = self.object(&inner, &["query", "json"])?;
        self.source(&inner, &members).map(Value::Hmac)
    }

    /// `{"query": NAME}` or `{"json": POINTER}`.
    fn source(&mut self, item: &Item<'_>, members: &Members<'_>) -> Option<Source> {
        match (members.get("query"), members.get("json")) {
            (Some(name), None) => {
                let text = self.string(&name)?;
                self.parameter_name(text, &name.pointer).then(|| Source::Query(text.into()))
            }
            (None, Some(place)) => {
                let text = self.string(&place)?;
                self.json_pointer(text, &place.pointer).then(|| Source::Json(text.into()))
            }
            _ => {
                self.problem(&item.pointer, "say where the text stands: query or json, one of them");
                None
            }
        }
    }

    /// What anybody may ask for must not be worth anything.
    fn check_echo(&mut self, respond: &Item<'_>, body: Option<&Body>, verify: &Verify, is_hmac: bool) {
        let place = child(&respond.pointer, "body");
        let is_json = |source: &Source| matches!(source, Source::Json(_));
        let (reads_json, computes) = match body {
            None => (false, false),
            Some(Body::Text(source)) => (is_json(source), false),
            Some(Body::Object(members)) => {
                let values = || members.iter().map(|(_, value)| value);
                let reads_json =
                    |value: &Value| matches!(value, Value::Echo(source) | Value::Hmac(source) if is_json(source));
                (values().any(reads_json), values().any(|value| matches!(value, Value::Hmac(_))))
            }
        };
        if computes && *verify != Verify::Signature {
            self.problem(&place, "a signature is computed for nobody whose own was not verified; verify \"signature\"");
        } else if computes && !is_hmac {
            self.problem(&place, "hmac-sha256 needs the key of a scheme whose algorithm is hmac-sha256");
        } else if reads_json && *verify == Verify::Nothing {
            self.problem(&place, "a body that nobody vouches for is not sent back; verify the signature or a token");
        }
    }
}

/// What is answered.
struct Answer {
    status: u16,
    headers: Vec<(Box<str>, Box<str>)>,
    body: Option<Body>,
}
