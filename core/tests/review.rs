//! Rules that were found broken once: each test is named after its rule.

use wiresign::{Config, Head, Refusal, Secrets, Signer, Verified, Verifier};

const NOW: u64 = 1_767_225_600;
const SECRET: &str = "q3nT7xkP0v9Lw2Yb8sRzJ5cMhE1dGf6AuQoVtKiXyBnZ";
const OTHER_SECRET: &str = "Z1aW4sXe6dRc8fTv0gYb2hUn5jIm7kOl9pQzAxSwDcEf";

type Signed = Vec<(String, String)>;

fn config(document: &serde_json::Value) -> Config {
    let secrets = Secrets::new().env("SECRET", SECRET).env("OTHER_SECRET", OTHER_SECRET);
    Config::parse(&document.to_string(), &secrets).expect("a config without problems")
}

/// Signs as the sender of a webhook would.
fn signed(webhook: &serde_json::Value, body: &str, now: u64, nonce: &str) -> Signed {
    let document = serde_json::json!({
        "service": "receiver", "services": {}, "sign_with": "webhook:sender", "webhooks": {"sender": webhook["webhook"]},
        "schemes": webhook["schemes"],
    });
    let none: &[(&str, &str)] = &[];
    let signer = Signer::new(&config(&document), None).expect("a signer");
    let headers = signer.sign(&Head::new(b"POST", b"/in", none), body.as_bytes(), now, nonce).expect("signed");
    headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn verify(verifier: &Verifier, method: &str, headers: &Signed, body: &str, now: u64) -> Result<Verified, Refusal> {
    verifier.verify(&Head::new(method.as_bytes(), b"/in", headers), body.as_bytes(), now)
}

fn code(outcome: Result<Verified, Refusal>) -> &'static str {
    outcome.map_or_else(|refusal| refusal.code().name(), |_| "accepted")
}

const NONCE: &str = "msg_2b7d1f0e5c3a4988";

/// A request is remembered as long as its own scheme says, whatever shorter windows others in the same store have.
#[test]
fn a_short_window_makes_the_store_forget_no_request_of_another_scheme() {
    let long = serde_json::json!({"schemes": {}, "webhook": {
        "scheme": "sentry", "keys": [{"secret": "env:SECRET"}], "replay": {"seconds": 60}}});
    let short =
        serde_json::json!({"schemes": {}, "webhook": {"scheme": "paddle", "keys": [{"secret": "env:OTHER_SECRET"}]}});
    let document = serde_json::json!({
        "service": "receiver", "services": {}, "accept": ["webhook:long", "webhook:short"],
        "webhooks": {"long": long["webhook"], "short": short["webhook"]}, "replay": {"capacity": 1000},
    });
    let verifier = Verifier::new(&config(&document));
    let delivery = signed(&long, "{}", NOW, NONCE);
    assert_eq!(code(verify(&verifier, "POST", &delivery, "{}", NOW)), "accepted");
    for at in 0..70 {
        let body = at.to_string();
        let other = signed(&short, &body, NOW + 2, NONCE);
        assert_eq!(code(verify(&verifier, "POST", &other, &body, NOW + 2)), "accepted");
    }
    assert_eq!(code(verify(&verifier, "POST", &delivery, "{}", NOW + 3)), "REPLAYED_REQUEST");
}

/// Safe methods may repeat; but a method that is not signed is what the sender of the replay says.
#[test]
fn a_replay_under_a_method_that_is_not_signed_is_a_replay() {
    for scheme in ["slack", "sentry"] {
        let mut webhook = serde_json::json!({"scheme": scheme, "keys": [{"secret": "env:SECRET"}]});
        if scheme == "sentry" {
            webhook["replay"] = serde_json::json!({"seconds": 60});
        }
        let webhook = serde_json::json!({"schemes": {}, "webhook": webhook});
        let document = serde_json::json!({
            "service": "receiver", "services": {}, "accept": ["webhook:sender"], "webhooks": {"sender": webhook["webhook"]},
        });
        let verifier = Verifier::new(&config(&document));
        let delivery = signed(&webhook, "pay=1", NOW, NONCE);
        assert_eq!(code(verify(&verifier, "POST", &delivery, "pay=1", NOW)), "accepted");
        for method in ["GET", "HEAD", "OPTIONS", "PUT"] {
            assert_eq!(
                code(verify(&verifier, method, &delivery, "pay=1", NOW + 1)),
                "REPLAYED_REQUEST",
                "{scheme} {method}"
            );
        }
    }
}

