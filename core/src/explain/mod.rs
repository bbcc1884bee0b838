//! Why a request was judged as it was: stage by stage, and the usual causes tried one by one. For operators only, and off
//! the path of a verification.

mod body;
mod budget;
mod causes;
mod guard;
mod header;
mod json;
mod key;
mod obvious;
mod percent;
mod reading;
mod recipe;
mod search;
mod show;
mod sought;
mod stage;
mod standard;
mod target;
mod time;
mod variant;
mod walk;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::config::Compiled;
use crate::mac::hex;
use crate::policy::Path;
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::request::{Head, Headers, check_method, check_target};
use crate::scheme::Scheme;
use crate::template::{Algorithm, Running};
use crate::verified::Verified;
use budget::Budget;
use causes::Cause;
use guard::Guard;
use search::Search;
use sought::Sought;
use stage::{Stage, StageName};
use standard::{Asked, Judged};
use walk::Walk;

/// How a verification went, and what probably went wrong. Shows no secret, no expected signature, and no bytes of either.
///
/// Its [`Display`](std::fmt::Display) is for people, [`json`](Self::json) for programs.
#[derive(Clone, Debug)]
pub struct Explanation {
    verdict: Verdict,
    stages: Vec<Stage>,
    hints: Vec<Hint>,
    /// How many signatures were computed in search of a cause.
    tries: u32,
    /// What was not tried for want of room, in words.
    cuts: Vec<&'static str>,
}

#[derive(Clone, Debug)]
struct Verdict {
    refusal: Option<RefusalCode>,
    detail: Option<String>,
}

/// One cause that an explanation names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    id: &'static str,
    cause: String,
    fix: String,
    is_proved: bool,
}

impl Hint {
    /// The stable name of the cause. `docs/explain.md` lists all of them.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// A sentence that names the cause.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// A sentence that says what to do.
    pub fn fix(&self) -> &str {
        &self.fix
    }

    /// Whether the signature is right once this cause (with the other proved ones) is taken away. What is not proved follows
    /// from the verdict, or from the look of the request.
    pub fn is_proved(&self) -> bool {
        self.is_proved
    }

    fn new(cause: &Cause, is_proved: bool) -> Self {
        let (sentence, fix) = cause.sentences();
        Self { id: cause.id, cause: sentence, fix, is_proved }
    }
}

impl Explanation {
    /// `OK`, or the refusal's code: what a verification of the same request says.
    pub fn verdict(&self) -> &'static str {
        self.verdict.refusal.map_or("OK", RefusalCode::name)
    }

    /// The causes; those that a signature proves come first.
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// All causes that can be named: the id of each, what happened, and what to do. `{}` stands for a particular of the
    /// request.
    pub fn causes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        causes::CAUSES.iter().map(|known| (known.id, known.cause, known.fix))
    }
}

/// Explains a request. `outcome` is that of a verification that leaves nothing behind.
pub(crate) fn explain<'a, H: Headers + ?Sized>(
    config: &'a Arc<Compiled>,
    head: &Head<'a, H>,
    body: &'a [u8],
    now: u64,
    outcome: &Result<Verified, Refusal>,
) -> Explanation {
    let (path, _) = head.split_target();
    let is_sound = check_method(head.method).is_ok() && check_target(head.method, head.target).is_ok();
    let route = is_sound.then(|| config.route(head.method, &Path::new(path))).flatten().map(|(at, _)| at);
    let accepted = route.map_or(config.rules.accept, |at| config.routes[at].rules.accept);
    let credentials = sought::all(config, accepted.iter(), head, body);
    let mut fields = Vec::new();
    head.headers.visit(|name, value| fields.push((name, value)));
    let mut budget = Budget::new();
    let asked = Asked {
        config,
        method: head.method,
        target: head.target,
        authority: head.authority(),
        fields: &fields,
        body,
        now,
        refusal: outcome.as_ref().err(),
    };
    let looked = standard::look(&asked, accepted, judged_standard(outcome, &credentials), &mut budget);
    let judged = judged_scheme(config, outcome);
    let sought = credentials.iter().find(|sought| Some(sought.scheme) == judged).or(credentials.first());
    let sought = sought.filter(|_| looked.is_none());

    let mut hints: Vec<Hint> = Vec::new();
    if let Err(refusal) = outcome {
        let known = looked.as_ref().map_or(&[][..], |looked| &looked.causes);
        hints.extend(known.iter().map(|(cause, is_proved)| Hint::new(cause, *is_proved)));
        if known.is_empty() {
            hints = name_causes(&asked, &credentials, sought, refusal, &mut budget);
        }
        if hints.is_empty() {
            let cause = match refusal.code() {
                RefusalCode::InvalidSignature => Cause::new("not-found"),
                _ => Cause::with("part-missing", &refusal.detail()),
            };
            hints.push(Hint::new(&cause, false));
        }
        let mut seen: Vec<&'static str> = Vec::new();
        hints.retain(|hint| {
            let is_new = !seen.contains(&hint.id);
            seen.push(hint.id);
            is_new
        });
    }

    let mut hidden = sought.map_or_else(Vec::new, |sought| expected(config, sought));
    hidden.extend(looked.iter().flat_map(|looked| looked.hidden.iter().cloned()));
    let guard = Guard::new(config, hidden);
    let walk = Walk { config, head, body, now, outcome, route, sought, looked: looked.as_ref() };
    let mut stages = walk.stages();
    // Of the standards more than the target is repeated.
    for stage in stages.iter_mut().filter(|stage| stage.name == StageName::Request || looked.is_some()) {
        stage.facts.iter_mut().for_each(|(_, value)| guard.value(value));
    }
    for hint in hints.iter_mut().filter(|hint| looked.is_some() || REPEATS_THE_REQUEST.contains(&hint.id)) {
        guard.text(&mut hint.cause);
    }
    let refusal = outcome.as_ref().err();
    Explanation {
        verdict: Verdict { refusal: refusal.map(Refusal::code), detail: refusal.map(Refusal::detail) },
        stages,
        hints,
        tries: budget.spent(),
        cuts: budget.cuts,
    }
}

