//! RSA signatures are verified, never made (RFC 8017, sections 8.1.2 and 8.2.2). Everything here is public, so nothing has to
//! take the same time.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use p256::pkcs8::der::asn1::UintRef;
use p256::pkcs8::der::{self, Reader, SliceReader};
use sha2::{Digest, Sha256, Sha512};

/// The shortest and the longest modulus, in bits.
const MODULUS_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;
/// Smaller exponents are open to attacks on careless padding, larger ones only cost time.
const EXPONENTS: std::ops::RangeInclusive<u64> = 65_537..=0xffff_ffff;

/// What comes before a SHA-256 digest in a signature of PKCS #1 1.5 (section 9.2, note 1).
const SHA256_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// A public key.
pub(super) struct RsaKey {
    modulus: BoxedMontyParams,
    modulus_bits: u32,
    exponent: u64,
}

impl RsaKey {
    /// Both numbers are big-endian, zeros may come first.
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, &'static str> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        if modulus.len() > 1 + *MODULUS_BITS.end() as usize / 8 || exponent.len() > 8 {
            return Err("this RSA key is too large: a modulus has 2048 to 8192 bits, an exponent at most 32");
        }
        let exponent = exponent.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        if !EXPONENTS.contains(&exponent) || exponent % 2 == 0 {
            return Err("the exponent of this RSA key is not an odd number from 65537 up to 32 bits");
        }
        let number = BoxedUint::from_be_slice_vartime(modulus);
        let modulus_bits = number.bits_vartime();
        if !MODULUS_BITS.contains(&modulus_bits) {
            return Err("the modulus of this RSA key does not have 2048 to 8192 bits");
        }
        if has_fingerprint_of_roca(modulus) {
            return Err("this RSA key was made by a generator whose keys can be factored (CVE-2017-15361)");
        }
        let odd = Option::from(Odd::new(number)).ok_or("the modulus of this RSA key is even")?;
        Ok(Self { modulus: BoxedMontyParams::new_vartime(odd), modulus_bits, exponent })
    }

    /// Reads `RSAPublicKey` (RFC 8017, appendix A.1.1).
    pub(super) fn from_pkcs1(document: &[u8]) -> Result<Self, &'static str> {
        let read = || -> der::Result<_> {
            let mut reader = SliceReader::new(document)?;
            let numbers = reader.sequence(|reader| {
                let modulus: UintRef<'_> = reader.decode()?;
                let exponent: UintRef<'_> = reader.decode()?;
                der::Result::Ok((modulus, exponent))
            })?;
            reader.finish()?;
            Ok(numbers)
        };
        let (modulus, exponent) = read().map_err(|_| "this is not an RSA public key in DER")?;
        Self::new(modulus.as_bytes(), exponent.as_bytes())
    }

    /// The modulus and the exponent, big-endian and without zeros before them.
    pub(super) fn numbers(&self) -> (Vec<u8>, Vec<u8>) {
        let modulus = self.modulus.modulus().as_ref().to_be_bytes();
        (without_zeros(&modulus).to_vec(), without_zeros(&self.exponent.to_be_bytes()).to_vec())
    }

    pub(super) fn verify_v15_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some(opened) = self.open(signature) else {
            return false;
        };
        // What a signer would have padded is written out and compared as a whole: parsing it has been got wrong too often.
        let digest = Sha256::digest(message);
        let mut padded = vec![0xff; opened.len()];
        let digest_at = padded.len() - digest.len();
        let info_at = digest_at - SHA256_INFO.len();
        padded[..2].copy_from_slice(&[0, 1]);
        padded[info_at - 1] = 0;
        padded[info_at..digest_at].copy_from_slice(&SHA256_INFO);
        padded[digest_at..].copy_from_slice(&digest);
        opened == padded
    }

    pub(super) fn verify_pss_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify_pss::<Sha256>(message, signature)
    }

    pub(super) fn verify_pss_sha512(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify_pss::<Sha512>(message, signature)
    }

    /// Section 9.1.2, with a salt as long as the hash.
    fn verify_pss<D: Digest>(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some(opened) = self.open(signature) else {
            return false;
        };
        let bits = self.modulus_bits - 1;
        let length = bits.div_ceil(8) as usize;
        let (before, encoded) = opened.split_at(opened.len() - length);
        let hash_bytes = <D as Digest>::output_size();
        // The smallest modulus has room for the longest hash and salt.
        let (masked, rest) = encoded.split_at(length - hash_bytes - 1);
        let (hash, trailer) = rest.split_at(hash_bytes);
        let top = 0xff_u8 >> (8 * length as u32 - bits);
        if before.iter().any(|byte| *byte != 0) || trailer != [0xbc] || masked[0] & !top != 0 {
            return false;
        }
        let mut block = masked.to_vec();
        unmask::<D>(&mut block, hash);
        block[0] &= top;
        let (zeros, salt) = block.split_at(block.len() - hash_bytes);
        let Some((1, zeros)) = zeros.split_last() else {
            return false;
        };
        let message = D::digest(message);
        let expected = D::new().chain_update([0; 8]).chain_update(message).chain_update(salt).finalize();
        zeros.iter().all(|byte| *byte == 0) && expected.as_slice() == hash
    }

    /// The signature to the power of the exponent, as long as the modulus. `None` where it is not as long, or not smaller.
    fn open(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let length = self.modulus_bits.div_ceil(8) as usize;
        let modulus = self.modulus.modulus().as_ref();
        if signature.len() != length {
            return None;
        }
        let signature = BoxedUint::from_be_slice(signature, modulus.bits_precision()).ok()?;
        if signature.cmp_vartime(modulus).is_ge() {
            return None;
        }
        let signature = BoxedMontyForm::new(signature, &self.modulus);
        let mut power = signature.clone();
        for bit in (0..self.exponent.ilog2()).rev() {
            power = power.square();
            if self.exponent >> bit & 1 == 1 {
                power = power.mul(&signature);
            }
        }
        let bytes = power.retrieve().to_be_bytes();
        Some(bytes[bytes.len() - length..].to_vec())
    }
}

/// Takes off the mask that MGF1 makes of a seed (appendix B.2.1).
fn unmask<D: Digest>(block: &mut [u8], seed: &[u8]) {
    for (piece, counter) in block.chunks_mut(<D as Digest>::output_size()).zip(0_u32..) {
        let mask = D::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        piece.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    &number[first..]
}

/// Whether the modulus is a power of 65537 modulo each of these primes, as all keys of that generator are, and one other in
/// some hundred millions.
fn has_fingerprint_of_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.into_iter().all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % prime);
        let powers = std::iter::successors(Some(1), |power| Some(power * 65_537 % prime));
        powers.take(prime as usize).any(|power| power == rest)
    })
}
