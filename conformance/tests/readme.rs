//! The worked example of the README runs as it stands there.

mod common;

use common::{RUST_DRIVER, command, folder, readme_file, runner_in, text, unpack};

#[test]
fn the_example_driver_passes_the_example_vectors() {
    let folder = folder("readme-alone");
    unpack("example.json", &folder);
    unpack("driver.py", &folder);
    let ended = runner_in(&folder, &["run", "--vectors", "example.json", "--driver", "example=python3 driver.py"]);
    ended.expect(0, &["example: example 0.1.0 on Python"]);
    assert_eq!(ended.last_line(), "5 passed, 0 failed, 1 skipped");
}

#[test]
fn the_example_driver_and_the_core_agree_in_every_field() {
    let folder = folder("readme-beside-core");
    let vectors = unpack("example.json", &folder);
    let driver = unpack("driver.py", &folder);
    let rust = format!("rust={}", command(&[RUST_DRIVER]));
    let example = format!("example={}", command(&["python3", text(&driver)]));
    let ended =
        runner_in(&folder, &["run", "--require", "--vectors", text(&vectors), "--driver", &rust, "--driver", &example]);
    ended.expect(0, &[]);
    assert_eq!(ended.last_line(), "11 passed, 0 failed, 1 skipped");
}

#[test]
fn the_example_driver_has_fifty_lines() {
    assert!(readme_file("driver.py").lines().count() <= 50);
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_help() {
    let help = common::runner(&["run", "--help"]);
    for code in 0..=3 {
        assert!(help.out.contains(&format!("\n  {code}  ")), "{}", help.out);
        assert!(include_str!("../README.md").contains(&format!("\n| {code} | ")));
    }
}
