//! The query as it is signed, and the credential that it may hold.

use std::borrow::Cow;

use super::encoding::recode;
use super::{Fault, MAX_PARAMETERS};
use crate::bytes::position;
use crate::percent::decode;

/// The parameters of a presigned link, in the order in which they are written.
pub(super) mod parameter {
    pub(crate) const ALGORITHM: &str = "X-Amz-Algorithm";
    pub(crate) const CREDENTIAL: &str = "X-Amz-Credential";
    pub(crate) const DATE: &str = "X-Amz-Date";
    pub(crate) const SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
    pub(crate) const EXPIRES: &str = "X-Amz-Expires";
    pub(crate) const TOKEN: &str = "X-Amz-Security-Token";
    pub(crate) const SIGNATURE: &str = "X-Amz-Signature";
    /// In any letter case: signers make it of the header.
    pub(crate) const PAYLOAD: &str = "X-Amz-Content-Sha256";
}

/// Each of these alone shows that somebody has signed a link.
const CARRIERS: [&str; 3] = [parameter::SIGNATURE, parameter::ALGORITHM, parameter::CREDENTIAL];

/// Names and values, each in its one spelling, sorted by name, then by value.
pub(super) struct Query<'a> {
    pairs: Vec<(Text<'a>, Text<'a>)>,
}

/// Borrowed where it is spelled in the one way already.
type Text<'a> = Cow<'a, [u8]>;

fn pieces(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty())
}

fn name_of(piece: &[u8]) -> &[u8] {
    &piece[..position(piece, b'=').unwrap_or(piece.len())]
}

/// Whether a query holds a credential, however damaged or spelled.
pub(super) fn carries_credential(query: &[u8]) -> bool {
    pieces(query).map(name_of).any(|name| {
        // The shortest of them has 15 bytes, also where they are escaped.
        name.len() >= 15 && {
            let name = decode(name);
            CARRIERS.iter().any(|carrier| name.eq_ignore_ascii_case(carrier.as_bytes()))
        }
    })
}

impl<'a> Query<'a> {
    pub(super) fn parse(query: Option<&'a [u8]>) -> Result<Self, Fault> {
        let Some(query) = query else { return Ok(Self { pairs: Vec::new() }) };
        if pieces(query).nth(MAX_PARAMETERS).is_some() {
            return Err(Fault::TooManyParameters);
        }
        let pair = |piece: &'a [u8]| {
            let name = name_of(piece);
            Ok((recode(name)?, recode(piece.get(name.len() + 1..).unwrap_or_default())?))
        };
        let mut pairs = pieces(query).map(pair).collect::<Result<Vec<_>, _>>()?;
        pairs.sort_unstable();
        Ok(Self { pairs })
    }

    /// The value of a parameter of the signature, decoded.
    pub(super) fn find(&self, name: &str) -> Result<Option<Text<'_>>, Fault> {
        let found = self.find_in_any_case(name)?;
        match found {
            Some((spelled, _)) if spelled != name.as_bytes() => Err(Fault::ParameterSpelling),
            Some((_, value)) => Ok(Some(value)),
            None => Ok(None),
        }
    }

    /// The name as it is spelled, and the value, decoded.
    pub(super) fn find_in_any_case(&self, name: &str) -> Result<Option<(&[u8], Text<'_>)>, Fault> {
        let mut found = None;
        for (spelled, value) in &self.pairs {
            if spelled.eq_ignore_ascii_case(name.as_bytes()) && found.replace((&**spelled, decode(value))).is_some() {
                return Err(Fault::RepeatedParameter);
            }
        }
        Ok(found)
    }

    /// Writes the parameters but for those that are left out.
    pub(super) fn put(&self, left_out: &[&str], text: &mut Vec<u8>) {
        let is_left_out = |name: &[u8]| left_out.iter().any(|known| known.as_bytes() == name);
        let mut is_first = true;
        for (name, value) in self.pairs.iter().filter(|(name, _)| !is_left_out(name)) {
            if !std::mem::take(&mut is_first) {
                text.push(b'&');
            }
            text.extend_from_slice(name);
            text.push(b'=');
            text.extend_from_slice(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(query: &str) -> Result<String, Fault> {
        let mut text = Vec::new();
        Query::parse(Some(query.as_bytes()))?.put(&[], &mut text);
        Ok(String::from_utf8(text).expect("ASCII"))
    }

    #[test]
    fn parameters_are_sorted_by_encoded_name_then_value() {
        let mut rest = Vec::new();
        Query::parse(Some(b"c=3&a=1&b=2")).expect("fine").put(&["a"], &mut rest);
        assert_eq!(rest, b"b=2&c=3");
        for (query, expected) in [
            ("", ""),
            ("a", "a="),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=10&a=1", "a=1&a=10&a=2"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("A=1&a=2&%C3%BC=3", "%C3%BC=3&A=1&a=2"),
            ("a=b=c&d=x/y", "a=b%3Dc&d=x%2Fy"),
            ("&a=1&&b=2&", "a=1&b=2"),
            ("=1", "=1"),
        ] {
            assert_eq!(canonical(query).expect("fine"), expected, "{query}");
        }
        assert_eq!(canonical("a=%"), Err(Fault::PercentSign));
        assert_eq!(canonical("a=b+c"), Err(Fault::PlusSign));
        assert!(canonical(&"a&".repeat(100)).is_ok());
        assert_eq!(canonical(&"a&".repeat(101)), Err(Fault::TooManyParameters));
    }

    #[test]
    fn a_parameter_of_the_signature_is_there_once_in_one_spelling() {
        let find = |query: &str, name: &str| {
            let query = Query::parse(Some(query.as_bytes())).expect("fine");
            query.find(name).map(|value| value.map(Cow::into_owned))
        };
        assert_eq!(find("X-Amz-Date=a%2Fb", "X-Amz-Date"), Ok(Some(b"a/b".to_vec())));
        assert_eq!(find("a=1", "X-Amz-Date"), Ok(None));
        assert_eq!(find("x-amz-date=1", "X-Amz-Date"), Err(Fault::ParameterSpelling));
        assert_eq!(find("X-Amz-Date=1&x-amz-date=1", "X-Amz-Date"), Err(Fault::RepeatedParameter));
        assert_eq!(find("X-Amz-Date=1&X%2DAmz-Date=1", "X-Amz-Date"), Err(Fault::RepeatedParameter));
    }

    #[test]
    fn a_credential_is_seen_in_any_spelling() {
        for there in ["a=1&X-Amz-Signature=", "x-amz-algorithm=1", "X%2dAmz-Credential"] {
            assert!(carries_credential(there.as_bytes()), "{there}");
        }
        for not in ["", "a=X-Amz-Signature", "X-Amz-Signature2=1", "X-Amz-Date=1", "%=1"] {
            assert!(!carries_credential(not.as_bytes()), "{not}");
        }
    }
}