/// `replay.seconds` of a scheme without a timestamp holds for its nonces as it does for its signatures.
#[test]
fn a_nonce_without_a_timestamp_is_remembered_for_as_long_as_the_config_says() {
    let webhook = serde_json::json!({
        "schemes": {"diary": {
            "algorithm": "hmac-sha256", "message": ["nonce", ".", "body"], "nonce": {"header": "X-Nonce"},
            "signature": {"header": "X-Diary", "encoding": "hex"}}},
        "webhook": {"scheme": "diary", "keys": [{"secret": "env:SECRET"}], "replay": {"seconds": 86400}},
    });
    for store in ["memory", "external"] {
        let document = serde_json::json!({
            "service": "receiver", "services": {}, "accept": ["webhook:sender"], "schemes": webhook["schemes"],
            "webhooks": {"sender": webhook["webhook"]}, "replay": {"store": store},
        });
        let verifier = Verifier::new(&config(&document));
        let delivery = signed(&webhook, "pay=1", NOW, NONCE);
        let first = verify(&verifier, "POST", &delivery, "pay=1", NOW).expect("accepted");
        if store == "external" {
            assert_eq!(first.replay_seconds(), Some(86_400));
            continue;
        }
        for others in 0..70 {
            let other = signed(&webhook, "", NOW + 1000, &format!("{NONCE}{others}"));
            assert_eq!(code(verify(&verifier, "POST", &other, "", NOW + 1000)), "accepted");
        }
        assert_eq!(code(verify(&verifier, "GET", &delivery, "pay=1", NOW + 86_400)), "REPLAYED_REQUEST");
    }
}

/// A secret that is told to the sender of a webhook, or travels in requests, must not prove who a service is.
#[test]
fn no_secret_proves_two_things() {
    let key = serde_json::json!([{"secret": "env:SECRET"}]);
    let services = serde_json::json!({"caller": {"keys": key, "allowed_targets": ["receiver"]}});
    let hook = |token: &str| serde_json::json!({"hook": {"scheme": "whatsapp", "keys": key, "verify_token": token}});
    let keyless = serde_json::json!({"caller": {"api_keys": key, "allowed_targets": ["receiver"]}});
    let sent = serde_json::json!({"caller": {"keys": key, "call_with": "env:SECRET", "allowed_targets": ["receiver"]}});
    for (document, place) in [
        (serde_json::json!({"services": services, "webhooks": hook("env:TOKEN")}), "/webhooks/hook/keys/0/secret"),
        (serde_json::json!({"services": keyless, "webhooks": hook("env:TOKEN")}), "/webhooks/hook/keys/0/secret"),
        (serde_json::json!({"services": {}, "webhooks": hook("env:SECRET")}), "/webhooks/hook/verify_token"),
        (serde_json::json!({"services": services, "api_keys": "env:KEYS"}), "/api_keys"),
        (serde_json::json!({"services": sent}), "/services/caller/call_with"),
    ] {
        let mut document = document;
        document["service"] = "receiver".into();
        let keys = format!("{{\"{SECRET}\": \"caller\"}}");
        let secrets = Secrets::new().env("SECRET", SECRET).env("TOKEN", "open sesame").env("KEYS", &keys);
        let errors = Config::parse(&document.to_string(), &secrets).expect_err(place);
        let places: Vec<_> = errors.problems().iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(places, [place]);
        assert!(!errors.to_string().contains(SECRET), "{errors}");
    }
}

/// A parameter that the sorted query leaves out is not signed: neither does a strict route take it, nor can it bind a body.
#[test]
fn a_query_that_is_signed_in_part_is_not_covered() {
    let scheme = |digest: Option<&str>| {
        let message = serde_json::json!([
            "method", "\n", "path", "\n", {"sorted": "query", "except": ["free"], "assign": "=", "join": "&"}, "\n", "body-sha256"]);
        let mut scheme = serde_json::json!({
            "algorithm": "hmac-sha256", "message": message, "signature": {"header": "X-Sig", "encoding": "hex"}});
        if let Some(name) = digest {
            scheme["body_digest"] = serde_json::json!({"query": name});
        }
        scheme
    };
    let document = |scheme: serde_json::Value| {
        serde_json::json!({
            "service": "receiver", "services": {}, "schemes": {"sorted": scheme}, "sign_with": "webhook:sender",
            "webhooks": {"sender": {"scheme": "sorted", "keys": [{"secret": "env:SECRET"}]}},
            "routes": [{"match": "/**", "accept": ["webhook:sender"], "strict": true}],
        })
    };
    let config = config(&document(scheme(None)));
    let none: &[(&str, &str)] = &[];
    let target = b"/in?a=1&free=2";
    let signer = Signer::new(&config, None).expect("a signer");
    let headers = signer.sign(&Head::new(b"POST", target, none), b"", NOW, NONCE).expect("signed");
    let headers: Signed = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let outcome = Verifier::new(&config).verify(&Head::new(b"POST", target, &headers), b"", NOW);
    assert_eq!(code(outcome), "INSUFFICIENT_COVERAGE");

    let secrets = Secrets::new().env("SECRET", SECRET);
    let errors =
        Config::parse(&document(scheme(Some("free"))).to_string(), &secrets).expect_err("the digest is not signed");
    assert_eq!(errors.problems()[0].pointer, "/schemes/sorted/body_digest");
}

