//! Tries the usual causes of a wrong signature one by one, and stops at the first with which it is right.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::body::Bodies;
use super::budget::{Budget, MAX_BODY_BYTES};
use super::causes::Cause;
use super::key::{self, Material};
use super::recipe::{self, Piece, Values, put};
use super::sought::{Sought, exact, headers_of};
use super::target;
use super::time;
use super::variant::{Change, Variant};
use crate::config::{Compiled, Key};
use crate::scheme::{BuiltIn, Scheme, catalogue};
use crate::template::{Algorithm, KeyInUse, Running, TimestampPlace};

/// The most entries of the registry whose keys are tried for others.
const MAX_OTHER_KEYS: usize = 512;
/// The most keys that are tried with every cause.
const MAX_OWN_KEYS: usize = 8;
/// How many bodies and paths are tried together.
const COMBINED: usize = 24;
/// The longest body for which many spellings of a time are tried.
const SHORT_BODY: usize = 4096;

/// What the search has to look for.
pub(super) struct Search<'s, 'a> {
    pub(super) config: &'s Compiled,
    pub(super) sought: &'s Sought<'a>,
    pub(super) now: u64,
    /// Whether the verifier looked for another scheme.
    pub(super) is_foreign: bool,
    pub(super) budget: &'s mut Budget,
    /// The keys of the claimed caller.
    own: Vec<&'s Key>,
}

type Causes = Vec<Cause>;

impl<'s, 'a> Search<'s, 'a> {
    pub(super) fn new(
        config: &'s Compiled,
        sought: &'s Sought<'a>,
        now: u64,
        is_foreign: bool,
        budget: &'s mut Budget,
    ) -> Self {
        let service = sought.service.or_else(|| sought.claimed.as_deref().and_then(|id| nearly(config, id)));
        let own = service.map_or_else(Vec::new, |at| config.services[at].keys.iter().take(MAX_OWN_KEYS).collect());
        Self { config, sought, now, is_foreign, budget, own }
    }

    /// The causes with which the signature is right: none where it is right as it stands. Nothing where none was found.
    pub(super) fn run(&mut self) -> Option<Causes> {
        if self.sought.readings.is_empty() {
            return None;
        }
        if let Some(causes) = self.as_it_stands() {
            return Some(causes);
        }
        if self.sought.algorithm == Algorithm::Token {
            return self.other_keys().or_else(|| self.other_readings_of_keys());
        }
        self.other_keys()
            .or_else(|| self.other_readings_of_keys())
            .or_else(|| self.other_bodies())
            .or_else(|| self.other_heads())
            .or_else(|| self.other_names())
            .or_else(|| self.other_schemes())
            .or_else(|| self.other_messages())
            .or_else(|| self.other_algorithms())
            .or_else(|| self.two_causes())
            .or_else(|| self.other_milliseconds())
    }

    /// What is unusual about the spelling of the signature, where it is that of this message with this key.
    fn holds(&mut self, key: KeyInUse<'_>, pieces: &[Piece], values: &Values<'_>) -> Option<Causes> {
        let length: usize = pieces.iter().map(|piece| piece.bytes(values).len()).sum();
        if !self.budget.take(length) {
            return None;
        }
        let mut running = Running::start(key);
        put(pieces, values, &mut running);
        let proof = running.finish();
        let held = self.sought.readings.iter().find(|reading| proof.holds(key.1, &reading.bytes))?;
        Some(held.faults.iter().map(|id| Cause::new(id)).collect())
    }

    /// The same with each key of the caller.
    fn own_holds(&mut self, pieces: &[Piece], values: &Values<'_>) -> Option<Causes> {
        for key in self.own.clone() {
            if let Some(mut causes) = self.holds((&key.mac, key.proof.as_deref()), pieces, values) {
                if !key.is_valid(self.now) {
                    causes.push(Cause::with("key-other-own", &format!("key \"{}\"", key.id)));
                }
                return Some(causes);
            }
        }
        None
    }

