//! The report as one page that people can look at: from `report.json` and, where they are there, `matrix.json` and
//! `diff.json`. It asks nothing of the network, and shows hostile bytes as text.

mod badge;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::canonical;
use crate::text::Text;
use crate::vectors::{Case, Configuration};

const PAGE: &str = include_str!("page.html");

/// Writes `report.html` and `badge.svg` beside the files that they are made of.
pub fn write(folder: &Path, cases: &[Case]) -> Result<(), String> {
    let report = read(folder, "report.json")?.ok_or("there is no report.json; `run --report` writes it")?;
    let judged = judged(&report);
    let mut configs: Vec<Value> = Vec::new();
    let mut last: Option<&Configuration> = None;
    let mut shown = Vec::with_capacity(cases.len());
    for case in cases.iter().filter(|case| judged.contains(case.id.as_str())) {
        if last != Some(&case.config) {
            last = Some(&case.config);
            configs.push(match &case.config {
                Configuration::Document(document) => document.clone(),
                Configuration::Text(text) => json!(text),
            });
        }
        shown.push(case_value(case, configs.len() - 1));
    }
    let data = json!({
        "report": &report,
        "matrix": read(folder, "matrix.json")?,
        "diff": read(folder, "diff.json")?,
        "cases": shown,
        "configs": configs,
    });
    // The text of a script element ends at the first `</`, wherever it stands.
    let page = PAGE.replace("__DATA__", &data.to_string().replace("</", "<\\/").replace("<!--", "<\\u0021--"));
    save(&folder.join("badge.svg"), &badge::badge(&report))?;
    save(&folder.join("report.html"), &page)
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The cases of the report, which may have been made of a part of the vectors.
fn judged(report: &Value) -> BTreeSet<&str> {
    let ends = report["bindings"][0]["cases"].as_array().map(Vec::as_slice).unwrap_or_default();
    ends.iter().filter_map(|end| end["id"].as_str()).collect()
}

fn case_value(case: &Case, config: usize) -> Value {
    let steps: Vec<Value> = case
        .steps
        .iter()
        .map(|expected| {
            let mut step = serde_json::to_value(&expected.step).expect("plain data is JSON");
            step["expect"] = json!(expected.expect);
            step["message"] = json!(canonical::message(&expected.step).map(|message| Text::from_bytes(&message)));
            step
        })
        .collect();
    json!({
        "id": case.id,
        "suite": case.suite,
        "comment": case.comment,
        "flags": case.flags,
        "origin": case.origin,
        "refuses": case.must_refuse(),
        "config": config,
        "steps": steps,
    })
}

fn read(folder: &Path, name: &str) -> Result<Option<Value>, String> {
    let path = folder.join(name);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map(Some).map_err(|error| format!("{}: {error}", path.display()))
}
