//! The judge is judged: canaries fail, and what is no canary is told apart.

mod common;

use std::path::Path;
use std::process::Command;

use common::{RUST_DRIVER, bad, command, folder, runner, text, unpack};

fn rust() -> String {
    format!("rust={}", command(&[RUST_DRIVER]))
}

#[test]
fn every_canary_is_caught_with_the_reference_driver() {
    let ended = runner(&["run", "--canary", "--driver", &rust()]);
    ended.expect(0, &[]);
    let (caught, rest) = ended.last_line().split_once(" passed, ").unwrap();
    assert!(caught.parse::<usize>().unwrap() >= 60, "{}", ended.out);
    assert_eq!(rest, "0 failed");
}

#[test]
fn a_case_with_a_right_expectation_is_a_missed_canary() {
    let folder = folder("canary-right");
    unpack("example.json", &folder);
    let ended = runner(&["run", "--canary", text(&folder), "--driver", &rust()]);
    ended.expect(1, &["MISSED rust example/get: it ended as pass", "0 passed, 6 failed"]);
}

#[test]
fn a_driver_that_fails_for_another_reason_catches_nothing() {
    for (mistake, reason) in [
        ("garbage", "the line is not JSON"),
        ("cannot-run", "the module is not there"),
        ("wrong-protocol", "wrong protocol version"),
        ("no-capabilities", "with which no case can be judged"),
    ] {
        let driver = format!("bad={}", bad(mistake, &[RUST_DRIVER]));
        let ended = runner(&["run", "--canary", "--filter", "forged", "--driver", &driver]);
        ended.expect(1, &["MISSED bad ", reason]);
        assert!(ended.last_line().starts_with("0 passed, "), "{}", ended.out);
    }
}

#[test]
fn the_file_is_what_its_generator_writes() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("canary/generate.py");
    let status = Command::new("python3").arg(script).arg("--check").status().expect("python3 is there");
    assert!(status.success(), "run conformance/canary/generate.py");
}
