//! Causes that follow from the verdict and the look of the request, without computing a signature.

use sha2::{Digest, Sha256};

use super::causes::Cause;
use super::search::{foreign, nearly};
use super::sought::{Sought, exact};
use super::time;
use crate::config::{Compiled, Key, KeyState};
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::request::HeadFault;
use crate::scheme::{Scheme, header};
use crate::template::ClaimFault;
use crate::{jwt, sigv4};

/// What a request looks like to have wrong, where no signature has shown it. `fields` are its header fields.
pub(super) fn causes(
    config: &Compiled,
    refusal: &Refusal,
    sought: Option<&Sought<'_>>,
    fields: &[(&[u8], &[u8])],
    target: &[u8],
    body: &[u8],
) -> Vec<Cause> {
    let mut causes = Vec::new();
    // The headers of another sender are no misspelt ones.
    let stranger = foreign(fields).filter(|_| {
        let lacks =
            sought.is_some_and(|sought| matches!(sought.scheme, Scheme::BuiltIn(_)) && !sought.missing.is_empty());
        lacks && refusal.code() == RefusalCode::AuthenticationRequired
    });
    if let Some(scheme) = stranger {
        causes.push(Cause::with("scheme-not-accepted", &scheme));
    } else if let Some(sought) = sought {
        causes.extend(
            sought.renamed.iter().map(|(wanted, found)| Cause::with("header-name", &format!("{found}|{wanted}"))),
        );
    }
    let is_of_headers = !causes.is_empty();
    match refusal.facts() {
        Detail::Head(HeadFault::Method) => causes.push(Cause::new("method-lower-case")),
        Detail::Head(HeadFault::TargetForm | HeadFault::TargetByte) => causes.push(Cause::new("target-form")),
        Detail::Head(_) => causes.push(Cause::new("request-malformed")),
        Detail::Path(_) => causes.push(Cause::new("path-two-readings")),
        Detail::Repeated(header::TIMESTAMP) if is_date(fields) => causes.push(Cause::new("timestamp-date")),
        Detail::Repeated(_) | Detail::Claim { fault: ClaimFault::Repeated(_) | ClaimFault::BothNames(_), .. } => {
            causes.push(Cause::new("header-repeated"));
        }
        Detail::NoCredential(_) if !is_of_headers => causes.push(nothing_found(fields)),
        Detail::NotAllCredentials(_) => causes.push(Cause::new("credential-incomplete")),
        Detail::SeveralCredentials(_) | Detail::TwoCallers | Detail::OtherService | Detail::NoCommonNonce => {
            causes.push(Cause::new("credentials-several"));
        }
        Detail::OtherScheme { .. } => {
            let scheme = match exact(fields, header::SERVICE_NAME).is_some() {
                true => "cross-service",
                false if exact(fields, header::SIGNATURE).is_some_and(|text| text.starts_with(b"v2=")) => {
                    "service-hmac-v2"
                }
                false => "service-hmac",
            };
            causes.push(Cause::with("scheme-not-accepted", scheme));
        }
        Detail::Form { .. } | Detail::Claim { .. } => causes.extend(of_form(refusal, sought)),
        Detail::Absent(name) if !is_of_headers => causes.push(Cause::with("header-missing", name)),
        Detail::QueryNotCovered(_) => causes.push(Cause::new("query-not-covered")),
        Detail::Window { age, window } => {
            let timestamp = sought.and_then(|sought| std::str::from_utf8(&sought.values.timestamp).ok()?.parse().ok());
            causes.push(time::of_age(age, window, timestamp.unwrap_or(u64::MAX)));
        }
        Detail::TooManyFailures { .. } => causes.push(Cause::new("rate-limited")),
        Detail::BodyLimit(_) => causes.push(Cause::new("body-too-large")),
        Detail::UnknownService(_) => {
            let near = sought.and_then(|sought| nearly(config, sought.claimed.as_deref()?));
            causes.push(match near {
                Some(at) => Cause::with("caller-nearly-known", &config.services[at].id),
                None => Cause::new("caller-unknown"),
            });
        }
        Detail::UnknownApiKey => causes.push(api_key(config, fields)),
        Detail::Key { at, now } => {
            let key = sought.and_then(|sought| config.services[sought.service?].keys.get(at));
            causes.push(Cause::with("key-not-valid", &key.map_or_else(String::new, |key| why_not(key, now))));
        }
        Detail::ApiKey { at, now } => {
            let service = refusal.service().and_then(|id| config.find(id.as_bytes()));
            let key = service.and_then(|service| config.services[service].api_keys.get(at));
            let why = key.map_or_else(String::new, |key| why_not(&key.key, now));
            causes.push(Cause::with("key-not-valid", &why));
        }
        Detail::OtherTarget => causes.push(Cause::new("target-other-service")),
        Detail::TargetNotListed => causes.push(Cause::new("target-not-listed")),
        Detail::Environment => causes.push(Cause::new("environment")),
        Detail::RouteServices { .. } => causes.push(Cause::new("route-services")),
        Detail::Permissions => causes.push(Cause::new("permission")),
        Detail::SameNonce | Detail::SameSignature => causes.push(Cause::new("replayed")),
        Detail::TooOldForStore => causes.push(Cause::new("replay-forgotten")),
        Detail::StoreFull { .. } => causes.push(Cause::new("replay-store-full")),
        Detail::NoKeyMatches { .. } | Detail::OtherDigest => causes.extend(of_body(fields, body)),
        _ => {}
    }
    if refusal.code() == RefusalCode::InsufficientCoverage && target.is_empty() {
        causes.push(Cause::new("target-form"));
    }
    causes
}

