//! `Accept-Signature` (RFC 9421, section 5): to ask for a signature, and to give the one that is asked for.

use super::component::{FieldForm, Subject};
use super::fields::Fields;
use super::input::{Input, Inputs, Moment};
use super::message::{Message, Request, Response};
use super::policy::Policy;
use super::sign::{Draft, Signed, SigningKey, make};
use super::{Fault, digest};
use crate::request::{Head, Headers};

/// For how long a signature is good whose end is asked for, in seconds.
const LIFETIME: u64 = 300;

/// A signature that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) label: String,
    identifiers: String,
    covers_digest: bool,
    expires: bool,
    keyid: Option<String>,
    algorithm: Option<String>,
    nonce: Option<String>,
    tag: Option<String>,
}

impl Asked {
    /// Reads all that a message asks for, in its order. What cannot be made is passed over, as nobody has to answer; where that
    /// is all, the first fault is the answer.
    pub(crate) fn read<H: Headers + ?Sized>(headers: &H) -> Result<Vec<Self>, Fault> {
        let fields = Fields::collect(headers)?;
        let Some(value) = fields.value(b"accept-signature") else {
            return Ok(Vec::new());
        };
        let inputs = Inputs::parse(&value)?;
        let mut first_fault = None;
        let mut all = Vec::new();
        for input in &inputs.inputs {
            match Self::new(&inputs, input) {
                Ok(asked) => all.push(asked),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        match first_fault {
            Some(fault) if all.is_empty() => Err(fault),
            _ => Ok(all),
        }
    }

    fn new(inputs: &Inputs<'_>, input: &Input<'_>) -> Result<Self, Fault> {
        if let Some(fault) = input.fault {
            return Err(fault);
        }
        // A time is asked for, and not given.
        if [input.created, input.expires].iter().any(|moment| matches!(moment, Moment::At(_))) {
            return Err(Fault::ParameterType);
        }
        let components = &inputs.components[input.components.clone()];
        if components.is_empty() {
            return Err(Fault::NothingCovered);
        }
        let texts = &input.texts;
        let text = |range: &Option<std::ops::Range<usize>>| range.clone().map(|range| inputs.written[range].to_owned());
        Ok(Self {
            label: input.label.to_owned(),
            identifiers: inputs.written[input.identifiers.clone()].to_owned(),
            covers_digest: components.iter().any(|component| {
                let Subject::Field(name, form) = component.subject else { return false };
                let is_ours = matches!(form, FieldForm::Plain | FieldForm::Structured | FieldForm::Member("sha-256"));
                name == "content-digest" && is_ours && !component.of_request
            }),
            expires: input.expires == Moment::Wanted,
            keyid: text(&texts.keyid),
            algorithm: text(&texts.alg),
            nonce: text(&texts.nonce),
            tag: text(&texts.tag),
        })
    }

    /// Signs a request as asked, with the first key that fits. The nonce that was asked for goes before the own one.
    pub(crate) fn sign<H: Headers + ?Sized>(
        &self,
        url_scheme: &str,
        head: &Head<'_, H>,
        body: &[u8],
        keys: &[SigningKey<'_>],
        now: u64,
        nonce: Option<&str>,
    ) -> Result<Signed, Fault> {
        let content_digest = self.covers_digest.then(|| digest::write(body));
        let mut request = Request::new(head, url_scheme)?;
        if let Some(value) = &content_digest {
            request.fields.set(b"content-digest", value.as_bytes());
        }
        let made = make(Message::Request(&request), &[self.draft(keys, now, nonce)?])?;
        Ok(made.with_digest(content_digest))
    }

    /// Signs the response to a request as that request asked.
    pub(crate) fn sign_response<H: Headers + ?Sized, R: Headers + ?Sized>(
        &self,
        url_scheme: &str,
        (status, headers, body): (u16, &H, &[u8]),
        request: &Head<'_, R>,
        keys: &[SigningKey<'_>],
        now: u64,
    ) -> Result<Signed, Fault> {
        let content_digest = self.covers_digest.then(|| digest::write(body));
        let mut response = Response::new(status, headers)?;
        if let Some(value) = &content_digest {
            response.fields.set(b"content-digest", value.as_bytes());
        }
        let request = Request::new(request, url_scheme)?;
        let message = Message::Response { response: &response, request: &request };
        let made = make(message, &[self.draft(keys, now, None)?])?;
        Ok(made.with_digest(content_digest))
    }

    fn draft<'k>(&self, keys: &[SigningKey<'k>], now: u64, nonce: Option<&str>) -> Result<Draft<'k>, Fault> {
        let fits = |key: &&SigningKey<'_>| {
            self.keyid.as_deref().is_none_or(|keyid| keyid == key.keyid)
                && self.algorithm.as_deref().is_none_or(|algorithm| algorithm == key.algorithm)
        };
        Ok(Draft {
            label: self.label.clone(),
            identifiers: self.identifiers.clone(),
            created: Some(now),
            expires: self.expires.then(|| now.saturating_add(LIFETIME)),
            nonce: self.nonce.clone().or_else(|| nonce.map(str::to_owned)),
            tag: self.tag.clone(),
            key: *keys.iter().find(fits).ok_or(Fault::NoKey)?,
        })
    }
}

/// The value of `Accept-Signature` that asks for what a policy wants.
pub(crate) fn ask(policy: &Policy) -> String {
    let identifiers: Vec<&str> = policy.identifiers(true).collect();
    let mut value = format!("{}=({});created", policy.label(), identifiers.join(" "));
    if let Some(tag) = policy.tag() {
        value += &format!(";tag=\"{tag}\"");
    }
    value
}
