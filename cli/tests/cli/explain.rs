use crate::support::{Folder, NOW};

const BODY: &str = r#"{"invoice":7}"#;
const TARGET: &str = "/invoices?draft=1";

fn headers(folder: &Folder) -> Vec<String> {
    folder.signed(&[TARGET, "-X", "POST", "--body", BODY])
}

fn explain<'a>(headers: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["explain", "--now", NOW];
    arguments.extend(headers.iter().flat_map(|header| ["-H", header.as_str()]));
    arguments.extend(more);
    arguments
}

#[test]
fn what_is_accepted_is_told_stage_by_stage() {
    let folder = Folder::new();
    let headers = headers(&folder);
    let arguments = explain(&headers, &[TARGET, "-X", "POST", "--body", BODY]);
    let run = folder.run(&arguments).expect(0);
    assert!(run.text().starts_with("accepted\n"), "{}", run.text());
    for part in ["found: service-hmac-v2", "service: billing; keys: k1 active", "age: 0", "replay     ok"] {
        assert!(run.text().contains(part), "{part}: {}", run.text());
    }
    let json = folder.run(&[&arguments[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(json["verdict"]["code"], "OK");
    assert_eq!(json["stages"].as_array().expect("stages").len(), 13);
}

#[test]
fn a_refusal_is_explained_from_flags_a_raw_message_and_a_curl_command_line() {
    let folder = Folder::new();
    let headers = headers(&folder);
    let spaced = r#"{"invoice": 7}"#;
    let check = |run: crate::support::Run| {
        let json = run.expect(3).json();
        assert_eq!(json["verdict"]["code"], "INVALID_SIGNATURE");
        assert_eq!(json["hints"][0]["id"], "body-json-compact");
        assert_eq!(json["hints"][0]["proved"], true);
    };
    check(folder.run(&explain(&headers, &[TARGET, "-X", "POST", "--body", spaced, "--json"])));

    let raw = format!("POST {TARGET} HTTP/1.1\r\nHost: h\r\n{}\r\n\r\n{spaced}", headers.join("\r\n"));
    check(folder.run_with(&["explain", "--raw", "-", "--at", NOW, "--json"], raw.as_bytes()));

    let flags: Vec<String> = headers.iter().map(|header| format!("-H '{header}'")).collect();
    let line = format!("curl -sS {} -d '{spaced}' 'https://orders.example{TARGET}'", flags.join(" "));
    check(folder.run(&["explain", "--curl", &line, "--now", NOW, "--json"]));
    check(folder.run_with(&["explain", "--curl", "-", "--now", NOW, "--json"], line.as_bytes()));
    folder.write("body.json", spaced);
    let line = format!("curl {} --data-binary @body.json orders.example{TARGET}", flags.join(" "));
    check(folder.run(&["explain", "--curl", &line, "--now", NOW, "--json"]));

    let text = folder.run(&explain(&headers, &[TARGET, "-X", "POST", "--body", spaced])).expect(3);
    assert!(text.text().starts_with("refused: INVALID_SIGNATURE (status 401)\n"), "{}", text.text());
    assert!(text.text().contains("\n  the only key of billing does not make this signature over "), "{}", text.text());
    assert!(text.text().contains("\nproved: body-json-compact\n"), "{}", text.text());
}

#[test]
fn the_curl_command_line_that_sign_prints_is_understood() {
    let folder = Folder::new();
    for request in [&["/a/../b//c?x=[1]", "--body", "it's"][..], &["*", "-X", "OPTIONS"]] {
        let sign = ["sign", "--as", "billing", "--target", "orders", "--now", NOW, "--curl"];
        let line = folder.run(&[&sign, request].concat()).expect(0);
        let run = folder.run(&["explain", "--now", NOW, "--json", "--curl", line.text().trim_end()]);
        let message = run.json()["stages"].as_array().expect("stages").iter().any(|stage| stage["stage"] == "message");
        assert!(run.code < 4 && message, "{}", run.text());
    }
}

#[test]
fn wrong_arguments_exit_with_2_and_bad_files_with_1() {
    let folder = Folder::new();
    for arguments in [
        &["explain"][..],
        &["explain", "/a", "--raw", "-"],
        &["explain", "/a", "--curl", "curl h"],
        &["explain", "--raw", "-", "--curl", "curl h"],
        &["explain", "--raw", "-", "-X", "POST"],
        &["explain", "--curl", "curl h", "-X", "POST"],
        &["explain", "--curl", "curl -u a:b h"],
        &["explain", "--curl", "curl"],
        &["explain", "/a", "--now", "yesterday"],
    ] {
        folder.run(arguments).expect(2);
    }
    let nothing = folder.run(&["explain"]).expect(2);
    assert!(nothing.err.contains("--raw") && nothing.err.contains("--curl"), "{}", nothing.err);
    folder.run(&["explain", "--raw", "nowhere.http"]).expect(1);
    folder.run(&["explain", "--curl", "curl -d @nowhere h"]).expect(1);
    folder.run(&["explain", "-c", "nowhere.json", "/a"]).expect(1);
}
