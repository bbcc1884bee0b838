//! Signs requests as one service.

use std::fmt;
use std::sync::Arc;

use crate::config::{Compiled, Config, Key, KeyState, Service};
use crate::identifier::{ReceivedId, is_id};
use crate::mac::{Sink, push_hex};
use crate::refusal::FailureCode;
use crate::request::{Head, Headers, MAX_METHOD_BYTES, check_method, check_target};
use crate::scheme::{Fields, Scheme, header};

/// Signs requests with the own service's key and the config's scheme. Thread-safe and cheap to clone.
#[derive(Clone)]
pub struct Signer {
    config: Arc<Compiled>,
    service: usize,
    target: Option<Box<str>>,
}

/// Why a request cannot be signed. Displays as a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The config has no key for its own service.
    NoKeys,
    /// The scheme signs the target service's id, and none is given.
    TargetNeeded,
    /// The target service's id is not an id.
    InvalidTarget,
    /// The request's method, target or headers cannot be on the wire.
    InvalidRequest(&'static str),
    /// The nonce is not 16 to 64 letters, digits, hyphens or underscores.
    InvalidNonce,
    /// The time has more digits than a timestamp may have.
    InvalidTime,
    /// No key of the own service is valid at that time.
    NoValidKey,
}

impl SignError {
    /// The stable code of all failures to sign.
    pub fn code(&self) -> FailureCode {
        FailureCode::SigningFailed
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoKeys => "the config has no key for its own service; add it to \"services\" with its keys",
            Self::TargetNeeded => {
                "service-hmac-v2 signs the name of the service that is called; give the signer a target"
            }
            Self::InvalidTarget => "the target is not the id of a service",
            Self::InvalidRequest(why) => why,
            Self::InvalidNonce => "the nonce is not 16 to 64 letters, digits, hyphens or underscores",
            Self::InvalidTime => "the time is not Unix time in seconds",
            Self::NoValidKey => "no key of the own service is valid at this time; add a key that is",
        })
    }
}

impl std::error::Error for SignError {}

impl Signer {
    /// A signer for calls to `target`, the id of the service that will receive them.
    ///
    /// # Errors
    /// Where the config has no key for its own service, or the scheme needs a target and has none.
    pub fn new(config: &Config, target: Option<&str>) -> Result<Self, SignError> {
        let config = config.0.clone();
        let service = config.find(config.service.as_bytes()).filter(|&at| !config.services[at].keys.is_empty());
        let service = service.ok_or(SignError::NoKeys)?;
        match target {
            None if config.sign_with.signs_nonce() => return Err(SignError::TargetNeeded),
            Some(target) if !is_id(target) => return Err(SignError::InvalidTarget),
            _ => {}
        }
        Ok(Self { config, service, target: target.map(Into::into) })
    }

    /// Signs a request as it will be sent. The method may be in any letter case; the target and the body must be the bytes
    /// that go over the wire. `now` is Unix time in seconds, `nonce` a fresh random text (a UUID will do).
    ///
    /// # Errors
    /// Where the request cannot be signed; the sentence says why.
    pub fn sign<H: Headers + ?Sized>(
        &self,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
    ) -> Result<SignedHeaders, SignError> {
        let prepared = self.prepare(head, now, nonce)?;
        let fields = prepared.fields(self, head, nonce);
        let scheme = self.config.sign_with;
        let sign = |key: &Key| {
            key.mac.tag(|sink| scheme.put_before_body(&fields, sink), body, scheme.after_body(fields.service))
        };

        let mut headers = SignedHeaders::new();
        let timestamp = prepared.timestamp.as_str();
        let own = &*self.own().id;
        match scheme {
            Scheme::ServiceHmac | Scheme::CrossService => {
                let name = if scheme == Scheme::ServiceHmac { header::SERVICE_ID } else { header::SERVICE_NAME };
                let valid = |key: &&Key| key.is_valid(now);
                let keys = || self.own().keys.iter().filter(valid);
                let key = keys().find(|key| key.state == KeyState::Active).or_else(|| keys().next());
                let tag = sign(key.ok_or(SignError::NoValidKey)?);
                headers.push(name, |value| value.push_str(own));
                headers.push(header::TIMESTAMP, |value| value.push_str(timestamp));
                headers.push(header::SIGNATURE, |value| push_hex(value, &tag));
                headers.push(header::REQUEST_ID, |value| value.push_str(nonce));
            }
            Scheme::ServiceHmacV2 => {
                headers.push(header::SERVICE_ID, |value| value.push_str(own));
                headers
                    .push(header::TARGET_SERVICE, |value| value.push_str(self.target.as_deref().unwrap_or_default()));
                headers.push(header::TIMESTAMP, |value| value.push_str(timestamp));
                headers.push(header::REQUEST_ID, |value| value.push_str(nonce));
                let mut signed = false;
                headers.push(header::SIGNATURE, |value| {
                    // While keys rotate, the receiver may know the old one only, or the new one only.
                    for key in self.own().keys.iter().filter(|key| key.is_valid(now)) {
                        value.push_str(if signed { ",v2=" } else { "v2=" });
                        push_hex(value, &sign(key));
                        signed = true;
                    }
                });
                if !signed {
                    return Err(SignError::NoValidKey);
                }
            }
        }
        Ok(headers)
    }

