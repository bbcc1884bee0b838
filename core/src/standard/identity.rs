//! Judges the proof of an IAM identity that a request carries.

use std::sync::Arc;

use crate::aws_identity::{Fault, Identities, IdentityRequest, Proof, Sent, Settings};
use crate::config::Compiled;
use crate::judge::{Entered, check_window};
use crate::refusal::{Detail, Refusal, RefusalCode};

/// An identity that AWS has confirmed, and what follows from it.
pub(crate) struct Identity {
    /// The position of the caller among the services.
    pub(crate) service: usize,
    /// When the proof was made, in Unix seconds.
    pub(crate) signed_at: u64,
    pub(crate) facts: IdentityFacts,
}

/// What results say of an identity.
pub(crate) struct IdentityFacts {
    pub(crate) access_key: Box<str>,
    pub(crate) arn: Arc<str>,
}

/// Judges a proof by what AWS has said of it.
pub(crate) fn judge(
    config: &Arc<Compiled>,
    identities: &Identities,
    entered: &Entered<'_>,
    sent: &Sent<'_>,
    now: u64,
) -> Result<Identity, Refusal> {
    read(config, identities, sent, now)
        .map_err(|(code, detail)| Refusal::new(code, detail, config, None, entered.request_id))
}

fn read(
    config: &Compiled,
    identities: &Identities,
    sent: &Sent<'_>,
    now: u64,
) -> Result<Identity, (RefusalCode, Detail)> {
    let refuse = |fault: Fault| (fault.code(), Detail::Identity(fault));
    let settings = settings(config);
    let proof = Proof::read(sent, settings, &config.service).map_err(refuse)?;
    check_window(now, proof.seconds, config.window)?;
    let arn = identities.find(proof.digest(), now).map_err(refuse)?;
    let service = find_service(config, settings, &arn).map_err(refuse)?;
    let facts = IdentityFacts { access_key: proof.access_key().into(), arn };
    Ok(Identity { service, signed_at: proof.seconds, facts })
}

/// The question that AWS has to answer about a proof, where its form is right.
pub(crate) fn question(config: &Compiled, sent: &Sent<'_>) -> Option<IdentityRequest> {
    let proof = Proof::read(sent, settings(config), &config.service).ok()?;
    Some(IdentityRequest::new(&proof, config.window.past))
}

/// The position of the service that an identity stands for.
pub(crate) fn find_service(config: &Compiled, settings: &Settings, arn: &str) -> Result<usize, Fault> {
    let id = settings.service_of(arn)?;
    config.find(id.as_bytes()).ok_or(Fault::NoSuchService)
}

fn settings(config: &Compiled) -> &Settings {
    config.standards.identities.as_ref().expect("a config that accepts identities of AWS says whose")
}
