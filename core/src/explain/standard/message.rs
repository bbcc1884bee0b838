//! Why a message signature (RFC 9421) does not hold.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::keys::{self, PUBLIC_KEY_WORK, from_der, hmac_tag, secrets_of_others};
use super::listed::{self, Component, Input};
use super::{Asked, Looked, places, text};
use crate::bound_key::KeyAlgorithm;
use crate::config::{Bound, Window};
use crate::explain::body::Bodies;
use crate::explain::budget::{Budget, MAX_BODY_BYTES};
use crate::explain::causes::Cause;
use crate::explain::key;
use crate::explain::obvious;
use crate::explain::percent::{ENCODERS, replaced};
use crate::explain::recipe::{Values, fingerprint};
use crate::explain::stage::StageName;
use crate::explain::target::{self, shown};
use crate::explain::time;
use crate::explain::variant::Change;
use crate::refusal::{Detail, Refusal};
use crate::rfc9421::Fault;
use crate::scheme::Standard;
use crate::template::parameters;

/// The most header bytes that are read of the two fields.
const MAX_FIELD_BYTES: usize = 32 * 1024;

pub(super) fn is_there(asked: &Asked<'_>) -> bool {
    let is = |name: &[u8], known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    asked.fields.iter().any(|(name, _)| is(name, "signature") || is(name, "signature-input"))
}

/// The lines of a field, joined.
fn field(asked: &Asked<'_>, name: &str) -> Option<Vec<u8>> {
    let values = asked.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
    let values: Vec<&[u8]> = values.map(|(_, value)| value.trim_ascii()).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

fn text_of(asked: &Asked<'_>, name: &str) -> Option<String> {
    field(asked, name).filter(|value| value.len() <= MAX_FIELD_BYTES).and_then(|value| String::from_utf8(value).ok())
}

/// What components stand for in a request.
#[derive(Clone)]
struct Draft {
    method: Vec<u8>,
    path: Vec<u8>,
    query: Option<Vec<u8>>,
    authority: String,
    scheme: String,
    /// Values that take the places of others, by the position of the component.
    set: Vec<(usize, Vec<u8>)>,
    parameters: String,
}

impl Draft {
    fn new(asked: &Asked<'_>, input: &Input) -> Self {
        let scheme = asked.config.standards.messages.url_scheme().to_owned();
        let (path, query) = match asked.target.iter().position(|&byte| byte == b'?') {
            Some(at) => (&asked.target[..at], Some(asked.target[at + 1..].to_vec())),
            None => (asked.target, None),
        };
        Self {
            method: asked.method.to_vec(),
            path: path.to_vec(),
            query,
            authority: without_usual_port(&places::here(asked).to_ascii_lowercase(), &scheme),
            scheme,
            set: Vec::new(),
            parameters: input.written(),
        }
    }

    fn target(&self) -> Vec<u8> {
        match &self.query {
            Some(query) => [&self.path[..], b"?", query].concat(),
            None => self.path.clone(),
        }
    }

    fn value(&self, asked: &Asked<'_>, at: usize, component: &Component) -> Vec<u8> {
        if let Some((_, value)) = self.set.iter().find(|(known, _)| *known == at) {
            return value.clone();
        }
        match &*component.name {
            "@method" => self.method.clone(),
            "@path" => self.path.clone(),
            "@query" => [b"?", self.query.as_deref().unwrap_or_default()].concat(),
            "@authority" => self.authority.clone().into_bytes(),
            "@scheme" => self.scheme.clone().into_bytes(),
            "@request-target" => self.target(),
            "@target-uri" => [self.scheme.as_bytes(), b"://", self.authority.as_bytes(), &self.target()].concat(),
            "@query-param" => {
                let wanted = component.parameter("name").unwrap_or_default();
                let query = self.query.as_deref().unwrap_or_default();
                let raw = parameter(query, wanted).unwrap_or_default();
                parameters_encoder().encode(&parameters::decode(raw))
            }
            name => field_value(asked, name, component),
        }
    }

    fn base(&self, asked: &Asked<'_>, input: &Input) -> Vec<u8> {
        let mut base = Vec::new();
        for (at, component) in input.components.iter().enumerate() {
            let value = self.value(asked, at, component);
            base.extend_from_slice(&[component.identifier.as_bytes(), b": ", &value, b"\n"].concat());
        }
        base.extend_from_slice(&[&b"\"@signature-params\": "[..], self.parameters.as_bytes()].concat());
        base
    }
}

/// What RFC 9421 has parameters written with.
fn parameters_encoder() -> crate::explain::percent::Encoder {
    crate::explain::percent::Encoder { leaves: b"*-._", plus: false }
}

fn parameter<'q>(query: &'q [u8], wanted: &str) -> Option<&'q [u8]> {
    let encoder = parameters_encoder();
    let mut pairs = parameters::pairs(query);
    pairs.find(|(name, _)| encoder.encode(&parameters::decode(name)) == wanted.as_bytes()).map(|(_, value)| value)
}

