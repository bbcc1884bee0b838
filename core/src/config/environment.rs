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

/// The variable that holds API keys, as a JSON object from key to service id.
const API_KEYS: &str = "SERVICE_API_KEYS";

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
    let scheme = read("HMAC_SCHEME");
    let has_secret = read(OWN_SECRET).is_some();
    let api_keys = read(API_KEYS);
    let mode = read("SERVICE_AUTH_MODE");
    let region = read("AWS_REGION");
    let aws_service = read("SERVICE_AWS_SERVICE").unwrap_or_else(|| "execute-api".into());
    // The names that the tools of AWS have for the own key.
    let own_aws_key = read("AWS_ACCESS_KEY_ID");
    let own_aws_token = read("AWS_SESSION_TOKEN").map(|_| "AWS_SESSION_TOKEN");
    let callers_with_aws_keys: Vec<(String, Option<String>)> =
        callers(&allowed).map(|caller| (caller.to_owned(), read(&variable(caller, "AWS_ACCESS_KEY_ID")))).collect();

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
    if scheme.as_deref().is_some_and(|scheme| BuiltIn::from_id(scheme).is_none()) {
        refuse("HMAC_SCHEME does not name a scheme; leave it out, or set it to service-hmac".into());
    }

    let api_key_callers = match api_keys.as_deref().map(callers_of) {
        None => Vec::new(),
        Some(Some(callers)) => callers,
        Some(None) => {
            refuse(format!("{API_KEYS} is not a JSON object from API key to service id"));
            Vec::new()
        }
    };
    let takes_api_keys = match mode.as_deref() {
        Some("api-key" | "both") => true,
        None => api_keys.is_some(),
        Some("hmac" | "iam") => false,
        Some(_) => {
            refuse("SERVICE_AUTH_MODE is hmac, api-key, iam or both".into());
            false
        }
    };
    if takes_api_keys && api_keys.is_none() {
        refuse(format!("{API_KEYS} is not set; set it to a JSON object from API key to service id"));
    }
    let takes_aws = matches!(mode.as_deref(), Some("iam" | "both"));
    if takes_aws && region.is_none() {
        refuse("AWS_REGION is not set; set it to the region that signatures of AWS are for".into());
    }
    if takes_aws && callers_with_aws_keys.iter().all(|(_, key)| key.is_none()) && own_aws_key.is_none() {
        refuse("no service has an access key; set AWS_ACCESS_KEY_ID for this one, and <SERVICE>_AWS_ACCESS_KEY_ID for each that calls".into());
    }
    // API keys and access keys alone are enough: then nobody needs a secret.
    let takes_signatures = match mode.as_deref() {
        Some("api-key" | "iam" | "both") => false,
        _ => has_secret || !takes_api_keys,
    };

    // Two services must not share a variable by accident: the key is what tells them apart.
    let mut variables = BTreeMap::new();
    if takes_signatures {
        variables.insert(OWN_SECRET.to_owned(), service.as_str());
    }
    for caller in callers(&allowed).filter(|caller| *caller != service) {
        if !is_id(caller) {
            refuse(format!("ALLOWED_SERVICES holds something that is not an id: {ID_RULE}"));
        } else if !takes_signatures {
            // Those with an API key or an access key are the callers.
        } else if let Some(other) = variables.insert(variable(caller, "SECRET"), caller) {
            if other == caller {
                refuse(format!("ALLOWED_SERVICES holds {caller} twice; name each service once"));
                continue;
            }
            let variable = variable(caller, "SECRET");
            refuse(format!("{other} and {caller} would both have their secret in {variable}; use a config document"));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }

    let mut services = Map::new();
    for (variable, id) in &variables {
        services.insert((*id).to_owned(), caller(id == &service, &service, Some(variable)));
    }
    let mut accept = Vec::new();
    if takes_signatures {
        accept.extend(["service-hmac-v2", "service-hmac"]);
    }
    if takes_api_keys {
        accept.push("api-key");
        for id in api_key_callers {
            services.entry(id.clone()).or_insert_with(|| caller(id == service, &service, None));
        }
    }
    if takes_aws {
        accept.push("aws-sigv4");
        for (id, key) in callers_with_aws_keys.iter().filter(|(id, _)| *id != service) {
            let Some(key) = key else { continue };
            let entry = services.entry(id.clone()).or_insert_with(|| caller(false, &service, None));
            entry["aws_keys"] =
                json!([{"id": key, "secret": format!("env:{}", variable(id, "AWS_SECRET_ACCESS_KEY"))}]);
        }
        if let Some(key) = &own_aws_key {
            let entry = services.entry(service.clone()).or_insert_with(|| caller(true, &service, None));
            let mut key = json!({"id": key, "secret": "env:AWS_SECRET_ACCESS_KEY"});
            if let Some(variable) = own_aws_token {
                key["session_token"] = json!(format!("env:{variable}"));
            }
            entry["aws_keys"] = json!([key]);
        }
    }
    let scheme = scheme.unwrap_or_else(|| match takes_aws && own_aws_key.is_some() {
        true => "aws-sigv4".into(),
        false => "service-hmac-v2".into(),
    });
    let mut document = json!({
        "service": service,
        "accept": accept,
        "sign_with": scheme,
        "window": {"past": window, "future": window},
        "services": Value::Object(services),
    });
    if takes_aws {
        document["aws_sigv4"] = json!({"region": region, "service": aws_service});
    }
    if takes_api_keys {
        document["api_keys"] = json!(format!("env:{API_KEYS}"));
    }
    Ok(document.to_string())
}

/// A service of the document. Callers may call this service and no other one.
fn caller(is_own: bool, own: &str, variable: Option<&str>) -> Value {
    let mut service = Map::new();
    if let Some(variable) = variable {
        service.insert("keys".into(), json!([{"secret": format!("env:{variable}")}]));
    }
    if !is_own {
        service.insert("allowed_targets".into(), json!([own]));
    }
    Value::Object(service)
}

/// The services that have API keys, in the order of the text.
fn callers_of(text: &str) -> Option<Vec<String>> {
    let map: Map<String, Value> = serde_json::from_str(text).ok()?;
    map.into_iter().map(|(_, id)| id.as_str().filter(|id| is_id(id)).map(str::to_owned)).collect()
}

/// The ids of a comma-separated list.
fn callers(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|caller| !caller.is_empty())
}

/// The name of a variable of a service: the `SECRET` of `image-service` is in `IMAGE_SERVICE_SECRET`.
fn variable(service: &str, what: &str) -> String {
    let name: String = service
        .chars()
        .map(|c| match c {
            '-' | '.' => '_',
            _ => c.to_ascii_uppercase(),
        })
        .collect();
    format!("{name}_{what}")
}

/// Seconds as plain digits, from 1 to 600.
fn parse_window(text: &str) -> Option<u64> {
    let seconds = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    (1..=600).contains(&seconds).then_some(seconds)
}

fn at_document(message: String) -> Problem {
    Problem { pointer: String::new(), message }
}
