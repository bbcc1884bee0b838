//! Somebody else's vectors, and somebody else's driver in a language that is no binding, judged by what the README says.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Ended, RUST_DRIVER, command, folder, runner_in};

fn strangers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stranger")
}

/// Judges a copy of the driver, far from this repository, after a change.
fn judged(name: &str, change: impl Fn(String) -> String, beside: &[&str]) -> Ended {
    let folder = folder(&format!("stranger-{name}"));
    let driver = change(fs::read_to_string(strangers().join("driver.pl")).unwrap());
    fs::write(folder.join("driver.pl"), driver).unwrap();
    fs::create_dir(folder.join("theirs")).unwrap();
    for file in ["pushes.json", "doors.json"] {
        fs::copy(strangers().join("vectors").join(file), folder.join("theirs").join(file)).unwrap();
    }
    let arguments = [&["run", "--vectors", "theirs", "--require", "--driver", "perl=perl driver.pl"], beside].concat();
    runner_in(&folder, &arguments)
}

#[test]
fn a_driver_and_vectors_of_somebody_else_are_judged() {
    let ended = judged("alone", |driver| driver, &[]);
    ended.expect(0, &["perl: perl 0.1.0 on Perl"]);
    assert_eq!(ended.last_line(), "7 passed, 0 failed");
}

#[test]
fn they_agree_with_the_core_in_every_field() {
    let rust = format!("rust={}", command(&[RUST_DRIVER]));
    let ended = judged("beside", |driver| driver, &["--driver", &rust]);
    ended.expect(0, &[]);
    assert_eq!(ended.last_line(), "14 passed, 0 failed");
}

#[test]
fn a_driver_of_somebody_else_that_compares_nothing_is_red() {
    let ended = judged("careless", |driver| driver.replace(" ne $tag", " eq ''"), &[]);
    ended.expect(1, &["FAIL perl pushes/other-branch", "expected refused INVALID_SIGNATURE, got ok"]);
    assert_eq!(ended.last_line(), "5 passed, 2 failed");
}

#[test]
fn it_takes_fifty_lines() {
    assert!(fs::read_to_string(strangers().join("driver.pl")).unwrap().lines().count() <= 50);
}
