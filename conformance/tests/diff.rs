//! `diff` and `matrix`: the same cases everywhere, and red for everything that a driver can do wrong.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{Ended, RUST_DRIVER, bad, folder, runner, text, unpack};

/// Asks the reference and another driver the first cases of seed 1, from the README's vectors.
fn diff(name: &str, other: &str, extra: &[&str]) -> Ended {
    let folder = folder(&format!("diff-{name}"));
    let vectors = unpack("example.json", &folder);
    let rust = format!("rust={RUST_DRIVER}");
    let other = format!("other={other}");
    let out = folder.join("found");
    let mut arguments = vec!["diff", "--vectors", text(&vectors), "--driver", &rust, "--driver", &other];
    for (option, value) in [("--count", "320"), ("--shrink", "0"), ("--timeout", "30"), ("--out", text(&out))] {
        if !extra.contains(&option) {
            arguments.extend([option, value]);
        }
    }
    arguments.extend(extra);
    runner(&arguments)
}

fn verdicts(ended: &Ended) -> Vec<(u64, String)> {
    let rows = ended.out.lines().filter(|line| line.contains(" %  "));
    let mut found: Vec<(u64, String)> = rows
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[2].parse().unwrap(), words[3].to_owned())
        })
        .collect();
    found.sort_by(|left, right| left.1.cmp(&right.1));
    found
}

#[test]
fn the_reference_does_not_differ_from_itself() {
    let ended = diff("same", RUST_DRIVER, &[]);
    ended.expect(0, &["0 differences", "seed 1, cases 0 to 320: 320 cases, 2 drivers"]);
}

#[test]
fn a_seed_makes_the_same_cases_also_in_parts() {
    let whole = verdicts(&diff("whole", RUST_DRIVER, &[]));
    assert_eq!(whole, verdicts(&diff("again", RUST_DRIVER, &[])));
    assert_ne!(whole, verdicts(&diff("other-seed", RUST_DRIVER, &["--seed", "2"])));
    let mut parts = verdicts(&diff("first-part", RUST_DRIVER, &["--count", "192"]));
    parts.extend(verdicts(&diff("second-part", RUST_DRIVER, &["--from", "192", "--count", "128"])));
    let sum = |verdict: &str| parts.iter().filter(|(_, own)| own == verdict).map(|(count, _)| count).sum::<u64>();
    for (count, verdict) in whole {
        assert_eq!(count, sum(&verdict), "{verdict}");
    }
}

/// A generator whose requests all end at the door would find nothing behind it.
#[test]
fn the_cases_reach_every_refusal_that_they_can() {
    let ended = diff("reach", RUST_DRIVER, &["--count", "6400"]);
    ended.expect(0, &[]);
    let found = verdicts(&ended);
    let all: u64 = found.iter().map(|(count, _)| count).sum();
    let accepted = found.iter().find(|(_, verdict)| verdict == "OK").map_or(0, |(count, _)| *count);
    assert!(accepted * 100 > all * 20, "only {accepted} of {all} answers are a success");
    for code in [
        "ALGORITHM_NOT_ALLOWED",
        "AMBIGUOUS_CREDENTIALS",
        "AUTHENTICATION_REQUIRED",
        "BODY_TOO_LARGE",
        "DIGEST_MISMATCH",
        "DUPLICATE_HEADER",
        "ENVIRONMENT_NOT_ALLOWED",
        "INSUFFICIENT_COVERAGE",
        "INVALID_NONCE",
        "INVALID_SIGNATURE",
        "INVALID_TIMESTAMP",
        "INVALID_TOKEN",
        "KEY_NOT_VALID_NOW",
        "MALFORMED_REQUEST",
        "MALFORMED_SIGNATURE",
        "MISSING_NONCE",
        "MISSING_SERVICE_ID",
        "MISSING_SIGNATURE",
        "MISSING_TARGET",
        "MISSING_TIMESTAMP",
        "PERMISSION_DENIED",
        "REPLAYED_REQUEST",
        "REPLAY_STORE_UNAVAILABLE",
        "SCHEME_NOT_ACCEPTED",
        "SERVICE_NOT_ALLOWED",
        "TARGET_NOT_ALLOWED",
        "TIMESTAMP_OUTSIDE_WINDOW",
        "UNKNOWN_KEY",
        "UNKNOWN_SERVICE",
        "config_errors",
        "SIGNING_FAILED",
    ] {
        assert!(found.iter().any(|(_, verdict)| verdict == code), "no case ends with {code}");
    }
}

