//! Under which authorities the sender may know this service.

use super::Asked;
use crate::explain::sought::exact;

/// The most authorities that are tried.
const MAX: usize = 48;

/// The authority of the request as it is here, empty where there is none.
pub(super) fn here(asked: &Asked<'_>) -> String {
    let bytes = exact(asked.fields, "host").or(asked.authority).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// Others under which it may have been signed, the likeliest first: with another port, that of before a proxy, that of a
/// service's URL.
pub(super) fn others(asked: &Asked<'_>) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut names = vec![here(asked)];
    names.extend(asked.authority.map(text));
    for header in ["x-forwarded-host", "x-original-host", "x-host", "x-forwarded-server"] {
        let first = exact(asked.fields, header).and_then(|value| value.split(|&byte| byte == b',').next());
        names.extend(first.map(|name| text(name.trim_ascii())));
    }
    let forwarded = exact(asked.fields, "forwarded").map(text).unwrap_or_default();
    for pair in forwarded.split([';', ',']) {
        names.extend(pair.trim().strip_prefix("host=").map(|name| name.trim_matches('"').to_owned()));
    }
    for service in &asked.config.services {
        let url = service.url.as_deref().and_then(|url| url.split_once("://"));
        names.extend(url.map(|(_, rest)| rest.split('/').next().unwrap_or_default().to_owned()));
    }
    names.extend(["localhost", "127.0.0.1"].map(str::to_owned));
    let mut others: Vec<String> = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let bare = name.rsplit_once(':').map_or(name.as_str(), |(bare, _)| bare);
        others.push(name.clone());
        others.push(bare.to_owned());
        others.extend(["443", "80", "8080", "8443", "8000", "3000"].map(|port| format!("{bare}:{port}")));
    }
    // Each in the place where it comes first.
    let mut distinct: Vec<String> = Vec::new();
    for other in others {
        let upper = other.to_ascii_uppercase();
        for spelled in [other, upper] {
            if !distinct.contains(&spelled) {
                distinct.push(spelled);
            }
        }
    }
    distinct.sort_by_key(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()));
    distinct.truncate(2 * MAX);
    distinct
}
