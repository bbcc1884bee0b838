//! The algorithms that a key can be bound to, and what they are called elsewhere.

/// One algorithm, with everything that can vary fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyAlgorithm {
    HmacSha256,
    HmacSha384,
    HmacSha512,
    Ed25519,
    /// Signatures are r and s, each 32 bytes (RFC 9421, section 3.3.4; RFC 7518, section 3.4).
    EcdsaP256Sha256,
    /// Signatures are r and s, each 48 bytes.
    EcdsaP384Sha384,
    RsaV15Sha256,
    /// With MGF1 over the same hash, and a salt as long as the hash.
    RsaPssSha256,
    RsaPssSha512,
}

impl KeyAlgorithm {
    pub(crate) const ALL: [Self; 9] = [
        Self::HmacSha256,
        Self::HmacSha384,
        Self::HmacSha512,
        Self::Ed25519,
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
        Self::RsaV15Sha256,
        Self::RsaPssSha256,
        Self::RsaPssSha512,
    ];

    /// The name in a config document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha384 => "hmac-sha384",
            Self::HmacSha512 => "hmac-sha512",
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::RsaV15Sha256 => "rsa-v1_5-sha256",
            Self::RsaPssSha256 => "rsa-pss-sha256",
            Self::RsaPssSha512 => "rsa-pss-sha512",
        }
    }

    #[cfg(test)]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name in a message signature (RFC 9421, section 6.2.2). Config documents use the same names, and have more of them.
    pub(crate) fn http_name(self) -> Option<&'static str> {
        match self {
            Self::HmacSha384 | Self::HmacSha512 | Self::RsaPssSha256 => None,
            _ => Some(self.name()),
        }
    }

    #[cfg(test)]
    pub(crate) fn from_http(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.http_name() == Some(name))
    }

    /// The name in a token or JWK (RFC 7518, section 3.1; RFC 8037, section 3.1).
    pub(crate) fn jose_name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "HS256",
            Self::HmacSha384 => "HS384",
            Self::HmacSha512 => "HS512",
            Self::Ed25519 => "EdDSA",
            Self::EcdsaP256Sha256 => "ES256",
            Self::EcdsaP384Sha384 => "ES384",
            Self::RsaV15Sha256 => "RS256",
            Self::RsaPssSha256 => "PS256",
            Self::RsaPssSha512 => "PS512",
        }
    }

    /// Takes the name of RFC 9864 for Ed25519, too. Names are compared with their letter case.
    pub(crate) fn from_jose(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::Ed25519);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.jose_name() == name)
    }

    /// Whether the one key both signs and verifies.
    pub(crate) fn is_symmetric(self) -> bool {
        matches!(self, Self::HmacSha256 | Self::HmacSha384 | Self::HmacSha512)
    }

    pub(crate) fn is_rsa(self) -> bool {
        matches!(self, Self::RsaV15Sha256 | Self::RsaPssSha256 | Self::RsaPssSha512)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_algorithm() {
        for algorithm in KeyAlgorithm::ALL {
            assert_eq!(KeyAlgorithm::from_name(algorithm.name()), Some(algorithm));
            assert_eq!(KeyAlgorithm::from_jose(algorithm.jose_name()), Some(algorithm));
            assert!(algorithm.http_name().is_none_or(|name| KeyAlgorithm::from_http(name) == Some(algorithm)));
        }
        assert_eq!(KeyAlgorithm::ALL.into_iter().filter_map(KeyAlgorithm::http_name).count(), 6);
        assert_eq!(KeyAlgorithm::from_jose("Ed25519"), Some(KeyAlgorithm::Ed25519));
        assert_eq!(KeyAlgorithm::from_http("rsa-pss-sha256"), None);
        for unknown in ["", "none", "None", "hs256", "HS256 ", "RS384", "ES521", "HMAC-SHA256"] {
            assert_eq!(KeyAlgorithm::from_jose(unknown), None, "{unknown}");
            assert_eq!(KeyAlgorithm::from_name(unknown), None, "{unknown}");
        }
    }
}
