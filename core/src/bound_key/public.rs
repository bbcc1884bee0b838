//! Public halves as others hand them round.

use super::{BoundKey, KeyAlgorithm, Material};

/// What stands before the key in SPKI (RFC 8410, section 4; RFC 5480, section 2.1.1; RFC 3279, section 2.3.1).
const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07,
];
const P384: &[u8] =
    &[0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

impl BoundKey {
    /// The public half as its kind writes it: a point (SEC 1), 32 bytes, or `RSAPublicKey`. `None` for HMAC.
    pub(crate) fn public_bytes(&self) -> Option<Vec<u8>> {
        match &self.material {
            Material::Ed25519 { public, .. } => Some(public.as_bytes().to_vec()),
            Material::P256 { public, .. } => Some(public.to_sec1_point(false).as_bytes().to_vec()),
            Material::P384 { public, .. } => Some(public.to_sec1_point(false).as_bytes().to_vec()),
            Material::Rsa(key) => {
                let (modulus, exponent) = key.numbers();
                Some(der(0x30, &[integer(&modulus), integer(&exponent)].concat()))
            }
            Material::HmacSha256(_) | Material::HmacSha384(_) | Material::HmacSha512(_) => None,
        }
    }

    /// The public half as SPKI in DER.
    pub(crate) fn public_document(&self) -> Option<Vec<u8>> {
        let kind = match self.algorithm {
            KeyAlgorithm::Ed25519 => ED25519,
            KeyAlgorithm::EcdsaP256Sha256 => P256,
            KeyAlgorithm::EcdsaP384Sha384 => P384,
            _ => RSA,
        };
        let key = [&[0][..], &self.public_bytes()?].concat();
        Some(der(0x30, &[kind, &der(0x03, &key)].concat()))
    }
}

fn integer(number: &[u8]) -> Vec<u8> {
    let is_high = number.first().is_some_and(|first| first & 0x80 != 0);
    der(0x02, &[if is_high { &[0][..] } else { &[] }, number].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut written = vec![tag];
    match content.len() {
        0..128 => written.push(content.len() as u8),
        _ => {
            written.push(0x80 | length.len() as u8);
            written.extend_from_slice(length);
        }
    }
    written.extend_from_slice(content);
    written
}
