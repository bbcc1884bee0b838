//! The environment alone as a config: the names that small services have used for years.

use serde_json::{Map, Value, json};

use super::lookup::Lookup;
use super::problem::Problem;

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

    let Some(service) = service else {
        problems.push(at_document("SERVICE_ID is not set; set it to the id of this service".into()));
        return Err(problems);
    };
    let window = match window.as_deref().map(str::parse::<u64>) {
        None => 300,
        Some(Ok(seconds)) if (1..=600).contains(&seconds) => seconds,
        Some(_) => {
            problems.push(at_document("HMAC_WINDOW_SECONDS is not a whole number from 1 to 600".into()));
            300
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }

    let mut services = Map::new();
    services.insert(service.clone(), json!({"keys": [{"secret": "env:SERVICE_SECRET"}]}));
    for caller in allowed.split(',').map(str::trim).filter(|caller| !caller.is_empty()) {
        if caller != service {
            let secret = format!("env:{}", secret_variable(caller));
            services.insert(caller.into(), json!({"keys": [{"secret": secret}], "allowed_targets": [&service]}));
        }
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

fn at_document(message: String) -> Problem {
    Problem { pointer: String::new(), message }
}
