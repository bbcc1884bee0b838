//! Each way in which a driver can be wrong turns the run red, with a message that names it.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
#[cfg(target_os = "linux")]
use std::{
    thread,
    time::{Duration, Instant},
};

use common::{Ended, RUST_DRIVER, bad, command, folder, runner, text, unpack};

/// Runs the README's vectors through its driver with one mistake.
fn run_bad(mistake: &str, extra: &[&str]) -> Ended {
    let folder = folder(&format!("bad-{mistake}"));
    let vectors = unpack("example.json", &folder);
    let good = unpack("driver.py", &folder);
    let driver = format!("bad={}", bad(mistake, &["python3", text(&good)]));
    let mut arguments = vec!["run", "--vectors", text(&vectors), "--driver", &driver];
    arguments.extend(extra);
    runner(&arguments)
}

#[test]
fn the_proxy_without_a_mistake_passes() {
    let ended = run_bad("none", &[]);
    ended.expect(0, &[]);
    assert_eq!(ended.last_line(), "5 passed, 0 failed, 1 skipped");
}

#[test]
fn one_that_always_says_ok() {
    let ended = run_bad("always-ok", &[]);
    ended.expect(1, &["FAIL bad example/changed-body", "expected refused INVALID_SIGNATURE, got ok"]);
}

#[test]
fn one_that_always_refuses() {
    let ended = run_bad("always-refuses", &[]);
    ended.expect(1, &["FAIL bad example/get", "expected ok, got refused INVALID_SIGNATURE"]);
    ended.expect(
        1,
        &["FAIL bad example/too-old", "expected refused TIMESTAMP_OUTSIDE_WINDOW, got refused INVALID_SIGNATURE"],
    );
}

#[test]
fn the_right_code_with_another_sentence() {
    run_bad("other-sentence", &[]).expect(1, &["the response body's error \"Your signature", "3 failed"]);
}

#[test]
fn the_right_code_with_another_status() {
    run_bad("other-status", &[]).expect(
        1,
        &[
            "response status 403 does not go with INVALID_SIGNATURE",
            "www_authenticate is there on a response with status 403",
        ],
    );
}

#[test]
fn a_code_that_does_not_exist() {
    run_bad("unknown-code", &[]).expect(1, &["\"NO_SUCH_CODE\" is no refusal code of the contract"]);
}

#[test]
fn a_result_with_a_member_missing_or_unknown() {
    run_bad("missing-member", &[]).expect(1, &["missing field `route`", "2 failed"]);
    run_bad("extra-member", &[]).expect(1, &["unknown field `mood`", "2 failed"]);
}

#[test]
fn an_unforeseen_exception() {
    run_bad("crashed", &[]).expect(1, &["the binding crashed: ValueError: not foreseen", "0 passed, 5 failed"]);
}

#[test]
fn garbage_in_place_of_an_answer() {
    run_bad("garbage", &[])
        .expect(1, &["the line is not JSON", "Traceback (most recent call last)", "0 passed, 5 failed"]);
    run_bad("not-utf8", &[]).expect(1, &["the line is not UTF-8", "0 passed, 5 failed"]);
    run_bad("repeated-member", &[]).expect(1, &["the member \"id\" is there twice", "0 passed, 5 failed"]);
    run_bad("no-answer-object", &[]).expect(1, &["the line is no answer", "0 passed, 5 failed"]);
}

#[test]
fn a_crash_is_charged_to_the_case_in_flight_and_to_no_other() {
    let ended = run_bad("crash", &[]);
    ended.expect(
        1,
        &[
            "FAIL bad example/changed-body\n  the driver died while it was asked this (signal: 6",
            "the last line of its standard error: the cause of the crash",
        ],
    );
    assert_eq!(ended.count("FAIL "), 1);
    assert_eq!(ended.last_line(), "4 passed, 1 failed, 1 skipped");
}

#[test]
fn a_driver_that_ends_with_success_in_the_middle_died_as_well() {
    let ended = run_bad("quits", &[]);
    ended.expect(1, &["FAIL bad example/changed-body\n  the driver died while it was asked this (exit status: 0)"]);
    assert_eq!(ended.last_line(), "4 passed, 1 failed, 1 skipped");
}

#[test]
fn a_hang_is_cut_short_and_charged_to_the_case_in_flight() {
    let ended = run_bad("hang", &["--timeout", "20"]);
    ended.expect(1, &["FAIL bad example/changed-body\n  no answer within 20 s"]);
    assert_eq!(ended.last_line(), "4 passed, 1 failed, 1 skipped");
}

