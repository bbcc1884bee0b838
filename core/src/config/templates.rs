//! Reads a template: every member by name, every part of the message as a token or a literal.

use super::Window;
use super::json::Json;
use super::reader::{Item, Members, Reader, child};
use crate::template::{
    About, Algorithm, BodyPart, Coverage, Encoding, HeaderNames, KeyEncoding, KeyForm, List, MAX_HEADERS, Making, Part,
    SignatureForm, SignaturePlace, SortedQuery, Template, TimeUnit, TimestampForm, TimestampPlace, UrlVariants,
    WithoutPrefix,
};

/// The longest tolerance of a template, in seconds.
const MAX_WINDOW_SECONDS: u64 = 600;
const MAX_PARTS: usize = 32;

const MEMBERS: [&str; 18] = [
    "id",
    "title",
    "algorithm",
    "key",
    "message",
    "signature",
    "timestamp",
    "nonce",
    "message_id",
    "caller",
    "target",
    "window",
    "body_digest",
    "url_variants",
    "handshake",
    "legacy",
    "about",
    "$schema",
];

const TOKENS: &str = "method, path, query, target, url, url-unescaped, endpoint, authority, timestamp, nonce, message-id, service, \
                      target-service, body, body-sha256, header:NAME, query:NAME";

/// What is read so far, and what the message may refer to.
struct Draft {
    headers: Vec<HeaderNames>,
    parts: Vec<Part>,
    makings: Vec<Making>,
    coverage: Coverage,
    timestamp: Option<TimestampForm>,
    nonce: Option<usize>,
    message_id: Option<usize>,
    caller: Option<usize>,
    target: Option<usize>,
    host: Option<usize>,
    /// The query parameter that holds the signature: the only one that need not be signed.
    signature_parameter: Option<Box<str>>,
    /// What is there and could not be read: a problem of its own, and no reason for others.
    broken: Vec<&'static str>,
}

impl Draft {
    /// The position of a header; the same names share one.
    fn header(&mut self, names: Vec<Box<str>>) -> usize {
        let same = |known: &HeaderNames| {
            known.names.len() == names.len()
                && known.names.iter().zip(&names).all(|(left, right)| left.eq_ignore_ascii_case(right))
        };
        if let Some(at) = self.headers.iter().position(same) {
            return at;
        }
        self.headers.push(HeaderNames { names });
        self.headers.len() - 1
    }

    fn cover(&mut self, name: &str) {
        if !self.coverage.names.iter().any(|known| **known == *name) {
            self.coverage.names.push(name.into());
        }
    }

    /// Whether the timestamp is a query parameter that is signed among others.
    fn signs_timestamp_parameter(&self) -> bool {
        let Some(TimestampForm { place: TimestampPlace::Query(name), .. }) = &self.timestamp else { return false };
        self.makings.iter().any(|making| match making {
            Making::SortedQuery(form) => !form.except.contains(name),
            Making::QueryValue(value) => value == name,
            Making::Url | Making::UrlUnescaped => true,
        }) || self.has_part(&Part::Query)
            || self.has_part(&Part::Target)
    }

    fn has_part(&self, wanted: &Part) -> bool {
        self.parts.contains(wanted)
    }
}

