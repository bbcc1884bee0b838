use serde_json::{Value, json};

use crate::support::{Folder, NONCE, NOW, Run};

const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

/// Registry of a token service, which `billing` may ask for tokens.
const IDENTITY: &str = r#"{
  "service": "identity",
  "services": {
    "identity": {"keys": [{"id": "k1", "algorithm": "ed25519", "private_key": "env:IDENTITY_SECRET"}]},
    "billing": {"allowed_targets": ["orders"], "permissions": ["GET /invoices/**"]}
  },
  "jwt": {"issue": {"issuer": "https://identity.internal"}}
}"#;

/// What takes its tokens.
const ORDERS: &str = r#"{
  "service": "orders",
  "accept": ["jwt"],
  "services": {
    "billing": {"allowed_targets": ["orders"]},
    "identity": {"keys": [{"id": "k1", "algorithm": "ed25519", "public_key": "literal:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}], "allowed_targets": ["orders"]}
  },
  "jwt": {"issuers": {"https://identity.internal": {
    "keys": [{"id": "k1", "algorithm": "ed25519", "public_key": "literal:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}],
    "type": "at+jwt", "permissions_claim": "permissions", "tenant_claim": "tenant"
  }}}
}"#;

fn folder() -> Folder {
    let folder = Folder::empty().env("IDENTITY_SECRET", SEED);
    folder.write("identity.json", IDENTITY);
    folder.write("orders.json", ORDERS);
    folder
}

#[track_caller]
fn issue(folder: &Folder, more: &[&str]) -> Run {
    let fixed = ["token", "issue", "-c", "identity.json", "--target", "orders", "--now", NOW, "--id", NONCE];
    let arguments: Vec<&str> = fixed.iter().chain(more).copied().collect();
    folder.run(&arguments)
}

#[track_caller]
fn verify(folder: &Folder, token: &str, target: &str, now: &str) -> Run {
    folder.run_with(&["token", "verify", "-c", "orders.json", target, "--now", now], token.as_bytes())
}

#[test]
fn a_token_about_the_service_itself_is_accepted() {
    let folder = folder();
    let run = issue(&folder, &[]).expect(0);
    assert!(run.err.contains("whoever has this token"), "{}", run.err);
    let run = verify(&folder, run.text(), "/a", NOW).expect(0);
    assert!(run.text().contains("identity") && run.text().contains("jwt"), "{}", run.text());
}

#[test]
fn a_token_about_another_service_holds_what_the_registry_gives() {
    let folder = folder();
    let run = issue(&folder, &["--subject", "billing", "--tenant", "acme", "--lifetime", "60", "--json"]).expect(0);
    let document = run.json();
    assert_eq!(document["expires"], 1_767_225_660);
    assert_eq!(document["claims"]["permissions"], json!(["GET /invoices/**"]));
    let token = document["token"].as_str().expect("a token");
    let arguments = ["token", "verify", "-c", "orders.json", "/invoices/7", "--now", NOW, "--json"];
    let report = folder.run_with(&arguments, format!("Bearer {token}\n").as_bytes()).expect(0).json();
    assert_eq!((&report["service"], &report["tenant"]), (&json!("billing"), &json!("acme")));
    assert_eq!(report["claims"]["iss"], "https://identity.internal");
    let refused = |target: &str, now: &str, code: &str| {
        let run = verify(&folder, token, target, now).expect(3);
        assert!(run.text().contains(code), "{}", run.text());
    };
    refused("/audit", NOW, "PERMISSION_DENIED");
    refused("/invoices/7", "1767225690", "TOKEN_EXPIRED");

    let narrow = issue(&folder, &["--subject", "billing", "--permission", "GET /invoices/7"]).expect(0);
    verify(&folder, narrow.text(), "/invoices/7", NOW).expect(0);
    verify(&folder, narrow.text(), "/invoices/8", NOW).expect(3);
}

#[test]
fn what_the_registry_does_not_allow_is_not_issued() {
    let folder = folder();
    for (more, part) in [
        (&["--subject", "nobody"][..], "not in \"services\""),
        (&["--subject", "identity"], "allowed_targets"),
        (&["--subject", "billing", "--lifetime", "301"], "lifetime"),
        (&["--subject", "billing", "--permission", "GET /**"], "permission"),
        (&["--as", "billing"], "key"),
    ] {
        let run = issue(&folder, more).expect(1);
        assert!(run.err.contains(part), "{more:?}: {}", run.err);
        assert!(run.out.is_empty());
    }
    issue(&folder, &["--lifetime", "60"]).expect(2);
}

#[test]
fn a_token_is_shown_without_what_makes_it_usable() {
    let folder = folder();
    let token = issue(&folder, &["--subject", "billing"]).expect(0);
    let run = folder.run_with(&["token", "show", "--now", "1767225800"], token.text().as_bytes()).expect(0);
    for part in ["at+jwt", "EdDSA", "billing", "ends in 100 s"] {
        assert!(run.text().contains(part), "{part}: {}", run.text());
    }
    assert!(run.err.contains("nothing of this is verified"), "{}", run.err);
    let signature = token.text().trim().rsplit_once('.').expect("three parts").1;
    assert!(!run.text().contains(signature));

    folder.write("token.txt", token.text());
    let shown: Value = folder.run(&["token", "show", "token.txt", "--now", "1767225900", "--json"]).expect(0).json();
    assert_eq!((&shown["verified"], &shown["expired"]), (&json!(false), &json!(true)));
    assert_eq!(shown["header"]["kid"], "k1");
    assert_eq!(shown["claims"]["client_id"], "billing");
}

#[test]
fn what_is_no_token_is_said_to_be_none_without_repeating_it() {
    let folder = folder();
    for text in ["", "a-secret-by-mistake", "e30.e30", "!!.e30.x", "e30.W10.x"] {
        let run = folder.run_with(&["token", "show"], text.as_bytes()).expect(1);
        assert!(text.len() < 8 || !run.err.contains(text), "{}", run.err);
    }
    let run = verify(&folder, "a.b.c", "/a", NOW).expect(3);
    assert!(run.text().contains("INVALID_TOKEN"), "{}", run.text());
    let header = ["token", "verify", "-c", "orders.json", "/a", "-H", "Authorization: Bearer x"];
    folder.run(&header).expect(2);
}
