//! The algorithms of templates: what each key does with a message, and how a received signature is held against it.

use ed25519_dalek::VerifyingKey as EdwardsKey;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::VerifyingKey as P256Key;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::pkcs8::DecodePublicKey;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::Algorithm;
use super::pending::KeyInUse;
use crate::mac::{self, Sink, Tag};

/// A key of an algorithm that is not HMAC-SHA256.
pub(crate) enum ProofKey {
    HmacSha1(Hmac<Sha1>),
    HmacSha512(Hmac<Sha512>),
    Sha256Prefix(Zeroizing<Vec<u8>>),
    Ed25519(EdwardsKey),
    EcdsaP256Sha256(P256Key),
    /// The SHA-256 of the token.
    Token([u8; 32]),
}

impl ProofKey {
    /// The key of an algorithm, or a sentence that says what is wrong with it. Nothing for HMAC-SHA256.
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Result<Option<Self>, &'static str> {
        Ok(Some(match algorithm {
            Algorithm::HmacSha256 => return Ok(None),
            Algorithm::HmacSha1 => Self::HmacSha1(Hmac::new_from_slice(key).expect("HMAC takes keys of any length")),
            Algorithm::HmacSha512 => {
                Self::HmacSha512(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
            }
            Algorithm::Sha256Prefix => Self::Sha256Prefix(Zeroizing::new(key.to_vec())),
            Algorithm::Ed25519 => {
                let bytes = key.try_into().map_err(|_| "an Ed25519 public key has 32 bytes")?;
                let key = EdwardsKey::from_bytes(bytes).map_err(|_| "these 32 bytes are not an Ed25519 public key")?;
                if key.is_weak() {
                    return Err("this Ed25519 public key takes one signature for many messages");
                }
                Self::Ed25519(key)
            }
            Algorithm::EcdsaP256Sha256 => {
                let key = P256Key::from_public_key_der(key);
                Self::EcdsaP256Sha256(key.map_err(|_| "this is not a P-256 public key as SPKI in DER")?)
            }
            Algorithm::Token => Self::Token(Sha256::digest(key).into()),
        }))
    }

    /// Whether a received signature is that of the message.
    pub(crate) fn accepts(&self, proof: &Proof, signature: &[u8]) -> bool {
        match (self, proof) {
            (Self::HmacSha1(_) | Self::HmacSha512(_) | Self::Sha256Prefix(_), Proof::Tag { bytes, length }) => {
                bytes[..*length].ct_eq(signature).into()
            }
            (Self::Ed25519(key), Proof::Message(message)) => {
                let signature = ed25519_dalek::Signature::from_slice(signature);
                signature.is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
            }
            (Self::EcdsaP256Sha256(key), Proof::Tag { bytes, length }) => {
                let signature = p256::ecdsa::Signature::from_der(signature);
                signature.is_ok_and(|signature| key.verify_prehash(&bytes[..*length], &signature).is_ok())
            }
            (Self::Token(digest), _) => digest.ct_eq(Sha256::digest(signature).as_slice()).into(),
            _ => false,
        }
    }
}

/// What a message became, before it is held against a signature.
pub(crate) enum Proof {
    /// A tag, or the digest of the message where the key is public.
    Tag { bytes: [u8; 64], length: usize },
    /// The message, where the algorithm reads it twice.
    Message(Vec<u8>),
}

impl Proof {
    fn tag(tag: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes[..tag.len()].copy_from_slice(tag);
        Self::Tag { bytes, length: tag.len() }
    }

    /// What stands for the message in a replay store. Never made of a received signature, since one that is not a tag may have
    /// more than one form.
    pub(crate) fn mark(&self) -> Tag {
        match self {
            Self::Tag { bytes, length } if *length == mac::TAG_BYTES => *bytes.first_chunk().expect("64 are more"),
            Self::Tag { bytes, length } => Sha256::digest(&bytes[..*length]).into(),
            Self::Message(message) => Sha256::digest(message).into(),
        }
    }

    /// Whether a received signature is that of the message, made with `key`, or with the MAC key where there is none.
    pub(crate) fn holds(&self, key: Option<&ProofKey>, signature: &[u8]) -> bool {
        match (key, self) {
            (Some(key), _) => key.accepts(self, signature),
            (None, Self::Tag { bytes, length }) => bytes[..*length].ct_eq(signature).into(),
            (None, Self::Message(_)) => false,
        }
    }

    /// The tag, to be sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Tag { bytes, length } => &bytes[..*length],
            Self::Message(_) => &[],
        }
    }
}

/// A proof in the making.
pub(crate) enum Running {
    Mac(Box<mac::Running>),
    Sha1(Hmac<Sha1>),
    Sha512(Hmac<Sha512>),
    Sha256(Sha256),
    Message(Vec<u8>),
}

impl Running {
    pub(crate) fn start((mac, key): KeyInUse<'_>) -> Self {
        match key {
            None => Self::Mac(Box::new(mac.start())),
            Some(ProofKey::HmacSha1(key)) => Self::Sha1(key.clone()),
            Some(ProofKey::HmacSha512(key)) => Self::Sha512(key.clone()),
            Some(ProofKey::Sha256Prefix(secret)) => Self::Sha256(Sha256::new().chain_update(secret)),
            Some(ProofKey::EcdsaP256Sha256(_) | ProofKey::Token(_)) => Self::Sha256(Sha256::new()),
            Some(ProofKey::Ed25519(_)) => Self::Message(Vec::new()),
        }
    }

    pub(super) fn start_digest() -> Self {
        Self::Sha256(Sha256::new())
    }

    pub(crate) fn finish(self) -> Proof {
        match self {
            Self::Mac(mut running) => Proof::tag(&running.finish()),
            Self::Sha1(running) => Proof::tag(&running.finalize().into_bytes()),
            Self::Sha512(running) => Proof::tag(&running.finalize().into_bytes()),
            Self::Sha256(running) => Proof::tag(&running.finalize()),
            Self::Message(message) => Proof::Message(message),
        }
    }
}

impl Sink for Running {
    fn put(&mut self, piece: &[u8]) {
        match self {
            Self::Mac(running) => running.put(piece),
            Self::Sha1(running) => running.update(piece),
            Self::Sha512(running) => running.update(piece),
            Self::Sha256(running) => Digest::update(running, piece),
            Self::Message(message) => message.put(piece),
        }
    }
}

impl Drop for Proof {
    fn drop(&mut self) {
        if let Self::Tag { bytes, .. } = self {
            bytes.zeroize();
        }
    }
}