#[test]
fn an_answer_that_comes_late_counts_for_nothing() {
    let ended = run_bad("late", &["--timeout", "20"]);
    ended.expect(1, &["FAIL bad example/changed-body\n  no answer within 20 s"]);
    assert_eq!(ended.last_line(), "4 passed, 1 failed, 1 skipped");
}

#[test]
fn answers_in_another_order() {
    // One question at a time: who holds an answer back until the next question gives none.
    let ended = run_bad("out-of-order", &["--timeout", "10"]);
    ended.expect(1, &["FAIL bad example/get\n  no answer within 10 s", "0 passed, 5 failed"]);
}

#[test]
fn a_driver_that_always_hangs_is_given_up() {
    let folder = folder("bad-hangs-always");
    let good = unpack("driver.py", &folder);
    // Two files of five cases each, so that there is something left after five lost ones.
    let vectors = unpack("example.json", &folder);
    let twin = folder.join("twin.json");
    let second = fs::read_to_string(&vectors).unwrap().replace("\"example", "\"twin");
    fs::write(&twin, second).unwrap();
    let driver = format!("bad={}", bad("hangs-always", &["python3", text(&good)]));
    let ended = runner(&["run", "--vectors", text(&vectors), text(&twin), "--driver", &driver, "--timeout", "10"]);
    ended.expect(1, &["not asked: the driver left 5 cases in a row without an answer", "0 passed, 10 failed"]);
}

#[test]
fn half_a_line() {
    let ended = run_bad("half-line", &["--timeout", "20", "--filter", "example/get"]);
    ended.expect(1, &["no answer within 20 s, after half a line: \"{\\\"id\\\": \\\"example/get"]);
    let ended = run_bad("half-line-and-quits", &[]);
    ended.expect(
        1,
        &["the driver died while it was asked this (exit status: 0), after half a line", "0 passed, 5 failed"],
    );
}

#[test]
fn another_id() {
    run_bad("wrong-id", &[]).expect(1, &["wrong id: the driver answered \"example/get?\"", "0 passed, 5 failed"]);
}

#[test]
fn every_line_twice() {
    let ended = run_bad("twice", &[]);
    ended.expect(1, &["FAIL bad example/get\n  the driver answered this case twice", "a line that nobody asked for"]);
    assert_eq!(ended.last_line(), "0 passed, 5 failed, 1 skipped");
}

#[test]
fn too_few_and_too_many_results() {
    run_bad("missing-results", &[]).expect(1, &["missing results: 0 for 1 steps", "0 passed, 5 failed"]);
    run_bad("too-many-results", &[]).expect(1, &["too many results: 2 for 1 steps", "0 passed, 5 failed"]);
}

#[test]
fn another_protocol_version() {
    let ended = run_bad("wrong-protocol", &[]);
    ended.expect(1, &["FAIL bad all 6 cases", "wrong protocol version: the hello says 2, this runner speaks 1"]);
    assert_eq!(ended.last_line(), "0 passed, 6 failed");
}

#[test]
fn a_first_line_that_is_no_hello() {
    run_bad("garbage-hello", &[])
        .expect(1, &["the first line is no hello", "Welcome to the driver!", "0 passed, 6 failed"]);
}

#[test]
fn no_hello_at_all() {
    run_bad("no-hello", &["--timeout", "1"]).expect(1, &["no hello within 1 s", "0 passed, 6 failed"]);
    run_bad("ends-without-hello", &[])
        .expect(1, &["the driver ended without a hello (exit status: 0)", "0 passed, 6 failed"]);
    run_bad("aborts-without-hello", &[])
        .expect(1, &["the driver ended without a hello (signal: 6", "0 passed, 6 failed"]);
}

#[test]
fn a_hello_that_changes_after_a_restart() {
    let ended = run_bad("hello-changes", &[]);
    ended.expect(1, &["the driver says another hello after a restart", "2 passed, 3 failed"]);
}

#[test]
fn capabilities_that_it_does_not_have() {
    let ended = run_bad("claims-everything", &[]);
    ended.expect(1, &["FAIL bad example/sign", "the result \"ok\" of \"check\": missing field `warnings`"]);
    assert_eq!(ended.last_line(), "5 passed, 1 failed");
    run_bad("unknown-capability", &[]).expect(1, &["declares the capability \"telepathy\", which does not exist"]);
}

#[test]
fn a_driver_that_declares_nothing_does_not_pass_by_it() {
    let ended = run_bad("no-capabilities", &[]);
    ended.expect(3, &["NOT RUN: the hello declares [], with which no case can be judged"]);
    run_bad("no-capabilities", &["--require"]).expect(3, &["0 passed, 6 failed"]);
}