/// Whether the timestamp holds its comma since it is a date.
fn is_date(fields: &[(&[u8], &[u8])]) -> bool {
    let mut stamps = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header::TIMESTAMP.as_bytes()));
    matches!((stamps.next(), stamps.next()), (Some((_, text)), None) if time::of_form(text).id == "timestamp-date")
}

fn nothing_found(fields: &[(&[u8], &[u8])]) -> Cause {
    let authorization = exact(fields, "authorization");
    let standard = [
        ("rfc9421", exact(fields, "signature-input").is_some()),
        ("aws-sigv4", sigv4::is_there(authorization, None)),
        ("jwt", authorization.and_then(jwt::carried).is_some_and(|token| token.starts_with(b"ey"))),
    ];
    if let Some((scheme, _)) = standard.into_iter().find(|(_, is_there)| *is_there) {
        return Cause::with("scheme-not-accepted", scheme);
    }
    if let Some(scheme) = foreign(fields) {
        return Cause::with("scheme-not-accepted", &scheme);
    }
    if authorization.is_some() {
        return Cause::new("credential-in-authorization");
    }
    Cause::new("no-credential")
}

fn of_form(refusal: &Refusal, sought: Option<&Sought<'_>>) -> Option<Cause> {
    match (refusal.code(), refusal.facts()) {
        (RefusalCode::InvalidTimestamp, _) => sought.map(|sought| time::of_form(&sought.values.timestamp)),
        (RefusalCode::InvalidNonce, _) => Some(Cause::new("request-id-form")),
        (RefusalCode::MalformedSignature, _) => Some(spelling(sought)),
        (_, Detail::Claim { fault: ClaimFault::Absent(_), .. }) => {
            let missing = sought.and_then(|sought| sought.missing.first());
            missing.map(|name| Cause::with("header-missing", name))
        }
        (
            _,
            Detail::Claim {
                fault:
                    ClaimFault::AbsentTimestamp
                    | ClaimFault::AbsentParameter
                    | ClaimFault::RepeatedParameter
                    | ClaimFault::AbsentAuthority
                    | ClaimFault::TwoAuthorities,
                ..
            },
        ) => Some(Cause::with("part-missing", &refusal.detail())),
        (RefusalCode::MalformedRequest, _) => Some(Cause::new("request-malformed")),
        _ => None,
    }
}

