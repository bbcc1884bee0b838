//! The proof of a template's credential where the body is at hand.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::message::Body;
use super::parameters::ParameterFault;
use super::pending::KeyInUse;
use super::{Algorithm, Claim, Decoded, ProofKey, Running};
use crate::mac::{BLOCK_BYTES, Gathered, Tag, hex, same_tag};

/// A claim with its body, to be held against keys.
pub(crate) struct Check<'c> {
    claim: &'c Claim<'c>,
    text: Body<'c>,
    /// The whole message, where it is short enough. No key is part of it, so it serves each key that is tried.
    whole: Option<&'c [[u8; BLOCK_BYTES]]>,
}

impl Check<'_> {
    /// What the message becomes with a key, if a signature is made with it.
    #[inline]
    pub(crate) fn with(&self, (mac, key): KeyInUse<'_>) -> Option<Tag> {
        let Claim { message, signatures, .. } = self.claim;
        let Some(key) = key else {
            let check = |tag: Tag| signatures.any(|signature| signature.is_tag(&tag)).then_some(tag);
            return match self.whole {
                Some(blocks) => check(mac.tag_of_padded(blocks)),
                None => (0..message.variants())
                    .find_map(|variant| check(mac.tag(|running| message.put(variant, &self.text, running)))),
            };
        };
        (0..message.variants()).find_map(|variant| {
            let mut running = Running::start((mac, Some(key)));
            message.put(variant, &self.text, &mut running);
            let proof = running.finish();
            let held = match key {
                ProofKey::Token(_) => key.accepts(&proof, signatures.token()),
                _ => signatures.any(|signature| proof.holds(Some(key), signature.bytes())),
            };
            held.then(|| proof.mark())
        })
    }
}

impl<'c> Claim<'c> {
    /// The claim with its body. `gathered` is where the message is put together.
    ///
    /// # Errors
    /// Where the body cannot be read as the form that is signed.
    #[inline]
    pub(crate) fn check(&'c self, body: &'c [u8], gathered: &'c mut Gathered) -> Result<Check<'c>, ParameterFault> {
        let message = &self.message;
        let text = message.body(body)?;
        let is_usual = message.plan.template.algorithm == Algorithm::HmacSha256 && message.variants() == 1;
        let whole = match is_usual {
            true => gathered.whole(|sink| message.put(0, &text, sink)),
            false => None,
        };
        Ok(Check { claim: self, text, whole })
    }
}

impl Claim<'_> {
    /// The digest of the message.
    pub(crate) fn mark(&self, body: &[u8]) -> Tag {
        let mut digest = Running::start_digest();
        if let Ok(text) = self.message.body(body) {
            self.message.put(0, &text, &mut digest);
        }
        digest.finish().mark()
    }

    /// Whether the body has the digest that the query holds, where it holds one.
    pub(crate) fn is_right_body(&self, body: &[u8]) -> bool {
        self.message.digest.is_none_or(|expected| is_digest_of(expected, &Sha256::digest(body).into()))
    }
}

/// Whether `expected` is that digest in lower-case hex.
pub(crate) fn is_digest_of(expected: &[u8], digest: &[u8; 32]) -> bool {
    hex(digest).as_bytes().ct_eq(expected).into()
}

impl Decoded {
    #[inline]
    fn is_tag(&self, tag: &Tag) -> bool {
        self.bytes().try_into().is_ok_and(|own: &Tag| same_tag(own, tag))
    }
}
