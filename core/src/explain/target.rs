//! Methods, paths and queries that may have been signed in place of those that were received.

use super::causes::Cause;
use super::percent::{ENCODERS, PATH_ENCODERS, replaced, with_case};
use super::recipe::Values;
use super::variant::{Change, Variant};
use crate::bytes::position;
use crate::config::Compiled;
use crate::percent::decode;
use crate::template::parameters;

/// What is put before paths most often.
const USUAL_PREFIXES: [&str; 6] = ["/api", "/v1", "/v2", "/api/v1", "/internal", "/webhooks"];
/// The most parameters of which each is left out once.
const MAX_SINGLES: usize = 12;

pub(super) fn methods(values: &Values<'_>) -> Vec<Variant> {
    let own = &*values.method;
    let mut title = own.to_ascii_lowercase();
    title[..1.min(own.len())].make_ascii_uppercase();
    let mut variants: Vec<Variant> = [own.to_ascii_lowercase(), title, own.to_ascii_uppercase()]
        .into_iter()
        .map(|method| Variant::new(Cause::new("method-case"), Change::Method(method)))
        .collect();
    for other in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] {
        variants.push(Variant::new(Cause::with("method-other", other), Change::Method(other.into())));
    }
    variants
}

/// The beginnings of paths that the config knows: of routes, of services' URLs, of the endpoint's.
pub(super) fn prefixes(config: &Compiled, endpoint: &str) -> Vec<String> {
    let mut prefixes: Vec<String> = Vec::new();
    let own = config.services.iter().filter_map(|service| service.url.as_deref());
    for url in own.chain([endpoint]) {
        if let Some(at) =
            url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| url.len() - rest.len() + at))
        {
            prefixes.push(url[at..].split('?').next().unwrap_or_default().trim_end_matches('/').to_owned());
        }
    }
    for route in &config.routes {
        let path = route.text.split_once(' ').map_or(&*route.text, |(_, path)| path);
        let mut prefix = String::new();
        for segment in path.split('/').skip(1).take_while(|segment| !segment.contains('*')).take(4) {
            prefix.push('/');
            prefix.push_str(segment);
            prefixes.push(prefix.clone());
        }
    }
    prefixes.sort();
    prefixes.dedup();
    prefixes.retain(|prefix| !prefix.is_empty());
    prefixes.truncate(48);
    prefixes
}

/// Other paths. `prefixes` are those that stand before paths in the config.
pub(super) fn paths(values: &Values<'_>, prefixes: &[String]) -> Vec<Variant> {
    let path = &*values.path;
    let mut variants = Vec::new();
    let mut add = |id: &'static str, detail: &str, path: Vec<u8>| {
        variants.push(Variant::new(Cause::with(id, detail), Change::Path(path)));
    };
    match path.strip_suffix(b"/") {
        Some(b"") => add("path-trailing-slash", "", Vec::new()),
        Some(shorter) => add("path-trailing-slash", "", shorter.to_vec()),
        None => add("path-trailing-slash", "", [path, b"/"].concat()),
    }
    let slashes: Vec<usize> = (1..path.len()).filter(|&at| path[at] == b'/').collect();
    for &at in slashes.iter().take(6) {
        add("path-prefix-missing", &shown(&path[..at]), path[at..].to_vec());
    }
    add("path-prefix-missing", &shown(path), b"/".to_vec());
    for prefix in prefixes.iter().map(String::as_str).chain(USUAL_PREFIXES) {
        add("path-prefix-added", prefix, [prefix.as_bytes(), path].concat());
        if path == b"/" {
            add("path-prefix-added", prefix, prefix.as_bytes().to_vec());
        }
    }
    let decoded = decode(path);
    add("path-decoded", "", decoded.to_vec());
    add("path-decoded", "", parameters::decode(path));
    for encoder in PATH_ENCODERS {
        add("path-encoded", "", encoder.encode(&decoded));
        add("path-encoded", "", encoder.encode(path));
    }
    add("path-escape-case", "", with_case(path, true));
    add("path-escape-case", "", with_case(path, false));
    add("path-without-slash", "", path.strip_prefix(b"/").unwrap_or(path).to_vec());
    add("path-letter-case", "", path.to_ascii_lowercase());
    add("path-normalised", "", replaced(path, b"//", b"/"));
    add("path-normalised", "", [b"/", path].concat());
    if let Some(query) = &values.query {
        add("path-with-query", "", [path, b"?", query].concat());
    }
    for origin in origins(values) {
        add("url-signed", "", [origin.as_bytes(), path].concat());
        add("url-signed", "", [origin.as_bytes(), &values.target()].concat());
    }
    variants
}