impl Reader<'_> {
    /// Reads a template. `id` is the name under which it stands.
    pub(crate) fn template(&mut self, id: &str, item: &Item<'_>) -> Option<Template> {
        let before = self.problems.len();
        let members = self.object(item, &MEMBERS)?;
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                && text.len() <= 64
        };
        if !is_name(id) {
            self.problem(
                &item.pointer,
                "a scheme's id is 1 to 64 lower-case letters, digits or hyphens, and starts with a letter",
            );
        }
        if let Some(own) = members.get("id")
            && self.string(&own).is_some_and(|own| own != id)
        {
            self.problem(&own.pointer, format!("this must be \"{id}\", the name under which the scheme stands"));
        }
        let title = members.get("title").and_then(|item| self.string(&item).map(str::to_owned));
        let algorithm = match members.get("algorithm") {
            Some(item) => self.choice(&item, &Algorithm::ALL),
            None => self.lacking(&members, "algorithm", "say how the signature is made, as in \"hmac-sha256\""),
        };
        let key = members.get("key").map_or_else(|| Some(text_key()), |item| self.key_form(&item));

        let mut draft = Draft {
            headers: Vec::new(),
            parts: Vec::new(),
            makings: Vec::new(),
            coverage: Coverage::default(),
            timestamp: None,
            nonce: None,
            message_id: None,
            caller: None,
            target: None,
            host: None,
            signature_parameter: None,
            broken: Vec::new(),
        };
        let signature = match members.get("signature") {
            Some(item) => self.signature_form(&item, algorithm, &mut draft),
            None => self.lacking(&members, "signature", "say where the signature is"),
        };
        let listed =
            signature.as_ref().and_then(|form| form.list.as_ref()).is_some_and(|list| list.timestamp.is_some());
        draft.timestamp = match members.get("timestamp") {
            // Only a signature that is understood says whether the timestamp is in its list.
            Some(_) if signature.is_none() => None,
            Some(item) => self.timestamp_form(&item, listed, &mut draft),
            None => None,
        };
        if draft.timestamp.is_none() && members.get("timestamp").is_some() {
            draft.broken.push("timestamp");
        }
        draft.nonce = self.role(&members, "nonce", &mut draft);
        draft.message_id = self.role(&members, "message_id", &mut draft);
        draft.caller = self.role(&members, "caller", &mut draft);
        draft.target = self.role(&members, "target", &mut draft);
        match (members.get("message"), algorithm) {
            (Some(item), Some(Algorithm::Token)) => {
                self.problem(&item.pointer, "a token is compared, and no message is signed; leave this out");
            }
            (Some(item), _) => self.message(&item, &mut draft),
            (None, Some(Algorithm::Token)) => {}
            (None, _) => {
                let _: Option<()> = self.lacking(&members, "message", "list the parts of what is signed");
            }
        }
        let parts_are_read = self.problems.len() == before;
        if draft.signs_timestamp_parameter() {
            draft.coverage.timestamp = true;
            draft.cover("timestamp");
        }
        if parts_are_read {
            self.check_parts(&members, &draft);
        }
        let window = members.get("window").map(|item| self.template_window(&item, draft.timestamp.is_some()));
        let body_digest = members.get("body_digest").and_then(|item| self.body_digest(&item, &mut draft));
        let url_variants = members.get("url_variants").map(|item| self.url_variants(&item)).unwrap_or_default();
        if url_variants != UrlVariants::default() && parts_are_read {
            self.prefer_made_url(&members, &mut draft);
        }
        let is_hmac = algorithm == Some(Algorithm::HmacSha256);
        let handshakes = members.get("handshake").map(|item| self.handshakes(&item, is_hmac)).unwrap_or_default();
        let legacy = members.get("legacy").and_then(|item| self.boolean(&item)).unwrap_or(false);
        let about = members.get("about").map(|item| self.about(&item)).unwrap_or_default();
        if draft.caller.is_some() {
            if let Some(item) = members.get("handshake") {
                self.problem(
                    &item.pointer,
                    "a handshake is a webhook's, and a scheme that names its caller is used by services; leave this out",
                );
            }
            if algorithm.is_some_and(|algorithm| algorithm != Algorithm::HmacSha256) {
                self.problem(
                    &child(&item.pointer, "algorithm"),
                    "a scheme that names its caller uses the keys of services, which are for hmac-sha256",
                );
            }
            if key.as_ref().is_some_and(|key| *key != text_key()) {
                self.problem(
                    &child(&item.pointer, "key"),
                    "a scheme that names its caller uses the keys of services; each says itself how it is encoded",
                );
            }
        }
        if draft.headers.len() > MAX_HEADERS {
            self.problem(&item.pointer, format!("a scheme reads at most {MAX_HEADERS} headers"));
        }
        if self.problems.len() > before {
            return None;
        }
        let algorithm = algorithm?;
        draft.coverage.names.sort_by_key(|name| rank(name));
        let body_at = draft.parts.iter().position(|part| matches!(part, Part::Body(_))).unwrap_or(draft.parts.len());
        let message_id_end = draft.message_id.and_then(|at| literal_behind(&draft.parts, at)).unwrap_or_default();
        Some(Template {
            id: id.into(),
            title: title.unwrap_or_else(|| id.to_owned()).into(),
            algorithm,
            key: key?,
            parts: draft.parts.into(),
            body_at,
            makings: draft.makings,
            signature: signature?,
            timestamp: draft.timestamp,
            nonce: draft.nonce,
            message_id: draft.message_id,
            caller: draft.caller,
            target: draft.target,
            host: draft.host,
            headers: draft.headers,
            message_id_end,
            window,
            body_digest,
            url_variants,
            handshakes,
            legacy: legacy || matches!(algorithm, Algorithm::HmacSha1 | Algorithm::Sha256Prefix),
            coverage: draft.coverage,
            about,
        })
    }

    fn lacking<T>(&mut self, members: &Members<'_>, name: &str, message: &str) -> Option<T> {
        self.problem(&child(&members.pointer, name), message);
        None
    }

    fn key_form(&mut self, item: &Item<'_>) -> Option<KeyForm> {
        let encodings = [("text", KeyEncoding::Text), ("hex", KeyEncoding::Hex), ("base64", KeyEncoding::Base64)];
        if let Json::String(_) = item.json {
            return Some(KeyForm { encoding: self.choice(item, &encodings)?, ..text_key() });
        }
        let members = self.object(item, &["encoding", "prefix", "without_prefix"])?;
        let encoding = match members.get("encoding") {
            Some(item) => self.choice(&item, &encodings),
            None => {
                self.lacking(&members, "encoding", "say how the secret is written: \"text\", \"hex\" or \"base64\"")
            }
        };
        let prefix = members.get("prefix").map_or(Some(""), |item| self.string(&item));
        let without = members.get("without_prefix").map_or(Some(WithoutPrefix::Same), |item| {
            let choices =
                [("same", WithoutPrefix::Same), ("text", WithoutPrefix::Text), ("refuse", WithoutPrefix::Refused)];
            self.choice(&item, &choices)
        });
        Some(KeyForm { encoding: encoding?, prefix: prefix?.into(), without_prefix: without? })
    }

    /// `{"header": …}` of a role.
    fn role(&mut self, members: &Members<'_>, name: &'static str, draft: &mut Draft) -> Option<usize> {
        let item = members.get(name)?;
        let names = self.object(&item, &["header"]).and_then(|inner| match inner.get("header") {
            Some(item) => self.header_names(&item),
            None => self.lacking(&inner, "header", "name the header"),
        });
        if names.is_none() {
            draft.broken.push(name);
        }
        names.map(|names| draft.header(names))
    }

    /// One header name, or an array of two.
    fn header_names(&mut self, item: &Item<'_>) -> Option<Vec<Box<str>>> {
        let Json::Array(_) = item.json else {
            return self.header_name(item).map(|name| vec![name]);
        };
        let items = self.array(item);
        if items.len() != 2 {
            self.problem(&item.pointer, "a header has one name, or two of which the sender uses one");
            return None;
        }
        items.iter().map(|item| self.header_name(item)).collect()
    }

    pub(crate) fn header_name(&mut self, item: &Item<'_>) -> Option<Box<str>> {
        let name = self.string(item)?;
        if !is_header_name(name) {
            self.problem(&item.pointer, "a header's name is 1 to 128 letters, digits or hyphens");
            return None;
        }
        Some(name.into())
    }

    fn signature_form(
        &mut self,
        item: &Item<'_>,
        algorithm: Option<Algorithm>,
        draft: &mut Draft,
    ) -> Option<SignatureForm> {
        let members = self.object(item, &["header", "headers", "query", "encoding", "prefix", "list"])?;
        let place = match (members.get("header"), members.get("headers"), members.get("query")) {
            (Some(item), None, None) => {
                self.header_names(&item).map(|names| SignaturePlace::Header(draft.header(names)))
            }
            (None, Some(item), None) => {
                let items = self.elements(&item, "header");
                let names: Option<Vec<_>> = items.iter().map(|item| self.header_name(item)).collect();
                names.map(|names| {
                    let first = draft.headers.len();
                    draft.headers.extend(names.into_iter().map(|name| HeaderNames { names: vec![name] }));
                    SignaturePlace::Headers { first, count: draft.headers.len() - first }
                })
            }
            (None, None, Some(item)) => {
                draft.signature_parameter = self.string(&item).map(Into::into);
                draft.signature_parameter.clone().map(SignaturePlace::Query)
            }
            _ => {
                self.problem(&item.pointer, "say where the signature is: one of header, headers and query");
                None
            }
        };
        let is_token = algorithm == Some(Algorithm::Token);
        let encoding = match members.get("encoding") {
            Some(item) if is_token => {
                self.problem(&item.pointer, "a token is compared as it stands; leave this out");
                None
            }
            Some(item) => self.choice(&item, &Encoding::ALL),
            None if is_token => Some(Encoding::Hex),
            None => self.lacking(&members, "encoding", "say how the signature is written, as in \"hex\""),
        };
        let prefixes = match members.get("prefix") {
            None => Some(Vec::new()),
            Some(item) => self.prefixes(&item),
        };
        let list = match members.get("list") {
            None => None,
            Some(item) if is_token || !matches!(place, Some(SignaturePlace::Header(_)) | None) => {
                self.problem(&item.pointer, "only one header can hold a list of signatures");
                return None;
            }
            Some(item) => Some(self.list(&item)?),
        };
        let mut prefixes = prefixes?;
        let written_prefix = prefixes.first().cloned().unwrap_or_default();
        // A shorter prefix may begin a longer one.
        prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
        Some(SignatureForm { place: place?, encoding: encoding?, prefixes, written_prefix, list })
    }

    fn prefixes(&mut self, item: &Item<'_>) -> Option<Vec<Box<str>>> {
        match item.json {
            Json::Array(_) => {
                let items = self.elements(item, "prefix");
                items.iter().map(|item| self.string(item).map(Into::into)).collect()
            }
            _ => self.string(item).map(|prefix| vec![prefix.into()]),
        }
    }

    fn list(&mut self, item: &Item<'_>) -> Option<List> {
        let members = self.object(item, &["separator", "assign", "signature", "timestamp", "unknown", "trim"])?;
        let separator = self.mark(&members, "separator");
        let assign = self.mark(&members, "assign");
        if separator.is_some() && separator == assign {
            self.problem(&child(&item.pointer, "assign"), "this is the separator already");
        }
        let signature = match members.get("signature") {
            Some(item) => self.string(&item).map(|key| key.as_bytes().into()),
            None => self.lacking(&members, "signature", "name the key of signatures, as in \"v1\""),
        };
        let timestamp = members.get("timestamp").and_then(|item| self.string(&item)).map(|key| key.as_bytes().into());
        let refuses_unknown = members
            .get("unknown")
            .map_or(Some(false), |item| self.choice(&item, &[("ignore", false), ("refuse", true)]));
        let trims = members.get("trim").map_or(Some(false), |item| self.boolean(&item));
        Some(List {
            separator: separator?,
            assign: assign?,
            signature: signature?,
            timestamp,
            refuses_unknown: refuses_unknown?,
            trims: trims?,
        })
    }

    /// One byte of punctuation.
    fn mark(&mut self, members: &Members<'_>, name: &str) -> Option<u8> {
        let Some(item) = members.get(name) else {
            return self.lacking(members, name, "name the one character");
        };
        match self.string(&item)?.as_bytes() {
            [byte @ (b' ' | b'!'..=b'/' | b':'..=b'@' | b'['..=b'`' | b'{'..=b'~')] => Some(*byte),
            _ => {
                self.problem(&item.pointer, "this is one character: a space or a punctuation mark");
                None
            }
        }
    }

    fn timestamp_form(&mut self, item: &Item<'_>, listed: bool, draft: &mut Draft) -> Option<TimestampForm> {
        let members = self.object(item, &["header", "query", "unit"])?;
        let place = match (members.get("header"), members.get("query")) {
            (Some(item), None) if !listed => {
                self.header_names(&item).map(|names| TimestampPlace::Header(draft.header(names)))
            }
            (None, Some(item)) if !listed => self.string(&item).map(|name| TimestampPlace::Query(name.into())),
            (None, None) if listed => Some(TimestampPlace::List),
            _ => {
                self.problem(
                    &item.pointer,
                    "say where the timestamp is: a header, a query parameter, or the list of signatures; one of these",
                );
                None
            }
        };
        let units = [("s", TimeUnit::Seconds), ("ms", TimeUnit::Milliseconds), ("rfc3339", TimeUnit::Rfc3339)];
        let unit = members.get("unit").map_or(Some(TimeUnit::Seconds), |item| self.choice(&item, &units));
        Some(TimestampForm { place: place?, unit: unit? })
    }

    fn message(&mut self, item: &Item<'_>, draft: &mut Draft) {
        let items = self.elements(item, "part");
        if items.len() > MAX_PARTS {
            self.problem(&item.pointer, format!("a message has at most {MAX_PARTS} parts"));
            return;
        }
        for item in &items {
            match item.json {
                Json::String(text) if text.starts_with(|c: char| c.is_alphabetic()) => self.token(text, item, draft),
                Json::String(text) if !text.is_empty() => draft.parts.push(Part::Literal(text.as_bytes().into())),
                Json::Object(_) => self.composed_part(item, draft),
                _ => self.wrong_kind(item, "a token, a literal text that is not empty, or an object"),
            }
        }
    }

    fn token(&mut self, token: &str, item: &Item<'_>, draft: &mut Draft) {
        let missing = |draft: &mut Draft, role: Option<usize>, name: &str| {
            draft.cover(name);
            role.map(Part::Header)
        };
        let part = match token {
            "method" => {
                draft.coverage.method = true;
                draft.cover("method");
                Some(Part::Method)
            }
            "path" => {
                draft.coverage.path = true;
                draft.cover("path");
                Some(Part::Path)
            }
            "query" => {
                draft.coverage.query = true;
                draft.cover("query");
                Some(Part::Query)
            }
            "target" | "url" | "url-unescaped" => {
                draft.cover("path");
                draft.cover("query");
                (draft.coverage.path, draft.coverage.query) = (true, true);
                match token {
                    "url" => draft.parts.push(Part::Origin),
                    "url-unescaped" => draft.makings.push(Making::UrlUnescaped),
                    _ => {}
                }
                Some(if token == "url-unescaped" { Part::Made(draft.makings.len() - 1) } else { Part::Target })
            }
            "endpoint" => Some(Part::Endpoint),
            "authority" => {
                draft.cover("authority");
                let at = draft.header(vec!["Host".into()]);
                draft.host = Some(at);
                Some(Part::Authority)
            }
            "timestamp" => {
                draft.coverage.timestamp = true;
                draft.cover("timestamp");
                draft.timestamp.is_some().then_some(Part::Timestamp)
            }
            "nonce" => missing(draft, draft.nonce, "nonce"),
            "message-id" => missing(draft, draft.message_id, "message-id"),
            "service" => missing(draft, draft.caller, "service"),
            "target-service" => missing(draft, draft.target, "target-service"),
            "body" => {
                draft.coverage.body = true;
                draft.cover("body");
                Some(Part::Body(BodyPart::Raw))
            }
            "body-sha256" => {
                draft.coverage.body = true;
                draft.cover("body");
                Some(Part::Body(BodyPart::Sha256))
            }
            _ => match token.split_once(':') {
                Some(("header", name)) if is_header_name(name) => {
                    draft.cover(&token.to_ascii_lowercase());
                    let at = draft.header(vec![name.into()]);
                    Some(Part::Header(at))
                }
                Some(("query", name)) if !name.is_empty() => {
                    draft.cover(token);
                    draft.makings.push(Making::QueryValue(name.into()));
                    Some(Part::Made(draft.makings.len() - 1))
                }
                _ => {
                    let message =
                        format!("this is not a token; write {{\"literal\": …}} if it is text. The tokens are {TOKENS}");
                    self.problem(&item.pointer, message);
                    return;
                }
            },
        };
        match part {
            Some(Part::Body(_)) if draft.parts.iter().any(|part| matches!(part, Part::Body(_))) => {
                self.problem(&item.pointer, "the body is part of the message already");
            }
            Some(part) => draft.parts.push(part),
            None => {
                let role = match token {
                    "message-id" => "message_id",
                    "service" => "caller",
                    "target-service" => "target",
                    other => other,
                };
                if !draft.broken.contains(&role) {
                    self.problem(
                        &item.pointer,
                        format!("the scheme does not say where this is; give it the member {role}"),
                    );
                }
            }
        }
    }

    fn composed_part(&mut self, item: &Item<'_>, draft: &mut Draft) {
        let Some(members) =
            self.object(item, &["literal", "sorted", "distinct", "except", "assign", "join", "repeated", "escape"])
        else {
            return;
        };
        if let Some(literal) = members.get("literal") {
            let Some(text) = self.string(&literal) else { return };
            let others = ["sorted", "distinct", "except", "assign", "join", "repeated", "escape"];
            if text.is_empty() || others.iter().any(|name| members.get(name).is_some()) {
                self.problem(&item.pointer, "a literal is a text that is not empty, and nothing else");
            }
            draft.parts.push(Part::Literal(text.as_bytes().into()));
            return;
        }
        let Some(sorted) = members.get("sorted") else {
            self.problem(&item.pointer, "a part that is an object has the member literal or sorted");
            return;
        };
        match self.choice(&sorted, &[("form", true), ("query", false)]) {
            Some(true) => {
                let distinct = members.get("distinct").and_then(|item| self.boolean(&item)).unwrap_or(false);
                if draft.parts.iter().any(|part| matches!(part, Part::Body(_))) {
                    self.problem(&item.pointer, "the body is part of the message already");
                }
                draft.coverage.body = true;
                draft.cover("body");
                draft.parts.push(Part::Body(BodyPart::Form { distinct }));
            }
            Some(false) => {
                let except: Vec<Box<str>> = members.get("except").map_or(Vec::new(), |item| {
                    let items = self.array(&item);
                    items.iter().filter_map(|item| self.string(item).map(Into::into)).collect()
                });
                let mut text = |name: &str| members.get(name).and_then(|item| self.string(&item)).map(Into::into);
                let (assign, join, repeated) = (text("assign"), text("join"), text("repeated"));
                let escape = members.get("escape").and_then(|item| self.boolean(&item)).unwrap_or(false);
                // What else is left out can be changed by anybody.
                draft.coverage.query |= except.iter().all(|name| Some(name) == draft.signature_parameter.as_ref());
                draft.cover("query");
                draft.makings.push(Making::SortedQuery(SortedQuery {
                    except,
                    assign: assign.unwrap_or_default(),
                    join: join.unwrap_or_default(),
                    repeated,
                    escape,
                }));
                draft.parts.push(Part::Made(draft.makings.len() - 1));
            }
            None => {}
        }
    }

    /// What the request says of itself counts only where it is signed.
    fn check_parts(&mut self, members: &Members<'_>, draft: &Draft) {
        let mut demand = |is_there: bool, name: &str, why: &str| {
            if !is_there {
                self.problem(&child(&members.pointer, name), format!("this must be part of the message: {why}"));
            }
        };
        if draft.timestamp.is_some() {
            let is_signed = draft.has_part(&Part::Timestamp) || draft.signs_timestamp_parameter();
            demand(is_signed, "timestamp", "a time that is not signed says nothing");
        }
        if let Some(at) = draft.nonce {
            demand(draft.has_part(&Part::Header(at)), "nonce", "a nonce that is not signed can be changed");
        }
        if let Some(at) = draft.message_id {
            demand(draft.has_part(&Part::Header(at)), "message_id", "an id that is not signed can be changed");
        }
        if let Some(at) = draft.target {
            demand(draft.has_part(&Part::Header(at)), "target", "a target that is not signed can be changed");
        }
        if draft.caller.is_some() && draft.timestamp.is_none() {
            self.warn(
                &child(&members.pointer, "timestamp"),
                "services sign no time with this scheme, so a request that was overheard can be repeated: a nonce is remembered for the window only; say where the timestamp is",
            );
        }
        let tells_itself = matches!(draft.parts.first(), Some(Part::Literal(_) | Part::Method | Part::Timestamp));
        if draft.caller.is_some() && !tells_itself {
            self.warn(
                &child(&child(&members.pointer, "message"), 0),
                "the keys of services are used by other schemes too, and nothing at the start tells this message from theirs; begin with a literal",
            );
        }
        for (at, pair) in draft.parts.windows(2).enumerate() {
            if let [left, right] = pair
                && may_run_together(left, right)
                && !(*right == Part::Timestamp && at + 2 == draft.parts.len())
            {
                self.warn(
                    &child(&child(&members.pointer, "message"), at + 1),
                    "nothing separates this part from the one before, so two different requests can have the same signed message",
                );
            }
        }
    }

    fn template_window(&mut self, item: &Item<'_>, has_timestamp: bool) -> Window {
        if !has_timestamp {
            self.problem(&item.pointer, "the scheme has no timestamp, so there is no window");
        }
        let members = self.object(item, &["past", "future"]);
        let mut bound = |name| {
            let item = members.as_ref().and_then(|members| members.get(name));
            item.and_then(|item| self.whole(&item, 0, MAX_WINDOW_SECONDS, "seconds")).unwrap_or(300)
        };
        Window { past: bound("past"), future: bound("future") }
    }

    fn body_digest(&mut self, item: &Item<'_>, draft: &mut Draft) -> Option<Box<str>> {
        let members = self.object(item, &["query"])?;
        let Some(query) = members.get("query") else {
            return self.lacking(&members, "query", "name the query parameter");
        };
        if !draft.coverage.query {
            self.problem(&item.pointer, "the query must be part of the message, or anybody could change the digest");
        }
        draft.coverage.body = true;
        draft.cover("body");
        self.string(&query).map(Into::into)
    }

    fn url_variants(&mut self, item: &Item<'_>) -> UrlVariants {
        let mut variants = UrlVariants::default();
        for item in self.elements(item, "variant") {
            match self.choice(&item, &[("port", true), ("querystring", false)]) {
                Some(true) => variants.port = true,
                Some(false) => variants.querystring = true,
                None => {}
            }
        }
        variants
    }

    /// A URL of which there are several spellings is made for each request.
    fn prefer_made_url(&mut self, members: &Members<'_>, draft: &mut Draft) {
        let Some(at) = draft.parts.iter().position(|part| *part == Part::Origin) else {
            let pointer = child(&members.pointer, "url_variants");
            self.problem(&pointer, "the message does not hold the token url, so it has no variants");
            return;
        };
        draft.makings.push(Making::Url);
        draft.parts.splice(at..at + 2, [Part::Made(draft.makings.len() - 1)]);
    }

    fn about(&mut self, item: &Item<'_>) -> About {
        let Some(members) = self.object(item, &["sender", "secret", "notes"]) else {
            return About::default();
        };
        let mut text = |name: &str| members.get(name).and_then(|item| self.string(&item)).unwrap_or_default().into();
        let (sender, secret) = (text("sender"), text("secret"));
        let notes = members.get("notes").map(|item| self.array(&item)).unwrap_or_default();
        let notes = notes.iter().filter_map(|item| self.string(item).map(Into::into)).collect();
        About { sender, secret, notes }
    }
}

