//! Tokens: JSON Web Tokens (RFC 7519) as JWS in compact form (RFC 7515), carried as `Authorization: Bearer` (RFC 6750).
//!
//! The rules of RFC 8725 are not options here: a key is for one algorithm, and what the token says only has to agree with it;
//! nothing in a header ever leads to a key but the text of `kid`, which is compared; `exp` has to be there.

mod claims;
mod compact;
mod fault;
mod issue;
mod name;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

use std::fmt;

use crate::bound_key::{BoundKey, KeyAlgorithm};
use crate::bytes;
use crate::refusal::RefusalCode;
use compact::Compact;

pub(crate) use claims::Claims;
pub(crate) use fault::Fault;
pub(crate) use issue::{NewToken, RESERVED, issue};

/// The longest token, in bytes.
const MAX_TOKEN_BYTES: usize = 8192;

/// The token of an `Authorization` value. `None` where the value is of another scheme than `Bearer`, whose name has no letter
/// case. What follows the one space is the token, whatever it looks like.
pub(crate) fn carried(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer";
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    match rest {
        _ if !scheme.eq_ignore_ascii_case(SCHEME) => None,
        [] => Some(b""),
        [b' ', token @ ..] => Some(token),
        _ => None,
    }
}

/// A token that was taken apart, and not verified.
pub(crate) struct Token<'a> {
    compact: Compact<'a>,
    claims: Claims,
}

impl<'a> Token<'a> {
    /// Reads everything of a token, strictly.
    ///
    /// # Errors
    /// `DUPLICATE_HEADER` where two values were joined by a comma, `ALGORITHM_NOT_ALLOWED` for `none` and algorithms that are
    /// not offered, `INVALID_TOKEN` for all else.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, (RefusalCode, Fault)> {
        if bytes::holds(text, b',') {
            return Err((RefusalCode::DuplicateHeader, Fault::Joined));
        }
        let (compact, buffer) = Compact::read(text).map_err(Fault::with_code)?;
        let claims = Claims::read(buffer, compact.payload.clone()).map_err(Fault::with_code)?;
        Ok(Self { compact, claims })
    }

    pub(crate) fn algorithm(&self) -> KeyAlgorithm {
        self.compact.algorithm
    }

    /// The `kid`: a text to compare with the ids of keys, and nothing else.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.compact.key_id.as_ref().map(|id| self.claims.text(id))
    }

    /// Whether the token says that it is of this type. Types are media types: without letter case, and `application/` may be left
    /// out (RFC 7515, section 4.1.9).
    pub(crate) fn is_of_type(&self, wanted: &str) -> bool {
        let short = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.strip_prefix("application/").map(str::to_owned).unwrap_or(name)
        };
        self.compact.kind.as_ref().is_some_and(|kind| short(self.claims.text(kind)) == short(wanted))
    }

    /// Whether the key has signed the token. Never where the key is for another algorithm; that is told by
    /// [`algorithm`](Self::algorithm), and is `ALGORITHM_NOT_ALLOWED`.
    pub(crate) fn is_signed_by(&self, key: &BoundKey) -> bool {
        key.algorithm() == self.compact.algorithm
            && key.verify(self.compact.signed, self.claims.decoded(&self.compact.signature))
    }

    /// What the token claims. It means nothing before a key has signed it; only the issuer is read earlier, to choose the keys.
    pub(crate) fn claims(&self) -> &Claims {
        &self.claims
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Token").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}
