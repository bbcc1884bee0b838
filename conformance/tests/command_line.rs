//! The command line: what it reads strictly, what it writes, and its exit codes.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Ended, RUST_DRIVER, command, folder, readme_file, runner, runner_in, text, unpack};
use serde_json::{Value, json};

/// The README's vectors after a change, judged by the README's driver.
fn run_changed(name: &str, change: impl FnOnce(&mut Value)) -> Ended {
    let mut vectors: Value = serde_json::from_str(&readme_file("example.json")).unwrap();
    change(&mut vectors);
    run_text(name, &vectors.to_string())
}

fn run_text(name: &str, vectors: &str) -> Ended {
    let folder = folder(&format!("strict-{name}"));
    fs::write(folder.join("example.json"), vectors).unwrap();
    unpack("driver.py", &folder);
    runner_in(&folder, &["run", "--vectors", ".", "--driver", "example=python3 driver.py"])
}

fn first_test(vectors: &mut Value) -> &mut Value {
    &mut vectors["groups"][0]["tests"][0]
}

#[test]
fn vector_files_are_read_strictly() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change, &str); 19] = [
        ("schema", |file| file["schema"] = json!("wiresign-vectors-2"), "this runner reads \"wiresign-vectors-1\""),
        ("unknown-in-file", |file| file["extra"] = json!(1), "unknown field `extra`"),
        ("unknown-in-group", |file| file["groups"][0]["extra"] = json!(1), "unknown field `extra`"),
        ("unknown-in-test", |file| first_test(file)["extra"] = json!(1), "unknown field `extra`"),
        ("unknown-in-step", |file| first_test(file)["steps"][0]["extra"] = json!(1), "unknown field `extra`"),
        (
            "unknown-in-request",
            |file| first_test(file)["steps"][0]["request"]["extra"] = json!(1),
            "unknown field `extra`",
        ),
        ("unknown-in-note", |file| file["notes"]["Genuine"]["extra"] = json!(1), "unknown field `extra`"),
        (
            "no-config",
            |file| file["groups"][0]["config"].take().as_object().map_or((), |_| ()),
            "exactly one of config",
        ),
        ("two-configs", |file| file["groups"][0]["config_text"] = json!("{}"), "exactly one of config and config_text"),
        ("no-flag", |file| first_test(file)["flags"] = json!([]), "the test has no flag"),
        ("strange-flag", |file| first_test(file)["flags"] = json!(["Odd"]), "the flag \"Odd\" is not explained"),
        ("strange-id", |file| first_test(file)["id"] = json!("other/get"), "does not start with \"example/\""),
        (
            "no-body",
            |file| drop(first_test(file)["steps"][0]["request"].as_object_mut().unwrap().remove("body")),
            "missing field `body`",
        ),
        (
            "late",
            |file| first_test(file)["steps"][0]["now"] = json!(1_u64 << 53),
            "the time is later than 9007199254740991",
        ),
        ("no-steps", |file| first_test(file)["steps"] = json!([]), "the test has no steps"),
        (
            "no-such-code",
            |file| first_test(file)["steps"][0]["expect"] = json!({"refused": "NO_SUCH_CODE"}),
            "\"NO_SUCH_CODE\" is no refusal code of the contract",
        ),
        (
            "no-such-field",
            |file| first_test(file)["steps"][0]["expect"]["ok"]["mood"] = json!("good"),
            "the result of \"verify\" has no field \"mood\"",
        ),
        (
            "two-verdicts",
            |file| first_test(file)["steps"][0]["expect"]["refused"] = json!("INVALID_SIGNATURE"),
            "expect: ",
        ),
        (
            "long-chunks",
            |file| {
                let step = &mut first_test(file)["steps"][0];
                step["op"] = json!("verify_stream");
                step["chunks"] = json!([1]);
            },
            "the chunks are longer than the body",
        ),
    ];
    for (name, change, message) in changes {
        run_changed(name, change).expect(2, &["example.json: ", message]);
    }
}

#[test]
fn what_has_two_readings_is_no_vector() {
    let file = readme_file("example.json");
    run_text("member-twice", &file.replacen("\"suite\"", "\"suite\": \"example\", \"suite\"", 1))
        .expect(2, &["the member \"suite\" is there twice"]);
    let mut vectors: Value = serde_json::from_str(&file).unwrap();
    first_test(&mut vectors)["id"] = json!("example/too-old");
    run_text("id-twice", &vectors.to_string()).expect(2, &["the id \"example/too-old\" is there twice"]);
}

