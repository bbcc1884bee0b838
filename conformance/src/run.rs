//! Runs cases through drivers and decides how each case ended in each binding.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::agreement::first_difference;
use crate::consistency::{Reveal, contradictions};
use crate::conversation::{Conversation, NoHello};
use crate::driver::Driver;
use crate::expect::Expect;
use crate::judge::judge;
use crate::known::KnownFailure;
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::peer;
use crate::protocol::Hello;
use crate::result::StepResult;
use crate::step::Step;
use crate::vectors::Case;

/// What became of one binding.
#[derive(Clone, Debug)]
pub struct BindingRun {
    /// The driver that was asked.
    pub driver: Driver,
    /// Whether it answered at all.
    pub state: State,
    /// One for each case, in the order of the cases.
    pub ends: Vec<CaseEnd>,
}

/// Whether a driver could be talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It said hello.
    Ran(Hello),
    /// It could not be started, or can do nothing that the cases need.
    NotRun(String),
    /// It was started and did not keep to the protocol.
    Broken(String),
}

/// What became of one case in one binding.
#[derive(Clone, Debug)]
pub struct CaseEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// How long the answer took.
    pub elapsed: Duration,
    /// The results as the driver wrote them, one for each step; none where there was no answer.
    pub raw: Vec<Value>,
    /// The same, read; nothing where one of them is malformed.
    pub results: Option<Vec<StepResult>>,
}

impl CaseEnd {
    fn without_answer(outcome: Outcome) -> CaseEnd {
        CaseEnd { outcome, elapsed: Duration::ZERO, raw: Vec::new(), results: None }
    }
}

/// Asks every driver every case, the drivers beside each other. Each binding is judged on its own.
pub fn run(cases: &[Case], drivers: &[Driver], limit: Duration) -> Vec<BindingRun> {
    thread::scope(|scope| {
        let running: Vec<_> =
            drivers.iter().map(|driver| scope.spawn(move || run_binding(cases, driver, limit))).collect();
        running.into_iter().map(|thread| thread.join().expect("a binding's thread does not panic")).collect()
    })
}

/// Compares the bindings with each other: with `rust` where it ran, else with the first that answered. A difference is
/// a failure also where both answers are right by the vector.
pub fn compare_bindings(cases: &[Case], bindings: &mut [BindingRun]) {
    let mut order: Vec<usize> = (0..bindings.len()).collect();
    order.sort_by_key(|&index| bindings[index].driver.name != "rust");
    for case in 0..cases.len() {
        let answered = |index: &&usize| bindings[**index].ends[case].results.is_some();
        let Some(&reference) = order.iter().find(answered) else {
            continue;
        };
        let mut differences = Vec::new();
        // What a peer says beside the verdict is not compared.
        let bindings_only =
            |(index, binding): &(usize, &BindingRun)| *index != reference && binding.driver.schemes.is_none();
        for (index, binding) in bindings.iter().enumerate().filter(bindings_only) {
            if let (Some(expected), Some(got)) = (&bindings[reference].ends[case].results, &binding.ends[case].results)
                && let Some((step, difference)) = first_difference(expected, got)
            {
                let text = format!("differs from {}: {difference}", bindings[reference].driver.name);
                differences.push((index, Failure::of_step(FailureKind::Difference, step, text)));
            }
        }
        for (index, failure) in differences {
            bindings[index].ends[case].outcome.add(failure);
        }
    }
}

/// Sets known failures apart; one that passes is a failure.
pub fn apply_known_failures(cases: &[Case], bindings: &mut [BindingRun], known: &[KnownFailure]) {
    let by_place: BTreeMap<(&str, &str), &str> =
        known.iter().map(|known| ((known.binding.as_str(), known.id.as_str()), known.reason.as_str())).collect();
    for binding in bindings {
        for (case, end) in cases.iter().zip(&mut binding.ends) {
            let Some(reason) = by_place.get(&(binding.driver.name.as_str(), case.id.as_str())) else {
                continue;
            };
            match end.outcome {
                Outcome::Pass => end.outcome.add(Failure::of_case(
                    FailureKind::KnownFailurePasses,
                    format!("a known failure passes; take it off the list ({reason})"),
                )),
                Outcome::Fail(_) => end.outcome = Outcome::KnownFailure((*reason).to_owned()),
                Outcome::KnownFailure(_) | Outcome::Unsupported(_) | Outcome::NotRun => {}
            }
        }
    }
}