    fn values(&self) -> Values<'a> {
        self.sought.values.clone()
    }

    fn as_it_stands(&mut self) -> Option<Causes> {
        let (pieces, values) = (self.sought.pieces.clone(), self.values());
        self.own_holds(&pieces, &values)
    }

    fn other_keys(&mut self) -> Option<Causes> {
        let (pieces, values) = (self.sought.pieces.clone(), self.values());
        let algorithm = self.sought.algorithm;
        let config = self.config;
        let mut tried = 0;
        for (at, service) in config.services.iter().enumerate() {
            let is_own = self.sought.service == Some(at);
            for key in service.keys.iter().filter(|_| !is_own) {
                tried += 1;
                if tried > MAX_OTHER_KEYS {
                    self.budget.cut("of the registry's other keys only the first 512 were tried");
                    return None;
                }
                let made = Material::new(algorithm, &key.secret);
                let is_alike = (algorithm == Algorithm::HmacSha256) == key.proof.is_none();
                let as_configured = is_alike.then_some((&key.mac, key.proof.as_deref()));
                for key_in_use in as_configured.into_iter().chain(made.as_ref().map(Material::in_use)) {
                    if let Some(mut causes) = self.holds(key_in_use, &pieces, &values) {
                        let id =
                            if at < config.known_services { "key-of-other-service" } else { "key-of-other-webhook" };
                        causes.insert(0, Cause::with(id, &format!("key \"{}\" of {}", key.id, service.id)));
                        return Some(causes);
                    }
                }
            }
            for key in &service.api_keys {
                let Some(made) = Material::new(algorithm, &key.key.secret) else { continue };
                if let Some(mut causes) = self.holds(made.in_use(), &pieces, &values) {
                    let whose = format!("API key \"{}\" of {}", key.key.id, service.id);
                    causes.insert(0, Cause::with("key-is-api-key", &whose));
                    return Some(causes);
                }
            }
        }
        None
    }

    fn other_readings_of_keys(&mut self) -> Option<Causes> {
        let (pieces, values) = (self.sought.pieces.clone(), self.values());
        if self.sought.algorithm.is_asymmetric() {
            return None;
        }
        for key in self.own.clone() {
            for (cause, bytes) in key::readings(&key.secret) {
                let Some(made) = Material::new(self.sought.algorithm, &bytes) else { continue };
                if let Some(mut causes) = self.holds(made.in_use(), &pieces, &values) {
                    causes.insert(0, cause);
                    return Some(causes);
                }
            }
        }
        None
    }

    fn signs_body(&self) -> bool {
        self.sought.pieces.iter().any(Piece::is_of_body)
    }

    fn other_bodies(&mut self) -> Option<Causes> {
        if !self.signs_body() {
            return None;
        }
        let received = self.values().body;
        if received.len() > MAX_BODY_BYTES {
            self.budget.cut("the body is longer than 1 MiB; other ways of writing it were not tried");
            return None;
        }
        let bodies = Bodies::new(&received);
        let pieces = self.sought.pieces.clone();
        for at in 0..bodies.len() {
            if self.budget.is_over() {
                return None;
            }
            let Some((mut causes, body)) = bodies.get(at) else { continue };
            let values = Values { body, ..self.values() };
            if let Some(found) = self.own_holds(&pieces, &values) {
                causes.extend(found);
                return Some(causes);
            }
        }
        None
    }

    /// Tries changes of the request, each alone.
    fn any_of(&mut self, variants: &[Variant]) -> Option<Causes> {
        let (pieces, received) = (self.sought.pieces.clone(), self.values());
        for variant in variants {
            let Some(values) = variant.apply(&received) else { continue };
            if let Some(mut causes) = self.own_holds(&pieces, &values) {
                causes.insert(0, variant.cause.clone());
                return Some(causes);
            }
        }
        None
    }

    fn signs(&self, wanted: &[Piece]) -> bool {
        self.sought.pieces.iter().any(|piece| wanted.contains(piece))
    }

    fn other_heads(&mut self) -> Option<Causes> {
        let values = self.values();
        let mut variants = Vec::new();
        let signs_path = self.signs(&[Piece::Path, Piece::Target, Piece::UnescapedTarget]);
        if signs_path {
            variants.extend(target::paths(&values, &self.prefixes()));
        }
        if signs_path || self.signs(&[Piece::Query]) {
            variants.extend(target::queries(&values));
        }
        if self.signs(&[Piece::Method]) {
            variants.extend(target::methods(&values));
        }
        if self.signs(&[Piece::Origin]) {
            variants.extend(self.origins());
        }
        if self.signs(&[Piece::Timestamp]) {
            variants.extend(time::variants(&values.timestamp, false));
        }
        self.any_of(&variants)
    }

    fn origins(&self) -> Vec<Variant> {
        let values = &self.sought.values;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (origin, authority) = (text(&values.origin), text(&values.authority));
        let mut origins = vec![String::new()];
        for host in [authority.as_str(), origin.split("://").nth(1).unwrap_or_default()] {
            let bare = host.split(':').next().unwrap_or_default();
            for name in [host, bare] {
                origins.extend([format!("https://{name}"), format!("http://{name}"), format!("https://{name}:443")]);
            }
        }
        let change = |origin: String| Variant::new(Cause::new("url-signed"), Change::Origin(origin.into_bytes()));
        origins.into_iter().map(change).collect()
    }

    fn prefixes(&self) -> Vec<String> {
        target::prefixes(self.config, &String::from_utf8_lossy(&self.sought.values.endpoint))
    }

    fn other_names(&mut self) -> Option<Causes> {
        let values = self.values();
        let mut variants = Vec::new();
        let ids: Vec<&str> =
            self.config.services[..self.config.known_services].iter().map(|service| &*service.id).take(256).collect();
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for (piece, id, own) in [
            (Piece::Caller, "caller-in-message", lossy(&values.caller)),
            (Piece::TargetService, "target-in-message", lossy(&values.target_service)),
        ] {
            if !self.signs(&[piece]) {
                continue;
            }
            let make = |text: &str| match id {
                "caller-in-message" => Change::Caller(text.into()),
                _ => Change::TargetService(text.into()),
            };
            let spellings = [
                own.trim().to_owned(),
                own.to_lowercase(),
                own.to_uppercase(),
                capitalised(&own, ""),
                capitalised(&own, "-"),
                own.replace('_', "-"),
                own.replace('-', "_"),
            ];
            let spellings = spellings.iter().map(|text| ("another spelling", text.as_str()));
            let others = [("nothing", ""), ("\"undefined\"", "undefined"), ("\"None\"", "None")];
            let ids = ids.iter().map(|id| (*id, *id));
            for (shown, text) in ids.chain(spellings).chain(others) {
                variants.push(Variant::new(Cause::with(id, shown), make(text)));
            }
        }
        if self.signs(&[Piece::Nonce]) {
            let own = lossy(&values.nonce);
            for nonce in [own.to_lowercase(), own.to_uppercase(), own.replace('-', ""), own.trim().to_owned()] {
                variants.push(Variant::new(Cause::new("request-id-in-message"), Change::Nonce(nonce.into_bytes())));
            }
        }
        self.any_of(&variants)
    }

    fn other_schemes(&mut self) -> Option<Causes> {
        for (scheme, pieces) in self.other_built_ins() {
            let values = self.values();
            if let Some(mut causes) = self.own_holds(&pieces, &values) {
                causes.retain(|cause| !cause.id.starts_with("signature-prefix"));
                causes.insert(0, self.cause_of_scheme(scheme));
                return Some(causes);
            }
        }
        for document in catalogue::ids() {
            let Some(template) = catalogue::find(document) else { continue };
            if template.algorithm.is_asymmetric() || template.algorithm == Algorithm::Token {
                continue;
            }
            let pieces = recipe::of_template(&template);
            let mut values = self.values();
            values.headers = headers_of(&template, &self.sought.fields);
            if let Some(at) = template.nonce.or(template.message_id)
                && !values.headers[at].is_empty()
            {
                values.nonce = values.headers[at].clone();
            }
            if let Some(TimestampPlace::Header(at)) = template.timestamp.as_ref().map(|form| &form.place)
                && !values.headers[*at].is_empty()
            {
                values.timestamp = values.headers[*at].clone();
            }
            for key in self.own.clone() {
                let Some(made) = Material::new(template.algorithm, &key.secret) else { continue };
                if let Some(mut causes) = self.holds(made.in_use(), &pieces, &values) {
                    let names: Vec<String> =
                        pieces.iter().filter(|piece| !piece.is_literal()).map(Piece::name).collect();
                    let detail = format!("{} ({})", template.id, names.join(" + "));
                    let id = if self.is_foreign { "scheme-not-accepted" } else { "other-scheme" };
                    causes.insert(0, Cause::with(id, &detail));
                    return Some(causes);
                }
            }
        }
        None
    }

    fn other_built_ins(&self) -> Vec<(BuiltIn, Vec<Piece>)> {
        let others = BuiltIn::ALL.into_iter().filter(|scheme| self.sought.scheme != Scheme::BuiltIn(*scheme));
        others.map(|scheme| (scheme, recipe::of_built_in(scheme))).collect()
    }

    fn cause_of_scheme(&self, scheme: BuiltIn) -> Cause {
        let is_accepted = !self.is_foreign;
        let is_bare_v2 =
            scheme == BuiltIn::ServiceHmacV2 && self.sought.scheme != Scheme::BuiltIn(scheme) && is_accepted;
        match is_bare_v2 {
            true => Cause::new("signature-prefix"),
            false => Cause::with(if is_accepted { "other-scheme" } else { "scheme-not-accepted" }, scheme.id()),
        }
    }

    fn other_messages(&mut self) -> Option<Causes> {
        let values = self.values();
        for (cause, pieces) in messages(&self.sought.pieces) {
            if let Some(mut causes) = self.own_holds(&pieces, &values) {
                causes.insert(0, cause);
                return Some(causes);
            }
        }
        None
    }

    fn other_algorithms(&mut self) -> Option<Causes> {
        let (pieces, values) = (self.sought.pieces.clone(), self.values());
        let others = [
            (Algorithm::HmacSha512, "HMAC-SHA512"),
            (Algorithm::HmacSha1, "HMAC-SHA1"),
            (Algorithm::HmacSha256, "HMAC-SHA256"),
            (Algorithm::Sha256Prefix, "plain SHA-256 over secret and message"),
        ];
        for key in self.own.clone() {
            for (algorithm, name) in others.iter().filter(|(algorithm, _)| *algorithm != self.sought.algorithm) {
                let Some(made) = Material::new(*algorithm, &key.secret) else { continue };
                if let Some(mut causes) = self.holds(made.in_use(), &pieces, &values) {
                    causes.insert(0, Cause::with("algorithm", name));
                    return Some(causes);
                }
            }
            let mut message = Vec::new();
            put(&pieces, &values, &mut message);
            for (ends, name) in [
                (vec![&key.secret[..]], "plain SHA-256 over message and secret"),
                (vec![], "plain SHA-256 over the message, without any key"),
            ] {
                let digest =
                    ends.into_iter().fold(Sha256::new().chain_update(&message), |digest, end| digest.chain_update(end));
                let digest = digest.finalize();
                if self.budget.take(message.len())
                    && self.sought.readings.iter().any(|reading| *reading.bytes == *digest)
                {
                    return Some(vec![Cause::with("algorithm", name)]);
                }
            }
        }
        None
    }

    /// A body and a path, a body and a scheme, a path and a query: where two causes meet, they are mostly these.
    fn two_causes(&mut self) -> Option<Causes> {
        let received = self.values();
        if received.body.len() > MAX_BODY_BYTES || self.budget.is_over() {
            return None;
        }
        let pieces = self.sought.pieces.clone();
        let mut heads = Vec::new();
        if self.signs(&[Piece::Path, Piece::Target]) {
            heads.extend(target::paths(&received, &self.prefixes()).into_iter().take(COMBINED));
        }
        let without_query = Variant::new(Cause::new("query-left-out"), Change::Query(None));
        if received.query.is_some()
            && self.signs(&[Piece::Query, Piece::Target])
            && let Some(plain) = without_query.apply(&received)
        {
            for variant in &heads {
                let Some(values) = variant.apply(&plain) else { continue };
                if let Some(mut causes) = self.own_holds(&pieces, &values) {
                    causes.splice(0..0, [variant.cause.clone(), Cause::new("query-left-out")]);
                    return Some(causes);
                }
            }
        }
        if received.query.is_some() {
            heads.push(without_query);
        }
        let bodies = Bodies::new(&received.body);
        let other_schemes = self.other_built_ins();
        for at in 0..bodies.len() {
            if self.budget.is_over() {
                return None;
            }
            let Some((body_causes, body)) = bodies.get(at) else { continue };
            let with_body = Values { body: Cow::Borrowed(&body), ..received.clone() };
            for (scheme, other) in &other_schemes {
                if let Some(causes) = self.own_holds(other, &with_body) {
                    return Some([body_causes, vec![self.cause_of_scheme(*scheme)], causes].concat());
                }
            }
            if at >= COMBINED || !self.signs_body() {
                continue;
            }
            for variant in &heads {
                let Some(values) = variant.apply(&with_body) else { continue };
                if let Some(causes) = self.own_holds(&pieces, &values) {
                    return Some([body_causes, vec![variant.cause.clone()], causes].concat());
                }
            }
        }
        None
    }

    fn other_milliseconds(&mut self) -> Option<Causes> {
        let values = self.values();
        let has_room = values.body.len() <= SHORT_BODY && self.own.len() <= 2;
        let is_worth_it = has_room && self.signs(&[Piece::Timestamp]);
        is_worth_it.then(|| self.any_of(&time::variants(&values.timestamp, true)))?
    }
}

