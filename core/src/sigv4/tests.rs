//! Requests that are signed, sent, changed and verified.

mod properties;
mod requests;
mod suite;

use sha2::{Digest, Sha256};

use super::*;
use crate::request::Head;
use crate::standard::BodyDigests;

/// A request as it is on the wire.
#[derive(Clone, Debug, PartialEq)]
struct Request {
    method: String,
    target: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// How a request was judged.
#[derive(Clone, Debug, PartialEq)]
enum Verdict {
    Accepted,
    WrongSignature,
    WrongBody,
    Refused(Fault),
}

impl Request {
    fn new(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            headers: headers.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
            body: body.into(),
        }
    }

    fn head(&self) -> Head<'_, Vec<(String, Vec<u8>)>> {
        Head::new(self.method.as_bytes(), &self.target, &self.headers)
    }

    fn digests(&self) -> BodyDigests {
        BodyDigests { sha256: Some(Sha256::digest(&self.body).into()), sha512: None }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.into(), value.into()));
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    fn header(&self, name: &str) -> String {
        let (_, value) = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).expect("is there");
        String::from_utf8(value.clone()).expect("text")
    }

    fn signed(mut self, credentials: &Credentials<'_>, expected: &Expected, time: u64) -> Self {
        let body = self.body.clone();
        self.sign_with(Payload::Signed(&body), credentials, expected, time);
        self
    }

    fn sign_with(&mut self, payload: Payload<'_>, credentials: &Credentials<'_>, expected: &Expected, time: u64) {
        let signed = sign(&self.head(), payload, credentials, expected, time).expect("can be signed");
        let headers: Vec<(String, String)> =
            signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        headers.iter().for_each(|(name, value)| self.set(name, value));
    }

    fn verdict(&self, secret: &SigningSecret, expected: &Expected) -> Verdict {
        let claim = match Claim::read(&self.head(), expected) {
            Ok(claim) => claim,
            Err(fault) => return Verdict::Refused(fault),
        };
        match claim.prove(&claim.key(secret, expected), &self.digests()) {
            true if claim.is_right_body(&self.digests()) => Verdict::Accepted,
            true => Verdict::WrongBody,
            false => Verdict::WrongSignature,
        }
    }
}
