//! Why a signature of AWS does not hold.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::keys::{self, hmac_tag, secrets_of_others};
use super::{Asked, Looked, places, text};
use crate::bound_key::KeyAlgorithm;
use crate::config::{Window, parse_utc, write_utc};
use crate::explain::body::Bodies;
use crate::explain::budget::{Budget, MAX_BODY_BYTES};
use crate::explain::causes::Cause;
use crate::explain::key;
use crate::explain::obvious;
use crate::explain::percent::{ENCODERS, Encoder, replaced, with_case};
use crate::explain::reading::{self, Reading, Spelling};
use crate::explain::recipe::{Values, fingerprint};
use crate::explain::sought::exact;
use crate::explain::stage::StageName;
use crate::explain::target::{self, shown};
use crate::explain::time;
use crate::explain::variant::Change;
use crate::mac::hex;
use crate::refusal::{Detail, Refusal};
use crate::scheme::Standard;
use crate::sigv4::{self, CanonicalPath, Expected, Fault, PathForm};
use crate::template::parameters;
use crate::template::{Algorithm, Encoding};

const AWS: Encoder = ENCODERS[0];
/// How many parameters are left out, one at a time.
const MAX_SINGLES: usize = 12;
/// What stands for a body that is not signed.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

pub(super) fn is_there(asked: &Asked<'_>) -> bool {
    let authorization = exact(asked.fields, "authorization").unwrap_or_default().trim_ascii_start();
    sigv4::is_there(Some(authorization), split(asked.target).1)
}

fn split(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    match target.iter().position(|&byte| byte == b'?') {
        Some(at) => (&target[..at], Some(&target[at + 1..])),
        None => (target, None),
    }
}

/// What a request says of its signature, read leniently.
struct Sent {
    is_link: bool,
    credential: Vec<u8>,
    names: Vec<u8>,
    signature: Vec<u8>,
    time: Vec<u8>,
    expires: Option<u64>,
    token: Option<Vec<u8>>,
    payload: Option<Vec<u8>>,
}

impl Sent {
    fn read(asked: &Asked<'_>) -> Self {
        let header = |name: &str| exact(asked.fields, name).map(<[u8]>::to_vec);
        let authorization = header("authorization").unwrap_or_default();
        let is_link = !sigv4::is_there(Some(authorization.trim_ascii_start()), None);
        if !is_link {
            let part = |name: &[u8]| {
                let start = authorization.windows(name.len()).position(|window| window == name)? + name.len();
                let rest = &authorization[start..];
                let end = rest.iter().position(|byte| matches!(byte, b',' | b' ')).unwrap_or(rest.len());
                Some(rest[..end].trim_ascii().to_vec())
            };
            return Self {
                is_link,
                credential: part(b"Credential=").unwrap_or_default(),
                names: part(b"SignedHeaders=").unwrap_or_default(),
                signature: part(b"Signature=").unwrap_or_default(),
                time: header("x-amz-date").or(header("date")).unwrap_or_default(),
                expires: None,
                token: header("x-amz-security-token"),
                payload: header("x-amz-content-sha256"),
            };
        }
        let query = split(asked.target).1.unwrap_or_default();
        let parameter = |wanted: &str| {
            let found = parameters::pairs(query).find(|(name, _)| decode(name).eq_ignore_ascii_case(wanted.as_bytes()));
            found.map(|(_, value)| decode(value))
        };
        let expires = parameter("X-Amz-Expires").and_then(|text| String::from_utf8(text).ok()?.parse().ok());
        Self {
            is_link,
            credential: parameter("X-Amz-Credential").unwrap_or_default(),
            names: parameter("X-Amz-SignedHeaders").unwrap_or_default(),
            signature: parameter("X-Amz-Signature").unwrap_or_default(),
            time: parameter("X-Amz-Date").unwrap_or_default(),
            expires,
            token: parameter("X-Amz-Security-Token"),
            payload: parameter("X-Amz-Content-Sha256").or(header("x-amz-content-sha256")),
        }
    }

    /// Access key id, day, region, service.
    fn scope(&self) -> [&[u8]; 4] {
        let mut parts = self.credential.split(|&byte| byte == b'/');
        std::array::from_fn(|_| parts.next().unwrap_or_default())
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.names.split(|&byte| byte == b';').filter(|name| !name.is_empty())
    }

    fn seconds(&self) -> Option<u64> {
        let text = std::str::from_utf8(&self.time).ok().filter(|text| text.len() == 16 && text.is_ascii())?;
        let (day, clock) = text.split_once('T')?;
        let whole = format!(
            "{}-{}-{}T{}:{}:{}",
            day.get(..4)?,
            day.get(4..6)?,
            day.get(6..8)?,
            clock.get(..2)?,
            clock.get(2..4)?,
            clock.get(4..)?
        );
        parse_utc(&whole)
    }
}