/// Other messages from the same parts, each with its cause.
fn messages(pieces: &[Piece]) -> Vec<(Cause, Vec<Piece>)> {
    let mut messages = Vec::new();
    let mut add = |cause: Cause, other: Vec<Piece>| {
        if other != pieces {
            messages.push((cause, other));
        }
    };
    // A piece that holds what is no separator is a part, too.
    let is_part = |piece: &Piece| match piece {
        Piece::Literal(text) => text.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() > 2,
        _ => true,
    };
    for (from, to) in [(Piece::Body, Piece::BodyDigest), (Piece::BodyDigest, Piece::Body)] {
        let other = pieces.iter().map(|piece| if *piece == from { to.clone() } else { piece.clone() }).collect();
        add(Cause::new("body-hash"), other);
    }
    for end in ["\n", "\r\n"] {
        add(Cause::new("message-line-end"), [pieces, &[Piece::Literal(end.into())]].concat());
    }
    for at in (0..pieces.len()).filter(|&at| is_part(&pieces[at])) {
        let cause = match &pieces[at] {
            Piece::Timestamp => Cause::new("without-timestamp"),
            Piece::Path => Cause::new("path-left-out"),
            Piece::Query => Cause::new("query-left-out"),
            piece if piece.is_of_body() => Cause::new("without-body"),
            piece => Cause::with("without-part", piece.name().trim_matches('"')),
        };
        let without = |range: std::ops::Range<usize>| [&pieces[..range.start], &pieces[range.end..]].concat();
        let separated = |at: usize| pieces.get(at).is_some_and(|piece| !is_part(piece));
        if separated(at + 1) {
            add(cause.clone(), without(at..at + 2));
        }
        if at > 0 && separated(at - 1) {
            add(cause.clone(), without(at - 1..at + 1));
        }
        add(cause, without(at..at + 1));
    }
    for (separator, name) in [
        ("", "nothing between them"),
        (".", "\".\""),
        (":", "\":\""),
        ("|", "\"|\""),
        ("\n", "a line end"),
        ("\r\n", "a line end of two bytes"),
        ("\\n", "a backslash and an n"),
        (" ", "a space"),
        (",", "\",\""),
        ("&", "\"&\""),
        ("-", "\"-\""),
        ("+", "\"+\""),
        ("\t", "a tab"),
        ("\0", "a NUL"),
    ] {
        let literal = Piece::Literal(separator.into());
        let other = pieces.iter().map(|piece| if is_part(piece) { piece.clone() } else { literal.clone() }).collect();
        add(Cause::with("separator", name), other);
    }
    let places: Vec<usize> = (0..pieces.len()).filter(|&at| is_part(&pieces[at])).collect();
    for order in orders(places.len()) {
        let mut other = pieces.to_vec();
        for (place, from) in places.iter().zip(order) {
            other[*place] = pieces[places[from]].clone();
        }
        add(Cause::with("part-order", &names(&other, &is_part)), other);
    }
    use Piece::{Body, BodyDigest, Caller, Method, Path, Target, Timestamp};
    for parts in [
        vec![Timestamp, Body],
        vec![Body, Timestamp],
        vec![Path, Body],
        vec![Method, Path, Body],
        vec![Path, Timestamp, Body],
        vec![Timestamp, Path, Body],
        vec![Method, Path, Timestamp, Body],
        vec![Timestamp, Method, Path, Body],
        vec![Method, Target, Timestamp, Body],
        vec![Timestamp, Method, Target, Body],
        vec![Method, Path, Body, Timestamp],
        vec![Caller, Timestamp, Body],
        vec![Method, Path, Timestamp],
        vec![Method, Path, Timestamp, BodyDigest],
        vec![Caller, Method, Path, Timestamp, Body],
        vec![Timestamp],
    ] {
        for separator in ["\n", ".", ":", "", "|"] {
            let mut other = Vec::new();
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    other.push(Piece::Literal(separator.into()));
                }
                other.push(part.clone());
            }
            add(Cause::with("part-order", &names(&other, &is_part)), other);
        }
    }
    messages
}

