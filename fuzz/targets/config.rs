//! Any text as a config document: read or refused with problems that have a place, and never with a secret in words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wiresign::{Config, Signer, Verifier};
use wiresign_fuzz::secrets;

/// A piece of each secret that the fleet has.
const SECRETS: [&str; 3] = ["0126fd21ad5f7cc0", "806fc432d0ac938c", "5e8f0b7c3d9a1e6f"];

fuzz_target!(|document: &str| {
    match Config::parse(document, &secrets()) {
        Ok(config) => {
            let texts = format!("{config:?} {:?} {:?}", config.warnings(), config.service_ids().collect::<Vec<_>>());
            hides_secrets(document, &texts);
            let verifier = Verifier::new(&config);
            verifier.replace(&config);
            for target in [None, Some("lego-projects-api"), Some("")] {
                let _ = Signer::new(&config, target);
            }
        }
        Err(errors) => {
            assert!(!errors.problems().is_empty());
            for problem in errors.problems() {
                assert!(problem.pointer.is_empty() || problem.pointer.starts_with('/'), "{problem:?}");
                assert!(!problem.message.is_empty());
            }
            hides_secrets(document, &format!("{errors} {errors:?}"));
        }
    }
});

/// What is looked up must not be told. What the document itself says may be, a member's name for example.
fn hides_secrets(document: &str, texts: &str) {
    for secret in SECRETS {
        assert!(document.contains(secret) || !texts.contains(secret), "{texts}");
    }
}