#[test]
fn every_mistake_of_a_driver_is_a_difference() {
    let mistakes = [
        "always-ok",
        "always-refuses",
        "other-spacing",
        "other-status",
        "unknown-code",
        "missing-member",
        "extra-member",
        "crashed",
        "crash",
        "quits",
        "garbage",
        "not-utf8",
        "repeated-member",
        "no-answer-object",
        "half-line",
        "half-line-and-quits",
        "twice",
        "wrong-id",
        "out-of-order",
        "missing-results",
        "too-many-results",
    ];
    diff("none", &bad("none", &[RUST_DRIVER]), &[]).expect(0, &["0 differences"]);
    for mistake in mistakes {
        // Some of them never answer, and each is waited for several times.
        let ended = diff(mistake, &bad(mistake, &[RUST_DRIVER]), &["--count", "96", "--timeout", "10"]);
        assert_eq!(ended.code, 1, "{mistake}: {}", ended.out);
        assert!(ended.out.contains("DIFFERENCE other case "), "{mistake}: {}", ended.out);
    }
}

#[test]
fn a_difference_becomes_a_vector_that_shows_it() {
    let spoilt = bad("other-spacing", &[RUST_DRIVER]);
    let ended = diff("vector", &spoilt, &["--count", "32", "--shrink", "10"]);
    ended.expect(1, &["/refused/response/body: "]);
    let found = ended.out.lines().map(str::trim).find(|line| line.ends_with(".json")).unwrap();
    // As small as it gets: one request without anything that could be left out.
    let vector: serde_json::Value = serde_json::from_str(&fs::read_to_string(found).unwrap()).unwrap();
    let steps = vector["groups"][0]["tests"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 1, "{vector:#}");
    let rust = format!("rust={RUST_DRIVER}");
    let spoilt = format!("spoilt={spoilt}");
    runner(&["run", "--vectors", found, "--driver", &rust]).expect(0, &["1 passed, 0 failed"]);
    runner(&["run", "--vectors", found, "--driver", &rust, "--driver", &spoilt])
        .expect(1, &["FAIL spoilt diff/seed-1-case-", "differs from rust"]);
}

#[test]
fn with_nobody_to_compare_there_is_no_success() {
    let ended = diff("gone", "a-program-that-does-not-exist", &[]);
    ended.expect(3, &["other: NOT RUN"]);
}

fn matrix(other: &str) -> Ended {
    let rust = format!("rust={RUST_DRIVER}");
    let other = format!("other={other}");
    runner(&["matrix", "--driver", &rust, "--driver", &other, "--timeout", "10"])
}

#[test]
fn the_matrix_goes_red() {
    matrix(RUST_DRIVER).expect(0, &["52 schemes, 208 pairs", " 0 failed"]);
    for (mistake, what) in [
        ("always-ok", "a flipped bit in method got {\"ok\""),
        ("always-refuses", "a genuine request got {\"refused\""),
        ("header-bytes", "signed {\"ok\":{\"headers\""),
        ("message-bytes", "signed {\"ok\":{\"headers\""),
        ("unknown-code", "NO_SUCH_CODE, where the first pair said"),
        ("crashed", "a genuine request got {\"crashed\""),
        ("hangs-always", "no answer within 10 s"),
    ] {
        let ended = matrix(&bad(mistake, &[RUST_DRIVER]));
        assert!(ended.out.contains(what), "{mistake}: {}", ended.out);
        assert_eq!(ended.code, 1, "{mistake}: {}", ended.out);
    }
}