/// What is signed, part by part.
#[derive(Clone)]
struct Draft<'a> {
    method: Cow<'a, [u8]>,
    path: Vec<u8>,
    query: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    names: Vec<u8>,
    payload: String,
    time: Vec<u8>,
    /// Day, region, service.
    scope: [Vec<u8>; 3],
}

impl Draft<'_> {
    fn canonical(&self) -> Vec<u8> {
        let mut text = [&self.method[..], &self.path, &self.query, b""].join(&b'\n');
        for (name, value) in &self.headers {
            text.extend_from_slice(&[&name[..], b":", value, b"\n"].concat());
        }
        text.extend_from_slice(&[&b"\n"[..], &self.names, b"\n", self.payload.as_bytes()].concat());
        text
    }

    fn string_to_sign(&self, canonical: &[u8]) -> Vec<u8> {
        let digest = hex(&Sha256::digest(canonical));
        let scope = [&self.scope[0][..], &self.scope[1], &self.scope[2], b"aws4_request"].join(&b'/');
        [&b"AWS4-HMAC-SHA256"[..], &self.time, &scope, digest.as_bytes()].join(&b'\n')
    }
}

fn decode(text: &[u8]) -> Vec<u8> {
    crate::percent::decode(text).into_owned()
}

type Secret = Zeroizing<Vec<u8>>;
type Causes = Vec<Cause>;

fn tag(key: &[u8], message: &[u8]) -> Secret {
    hmac_tag(KeyAlgorithm::HmacSha256, key, message).unwrap_or_default()
}

fn derive(secret: &[u8], scope: &[Vec<u8>; 3]) -> Secret {
    let start = Zeroizing::new([b"AWS4", secret].concat());
    let steps = [&scope[0][..], &scope[1], &scope[2], b"aws4_request"];
    steps.into_iter().fold(start, |key, step| tag(&key, step))
}

pub(super) fn look(asked: &Asked<'_>, budget: &mut Budget) -> Option<Looked> {
    let expected = asked.config.standards.aws.as_ref()?;
    let sent = Sent::read(asked);
    let draft = draft(asked, &sent, expected);
    let mut looked = Looked::new(Standard::AwsSigv4);
    let place = asked.config.aws_keys.get(sent.scope()[0]).copied();
    looked.service = place.map(|(service, _)| service);
    let own: Vec<&[u8]> =
        place.iter().map(|&(service, at)| &**asked.config.services[service].aws_keys[at].key.secret).collect();
    tell(&mut looked, asked, &sent, &draft, &own);
    let Some(refusal) = asked.refusal else { return Some(looked) };

    let spelling = Spelling { algorithm: Algorithm::HmacSha256, encoding: Encoding::Hex, prefixes: Vec::new() };
    let readings = reading::read([&sent.signature[..]].into_iter(), &spelling);
    let mut search = Search { asked, sent: &sent, draft, expected, own, readings, budget };
    let mut found = None;
    match refusal.facts() {
        Detail::StandardSignature | Detail::UnknownAccessKey(_) => found = search.run(),
        Detail::AwsSignature(Fault::Signature | Fault::Day | Fault::PayloadAbsent) => found = search.as_it_stands(),
        Detail::OtherBody => found = search.declared_body(),
        _ => {}
    }
    found.into_iter().flatten().for_each(|cause| looked.name(cause, true));
    for cause in seen(asked, refusal, &sent, expected) {
        let is_proved = matches!(cause.id, "key-not-valid" | "body-changed");
        looked.name(cause, is_proved);
    }
    Some(looked)
}

fn tell(looked: &mut Looked, asked: &Asked<'_>, sent: &Sent, draft: &Draft<'_>, own: &[&[u8]]) {
    let [key, day, region, service] = sent.scope();
    let read = if sent.is_link { "X-Amz-Signature in the query" } else { "Authorization" };
    looked.tell(StageName::Credential, "found", json!(["aws-sigv4"]));
    looked.tell(StageName::Credential, "read", json!([read]));
    looked.tell(StageName::Credential, "access_key", text(key));
    looked.tell(StageName::Credential, "day", text(day));
    looked.tell(StageName::Credential, "region", text(region));
    looked.tell(StageName::Credential, "service", text(service));
    looked.tell(StageName::Coverage, "signed_headers", text(&sent.names));
    if let Some(seconds) = sent.seconds() {
        let window = Window { past: sent.expires.unwrap_or(sigv4::WINDOW), future: sigv4::WINDOW };
        looked.tell_window(asked.now, seconds, window);
    }
    let caller = looked.service.map(|at| &asked.config.services[at]);
    looked.tell(StageName::Keys, "service", caller.map_or(Value::Null, |service| (&*service.id).into()));
    let keys = caller.into_iter().flat_map(|service| &service.aws_keys);
    let keys: Vec<Value> = keys.map(|known| keys::told(&known.key, "aws4-hmac-sha256", asked.now)).collect();
    looked.tell(StageName::Keys, "keys", keys);

    let canonical = draft.canonical();
    let signed = draft.string_to_sign(&canonical);
    let headers: usize = draft.headers.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let parts = [
        ("method", draft.method.len()),
        ("path", draft.path.len()),
        ("query", draft.query.len()),
        ("headers", headers),
        ("signed headers", draft.names.len()),
        ("payload", draft.payload.len()),
    ];
    let parts: Vec<Value> = parts.iter().map(|(part, bytes)| json!({"part": part, "bytes": bytes})).collect();
    looked.tell(StageName::Message, "scheme", "aws-sigv4");
    looked.tell(StageName::Message, "parts", parts);
    looked.tell(StageName::Message, "bytes", canonical.len());
    looked.tell(StageName::Message, "canonical_request_sha256", fingerprint(&canonical));
    looked.tell(StageName::Message, "string_to_sign_sha256", fingerprint(&signed));
    looked.tell(StageName::Message, "body_sha256", fingerprint(asked.body));
    let received: Vec<String> = reading::hex(&sent.signature).iter().map(|bytes| fingerprint(bytes)).collect();
    looked.tell(StageName::Signature, "received", received);
    let mut expected = Vec::new();
    for secret in own {
        let right = tag(&derive(secret, &draft.scope), &signed);
        expected.push(json!({"key": shown(key), "expected": fingerprint(&right)}));
        looked.hidden.push(Zeroizing::new(hex(&right)));
        looked.hidden.push(Zeroizing::new(STANDARD.encode(&*right)));
    }
    looked.tell(StageName::Signature, "keys", expected);
}

