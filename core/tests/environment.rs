//! The environment alone as a config.

use wiresign::{Config, ConfigErrors, Head, Secrets, Signer, Verifier};

const OWN: &str = "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9";
const CALLER: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9";

fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let secrets = variables.iter().fold(Secrets::new(), |secrets, (name, value)| secrets.env(name, value));
    Config::from_env(&secrets)
}

#[test]
fn a_small_fleet_needs_no_document() {
    let orders = config(&[
        ("SERVICE_ID", "orders"),
        ("SERVICE_SECRET", OWN),
        ("ALLOWED_SERVICES", "image-service, price.scraper"),
        ("IMAGE_SERVICE_SECRET", CALLER),
        ("PRICE_SCRAPER_SECRET", "a third secret that nobody has seen before 1234"),
        ("HMAC_WINDOW_SECONDS", "60"),
    ])
    .expect("a config");
    let mut ids: Vec<_> = orders.service_ids().collect();
    ids.sort_unstable();
    assert_eq!(ids, ["image-service", "orders", "price.scraper"]);

    let none: &[(&str, &str)] = &[];
    let verify = |scheme: &str, age: u64| {
        let image = config(&[("SERVICE_ID", "image-service"), ("SERVICE_SECRET", CALLER), ("HMAC_SCHEME", scheme)]);
        let signer = Signer::new(&image.expect("a config"), Some("orders")).expect("a signer");
        let head = Head::new(b"POST", b"/a?b", none);
        let signed = signer.sign(&head, b"body", 1_000_000, "0123456789abcdef").expect("signed");
        let headers: Vec<(&str, &str)> = signed.iter().collect();
        let head = Head::new(b"POST", b"/a?b", headers.as_slice());
        let outcome = Verifier::new(&orders).verify(&head, b"body", 1_000_000 + age);
        outcome.map(|verified| verified.service().map(str::to_owned))
    };
    for scheme in ["service-hmac-v2", "service-hmac"] {
        assert_eq!(verify(scheme, 60).expect("inside the window").as_deref(), Some("image-service"));
        assert_eq!(verify(scheme, 61).expect_err("outside the window").code().name(), "TIMESTAMP_OUTSIDE_WINDOW");
    }
}

#[test]
fn each_problem_names_its_variable() {
    let good = [("SERVICE_ID", "orders"), ("SERVICE_SECRET", OWN)];
    for (name, value, expected) in [
        ("SERVICE_ID", "", "SERVICE_ID is not set"),
        ("SERVICE_ID", "or ders", "SERVICE_ID does not hold an id"),
        ("SERVICE_SECRET", "short", "a key of a service needs 32"),
        ("HMAC_WINDOW_SECONDS", "0", "HMAC_WINDOW_SECONDS"),
        ("HMAC_WINDOW_SECONDS", "601", "HMAC_WINDOW_SECONDS"),
        ("HMAC_WINDOW_SECONDS", "+300", "HMAC_WINDOW_SECONDS"),
        ("HMAC_WINDOW_SECONDS", "5m", "HMAC_WINDOW_SECONDS"),
        ("HMAC_SCHEME", "v2", "HMAC_SCHEME"),
        ("ALLOWED_SERVICES", "b c", "ALLOWED_SERVICES"),
        ("ALLOWED_SERVICES", "image", "IMAGE_SECRET is not set"),
        ("ALLOWED_SERVICES", "a-b,a.b", "A_B_SECRET"),
        ("ALLOWED_SERVICES", "b, b", "ALLOWED_SERVICES holds b twice"),
        ("ALLOWED_SERVICES", "service", "SERVICE_SECRET"),
    ] {
        let variables: Vec<_> = good.into_iter().chain([(name, value)]).collect();
        let text = config(&variables).expect_err("not a config").to_string();
        assert!(text.contains(expected), "{name}={value}: {text}");
        assert!(!text.contains(OWN), "{text}");
    }
}

const API_KEY: &str = "k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f";

