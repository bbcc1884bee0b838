//! Any values of the environment variables that make a config, one `NAME=VALUE` a line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wiresign::{Config, Secrets, Verifier};

fuzz_target!(|text: &str| {
    let variables = || text.lines().filter_map(|line| line.split_once('='));
    let secrets = variables().fold(Secrets::new(), |secrets, (name, value)| secrets.env(name, value));
    match Config::from_env(&secrets) {
        Ok(config) => {
            // Of a variable that is set twice the last counts.
            let service = variables().rfind(|(name, _)| *name == "SERVICE_ID");
            assert_eq!(service.map(|(_, value)| value), Some(config.service()));
            drop(Verifier::new(&config));
        }
        Err(errors) => assert!(!errors.problems().is_empty()),
    }
});
