//! Any tenant and roles: what can be signed verifies in every order of the roles, and nothing else does.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{arbitrary::Arbitrary, fuzz_target};
use wiresign::{Config, Contexts, RefusalCode};
use wiresign_fuzz::{NOW, secrets};

const TENANT: &str = "0d9fe7d3-9c3b-4d7e-8a52-1f0e6b6f3c11";

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    tenant: Option<&'a str>,
    roles: Vec<&'a str>,
    others: Vec<&'a str>,
    signature: &'a str,
    payload: Option<&'a [u8]>,
}

static CONTEXTS: LazyLock<Contexts> = LazyLock::new(|| {
    let document = r#"{
        "service": "a",
        "services": {},
        "contexts": {
            "keys": [{"secret": "env:OLD_SECRET", "state": "retiring"}, {"secret": "env:IMAGE_SERVICE_SECRET"}],
            "migration": {"until": "2027-01-01T00:00:00Z"}
        }
    }"#;
    Contexts::new(&Config::parse(document, &secrets()).expect("a good document")).expect("keys")
});

fuzz_target!(|case: Case<'_>| {
    let tenant = case.tenant.unwrap_or(TENANT);
    let verify = |roles: &[&str], signature: &str| CONTEXTS.verify(tenant, roles, signature, NOW, case.payload);
    assert!(verify(&case.roles, case.signature).is_err(), "nobody made this signature");
    let Ok(signature) = CONTEXTS.sign(tenant, &case.roles, NOW) else {
        let refusal = verify(&case.roles, &"0".repeat(64)).expect_err("cannot be signed");
        assert_eq!(refusal.code(), RefusalCode::MalformedRequest);
        return;
    };
    let message = CONTEXTS.message(tenant, &case.roles).expect("what can be signed has a message");
    let turned: Vec<&str> = case.roles.iter().rev().chain(&case.roles).copied().take(1024).collect();
    let verified = verify(&turned, &signature).expect("a set has no order");
    assert_eq!((verified.matched(), verified.tenant()), ("hmac-sha256", tenant));
    assert!(case.roles.iter().all(|role| verified.has_role(role)));
    let distinct: Vec<&str> = verified.roles().collect();
    assert!(distinct.windows(2).all(|pair| pair[0] < pair[1]));
    let lines = [&["auth-context-v1", tenant], distinct.as_slice()].concat();
    assert_eq!(message, lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes());
    if let Ok(verified) = verify(&case.others, &signature) {
        assert_eq!(verified.roles().collect::<Vec<_>>(), distinct, "other roles have other signatures");
    }
});