/// A signature that cannot be read, by its look.
fn spelling(sought: Option<&Sought<'_>>) -> Cause {
    let Some(sought) = sought else { return Cause::new("signature-form") };
    let (least, most) = sought.algorithm.signature_bytes();
    let fits = sought.readings.iter().find(|reading| (least..=most).contains(&reading.bytes.len()));
    if let Some(id) = fits.and_then(|reading| reading.faults.first()) {
        return Cause::new(id);
    }
    let named = |length: usize| match length {
        20 => Some("SHA-1"),
        32 => Some("SHA-256"),
        48 => Some("SHA-384"),
        64 => Some("SHA-512"),
        _ => None,
    };
    match sought.readings.iter().find_map(|reading| named(reading.bytes.len())) {
        Some(name) => Cause::with("signature-length", name),
        None => Cause::new("signature-form"),
    }
}

/// What the body and its headers look like, where the signature is over other bytes.
pub(super) fn of_body(fields: &[(&[u8], &[u8])], body: &[u8]) -> Vec<Cause> {
    let mut causes = Vec::new();
    let encoding = exact(fields, "content-encoding").is_some_and(|value| !value.eq_ignore_ascii_case(b"identity"));
    if encoding || body.starts_with(b"\x1f\x8b") {
        causes.push(Cause::new("body-compressed"));
    }
    if body.windows(3).any(|window| window == "\u{fffd}".as_bytes()) {
        causes.push(Cause::new("body-replaced-already"));
    }
    let length = exact(fields, "content-length").and_then(|text| std::str::from_utf8(text).ok()?.parse::<u64>().ok());
    if body.is_empty() && length.is_some_and(|length| length > 0) {
        causes.push(Cause::new("body-not-received"));
    }
    causes
}

fn why_not(key: &Key, now: u64) -> String {
    let why = match key.state {
        KeyState::Revoked => "is revoked",
        _ if now < key.not_before => "is not valid yet",
        _ => "is no longer valid",
    };
    format!("key \"{}\" {why}", key.id)
}

/// An API key that nobody has: what it may be instead.
fn api_key(config: &Compiled, fields: &[(&[u8], &[u8])]) -> Cause {
    let sent = exact(fields, header::API_KEY).unwrap_or_default();
    let bare = sent.trim_ascii();
    let rest = bare.iter().position(|&byte| byte == b' ').map_or(bare, |at| &bare[at + 1..]);
    let inner = bare.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(bare);
    for (text, what) in [(bare, "white space around it"), (rest, "a word before it"), (inner, "quotes around it")] {
        let digest: [u8; 32] = Sha256::digest(text).into();
        if text.len() != sent.len() && config.api_keys.contains_key(&digest) {
            return Cause::with("api-key-spelling", what);
        }
    }
    let owner = config.services.iter().find(|service| service.keys.iter().any(|key| **key.secret == *bare));
    owner.map_or(Cause::new("api-key-unknown"), |service| Cause::with("api-key-is-secret", &service.id))
}

/// Whether the signature is worth a search: it may be right, or right but for one thing.
pub(super) fn is_about_signature(refusal: &Refusal) -> bool {
    use RefusalCode as Code;
    matches!(
        refusal.code(),
        Code::InvalidSignature
            | Code::UnknownService
            | Code::MalformedSignature
            | Code::InvalidTimestamp
            | Code::InvalidNonce
            | Code::MissingSignature
            | Code::MissingServiceId
            | Code::MissingTimestamp
            | Code::MissingNonce
            | Code::MissingTarget
            | Code::SchemeNotAccepted
            | Code::AuthenticationRequired
            | Code::InsufficientCoverage
            | Code::DigestMismatch
    )
}

/// Whether the request was taken for one of another scheme than those that are accepted.
pub(super) fn is_foreign(refusal: &Refusal) -> bool {
    matches!(refusal.code(), RefusalCode::SchemeNotAccepted | RefusalCode::AuthenticationRequired)
}

/// Whether the causes that are seen come before those that are computed.
pub(super) fn is_plain(refusal: &Refusal) -> bool {
    matches!(refusal.facts(), Detail::Window { .. })
        || matches!(refusal.code(), RefusalCode::InvalidTimestamp | RefusalCode::InvalidNonce)
}
