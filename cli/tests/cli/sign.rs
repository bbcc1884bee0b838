use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{CONFIG, Folder, NONCE, NOW};

const AS_BILLING: [&str; 9] = ["sign", "--as", "billing", "--target", "orders", "--now", NOW, "--nonce", NONCE];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    AS_BILLING.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn prints_the_headers_in_the_order_of_the_scheme() {
    let headers = Folder::new().signed(&["/invoices?draft=1", "-X", "POST", "--body", r#"{"invoice":7}"#]);
    let names: Vec<&str> = headers.iter().map(|line| line.split_once(": ").expect("a header").0).collect();
    assert_eq!(names, ["X-Service-ID", "X-Target-Service", "X-Timestamp", "X-Request-ID", "X-Signature"]);
    assert_eq!(
        headers[..4],
        [
            "X-Service-ID: billing".to_owned(),
            "X-Target-Service: orders".to_owned(),
            format!("X-Timestamp: {NOW}"),
            format!("X-Request-ID: {NONCE}"),
        ]
    );
    let signature = headers[4].strip_prefix("X-Signature: v2=").expect("the second version");
    assert_eq!(signature.len(), 64);
}

#[test]
fn the_same_input_gives_the_same_signature_and_any_other_gives_another() {
    let folder = Folder::new();
    let first = folder.signed(&["/a?b", "--body", "c"]);
    assert_eq!(first, folder.signed(&["/a?b", "--body", "c"]));
    assert_eq!(first, folder.signed(&["http://orders.example:8080/a?b", "--body", "c"]), "only the target is signed");
    for other in [
        &["/a?B", "--body", "c"][..],
        &["/A?b", "--body", "c"],
        &["/a?b", "--body", "d"],
        &["/a?b", "--body", "c", "-X", "PUT"],
    ] {
        assert_ne!(first[4], folder.signed(other)[4], "{other:?}");
    }
}

#[test]
fn time_and_request_id_are_made_when_left_out() {
    let folder = Folder::new();
    let sign = || folder.run(&["sign", "--as", "billing", "-t", "orders", "/a", "--json"]).expect(0).json();
    let header = |document: &serde_json::Value, name: &str| {
        let headers = document["headers"].as_array().expect("a list");
        let pair = headers.iter().find(|pair| pair[0] == name).expect(name);
        pair[1].as_str().expect("text").to_owned()
    };
    let (one, two) = (sign(), sign());
    assert_ne!(header(&one, "X-Request-ID"), header(&two, "X-Request-ID"));
    assert_eq!(header(&one, "X-Request-ID").len(), 36);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let signed: u64 = header(&one, "X-Timestamp").parse().expect("a number");
    assert!(now.abs_diff(signed) <= 60);
}

#[test]
fn shows_what_is_signed() {
    let folder = Folder::new();
    let run = folder.run(&with(&["/a?b=c", "--body", "two\twords \u{a0}\n", "--show-message"])).expect(0);
    let expected = format!(
        "wiresign-v2\\n\nPOST\\n\n/a\\n\nb=c\\n\n{NOW}\\n\nbilling\\n\norders\\n\n{NONCE}\\n\ntwo\\twords·\\u{{a0}}\\n\n\n"
    );
    assert_eq!(run.text(), expected);

    let document = folder.run(&with(&["/a?b=c", "--body", "x", "--json"])).expect(0).json();
    let message = STANDARD.decode(document["message"]["base64"].as_str().expect("text")).expect("base64");
    assert_eq!(message, format!("wiresign-v2\nPOST\n/a\nb=c\n{NOW}\nbilling\norders\n{NONCE}\nx").as_bytes());
}

#[test]
fn the_first_scheme_signs_as_the_fleet_does() {
    let folder = Folder::new();
    folder.write("wiresign.json", CONFIG.replace(r#""services""#, r#""sign_with": "service-hmac", "services""#));
    let headers = folder.signed(&["/a?b", "--body", "x", "-X", "patch"]);
    let names: Vec<&str> = headers.iter().map(|line| line.split_once(": ").expect("a header").0).collect();
    assert_eq!(names, ["X-Service-ID", "X-Timestamp", "X-Signature", "X-Request-ID"]);
    let shown = folder.run(&with(&["/a?b", "--body", "x", "-X", "patch", "--show-message"])).expect(0);
    assert_eq!(shown.text(), format!("PATCH\\n\n/a\\n\n{NOW}\\n\nx\\n\nbilling\n"));
}

#[test]
fn bodies_come_from_files_and_standard_input_byte_for_byte() {
    let folder = Folder::new();
    let body = b"\x00\xff\r\n$& \n";
    folder.write("body.bin", body);
    let from_file = folder.run(&with(&["/a", "--body-file", "body.bin", "--json"])).expect(0).json();
    let from_stdin = folder.run_with(&with(&["/a", "--body-file", "-", "--json"]), body).expect(0).json();
    assert_eq!(from_file, from_stdin);
    let message = STANDARD.decode(from_file["message"]["base64"].as_str().expect("text")).expect("base64");
    assert!(message.ends_with(body));
}

#[test]
fn a_curl_command_line_survives_a_shell() {
    let folder = Folder::new();
    let body = r#"{"it's":"$HOME `x` \\ é"}"#;
    let run = folder.run(&with(&["/a b?c&d", "--body", body, "--curl"]));
    run.expect(1);
    let run =
        folder.run(&with(&["http://127.0.0.1:9/a/[1]?c&d='", "-H", "X-Empty:", "--body", body, "--curl"])).expect(0);
    // The shell itself says what the words are.
    let words = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("curl() {{ printf '%s\\n' \"$@\"; }}; {}", run.text()))
        .output()
        .expect("a shell");
    let words = String::from_utf8(words.stdout).expect("text");
    let words: Vec<&str> = words.lines().collect();
    assert_eq!(words[..4], ["--path-as-is", "--globoff", "--request", "POST"]);
    assert!(words.contains(&"X-Empty;"), "{words:?}");
    assert!(words.contains(&"Content-Type: application/json"), "{words:?}");
    assert!(words.contains(&"X-Service-ID: billing"), "{words:?}");
    assert_eq!(words[words.len() - 3..], ["--data-raw", body, "http://127.0.0.1:9/a/[1]?c&d='"]);
}

#[test]
fn curl_gets_the_url_from_the_registry_or_the_command_says_what_is_missing() {
    let folder = Folder::new();
    let run = folder.run(&with(&["/a", "--curl"])).expect(0);
    assert!(run.text().trim_end().ends_with(" http://127.0.0.1:9/a"), "{}", run.text());
    let run = folder.run(&["sign", "--target", "billing", "/a", "--curl"]).expect(2);
    assert!(run.err.contains("Give the whole URL"), "{}", run.err);
    let run = folder.run_with(&with(&["/a", "--curl", "--body-file", "-"]), b"x").expect(0);
    assert!(run.text().contains("--data-binary @-"), "{}", run.text());
    assert!(run.err.contains("standard input"), "{}", run.err);
}

#[test]
fn what_cannot_be_signed_says_why() {
    let folder = Folder::new();
    for (arguments, code, part) in [
        (&["sign", "/a"][..], 1, "target"),
        (&["sign", "-t", "orders", "a"], 1, "slash"),
        (&["sign", "-t", "orders", "/a b"], 1, "space"),
        (&["sign", "-t", "orders", "/ä"], 1, "ASCII"),
        (&["sign", "-t", "or ders", "/a"], 1, "id of a service"),
        (&["sign", "-t", "orders", "/a", "--nonce", "short"], 1, "nonce"),
        (&["sign", "-t", "orders", "/a", "-X", "G E T"], 1, "method"),
        (&["sign", "-t", "orders", "http://user:pw@h/a"], 2, "user name"),
        (&["sign", "-t", "orders", "/a", "--as", "nobody"], 1, ""),
        (&["sign", "-t", "orders", "/a", "-H", "x-signature: mine"], 2, "X-Signature"),
        (&["sign", "-t", "orders", "/a", "-H", "no colon"], 2, "Name: value"),
        (&["sign", "-t", "orders", "/a", "-H", "X-A: b\nX-C: d"], 2, "line break"),
        (&["sign", "-t", "orders", "/a", "--body", "x", "--body-file", "y"], 2, "cannot be used with"),
        (&["sign", "-t", "orders", "/a", "--curl", "--http"], 2, "cannot be used with"),
        (&["sign", "-t", "orders", "/a", "--body-file", "nowhere"], 1, "Cannot read the body from nowhere"),
        (&["sign", "-t", "orders", "/a", "--body-file", "-", "--env-file", "-"], 2, "once"),
    ] {
        let run = folder.run(arguments).expect(code);
        assert!(run.err.contains(part), "{arguments:?}: {}", run.err);
        assert!(run.out.is_empty(), "{arguments:?}");
        if code == 1 {
            let with_json: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
            let error = folder.run(&with_json).expect(1).json();
            assert!(error["error"]["message"].as_str().expect("a sentence").contains(part), "{error}");
        }
    }
}

#[test]
fn problems_of_the_configuration_are_listed_instead_of_a_signature() {
    let folder = Folder::new().without_env();
    let run = folder.run(&["sign", "-t", "orders", "/a"]).expect(1);
    assert!(run.err.contains("/services/billing/keys/0/secret"), "{}", run.err);
    let error = folder.run(&["sign", "-t", "orders", "/a", "--json"]).expect(1).json();
    assert_eq!(error["error"]["kind"], "config");
    assert_eq!(error["error"]["problems"].as_array().expect("a list").len(), 2);
}

/// The same registry, with access keys.
fn with_access_keys() -> Folder {
    let folder = Folder::new().env("AWS_SECRET", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    let scope = r#""aws_sigv4": {"region": "eu-west-1", "service": "execute-api"}, "services""#;
    let key = r#""billing": {"aws_keys": [{"id": "AKIAIOSFODNN7EXAMPLE", "secret": "env:AWS_SECRET"}], "#;
    let document = CONFIG.replace(r#""services""#, scope).replace(r#""billing": {"#, key);
    folder.write("wiresign.json", document.replace(r#""accept": ["#, r#""accept": ["aws-sigv4", "#));
    folder
}

#[test]
fn a_scheme_can_be_chosen_for_one_request() {
    let folder = with_access_keys();
    let run = folder.run(&with(&["/a?b=c", "--scheme", "aws-sigv4", "--http"])).expect(0);
    assert!(run.text().contains("Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1"));
    folder.run_with(&["verify", "--raw", "-", "--now", NOW], &run.out).expect(0);
    let changed = run.text().replace("/a?b=c", "/a?b=d");
    folder.run_with(&["verify", "--raw", "-", "--now", NOW], changed.as_bytes()).expect(3);
    let run = folder.run(&with(&["/a", "--scheme", "nonsense"])).expect(1);
    assert!(run.err.contains("/sign_with"), "{}", run.err);
}

#[test]
fn a_link_is_signed_for_its_time() {
    let folder = with_access_keys();
    let link = ["sign", "--as", "billing", "-t", "orders", "--now", NOW, "--scheme", "aws-sigv4", "--presign", "60"];
    let sign = |more: &[&str]| {
        let arguments: Vec<&str> = link.iter().chain(more).copied().collect();
        folder.run(&arguments)
    };
    let run = sign(&["/a?b=c"]).expect(0);
    assert!(run.err.contains("whoever has this link"), "{}", run.err);
    let url = run.text().trim();
    assert!(url.starts_with("http://127.0.0.1:9/a?b=c&X-Amz-Algorithm=AWS4-HMAC-SHA256&"), "{url}");
    for (now, code) in [(NOW, 0), ("1767225660", 0), ("1767225661", 3)] {
        folder.run(&["verify", url, "--now", now]).expect(code);
    }
    folder.run(&["verify", &url.replace("b=c", "b=d"), "--now", NOW]).expect(3);

    let document = sign(&["/a?b=c", "--json"]).expect(0).json();
    assert_eq!(document["url"], url);
    assert_eq!(document["target"], url.strip_prefix("http://127.0.0.1:9").expect("the registry's place"));

    sign(&["/a", "--curl"]).expect(2);
    sign(&["/a", "--nonce", NONCE]).expect(2);
    let run = folder.run(&with(&["/a", "--presign", "60"]));
    assert_eq!(run.code, 2, "a nonce has no place in a link");
    let run = folder.run(&["sign", "--as", "billing", "-t", "orders", "/a", "--presign", "60"]).expect(1);
    assert!(run.err.contains("aws-sigv4"), "{}", run.err);
    let run = folder.run(&[&link[..10], &["604801", "/a"]].concat()).expect(1);
    assert!(!run.err.is_empty());
}
