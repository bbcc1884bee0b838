//! The vectors without the driver's process: the same adapter, called by Rust's own test runner.

use std::path::PathBuf;

use wiresign_conformance::protocol::question;
use wiresign_conformance::reference::handle;
use wiresign_conformance::run::judge_results;
use wiresign_conformance::vectors::Vectors;

#[test]
fn the_core_gives_what_the_vectors_expect() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let vectors = Vectors::load(&[folder]).unwrap_or_else(|problems| panic!("{}", problems.join("\n")));
    let mut failures = Vec::new();
    for case in &vectors.cases {
        let asked = serde_json::from_str(&question(case)).expect("the runner writes what the driver reads");
        let end = judge_results(case, handle(&asked).results);
        failures.extend(end.outcome.failures().iter().map(|failure| format!("{}: {failure}", case.id)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
