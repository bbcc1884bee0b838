use serde_json::{Value, json};

use crate::support::{CALLER_SECRET, CONFIG, Folder, SERVICE_SECRET};

fn pointers(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|problem| problem["pointer"].as_str().expect("text")).collect()
}

#[test]
fn a_configuration_that_holds_exits_with_0() {
    let run = Folder::new().run(&["check"]).expect(0);
    assert!(run.text().contains("valid: wiresign.json describes orders, with 2 services"), "{}", run.text());
    let report = Folder::new().run(&["check", "--json"]).expect(0).json();
    assert_eq!(report["ok"], true);
    assert_eq!(report["service"], "orders");
    assert_eq!(report["problems"], json!([]));
}

#[test]
fn every_problem_is_listed_at_once_with_its_place() {
    let folder = Folder::new();
    let document = CONFIG
        .replace(r#""routes": ["#, r#""window": {"past": 0}, "colour": "blue", "routes": ["#)
        .replace(r#""env:ORDERS_SECRET""#, r#""env:NOT_THERE""#);
    folder.write("wiresign.json", &document);
    let report = folder.run(&["check", "--json"]).expect(1).json();
    assert_eq!(report["ok"], false);
    let mut found = pointers(&report["problems"]);
    found.sort_unstable();
    assert_eq!(found, ["/colour", "/services/orders/keys/0/secret", "/window/past"]);

    let text = folder.run(&["check"]).expect(1);
    for pointer in found {
        assert!(text.text().contains(&format!("problem: {pointer}: ")), "{}", text.text());
    }
    assert!(text.text().contains("not valid: wiresign.json has 3 problems."), "{}", text.text());
}

#[test]
fn warnings_fail_only_under_strict() {
    let folder = Folder::new().env("BILLING_SECRET", SERVICE_SECRET);
    let report = folder.run(&["check", "--json"]).expect(0).json();
    assert_eq!(report["ok"], true);
    assert!(!report["warnings"].as_array().expect("a list").is_empty(), "two services share a secret");
    assert!(folder.run(&["check"]).expect(0).text().contains("warning: /"));

    let report = folder.run(&["check", "--strict", "--json"]).expect(1).json();
    assert_eq!(report["ok"], false);
    assert_eq!(report["problems"], json!([]));
    folder.run(&["check", "--strict"]).expect(1);
}

#[test]
fn strict_accepts_what_has_no_warnings() {
    let folder = Folder::new();
    folder.write("wiresign.json", CONFIG.replace(r#", "service-hmac"]"#, "]"));
    let run = folder.run(&["check", "--strict"]).expect(0);
    assert!(run.text().contains("0 warnings"), "{}", run.text());
}

#[test]
fn a_weak_secret_is_a_problem_and_is_not_shown() {
    let folder = Folder::new().env("BILLING_SECRET", "correct horse battery");
    let run = folder.run(&["check"]).expect(1);
    assert!(run.text().contains("/services/billing/keys/0/secret"), "{}", run.text());
}

#[test]
fn secrets_come_from_an_env_file_or_standard_input_or_a_file_or_the_environment() {
    let env_file = format!("# secrets\nexport ORDERS_SECRET='{SERVICE_SECRET}'\nBILLING_SECRET={CALLER_SECRET}\n");
    let folder = Folder::new().without_env();
    folder.run(&["check"]).expect(1);

    folder.write("secrets.env", &env_file);
    folder.run(&["check", "--env-file", "secrets.env"]).expect(0);
    folder.run_with(&["check", "--env-file", "-"], env_file.as_bytes()).expect(0);

    folder.write("orders.key", format!("{SERVICE_SECRET}\n"));
    let document = CONFIG.replace("env:ORDERS_SECRET", "file:orders.key");
    folder.write("wiresign.json", document);
    folder.env("BILLING_SECRET", CALLER_SECRET).run(&["check"]).expect(0);
}

#[test]
fn a_variable_that_is_set_wins_over_the_env_file() {
    let folder = Folder::new();
    folder.write("weak.env", "BILLING_SECRET=short\n");
    folder.run(&["check", "--env-file", "weak.env"]).expect(0);
}

#[test]
fn the_environment_alone_is_a_configuration() {
    let folder = Folder::empty()
        .env("SERVICE_ID", "orders")
        .env("SERVICE_SECRET", SERVICE_SECRET)
        .env("ALLOWED_SERVICES", "billing")
        .env("BILLING_SECRET", CALLER_SECRET);
    let report = folder.run(&["check", "--from-env", "--json"]).expect(0).json();
    assert_eq!(report["service"], "orders");
    let report = folder.without_env().run(&["check", "--from-env", "--json"]).expect(1).json();
    assert_eq!(report["ok"], false);
}

#[test]
fn broken_documents_and_missing_files_say_what_to_do() {
    let folder = Folder::new();
    for document in ["", "{", "[]", "null", "{\"service\": \"a\", \"service\": \"b\"}"] {
        let report = folder.run_with(&["check", "--json", "--config", "-"], document.as_bytes()).expect(1).json();
        assert!(!report["problems"].as_array().expect("a list").is_empty(), "{document}");
    }
    let empty = folder.run_with(&["check", "--config", "-"], b"\r\n").expect(1);
    assert!(empty.text().contains("the document is empty; `wiresign init`"), "{}", empty.text());
    folder.run_with(&["check", "--config", "-"], CONFIG.as_bytes()).expect(0);

    let run = folder.run(&["check", "--config", "nowhere.json"]).expect(1);
    assert!(run.err.contains("Cannot read the configuration from nowhere.json"), "{}", run.err);
    let report = folder.run(&["check", "--config", "nowhere.json", "--json"]).expect(1).json();
    assert_eq!(report["error"]["kind"], "problem");

    folder.write("latin1.json", b"{\"service\": \"\xe9\"}");
    let run = folder.run(&["check", "--config", "latin1.json"]).expect(1);
    assert!(run.err.contains("UTF-8"), "{}", run.err);
}

#[test]
fn an_env_file_with_a_fault_names_the_line_and_shows_no_value() {
    let folder = Folder::new();
    folder.write("broken.env", format!("ORDERS_SECRET={SERVICE_SECRET}\nBILLING_SECRET=\"{CALLER_SECRET}\n"));
    let run = folder.run(&["check", "--env-file", "broken.env"]).expect(1);
    assert!(run.err.contains("broken.env, line 2: close the double quote"), "{}", run.err);
}

#[test]
fn of_each_standard_it_says_what_is_missing() {
    let folder = Folder::new();
    let document = CONFIG
        .replace(r#""accept": ["service-hmac-v2", "service-hmac"]"#, r#""accept": ["aws-sigv4", "jwt"], "sign_with": "aws-sigv4""#)
        .replace(r#""services""#, r#""aws_sigv4": {"region": "r", "service": "s"}, "jwt": {"issuers": {"https://id.example": {"jwks": "https://id.example/keys"}}}, "services""#);
    folder.write("wiresign.json", document);
    let report = folder.run(&["check", "--json"]).expect(0).json();
    assert_eq!(pointers(&report["warnings"]), ["/services", "/sign_with"]);
    assert_eq!(report["published_keys"], json!([{"issuer": "https://id.example", "url": "https://id.example/keys"}]));
    let run = folder.run(&["check"]).expect(0);
    assert!(run.text().contains("keys of https://id.example come from https://id.example/keys"), "{}", run.text());
    folder.run(&["check", "--strict"]).expect(1);
}
