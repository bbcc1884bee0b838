//! `Content-Digest` (RFC 9530): the digests that a body is said to have.

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sfv::visitor::{DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ParameterVisitor};
use sfv::{BareItemFromInput, KeyRef, Parser};
use sha2::{Digest, Sha256};

use super::{Fault, one_member};
use crate::standard::BodyDigests;

impl BodyDigests {
    /// Reads the header. Algorithms that are not known are passed over, as RFC 9530 asks; one that is must be there.
    pub(super) fn parse(value: &[u8]) -> Result<Self, Fault> {
        let of_one = |sha256| Self { sha256: Some(sha256), sha512: None };
        read_sha256(value).map_or_else(|| Self::parse_any(value), |digest| Ok(of_one(digest)))
    }

    fn parse_any(value: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::default();
        if Parser::new(value).parse_dictionary_with_visitor(&mut reader).is_err() || reader.failed {
            return Err(Fault::DigestForm);
        }
        match reader.digests {
            Self { sha256: None, sha512: None } => Err(Fault::UnknownDigests),
            digests => Ok(digests),
        }
    }

    /// Keeps the digest of one algorithm.
    pub(super) fn only(self, algorithm: &str) -> Result<Self, Fault> {
        match (algorithm, self) {
            ("sha-256", Self { sha256: sha256 @ Some(_), .. }) => Ok(Self { sha256, sha512: None }),
            ("sha-512", Self { sha512: sha512 @ Some(_), .. }) => Ok(Self { sha256: None, sha512 }),
            _ => Err(Fault::UnknownDigests),
        }
    }

    /// Adds the digests that another header member asks for.
    pub(super) fn with(self, other: Self) -> Self {
        Self { sha256: self.sha256.or(other.sha256), sha512: self.sha512.or(other.sha512) }
    }

    /// Whether the body, whose digests are `computed`, has all of these.
    pub(super) fn are_of(&self, computed: &Self) -> bool {
        (self.sha256.is_none() || self.sha256 == computed.sha256)
            && (self.sha512.is_none() || self.sha512 == computed.sha512)
    }
}

/// Reads a digest of SHA-256 that is alone.
fn read_sha256(value: &[u8]) -> Option<[u8; 32]> {
    let ("sha-256", text) = one_member::split(value)? else {
        return None;
    };
    // The decoder wants room for a whole number of groups.
    let mut digest = [0; 33];
    let length = STANDARD.decode_slice(text, &mut digest).ok()?;
    (length == 32).then(|| *digest.first_chunk().expect("33 bytes are more than 32"))
}

/// The header's value for a body.
pub(super) fn write(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

#[derive(Default)]
struct Reader {
    digests: BodyDigests,
    failed: bool,
}

impl<'a> DictionaryVisitor<'a> for &mut Reader {
    type Out = ();
    type Error = Infallible;

    fn entry(&mut self, key: &'a KeyRef) -> Result<impl EntryVisitor<'a>, Infallible> {
        let algorithm = match key.as_str() {
            "sha-256" => Algorithm::Sha256,
            "sha-512" => Algorithm::Sha512,
            _ => return Ok(None),
        };
        Ok(Some(Member { reader: self, algorithm }))
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

enum Algorithm {
    Sha256,
    Sha512,
}

struct Member<'r> {
    reader: &'r mut Reader,
    algorithm: Algorithm,
}

impl<'a> EntryVisitor<'a> for Member<'_> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'a>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'a>, Infallible> {
        self.reader.failed = true;
        Ok(Ignored)
    }
}

impl<'a> ItemVisitor<'a> for Member<'_> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(self, item: BareItemFromInput<'a>) -> Result<impl ParameterVisitor<'a, Out = ()>, Infallible> {
        let digests = &mut self.reader.digests;
        let is_first = match (self.algorithm, &item) {
            (Algorithm::Sha256, BareItemFromInput::ByteSequence(bytes)) => {
                bytes.as_slice().try_into().is_ok_and(|digest| digests.sha256.replace(digest).is_none())
            }
            (Algorithm::Sha512, BareItemFromInput::ByteSequence(bytes)) => {
                bytes.as_slice().try_into().is_ok_and(|digest| digests.sha512.replace(digest).is_none())
            }
            _ => false,
        };
        self.reader.failed |= !is_first;
        Ok(Ignored)
    }
}

#[cfg(test)]
mod tests {
    use sha2::Sha512;

    use super::*;

    const HELLO: &str = r#"{"hello": "world"}"#;

    fn digests(value: &str) -> Result<BodyDigests, Fault> {
        BodyDigests::parse(value.as_bytes())
    }