/// Schemes and authorities under which the sender may know the endpoint.
fn origins(values: &Values<'_>) -> Vec<String> {
    let mut origins = Vec::new();
    if let Ok(own) = std::str::from_utf8(&values.origin)
        && !own.is_empty()
    {
        origins.push(own.to_owned());
    }
    if let Ok(authority) = std::str::from_utf8(&values.authority)
        && !authority.is_empty()
    {
        let bare = authority.split(':').next().unwrap_or(authority);
        origins.extend([format!("https://{authority}"), format!("http://{authority}"), authority.to_owned()]);
        if bare != authority {
            origins.extend([format!("https://{bare}"), format!("http://{bare}")]);
        }
    }
    origins
}

pub(super) fn queries(values: &Values<'_>) -> Vec<Variant> {
    let Some(query) = values.query.as_deref() else { return Vec::new() };
    let mut variants = Vec::new();
    let mut add = |id: &'static str, detail: &str, query: Option<Vec<u8>>| {
        variants.push(Variant::new(Cause::with(id, detail), Change::Query(query)));
    };
    add("query-left-out", "", None);
    add("query-question-mark", "", Some([b"?", query].concat()));
    let pieces: Vec<&[u8]> = query.split(|&byte| byte == b'&').collect();
    let mut sorted = pieces.clone();
    sorted.sort_unstable();
    add("query-sorted", "", Some(sorted.join(&b'&')));
    let mut by_name = pieces.clone();
    by_name.sort_by_key(|piece| &piece[..position(piece, b'=').unwrap_or(piece.len())]);
    add("query-sorted", "", Some(by_name.join(&b'&')));
    let mut backwards = pieces.clone();
    backwards.reverse();
    add("query-order", "", Some(backwards.join(&b'&')));
    add("query-space", "", Some(replaced(query, b"%20", b"+")));
    add("query-space", "", Some(replaced(query, b"+", b"%20")));
    add("query-escape-case", "", Some(with_case(query, true)));
    add("query-escape-case", "", Some(with_case(query, false)));
    add("query-decoded", "", Some(decode(query).into_owned()));
    add("query-decoded", "", Some(parameters::decode(query)));
    for encoder in ENCODERS {
        let again = |order: &[&[u8]]| {
            let written: Vec<Vec<u8>> = order
                .iter()
                .map(|piece| match position(piece, b'=') {
                    Some(at) => [
                        encoder.encode(&parameters::decode(&piece[..at])),
                        encoder.encode(&parameters::decode(&piece[at + 1..])),
                    ]
                    .join(&b'='),
                    None => encoder.encode(&parameters::decode(piece)),
                })
                .collect();
            written.join(&b'&')
        };
        add("query-encoding", "", Some(again(&pieces)));
        add("query-sorted", "", Some(again(&sorted)));
        let whole: Vec<Vec<u8>> = parameters::pairs(query)
            .map(|(name, value)| {
                [encoder.encode(&parameters::decode(name)), encoder.encode(&parameters::decode(value))].join(&b'=')
            })
            .collect();
        add("query-encoding", "", Some(whole.join(&b'&')));
        add("query-encoding", "twice", Some(encoder.encode(query)));
    }
    add("query-encoding", "", Some(replaced(query, b"&", b"&amp;")));
    if pieces.len() > 1 {
        for at in 0..pieces.len().min(MAX_SINGLES) {
            let rest: Vec<&[u8]> =
                pieces.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, piece)| *piece).collect();
            let name = &pieces[at][..position(pieces[at], b'=').unwrap_or(pieces[at].len())];
            add("query-parameter", &shown(name), Some(rest.join(&b'&')));
        }
    }
    variants
}

/// Text of a request as it may be shown: short, and visible ASCII only.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text: String = bytes.iter().take(80).flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
    if bytes.len() > 80 { format!("{text}...") } else { text }
}