fn field_value(asked: &Asked<'_>, name: &str, component: &Component) -> Vec<u8> {
    let whole = field(asked, name).unwrap_or_default();
    let has = |name: &str| component.parameters.iter().any(|(known, _)| known == name);
    if let Some(key) = component.parameter("key") {
        let text = String::from_utf8_lossy(&whole).into_owned();
        let member = listed::members(&text).into_iter().find(|(known, _)| *known == key);
        return member.map(|(_, value)| value.as_bytes().to_vec()).unwrap_or_default();
    }
    if has("bs") {
        let values = asked.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        let written = values.map(|(_, value)| format!(":{}:", STANDARD.encode(value.trim_ascii())));
        return written.collect::<Vec<_>>().join(", ").into_bytes();
    }
    whole
}

fn without_usual_port(authority: &str, scheme: &str) -> String {
    let usual = if scheme == "http" { ":80" } else { ":443" };
    authority.strip_suffix(usual).unwrap_or(authority).to_owned()
}

type Causes = Vec<Cause>;

pub(super) fn look(asked: &Asked<'_>, budget: &mut Budget) -> Option<Looked> {
    let mut looked = Looked::new(Standard::Rfc9421);
    let policy = &asked.config.standards.messages;
    let inputs = listed::inputs(&text_of(asked, "signature-input").unwrap_or_default());
    let written = text_of(asked, "signature").unwrap_or_default();
    let members = listed::members(&written);
    let is_chosen = |input: &&Input| {
        policy.tag().is_none_or(|tag| input.parameter("tag") == Some(tag))
            && policy.asked_label().is_none_or(|label| label == input.label)
    };
    let is_known = |input: &&Input| {
        input.parameter("keyid").is_some_and(|id| asked.config.find_bound_key(id.as_bytes()).is_some())
    };
    let chosen = inputs.iter().filter(is_chosen).find(is_known).or(inputs.iter().find(is_chosen)).or(inputs.first());

    let found: Vec<Value> = inputs.iter().map(|input| text(input.label.as_bytes())).collect();
    let read: Vec<&str> =
        ["Signature-Input", "Signature"].into_iter().filter(|name| field(asked, name).is_some()).collect();
    looked.tell(StageName::Credential, "found", json!(["rfc9421"]));
    looked.tell(StageName::Credential, "read", read);
    looked.tell(StageName::Credential, "labels", found);
    let Some(input) = chosen else {
        for cause in asked.refusal.map_or_else(Vec::new, |refusal| seen(asked, refusal, None, &members)) {
            looked.name(cause, false);
        }
        return Some(looked);
    };
    let keyid = input.parameter("keyid").unwrap_or_default();
    let place = asked.config.find_bound_key(keyid.as_bytes());
    let known = place.map(|(service, at)| &asked.config.services[service].bound_keys[at]);
    looked.service = place.map(|(service, _)| service);
    let own = members.iter().find(|(label, _)| *label == input.label).or(members.first());
    let mut signatures = own.map_or_else(Vec::new, |(_, written)| listed::signatures(written));
    let ecdsa = [KeyAlgorithm::EcdsaP256Sha256, KeyAlgorithm::EcdsaP384Sha384];
    let from_der = |(bytes, _): &(Vec<u8>, _)| ecdsa.iter().find_map(|algorithm| from_der(bytes, *algorithm));
    let others: Vec<Vec<u8>> = signatures.iter().filter_map(from_der).collect();
    signatures.extend(others.into_iter().map(|bytes| (bytes, Some("signature-der"))));
    let draft = Draft::new(asked, input);
    tell(&mut looked, asked, input, &draft, known, &signatures);
    let Some(refusal) = asked.refusal else { return Some(looked) };

    let is_own_label = own.is_some_and(|(label, _)| *label == input.label);
    let mut search = Search { asked, input, draft, known, place, signatures, budget };
    let mut found = None;
    let mut is_right = false;
    match refusal.facts() {
        Detail::StandardSignature | Detail::UnknownKeyId(_) => found = search.run(),
        Detail::MessageSignature(Fault::SignatureForm | Fault::SignatureText) => found = search.as_it_stands(),
        Detail::MessageSignature(Fault::Digest) => found = search.digested_body(),
        Detail::MessageSignature(Fault::AbsentSignature) if !is_own_label => is_right = search.as_it_stands().is_some(),
        Detail::MessageSignature(Fault::NoneChosen) => is_right = search.as_it_stands().is_some(),
        _ => {}
    }
    found.into_iter().flatten().for_each(|cause| looked.name(cause, true));
    for cause in seen(asked, refusal, Some(input), &members) {
        let is_proved = is_right || matches!(cause.id, "key-not-valid" | "body-changed");
        looked.name(cause, is_proved);
    }
    Some(looked)
}

