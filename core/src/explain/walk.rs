//! The stages of one verification, told from what it ended with.

use serde_json::{Value, json};

use super::key::state;
use super::recipe::{self, fingerprint};
use super::sought::Sought;
use super::stage::{Outcome, Stage, StageName};
use super::standard::Looked;
use super::target::shown;
use crate::config::{Compiled, Key, ReplayRule, ReplayStoreKind, Rules, Window};
use crate::jwt;
use crate::policy::Path;
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::request::{Head, Headers};
use crate::scheme::{Scheme, SchemeSet, Standard};
use crate::template::{Algorithm, ClaimFault, Running};
use crate::verified::Verified;

/// Everything that the stages are told from.
pub(super) struct Walk<'w, 'a, H: Headers + ?Sized> {
    pub(super) config: &'w Compiled,
    pub(super) head: &'w Head<'a, H>,
    pub(super) body: &'a [u8],
    pub(super) now: u64,
    pub(super) outcome: &'w Result<Verified, Refusal>,
    pub(super) route: Option<usize>,
    /// The credential that was judged, or the nearest to one.
    pub(super) sought: Option<&'w Sought<'a>>,
    /// The same, where it is one of a standard.
    pub(super) looked: Option<&'w Looked>,
}

type Facts = Vec<(&'static str, Value)>;

impl<H: Headers + ?Sized> Walk<'_, '_, H> {
    pub(super) fn stages(&self) -> Vec<Stage> {
        let failed = self.outcome.as_ref().err().map(stage_of);
        let is_public = self.outcome.as_ref().is_ok_and(Verified::is_public);
        let is_token = self.looked.is_some_and(|looked| looked.scheme == Standard::Jwt);
        let order = if is_token { StageName::OF_TOKENS } else { StageName::ALL };
        let place = |name: StageName| order.iter().position(|known| *known == name);
        // Whom a token is for is judged before its times.
        let is_for_others = matches!(
            self.outcome.as_ref().err().map(Refusal::facts),
            Some(Detail::Token(jwt::Fault::OtherAudience | jwt::Fault::NoAudience))
        );
        order
            .into_iter()
            .map(|name| {
                let outcome = match failed {
                    Some(failed) if name == failed => Outcome::Failed,
                    Some(failed) if place(name) > place(failed) => Outcome::Skipped,
                    Some(_) if is_for_others && matches!(name, StageName::Window | StageName::BodySize) => {
                        Outcome::Skipped
                    }
                    // A public route is decided before anything is looked at; so is an optional one without credentials.
                    None if is_public && name > StageName::Route => Outcome::Skipped,
                    _ => Outcome::Ok,
                };
                let mut facts = self.facts(name, outcome);
                if let (Outcome::Failed, Err(refusal)) = (outcome, self.outcome) {
                    facts.push(("because", refusal.detail().into()));
                }
                Stage { name, outcome, facts }
            })
            .collect()
    }

    fn rules(&self) -> &Rules {
        self.route.map_or(&self.config.rules, |at| &self.config.routes[at].rules)
    }

    fn facts(&self, stage: StageName, outcome: Outcome) -> Facts {
        // What was not looked at is told only where it helps: the message, since people compare it first.
        if outcome == Outcome::Skipped && stage != StageName::Message {
            return Facts::new();
        }
        if let Some(looked) = self.looked
            && stage > StageName::Path
            && !matches!(stage, StageName::BodySize | StageName::Replay)
        {
            let mut facts = looked.facts_of(stage);
            if stage == StageName::Policy {
                facts.splice(0..0, self.policy());
            }
            return facts;
        }
        match stage {
            StageName::Request => self.request(),
            StageName::Route => self.route_facts(),
            StageName::Path | StageName::Coverage | StageName::Form => Facts::new(),
            StageName::Credential => self.credential(),
            StageName::Window => self.window(),
            StageName::BodySize => vec![("bytes", self.body.len().into()), ("limit", self.config.body_limit.into())],
            StageName::Keys => self.keys(),
            StageName::Message => self.message(),
            StageName::Signature => self.signature(),
            StageName::Policy => self.policy(),
            StageName::Replay => self.replay(),
        }
    }

    fn request(&self) -> Facts {
        let (path, query) = self.head.split_target();
        let mut facts: Facts = vec![("method", shown(self.head.method).into()), ("path", shown(path).into())];
        if let Some(query) = query {
            facts.push(("query_bytes", query.len().into()));
        }
        facts.push(("body_bytes", self.body.len().into()));
        facts
    }

    fn route_facts(&self) -> Facts {
        let rules = self.rules();
        let mut facts = Facts::new();
        match self.route.map(|at| &self.config.routes[at]) {
            Some(route) => {
                facts.push(("matched", (&*route.text).into()));
                facts.push(("public", route.public.into()));
                if route.public {
                    return facts;
                }
                facts.push(("strict", route.strict.into()));
                if let Some(services) = &route.services {
                    facts.push(("services", services.iter().map(|&at| &*self.config.services[at].id).collect()));
                }
            }
            None => facts.push(("matched", "no route; the rules of the document hold".into())),
        }
        let names: Vec<&str> = rules.accept.iter().map(|scheme| self.config.listed(scheme)).collect();
        facts.push((if rules.every { "require_all" } else { "accept" }, names.into()));
        if rules.optional {
            facts.push(("optional", true.into()));
        }
        facts
    }

    fn credential(&self) -> Facts {
        let Some(sought) = self.sought else {
            let found = if self.has_api_key() { json!(["api-key"]) } else { json!([]) };
            return vec![("found", found)];
        };
        let mut found = SchemeSet::default().with(sought.scheme);
        if self.has_api_key() {
            found = found.with(Scheme::ApiKey);
        }
        let found: Vec<&str> = found.iter().map(|scheme| self.config.listed(scheme)).collect();
        let renamed: Vec<&str> = sought.renamed.iter().map(|(wanted, _)| wanted.as_str()).collect();
        let missing: Vec<&str> = sought.missing.iter().map(String::as_str).chain(renamed).collect();
        let mut facts: Facts = vec![("found", found.into()), ("read", sought.read.clone().into())];
        if !missing.is_empty() {
            facts.push(("missing", missing.into()));
        }
        facts
    }

    fn has_api_key(&self) -> bool {
        let mut has = false;
        self.head.headers.visit(|name, _| has |= name.eq_ignore_ascii_case(crate::scheme::header::API_KEY.as_bytes()));
        has && self.rules().accept.has(Scheme::ApiKey)
    }

    fn window_of(&self, scheme: Scheme) -> Window {
        match scheme {
            Scheme::Plan(at) => self.config.plan(at).window,
            Scheme::BuiltIn(_) | Scheme::ApiKey | Scheme::Standard(_) => self.config.window,
        }
    }

    fn window(&self) -> Facts {
        let timestamp = match self.outcome {
            Ok(verified) => verified.timestamp().zip(verified.age()),
            Err(refusal) => match refusal.facts() {
                Detail::Window { age, .. } => Some((self.now.saturating_add_signed(age.saturating_neg()), age)),
                _ => self.sought.and_then(|sought| {
                    let timestamp = self.parse_time(sought)?;
                    Some((timestamp, (self.now as i64).saturating_sub(timestamp as i64)))
                }),
            },
        };
        let Some((timestamp, age)) = timestamp else { return vec![("timestamp", Value::Null)] };
        let window = self.sought.map_or(self.config.window, |sought| self.window_of(sought.scheme));
        vec![
            ("timestamp", timestamp.into()),
            ("now", self.now.into()),
            ("age", age.into()),
            ("past", window.past.into()),
            ("future", window.future.into()),
        ]
    }

    fn parse_time(&self, sought: &Sought<'_>) -> Option<u64> {
        let unit = match sought.scheme {
            Scheme::Plan(at) => self.config.plan(at).template.timestamp.as_ref()?.unit,
            Scheme::BuiltIn(_) | Scheme::ApiKey | Scheme::Standard(_) => crate::template::TimeUnit::Seconds,
        };
        unit.parse(&sought.values.timestamp)
    }

    fn keys(&self) -> Facts {
        let Some(sought) = self.sought else {
            let verified = self.outcome.as_ref().ok();
            let service =
                verified.and_then(Verified::service).or(self.outcome.as_ref().err().and_then(Refusal::service));
            return vec![("service", service.into()), ("key", verified.and_then(Verified::key_id).into())];
        };
        let Some(at) = sought.service.filter(|&at| !self.config.services[at].keys.is_empty()) else {
            return vec![("service", Value::Null), ("known", false.into())];
        };
        let service = &self.config.services[at];
        let state = |key: &Key| json!({"key": &*key.id, "state": state(key, self.now)});
        let keys: Vec<Value> = service.keys.iter().map(state).collect();
        vec![("service", (&*service.id).into()), ("keys", keys.into())]
    }

    fn message(&self) -> Facts {
        let is_readable = self.body.len() as u64 <= self.config.body_limit;
        let Some(sought) = self.sought.filter(|sought| !sought.pieces.is_empty() && is_readable) else {
            return Facts::new();
        };
        let mut message = Vec::new();
        recipe::put(&sought.pieces, &sought.values, &mut message);
        let part = |piece: &recipe::Piece| {
            let bytes = piece.bytes(&sought.values).len();
            json!({"part": piece.name(), "bytes": bytes})
        };
        let parts: Vec<Value> = sought.pieces.iter().map(part).collect();
        vec![
            ("scheme", self.config.scheme_id(sought.scheme).into()),
            ("parts", parts.into()),
            ("bytes", message.len().into()),
            ("sha256", fingerprint(&message).into()),
            ("body_sha256", fingerprint(self.body).into()),
        ]
    }

    /// What was sent and what was expected, as fingerprints. A token has none: it is the secret.
    fn signature(&self) -> Facts {
        let Some(sought) = self.sought.filter(|sought| sought.algorithm != Algorithm::Token) else {
            return Facts::new();
        };
        let exact = sought.readings.iter().filter(|reading| reading.faults.is_empty());
        let received: Vec<String> = exact.map(|reading| fingerprint(&reading.bytes)).collect();
        let mut facts: Facts = vec![("received", received.into())];
        let Some(at) = sought.service else { return facts };
        if sought.algorithm.is_asymmetric() {
            return facts;
        }
        let expected: Vec<Value> = self.config.services[at]
            .keys
            .iter()
            .map(|key| {
                let mut running = Running::start((&key.mac, key.proof.as_deref()));
                recipe::put(&sought.pieces, &sought.values, &mut running);
                json!({"key": &*key.id, "expected": fingerprint(running.finish().bytes())})
            })
            .collect();
        facts.push(("keys", expected.into()));
        facts
    }

    fn policy(&self) -> Facts {
        let service = self.sought.map_or(self.looked.and_then(|looked| looked.service), |sought| sought.service);
        let Some(at) = service else { return Facts::new() };
        let service = &self.config.services[at];
        let (path, _) = self.head.split_target();
        let mut facts: Facts = vec![
            ("may_call", service.may_call.into()),
            ("in_environment", service.in_environment.into()),
            ("permitted", service.permits(self.head.method, &Path::new(path)).into()),
        ];
        if let Some(services) = self.route.and_then(|at| self.config.routes[at].services.as_ref()) {
            facts.push(("listed_by_route", services.binary_search(&at).is_ok().into()));
        }
        facts
    }

    fn replay(&self) -> Facts {
        let store = match self.config.replay.store {
            ReplayStoreKind::Memory => "memory, looked at only",
            ReplayStoreKind::External => "external, not asked",
            ReplayStoreKind::None => "none",
        };
        let rule = match self.rules().replay {
            ReplayRule::UnsafeMethods => "unsafe-methods",
            ReplayRule::AllMethods => "all-methods",
            ReplayRule::Off => "off",
        };
        vec![("store", store.into()), ("rule", rule.into())]
    }
}

/// The stage that a refusal belongs to.
fn stage_of(refusal: &Refusal) -> StageName {
    use RefusalCode as Code;
    match refusal.facts() {
        Detail::MessageSignature(_) | Detail::AwsSignature(_) => match refusal.code() {
            Code::MalformedRequest
            | Code::MalformedSignature
            | Code::InvalidTimestamp
            | Code::InvalidNonce
            | Code::AlgorithmNotAllowed => StageName::Form,
            Code::InsufficientCoverage => StageName::Coverage,
            Code::TimestampOutsideWindow => StageName::Window,
            Code::DigestMismatch => StageName::Signature,
            _ => StageName::Credential,
        },
        Detail::Token(fault) => match fault {
            jwt::Fault::Joined => StageName::Credential,
            jwt::Fault::Expired { .. } | jwt::Fault::NotYet { .. } | jwt::Fault::IssuedInFuture { .. } => {
                StageName::Window
            }
            jwt::Fault::OtherAudience | jwt::Fault::NoAudience => StageName::Policy,
            jwt::Fault::OtherIssuer | jwt::Fault::NoIssuer => StageName::Keys,
            _ => StageName::Form,
        },
        Detail::Identity(fault) => match fault.code() {
            Code::MissingTarget | Code::MissingTimestamp | Code::DuplicateHeader => StageName::Credential,
            Code::MalformedSignature | Code::InvalidTimestamp | Code::InvalidToken | Code::AlgorithmNotAllowed => {
                StageName::Form
            }
            Code::InsufficientCoverage | Code::TargetNotAllowed => StageName::Coverage,
            Code::UnknownService => StageName::Policy,
            // The rest is for AWS to say.
            _ => StageName::Signature,
        },
        Detail::AwsPath => StageName::Form,
        Detail::SignatureExpired => StageName::Window,
        Detail::UnknownIssuer
        | Detail::UnknownTokenKey
        | Detail::TokenKeyNotValid
        | Detail::OtherAlgorithm
        | Detail::UnknownKeyId(_)
        | Detail::BoundKey { .. }
        | Detail::UnknownAccessKey(_)
        | Detail::AwsKey { .. }
        | Detail::SessionToken => StageName::Keys,
        Detail::StandardSignature | Detail::TokenSignature | Detail::OtherBody => StageName::Signature,
        Detail::TokenType
        | Detail::UnknownTokenCaller
        | Detail::TokenOfAnother
        | Detail::NoTokenId
        | Detail::TokenId => StageName::Policy,

        Detail::Head(_) => StageName::Request,
        Detail::Path(_) => StageName::Path,
        Detail::Form { .. }
        | Detail::Claim { fault: ClaimFault::Timestamp | ClaimFault::Signature | ClaimFault::Id(_), .. } => {
            StageName::Form
        }
        Detail::QueryNotCovered(_) => StageName::Coverage,
        Detail::Window { .. } => StageName::Window,
        Detail::BodyLimit(_) => StageName::BodySize,
        Detail::UnknownService(_) | Detail::UnknownApiKey | Detail::ApiKey { .. } | Detail::Key { .. } => {
            StageName::Keys
        }
        Detail::NoKeyMatches { .. } | Detail::OtherDigest => StageName::Signature,
        Detail::OtherService
        | Detail::NoCommonNonce
        | Detail::OtherTarget
        | Detail::TargetNotListed
        | Detail::Environment
        | Detail::RouteServices { .. }
        | Detail::Permissions => StageName::Policy,
        Detail::SameNonce | Detail::SameSignature | Detail::TooOldForStore | Detail::StoreFull { .. } => {
            StageName::Replay
        }
        // What remains is said of credentials.
        _ => StageName::Credential,
    }
}
