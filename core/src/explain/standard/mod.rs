//! Credentials of the standards: what was read of them, and which of the usual causes makes them hold.

mod amazon;
mod identity;
mod keys;
mod listed;
mod message;
mod places;
mod token;

use serde_json::Value;
use zeroize::Zeroizing;

use super::budget::Budget;
use super::causes::Cause;
use super::obvious;
use super::stage::StageName;
use super::target::shown;
use crate::config::{Compiled, Window};
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::scheme::{Scheme, SchemeSet, Standard};

/// A request, with what was said of it.
pub(super) struct Asked<'a> {
    pub(super) config: &'a Compiled,
    pub(super) method: &'a [u8],
    pub(super) target: &'a [u8],
    pub(super) authority: Option<&'a [u8]>,
    pub(super) fields: &'a [(&'a [u8], &'a [u8])],
    pub(super) body: &'a [u8],
    pub(super) now: u64,
    pub(super) refusal: Option<&'a Refusal>,
}

/// What was found out about one credential.
pub(super) struct Looked {
    pub(super) scheme: Standard,
    /// The position of the claimed caller among the services.
    pub(super) service: Option<usize>,
    facts: Vec<(StageName, &'static str, Value)>,
    /// Each with whether a signature proves it, the likeliest first.
    pub(super) causes: Vec<(Cause, bool)>,
    /// Signatures that would have been right, as they are written: never to be shown.
    pub(super) hidden: Vec<Zeroizing<String>>,
}

impl Looked {
    fn new(scheme: Standard) -> Self {
        Self { scheme, service: None, facts: Vec::new(), causes: Vec::new(), hidden: Vec::new() }
    }

    fn tell(&mut self, stage: StageName, name: &'static str, value: impl Into<Value>) {
        self.facts.push((stage, name, value.into()));
    }

    fn tell_window(&mut self, now: u64, timestamp: u64, window: Window) {
        self.tell(StageName::Window, "timestamp", timestamp);
        self.tell(StageName::Window, "now", now);
        self.tell(StageName::Window, "age", crate::judge::age(now, timestamp));
        self.tell(StageName::Window, "past", window.past);
        self.tell(StageName::Window, "future", window.future);
    }

    fn name(&mut self, cause: Cause, is_proved: bool) {
        self.causes.push((cause, is_proved));
    }

    /// What is said of one stage.
    pub(super) fn facts_of(&self, stage: StageName) -> Vec<(&'static str, Value)> {
        let own = self.facts.iter().filter(|(of, ..)| *of == stage);
        own.map(|(_, name, value)| (*name, value.clone())).collect()
    }
}

/// Looks at the credential of a standard that a verdict is about, where it is about one.
pub(super) fn look(asked: &Asked<'_>, accepted: SchemeSet, judged: Judged, budget: &mut Budget) -> Option<Looked> {
    let is_there = |scheme: &Standard| match scheme {
        Standard::Jwt => token::is_there(asked),
        Standard::AwsSigv4 => amazon::is_there(asked),
        Standard::Rfc9421 => message::is_there(asked),
        Standard::AwsIdentity => identity::is_there(asked),
    };
    let candidates = match judged {
        Judged::One(scheme) => vec![scheme],
        Judged::Any => {
            // A token is judged before what signs the request.
            let order = [Standard::Jwt, Standard::AwsSigv4, Standard::Rfc9421, Standard::AwsIdentity];
            order.into_iter().filter(|scheme| accepted.has(Scheme::Standard(*scheme)) && is_there(scheme)).collect()
        }
        Judged::None => return None,
    };
    let mut first = None;
    for scheme in candidates {
        let mut looked = match scheme {
            Standard::Jwt => token::look(asked, budget),
            Standard::AwsSigv4 => amazon::look(asked, budget),
            Standard::Rfc9421 => message::look(asked, budget),
            Standard::AwsIdentity => identity::look(asked),
        };
        if let (Some(looked), Some(Detail::StandardSignature)) = (&mut looked, asked.refusal.map(Refusal::facts))
            && looked.causes.is_empty()
        {
            looked.causes =
                obvious::of_body(asked.fields, asked.body).into_iter().map(|cause| (cause, false)).collect();
            looked.name(Cause::new("not-found"), false);
        }
        // One that has nothing wrong is not what the verdict is about.
        if asked.refusal.is_none() || looked.as_ref().is_some_and(|looked| !looked.causes.is_empty()) {
            return looked;
        }
        first = first.or(looked);
    }
    first
}

/// Which standard a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    One(Standard),
    /// One of those that are there.
    Any,
    /// None of them.
    None,
}

/// What a refusal is about, as far as it says so by itself.
pub(super) fn judged_by(refusal: &Refusal) -> Judged {
    match refusal.facts() {
        Detail::Token(_)
        | Detail::UnknownIssuer
        | Detail::UnknownTokenCaller
        | Detail::TokenOfAnother
        | Detail::TokenType
        | Detail::NoTokenId
        | Detail::TokenId
        | Detail::TokenKeyNotValid
        | Detail::UnknownTokenKey
        | Detail::TokenSignature => Judged::One(Standard::Jwt),
        Detail::Identity(_) => Judged::One(Standard::AwsIdentity),
        Detail::MessageSignature(_) | Detail::UnknownKeyId(_) | Detail::BoundKey { .. } | Detail::SignatureExpired => {
            Judged::One(Standard::Rfc9421)
        }
        Detail::AwsSignature(_)
        | Detail::AwsPath
        | Detail::UnknownAccessKey(_)
        | Detail::AwsKey { .. }
        | Detail::SessionToken
        | Detail::OtherBody => Judged::One(Standard::AwsSigv4),
        Detail::NoKeyMatches { .. }
        | Detail::UnknownService(_)
        | Detail::Key { .. }
        | Detail::Form { .. }
        | Detail::Claim { .. }
        | Detail::Absent(_)
        | Detail::OtherScheme { .. }
        | Detail::UnknownApiKey
        | Detail::ApiKey { .. }
        | Detail::OtherDigest => Judged::None,
        _ => Judged::Any,
    }
}

/// Text of the request, as it may be shown.
fn text(bytes: &[u8]) -> Value {
    shown(bytes).into()
}

/// Whether a refusal is one that a right signature would have prevented.
fn is_about_key(refusal: &Refusal) -> bool {
    use RefusalCode as Code;
    matches!(
        refusal.code(),
        Code::InvalidSignature | Code::UnknownKey | Code::AlgorithmNotAllowed | Code::UnknownService
    )
}
