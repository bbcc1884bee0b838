//! The vectors as a beginning: every scheme, handshake and context that somebody thought of, changed a little.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::draft::Draft;
use super::hostile::{BODIES, NAMES};
use super::mutate::on_the_way;
use super::random::Random;
use crate::expect::Expect;
use crate::step::{Request, Step};
use crate::text::Text;
use crate::vectors::{Case, Configuration};

/// Vectors that share a configuration.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) config_text: String,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) tests: Vec<Vec<Step>>,
}

/// All vectors, in groups, and the documents among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Corpus {
    pub(crate) groups: Vec<Group>,
    /// Documents with what their references find.
    pub(crate) documents: Vec<(Value, BTreeMap<String, String>)>,
}

/// Larger tests are left to the vectors: they would only slow down what is about shapes.
const LARGEST_BODY: usize = 16 * 1024;

impl Corpus {
    /// Sorts the vectors by their configuration. What a driver cannot do is left out for all, so that all are asked the same.
    pub(crate) fn of(cases: &[Case], can_do: impl Fn(&Step) -> bool) -> Arc<Corpus> {
        let mut corpus = Corpus::default();
        let mut last: Option<(&Configuration, &BTreeMap<String, String>)> = None;
        for case in cases {
            let is_small =
                |step: &Step| request_of(step).is_none_or(|request| request.body.bytes().len() <= LARGEST_BODY);
            if !case.steps.iter().all(|expected| is_small(&expected.step) && can_do(&expected.step)) {
                continue;
            }
            let is_next = last != Some((&case.config, &case.env));
            last = Some((&case.config, &case.env));
            if is_next && let Configuration::Document(document) = &case.config {
                corpus.documents.push((document.clone(), case.env.clone()));
            }
            // A document that cannot be read gives the same answer to everything.
            if matches!(case.steps[0].expect, Expect::ConfigErrors(_)) {
                continue;
            }
            if is_next || corpus.groups.is_empty() {
                let config_text = match &case.config {
                    Configuration::Document(document) => document.to_string(),
                    Configuration::Text(text) => text.clone(),
                };
                corpus.groups.push(Group { config_text, env: case.env.clone(), tests: Vec::new() });
            }
            let steps = case.steps.iter().map(|expected| expected.step.clone()).collect();
            corpus.groups.last_mut().expect("one was just there").tests.push(steps);
        }
        corpus.groups.retain(|group| !group.tests.is_empty());
        Arc::new(corpus)
    }
}

fn request_of(step: &Step) -> Option<&Request> {
    match step {
        Step::Verify { request, .. }
        | Step::VerifyStream { request, .. }
        | Step::Sign { request, .. }
        | Step::Handshake { request, .. }
        | Step::AskIdentity { request, .. }
        | Step::Explain { request, .. } => Some(request),
        _ => None,
    }
}

/// Changes a step of a vector; sometimes not at all.
pub(crate) fn change(random: &mut Random, step: &mut Step) {
    match step {
        Step::Verify { request, now }
        | Step::VerifyStream { request, now, .. }
        | Step::Handshake { request, now, .. }
        | Step::Explain { request, now } => {
            change_time(random, now);
            change_request(random, request);
        }
        Step::Sign { now, nonce, target, request } => {
            change_time(random, now);
            change_request(random, request);
            if random.percent(15) {
                *nonce = name(random);
            }
            if random.percent(15) {
                *target = Some(name(random));
            }
        }
        Step::SignContext { tenant, roles, now } => {
            change_time(random, now);
            change_context(random, tenant, roles);
        }
        Step::VerifyContext { tenant, roles, signature, now, payload } => {
            change_time(random, now);
            change_context(random, tenant, roles);
            if random.percent(20) {
                change_signature(random, signature);
            }
            if random.percent(15) {
                *payload = Some(Text::from_bytes(random.pick(BODIES)));
            }
        }
        Step::AskIdentity { now, request, answer } => {
            change_time(random, now);
            change_request(random, request);
            if let Some(answer) = answer {
                if random.percent(10) {
                    answer.status = random.pick(&[100, 200, 204, 301, 400, 401, 403, 429, 500, 599]);
                }
                if random.percent(30) {
                    answer.body = changed_text(random, &answer.body);
                }
            }
        }
        Step::IssueToken { now, nonce, subject, audience, lifetime, permissions, tenant } => {
            change_time(random, now);
            for text in [&mut *nonce, subject, audience] {
                if random.percent(10) {
                    *text = name(random);
                }
            }
            give(nonce);
            if random.percent(15) {
                *lifetime = Some(random.pick(&[1, 300, 301, 3600, 86_400, (1 << 53) - 1]));
            }
            if random.percent(15) {
                permissions.get_or_insert_default().push(name(random));
            }
            change_tenant(random, tenant);
        }
        Step::AnswerToken { now, nonce, caller, form, tenant } => {
            change_time(random, now);
            if random.percent(60) {
                *form = changed_text(random, form);
            }
            if random.percent(10) {
                *nonce = name(random);
                give(nonce);
            }
            if random.percent(10) {
                *caller = Some(name(random));
            }
            change_tenant(random, tenant);
        }
        Step::Check {} | Step::Replace { .. } => {}
    }
    if let Step::VerifyStream { request, chunks, .. } = step {
        *chunks = super::batch::chunks(random, request.body.bytes().len());
    }
}