/// The message as the verifier writes it, or as near to it as the request lets it be.
fn draft<'a>(asked: &Asked<'a>, sent: &Sent, expected: &Expected) -> Draft<'a> {
    let (path, query) = split(asked.target);
    let [_, day, region, service] = sent.scope();
    let headers = sent.names().map(|name| (name.to_vec(), value_of(asked, name))).collect();
    let payload = match &sent.payload {
        Some(declared) => String::from_utf8_lossy(declared).into_owned(),
        None if expected.declares_payload && sent.is_link => UNSIGNED.to_owned(),
        None => hex(&Sha256::digest(asked.body)),
    };
    Draft {
        method: Cow::Borrowed(asked.method),
        path: canonical_path(path, expected.path),
        query: canonical_query(query.unwrap_or_default(), sent.is_link, &[]),
        headers,
        names: sent.names.clone(),
        payload,
        time: sent.time.clone(),
        scope: [day, region, service].map(<[u8]>::to_vec),
    }
}

fn canonical_path(path: &[u8], form: PathForm) -> Vec<u8> {
    CanonicalPath::new(path, form).map_or_else(|_| path.to_vec(), |path| path.text.into_owned())
}

/// The values of a header, each folded, with commas between.
fn value_of(asked: &Asked<'_>, name: &[u8]) -> Vec<u8> {
    let values = asked.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut values: Vec<Vec<u8>> = values.map(|(_, value)| folded(value)).collect();
    if values.is_empty() && name == b"host" {
        values.extend(asked.authority.map(<[u8]>::to_vec));
    }
    values.join(&b',')
}

fn folded(value: &[u8]) -> Vec<u8> {
    let words = value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

/// The pieces of a query but its signature, and but those that are left out as well.
fn pieces<'q>(query: &'q [u8], is_link: bool, left_out: &[&str]) -> Vec<&'q [u8]> {
    let is_signed = |piece: &&[u8]| {
        let name = decode(&piece[..piece.iter().position(|&byte| byte == b'=').unwrap_or(piece.len())]);
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let is_signature = is_link && is("X-Amz-Signature");
        !piece.is_empty() && !is_signature && !left_out.iter().any(|known| is(known))
    };
    query.split(|&byte| byte == b'&').filter(is_signed).collect()
}

fn recode(pieces: &[&[u8]], decode: impl Fn(&[u8]) -> Vec<u8>, encoder: Encoder, ends: bool) -> Vec<Vec<u8>> {
    let write = |piece: &&[u8]| {
        let (name, value) = match piece.iter().position(|&byte| byte == b'=') {
            Some(at) => (&piece[..at], Some(&piece[at + 1..])),
            None => (*piece, None),
        };
        let mut written = encoder.encode(&decode(name));
        if value.is_some() || ends {
            written.push(b'=');
        }
        written.extend(encoder.encode(&decode(value.unwrap_or_default())));
        written
    };
    pieces.iter().map(write).collect()
}

fn canonical_query(query: &[u8], is_link: bool, left_out: &[&str]) -> Vec<u8> {
    sorted(recode(&pieces(query, is_link, left_out), decode, AWS, true))
}

/// Sorted by name, then by value.
fn sorted(mut written: Vec<Vec<u8>>) -> Vec<u8> {
    written.sort_by_key(|piece| {
        let at = piece.iter().position(|&byte| byte == b'=').unwrap_or(piece.len());
        (piece[..at].to_vec(), piece[at..].to_vec())
    });
    written.join(&b'&')
}

