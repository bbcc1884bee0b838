//! Keys that are bound to one algorithm. What a message says of its algorithm never changes what is done with a key.

mod algorithm;
mod foreign;
mod jwk;
mod pem;
mod public;
mod rsa;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey as EdwardsSigner, VerifyingKey as EdwardsKey};
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use self::jwk::Jwk;
use self::pem::Block;
use self::rsa::RsaKey;
use crate::mac::MacKey;

pub(crate) use algorithm::KeyAlgorithm;
pub(crate) use foreign::is_key_document;
pub(crate) use jwk::{JwkSet, SetKey};

/// The longest text of a key, in bytes.
const MAX_TEXT_BYTES: usize = 16_384;

/// A key and its algorithm. Private halves and HMAC keys are zeroised when dropped.
pub(crate) struct BoundKey {
    algorithm: KeyAlgorithm,
    material: Material,
}

enum Material {
    HmacSha256(MacKey),
    HmacSha384(Box<Hmac<Sha384>>),
    HmacSha512(Box<Hmac<Sha512>>),
    Ed25519 { public: Box<EdwardsKey>, private: Option<Box<EdwardsSigner>> },
    P256 { public: Box<p256::ecdsa::VerifyingKey>, private: Option<Box<p256::ecdsa::SigningKey>> },
    P384 { public: Box<p384::ecdsa::VerifyingKey>, private: Option<Box<p384::ecdsa::SigningKey>> },
    Rsa(Box<RsaKey>),
}

