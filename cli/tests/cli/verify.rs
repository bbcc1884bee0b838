use crate::support::{CONFIG, Folder, NONCE, NOW, SERVICE_SECRET};

const BODY: &str = r#"{"invoice":7}"#;
const TARGET: &str = "/invoices?draft=1";

/// A genuine request of billing, as header arguments.
fn genuine(folder: &Folder) -> Vec<String> {
    let headers = folder.signed(&[TARGET, "-X", "POST", "--body", BODY]);
    headers.into_iter().flat_map(|header| ["-H".to_owned(), header]).collect()
}

fn verify<'a>(headers: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["verify", "--json"];
    arguments.extend(headers.iter().map(String::as_str));
    arguments.extend(more);
    arguments
}

#[test]
fn a_genuine_request_is_accepted_and_described() {
    let folder = Folder::new();
    let headers = genuine(&folder);
    let arguments = verify(&headers, &[TARGET, "-X", "POST", "--body", BODY, "--now", "1767225607"]);
    let verdict = folder.run(&arguments).expect(0).json();
    assert_eq!(verdict["accepted"], true);
    assert_eq!(verdict["service"], "billing");
    assert_eq!(verdict["key"], "k1");
    assert_eq!(verdict["scheme"], "service-hmac-v2");
    assert_eq!(verdict["age"], 7);
    assert_eq!(verdict["request_id"], NONCE);
    assert_eq!(verdict["request_id_is_signed"], true);
    assert_eq!(verdict["public"], false);
    assert!(verdict["covered"].as_array().expect("a list").contains(&"query".into()));

    let text: Vec<&str> = arguments.into_iter().filter(|argument| *argument != "--json").collect();
    let run = folder.run(&text).expect(0);
    assert!(run.text().starts_with("accepted\n"), "{}", run.text());
    assert!(run.text().contains("service    billing"), "{}", run.text());
}