/// The causes of what a verdict says of a credential that is none of a standard.
fn name_causes<'a>(
    asked: &Asked<'_>,
    credentials: &[Sought<'a>],
    sought: Option<&Sought<'a>>,
    refusal: &Refusal,
    budget: &mut Budget,
) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let obvious = obvious::causes(asked.config, refusal, sought, asked.fields, asked.target, asked.body);
    let mut found: Vec<Hint> = Vec::new();
    if obvious::is_about_signature(refusal) && sought.is_some() {
        let order = sought
            .into_iter()
            .chain(credentials.iter().filter(|other| sought.is_none_or(|sought| sought.scheme != other.scheme)));
        found = search(asked.config, order, refusal, asked.now, budget);
    }
    // Such a key has shown itself: only a right signature is judged so.
    let obvious = obvious.iter().map(|cause| Hint::new(cause, cause.id == "key-not-valid"));
    // A timestamp that cannot be read is the cause whatever else the signature is over.
    if obvious::is_plain(refusal) {
        hints.extend(obvious);
        hints.extend(found);
    } else {
        hints.extend(found);
        hints.extend(obvious);
    }
    if hints.iter().any(|hint| hint.is_proved && hint.id.starts_with("signature-")) {
        hints.retain(|hint| hint.is_proved || !hint.id.starts_with("signature-"));
    }
    hints
}

/// The causes whose sentences hold text of the request.
const REPEATS_THE_REQUEST: [&str; 3] = ["header-name", "path-prefix-missing", "query-parameter"];

fn search<'s, 'a: 's>(
    config: &Compiled,
    credentials: impl Iterator<Item = &'s Sought<'a>>,
    refusal: &Refusal,
    now: u64,
    budget: &mut Budget,
) -> Vec<Hint> {
    let is_foreign = obvious::is_foreign(refusal);
    for sought in credentials {
        let is_foreign = is_foreign && sought.renamed.is_empty();
        if let Some(causes) = Search::new(config, sought, now, is_foreign, budget).run() {
            let renamed =
                sought.renamed.iter().map(|(wanted, found)| Cause::with("header-name", &format!("{found}|{wanted}")));
            // The signature is right under other names of headers: those are a cause, too.
            return renamed.chain(causes).map(|cause| Hint::new(&cause, true)).collect();
        }
    }
    Vec::new()
}

/// The standard that the verdict is about, where it is about one. `credentials` are those of other schemes.
fn judged_standard(outcome: &Result<Verified, Refusal>, credentials: &[Sought<'_>]) -> Judged {
    match outcome {
        Ok(verified) => match verified.caller().map(|caller| caller.scheme) {
            Some(Scheme::Standard(scheme)) => Judged::One(scheme),
            _ => Judged::None,
        },
        Err(refusal) => match standard::judged_by(refusal) {
            Judged::Any if credentials.first().is_some_and(|sought| sought.missing.is_empty()) => Judged::None,
            judged => judged,
        },
    }
}

/// The scheme that the verdict is about, where it says so.
fn judged_scheme(config: &Compiled, outcome: &Result<Verified, Refusal>) -> Option<Scheme> {
    match outcome {
        Ok(verified) => verified.caller().map(|caller| caller.scheme),
        Err(refusal) => match refusal.facts() {
            Detail::Claim { plan, .. } => Some(Scheme::Plan(plan)),
            _ => {
                let webhook = refusal.service().and_then(|id| id.strip_prefix("webhook:"));
                webhook.and_then(|name| config.webhook(name)).map(|(at, _)| Scheme::Plan(at))
            }
        },
    }
}

/// The signatures that the caller's keys make of the request, as they are written.
fn expected(config: &Compiled, sought: &Sought<'_>) -> Vec<Zeroizing<String>> {
    let keys = sought.service.map_or(&[][..], |at| &config.services[at].keys);
    // A body over the limit is not looked at, so nothing can be expected of it.
    let is_readable = sought.values.body.len() as u64 <= config.body_limit;
    let is_secret = is_readable && !sought.algorithm.is_asymmetric() && sought.algorithm != Algorithm::Token;
    keys.iter()
        .filter(|_| is_secret)
        .flat_map(|key| {
            let mut running = Running::start((&key.mac, key.proof.as_deref()));
            recipe::put(&sought.pieces, &sought.values, &mut running);
            let proof = running.finish();
            [Zeroizing::new(hex(proof.bytes())), Zeroizing::new(STANDARD.encode(proof.bytes()))]
        })
        .collect()
}