    /// The bytes that [`Signer::sign`] computes the signature over, for diagnosis. They hold no secret.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn message<H: Headers + ?Sized>(
        &self,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
    ) -> Result<Vec<u8>, SignError> {
        let prepared = self.prepare(head, now, nonce)?;
        let fields = prepared.fields(self, head, nonce);
        let mut message = Vec::new();
        self.config.sign_with.put_before_body(&fields, &mut message);
        message.put(body);
        self.config.sign_with.after_body(fields.service).into_iter().for_each(|piece| message.put(piece));
        Ok(message)
    }

    fn prepare<H: Headers + ?Sized>(&self, head: &Head<'_, H>, now: u64, nonce: &str) -> Result<Prepared, SignError> {
        let mut method = [0; MAX_METHOD_BYTES];
        let room = method.get_mut(..head.method.len()).ok_or(SignError::InvalidRequest("the method is too long"))?;
        room.copy_from_slice(head.method);
        room.make_ascii_uppercase();
        check_method(room).map_err(|fault| SignError::InvalidRequest(fault.sentence()))?;
        check_target(room, head.target).map_err(|fault| SignError::InvalidRequest(fault.sentence()))?;
        let id = ReceivedId::parse(nonce.as_bytes()).ok_or(SignError::InvalidNonce)?;
        if self.config.sign_with.signs_nonce() && !id.is_nonce() {
            return Err(SignError::InvalidNonce);
        }
        if now >= 1_000_000_000_000 {
            return Err(SignError::InvalidTime);
        }
        Ok(Prepared { method, method_length: head.method.len(), timestamp: now.to_string() })
    }

    fn own(&self) -> &Service {
        &self.config.services[self.service]
    }
}

struct Prepared {
    method: [u8; MAX_METHOD_BYTES],
    method_length: usize,
    timestamp: String,
}

impl Prepared {
    fn fields<'a, H: Headers + ?Sized>(&'a self, signer: &'a Signer, head: &Head<'a, H>, nonce: &'a str) -> Fields<'a> {
        let (path, query) = head.split_target();
        Fields {
            method: &self.method[..self.method_length],
            path,
            query: query.unwrap_or_default(),
            timestamp: self.timestamp.as_bytes(),
            service: signer.own().id.as_bytes(),
            target_service: signer.target.as_deref().unwrap_or_default().as_bytes(),
            nonce: nonce.as_bytes(),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Signer")
            .field("service", &self.own().id)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// The headers to set, in order. Those of the same names that the request has must be replaced.
#[derive(Clone)]
pub struct SignedHeaders {
    names: [&'static str; MOST_HEADERS],
    ends: [u16; MOST_HEADERS],
    count: usize,
    values: String,
}

const MOST_HEADERS: usize = 6;

impl SignedHeaders {
    fn new() -> Self {
        Self { names: [""; MOST_HEADERS], ends: [0; MOST_HEADERS], count: 0, values: String::with_capacity(192) }
    }

    fn push(&mut self, name: &'static str, write: impl FnOnce(&mut String)) {
        write(&mut self.values);
        self.names[self.count] = name;
        self.ends[self.count] = self.values.len().try_into().expect("ids and signatures are bounded");
        self.count += 1;
    }

    /// Names and values, in the order in which to set them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        (0..self.count).map(|at| {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            (self.names[at], &self.values[usize::from(start)..usize::from(self.ends[at])])
        })
    }
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}
