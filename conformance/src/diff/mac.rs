//! The signatures of the genuine requests that everything starts from.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// The algorithms that a sender can use with a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

impl Algorithm {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Algorithm::Sha1 => "hmac-sha1",
            Algorithm::Sha256 => "hmac-sha256",
            Algorithm::Sha512 => "hmac-sha512",
        }
    }

    pub(crate) fn tag(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        macro_rules! tag {
            ($hash:ty) => {{
                let mut mac = Hmac::<$hash>::new_from_slice(key).expect("HMAC takes keys of every length");
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }};
        }
        match self {
            Algorithm::Sha1 => tag!(Sha1),
            Algorithm::Sha256 => tag!(Sha256),
            Algorithm::Sha512 => tag!(Sha512),
        }
    }
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Hex,
    HexAnyCase,
    Base64,
    Base64Url,
}

impl Encoding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Hex => "hex",
            Encoding::HexAnyCase => "hex-any-case",
            Encoding::Base64 => "base64",
            Encoding::Base64Url => "base64url",
        }
    }

    pub(crate) fn write(self, tag: &[u8]) -> String {
        match self {
            Encoding::Hex | Encoding::HexAnyCase => hex(tag),
            Encoding::Base64 => STANDARD.encode(tag),
            Encoding::Base64Url => URL_SAFE_NO_PAD.encode(tag),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, hex};

    #[test]
    fn the_second_test_case_of_rfc_4231() {
        let tag = Algorithm::Sha256.tag(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&tag), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