struct Search<'s> {
    asked: &'s Asked<'s>,
    sent: &'s Sent,
    draft: Draft<'s>,
    expected: &'s Expected,
    own: Vec<&'s [u8]>,
    readings: Vec<Reading>,
    budget: &'s mut Budget,
}

impl<'s> Search<'s> {
    fn run(&mut self) -> Option<Causes> {
        self.as_it_stands()
            .or_else(|| self.other_keys())
            .or_else(|| self.other_readings())
            .or_else(|| self.other_styles())
            .or_else(|| self.other_payloads())
            .or_else(|| self.other_authorities())
            .or_else(|| self.other_queries())
            .or_else(|| self.other_methods())
            .or_else(|| self.other_paths())
            .or_else(|| self.other_headers())
            .or_else(|| self.other_times())
            .or_else(|| self.other_scopes())
            .or_else(|| self.other_forms())
            .or_else(|| self.other_derivations())
            .or_else(|| self.two_causes())
    }

    /// What is unusual about the spelling, where the signature is that of a text with a derived key.
    fn holds(&mut self, key: &[u8], signed: &[u8], work: usize) -> Option<Causes> {
        if !self.budget.take(work + signed.len()) {
            return None;
        }
        let right = tag(key, signed);
        let held = self.readings.iter().find(|reading| reading.bytes == *right)?;
        Some(held.faults.iter().map(|id| Cause::new(id)).collect())
    }

    fn with_secret(&mut self, secret: &[u8], draft: &Draft<'_>) -> Option<Causes> {
        let canonical = draft.canonical();
        self.holds(&derive(secret, &draft.scope), &draft.string_to_sign(&canonical), canonical.len())
    }

    fn own_holds(&mut self, draft: &Draft<'_>) -> Option<Causes> {
        self.own.clone().into_iter().find_map(|secret| self.with_secret(secret, draft))
    }