impl BoundKey {
    /// A random secret, at least as long as the hash (RFC 7518, section 3.2).
    pub(crate) fn hmac(algorithm: KeyAlgorithm, secret: &[u8]) -> Result<Self, &'static str> {
        if is_key_document(secret) {
            return Err("this is a PEM, DER or JWK key of another kind; HMAC needs a random secret");
        }
        let least = |least: usize, why| if secret.len() < least { Err(why) } else { Ok(()) };
        let material = match algorithm {
            KeyAlgorithm::HmacSha256 => {
                least(32, "a key for hmac-sha256 has 32 bytes or more")?;
                Material::HmacSha256(MacKey::new(secret))
            }
            KeyAlgorithm::HmacSha384 => {
                least(48, "a key for hmac-sha384 has 48 bytes or more")?;
                Material::HmacSha384(Box::new(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")))
            }
            KeyAlgorithm::HmacSha512 => {
                least(64, "a key for hmac-sha512 has 64 bytes or more")?;
                Material::HmacSha512(Box::new(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")))
            }
            _ => return Err("a secret is for the algorithms hmac-sha256, hmac-sha384 and hmac-sha512 only"),
        };
        Ok(Self { algorithm, material })
    }

    /// A public key as PEM (SPKI, or PKCS #1 for RSA) or JWK. For Ed25519 also the 32 bytes as hex or base64.
    pub(crate) fn public(algorithm: KeyAlgorithm, text: &[u8]) -> Result<Self, &'static str> {
        if algorithm.is_symmetric() {
            return Err("HMAC has no public keys: whoever can verify can sign; give the secret");
        }
        let text = readable(text)?;
        if text.starts_with('{') {
            return Jwk::read(text.as_bytes())?.public(algorithm);
        }
        if text.starts_with("-----BEGIN ") {
            let block = Block::read(text).ok_or("this is not one whole block of PEM")?;
            return match block.label {
                "PUBLIC KEY" => {
                    let key = pem::public_key(algorithm, &block.document)?;
                    match algorithm.is_rsa() {
                        true => Ok(Self::of_rsa(algorithm, RsaKey::from_pkcs1(key)?)),
                        false => Self::curve_public(algorithm, key),
                    }
                }
                "RSA PUBLIC KEY" if algorithm.is_rsa() => {
                    Ok(Self::of_rsa(algorithm, RsaKey::from_pkcs1(&block.document)?))
                }
                "RSA PUBLIC KEY" => Err("this is an RSA key, and another algorithm is configured"),
                "CERTIFICATE" => Err("this is a certificate; take the key out with `openssl x509 -pubkey -noout`"),
                label if label.ends_with("PRIVATE KEY") => {
                    Err("this is a private key; a verifier needs the public half, from `openssl pkey -pubout`")
                }
                _ => Err("this PEM block is not a public key"),
            };
        }
        Self::curve_public(algorithm, &*thirty_two_bytes(algorithm, text)?)
    }

    /// A private key as PEM (PKCS #8) or JWK. For Ed25519 also the 32 bytes as hex or base64. For HMAC a symmetric JWK.
    pub(crate) fn private(algorithm: KeyAlgorithm, text: &[u8]) -> Result<Self, &'static str> {
        if algorithm.is_rsa() {
            return Err("RSA signatures are verified, and none are made: sign with ed25519 or ecdsa-p256-sha256");
        }
        let text = readable(text)?;
        if text.starts_with('{') {
            return Jwk::read(text.as_bytes())?.private(algorithm);
        }
        if algorithm.is_symmetric() {
            return Err("give the secret of HMAC as \"secret\"; only a JSON Web Key can stand here");
        }
        if text.starts_with("-----BEGIN ") {
            let block = Block::read(text).ok_or("this is not one whole block of PEM")?;
            return match block.label {
                "PRIVATE KEY" => Self::pkcs8(algorithm, &block.document),
                "ENCRYPTED PRIVATE KEY" => Err("this key is encrypted; decrypt it with `openssl pkey`"),
                "EC PRIVATE KEY" => {
                    Err("this is the older form of a key; convert it with `openssl pkcs8 -topk8 -nocrypt`")
                }
                "OPENSSH PRIVATE KEY" => Err("this is a key of OpenSSH; make one with `openssl genpkey`"),
                "PUBLIC KEY" => Err("this is the public half of a key; signing needs the private one"),
                _ => Err("this PEM block is not a private key as PKCS #8"),
            };
        }
        Self::curve_private(algorithm, &*thirty_two_bytes(algorithm, text)?)
    }

    pub(crate) fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    pub(crate) fn can_sign(&self) -> bool {
        match &self.material {
            Material::HmacSha256(_) | Material::HmacSha384(_) | Material::HmacSha512(_) => true,
            Material::Ed25519 { private, .. } => private.is_some(),
            Material::P256 { private, .. } => private.is_some(),
            Material::P384 { private, .. } => private.is_some(),
            Material::Rsa(_) => false,
        }
    }

    /// Whether the signature is one of this key over the message.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::HmacSha256(key) => key.tag_of(message).ct_eq(signature).into(),
            Material::HmacSha384(key) => tag(&**key, message).ct_eq(signature).into(),
            Material::HmacSha512(key) => tag(&**key, message).ct_eq(signature).into(),
            Material::Ed25519 { public, .. } => {
                let signature = ed25519_dalek::Signature::from_slice(signature);
                signature.is_ok_and(|signature| public.verify_strict(message, &signature).is_ok())
            }
            Material::P256 { public, .. } => {
                let signature = p256::ecdsa::Signature::from_slice(signature);
                signature.is_ok_and(|signature| public.verify_prehash(&Sha256::digest(message), &signature).is_ok())
            }
            Material::P384 { public, .. } => {
                let signature = p384::ecdsa::Signature::from_slice(signature);
                signature.is_ok_and(|signature| public.verify_prehash(&Sha384::digest(message), &signature).is_ok())
            }
            Material::Rsa(key) => match self.algorithm {
                KeyAlgorithm::RsaV15Sha256 => key.verify_v15_sha256(message, signature),
                KeyAlgorithm::RsaPssSha256 => key.verify_pss_sha256(message, signature),
                _ => key.verify_pss_sha512(message, signature),
            },
        }
    }

    /// The signature over a message, the same each time (RFC 6979 for ECDSA). `None` where the key can only verify.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.material {
            Material::HmacSha256(key) => Some(key.tag_of(message).to_vec()),
            Material::HmacSha384(key) => Some(tag(&**key, message)),
            Material::HmacSha512(key) => Some(tag(&**key, message)),
            Material::Ed25519 { private, .. } => Some(private.as_ref()?.sign(message).to_vec()),
            Material::P256 { private, .. } => {
                let signature: p256::ecdsa::Signature =
                    private.as_ref()?.sign_prehash(&Sha256::digest(message)).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            Material::P384 { private, .. } => {
                let signature: p384::ecdsa::Signature =
                    private.as_ref()?.sign_prehash(&Sha384::digest(message)).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            Material::Rsa(_) => None,
        }
    }

    fn of_rsa(algorithm: KeyAlgorithm, key: RsaKey) -> Self {
        Self { algorithm, material: Material::Rsa(Box::new(key)) }
    }

    fn rsa(algorithm: KeyAlgorithm, modulus: &[u8], exponent: &[u8]) -> Result<Self, &'static str> {
        RsaKey::new(modulus, exponent).map(|key| Self::of_rsa(algorithm, key))
    }

    /// A public key as its curve writes it: a point (SEC 1), or 32 bytes.
    fn curve_public(algorithm: KeyAlgorithm, bytes: &[u8]) -> Result<Self, &'static str> {
        const NO_POINT: &str = "the public key is not a point of its curve";
        let material = match algorithm {
            KeyAlgorithm::Ed25519 => {
                let bytes = bytes.try_into().map_err(|_| "an Ed25519 public key has 32 bytes")?;
                let key = EdwardsKey::from_bytes(bytes).map_err(|_| NO_POINT)?;
                if key.is_weak() {
                    return Err("this Ed25519 public key takes one signature for many messages");
                }
                Material::Ed25519 { public: Box::new(key), private: None }
            }
            KeyAlgorithm::EcdsaP256Sha256 => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map_err(|_| NO_POINT)?;
                Material::P256 { public: Box::new(key), private: None }
            }
            KeyAlgorithm::EcdsaP384Sha384 => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map_err(|_| NO_POINT)?;
                Material::P384 { public: Box::new(key), private: None }
            }
            _ => return Err("the key is not one of a curve"),
        };
        Ok(Self { algorithm, material })
    }

    /// A private key as its curve writes it: the number, or the 32 bytes of Ed25519.
    fn curve_private(algorithm: KeyAlgorithm, bytes: &[u8]) -> Result<Self, &'static str> {
        const NO_NUMBER: &str = "the private key is not a number of its curve, with all its zeros";
        let material = match algorithm {
            KeyAlgorithm::Ed25519 => {
                let seed = bytes.try_into().map_err(|_| "an Ed25519 private key has 32 bytes")?;
                let key = EdwardsSigner::from_bytes(seed);
                Material::Ed25519 { public: Box::new(key.verifying_key()), private: Some(Box::new(key)) }
            }
            KeyAlgorithm::EcdsaP256Sha256 if bytes.len() == 32 => {
                let key = p256::ecdsa::SigningKey::from_slice(bytes).map_err(|_| NO_NUMBER)?;
                Material::P256 { public: Box::new(*key.verifying_key()), private: Some(Box::new(key)) }
            }
            KeyAlgorithm::EcdsaP384Sha384 if bytes.len() == 48 => {
                let key = p384::ecdsa::SigningKey::from_slice(bytes).map_err(|_| NO_NUMBER)?;
                Material::P384 { public: Box::new(*key.verifying_key()), private: Some(Box::new(key)) }
            }
            KeyAlgorithm::EcdsaP256Sha256 | KeyAlgorithm::EcdsaP384Sha384 => return Err(NO_NUMBER),
            _ => return Err("the key is not one of a curve"),
        };
        Ok(Self { algorithm, material })
    }

    fn pkcs8(algorithm: KeyAlgorithm, document: &[u8]) -> Result<Self, &'static str> {
        const NO_KEY: &str = "the private key of this PKCS #8 document cannot be read";
        let info = pem::private_key(algorithm, document)?;
        let stated = info.public_key.as_ref().and_then(|key| key.as_bytes()).map(<[u8]>::to_vec);
        let key = match algorithm {
            KeyAlgorithm::Ed25519 => Self::curve_private(algorithm, pem::ed25519_seed(&info)?)?,
            KeyAlgorithm::EcdsaP256Sha256 => {
                let key = p256::SecretKey::try_from(info).map_err(|_| NO_KEY)?;
                Self::curve_private(algorithm, &Zeroizing::new(key.to_bytes()))?
            }
            KeyAlgorithm::EcdsaP384Sha384 => {
                let key = p384::SecretKey::try_from(info).map_err(|_| NO_KEY)?;
                Self::curve_private(algorithm, &Zeroizing::new(key.to_bytes()))?
            }
            _ => return Err(NO_KEY),
        };
        match stated {
            Some(public) if !key.has_public(&public) => {
                Err("the public half of this key is not that of its private half")
            }
            _ => Ok(key),
        }
    }

    /// Whether this is the public half, as its curve writes it.
    fn has_public(&self, bytes: &[u8]) -> bool {
        match &self.material {
            Material::Ed25519 { public, .. } => public.as_bytes() == bytes,
            Material::P256 { public, .. } => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).is_ok_and(|key| key == **public)
            }
            Material::P384 { public, .. } => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).is_ok_and(|key| key == **public)
            }
            _ => false,
        }
    }
}