#[test]
fn a_line_or_a_failure_after_the_last_answer() {
    run_bad("line-at-the-end", &[]).expect(1, &["a line that nobody asked for: ", "4 passed, 1 failed"]);
    run_bad("fails-at-the-end", &[]).expect(1, &[
        "the driver ended with exit status: 1 after its last answer; the last line of its standard error: leaked 3 objects",
        "4 passed, 1 failed",
    ]);
    run_bad("does-not-end", &["--timeout", "20"])
        .expect(1, &["the driver does not end when its input ends", "4 passed, 1 failed"]);
}

#[test]
fn a_driver_that_is_not_there_is_not_run() {
    let ended = run_bad("cannot-run", &[]);
    ended.expect(3, &["NOT RUN: the driver ended with exit status: 1 before its hello", "the module is not there"]);

    let folder = folder("bad-not-there");
    let vectors = unpack("example.json", &folder);
    let good = unpack("driver.py", &folder);
    let example = format!("example={}", command(&["python3", text(&good)]));
    let both = ["run", "--vectors", text(&vectors), "--driver", &example, "--driver", "gone=./no-such-program"];
    let ended = runner(&both);
    ended.expect(0, &["gone: NOT RUN: \"./no-such-program\" could not be started"]);
    assert_eq!(ended.last_line(), "5 passed, 0 failed, 7 skipped");
    let ended = runner(&[&both[..], &["--require"]].concat());
    ended.expect(3, &["gone: NOT RUN"]);
    assert_eq!(ended.last_line(), "5 passed, 6 failed, 1 skipped");
}

/// Runs the signing vectors through the reference driver with one mistake.
fn run_bad_signer(mistake: &str) -> Ended {
    let driver = format!("bad={}", bad(mistake, &[RUST_DRIVER]));
    runner(&["run", "--vectors", "tests/vectors/sign.json", "--driver", &driver])
}

#[test]
fn headers_in_another_order_or_with_other_bytes() {
    run_bad_signer("none").expect(0, &["1 passed, 0 failed"]);
    run_bad_signer("header-order")
        .expect(1, &["headers: expected [[\"X-Service-ID\",\"billing\"]", "0 passed, 1 failed"]);
    run_bad_signer("header-bytes").expect(1, &["got [[\"x-service-id\",\"billing\"]", "0 passed, 1 failed"]);
    run_bad_signer("message-bytes").expect(1, &["message: expected \"GET\\n/bills", "0 passed, 1 failed"]);
}

/// Runs the README's vectors through its driver with one mistake, beside the same driver without it.
fn run_bad_beside_good(mistake: &str) -> Ended {
    let folder = folder(&format!("beside-{mistake}"));
    let vectors = unpack("example.json", &folder);
    let good = unpack("driver.py", &folder);
    let bad = format!("bad={}", bad(mistake, &["python3", text(&good)]));
    // Last on purpose: the name decides who is compared with whom.
    let rust = format!("rust={}", command(&["python3", text(&good)]));
    runner(&["run", "--vectors", text(&vectors), "--driver", &bad, "--driver", &rust])
}

#[test]
fn a_difference_that_no_vector_asks_about() {
    let ended = run_bad_beside_good("other-replay-key");
    ended.expect(1, &["FAIL bad example/get\n  step 1: differs from rust: /ok/replay_key: "]);
    assert_eq!(ended.last_line(), "8 passed, 2 failed, 2 skipped");
    let ended = run_bad_beside_good("other-spacing");
    ended.expect(1, &["FAIL bad example/changed-body\n  step 1: differs from rust: /refused/response/body: "]);
    assert_eq!(ended.last_line(), "7 passed, 3 failed, 2 skipped");
}

/// A wrapper that is killed must not leave the driver behind. Linux shows its processes under /proc.
#[cfg(target_os = "linux")]
#[test]
fn a_hanging_driver_is_killed_with_its_children() {
    let folder = folder("bad-children");
    let vectors = unpack("example.json", &folder);
    let good = unpack("driver.py", &folder);
    let inner = format!("{}; true", bad("hang", &["python3", text(&good)]));
    let driver = format!("bad={}", command(&["sh", "-c", &inner]));
    let ended = runner(&["run", "--vectors", text(&vectors), "--driver", &driver, "--timeout", "20"]);
    ended.expect(1, &["no answer within 20 s", "4 passed, 1 failed"]);
    // Killed is not yet gone: only the wrapper itself is waited for.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !processes_of(text(&folder)).is_empty() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(processes_of(text(&folder)), Vec::<String>::new());
}

/// The command lines that hold this text.
#[cfg(target_os = "linux")]
fn processes_of(text: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let words = fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        let words = String::from_utf8_lossy(&words).into_owned();
        words.contains(text).then_some(words)
    });
    processes.collect()
}
