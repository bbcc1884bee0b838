//! The way of a request that may be a handshake: to its webhook, to its proof, to the answer.

use std::sync::Arc;

use super::HandshakeResponse;
use super::answer::{Denied, Request, answer};
use super::rule::HandshakeFault;
use crate::admission::{check_digest, facts_of_template, key_in_use, refuse_claim, refuse_claim_of};
use crate::config::{Compiled, ReplayRule, Rules};
use crate::credentials::Carriers;
use crate::identifier::ReceivedId;
use crate::judge::{Entered, check_body_length, find_key};
use crate::mac::{Gathered, MacKey};
use crate::policy::Path;
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::request::{Head, Headers, check_method, check_target};
use crate::scheme::{Scheme, SchemeSet};
use crate::template::{Claim, parameter_fault};

impl HandshakeFault {
    fn code(self) -> RefusalCode {
        match self {
            Self::WrongToken | Self::NoToken => RefusalCode::PermissionDenied,
            Self::RepeatedParameter
            | Self::TooManyParameters
            | Self::RepeatedMember
            | Self::AbsentEcho
            | Self::UnsafeEcho => RefusalCode::MalformedRequest,
        }
    }
}

/// Answers the request where it is a handshake of the webhook. A name that the config does not have answers nothing.
pub(crate) fn judge<H: Headers + ?Sized>(
    config: &Arc<Compiled>,
    webhook: &str,
    head: &Head<'_, H>,
    body: &[u8],
    now: u64,
) -> Result<Option<HandshakeResponse>, Refusal> {
    let Some((at, plan)) = config.webhook(webhook).filter(|(_, plan)| !plan.template.handshakes.is_empty()) else {
        return Ok(None);
    };
    let refuse =
        |code, detail, request_id: ReceivedId<'_>| Refusal::new(code, detail, config, plan.webhook, request_id);
    let mut carriers = Carriers::default();
    carriers
        .collect(head.headers)
        .and_then(|()| check_method(head.method))
        .and_then(|()| check_target(head.method, head.target))
        .map_err(|fault| refuse(RefusalCode::MalformedRequest, Detail::Head(fault), ReceivedId::NONE))?;
    let request_id = carriers.request_id();
    let (path, query) = head.split_target();
    let entered = Entered { carriers: &carriers, request_id, path: Path::new(path), query, route: None };
    let request = Request { head, body, verify_token: plan.verify_token };
    let verify = || prove(config, at, head, &entered, body, now);
    answer(&plan.template.handshakes, &request, verify).map_err(|denied| match denied {
        Denied::Fault(fault) => refuse(fault.code(), Detail::Handshake(fault), request_id),
        Denied::Signature(refusal) => refusal,
    })
}

/// The key of the webhook that signed the request; `None` where it carries no signature of the webhook, and may be meant for
/// another scheme. Routes play no part, and nothing is remembered.
fn prove<'c, H: Headers + ?Sized>(
    config: &'c Arc<Compiled>,
    at: u8,
    head: &Head<'_, H>,
    entered: &Entered<'_>,
    body: &[u8],
    now: u64,
) -> Result<Option<&'c MacKey>, Refusal> {
    let rules = Rules {
        accept: SchemeSet::default().with(Scheme::Plan(at)),
        every: false,
        optional: false,
        replay: ReplayRule::Off,
    };
    let plan = config.plan(at);
    let headers = plan.finder.collect(head.headers);
    if !headers.is_there(&plan.template, entered.query.unwrap_or_default()) {
        return Ok(None);
    }
    let mut claim = Claim::unread(plan);
    headers.claim(plan, head, &mut claim).map_err(|fault| refuse_claim_of(config, entered, at, fault))?;
    let facts = facts_of_template(config, head, entered, at, &claim, &rules, false, now)?;
    check_body_length(config, &facts, body.len() as u64)?;
    let mut gathered = Gathered::new();
    let check =
        claim.check(body, &mut gathered).map_err(|fault| refuse_claim(config, &facts, parameter_fault(fault)))?;
    let (key, _) = find_key(config, &facts, |key| check.with(key_in_use(config, &facts, key)))?;
    check_digest(config, &facts, claim.is_right_body(body))?;
    Ok(Some(key_in_use(config, &facts, Some(key)).0))
}
