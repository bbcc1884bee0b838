//! Keys in PEM (RFC 7468) and DER: which algorithm they are for, and the key in them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::pkcs8::der::asn1::{AnyRef, OctetStringRef};
use p256::pkcs8::der::{Decode, Tag, Tagged};
use p256::pkcs8::spki::AlgorithmIdentifierRef;
use p256::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::KeyAlgorithm;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// The one block of a PEM text.
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    pub(super) document: Zeroizing<Vec<u8>>,
}

impl<'a> Block<'a> {
    /// Reads a text that is one block, with nothing before and after it but white space. `None` where it is not.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (label, rest) = text.trim_ascii().strip_prefix("-----BEGIN ")?.split_once("-----")?;
        let body = rest.strip_suffix("-----")?.strip_suffix(label)?.strip_suffix("-----END ")?;
        let digits: Zeroizing<Vec<u8>> =
            Zeroizing::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
        let document = STANDARD.decode(&*digits).ok()?;
        Some(Self { label, document: Zeroizing::new(document) })
    }
}

/// The bytes of a public key: a point (SEC 1), the 32 bytes of Ed25519, or `RSAPublicKey`.
pub(super) fn public_key(algorithm: KeyAlgorithm, document: &[u8]) -> Result<&[u8], &'static str> {
    let info = SubjectPublicKeyInfoRef::from_der(document).map_err(|_| "this is not a public key as SPKI in DER")?;
    check(algorithm, info.algorithm)?;
    info.subject_public_key.as_bytes().ok_or("this is not a public key as SPKI in DER")
}

/// A private key of PKCS #8 (RFC 5958).
pub(super) fn private_key(algorithm: KeyAlgorithm, document: &[u8]) -> Result<PrivateKeyInfoRef<'_>, &'static str> {
    let info = PrivateKeyInfoRef::from_der(document).map_err(|_| "this is not a private key as PKCS #8 in DER")?;
    check(algorithm, info.algorithm)?;
    Ok(info)
}

/// The 32 bytes that an Ed25519 key is made of (RFC 8410, section 7).
pub(super) fn ed25519_seed<'a>(info: &PrivateKeyInfoRef<'a>) -> Result<&'a [u8], &'static str> {
    <&OctetStringRef>::from_der(info.private_key.as_bytes())
        .map(OctetStringRef::as_bytes)
        .map_err(|_| "this is not an Ed25519 private key as PKCS #8")
}

/// Whether the key is one for the algorithm.
fn check(algorithm: KeyAlgorithm, found: AlgorithmIdentifierRef<'_>) -> Result<(), &'static str> {
    let curve = found.parameters.and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
    let has_none = found.parameters.is_none();
    let is_null = |parameters: AnyRef<'_>| parameters.tag() == Tag::Null;
    let fits = match algorithm {
        KeyAlgorithm::Ed25519 => found.oid == ED25519 && has_none,
        KeyAlgorithm::EcdsaP256Sha256 => found.oid == EC && curve == Some(P256),
        KeyAlgorithm::EcdsaP384Sha384 => found.oid == EC && curve == Some(P384),
        KeyAlgorithm::RsaV15Sha256 => found.oid == RSA && found.parameters.is_none_or(is_null),
        // Where a key is for this padding only, parameters would bind it to another hash or salt.
        KeyAlgorithm::RsaPssSha256 | KeyAlgorithm::RsaPssSha512 => {
            (found.oid == RSA && found.parameters.is_none_or(is_null)) || (found.oid == RSA_PSS && has_none)
        }
        KeyAlgorithm::HmacSha256 | KeyAlgorithm::HmacSha384 | KeyAlgorithm::HmacSha512 => false,
    };
    if fits { Ok(()) } else { Err("this key is one for another algorithm than the one that is configured") }
}