/// The place of a name among those of the covered parts.
fn rank(name: &str) -> usize {
    let order = [
        "method",
        "authority",
        "path",
        "query",
        "timestamp",
        "service",
        "target-service",
        "nonce",
        "message-id",
        "header:",
        "query:",
        "body",
    ];
    let is_it = |known: &str| known == name || (known.ends_with(':') && name.starts_with(known));
    order.iter().position(|known| is_it(known)).unwrap_or(order.len())
}

fn text_key() -> KeyForm {
    KeyForm { encoding: KeyEncoding::Text, prefix: "".into(), without_prefix: WithoutPrefix::Same }
}

fn is_header_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The literal that follows a header in the message.
fn literal_behind(parts: &[Part], header: usize) -> Option<Box<[u8]>> {
    parts.windows(2).find_map(|pair| match pair {
        [Part::Header(at), Part::Literal(text)] if *at == header => Some(text.clone()),
        _ => None,
    })
}

/// Whether the end of one part may be the start of the next. A method ends where a slash or a scheme begins. A timestamp inside
/// the window has a fixed length; but what comes before it could take it in, where another time follows behind.
fn may_run_together(left: &Part, right: &Part) -> bool {
    let is_fixed = |part: &Part| matches!(part, Part::Literal(_) | Part::Endpoint | Part::Origin);
    let is_open = !is_fixed(left) && *left != Part::Timestamp && !is_fixed(right);
    let begins_itself = matches!(right, Part::Path | Part::Target | Part::Origin | Part::Made(_));
    is_open && !(*left == Part::Method && (begins_itself || *right == Part::Timestamp))
}
