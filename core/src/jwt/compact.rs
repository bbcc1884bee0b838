//! JWS in compact form (RFC 7515, section 7.1): three parts, each exactly base64url without padding.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::MAX_TOKEN_BYTES;
use super::fault::Fault;
use super::name::{Name, take_name};
use crate::bound_key::KeyAlgorithm;
use crate::bytes::position;
use crate::strict_json::{Object, Value};

/// What a header says, and where the parts are.
pub(super) struct Compact<'a> {
    pub(super) algorithm: KeyAlgorithm,
    pub(super) key_id: Option<Name>,
    pub(super) kind: Option<Name>,
    /// What is signed: the first two parts as they were sent.
    pub(super) signed: &'a [u8],
    /// In the decoded bytes.
    pub(super) payload: Range<usize>,
    pub(super) signature: Range<usize>,
}

impl<'a> Compact<'a> {
    /// Takes a text apart. The second value holds all decoded bytes.
    pub(super) fn read(text: &'a [u8]) -> Result<(Self, Vec<u8>), Fault> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Fault::TooLong);
        }
        let header_end = position(text, b'.').ok_or(Fault::Parts)?;
        let (header, rest) = (&text[..header_end], &text[header_end + 1..]);
        let payload_end = position(rest, b'.').ok_or(Fault::Parts)?;
        let (payload, signature) = (&rest[..payload_end], &rest[payload_end + 1..]);
        match signature.iter().filter(|byte| **byte == b'.').count() {
            0 => {}
            2 => return Err(Fault::Encrypted),
            _ => return Err(Fault::Parts),
        }

        // A third more than the decoder fills, which spares it all checks of room.
        let mut decoded = vec![0; text.len()];
        let mut filled = 0;
        let mut decode = |part: &[u8], name| {
            let length = URL_SAFE_NO_PAD.decode_slice(part, &mut decoded[filled..]).map_err(|_| Fault::Base64(name))?;
            filled += length;
            Ok(filled - length..filled)
        };
        let header = decode(header, "header")?;
        let payload = decode(payload, "payload")?;
        let signature = decode(signature, "signature")?;
        let header = Header::read(&decoded, header)?;
        let compact = Self {
            algorithm: header.algorithm,
            key_id: header.key_id,
            kind: header.kind,
            signed: &text[..header_end + 1 + payload_end],
            payload,
            signature,
        };
        Ok((compact, decoded))
    }
}

struct Header {
    algorithm: KeyAlgorithm,
    key_id: Option<Name>,
    kind: Option<Name>,
}

impl Header {
    /// Keys and certificates in the header, and addresses of them (`jwk`, `jku`, `x5c`, `x5u`), are not looked at.
    fn read(decoded: &[u8], at: Range<usize>) -> Result<Self, Fault> {
        let (mut algorithm, mut key_id, mut kind) = (None, None, None);
        let mut fault = None;
        Object::read(&decoded[at], |name, value| {
            let found = match &*name.decoded() {
                "alg" => {
                    algorithm = Some(value);
                    None
                }
                "kid" => take_name(decoded, value, &mut key_id).err().map(|()| Fault::HeaderMember("kid")),
                "typ" => take_name(decoded, value, &mut kind).err().map(|()| Fault::HeaderMember("typ")),
                // Whatever is critical would have to be understood (section 4.1.11), and no extension is offered.
                "crit" => Some(Fault::Extension("crit")),
                "b64" => Some(Fault::Extension("b64")),
                "zip" => Some(Fault::Extension("zip")),
                _ => None,
            };
            fault = fault.or(found);
        })
        .map_err(Fault::Header)?;
        let algorithm = match algorithm {
            Some(Value::String(name)) => name.decoded(),
            Some(_) => return Err(Fault::HeaderMember("alg")),
            None => return Err(Fault::NoAlgorithm),
        };
        if algorithm.eq_ignore_ascii_case("none") {
            return Err(Fault::AlgorithmNone);
        }
        let algorithm = KeyAlgorithm::from_jose(&algorithm).ok_or(Fault::AlgorithmNotOffered)?;
        match fault {
            Some(fault) => Err(fault),
            None => Ok(Self { algorithm, key_id, kind }),
        }
    }
}