impl fmt::Debug for BoundKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BoundKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

fn tag<M: Mac + Clone>(key: &M, message: &[u8]) -> Vec<u8> {
    key.clone().chain_update(message).finalize().into_bytes().to_vec()
}

fn readable(text: &[u8]) -> Result<&str, &'static str> {
    if text.len() > MAX_TEXT_BYTES {
        return Err("the text of the key is longer than 16 KiB");
    }
    std::str::from_utf8(text).map(str::trim_ascii).map_err(|_| "the key is not text; give it as PEM or JWK")
}

/// The key of Ed25519 as 64 hex digits, or as base64 with its padding, or as base64url without.
fn thirty_two_bytes(algorithm: KeyAlgorithm, text: &str) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    if algorithm != KeyAlgorithm::Ed25519 {
        return Err("the key is neither PEM nor a JSON Web Key");
    }
    let mut key = Zeroizing::new([0; 32]);
    let length = match text.len() {
        64 => {
            let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
            let pairs = text.as_bytes().as_chunks::<2>().0.iter();
            let is_hex = key.iter_mut().zip(pairs).all(|(byte, [high, low])| {
                digit(*high).zip(digit(*low)).map(|(high, low)| *byte = high << 4 | low).is_some()
            });
            is_hex.then_some(32)
        }
        44 => STANDARD.decode_slice(text, &mut *key).ok(),
        43 => URL_SAFE_NO_PAD.decode_slice(text, &mut *key).ok(),
        _ => None,
    };
    match length {
        Some(32) => Ok(key),
        _ => Err("the key is neither PEM nor a JSON Web Key, nor 32 bytes as hex or base64"),
    }
}
