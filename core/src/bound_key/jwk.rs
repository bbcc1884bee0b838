//! JSON Web Keys and sets of them (RFC 7517, RFC 7518, RFC 8037). Certificates and addresses in them are never looked at.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{BoundKey, KeyAlgorithm};
use crate::strict_json::{Array, Object, Text, Value};

/// The longest set, in bytes.
const MAX_SET_BYTES: usize = 65_536;
/// The most keys of a set.
const MAX_SET_KEYS: usize = 64;

const MALFORMED: &str = "this is not a JSON Web Key: one object, each member once, values base64url without padding";
const INCOMPLETE: &str = "a member that a JSON Web Key of this kind needs is missing, or has another length";
const OTHER_ALGORITHM: &str = "this JSON Web Key is for another algorithm than the one that is configured";
const OTHER_USE: &str = "this JSON Web Key is for another use: \"use\" and \"key_ops\" must allow signatures";
const HALVES: &str = "the public half of this JSON Web Key is not that of its private half";

/// The members of a key that mean something here.
#[derive(Default)]
pub(super) struct Jwk<'a> {
    kind: Option<&'a str>,
    curve: Option<&'a str>,
    algorithm: Option<&'a str>,
    usage: Option<&'a str>,
    operations: Option<Array<'a>>,
    id: Option<Text<'a>>,
    n: Option<&'a str>,
    e: Option<&'a str>,
    x: Option<&'a str>,
    y: Option<&'a str>,
    d: Option<&'a str>,
    k: Option<&'a str>,
    /// Whether it holds anything that only its owner may know.
    is_secret: bool,
    is_malformed: bool,
}

impl<'a> Jwk<'a> {
    pub(super) fn read(document: &'a [u8]) -> Result<Self, &'static str> {
        let mut jwk = Self::default();
        Object::read(document, |name, value| jwk.take(name, value)).map_err(|_| MALFORMED)?;
        if jwk.is_malformed { Err(MALFORMED) } else { Ok(jwk) }
    }

    fn of(object: Object<'a>) -> Self {
        let mut jwk = Self::default();
        object.each(|name, value| jwk.take(name, value));
        jwk
    }

    fn take(&mut self, name: Text<'a>, value: Value<'a>) {
        let name = name.decoded();
        self.is_secret |= matches!(&*name, "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "k");
        let member = match &*name {
            "kty" => &mut self.kind,
            "crv" => &mut self.curve,
            "alg" => &mut self.algorithm,
            "use" => &mut self.usage,
            "n" => &mut self.n,
            "e" => &mut self.e,
            "x" => &mut self.x,
            "y" => &mut self.y,
            "d" => &mut self.d,
            "k" => &mut self.k,
            "kid" => {
                match value {
                    Value::String(id) => self.id = Some(id),
                    _ => self.is_malformed = true,
                }
                return;
            }
            "key_ops" => {
                match value {
                    Value::Array(operations) => self.operations = Some(operations),
                    _ => self.is_malformed = true,
                }
                return;
            }
            _ => return,
        };
        match value {
            Value::String(text) if text.plain().is_some() => *member = text.plain(),
            _ => self.is_malformed = true,
        }
    }

    /// Whether the key may be used for this ("sign" or "verify").
    fn check_use(&self, operation: &str) -> Result<(), &'static str> {
        let mut is_listed = self.operations.is_none();
        if let Some(operations) = self.operations {
            operations.each(|item| is_listed |= matches!(item, Value::String(text) if text.is(operation)));
        }
        if is_listed && self.usage.is_none_or(|usage| usage == "sig") { Ok(()) } else { Err(OTHER_USE) }
    }

    fn check(&self, algorithm: KeyAlgorithm, operation: &str) -> Result<(), &'static str> {
        let (kind, curve) = match algorithm {
            KeyAlgorithm::HmacSha256 | KeyAlgorithm::HmacSha384 | KeyAlgorithm::HmacSha512 => ("oct", None),
            KeyAlgorithm::Ed25519 => ("OKP", Some("Ed25519")),
            KeyAlgorithm::EcdsaP256Sha256 => ("EC", Some("P-256")),
            KeyAlgorithm::EcdsaP384Sha384 => ("EC", Some("P-384")),
            KeyAlgorithm::RsaV15Sha256 | KeyAlgorithm::RsaPssSha256 | KeyAlgorithm::RsaPssSha512 => ("RSA", None),
        };
        let is_named = self.algorithm.is_none_or(|name| KeyAlgorithm::from_jose(name) == Some(algorithm));
        if self.kind != Some(kind) || self.curve != curve || !is_named {
            return Err(OTHER_ALGORITHM);
        }
        self.check_use(operation)
    }