fn tell(
    looked: &mut Looked,
    asked: &Asked<'_>,
    input: &Input,
    draft: &Draft,
    known: Option<&Bound>,
    signatures: &[(Vec<u8>, Option<&'static str>)],
) {
    let of = |name: &str| input.parameter(name).map_or(Value::Null, |value| text(value.as_bytes()));
    for name in ["keyid", "tag", "alg"] {
        looked.tell(StageName::Credential, name, of(name));
    }
    let covered: Vec<Value> = input.components.iter().map(|component| text(component.identifier.as_bytes())).collect();
    looked.tell(StageName::Coverage, "covered", covered);
    if let Some(created) = input.parameter("created").and_then(|created| created.parse().ok()) {
        let window = asked.config.window;
        looked.tell_window(asked.now, created, Window { past: window.past, future: window.future });
    }
    if let Some(expires) = input.parameter("expires").and_then(|expires| expires.parse::<u64>().ok()) {
        looked.tell(StageName::Window, "expires", expires);
    }
    let caller = looked.service.map(|at| &asked.config.services[at]);
    looked.tell(StageName::Keys, "service", caller.map_or(Value::Null, |service| (&*service.id).into()));
    let keys = caller.into_iter().flat_map(|service| &service.bound_keys);
    let keys: Vec<Value> =
        keys.map(|known| keys::told(&known.key, known.bound.algorithm().name(), asked.now)).collect();
    looked.tell(StageName::Keys, "keys", keys);
    let base = draft.base(asked, input);
    let part = |(at, component): (usize, &Component)| json!({"part": shown(component.identifier.as_bytes()), "bytes": draft.value(asked, at, component).len()});
    let parts: Vec<Value> = input.components.iter().enumerate().map(part).collect();
    looked.tell(StageName::Message, "scheme", "rfc9421");
    looked.tell(StageName::Message, "parts", parts);
    looked.tell(StageName::Message, "bytes", base.len());
    looked.tell(StageName::Message, "sha256", fingerprint(&base));
    looked.tell(StageName::Message, "body_sha256", fingerprint(asked.body));
    let received: Vec<String> = signatures.iter().take(1).map(|(bytes, _)| fingerprint(bytes)).collect();
    looked.tell(StageName::Signature, "received", received);
    if let Some(known) = known.filter(|known| known.bound.algorithm().is_symmetric()) {
        let right = Zeroizing::new(known.bound.sign(&base).unwrap_or_default());
        let expected = json!([{"key": &*known.key.id, "expected": fingerprint(&right)}]);
        looked.tell(StageName::Signature, "keys", expected);
        looked.hidden.push(Zeroizing::new(STANDARD.encode(&*right)));
        looked.hidden.push(Zeroizing::new(crate::mac::hex(&right)));
    }
}

struct Search<'s> {
    asked: &'s Asked<'s>,
    input: &'s Input,
    draft: Draft,
    known: Option<&'s Bound>,
    place: Option<(usize, usize)>,
    signatures: Vec<(Vec<u8>, Option<&'static str>)>,
    budget: &'s mut Budget,
}

impl Search<'_> {
    fn run(&mut self) -> Option<Causes> {
        self.as_it_stands()
            .or_else(|| self.other_keys())
            .or_else(|| self.other_secrets())
            .or_else(|| self.other_places())
            .or_else(|| self.other_targets())
            .or_else(|| self.other_parameters_of_the_query())
            .or_else(|| self.other_fields())
            .or_else(|| self.other_digests())
            .or_else(|| self.other_forms())
    }

    fn holds(&mut self, key: &Bound, base: &[u8]) -> Option<Causes> {
        let work = if key.bound.algorithm().is_symmetric() { 0 } else { PUBLIC_KEY_WORK };
        for (signature, fault) in &self.signatures {
            if !self.budget.take(base.len() + work) {
                return None;
            }
            if key.bound.verify(base, signature) {
                return Some(fault.iter().map(|id| Cause::new(id)).collect());
            }
        }
        None
    }

    fn holds_with_secret(&mut self, algorithm: KeyAlgorithm, secret: &[u8], base: &[u8]) -> Option<Causes> {
        if !self.budget.take(base.len()) {
            return None;
        }
        let right = hmac_tag(algorithm, secret, base)?;
        let (_, fault) = self.signatures.iter().find(|(bytes, _)| *bytes == *right)?;
        Some(fault.iter().map(|id| Cause::new(id)).collect())
    }

    fn own_holds(&mut self, base: &[u8]) -> Option<Causes> {
        self.known.and_then(|known| self.holds(known, base))
    }

    /// Tries a change, and says what it stands for.
    fn with(&mut self, cause: &Cause, change: impl FnOnce(&mut Draft)) -> Option<Causes> {
        let mut draft = self.draft.clone();
        change(&mut draft);
        let mut causes = self.own_holds(&draft.base(self.asked, self.input))?;
        causes.insert(0, cause.clone());
        Some(causes)
    }

    fn base(&self) -> Vec<u8> {
        self.draft.base(self.asked, self.input)
    }

    fn as_it_stands(&mut self) -> Option<Causes> {
        let base = self.base();
        self.own_holds(&base)
    }

    fn other_keys(&mut self) -> Option<Causes> {
        let (base, config) = (self.base(), self.asked.config);
        let mut tried = 0;
        for (at, service) in config.services.iter().enumerate() {
            for (key_at, known) in service.bound_keys.iter().enumerate() {
                if self.place == Some((at, key_at)) {
                    continue;
                }
                tried += 1;
                if tried > keys::MAX_OTHER_KEYS {
                    self.budget.cut("of the registry's other keys only the first 512 were tried");
                    return None;
                }
                if let Some(mut causes) = self.holds(known, &base) {
                    let is_own = self.place.is_none_or(|(service, _)| service == at);
                    let id = if is_own { "key-id-other" } else { "key-of-other-service" };
                    causes.insert(0, Cause::with(id, &format!("key \"{}\" of {}", known.key.id, service.id)));
                    return Some(causes);
                }
            }
        }
        None
    }

    fn other_secrets(&mut self) -> Option<Causes> {
        let base = self.base();
        if let Some(known) = self.known.filter(|known| known.bound.algorithm().is_symmetric()) {
            for (cause, bytes) in key::readings(&known.key.secret) {
                if let Some(mut causes) = self.holds_with_secret(known.bound.algorithm(), &bytes, &base) {
                    causes.insert(0, cause);
                    return Some(causes);
                }
            }
        }
        let own = self.place.map(|(service, _)| service);
        secrets_of_others(self.asked.config, own).into_iter().find_map(|(cause, secret)| {
            let mut causes = self.holds_with_secret(KeyAlgorithm::HmacSha256, secret, &base)?;
            causes.insert(0, cause);
            Some(causes)
        })
    }

    fn covers(&self, names: &[&str]) -> bool {
        self.input.components.iter().any(|component| names.contains(&&*component.name))
    }

    /// Other authorities, and the other scheme of URLs.
    fn other_places(&mut self) -> Option<Causes> {
        let here = self.draft.scheme.clone();
        let other = if here == "https" { "http" } else { "https" };
        let scheme_cause = Cause::with("url-scheme", &format!("{other}|{here}"));
        if self.covers(&["@scheme", "@target-uri"]) {
            let found = self.with(&scheme_cause, |draft| draft.scheme = other.to_owned());
            if found.is_some() {
                return found;
            }
        }
        if !self.covers(&["@authority", "@target-uri", "host"]) {
            return None;
        }
        let received = self.draft.authority.clone();
        let hosts: Vec<usize> =
            self.input.components.iter().enumerate().filter(|(_, it)| it.name == "host").map(|(at, _)| at).collect();
        for scheme in [&*here, other] {
            for authority in places::others(self.asked) {
                let detail = format!("{}|{}", shown(authority.as_bytes()), shown(received.as_bytes()));
                let cause = Cause::with("authority-other", &detail);
                let found = self.with(&cause, |draft| {
                    draft.scheme = scheme.to_owned();
                    draft.set.extend(hosts.iter().map(|at| (*at, authority.clone().into_bytes())));
                    draft.authority = authority;
                });
                if let Some(mut causes) = found {
                    if scheme != here && self.covers(&["@scheme", "@target-uri"]) {
                        causes.insert(1, scheme_cause);
                    }
                    return Some(causes);
                }
            }
        }
        None
    }

    /// Other methods, paths and queries.
    fn other_targets(&mut self) -> Option<Causes> {
        let draft = self.draft.clone();
        let values = Values {
            method: (&draft.method[..]).into(),
            path: (&draft.path[..]).into(),
            query: draft.query.as_deref().map(Into::into),
            authority: draft.authority.as_bytes().into(),
            ..Values::default()
        };
        let mut variants = Vec::new();
        if self.covers(&["@path", "@request-target", "@target-uri"]) {
            variants.extend(target::paths(&values, &target::prefixes(self.asked.config, "")));
        }
        if self.covers(&["@query", "@request-target", "@target-uri"]) {
            variants.extend(target::queries(&values));
        }
        if self.covers(&["@method"]) {
            variants.extend(target::methods(&values));
        }
        for variant in variants {
            let found = self.with(&variant.cause, |draft| match variant.change {
                Change::Path(path) => draft.path = path,
                Change::Query(query) => draft.query = query,
                Change::Method(method) => draft.method = method,
                _ => {}
            });
            if found.is_some() {
                return found;
            }
        }
        // A query that is signed without its question mark, or not at all where there is none.
        let at = self.input.components.iter().position(|component| component.name == "@query")?;
        let query = draft.query.clone().unwrap_or_default();
        self.with(&Cause::new("query-without-mark"), |draft| draft.set.push((at, query)))
    }

    fn other_parameters_of_the_query(&mut self) -> Option<Causes> {
        let query = self.draft.query.clone()?;
        for (at, component) in self.input.components.iter().enumerate().filter(|(_, it)| it.name == "@query-param") {
            let name = component.parameter("name").unwrap_or_default();
            let Some(raw) = parameter(&query, name) else { continue };
            let decoded = parameters::decode(raw);
            let cause = Cause::with("query-parameter-encoding", &shown(name.as_bytes()));
            let encoded = ENCODERS.iter().map(|encoder| encoder.encode(&decoded));
            for value in [raw.to_vec(), decoded.clone()].into_iter().chain(encoded) {
                let found = self.with(&cause, |draft| draft.set.push((at, value)));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn other_fields(&mut self) -> Option<Causes> {
        let length = self.asked.body.len().to_string();
        for (at, component) in self.input.components.iter().enumerate() {
            let name = &*component.name;
            if name.starts_with('@') || matches!(name, "content-digest" | "host") {
                continue;
            }
            let value = self.draft.value(self.asked, at, component);
            let fields = self.asked.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
            let raw: Vec<&[u8]> = fields.map(|(_, value)| *value).collect();
            let of = |how: &str| Cause::with("header-value", &format!("{name}|{how}"));
            let changed = |other: &str| Cause::with("header-changed", &format!("{name}|\"{other}\""));
            let mut variants: Vec<(Cause, Vec<u8>)> = vec![
                (of("with the white space around it"), raw.join(&b", "[..])),
                (of("in lower case"), value.to_ascii_lowercase()),
                (of("with a comma alone between its lines"), raw.join(&b',')),
                (of("without any white space"), value.iter().copied().filter(|byte| *byte != b' ').collect()),
                (of("empty"), Vec::new()),
            ];
            variants.extend(raw.iter().map(|line| (of("as one of its lines alone"), line.to_vec())));
            let usual: &[&str] = match name {
                "content-length" => &["0", &length],
                "accept-encoding" => &["identity", "gzip", "gzip, deflate", "gzip, deflate, br"],
                "accept" => &["*/*", "application/json"],
                "content-type" => &[
                    "application/json",
                    "application/json; charset=utf-8",
                    "application/json;charset=utf-8",
                    "application/json; charset=UTF-8",
                    "application/json;charset=UTF-8",
                ],
                _ => &[],
            };
            variants.extend(usual.iter().map(|other| (changed(other), other.as_bytes().to_vec())));
            for (cause, other) in variants.into_iter().filter(|(_, other)| *other != value) {
                let found = self.with(&cause, |draft| draft.set.push((at, other)));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// The digest was computed anew by something that changed the body.
    fn other_digests(&mut self) -> Option<Causes> {
        let at = self.input.components.iter().position(|component| component.name == "content-digest")?;
        let written = |body: &[u8]| {
            [
                format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body))),
                format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(body))),
            ]
        };
        let received = self.asked.body;
        for value in written(received) {
            let found =
                self.with(&Cause::new("content-digest-other"), |draft| draft.set.push((at, value.into_bytes())));
            if found.is_some() {
                return found;
            }
        }
        self.bodies(|search, body| {
            written(body).into_iter().find_map(|value| {
                let mut draft = search.draft.clone();
                draft.set.push((at, value.into_bytes()));
                search.own_holds(&draft.base(search.asked, search.input))
            })
        })
    }

    /// The signature is right, and the body is not the one of the digest.
    fn digested_body(&mut self) -> Option<Causes> {
        let digests = text_of(self.asked, "content-digest")?;
        self.bodies(|_, body| {
            let is_256 = digests.contains(&STANDARD.encode(Sha256::digest(body)));
            (is_256 || digests.contains(&STANDARD.encode(Sha512::digest(body)))).then(Vec::new)
        })
    }

    fn bodies(&mut self, mut holds: impl FnMut(&mut Self, &[u8]) -> Option<Causes>) -> Option<Causes> {
        if self.asked.body.len() > MAX_BODY_BYTES {
            self.budget.cut("the body is longer than 1 MiB; other ways of writing it were not tried");
            return None;
        }
        let bodies = Bodies::new(self.asked.body);
        for at in 0..bodies.len() {
            let Some((mut causes, body)) = bodies.get(at) else { continue };
            // Two digests of it are work as well.
            if !self.budget.take(2 * body.len()) {
                return None;
            }
            if let Some(found) = holds(self, &body) {
                causes.extend(found);
                return Some(causes);
            }
        }
        None
    }

    /// The base was put together otherwise.
    fn other_forms(&mut self) -> Option<Causes> {
        let base = self.base();
        let parameters = self.draft.parameters.clone();
        let label = &self.input.label;
        let before = &base[..base.len() - parameters.len()];
        let lines = before.len() - b"\"@signature-params\": ".len();
        let with_parameters = |written: &str| [before, written.as_bytes()].concat();
        let only_time = |written: &str| written.split(";nonce=").next().unwrap_or_default().to_owned();
        let bare: Vec<u8> = {
            let text = String::from_utf8_lossy(&base).into_owned();
            let unquoted = text.lines().map(|line| match line.split_once(": ") {
                Some((name, value)) => format!("{}: {value}", name.replace('"', "")),
                None => line.to_owned(),
            });
            unquoted.collect::<Vec<_>>().join("\n").into_bytes()
        };
        let forms = [
            ("with line ends of two bytes", replaced(&base, b"\n", b"\r\n")),
            ("with a line end at its end", [&base[..], b"\n"].concat()),
            ("without a space behind the colons", replaced(&base, b"\": ", b"\":")),
            ("without quotes around the names", bare),
            ("without the line of @signature-params", base[..lines].to_vec()),
            ("without the line of @signature-params", base[..lines.saturating_sub(1)].to_vec()),
            ("with the label before the parameters", with_parameters(&format!("{label}={parameters}"))),
            ("with the parameters as they were sent", with_parameters(&self.input.raw)),
            ("without nonce and what follows it", with_parameters(&only_time(&parameters))),
            ("and hashed before it was signed", Sha256::digest(&base).to_vec()),
        ];
        forms.into_iter().find_map(|(how, form)| {
            let mut causes = self.own_holds(&form)?;
            causes.insert(0, Cause::with("signature-base", how));
            Some(causes)
        })
    }
}

/// What follows from the verdict and the look of the request.
fn seen(asked: &Asked<'_>, refusal: &Refusal, input: Option<&Input>, members: &[(&str, &str)]) -> Vec<Cause> {
    let config = asked.config;
    let created = input.and_then(|input| input.parameter("created")).unwrap_or_default();
    vec![match refusal.facts() {
        Detail::MessageSignature(Fault::Digest) => {
            let mut causes = obvious::of_body(asked.fields, asked.body);
            causes.push(Cause::new("body-changed"));
            return causes;
        }
        Detail::MessageSignature(fault) => return of_fault(asked, fault, input, members).into_iter().collect(),
        Detail::UnknownKeyId(_) => Cause::new("key-id-unknown"),
        Detail::OtherAlgorithm => {
            let keyid = input.and_then(|input| input.parameter("keyid")).unwrap_or_default();
            let place = config.find_bound_key(keyid.as_bytes());
            let known = place
                .map_or("another", |(service, at)| config.services[service].bound_keys[at].bound.algorithm().name());
            let named = input.and_then(|input| input.parameter("alg")).unwrap_or_default();
            Cause::with("algorithm-of-key", &format!("{}|{known}", shown(named.as_bytes())))
        }
        Detail::BoundKey { at, now } => {
            let service = refusal.service().and_then(|id| config.find(id.as_bytes()));
            let known = service.and_then(|service| config.services[service].bound_keys.get(at));
            let why = known.map(|known| format!("key \"{}\" is {}", known.key.id, key::state(&known.key, now)));
            Cause::with("key-not-valid", &why.unwrap_or_default())
        }
        Detail::SignatureExpired => Cause::new("signature-expired"),
        Detail::Window { age, window } => time::of_age(age, window, created.parse().unwrap_or(u64::MAX)),
        _ => return Vec::new(),
    }]
}

fn of_fault(asked: &Asked<'_>, fault: Fault, input: Option<&Input>, members: &[(&str, &str)]) -> Option<Cause> {
    let policy = &asked.config.standards.messages;
    let parameter = |name: &str| input.and_then(|input| input.parameter(name));
    let raw = |name: &str| {
        let parameters = input.map_or(&[][..], |input| &input.parameters);
        parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    };
    let has = |name: &str| field(asked, name).is_some();
    Some(match fault {
        Fault::AbsentInput => Cause::with("header-missing", "Signature-Input"),
        Fault::AbsentSignature if !has("signature") => Cause::with("header-missing", "Signature"),
        Fault::AbsentSignature => {
            let labels: Vec<String> = members.iter().map(|(label, _)| shown(label.as_bytes())).collect();
            let own = input.map(|input| shown(input.label.as_bytes())).unwrap_or_default();
            Cause::with("label-mismatch", &format!("{own}|{}", labels.join(", ")))
        }
        Fault::InputForm | Fault::NotAList | Fault::ParameterText => Cause::with("structured-field", "Signature-Input"),
        Fault::SignatureForm | Fault::SignatureText => Cause::with("structured-field", "Signature"),
        Fault::RepeatedLabel | Fault::RepeatedHost => Cause::new("header-repeated"),
        Fault::NoneChosen => {
            let own = parameter("tag").map_or_else(|| "none".to_owned(), |tag| shown(tag.as_bytes()));
            match policy.tag() {
                Some(tag) if own != tag => Cause::with("tag-other", &format!("{own}|{tag}")),
                _ => Cause::with("label-other", policy.asked_label().unwrap_or_default()),
            }
        }
        Fault::ParameterType | Fault::Time => {
            let wrong = ["created", "expires"]
                .into_iter()
                .map(raw)
                .find(|value| value.len() > 12 || !value.bytes().all(|byte| byte.is_ascii_digit()));
            match wrong.filter(|value| !value.is_empty()) {
                Some(value) => time::of_form(value.trim_matches('"').trim_start_matches('@').as_bytes()),
                None => Cause::with("structured-field", "Signature-Input"),
            }
        }
        Fault::AbsentCreated => Cause::with("parameter-missing", "created"),
        Fault::AbsentKeyId => Cause::with("parameter-missing", "keyid"),
        Fault::AbsentNonce => Cause::with("parameter-missing", "nonce"),
        Fault::Nonce => Cause::new("request-id-form"),
        Fault::NothingCovered | Fault::TooLittleCovered => {
            let covered = |wanted: &str| {
                let components = input.map_or(&[][..], |input| &input.components);
                components.iter().any(|component| component.identifier == wanted)
            };
            let has_body = !asked.body.is_empty();
            let missing: Vec<&str> = policy.identifiers(has_body).filter(|wanted| !covered(wanted)).collect();
            Cause::with("component-not-covered", &missing.join(", "))
        }
        Fault::BodyNotCovered => Cause::with("component-not-covered", "\"content-digest\""),
        Fault::AbsentField | Fault::AbsentMember | Fault::AbsentQueryParameter => {
            let components = input.map_or(&[][..], |input| &input.components);
            let absent = components.iter().filter(|component| match &*component.name {
                "@query-param" => fault == Fault::AbsentQueryParameter,
                name => !name.starts_with('@') && (fault == Fault::AbsentMember || !has(name)),
            });
            let names: Vec<String> = absent.take(8).map(|component| shown(component.identifier.as_bytes())).collect();
            Cause::with("header-removed", &names.join(", "))
        }
        Fault::AbsentAuthority => Cause::with("header-missing", "Host"),
        Fault::TwoAuthorities => Cause::new("authorities-two"),
        Fault::DigestForm | Fault::UnknownDigests => Cause::new("content-digest-form"),
        Fault::ComponentName
        | Fault::ComponentParameter
        | Fault::ComponentCombination
        | Fault::RepeatedComponent
        | Fault::RepeatedParameter
        | Fault::Trailer
        | Fault::RequestComponent
        | Fault::StatusOfRequest
        | Fault::DerivedOfResponse
        | Fault::FieldForm
        | Fault::FieldType
        | Fault::SetCookie
        | Fault::FieldBytes => Cause::with("component-wrong", fault.sentence()),
        _ => return None,
    })
}