fn names(pieces: &[Piece], is_part: &dyn Fn(&Piece) -> bool) -> String {
    let names: Vec<String> = pieces.iter().filter(|piece| is_part(piece)).map(Piece::name).collect();
    names.join(" + ")
}

/// Orders of so many parts: all where they are few, else those in which one part has another place.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = Vec::new();
    if count <= 5 {
        permute(&mut (0..count).collect::<Vec<_>>(), 0, &mut orders);
        return orders;
    }
    for from in 0..count {
        for to in (0..count).filter(|&to| to != from) {
            let mut order: Vec<usize> = (0..count).collect();
            let moved = order.remove(from);
            order.insert(to, moved);
            orders.push(order);
        }
    }
    orders
}

fn permute(order: &mut Vec<usize>, at: usize, orders: &mut Vec<Vec<usize>>) {
    if at == order.len() {
        orders.push(order.clone());
        return;
    }
    for other in at..order.len() {
        order.swap(at, other);
        permute(order, at + 1, orders);
        order.swap(at, other);
    }
}

/// `image-service` as `ImageService`, or with something between.
fn capitalised(id: &str, between: &str) -> String {
    let words = id.split(['-', '_', '.']).map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join(between)
}

/// The service whose id is spelled nearly as this one.
pub(super) fn nearly(config: &Compiled, id: &[u8]) -> Option<usize> {
    let plain = |id: &[u8]| -> Vec<u8> {
        id.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    let wanted = plain(id);
    let known = &config.services[..config.known_services];
    known.iter().position(|service| !wanted.is_empty() && plain(service.id.as_bytes()) == wanted)
}

/// The scheme of the catalogue whose signature header the request has.
pub(super) fn foreign(fields: &[(&[u8], &[u8])]) -> Option<String> {
    catalogue::ids().find_map(|id| {
        let template = catalogue::find(id)?;
        // Authorization is of all the world.
        let names = template.signature_names().filter(|name| !name.eq_ignore_ascii_case("authorization"));
        let has = names.into_iter().any(|name| exact(fields, name).is_some());
        has.then(|| template.id.to_string())
    })
}