    /// Tries a change of the message, and says what it stands for.
    fn with(&mut self, cause: &Cause, change: impl FnOnce(&mut Draft<'s>)) -> Option<Causes> {
        let mut draft = self.draft.clone();
        change(&mut draft);
        let mut causes = self.own_holds(&draft)?;
        causes.insert(0, cause.clone());
        Some(causes)
    }

    fn as_it_stands(&mut self) -> Option<Causes> {
        let draft = self.draft.clone();
        self.own_holds(&draft)
    }

    fn other_keys(&mut self) -> Option<Causes> {
        let (draft, config) = (self.draft.clone(), self.asked.config);
        let named = config.aws_keys.get(self.sent.scope()[0]).copied();
        for (at, service) in config.services.iter().enumerate().take(keys::MAX_OTHER_KEYS) {
            let others = service.aws_keys.iter().enumerate().filter(|(key_at, _)| named != Some((at, *key_at)));
            for (_, known) in others {
                let whose = format!("access key \"{}\" of {}", known.key.id, service.id);
                let is_own = named.is_none_or(|(service, _)| service == at);
                let id = if is_own { "key-id-other" } else { "key-of-other-service" };
                if let Some(mut causes) = self.with_secret(&known.key.secret, &draft) {
                    causes.insert(0, Cause::with(id, &whose));
                    return Some(causes);
                }
            }
        }
        secrets_of_others(config, None).into_iter().filter(|(cause, _)| cause.id != "key-of-other-kind").find_map(
            |(cause, secret)| {
                let mut causes = self.with_secret(secret, &draft)?;
                causes.insert(0, cause);
                Some(causes)
            },
        )
    }

    fn other_readings(&mut self) -> Option<Causes> {
        let draft = self.draft.clone();
        for secret in self.own.clone() {
            for (cause, bytes) in key::readings(secret) {
                if let Some(mut causes) = self.with_secret(&bytes, &draft) {
                    causes.insert(0, cause);
                    return Some(causes);
                }
            }
        }
        let id = self.sent.scope()[0].to_vec();
        let mut causes = self.with_secret(&id, &draft)?;
        causes.insert(0, Cause::with("key-not-set", "the access key id"));
        Some(causes)
    }

    /// The path in the form of the other style.
    fn other_style(&self, path: &[u8]) -> (Cause, Vec<u8>) {
        match self.expected.path {
            PathForm::Normalised => (Cause::new("aws-path-once"), canonical_path(path, PathForm::AsSent)),
            PathForm::AsSent => (Cause::new("aws-path-twice"), canonical_path(path, PathForm::Normalised)),
        }
    }

    fn other_styles(&mut self) -> Option<Causes> {
        let (path, _) = split(self.asked.target);
        let (cause, other) = self.other_style(path);
        if other != self.draft.path {
            let found = self.with(&cause, |draft| draft.path.clone_from(&other));
            if found.is_some() {
                return found;
            }
        }
        self.with(&cause, |draft| draft.path = path.to_vec())
    }

    fn other_payloads(&mut self) -> Option<Causes> {
        for (cause, payload) in self.payloads() {
            let found = self.with(&cause, |draft| draft.payload.clone_from(&payload));
            if found.is_some() {
                return found;
            }
        }
        self.bodies(|search, digest| {
            let mut draft = search.draft.clone();
            draft.payload = digest;
            search.own_holds(&draft)
        })
    }

    fn payloads(&self) -> Vec<(Cause, String)> {
        let here = hex(&Sha256::digest(self.asked.body));
        let mut payloads = vec![(Cause::with("aws-payload", UNSIGNED), UNSIGNED.to_owned())];
        payloads.push((Cause::with("aws-payload", "the digest of the body in upper case"), here.to_uppercase()));
        payloads.push((Cause::with("aws-payload", "nothing"), String::new()));
        if self.sent.payload.is_some() {
            payloads.push((Cause::with("aws-payload", "the digest of the body"), here));
            let empty = hex(&Sha256::digest(b""));
            payloads.push((Cause::with("aws-payload", "the digest of an empty body"), empty));
        }
        payloads
    }

    /// Tries other bodies by their digests.
    fn bodies(&mut self, mut holds: impl FnMut(&mut Self, String) -> Option<Causes>) -> Option<Causes> {
        if self.asked.body.len() > MAX_BODY_BYTES {
            self.budget.cut("the body is longer than 1 MiB; other ways of writing it were not tried");
            return None;
        }
        let bodies = Bodies::new(self.asked.body);
        for at in 0..bodies.len() {
            if self.budget.is_over() {
                return None;
            }
            let Some((mut causes, body)) = bodies.get(at) else { continue };
            // The digest of the body is work as well.
            if !self.budget.take(body.len()) {
                return None;
            }
            if let Some(found) = holds(self, hex(&Sha256::digest(&body))) {
                causes.extend(found);
                return Some(causes);
            }
        }
        None
    }

    /// The signature is right, and the body is not the one whose digest it covers.
    fn declared_body(&mut self) -> Option<Causes> {
        let declared = self.draft.payload.clone();
        self.bodies(|_, digest| (digest == declared).then(Vec::new))
    }

    fn other_authorities(&mut self) -> Option<Causes> {
        let here = places::here(self.asked);
        for other in places::others(self.asked) {
            let cause =
                Cause::with("authority-other", &format!("{}|{}", shown(other.as_bytes()), shown(here.as_bytes())));
            let found = self.with(&cause, |draft| draft.set(b"host", other.as_bytes()));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn queries(&self) -> Vec<(Cause, Vec<u8>)> {
        let query = split(self.asked.target).1.unwrap_or_default();
        let is_link = self.sent.is_link;
        let sent = pieces(query, is_link, &[]);
        let raw = |pieces: &[&[u8]]| pieces.iter().map(|piece| piece.to_vec()).collect::<Vec<_>>();
        let mut queries: Vec<(Cause, Vec<u8>)> = Vec::new();
        let mut add = |id: &'static str, detail: &str, query: Vec<u8>| queries.push((Cause::with(id, detail), query));
        add("query-encoding", "", sorted(raw(&sent)));
        add("aws-query-unsorted", "", recode(&sent, decode, AWS, true).join(&b'&'));
        add("aws-query-unsorted", "", sent.join(&b'&'));
        add("query-space", "", sorted(recode(&sent, parameters::decode, AWS, true)));
        add("query-space", "", sorted(recode(&sent, parameters::decode, ENCODERS[1], true)));
        add("query-encoding", "", sorted(recode(&sent, decode, AWS, false)));
        add("query-encoding", "", sorted(recode(&sent, |text| text.to_vec(), AWS, true)));
        for encoder in ENCODERS {
            add("query-encoding", "", sorted(recode(&sent, decode, encoder, true)));
        }
        let decoded = sent.iter().map(|piece| decode(piece)).collect();
        add("query-decoded", "", sorted(decoded));
        add("query-escape-case", "", with_case(&sorted(recode(&sent, decode, AWS, true)), false));
        if is_link {
            add("session-token-not-signed", "", canonical_query(query, true, &["X-Amz-Security-Token"]));
        } else {
            add("query-left-out", "", Vec::new());
        }
        for at in 0..sent.len().min(MAX_SINGLES) {
            let name = &sent[at][..sent[at].iter().position(|&byte| byte == b'=').unwrap_or(sent[at].len())];
            let rest: Vec<&[u8]> =
                sent.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, piece)| *piece).collect();
            add("query-parameter", &shown(name), sorted(recode(&rest, decode, AWS, true)));
        }
        queries.retain(|(_, query)| *query != self.draft.query);
        queries
    }

    fn other_queries(&mut self) -> Option<Causes> {
        self.queries().into_iter().find_map(|(cause, query)| self.with(&cause, |draft| draft.query = query))
    }

    fn values(&self) -> Values<'s> {
        let (path, query) = split(self.asked.target);
        Values {
            method: self.asked.method.into(),
            path: path.into(),
            query: query.map(Cow::Borrowed),
            ..Values::default()
        }
    }

