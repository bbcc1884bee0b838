//! The proof of a template's credential where the body is at hand.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::parameters::ParameterFault;
use super::pending::KeyInUse;
use super::{Algorithm, Claim, Decoded, ProofKey, Running};
use crate::mac::{Gathered, Tag, hex, same_tag};

impl Claim<'_> {
    /// Hands `find` a function that says what the message becomes with a key, if a signature is made with it.
    ///
    /// # Errors
    /// Where the body cannot be read as the form that is signed.
    #[inline]
    pub(crate) fn with_check<T>(
        &self,
        body: &[u8],
        find: impl FnOnce(&dyn Fn(KeyInUse<'_>) -> Option<Tag>) -> T,
    ) -> Result<T, ParameterFault> {
        let message = &self.message;
        let text = message.body(body)?;
        let is_usual = message.plan.template.algorithm == Algorithm::HmacSha256 && message.variants() == 1;
        let mut gathered = Gathered::new();
        // No key is part of the gathered message, so it serves each key that is tried.
        let whole = match is_usual {
            true => gathered.whole(|sink| message.put(0, &text, sink), b"", [b"", b""]),
            false => None,
        };
        let check = |key: KeyInUse<'_>| {
            if let (Some(blocks), (mac, None)) = (whole, key) {
                let tag = mac.tag_of_padded(blocks);
                return self.signatures.any(|signature| signature.is_tag(&tag)).then_some(tag);
            }
            (0..message.variants()).find_map(|variant| {
                let mut running = Running::start(key);
                message.put(variant, &text, &mut running);
                let proof = running.finish();
                let held = match key.1 {
                    Some(key @ ProofKey::Token(_)) => key.accepts(&proof, self.signatures.token()),
                    other => self.signatures.any(|signature| proof.holds(other, signature.bytes())),
                };
                held.then(|| proof.mark())
            })
        };
        Ok(find(&check))
    }

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