#[test]
fn every_change_is_refused_with_its_code() {
    let folder = Folder::new();
    let headers = genuine(&folder);
    let good = [TARGET, "-X", "POST", "--body", BODY, "--now", NOW];
    let changed = |index: usize, value: &'static str| {
        let mut arguments = good;
        arguments[index] = value;
        arguments
    };
    folder.run(&verify(&headers, &good)).expect(0);
    for (arguments, code) in [
        (changed(0, "/invoices?draft=2"), "INVALID_SIGNATURE"),
        (changed(0, "/invoice?draft=1"), "INVALID_SIGNATURE"),
        (changed(0, "/invoices"), "INVALID_SIGNATURE"),
        (changed(0, "invoices"), "MALFORMED_REQUEST"),
        (changed(2, "PUT"), "INVALID_SIGNATURE"),
        (changed(2, "post"), "MALFORMED_REQUEST"),
        (changed(4, r#"{"invoice":8}"#), "INVALID_SIGNATURE"),
        (changed(6, "1767225901"), "TIMESTAMP_OUTSIDE_WINDOW"),
        (changed(6, "1767225299"), "TIMESTAMP_OUTSIDE_WINDOW"),
    ] {
        let verdict = folder.run(&verify(&headers, &arguments)).expect(3).json();
        assert_eq!(verdict["code"], code, "{arguments:?}");
        assert_eq!(verdict["accepted"], false);
    }
}

#[test]
fn every_missing_or_spoiled_header_is_refused_with_its_code() {
    let folder = Folder::new();
    let headers = genuine(&folder);
    let place = [TARGET, "-X", "POST", "--body", BODY, "--now", NOW];
    let without = |name: &str| -> Vec<String> {
        let pairs = headers.chunks(2).filter(|pair| !pair[1].starts_with(&format!("{name}:")));
        pairs.flatten().cloned().collect()
    };
    let instead = |name: &str, value: &str| -> Vec<String> {
        let mut all = without(name);
        all.extend(["-H".to_owned(), format!("{name}: {value}")]);
        all
    };
    let also = |name: &str, value: &str| -> Vec<String> {
        let mut all = headers.clone();
        all.extend(["-H".to_owned(), format!("{name}: {value}")]);
        all
    };
    for (headers, code) in [
        (Vec::new(), "AUTHENTICATION_REQUIRED"),
        (without("X-Signature"), "MISSING_SIGNATURE"),
        (without("X-Timestamp"), "MISSING_TIMESTAMP"),
        (without("X-Service-ID"), "MISSING_SERVICE_ID"),
        (without("X-Request-ID"), "MISSING_NONCE"),
        (without("X-Target-Service"), "MISSING_TARGET"),
        (instead("X-Timestamp", "1767225600.0"), "INVALID_TIMESTAMP"),
        (instead("X-Timestamp", "1767225601"), "INVALID_SIGNATURE"),
        (instead("X-Request-ID", "short"), "INVALID_NONCE"),
        (instead("X-Service-ID", "nobody"), "UNKNOWN_SERVICE"),
        (instead("X-Service-ID", "orders"), "INVALID_SIGNATURE"),
        (instead("X-Signature", "v2=00"), "MALFORMED_SIGNATURE"),
        (instead("X-Signature", &format!("v2={}", "0".repeat(64))), "INVALID_SIGNATURE"),
        (also("x-service-id", "billing"), "DUPLICATE_HEADER"),
    ] {
        let verdict = folder.run(&verify(&headers, &place)).expect(3).json();
        assert_eq!(verdict["code"], code, "{headers:?}");
        assert!(verdict["detail"].is_string() && verdict["message"].is_string());
    }
}

#[test]
fn a_refusal_says_code_message_detail_and_the_response() {
    let folder = Folder::new();
    let run = folder.run(&["verify", "/invoices"]).expect(3);
    assert!(run.text().starts_with("refused: AUTHENTICATION_REQUIRED (status 401)\n"), "{}", run.text());
    assert!(run.text().contains("  message Authentication is required."), "{}", run.text());
    assert!(run.text().contains("  detail  "), "{}", run.text());

    let verdict = folder.run(&["verify", "/invoices", "--json"]).expect(3).json();
    let response = &verdict["response"];
    assert_eq!(response["status"], 401);
    let body: serde_json::Value = serde_json::from_str(response["body"].as_str().expect("text")).expect("JSON");
    assert_eq!(body["code"], "AUTHENTICATION_REQUIRED");
}

#[test]
fn policy_refusals_are_told_apart() {
    let folder = Folder::new();
    let headers = genuine(&folder);
    let place = [TARGET, "-X", "POST", "--body", BODY, "--now", NOW];
    for (from, to, code) in [
        (r#"["orders"]"#, r#"["shipping"]"#, "TARGET_NOT_ALLOWED"),
        (r#"["orders"]"#, r#"["orders"], "permissions": ["GET /**"]"#, "PERMISSION_DENIED"),
        (r#""routes": ["#, r#""routes": [{"match": "/**", "services": ["orders"]}, "#, "SERVICE_NOT_ALLOWED"),
        (r#""routes": ["#, r#""limits": {"body_bytes": 5}, "routes": ["#, "BODY_TOO_LARGE"),
        (r#""id": "k1""#, r#""id": "k1", "not_after": "2025-12-31T00:00:00Z""#, "KEY_NOT_VALID_NOW"),
    ] {
        folder.write("wiresign.json", CONFIG.replace(from, to));
        let verdict = folder.run(&verify(&headers, &place)).expect(3).json();
        assert_eq!(verdict["code"], code);
    }
}

#[test]
fn public_routes_need_no_credential() {
    let folder = Folder::new();
    let verdict = folder.run(&["verify", "/health", "--json"]).expect(0).json();
    assert_eq!((&verdict["public"], &verdict["service"]), (&true.into(), &serde_json::Value::Null));
    assert!(folder.run(&["verify", "/health"]).expect(0).text().contains("public"));
}

#[test]
fn a_raw_message_goes_round_from_sign_to_verify() {
    let folder = Folder::new();
    folder.write("body.bin", b"\x00\xff\r\n\r\n tail");
    for body in [&["--body-file", "body.bin"][..], &["--body", BODY], &["--body", ""], &[]] {
        let mut arguments = vec!["sign", "--as", "billing", "-t", "orders", TARGET, "--http", "-H", "X-Extra: 1"];
        arguments.extend(body);
        let message = folder.run(&arguments).expect(0).out;
        let verdict = folder.run_with(&["verify", "--raw", "-", "--json"], &message).expect(0).json();
        assert_eq!(verdict["service"], "billing", "{body:?}");

        folder.write("message.http", &message);
        folder.run(&["verify", "--raw", "message.http"]).expect(0);
        let text = String::from_utf8_lossy(&message).replace("/invoices", "/Invoices");
        let verdict = folder.run_with(&["verify", "--raw", "-", "--json"], text.as_bytes()).expect(3).json();
        assert_eq!(verdict["code"], "INVALID_SIGNATURE");
    }
}

#[test]
fn a_raw_message_with_a_changed_body_or_a_repeated_header_is_refused() {
    let folder = Folder::new();
    let sign = ["sign", "--as", "billing", "-t", "orders", TARGET, "--http", "--body", BODY];
    let message = String::from_utf8(folder.run(&sign).expect(0).out).expect("text");
    for (spoiled, code) in [
        (message.replace(":7}", ":8}"), "INVALID_SIGNATURE"),
        (message.replace("Host:", "X-Timestamp: 1\r\nHost:"), "DUPLICATE_HEADER"),
        (message.replacen("POST", "PATCH", 1), "INVALID_SIGNATURE"),
    ] {
        assert_ne!(spoiled, message);
        let verdict = folder.run_with(&["verify", "--raw", "-", "--json"], spoiled.as_bytes()).expect(3).json();
        assert_eq!(verdict["code"], code);
    }
}

#[test]
fn bytes_after_the_body_are_told_and_not_judged() {
    let folder = Folder::new();
    let sign = ["sign", "--as", "billing", "-t", "orders", TARGET, "--http", "--body", BODY];
    let mut message = folder.run(&sign).expect(0).out;
    message.push(b'\n');
    let run = folder.run_with(&["verify", "--raw", "-"], &message).expect(0);
    assert!(run.err.contains("1 byte after the end of the body"), "{}", run.err);
}

#[test]
fn what_is_no_message_is_a_problem_and_no_verdict() {
    let folder = Folder::new();
    for message in ["", "GET /a", "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nshort"] {
        let run = folder.run_with(&["verify", "--raw", "-"], message.as_bytes()).expect(1);
        assert!(run.err.starts_with("error: "), "{}", run.err);
        let error = folder.run_with(&["verify", "--raw", "-", "--json"], message.as_bytes()).expect(1).json();
        assert_eq!(error["error"]["kind"], "problem");
    }
    folder.run(&["verify", "--raw", "nowhere.http"]).expect(1);
}

#[test]
fn wrong_arguments_exit_with_2() {
    let folder = Folder::new();
    for arguments in [
        &["verify"][..],
        &["verify", "/a", "--raw", "-"],
        &["verify", "--raw", "-", "-X", "POST"],
        &["verify", "/a", "--now", "yesterday"],
        &["verify", "/a", "--now", "-1"],
    ] {
        folder.run(arguments).expect(2);
    }
}

#[test]
fn a_key_that_retires_is_accepted_and_named() {
    let folder = Folder::new();
    folder.write("wiresign.json", CONFIG.replace(r#""id": "k1""#, r#""id": "k1", "state": "retiring""#));
    let headers = genuine(&folder);
    let place = [TARGET, "-X", "POST", "--body", BODY, "--now", NOW];
    assert_eq!(folder.run(&verify(&headers, &place)).expect(0).json()["key_is_retiring"], true);
    let other = folder.env("BILLING_SECRET", &SERVICE_SECRET.replace('c', "d"));
    assert_eq!(other.run(&verify(&headers, &place)).expect(3).json()["code"], "INVALID_SIGNATURE");
}
