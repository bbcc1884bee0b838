//! A difference as a vector file: ready to be judged again, and to be added.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::compare::read;
use super::lane::Answered;
use super::question::Question;
use crate::result::{StepResult, pointers};
use crate::vectors::SCHEMA;

/// What was found in one driver.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The number of the case.
    pub case: u64,
    /// The driver that differs.
    pub driver: String,
    /// What is different.
    pub what: String,
    /// Where the smallest case was written.
    pub file: PathBuf,
}

/// Writes the question with the answers of the reference as what is expected.
pub(crate) fn write(
    folder: &Path,
    seed: u64,
    difference: &Difference,
    question: &Question,
    reference: &Answered,
) -> Result<(), String> {
    let results = reference.as_ref().ok().and_then(|raw| read(question, raw).ok());
    let steps: Vec<Value> = question
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let mut step = serde_json::to_value(step).expect("plain data is JSON");
            step["expect"] = results.as_ref().map_or_else(|| json!({"ok": {}}), |results| expectation(&results[index]));
            step
        })
        .collect();
    let mut group = json!({
        "name": format!("the smallest form of case {} of seed {seed}", difference.case),
        "env": question.env,
        "tests": [{
            "id": format!("diff/seed-{seed}-case-{}-{}", difference.case, difference.driver),
            "comment": format!("{}: {}", difference.driver, difference.what),
            "flags": ["Difference"],
            "origin": "self",
            "steps": steps,
        }],
    });
    match serde_json::from_str::<Value>(&question.config_text) {
        // Only where the document says the same when it is written again.
        Ok(document) if question.config_text == format!("{document}") => group["config"] = document,
        _ => group["config_text"] = json!(question.config_text),
    }
    let file = json!({
        "schema": SCHEMA,
        "suite": "diff",
        "notes": {"Difference": {"meaning": "Two bindings, or a verdict and its explanation, differed here."}},
        "groups": [group],
    });
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&difference.file, format!("{file:#}\n")))
        .map_err(|error| format!("{}: {error}", difference.file.display()))
}

fn expectation(result: &StepResult) -> Value {
    match result {
        StepResult::Refused(refused) => json!({"refused": refused.code}),
        StepResult::Failed(failed) => json!({"failed": failed.code}),
        StepResult::ConfigErrors(problems) => json!({"config_errors": pointers(problems)}),
        StepResult::Checked(checked) => json!({"ok": {"warnings": pointers(&checked.warnings)}}),
        // No answer is right here but some success.
        StepResult::Crashed(_) => json!({"ok": {}}),
        other => json!({"ok": other.to_value()["ok"]}),
    }
}
