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
        ("ALLOWED_SERVICES", "service", "SERVICE_SECRET"),
    ] {
        let variables: Vec<_> = good.into_iter().chain([(name, value)]).collect();
        let text = config(&variables).expect_err("not a config").to_string();
        assert!(text.contains(expected), "{name}={value}: {text}");
        assert!(!text.contains(OWN), "{text}");
    }
}