fn change_request(random: &mut Random, request: &mut Request) {
    let mut draft = Draft::of(request);
    for _ in 0..random.below(3) {
        on_the_way(random, &mut draft);
    }
    *request = draft.into_request();
}

/// A text with something else at one place.
fn changed_text(random: &mut Random, text: &Text) -> Text {
    let mut bytes = text.bytes().to_vec();
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(4)).min(bytes.len());
    let put: &[&[u8]] =
        &[b"", b"&", b"=", b"%", b"+", b"%00", b"\"", b"\\u0041", b",", b"{}", b"\xff", b"\xc3\xa9", b" ", b"a"];
    bytes.splice(at..end, random.pick(put).iter().copied());
    Text::from_bytes(&bytes)
}

fn change_time(random: &mut Random, now: &mut u64) {
    if random.percent(5) {
        *now = random.pick(&[0, 1, 253_402_300_800, (1 << 53) - 1]);
    } else if random.percent(10) {
        let step = random.pick(&[1_u64, 299, 300, 301, 302, 600, 601]);
        *now = if random.percent(50) { now.saturating_sub(step) } else { (*now + step).min((1 << 53) - 1) };
    }
}

fn change_context(random: &mut Random, tenant: &mut String, roles: &mut Vec<String>) {
    match random.below(8) {
        0 => *tenant = name(random),
        1 => *tenant = tenant.to_ascii_uppercase(),
        2 => random.shuffle(roles),
        3 => roles.push(name(random)),
        4 if !roles.is_empty() => {
            let role = random.pick_ref(roles).clone();
            roles.push(role);
        }
        5 if !roles.is_empty() => {
            let at = random.below(roles.len());
            roles[at] =
                format!("{}{}", roles[at], random.pick(&[" ", "\n", "\u{e9}", "e\u{301}", "\u{7f}", "\u{1f600}"]));
        }
        6 if roles.len() < 8 => *roles = vec![name(random); random.pick(&[2, 1023, 1024, 1025])],
        _ => {}
    }
}

fn change_signature(random: &mut Random, signature: &mut String) {
    match random.below(5) {
        0 => *signature = signature.to_ascii_uppercase(),
        1 => signature.push(random.pick(&['0', ' ', '\n', '='])),
        2 => {
            signature.pop();
        }
        3 => *signature = name(random),
        _ => signature.clear(),
    }
}

fn change_tenant(random: &mut Random, tenant: &mut Option<String>) {
    if random.percent(15) {
        give(tenant.insert(name(random)));
    }
}

/// An empty text becomes another, where some languages have no way to give an empty one beside none.
fn give(text: &mut String) {
    if text.is_empty() {
        text.push('0');
    }
}

/// A name without NUL: texts that are no bytes are handed over as texts, and some languages end them there.
pub(crate) fn name(random: &mut Random) -> String {
    random.pick(NAMES).replace('\0', "\u{1}")
}
