//! The environment alone as a config: the names that small services have used for years.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::ID_RULE;
use super::lookup::Lookup;
use super::problem::Problem;
use crate::identifier::is_id;
use crate::scheme::BuiltIn;

/// The variable that holds the secret of the service itself.
const OWN_SECRET: &str = "SERVICE_SECRET";

/// Writes the config document that the environment variables stand for. Secrets stay references.
pub(super) fn document(lookup: &dyn Lookup) -> Result<String, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut read = |name: &str| match lookup.env(name) {
        Ok(value) => value.filter(|value| !value.is_empty()),
        Err(why) => {
            problems.push(at_document(format!("the environment variable {name} cannot be read: {why}")));
            None
        }
    };
    let service = read("SERVICE_ID");
    let allowed = read("ALLOWED_SERVICES").unwrap_or_default();
    let window = read("HMAC_WINDOW_SECONDS");
    let scheme = read("HMAC_SCHEME").unwrap_or_else(|| "service-hmac-v2".into());

    let mut refuse = |message: String| problems.push(at_document(message));
    let Some(service) = service else {
        refuse("SERVICE_ID is not set; set it to the id of this service".into());
        return Err(problems);
    };
    if !is_id(&service) {
        refuse(format!("SERVICE_ID does not hold an id: {ID_RULE}"));
    }
    let window = match window.as_deref().map(parse_window) {
        None => 300,
        Some(Some(seconds)) => seconds,
        Some(None) => {
            refuse("HMAC_WINDOW_SECONDS is not a whole number from 1 to 600".into());
            300
        }
    };
    if BuiltIn::from_id(&scheme).is_none() {
        refuse("HMAC_SCHEME does not name a scheme; leave it out, or set it to service-hmac".into());
    }

    // Two services must not share a variable by accident: the key is what tells them apart.
    let mut variables = BTreeMap::from([(OWN_SECRET.to_owned(), service.as_str())]);
    for caller in allowed.split(',').map(str::trim).filter(|caller| !caller.is_empty() && *caller != service) {
        if !is_id(caller) {
            refuse(format!("ALLOWED_SERVICES holds something that is not an id: {ID_RULE}"));
        } else if let Some(other) = variables.insert(secret_variable(caller), caller) {
            let variable = secret_variable(caller);
            refuse(format!("{other} and {caller} would both have their secret in {variable}; use a config document"));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }

    let mut services = Map::new();
    for (variable, id) in &variables {
        let keys = json!([{"secret": format!("env:{variable}")}]);
        let member = match *id == service {
            true => json!({"keys": keys}),
            false => json!({"keys": keys, "allowed_targets": [&service]}),
        };
        services.insert((*id).to_owned(), member);
    }
    let document = json!({
        "service": service,
        "accept": ["service-hmac-v2", "service-hmac"],
        "sign_with": scheme,
        "window": {"past": window, "future": window},
        "services": Value::Object(services),
    });
    Ok(document.to_string())
}

/// The name of the variable that holds a service's secret: `image-service` has `IMAGE_SERVICE_SECRET`.
fn secret_variable(service: &str) -> String {
    let name: String = service
        .chars()
        .map(|c| match c {
            '-' | '.' => '_',
            _ => c.to_ascii_uppercase(),
        })
        .collect();
    format!("{name}_SECRET")
}

/// Seconds as plain digits, from 1 to 600.
fn parse_window(text: &str) -> Option<u64> {
    let seconds = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    (1..=600).contains(&seconds).then_some(seconds)
}

fn at_document(message: String) -> Problem {
    Problem { pointer: String::new(), message }
}
