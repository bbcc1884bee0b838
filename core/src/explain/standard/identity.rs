//! Why the proof of an IAM identity is not taken. Its signature only AWS can verify, so nothing is tried.

use serde_json::json;

use super::{Asked, Looked, text};
use crate::aws_identity::{Fault, header, signed_names};
use crate::explain::causes::Cause;
use crate::explain::sought::exact;
use crate::explain::stage::StageName;
use crate::explain::target::shown;
use crate::explain::time;
use crate::refusal::Detail;
use crate::scheme::{Standard, header as common};
use crate::sigv4;

/// What stands before the link that EKS takes for a token.
const LINK_AS_TOKEN: &[u8] = b"k8s-aws-v1.";
const LINK_SIGNATURE: &[u8] = b"X-Amz-Signature=";

/// A proof, read leniently.
struct Sent<'a> {
    /// The header that holds it.
    carrier: &'static str,
    value: &'a [u8],
    scope: Vec<&'a [u8]>,
    names: &'a [u8],
    date: &'a [u8],
}

impl<'a> Sent<'a> {
    fn read(asked: &Asked<'a>) -> Option<Self> {
        let carriers = [header::IDENTITY, "Authorization"];
        let (carrier, value) = carriers.into_iter().find_map(|name| Some((name, exact(asked.fields, name)?)))?;
        let scope = parameter(value, b"Credential=").split(|&byte| byte == b'/').collect();
        let dates = [header::DATE, "X-Amz-Date"];
        let date = dates.into_iter().find_map(|name| exact(asked.fields, name)).unwrap_or_default();
        Some(Self { carrier, value, scope, names: parameter(value, b"SignedHeaders="), date })
    }

    fn part(&self, at: usize) -> &'a [u8] {
        self.scope.get(at).copied().unwrap_or_default()
    }
}

/// What stands behind a name, up to a comma or a blank.
fn parameter<'a>(value: &'a [u8], name: &[u8]) -> &'a [u8] {
    let Some(at) = find(value, name) else { return b"" };
    let rest = &value[at + name.len()..];
    let end = rest.iter().position(|byte| matches!(byte, b',' | b' ')).unwrap_or(rest.len());
    &rest[..end]
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn is_link(asked: &Asked<'_>) -> bool {
    find(asked.target, LINK_SIGNATURE).is_some()
}

/// Whether there is a proof, or what somebody may have taken for one.
pub(super) fn is_there(asked: &Asked<'_>) -> bool {
    let is_signature = |value: &[u8]| value.starts_with(b"AWS4-");
    exact(asked.fields, header::IDENTITY).is_some()
        || exact(asked.fields, "Authorization").is_some_and(is_signature)
        || is_link(asked)
}

pub(super) fn look(asked: &Asked<'_>) -> Option<Looked> {
    let settings = asked.config.standards.identities.as_ref()?;
    let mut looked = Looked::new(Standard::AwsIdentity);
    let sent = Sent::read(asked);
    if let Some(sent) = &sent {
        looked.tell(StageName::Credential, "found", json!([Standard::AwsIdentity.id()]));
        looked.tell(StageName::Credential, "read", json!([sent.carrier]));
        for (at, name) in ["access_key", "day", "region", "service"].into_iter().enumerate() {
            looked.tell(StageName::Credential, name, text(sent.part(at)));
        }
        let target = exact(asked.fields, common::TARGET_SERVICE).unwrap_or_default();
        looked.tell(StageName::Credential, "target", text(target));
        looked.tell(StageName::Coverage, "signed_headers", text(sent.names));
        if let Some(seconds) = sigv4::seconds_of(sent.date) {
            looked.tell_window(asked.now, seconds, asked.config.window);
        }
        if let Some(region) = settings.region(sent.part(2)) {
            looked.tell(StageName::Signature, "asked", &*region.host);
        }
    }
    let Some(refusal) = asked.refusal else { return Some(looked) };
    let causes = match (refusal.facts(), &sent) {
        (Detail::Identity(fault), Some(sent)) => vec![of_fault(asked, sent, fault)],
        (Detail::NoCredential(_), sent) => vec![misplaced(asked, sent.as_ref())],
        (Detail::Window { age, window }, Some(sent)) => {
            // Whoever keeps a proof for long has a right clock.
            let kept = (age > 0).then(|| Cause::with("identity-proof-old", &format!("{age}|{}", window.past)));
            let clock = sigv4::seconds_of(sent.date).map(|seconds| time::of_age(age, window, seconds));
            kept.into_iter().chain(clock).collect()
        }
        _ => Vec::new(),
    };
    causes.into_iter().for_each(|cause| looked.name(cause, false));
    Some(looked)
}

/// A signature of AWS where no proof is.
fn misplaced(asked: &Asked<'_>, sent: Option<&Sent<'_>>) -> Cause {
    match sent {
        Some(sent) if sent.part(3) == b"sts" => Cause::new("identity-in-authorization"),
        Some(sent) if !sent.part(3).is_empty() => Cause::with("identity-of-request", &shown(sent.part(3))),
        _ if is_link(asked) => Cause::new("identity-link"),
        _ => Cause::new("identity-in-authorization"),
    }
}

