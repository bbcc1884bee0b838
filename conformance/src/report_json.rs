//! `report.json`: everything that was found, for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::judge::verdict;
use crate::outcome::Outcome;
use crate::run::{BindingRun, CaseEnd, State};
use crate::totals::{Totals, suites};
use crate::vectors::Case;

/// The `schema` member of the report.
pub const SCHEMA: &str = "wiresign-conformance-report-1";

/// The whole report. `all` are the totals over the bindings.
pub fn report(cases: &[Case], bindings: &[BindingRun], all: &Totals) -> Value {
    json!({
        "schema": SCHEMA,
        "cases": cases.len(),
        "totals": all,
        "bindings": bindings.iter().map(|binding| binding_report(cases, binding)).collect::<Vec<_>>(),
    })
}

fn binding_report(cases: &[Case], binding: &BindingRun) -> Value {
    let suites: BTreeMap<&str, Totals> =
        suites(cases).into_iter().map(|suite| (suite, Totals::of(cases, binding, Some(suite)))).collect();
    let (state, cause, hello) = match &binding.state {
        State::Ran(hello) => ("ran", None, Some(hello)),
        State::NotRun(cause) => ("not_run", Some(cause), None),
        State::Broken(cause) => ("broken", Some(cause), None),
    };
    json!({
        "name": binding.driver.name,
        "state": state,
        "cause": cause,
        "hello": hello,
        "totals": Totals::of(cases, binding, None),
        "suites": suites,
        "cases": cases.iter().zip(&binding.ends).map(|(case, end)| case_report(case, end)).collect::<Vec<_>>(),
    })
}

fn case_report(case: &Case, end: &CaseEnd) -> Value {
    let mut report = json!({
        "id": case.id,
        "suite": case.suite,
        "outcome": end.outcome.word(),
        "milliseconds": end.elapsed.as_secs_f64() * 1000.0,
    });
    match &end.outcome {
        Outcome::Fail(failures) => {
            report["failures"] = json!(failures);
            report["expected"] = case.steps.iter().map(|expected| verdict(&expected.expect)).collect();
            report["got"] = json!(end.raw);
        }
        Outcome::KnownFailure(reason) => report["reason"] = json!(reason),
        Outcome::Unsupported(capability) => report["capability"] = json!(capability),
        Outcome::Pass | Outcome::NotRun => {}
    }
    report
}
