//! Mistakes as people make them, by the programs that they make them with: the explanation names each of them first.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wiresign::{Config, Head, Secrets, Verifier};

/// The receiver. Its secrets are those of the programs.
fn verifier() -> Verifier {
    let webhook = |name: &str| json!({"match": format!("POST /hooks/{name}"), "accept": [format!("webhook:{name}")]});
    let standard = STANDARD.encode((40..72).collect::<Vec<u8>>());
    let document = json!({
        "service": "orders",
        "accept": ["service-hmac-v2", "service-hmac"],
        "services": {
            "orders": {"keys": [{"secret": "literal:c27be1940fa86d3571e8b204d96c3fa50b7d82e61f4395ca08d6e7b21a5f3c90"}]},
            "billing": {
                "keys": [
                    {"id": "k1", "secret": "literal:5f0c1a9be47d23868fd0b1c27e64a93d5816f2be70c94ad3e12b8f7605c3d94e"},
                    {
                        "id": "k0",
                        "secret": "literal:96c3fa50b7d82e61f4395ca08d6e7b21a5f3c90c27be1940fa86d3571e8b204d",
                        "state": "revoked",
                    },
                ],
                "api_keys": [{"secret": "literal:key-4395ca08d6e7b21a5f3c90c27be1940fa86d3571"}],
            },
            "reports": {"keys": [{"secret": "literal:0b7d82e61f4395ca08d6e7b21a5f3c90c27be1940fa86d3571e8b204d96c3fa5"}]},
        },
        "webhooks": {
            "github": {"scheme": "github", "keys": [{"secret": "literal:It's a secret to everybody, but longer"}]},
            "other": {"scheme": "github", "keys": [{"secret": "literal:another endpoint has another secret"}]},
            "standard": {"scheme": "standard-webhooks", "keys": [{"secret": format!("literal:whsec_{standard}")}]},
            "shopify": {"scheme": "shopify", "keys": [{"secret": "literal:hush-4395ca08d6e7b21a5f3c90c27be1940f"}]},
            "slack": {"scheme": "slack", "keys": [{"secret": "literal:8f742231b10e8888abcd99yyyzzz85a5"}]},
            "twilio": {
                "scheme": "twilio",
                "url": "https://orders.example/hooks/twilio",
                "keys": [{"secret": "literal:12345678901234567890abcdefabcdef"}],
            },
            "stripe": {"scheme": "stripe", "keys": [{"secret": "literal:whsec_7mFkPq2sYt9wBv4xCz6dEg8hJk3nLr5u"}]},
        },
        "routes": [
            webhook("github"),
            webhook("standard"),
            webhook("stripe"),
            webhook("shopify"),
            webhook("slack"),
            webhook("twilio"),
            {"match": "/api/**"},
        ],
    });
    let config = Config::parse(&document.to_string(), &Secrets::new());
    Verifier::new(&config.unwrap_or_else(|problems| panic!("{problems}")))
}

/// What a program prints, each line a case.
fn cases(program: &Path, script: &str) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/explain").join(script);
    let output = Command::new(program).arg(script).output();
    let output = output.unwrap_or_else(|error| {
        panic!(
            "{}: {error}; scripts/require-tools and scripts/python-environment say what is missing",
            program.display()
        )
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a case is JSON")).collect()
}

/// The ids that an explanation names, in their order, and the whole of it.
fn explained(verifier: &Verifier, case: &Value) -> (Vec<&'static str>, String) {
    let request = &case["request"];
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let headers: Vec<(String, String)> =
        request["headers"].as_array().expect("a list").iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    let (method, target) = (text(&request["method"]), text(&request["target"]));
    let body = STANDARD.decode(text(&request["body"])).expect("base64");
    let head = Head::new(method.as_bytes(), target.as_bytes(), &headers);
    let now = case["now"].as_u64().expect("a time");
    if let Some(answer) = case["answer"].as_object() {
        let question = verifier.identity_request(&head, now).expect("a question to AWS");
        let status = answer["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
        // The status of no answer at all is 0.
        let received = (status > 0).then(|| (status, answer["body"].as_str().expect("text").as_bytes()));
        verifier.identity_answer(&question, received, now);
    }
    let explanation = verifier.explain(&head, &body, now);
    (explanation.hints().iter().map(wiresign::Hint::id).collect(), explanation.to_string())
}

#[test]
fn the_cause_of_each_mistake_is_named_first() {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../build/venv/bin/python");
    let cases = [cases(&python, "mistakes.py"), cases(Path::new("node"), "mistakes.mjs")].concat();
    let verifier = verifier();
    let mut wrong = Vec::new();
    for case in &cases {
        let (ids, text) = explained(&verifier, case);
        if ids.first().copied() != case["expected"].as_str() {
            wrong.push(format!("{}: {} expected, {ids:?} named\n{text}", case["name"], case["expected"]));
        }
    }
    assert!(cases.len() >= 60, "{}", cases.len());
    assert!(wrong.is_empty(), "{} of {} are not named first\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// The same for the standards, each with its own table.
#[test]
fn the_cause_of_each_mistake_with_a_standard_is_named_first() {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../build/venv/bin/python");
    let mut lines = cases(&python, "standards.py").into_iter();
    let base = lines.next().expect("the config comes first");
    let (mut wrong, mut counts) = (Vec::new(), std::collections::BTreeMap::<String, usize>::new());
    for case in lines {
        let mut document = base.clone();
        for (name, value) in case["members"].as_object().expect("members") {
            document[name] = value.clone();
        }
        let config = Config::parse(&document.to_string(), &Secrets::new());
        let verifier = Verifier::new(&config.unwrap_or_else(|problems| panic!("{}: {problems}", case["name"])));
        let (ids, text) = explained(&verifier, &case);
        if ids.first().copied() != case["expected"].as_str() {
            wrong.push(format!("{}: {} expected, {ids:?} named\n{text}", case["name"], case["expected"]));
        }
        *counts.entry(case["standard"].to_string()).or_default() += 1;
    }
    assert!(counts.len() == 4 && counts.values().all(|count| *count >= 20), "{counts:?}");
    let total: usize = counts.values().sum();
    assert!(wrong.is_empty(), "{} of {total} are not named first\n{}", wrong.len(), wrong.join("\n"));
}