/// Where only a digest in the query binds the body, it must be there.
#[test]
fn a_body_that_nothing_binds_is_refused() {
    let document = serde_json::json!({
        "service": "receiver", "services": {}, "accept": ["webhook:sender"], "sign_with": "webhook:sender",
        "schemes": {"linked": {
            "algorithm": "hmac-sha256", "message": ["target"], "body_digest": {"query": "digest"},
            "signature": {"header": "X-Sig", "encoding": "hex"}}},
        "webhooks": {"sender": {"scheme": "linked", "keys": [{"secret": "env:SECRET"}]}},
    });
    let verifier = Verifier::new(&config(&document));
    let tag = "03e7a1d2a5a2f2c1e7a1a0b1f3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6";
    let headers = vec![("X-Sig".to_owned(), tag.to_owned())];
    assert_eq!(code(verify(&verifier, "POST", &headers, "pay=1", NOW)), "INSUFFICIENT_COVERAGE");
}

/// Of parts that nothing separates, none may take in the start of the next one.
#[test]
fn a_message_id_takes_in_no_body() {
    let webhook =
        serde_json::json!({"schemes": {}, "webhook": {"scheme": "twitch", "keys": [{"secret": "env:SECRET"}]}});
    let document = serde_json::json!({
        "service": "receiver", "services": {}, "accept": ["webhook:sender"], "webhooks": {"sender": webhook["webhook"]},
    });
    let verifier = Verifier::new(&config(&document));
    let (start, time, rest) = ("{\"at\":\"", "2026-01-01T00:00:10Z", "\",\"x\":1}");
    let mut headers = signed(&webhook, &format!("{start}{time}{rest}"), NOW, NONCE);
    let mut set = |name: &str, change: &dyn Fn(&str) -> String| {
        let (_, value) = headers.iter_mut().find(|(own, _)| own == name).expect("there");
        *value = change(value);
    };
    set("Twitch-Eventsub-Message-Id", &|id| format!("{id}2026-01-01T00:00:00Z{start}"));
    set("Twitch-Eventsub-Message-Timestamp", &|_| time.to_owned());
    assert_eq!(code(verify(&verifier, "POST", &headers, rest, NOW + 10)), "INVALID_NONCE");
}

/// What is weaker than it looks is said.
#[test]
fn a_config_that_is_weaker_than_it_looks_is_warned_of() {
    let document = serde_json::json!({
        "service": "receiver", "services": {"caller": {"keys": [{"secret": "env:SECRET"}], "allowed_targets": ["receiver"]}},
        "schemes": {"timed": {
            "algorithm": "hmac-sha256", "message": [{"literal": "timed\n"}, "header:X-Kind", "timestamp", "body"],
            "timestamp": {"header": "X-Time"}, "signature": {"header": "X-Sig", "encoding": "hex"}
        }, "timeless": {
            "algorithm": "hmac-sha256", "message": [{"literal": "timeless\n"}, "nonce", "\n", "body"], "nonce": {"header": "X-Nonce"},
            "caller": {"header": "X-From"}, "signature": {"header": "X-Sig", "encoding": "hex"}
        }},
        "routes": [{"match": "/some/**", "optional": true, "services": ["caller"]}],
    });
    let config = config(&document);
    let places: Vec<_> = config.warnings().iter().map(|warning| warning.pointer.as_str()).collect();
    assert_eq!(places, ["/schemes/timed/message/2", "/schemes/timeless/timestamp", "/routes/0/services"]);
}

#[test]
fn what_stands_in_the_document_is_not_said_to_be_missing() {
    let signature = serde_json::json!({"header": "X-Sig", "encoding": "hex"});
    let sound = serde_json::json!({"algorithm": "hmac-sha256", "message": ["body"], "signature": signature});
    let document = |scheme: &str, reference: &str, broken: serde_json::Value| {
        serde_json::json!({
            "service": "receiver", "services": {},
            "schemes": {"broken": broken, "sound": sound},
            "webhooks": {"sender": {"scheme": scheme, "keys": [{"secret": "env:SECRET"}]}},
            "accept": [reference],
        })
    };
    let broken = serde_json::json!({"algorithm": "md5"});
    for (document, place, advice) in [
        (document("broken", "webhook:sender", broken.clone()), "/webhooks/sender/scheme", "correct this scheme first"),
        (document("broken", "webhook:sender", broken.clone()), "/accept/0", "correct this webhook first"),
        (document("sound", "broken", broken.clone()), "/accept/0", "correct this scheme first"),
        (document("none", "webhook:sender", sound.clone()), "/webhooks/sender/scheme", "no scheme of this name"),
        (document("rfc9421", "webhook:sender", sound.clone()), "/webhooks/sender/scheme", "between services"),
        (document("sound", "webhook:other", sound.clone()), "/accept/0", "there is no webhook of this name"),
        (document("sound", "none", sound.clone()), "/accept/0", "this scheme is not known"),
    ] {
        let errors = Config::parse(&document.to_string(), &Secrets::new().env("SECRET", SECRET)).expect_err(advice);
        let found = errors.problems().iter().find(|problem| problem.pointer == place).expect(advice);
        assert!(found.message.contains(advice), "{}", found.message);
    }
}