    pub(super) fn public(&self, algorithm: KeyAlgorithm) -> Result<BoundKey, &'static str> {
        if self.is_secret {
            return Err("this JSON Web Key is private or symmetric; a verifier needs the public key alone");
        }
        self.check(algorithm, "verify")?;
        if algorithm.is_rsa() {
            return BoundKey::rsa(algorithm, &decode(self.n)?, &decode(self.e)?);
        }
        BoundKey::curve_public(algorithm, &self.point(algorithm)?)
    }

    pub(super) fn private(&self, algorithm: KeyAlgorithm) -> Result<BoundKey, &'static str> {
        self.check(algorithm, "sign")?;
        if algorithm.is_symmetric() {
            return BoundKey::hmac(algorithm, &decode(self.k)?);
        }
        let key = BoundKey::curve_private(algorithm, &decode(self.d)?)?;
        if key.has_public(&self.point(algorithm)?) { Ok(key) } else { Err(HALVES) }
    }

    /// The public half, as its algorithm writes it.
    fn point(&self, algorithm: KeyAlgorithm) -> Result<Vec<u8>, &'static str> {
        let x = decode(self.x)?;
        let length = match algorithm {
            KeyAlgorithm::Ed25519 => return Ok(x.to_vec()),
            KeyAlgorithm::EcdsaP384Sha384 => 48,
            _ => 32,
        };
        let y = decode(self.y)?;
        // RFC 7518, section 6.2.1.2: each with all its zeros.
        if x.len() != length || y.len() != length {
            return Err(INCOMPLETE);
        }
        Ok([&[4], &x[..], &y[..]].concat())
    }

    /// The one algorithm that a key of a set is for. An RSA key that names none is for RS256, what those who leave it out sign with.
    fn only_algorithm(&self) -> Option<KeyAlgorithm> {
        match (self.algorithm, self.kind?, self.curve) {
            (Some(name), _, _) => KeyAlgorithm::from_jose(name),
            (None, "OKP", Some("Ed25519")) => Some(KeyAlgorithm::Ed25519),
            (None, "EC", Some("P-256")) => Some(KeyAlgorithm::EcdsaP256Sha256),
            (None, "EC", Some("P-384")) => Some(KeyAlgorithm::EcdsaP384Sha384),
            (None, "RSA", None) => Some(KeyAlgorithm::RsaV15Sha256),
            _ => None,
        }
    }
}

fn decode(text: Option<&str>) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let text = text.ok_or(INCOMPLETE)?;
    // Room for all from the start: growing would leave copies of a private key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    URL_SAFE_NO_PAD.decode_vec(text, &mut bytes).map_err(|_| MALFORMED)?;
    Ok(bytes)
}

/// The keys that an issuer publishes.
pub(crate) struct JwkSet;

/// A key of a set.
pub(crate) struct SetKey {
    /// The `kid` by which tokens name it. A text to compare with, whatever it looks like.
    pub(crate) id: Option<Box<str>>,
    pub(crate) key: BoundKey,
}

impl JwkSet {
    /// Reads a set. Keys of kinds, algorithms and uses that are not offered here are passed over, and so are keys that are too
    /// weak, as RFC 7517, section 5, says: they could not verify anything. The set is refused where a key is symmetric or
    /// private, since it was published; where two usable keys have one id, since nobody could say which is meant; and where
    /// nothing usable is left.
    pub(crate) fn parse(document: &[u8]) -> Result<Vec<SetKey>, &'static str> {
        const NO_SET: &str =
            "this is not a set of JSON Web Keys: an object with the member \"keys\", an array of objects";
        if document.len() > MAX_SET_BYTES {
            return Err("the set of keys is longer than 64 KiB");
        }
        let mut list = None;
        Object::read(document, |name, value| {
            if name.is("keys") {
                list = Some(value);
            }
        })
        .map_err(|_| NO_SET)?;
        let Some(Value::Array(list)) = list else {
            return Err(NO_SET);
        };
        let (mut keys, mut count, mut fault) = (Vec::new(), 0, None);
        list.each(|item| {
            count += 1;
            if fault.is_some() || count > MAX_SET_KEYS {
                return;
            }
            let Value::Object(object) = item else {
                fault = Some(NO_SET);
                return;
            };
            match set_key(&Jwk::of(object)) {
                Ok(key) => keys.extend(key),
                Err(why) => fault = Some(why),
            }
        });
        let ids = || keys.iter().filter_map(|key: &SetKey| key.id.as_deref());
        match fault {
            _ if count > MAX_SET_KEYS => Err("the set has more than 64 keys"),
            Some(why) => Err(why),
            None if keys.is_empty() => Err("no key of the set can be used: other algorithms, other uses, or too weak"),
            None if ids().enumerate().any(|(at, id)| ids().take(at).any(|other| other == id)) => {
                Err("two keys of the set have the same \"kid\"")
            }
            None => Ok(keys),
        }
    }
}

/// `None` where the key is passed over.
fn set_key(jwk: &Jwk<'_>) -> Result<Option<SetKey>, &'static str> {
    if jwk.is_secret || jwk.kind == Some("oct") {
        return Err(
            "a key of the set is private or symmetric: it is known to everybody who has read the set, so replace it",
        );
    }
    let key = jwk.only_algorithm().filter(|_| !jwk.is_malformed).and_then(|algorithm| jwk.public(algorithm).ok());
    Ok(key.map(|key| SetKey { id: jwk.id.map(|id| id.decoded().into()), key }))
}