fn run_binding(cases: &[Case], driver: &Driver, limit: Duration) -> BindingRun {
    let ended = |state: State, outcome: Outcome| BindingRun {
        driver: driver.clone(),
        state,
        ends: cases.iter().map(|_| CaseEnd::without_answer(outcome.clone())).collect(),
    };
    let mut conversation = match Conversation::begin(driver, limit) {
        Ok(conversation) => conversation,
        Err(NoHello::NotRun(cause)) => return ended(State::NotRun(cause), Outcome::NotRun),
        Err(NoHello::Broken(cause)) => {
            let failure = Failure::of_case(FailureKind::Protocol, &cause);
            return ended(State::Broken(cause), Outcome::Fail(vec![failure]));
        }
    };
    let hello = conversation.hello().clone();
    if !cases.iter().any(|case| missing_capability(&hello, case).is_none()) {
        // Nothing judged is not a success: the totals would show no failure.
        let cause = format!("the hello declares {:?}, with which no case can be judged", hello.capabilities);
        return ended(State::NotRun(cause), Outcome::NotRun);
    }

    let mut ends: Vec<CaseEnd> = Vec::with_capacity(cases.len());
    let mut last_asked = None;
    for case in cases {
        if let Some(capability) = missing_capability(&hello, case) {
            ends.push(CaseEnd::without_answer(Outcome::Unsupported(capability)));
            continue;
        }
        let started = Instant::now();
        let reply = conversation.ask(case);
        let elapsed = started.elapsed();
        if let Some(id) = reply.answered_twice {
            charge(cases, &mut ends, Some(&id), last_asked, "the driver answered this case twice");
        }
        let mut end = match reply.results {
            Ok(raw) if driver.is_peer() => judge_peer(driver, case, raw),
            Ok(raw) => judge_results(case, raw),
            Err(cause) => CaseEnd::without_answer(Outcome::Fail(vec![Failure::of_case(FailureKind::Protocol, cause)])),
        };
        end.elapsed = elapsed;
        last_asked = Some(ends.len());
        ends.push(end);
    }
    if let Err((id, cause)) = conversation.finish() {
        charge(cases, &mut ends, id.as_deref(), last_asked, &cause);
    }
    BindingRun { driver: driver.clone(), state: State::Ran(hello), ends }
}

/// The first operation of the case that the driver does not declare.
fn missing_capability(hello: &Hello, case: &Case) -> Option<&'static str> {
    case.steps.iter().map(|expected| expected.step.op()).find(|op| !hello.can(op))
}

/// Adds a failure to the case with this id, or to the last one that was asked.
fn charge(cases: &[Case], ends: &mut [CaseEnd], id: Option<&str>, last_asked: Option<usize>, cause: &str) {
    let named = id.and_then(|id| cases[..ends.len()].iter().position(|case| case.id == id));
    if let Some(index) = named.or(last_asked) {
        ends[index].outcome.add(Failure::of_case(FailureKind::Protocol, cause));
    }
}

/// Judges the results of one case: by the vector, and by themselves. There must be one for each step.
pub fn judge_results(case: &Case, raw: Vec<Value>) -> CaseEnd {
    let mut outcome = Outcome::Pass;
    let mut results = Vec::with_capacity(raw.len());
    let mut reveal = Reveal::of(&case.config);
    for (index, (expected, value)) in case.steps.iter().zip(&raw).enumerate() {
        match StepResult::read(&expected.step, value) {
            Ok(result) => {
                if let Some(difference) = judge(&expected.expect, &result) {
                    outcome.add(Failure::of_step(FailureKind::Expectation, index, difference));
                }
                for contradiction in contradictions(&result, reveal) {
                    outcome.add(Failure::of_step(FailureKind::Consistency, index, contradiction));
                }
                if let (Step::Replace { config }, StepResult::Replaced) = (&expected.step, &result) {
                    reveal = Reveal::of_document(config);
                }
                results.push(result);
            }
            Err(problem) => outcome.add(Failure::of_step(FailureKind::Protocol, index, problem)),
        }
    }
    let results = (results.len() == raw.len()).then_some(results);
    CaseEnd { outcome, elapsed: Duration::ZERO, raw, results }
}

/// Judges a peer by the vector alone: by the verdict, the code, and those listed members that it gives. Where it does not
/// judge one of the steps, it did not judge the case.
fn judge_peer(driver: &Driver, case: &Case, raw: Vec<Value>) -> CaseEnd {
    let mut outcome = Outcome::Pass;
    let mut has_judged_all = true;
    for (index, (expected, got)) in case.steps.iter().zip(&raw).enumerate() {
        let (wanted, got) = match &expected.expect {
            // A peer reads good configurations only.
            Expect::ConfigErrors(_) => (None, got),
            _ if peer::abstains(got) => (None, got),
            Expect::Ok(fields) => (Some(serde_json::json!({"ok": fields})), &peer::reduced(got, fields)),
            Expect::Refused(code) => (Some(serde_json::json!({"refused": {"code": code}})), got),
            Expect::Failed(code) => (Some(serde_json::json!({"failed": {"code": code}})), got),
        };
        match wanted {
            None => has_judged_all = false,
            Some(wanted) if peer::same(driver, &wanted, got) => {}
            Some(wanted) => {
                let text = format!("expected {wanted}, got {got}");
                outcome.add(Failure::of_step(FailureKind::Expectation, index, text));
            }
        }
    }
    if outcome == Outcome::Pass && !has_judged_all {
        outcome = Outcome::Unsupported("what the peer leaves out");
    }
    CaseEnd { outcome, elapsed: Duration::ZERO, raw, results: None }
}