    #[test]
    fn known_digests_are_read_and_others_passed_over() {
        let sha256 = write(HELLO.as_bytes());
        assert_eq!(sha256, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
        let sha512 = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(HELLO)));
        let both = digests(&format!("{sha256}, {sha512}")).unwrap();
        let body =
            BodyDigests { sha256: Some(Sha256::digest(HELLO).into()), sha512: Some(Sha512::digest(HELLO).into()) };
        assert_eq!(both, body);
        assert!(both.are_of(&body) && digests(&sha256).unwrap().are_of(&body));
        assert!(digests(&format!("md5=:AAAA:, unixsum=5, x=(a b), {sha256}")).unwrap().are_of(&body));
        assert_eq!(both.only("sha-256").unwrap(), digests(&sha256).unwrap());
        assert_eq!(digests(&sha256).unwrap().only("sha-512"), Err(Fault::UnknownDigests));
        assert_eq!(both.only("md5"), Err(Fault::UnknownDigests));
    }

    #[test]
    fn the_digests_that_rfc_9530_prints_are_of_its_bodies() {
        // The digests are of these compressed bytes; the text prints other ones beside them.
        let compressed = b"\x0b\x09\x80{\"hello\": \"world\"}\n\x03";
        for (appendix, body, printed) in [
            ("B.1", &b"{\"hello\": \"world\"}\n"[..], "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"),
            ("B.2", b"", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
            ("B.4", compressed, "sha-256=:d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=:"),
            (
                "B.6",
                compressed,
                "sha-512=:db7fdBbgZMgX1Wb2MjA8zZj+rSNgfmDCEEXM8qLWfpfoNY0sCpHAzZbj09X1/7HAb7Od5Qfto4QpuBsFbUO3dQ==:",
            ),
            (
                "B.7",
                b"{\n  \"id\": \"123\",\n  \"title\": \"New Title\"\n}\n",
                "sha-256=:uVSlinTTdQUwm2On4k8TJUikGN1bf/Ds8WPX4oe0h9I=:",
            ),
            ("D", HELLO.as_bytes(), "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"),
            (
                "D",
                HELLO.as_bytes(),
                "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
            ),
        ] {
            let computed =
                BodyDigests { sha256: Some(Sha256::digest(body).into()), sha512: Some(Sha512::digest(body).into()) };
            let read = digests(printed).expect(appendix);
            assert!(read.are_of(&computed), "{appendix}");
            assert!(!read.are_of(&BodyDigests::default()), "{appendix}");
        }
    }

    #[test]
    fn a_body_has_all_digests_or_not_the_right_ones() {
        let both = digests(&format!(
            "{}, sha-512=:{}:",
            write(HELLO.as_bytes()),
            STANDARD.encode(Sha512::digest("another body"))
        ));
        let body =
            BodyDigests { sha256: Some(Sha256::digest(HELLO).into()), sha512: Some(Sha512::digest(HELLO).into()) };
        assert!(!both.unwrap().are_of(&body));
        assert!(!digests(&write(b"another body")).unwrap().are_of(&body));
        assert!(!digests(&write(HELLO.as_bytes())).unwrap().are_of(&BodyDigests::default()));
    }

    #[test]
    fn what_is_not_a_dictionary_of_digests_is_refused() {
        let good = write(HELLO.as_bytes());
        let twice = format!("{good}, {good}");
        for bad in [
            &*twice,
            "sha-256=:AAAA:",
            "sha-256=x",
            "sha-256",
            "sha-256=(:AAAA:)",
            "sha-256=:*:",
            "=",
            "SHA-256=:AAAA:",
        ] {
            assert_eq!(digests(bad), Err(Fault::DigestForm), "{bad}");
        }
        assert_eq!(digests(""), Err(Fault::UnknownDigests));
        assert_eq!(digests("md5=:AAAA:"), Err(Fault::UnknownDigests));
    }

    #[test]
    fn a_digest_that_is_alone_is_read_as_by_the_parser_of_structured_fields() {
        let good = write(HELLO.as_bytes());
        assert!(read_sha256(good.as_bytes()).is_some());
        for at in 0..good.len() {
            for byte in *b"A9b+/=:;, -*" {
                let mut other = good.clone().into_bytes();
                other[at] = byte;
                if let Some(digest) = read_sha256(&other) {
                    let read = BodyDigests { sha256: Some(digest), sha512: None };
                    assert_eq!(BodyDigests::parse_any(&other), Ok(read), "{}", String::from_utf8_lossy(&other));
                }
            }
        }
    }
}
