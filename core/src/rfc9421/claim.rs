//! A signature that is judged: parsed and found to cover enough, but not yet verified.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::base::Budget;
use super::component::{Component, FieldForm, Subject};
use super::fields::Fields;
use super::input::{Input, Inputs, Moment, Signatures};
use super::message::Message;
use super::policy::Policy;
use super::{Fault, Refused, base};
use crate::identifier::ReceivedId;
use crate::standard::{BodyDigests, Wanted};

/// What one signature claims. Owns all, so that it outlives the head of its message.
#[derive(Clone)]
pub(crate) struct Claim {
    /// The signature base, and the label behind it.
    text: String,
    base_length: usize,
    signature: Vec<u8>,
    keyid: Range<usize>,
    algorithm: Option<Range<usize>>,
    nonce: Option<Range<usize>>,
    identifiers: Range<usize>,
    /// When the signature was made, in Unix seconds.
    pub(crate) created: Option<u64>,
    /// From when on it is not to be accepted any more, in Unix seconds.
    pub(crate) expires: Option<u64>,
    /// The digests that the body must have; `None` where none is covered.
    digests: Option<BodyDigests>,
    needs_digest: bool,
}

/// The signatures of a message that a policy chooses and that cover enough, in the order of the message: never none.
///
/// Each stands for itself (RFC 9421, section 3.2). One that is damaged or covers too little is passed over where another one
/// is left, since anybody can add a signature to a message; where none is left, the first fault is the answer. The caller
/// proves them one by one, and takes none for another one's caller.
pub(crate) fn claims(policy: &Policy, message: Message<'_, '_>) -> Result<Vec<Claim>, Refused> {
    let fields = message.fields();
    let (input, signature) = (fields.value(b"signature-input"), fields.value(b"signature"));
    let Some(input) = input else {
        return Err(if signature.is_some() { Fault::AbsentInput } else { Fault::AbsentSignature }.into());
    };
    let signature = signature.ok_or(Fault::AbsentSignature)?;
    let inputs = policy.read_usual(&input).map_or_else(|| Inputs::parse(&input), Ok)?;
    let mut signatures = Signatures::parse(&signature)?;

    let mut budget = Budget::new();
    let mut claims = Vec::with_capacity(1);
    let mut first_fault = None;
    for input in inputs.inputs.iter().filter(|input| policy.chooses(&inputs, input)) {
        match Claim::new(policy, message, &inputs, input, &mut signatures, &mut budget) {
            Ok(claim) => claims.push(claim),
            Err(fault) => first_fault = first_fault.or(Some(fault)),
        }
    }
    match first_fault {
        _ if !claims.is_empty() => Ok(claims),
        fault => Err(fault.unwrap_or(Fault::NoneChosen).into()),
    }
}

impl Claim {
    fn new(
        policy: &Policy,
        message: Message<'_, '_>,
        inputs: &Inputs<'_>,
        input: &Input<'_>,
        signatures: &mut Signatures<'_>,
        budget: &mut Budget,
    ) -> Result<Self, Fault> {
        if let Some(fault) = input.fault {
            return Err(fault);
        }
        let signature = signatures.take(input.label)?;
        let created = time(input.created)?;
        let expires = time(input.expires)?;
        if created.is_none() && policy.needs_created() {
            return Err(Fault::AbsentCreated);
        }
        let keyid = input.texts.keyid.clone().ok_or(Fault::AbsentKeyId)?;
        if policy.needs_nonce() {
            let nonce = input.texts.nonce.clone().ok_or(Fault::AbsentNonce)?;
            let nonce = ReceivedId::parse(inputs.written[nonce].as_bytes());
            if !nonce.is_some_and(ReceivedId::is_nonce) {
                return Err(Fault::Nonce);
            }
        }
        let components = &inputs.components[input.components.clone()];
        if components.is_empty() {
            return Err(Fault::NothingCovered);
        }
        if !policy.is_met_by(components) {
            return Err(Fault::TooLittleCovered);
        }
        let digests = covered_digests(message.fields(), components)?;
        let base = base::write(message, inputs, input, budget)?;
        let mut text = String::from_utf8(base).expect("only ASCII is written");
        let base_length = text.len();
        text.push_str(input.label);
        // The base ends with what was written of the signature's parameters.
        let shift = |range: Range<usize>| {
            let to_end = |at: usize| base_length - (input.written.end - at);
            to_end(range.start)..to_end(range.end)
        };
        Ok(Self {
            text,
            base_length,
            signature,
            keyid: shift(keyid),
            algorithm: input.texts.alg.clone().map(shift),
            nonce: input.texts.nonce.clone().map(shift),
            identifiers: shift(input.identifiers.clone()),
            created,
            expires,
            digests,
            needs_digest: policy.needs_digest(),
        })
    }

