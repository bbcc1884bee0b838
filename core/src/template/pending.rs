//! The proof of a template's credential while the body arrives.

use sha2::{Digest, Sha256};

use super::parameters::{self, ParameterFault};
use super::{Algorithm, BodyPart, Claim, Decoded, Proof, ProofKey, Running, is_digest_of};
use crate::mac::{MacKey, Sink, Tag, hex};

/// A credential whose head is judged, kept until the body is complete.
pub(crate) struct Pending {
    signatures: Vec<Decoded>,
    token: Box<[u8]>,
    /// For each variant of the message what stands before the body and what stands behind it.
    around: Vec<[Vec<u8>; 2]>,
    body: PendingBody,
    /// The body's digest as the query has it, and as it turns out.
    digest: Option<(Box<[u8]>, Sha256)>,
    is_one: bool,
    /// The digest of the message in the making, where that is asked for and the body is not kept.
    mark: Option<Sha256>,
    needs_mark: bool,
}

/// What becomes of the body on its way.
enum PendingBody {
    /// A proof in the making for each key, and each variant of the message.
    Raw(Vec<Running>),
    Sha256(Sha256),
    /// Kept, since its parameters are sorted when all are there.
    Form {
        distinct: bool,
        bytes: Vec<u8>,
    },
    /// Kept, since the algorithm reads the message twice.
    Whole(Vec<u8>),
    Unsigned,
}

/// A key in use: that of a MAC, and what takes its place in other algorithms.
pub(crate) type KeyInUse<'k> = (&'k MacKey, Option<&'k ProofKey>);

impl Pending {
    /// `keys` are those that will be tried.
    pub(crate) fn new<'k>(claim: &Claim<'_>, keys: impl Iterator<Item = KeyInUse<'k>>, needs_mark: bool) -> Self {
        let message = &claim.message;
        let template = &message.plan.template;
        let around: Vec<[Vec<u8>; 2]> = (0..message.variants())
            .map(|variant| {
                let mut around = [Vec::new(), Vec::new()];
                message.put_before_body(variant, &mut around[0]);
                message.put_after_body(variant, &mut around[1]);
                around
            })
            .collect();
        let body = match template.body_part() {
            None => PendingBody::Unsigned,
            Some(BodyPart::Form { .. }) if message.digest.is_some() => PendingBody::Unsigned,
            Some(BodyPart::Form { distinct }) => PendingBody::Form { distinct, bytes: Vec::new() },
            Some(BodyPart::Sha256) => PendingBody::Sha256(Sha256::new()),
            Some(BodyPart::Raw) if template.algorithm == Algorithm::Ed25519 => PendingBody::Whole(Vec::new()),
            Some(BodyPart::Raw) => {
                let start = |key, [before, _]: &[Vec<u8>; 2]| {
                    let mut running = Running::start(key);
                    running.put(before);
                    running
                };
                PendingBody::Raw(keys.flat_map(|key| around.iter().map(move |around| start(key, around))).collect())
            }
        };
        let streams = matches!(body, PendingBody::Raw(_));
        Self {
            signatures: claim.signatures.keep(),
            token: claim.signatures.token().into(),
            mark: (needs_mark && streams).then(|| Sha256::new().chain_update(&around[0][0])),
            needs_mark,
            is_one: claim.signatures.is_one(),
            around,
            body,
            digest: message.digest.map(|digest| (digest.into(), Sha256::new())),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some((_, digest)) = &mut self.digest {
            digest.update(bytes);
        }
        match &mut self.body {
            PendingBody::Raw(running) => {
                running.iter_mut().for_each(|running| running.put(bytes));
                self.mark.iter_mut().for_each(|mark| mark.update(bytes));
            }
            PendingBody::Sha256(digest) => digest.update(bytes),
            PendingBody::Form { bytes: kept, .. } | PendingBody::Whole(kept) => kept.extend_from_slice(bytes),
            PendingBody::Unsigned => {}
        }
    }

    /// The body is complete.
    ///
    /// # Errors
    /// Where a form has too many parameters.
    pub(crate) fn complete(self) -> Result<Complete, ParameterFault> {
        let mut proofs = Vec::new();
        let text = match self.body {
            PendingBody::Raw(running) => {
                let behind = self.around.iter().map(|[_, after]| after).cycle();
                proofs.extend(running.into_iter().zip(behind).map(|(mut running, after)| {
                    running.put(after);
                    running.finish()
                }));
                Vec::new()
            }
            PendingBody::Sha256(digest) => hex(&digest.finalize()).into_bytes(),
            PendingBody::Form { distinct, bytes } => parameters::sorted_form(&bytes, distinct)?,
            PendingBody::Whole(bytes) => bytes,
            PendingBody::Unsigned => Vec::new(),
        };
        let is_right_body =
            self.digest.is_none_or(|(expected, digest)| is_digest_of(&expected, &digest.finalize().into()));
        let mark = match (self.mark, self.needs_mark) {
            (Some(mark), _) => Some(mark.chain_update(&self.around[0][1]).finalize().into()),
            (None, true) => {
                let [before, after] = &self.around[0];
                Some(Sha256::new().chain_update(before).chain_update(&text).chain_update(after).finalize().into())
            }
            (None, false) => None,
        };
        Ok(Complete {
            is_one: self.is_one,
            mark,
            signatures: self.signatures,
            token: self.token,
            around: self.around,
            proofs,
            text,
            is_right_body,
        })
    }
}

/// A credential whose body is complete.
pub(crate) struct Complete {
    signatures: Vec<Decoded>,
    token: Box<[u8]>,
    around: Vec<[Vec<u8>; 2]>,
    /// Those of the first key, one per variant, then those of the second, and so on; none where they are yet to be made.
    proofs: Vec<Proof>,
    /// The body as it is signed, where there are no proofs yet.
    text: Vec<u8>,
    /// Whether the body has the digest that the query holds.
    pub(crate) is_right_body: bool,
    /// Whether the request holds one signature, and not several.
    pub(crate) is_one: bool,
    /// The digest of the message, where it was asked for.
    pub(crate) mark: Option<Tag>,
}

impl Complete {
    /// What the message becomes with a key, the one at a position among those that are tried, if a signature is made with it.
    pub(crate) fn check(&self, at: usize, key: KeyInUse<'_>) -> Option<Tag> {
        let variants = self.around.len();
        (0..variants).find_map(|variant| match self.proofs.get(at * variants + variant) {
            Some(proof) => self.held(key, proof),
            None => {
                let [before, after] = &self.around[variant];
                let mut running = Running::start(key);
                [before, &self.text, after].into_iter().for_each(|piece| running.put(piece));
                self.held(key, &running.finish())
            }
        })
    }

    fn held(&self, key: KeyInUse<'_>, proof: &Proof) -> Option<Tag> {
        let held = match key.1 {
            Some(key @ ProofKey::Token(_)) => key.accepts(proof, &self.token),
            _ => self.signatures.iter().fold(false, |held, signature| held | proof.holds(key.1, signature.bytes())),
        };
        held.then(|| proof.mark())
    }
}