#[test]
fn api_keys_come_from_one_variable() {
    let keys = format!(r#"{{"{API_KEY}":"tutor-service"}}"#);
    for mode in [None, Some("api-key")] {
        let mut variables = vec![("SERVICE_ID", "identity-service"), ("SERVICE_API_KEYS", keys.as_str())];
        variables.extend(mode.map(|mode| ("SERVICE_AUTH_MODE", mode)));
        let verifier = Verifier::new(&config(&variables).expect("a config"));
        let verify = |key: &str| {
            let headers = [("x-service-api-key", key)];
            verifier.verify(&Head::new(b"GET", b"/users/1", &headers), b"", 1_000_000)
        };
        assert_eq!(verify(API_KEY).expect("the key of the caller").service(), Some("tutor-service"));
        let refusal = verify("k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e50").expect_err("nobody's key");
        assert_eq!(refusal.code().name(), "UNKNOWN_KEY");
        assert!(!format!("{refusal:?}").contains("k-8c1d"));
    }
}

#[test]
fn a_secret_beside_api_keys_keeps_signatures() {
    let keys = format!(r#"{{"{API_KEY}":"tutor-service"}}"#);
    let own = [("SERVICE_ID", "identity-service"), ("SERVICE_SECRET", OWN), ("SERVICE_API_KEYS", keys.as_str())];
    let both = config(&own).expect("a config");
    let ids: Vec<_> = both.service_ids().collect();
    assert_eq!(ids, ["identity-service", "tutor-service"]);
    assert!(Signer::new(&both, Some("tutor-service")).is_ok());
}

#[test]
fn what_is_wrong_with_api_keys_is_said_without_showing_them() {
    let service = ("SERVICE_ID", "identity-service");
    let short = r#"{"short-key":"tutor-service"}"#;
    for (variables, wanted) in [
        (vec![service, ("SERVICE_API_KEYS", "[]")], "not a JSON object"),
        (vec![service, ("SERVICE_API_KEYS", short)], "key 1"),
        (vec![service, ("SERVICE_AUTH_MODE", "api-key")], "SERVICE_API_KEYS is not set"),
        (vec![service, ("SERVICE_SECRET", OWN), ("SERVICE_AUTH_MODE", "both")], "SERVICE_API_KEYS is not set"),
        (vec![service, ("SERVICE_SECRET", OWN), ("SERVICE_AUTH_MODE", "none")], "hmac, api-key, iam or both"),
    ] {
        let message = config(&variables).expect_err(wanted).to_string();
        assert!(message.contains(wanted) && !message.contains("short-key"), "{message}");
    }
}

#[test]
fn signatures_of_aws_are_a_mode() {
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let tutor = [
        ("SERVICE_ID", "tutor-service"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("SERVICE_AUTH_MODE", "iam"),
    ];
    let identity = |mode: &'static str, more: &[(&'static str, &'static str)]| {
        let mut variables = vec![
            ("SERVICE_ID", "identity-service"),
            ("SERVICE_AUTH_MODE", mode),
            ("AWS_REGION", "eu-west-1"),
            ("ALLOWED_SERVICES", "tutor-service"),
            ("TUTOR_SERVICE_AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("TUTOR_SERVICE_AWS_SECRET_ACCESS_KEY", SECRET),
        ];
        variables.extend(more);
        config(&variables)
    };
    let signer = Signer::new(&config(&tutor).expect("a config"), None).expect("a signer");
    let host = [("Host".to_owned(), "identity.internal".to_owned())];
    let head = Head::new(b"GET", b"/users/7?a=b", host.as_slice());
    let signed = signer.sign(&head, b"", 1_000_000, "0123456789abcdef").expect("signed");
    let own = host.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<(&str, &str)> = own.chain(signed.iter()).collect();
    let head = Head::new(b"GET", b"/users/7?a=b", headers.as_slice());
    let by_key = [("X-Service-API-Key", "k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f")];
    let by_key = Head::new(b"GET", b"/users/7", by_key.as_slice());
    let keys = ("SERVICE_API_KEYS", r#"{"k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f": "tutor-service"}"#);

    let iam = Verifier::new(&identity("iam", &[]).expect("a config"));
    assert_eq!(iam.verify(&head, b"", 1_000_000).expect("accepted").service(), Some("tutor-service"));
    assert_eq!(iam.verify(&by_key, b"", 1_000_000).expect_err("no key").code().name(), "AUTHENTICATION_REQUIRED");
    let both = Verifier::new(&identity("both", &[keys]).expect("a config"));
    assert_eq!(both.verify(&head, b"", 1_000_000).expect("accepted").scheme(), Some("aws-sigv4"));
    assert_eq!(both.verify(&by_key, b"", 1_000_000).expect("accepted").scheme(), Some("api-key"));

    let without = |name: &str| {
        let left: Vec<_> = tutor.into_iter().filter(|(known, _)| *known != name).collect();
        config(&left).expect_err("refused").to_string()
    };
    assert!(without("AWS_REGION").contains("AWS_REGION is not set"));
    assert!(without("AWS_ACCESS_KEY_ID").contains("AWS_ACCESS_KEY_ID"));
    assert!(without("AWS_SECRET_ACCESS_KEY").contains("AWS_SECRET_ACCESS_KEY is not set"));
}