    fn other_methods(&mut self) -> Option<Causes> {
        target::methods(&self.values()).into_iter().find_map(|variant| {
            let Change::Method(method) = variant.change else { return None };
            self.with(&variant.cause, |draft| draft.method = Cow::Owned(method))
        })
    }

    fn other_paths(&mut self) -> Option<Causes> {
        let prefixes = target::prefixes(self.asked.config, "");
        let form = self.expected.path;
        for variant in target::paths(&self.values(), &prefixes) {
            let Change::Path(path) = &variant.change else { continue };
            for path in [canonical_path(path, form), path.clone()] {
                let found = self.with(&variant.cause, |draft| draft.path = path);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// Values that a signer has written otherwise, and those that proxies are known to change.
    fn other_headers(&mut self) -> Option<Causes> {
        let length = self.asked.body.len().to_string();
        for at in 0..self.draft.headers.len() {
            let (name, value) = self.draft.headers[at].clone();
            let shown_name = shown(&name);
            let of = |how: &str| Cause::with("header-value", &format!("{shown_name}|{how}"));
            let changed = |other: &str| Cause::with("header-changed", &format!("{shown_name}|\"{other}\""));
            let raw: Vec<&[u8]> = self
                .asked
                .fields
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(&name))
                .map(|(_, value)| *value)
                .collect();
            let mut variants: Vec<(Cause, Vec<u8>)> = vec![
                (of("with the white space inside it as it was sent"), raw.join(&b',')),
                (of("in lower case"), value.to_ascii_lowercase()),
                (of("with a comma and a space between its lines"), raw.join(&b", "[..])),
                (of("without any white space"), value.iter().copied().filter(|byte| *byte != b' ').collect()),
                (of("empty"), Vec::new()),
            ];
            variants.extend(raw.iter().map(|line| (of("as one of its lines alone"), folded(line))));
            let usual: &[&str] = match &name[..] {
                b"content-length" => &["0", &length],
                b"accept-encoding" => {
                    &["identity", "gzip", "gzip, deflate", "gzip, deflate, br", "gzip, deflate, br, zstd", "*"]
                }
                b"connection" => &["keep-alive", "close", "Keep-Alive", "upgrade"],
                b"accept" => &["*/*", "application/json", "application/json, text/plain, */*"],
                b"transfer-encoding" => &["chunked"],
                b"x-forwarded-proto" => &["https", "http"],
                b"te" => &["trailers"],
                _ => &[],
            };
            variants.extend(usual.iter().map(|other| (changed(other), other.as_bytes().to_vec())));
            if name == b"content-type" {
                let text = String::from_utf8_lossy(&value).into_owned();
                let bare = text.split(';').next().unwrap_or_default().trim().to_owned();
                for end in ["", "; charset=utf-8", "; charset=UTF-8", ";charset=utf-8", ";charset=UTF-8"] {
                    let other = format!("{bare}{end}");
                    variants.push((changed(&shown(other.as_bytes())), other.into_bytes()));
                }
            }
            for (cause, other) in variants.into_iter().filter(|(_, other)| *other != value) {
                let found = self.with(&cause, |draft| draft.headers[at].1 = other);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn other_times(&mut self) -> Option<Causes> {
        let seconds = self.sent.seconds()?;
        let written = |seconds: u64| write_utc(seconds).replace(['-', ':'], "").into_bytes();
        for distance in 1..=5_u64 {
            for other in [seconds.saturating_sub(distance), seconds + distance] {
                let cause = Cause::with("timestamp-taken-twice", &format!("{distance} s"));
                let found = self.with(&cause, |draft| draft.time = written(other));
                if found.is_some() {
                    return found;
                }
            }
        }
        let cause = Cause::with("timestamp-in-message", "as a date with hyphens and colons");
        self.with(&cause, |draft| draft.time = write_utc(seconds).into_bytes())
    }

    /// The key was derived for another scope than the credential says.
    fn other_scopes(&mut self) -> Option<Causes> {
        let expected = self.expected;
        let mut regions: Vec<Vec<u8>> =
            [&*expected.region, "us-east-1", "eu-west-1", "eu-central-1", "*", ""].map(Into::into).to_vec();
        let mut services: Vec<Vec<u8>> =
            [&*expected.service, "execute-api", "s3", "sts", "lambda", "es", "iam", "vpc-lattice-svcs"]
                .map(Into::into)
                .to_vec();
        regions.insert(0, self.draft.scope[1].clone());
        services.insert(0, self.draft.scope[2].clone());
        for region in &regions {
            for service in &services {
                let cause = Cause::with("aws-scope-other", &format!("{}|{}", shown(region), shown(service)));
                let found = self.with(&cause, |draft| {
                    draft.scope[1].clone_from(region);
                    draft.scope[2].clone_from(service);
                });
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// Other ways of putting the parts together, as those who write a signer themselves do at first.
    fn other_forms(&mut self) -> Option<Causes> {
        let draft = self.draft.clone();
        let canonical = draft.canonical();
        let without_blank_line = |text: &[u8]| {
            let end = draft.names.len() + draft.payload.len() + 1;
            let at = text.len() - end;
            [&text[..at - 1], &text[at..]].concat()
        };
        let crlf = replaced(&canonical, b"\n", b"\r\n");
        let forms = [
            ("with line ends of two bytes", crlf),
            ("with a line end at its end", [&canonical[..], b"\n"].concat()),
            ("without the empty line behind the headers", without_blank_line(&canonical)),
        ];
        for secret in self.own.clone() {
            let key = derive(secret, &draft.scope);
            for (how, form) in &forms {
                if let Some(mut causes) = self.holds(&key, &draft.string_to_sign(form), form.len()) {
                    causes.insert(0, Cause::with("aws-canonical-form", how));
                    return Some(causes);
                }
            }
            let signed = draft.string_to_sign(&canonical);
            let whole = [&signed[..signed.len() - 64], &canonical].concat();
            let upper = [&signed[..signed.len() - 64], &signed[signed.len() - 64..].to_ascii_uppercase()].concat();
            let crlf = replaced(&signed, b"\n", b"\r\n");
            for (how, other) in [
                ("and signed itself, in place of its digest", whole),
                ("and its digest was put into the string to sign in upper case", upper),
                ("and the string to sign has line ends of two bytes", crlf),
                ("and the string to sign has a line end at its end", [&signed[..], b"\n"].concat()),
                ("and signed without a string to sign", canonical.clone()),
            ] {
                if let Some(mut causes) = self.holds(&key, &other, 0) {
                    causes.insert(0, Cause::with("aws-canonical-form", how));
                    return Some(causes);
                }
            }
        }
        None
    }

    fn other_derivations(&mut self) -> Option<Causes> {
        let draft = self.draft.clone();
        let signed = draft.string_to_sign(&draft.canonical());
        let steps = [&draft.scope[0][..], &draft.scope[1], &draft.scope[2], b"aws4_request"];
        let chain = |start: &[u8], steps: &[&[u8]]| {
            steps.iter().fold(Zeroizing::new(start.to_vec()), |key, step| tag(&key, step))
        };
        for secret in self.own.clone() {
            let start = Zeroizing::new([b"AWS4", secret].concat());
            let in_hex =
                steps.iter().fold(start.clone(), |key, step| Zeroizing::new(hex(&tag(&key, step)).into_bytes()));
            let ways: [(&str, Secret); 6] = [
                ("without AWS4 before the secret", chain(secret, &steps)),
                ("with each step in hex", in_hex),
                ("not at all: the secret itself was the key", Zeroizing::new(secret.to_vec())),
                ("not at all: AWS4 and the secret were the key", start.clone()),
                ("without its last step", chain(&start, &steps[..3])),
                ("with service before region", chain(&start, &[steps[0], steps[2], steps[1], steps[3]])),
            ];
            for (how, key) in ways {
                if let Some(mut causes) = self.holds(&key, &signed, 0) {
                    causes.insert(0, Cause::with("aws-key-derivation", how));
                    return Some(causes);
                }
            }
        }
        None
    }

    /// The style of the path, or the authority, together with something else.
    fn two_causes(&mut self) -> Option<Causes> {
        let (path, _) = split(self.asked.target);
        let original = self.draft.clone();
        let (style, other) = self.other_style(path);
        let mut firsts: Vec<(Cause, Draft<'s>)> = Vec::new();
        if other != original.path {
            firsts.push((style, Draft { path: other, ..original.clone() }));
        }
        let here = places::here(self.asked);
        for other in places::others(self.asked).into_iter().take(8).filter(|other| *other != here) {
            let mut draft = original.clone();
            draft.set(b"host", other.as_bytes());
            let detail = format!("{}|{}", shown(other.as_bytes()), shown(here.as_bytes()));
            firsts.push((Cause::with("authority-other", &detail), draft));
        }
        let mut found = None;
        for (cause, draft) in firsts {
            self.draft = draft;
            found = self.other_payloads().or_else(|| self.other_queries()).or_else(|| self.other_methods());
            if let Some(causes) = &mut found {
                causes.insert(0, cause);
                break;
            }
        }
        self.draft = original;
        found
    }
}

impl Draft<'_> {
    fn set(&mut self, name: &[u8], value: &[u8]) {
        self.headers.iter_mut().filter(|(known, _)| known == name).for_each(|(_, known)| *known = value.to_vec());
    }
}

/// What follows from the verdict and the look of the request.
fn seen(asked: &Asked<'_>, refusal: &Refusal, sent: &Sent, expected: &Expected) -> Vec<Cause> {
    let [_, _, region, service] = sent.scope();
    let cause = match refusal.facts() {
        Detail::AwsSignature(fault) => return of_fault(asked, fault, sent, expected),
        Detail::AwsPath => Cause::new("path-two-readings"),
        Detail::Window { age, .. } if sent.is_link && age > 0 => {
            Cause::with("link-expired", &(age.unsigned_abs().saturating_sub(sent.expires.unwrap_or(0))).to_string())
        }
        Detail::Window { age, window } => time::of_age(age, window, sent.seconds().unwrap_or(u64::MAX)),
        Detail::UnknownAccessKey(_) => Cause::new("key-id-unknown"),
        Detail::AwsKey { at, now } => {
            let key = refusal.service().and_then(|id| asked.config.find(id.as_bytes()));
            let key = key.and_then(|service| asked.config.services[service].aws_keys.get(at));
            let why = key.map(|known| format!("access key \"{}\" is {}", known.key.id, key::state(&known.key, now)));
            Cause::with("key-not-valid", &why.unwrap_or_default())
        }
        Detail::SessionToken => {
            let place = asked.config.aws_keys.get(sent.scope()[0]);
            let known = place.map(|&(service, at)| &asked.config.services[service].aws_keys[at]);
            let demands = known.is_some_and(|known| known.session_token.is_some());
            Cause::new(match (&sent.token, demands) {
                (None, _) => "session-token-missing",
                (Some(_), false) => "session-token-unknown",
                (Some(_), true) => "session-token-other",
            })
        }
        Detail::OtherBody => {
            let mut causes = obvious::of_body(asked.fields, asked.body);
            causes.push(Cause::new("body-changed"));
            return causes;
        }
        Detail::OtherTarget if region != expected.region.as_bytes() => {
            Cause::with("aws-region", &format!("{}|{}", shown(region), expected.region))
        }
        Detail::OtherTarget => Cause::with("aws-service", &format!("{}|{}", shown(service), expected.service)),
        _ => return Vec::new(),
    };
    vec![cause]
}

fn of_fault(asked: &Asked<'_>, fault: Fault, sent: &Sent, expected: &Expected) -> Vec<Cause> {
    let is_there = |name: &[u8]| asked.fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let is_signed = |name: &[u8]| sent.names().any(|known| known.eq_ignore_ascii_case(name));
    let listed = |names: Vec<&[u8]>| names.into_iter().take(8).map(shown).collect::<Vec<_>>().join(", ");
    vec![match fault {
        Fault::NoneThere => Cause::new("no-credential"),
        Fault::TwoCarriers => Cause::new("credentials-several"),
        Fault::Algorithm => Cause::with("algorithm", "another algorithm than AWS4-HMAC-SHA256"),
        Fault::Repeated(_) => Cause::new("header-repeated"),
        Fault::RepeatedParameter | Fault::ParameterSpelling => Cause::new("aws-link-parameter"),
        Fault::TooManyParameters
        | Fault::PercentSign
        | Fault::TooManySignedHeaders
        | Fault::HeaderByte
        | Fault::PayloadTwice => Cause::new("request-malformed"),
        Fault::TwoAuthorities => Cause::new("authorities-two"),
        Fault::PlusSign => Cause::new("query-space"),
        Fault::Authorization | Fault::NoCredential | Fault::NoSignedHeaders | Fault::NoSignature => {
            Cause::new("aws-authorization-form")
        }
        Fault::NoDate => Cause::with("header-missing", "X-Amz-Date"),
        Fault::NoExpiry => Cause::with("part-missing", "X-Amz-Expires"),
        Fault::Scope => Cause::new("aws-credential-form"),
        Fault::Signature => Cause::new("signature-form"),
        Fault::SignedHeaders => Cause::new("aws-signed-headers-form"),
        Fault::SignedHeaderAbsent => {
            Cause::with("header-removed", &listed(sent.names().filter(|name| !is_there(name)).collect()))
        }
        Fault::Host => Cause::with("header-missing", "Host"),
        Fault::AmazonHeaderNotSigned if !is_signed(b"x-amz-security-token") && is_there(b"x-amz-security-token") => {
            Cause::new("session-token-not-signed")
        }
        Fault::HostNotSigned => Cause::with("header-not-signed", "host"),
        Fault::ContentTypeNotSigned => Cause::with("header-not-signed", "content-type"),
        Fault::AmazonHeaderNotSigned => {
            let names = asked.fields.iter().map(|(name, _)| *name);
            let amazon = names.filter(|name| name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"x-amz-")));
            Cause::with("header-not-signed", &listed(amazon.filter(|name| !is_signed(name)).collect()))
        }
        Fault::RequiredNotSigned => {
            let wanted = expected.signed_headers.iter().map(|name| name.as_bytes());
            Cause::with("header-not-signed", &listed(wanted.filter(|name| !is_signed(name)).collect()))
        }
        Fault::Date => Cause::new("aws-date-form"),
        Fault::Day => Cause::with("aws-scope-day", &format!("{}|{}", shown(sent.scope()[1]), shown(&sent.time))),
        Fault::Expiry | Fault::LongExpiry => Cause::new("aws-link-life"),
        Fault::PayloadAbsent | Fault::PayloadMode => Cause::new("aws-payload-header"),
        Fault::PayloadUnsigned => Cause::new("aws-payload-unsigned"),
        Fault::Streaming(mode) => Cause::with("aws-payload-streaming", mode),
    }]
}