fn of_fault(asked: &Asked<'_>, sent: &Sent<'_>, fault: Fault) -> Cause {
    match fault {
        Fault::Repeated(_) => Cause::new("header-repeated"),
        Fault::NoTarget => Cause::with("header-missing", common::TARGET_SERVICE),
        Fault::NoDate if exact(asked.fields, "X-Amz-Date").is_some() => {
            Cause::with("header-name", &format!("X-Amz-Date|{}", header::DATE))
        }
        Fault::NoDate => Cause::with("header-missing", header::DATE),
        Fault::Algorithm | Fault::Form => of_form(sent),
        Fault::Date => Cause::new("aws-date-form"),
        Fault::Day => {
            let day = sent.date.get(..8).unwrap_or(sent.date);
            Cause::with("aws-scope-day", &format!("{}|{}", shown(sent.part(1)), shown(day)))
        }
        Fault::AccessKey => Cause::with("identity-key-form", &shown(sent.part(0))),
        Fault::Token => Cause::new("identity-token-form"),
        Fault::OtherScope => of_scope(asked, sent),
        Fault::AudienceNotSigned => Cause::new("identity-audience-unsigned"),
        Fault::SignedHeaders => of_names(asked, sent),
        Fault::OtherTarget => {
            let target = exact(asked.fields, common::TARGET_SERVICE).unwrap_or_default();
            Cause::with("identity-audience-other", &format!("{}|{}", shown(target), asked.config.service))
        }
        Fault::Unasked => Cause::new("identity-not-asked"),
        Fault::TooManyQuestions => Cause::new("identity-too-many"),
        Fault::NoAnswer => Cause::with("identity-no-answer", &host(asked, sent)),
        Fault::AnswerForm => Cause::with("identity-answer-form", &host(asked, sent)),
        Fault::Busy => Cause::new("identity-busy"),
        Fault::SignatureRefused => Cause::new("identity-signature"),
        Fault::KeyRefused => Cause::with("identity-key-unknown", &shown(sent.part(0))),
        Fault::Expired => Cause::new("identity-token-expired"),
        Fault::UnknownPrincipal => Cause::new("identity-role-unmapped"),
        Fault::SeveralServices => Cause::new("identity-role-ambiguous"),
        Fault::NoSuchService => Cause::new("identity-service-unknown"),
    }
}

fn of_form(sent: &Sent<'_>) -> Cause {
    let value = sent.value.trim_ascii();
    match () {
        () if value.starts_with(LINK_AS_TOKEN) || find(value, LINK_SIGNATURE).is_some() => Cause::new("identity-link"),
        () if value.starts_with(b"AWS4-ECDSA") => Cause::new("identity-several-regions"),
        () if sent.scope.len() != 5 && !sent.part(0).is_empty() => Cause::new("aws-credential-form"),
        () => Cause::with("identity-form", header::IDENTITY),
    }
}

fn of_scope(asked: &Asked<'_>, sent: &Sent<'_>) -> Cause {
    let (region, service) = (shown(sent.part(2)), shown(sent.part(3)));
    match () {
        () if service != "sts" => Cause::with("identity-service", &service),
        // What SDKs sign for where they take the endpoint that is in no region.
        () if region == "us-east-1" || region == "aws-global" => Cause::new("identity-global-endpoint"),
        () => {
            let known = asked.config.standards.identities.iter().flat_map(|settings| &settings.regions);
            let known: Vec<&str> = known.map(|region| &*region.name).collect();
            Cause::with("identity-region", &format!("{region}|{}", known.join(", ")))
        }
    }
}

/// Other headers are covered than those of the question.
fn of_names(asked: &Asked<'_>, sent: &Sent<'_>) -> Cause {
    const TOKEN: &str = "x-amz-security-token";
    let written = String::from_utf8_lossy(sent.names);
    let names: Vec<&str> = written.split(';').collect();
    let has_token = exact(asked.fields, header::TOKEN).is_some();
    if names.contains(&TOKEN) != has_token {
        return Cause::new(if has_token { "identity-token-unsigned" } else { "identity-token-missing" });
    }
    let wanted = signed_names(has_token);
    let missing: Vec<&str> = wanted.split(';').filter(|name| !names.contains(name)).collect();
    if !missing.is_empty() {
        return Cause::with("identity-header-unsigned", &missing.join(", "));
    }
    let more: Vec<&str> = names.into_iter().filter(|name| !wanted.split(';').any(|known| known == *name)).collect();
    match more.is_empty() {
        true => Cause::new("aws-signed-headers-form"),
        false => Cause::with("identity-header-more", &shown(more.join(", ").as_bytes())),
    }
}

fn host(asked: &Asked<'_>, sent: &Sent<'_>) -> String {
    let settings = asked.config.standards.identities.as_ref();
    let region = settings.and_then(|settings| settings.region(sent.part(2)));
    region.map_or_else(String::new, |region| region.host.to_string())
}