    /// What is signed.
    pub(crate) fn base(&self) -> &[u8] {
        &self.text.as_bytes()[..self.base_length]
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    #[cfg(test)]
    pub(crate) fn label(&self) -> &str {
        self.at(self.base_length..self.text.len())
    }

    /// The key's name: `SERVICE/KEY` by our own profile.
    pub(crate) fn keyid(&self) -> &str {
        self.at(self.keyid.clone())
    }

    pub(crate) fn nonce(&self) -> Option<&str> {
        self.nonce.clone().map(|range| self.at(range))
    }

    /// The algorithm's name, where the signature says it.
    pub(crate) fn algorithm(&self) -> Option<&str> {
        self.algorithm.clone().map(|range| self.at(range))
    }

    /// The identifiers of the covered components as they are signed, a space between two.
    pub(crate) fn covered(&self) -> &str {
        self.at(self.identifiers.clone())
    }

    /// What stands for the message in a replay store where no nonce is signed. Never the signature: some algorithms have
    /// many for one message, and let anybody make another one.
    pub(crate) fn mark(&self) -> [u8; 32] {
        Sha256::digest(self.base()).into()
    }

    /// The digests of the body that must be computed.
    pub(crate) fn wanted_digests(&self) -> Wanted {
        let digests = self.digests.unwrap_or_default();
        Wanted { sha256: digests.sha256.is_some(), sha512: digests.sha512.is_some() }
    }

    /// Whether the body, whose wanted digests are `computed`, is the one that is covered.
    pub(crate) fn check_body(&self, length: u64, computed: &BodyDigests) -> Result<(), Refused> {
        match &self.digests {
            Some(digests) if digests.are_of(computed) => Ok(()),
            Some(_) => Err(Fault::Digest.into()),
            None if self.needs_digest && length > 0 => Err(Fault::BodyNotCovered.into()),
            None => Ok(()),
        }
    }

    fn at(&self, range: Range<usize>) -> &str {
        &self.text[range]
    }
}

fn time(moment: Moment) -> Result<Option<u64>, Fault> {
    match moment {
        Moment::Absent => Ok(None),
        Moment::At(seconds) => Ok(Some(seconds)),
        Moment::Wanted => Err(Fault::ParameterType),
    }
}

/// The digests by those components that cover the message's own `Content-Digest`. A header that is not covered does not count.
fn covered_digests(fields: &Fields<'_>, components: &[Component<'_>]) -> Result<Option<BodyDigests>, Fault> {
    let mut covered: Option<BodyDigests> = None;
    for component in components.iter().filter(|component| !component.of_request) {
        let Subject::Field("content-digest", form) = component.subject else {
            continue;
        };
        let all = BodyDigests::parse(&fields.value(b"content-digest").ok_or(Fault::AbsentField)?)?;
        let digests = match form {
            FieldForm::Member(algorithm) => all.only(algorithm)?,
            _ => all,
        };
        covered = Some(covered.unwrap_or_default().with(digests));
    }
    Ok(covered)
}
