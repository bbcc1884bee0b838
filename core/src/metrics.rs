//! What a verifier counts.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::Compiled;
use crate::refusal::{Refusal, RefusalCode};
use crate::scheme::Scheme;
use crate::verified::Acceptance;

/// What accepted requests are counted by: the built-in schemes, and what is not built in by its kind.
const KINDS: [&str; 10] = [
    "service-hmac",
    "service-hmac-v2",
    "cross-service",
    "api-key",
    "rfc9421",
    "aws-sigv4",
    "jwt",
    "aws-identity",
    "template",
    "webhook",
];
const CODES: usize = RefusalCode::ALL.len();

/// Counts outcomes. Each has a place of its own, so that counting is one addition.
pub(crate) struct Counters {
    public: AtomicU64,
    accepted: [AtomicU64; KINDS.len()],
    refused: [AtomicU64; CODES],
    retiring: AtomicU64,
    unrecorded: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            public: AtomicU64::new(0),
            accepted: [const { AtomicU64::new(0) }; KINDS.len()],
            refused: [const { AtomicU64::new(0) }; CODES],
            retiring: AtomicU64::new(0),
            unrecorded: AtomicU64::new(0),
        }
    }
}

fn one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The position of a scheme among the kinds.
#[inline]
fn kind(config: &Compiled, scheme: Scheme) -> usize {
    match scheme {
        Scheme::BuiltIn(scheme) => scheme as usize,
        Scheme::ApiKey => 3,
        Scheme::Standard(scheme) => 4 + scheme as usize,
        Scheme::Plan(at) => 8 + usize::from(config.plan(at).webhook.is_some()),
    }
}

impl Counters {
    /// Counts a request when all is decided about it: where the replay store is outside, not before that has answered.
    #[inline]
    pub(crate) fn count(&self, config: &Compiled, acceptance: &Acceptance) {
        if acceptance.caller.as_ref().is_none_or(|caller| caller.replay_seconds.is_none()) {
            self.count_accepted(config, acceptance);
        }
    }

    #[inline]
    pub(crate) fn count_accepted(&self, config: &Compiled, acceptance: &Acceptance) {
        let Some(caller) = &acceptance.caller else {
            one(&self.public);
            return;
        };
        one(&self.accepted[kind(config, caller.scheme)]);
        if acceptance.key_is_retiring(config) {
            one(&self.retiring);
        }
        if caller.unrecorded {
            self.count_unrecorded();
        }
    }

    /// Counts a request that was accepted although nobody could say whether it came before.
    pub(crate) fn count_unrecorded(&self) {
        one(&self.unrecorded);
    }

    #[inline]
    pub(crate) fn count_refusal(&self, refusal: &Refusal) {
        one(&self.refused[refusal.code().number() as usize - 1]);
    }

    pub(crate) fn read(&self) -> Metrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut counters =
            vec![Counter { name: ACCEPTED, labels: vec![("scheme", "public")], value: read(&self.public) }];
        for (kind, counter) in KINDS.into_iter().zip(&self.accepted) {
            counters.push(Counter { name: ACCEPTED, labels: vec![("scheme", kind)], value: read(counter) });
        }
        for code in RefusalCode::ALL {
            let value = read(&self.refused[code.number() as usize - 1]);
            counters.push(Counter { name: REFUSED, labels: vec![("code", code.name())], value });
        }
        counters.push(Counter { name: RETIRING, labels: Vec::new(), value: read(&self.retiring) });
        counters.push(Counter { name: UNRECORDED, labels: Vec::new(), value: read(&self.unrecorded) });
        Metrics::new(&HELP, counters)
    }
}

const ACCEPTED: &str = "wiresign_requests_accepted_total";
const REFUSED: &str = "wiresign_requests_refused_total";
const RETIRING: &str = "wiresign_retiring_key_requests_total";
const UNRECORDED: &str = "wiresign_replay_unrecorded_total";

const HELP: [(&str, &str); 4] = [
    (ACCEPTED, "Requests that were accepted, by scheme or kind of scheme."),
    (REFUSED, "Requests that were refused, by code."),
    (RETIRING, "Accepted requests that were signed with a retiring key."),
    (UNRECORDED, "Requests that were accepted although the replay store was full or away."),
];

/// Counters at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    help: &'static [(&'static str, &'static str)],
    counters: Vec<Counter>,
}

/// One counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The name, as Prometheus has it.
    pub name: &'static str,
    /// Label names and values.
    pub labels: Vec<(&'static str, &'static str)>,
    /// How often it was counted.
    pub value: u64,
}

impl Metrics {
    /// `help` has a sentence for each name, in the order in which they are written.
    pub(crate) fn new(help: &'static [(&'static str, &'static str)], counters: Vec<Counter>) -> Self {
        Self { help, counters }
    }

    /// All counters, those at zero included.
    pub fn counters(&self) -> &[Counter] {
        &self.counters
    }

    /// The counters in Prometheus' text format 0.0.4.
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        let mut written = |line: std::fmt::Arguments<'_>| text.write_fmt(line).expect("a String takes all text");
        for (name, help) in self.help.iter().copied() {
            written(format_args!("# HELP {name} {help}\n# TYPE {name} counter\n"));
            for counter in self.counters.iter().filter(|counter| counter.name == name) {
                match counter.labels.as_slice() {
                    [] => written(format_args!("{name} {}\n", counter.value)),
                    labels => {
                        let labels: Vec<_> =
                            labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
                        written(format_args!("{name}{{{}}} {}\n", labels.join(","), counter.value));
                    }
                }
            }
        }
        text
    }
}