#[test]
fn every_problem_of_every_file_is_told_at_once() {
    let ended = run_changed("many", |file| {
        first_test(file)["flags"] = json!([]);
        file["suite"] = json!("Example Suite");
    });
    ended.expect(2, &["the test has no flag", "is not lower kebab-case"]);
}

#[test]
fn nothing_to_judge_is_an_error() {
    let folder = folder("nothing");
    runner_in(&folder, &["run", "--vectors", ".", "--driver", "a=true"]).expect(2, &["there is no *.json file"]);
    unpack("example.json", &folder);
    runner_in(&folder, &["run", "--vectors", ".", "--driver", "a=true", "--filter", "xyz"])
        .expect(2, &["no case is left to judge"]);
    runner_in(&folder, &["run", "--vectors", ".", "--driver", "nobody"]).expect(2, &["nobody"]);
    runner_in(&folder, &["run", "--no-such-option"]).expect(2, &[]);
    runner_in(&folder, &["run", "--vectors", ".", "--driver", "a=true", "--driver", "a=true"])
        .expect(2, &["two drivers with the name \"a\""]);
}

#[test]
fn vectors_from_outside_judge_a_driver() {
    let ended = run_changed("outside-wrong", |file| {
        first_test(file)["steps"][0]["expect"]["ok"]["age"] = json!(6);
    });
    ended.expect(1, &["FAIL example example/get\n  step 1: age: expected 6, got 5", "4 passed, 1 failed, 1 skipped"]);
}

#[test]
fn the_command_that_repeats_a_failure_does_so() {
    let folder = folder("repeat");
    let changed = readme_file("example.json").replace("\"age\": 5", "\"age\": 6");
    fs::write(folder.join("a file.json"), changed).unwrap();
    unpack("driver.py", &folder);
    let ended = runner_in(&folder, &["run", "--vectors", "a file.json", "--driver", "example=python3 'driver.py'"]);
    let repeat = ended.out.lines().find_map(|line| line.trim().strip_prefix("repeat: ")).unwrap();
    let output = Command::new("sh").args(["-c", repeat]).current_dir(&folder).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{repeat}\n{shown}");
    for text in [
        "case      example/get",
        "asked     {\"op\":\"verify\"",
        "signed    \"GET\\n/orders/7\\n1767225600\\n\\nbilling\"",
        "expected  {\"ok\":{\"age\":6",
        "got       {\"ok\":{\"age\":5",
        "verdict   fail",
    ] {
        assert!(shown.contains(text), "{text:?} is not in\n{shown}");
    }
}

#[test]
fn list_says_what_there_is() {
    let folder = folder("list");
    unpack("example.json", &folder);
    let ended = runner_in(&folder, &["list", "--vectors", "."]);
    ended.expect(0, &["accept  example/get  [Genuine]", "refuse  example/too-old  [Window]"]);
    assert_eq!(ended.last_line(), "6 cases, 4 of them must refuse");
}

#[test]
fn the_reports_hold_every_case() {
    let folder = folder("reports");
    let changed = readme_file("example.json").replace("\"age\": 5", "\"age\": 6");
    fs::write(folder.join("example.json"), changed).unwrap();
    unpack("driver.py", &folder);
    let rust = format!("rust={}", command(&[RUST_DRIVER]));
    runner_in(
        &folder,
        &[
            "run",
            "--vectors",
            "example.json",
            "--report",
            "out/deep",
            "--driver",
            "example=python3 driver.py",
            "--driver",
            &rust,
            "--driver",
            "gone=./gone",
        ],
    )
    .expect(1, &["9 passed, 2 failed, 7 skipped"]);

    let report: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("out/deep/report.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "wiresign-conformance-report-1");
    assert_eq!(
        report["totals"],
        json!({"passed": 9, "failed": 2, "known_failures": 0, "unsupported": 1, "not_run": 6})
    );
    let example = &report["bindings"][0];
    assert_eq!(example["name"], "example");
    assert_eq!(example["hello"]["capabilities"], json!(["verify"]));
    assert_eq!(example["suites"]["example"]["passed"], 4);
    assert_eq!(example["cases"].as_array().unwrap().len(), 6);
    assert_eq!(example["cases"][0]["failures"][0]["kind"], "expectation");
    assert_eq!(example["cases"][0]["got"][0]["ok"]["age"], 5);
    assert_eq!(example["cases"][5]["outcome"], "unsupported");
    assert_eq!(report["bindings"][2]["state"], "not_run");

    // Read by a parser that is not ours.
    let script = "import sys, xml.etree.ElementTree as tree\n\
        for suite in tree.parse(sys.argv[1]).getroot():\n\
        \x20   print(suite.get('name'), *map(suite.get, ('tests', 'failures', 'errors', 'skipped')), len(suite))";
    let path = folder.join("out/deep/junit.xml");
    let output = Command::new("python3").args(["-c", script, text(&path)]).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "example/example 6 1 0 1 6\nrust/example 6 1 0 0 6\ngone/example 6 0 0 6 6\n"
    );
}

/// A repository with one declared driver and the README's vectors.
fn repository(name: &str, capabilities: &str, binding: &str) -> PathBuf {
    let root = folder(name);
    let vectors = root.join("conformance/vectors");
    fs::create_dir_all(&vectors).unwrap();
    unpack("example.json", &vectors);
    unpack("driver.py", &root);
    let drivers = format!(
        "[[driver]]\nname = \"{binding}\"\ncommand = [\"python3\", \"driver.py\"]\nbuild = \"make it\"\ncapabilities = {capabilities}\n"
    );
    fs::write(root.join("conformance/drivers.toml"), drivers).unwrap();
    fs::write(root.join("conformance/known-failures.toml"), "").unwrap();
    root
}

#[test]
fn declared_drivers_are_asked_from_any_folder() {
    let root = repository("declared", "[\"verify\"]", "example");
    runner_in(&root.join("conformance/vectors"), &["run"]).expect(0, &["5 passed, 0 failed, 1 skipped"]);
    runner_in(Path::new("/"), &["--root", text(&root), "run", "--driver", "example"])
        .expect(0, &["5 passed, 0 failed, 1 skipped"]);
}

#[test]
fn a_canary_is_left_out_where_a_declared_driver_need_not_answer() {
    let root = repository("canary-left-out", "[\"verify\"]", "example");
    runner_in(&root, &["run", "--canary", "conformance/vectors"])
        .expect(1, &["example: 0 of 5 canaries caught", "0 passed, 5 failed, 1 skipped"]);
}

#[test]
fn a_declared_driver_keeps_what_it_promises() {
    let root = repository("promise", "[\"verify\", \"sign\"]", "example");
    runner_in(&root, &["run"]).expect(1, &["the hello lacks the capability \"sign\"", "0 passed, 6 failed"]);
    let root = repository("promise-name", "[\"verify\"]", "ruby");
    runner_in(&root, &["run"]).expect(1, &["the hello is of the binding \"example\", not of \"ruby\""]);
    let root = repository("promise-unknown", "[\"telepathy\"]", "example");
    runner_in(&root, &["run"]).expect(2, &["there is no capability \"telepathy\""]);
}

#[test]
fn the_environment_can_replace_a_declared_command() {
    let root = repository("environment", "[\"verify\"]", "example");
    fs::rename(root.join("driver.py"), root.join("moved.py")).unwrap();
    runner_in(&root, &["run"]).expect(3, &["NOT RUN", "(build it with: make it)", "0 passed, 0 failed, 6 skipped"]);
    let output = Command::new(env!("CARGO_BIN_EXE_wiresign-conformance"))
        .arg("run")
        .env("WIRESIGN_DRIVER_EXAMPLE", "python3 'moved.py'")
        .current_dir(&root)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn known_failures_are_told_and_cannot_rot() {
    let root = repository("known", "[\"verify\"]", "example");
    let list = root.join("conformance/known-failures.toml");
    let vectors = root.join("conformance/vectors/example.json");
    fs::write(&vectors, readme_file("example.json").replace("\"age\": 5", "\"age\": 6")).unwrap();

    let known = "[[known]]\nbinding = \"example\"\nid = \"example/get\"\nreason = \"counts wrongly\"\n";
    fs::write(&list, known).unwrap();
    runner_in(&root, &["run"])
        .expect(0, &["KNOWN FAILURE example example/get: counts wrongly", "4 passed, 0 failed, 2 skipped"]);

    unpack("example.json", vectors.parent().unwrap());
    runner_in(&root, &["run"]).expect(1, &["a known failure passes; take it off the list", "4 passed, 1 failed"]);

    fs::write(&list, known.replace("example/get", "example/gone")).unwrap();
    runner_in(&root, &["run"]).expect(2, &["names \"example/gone\", which no vector file has"]);
    fs::write(&list, known.replace("counts wrongly", " ")).unwrap();
    runner_in(&root, &["run"]).expect(2, &["has no reason"]);
    fs::write(&list, known.replace("reason", "excuse")).unwrap();
    runner_in(&root, &["run"]).expect(2, &["known-failures.toml: "]);
}

#[test]
fn the_drivers_of_this_repository_are_declared() {
    let ended = runner(&["run", "--vectors", "tests/vectors/sign.json", "--driver", "rust"]);
    ended.expect(0, &["1 passed, 0 failed"]);
}
