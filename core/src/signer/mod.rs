//! Signs requests as one service.

mod headers;
mod standard;
mod template;

use std::fmt;
use std::sync::Arc;

pub use headers::SignedHeaders;
pub(crate) use standard::{best_token_key, can_sign};

use crate::config::{AwsKey, Compiled, Config, Key, Service};
use crate::identifier::{ReceivedId, is_id};
use crate::mac::push_hex;
use crate::refusal::FailureCode;
use crate::request::{Head, Headers, MAX_METHOD_BYTES, check_method, check_target};
use crate::scheme::{BuiltIn, Fields, Scheme, Standard, header};

/// Signs requests with the own service's key and the config's scheme. Thread-safe and cheap to clone.
#[derive(Clone)]
pub struct Signer {
    config: Arc<Compiled>,
    service: usize,
    target: Option<Box<str>>,
    /// Takes the place of the access keys in the config.
    temporary: Option<Arc<AwsKey>>,
}

/// Why a request cannot be signed. Displays as a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The config has no key for its own service.
    NoKeys,
    /// The scheme signs the target service's id, and none is given.
    TargetNeeded,
    /// API keys are given out by the service that is called, and none is named.
    ApiKeyTargetNeeded,
    /// The config has no API key to call that service with.
    NoApiKey,
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
    /// The request lacks a header that the scheme signs.
    AbsentHeader,
    /// The request has a header twice that the scheme signs.
    RepeatedHeader,
    /// The query holds a digest that is not the body's.
    OtherDigest,
    /// The request's query or body cannot be signed by the scheme.
    Unsignable,
    /// The scheme makes no signed links.
    NoLinks,
    /// The own service has no key that can sign tokens.
    NoTokenKey,
    /// A token is asked for somebody who is no service of the registry.
    UnknownSubject,
    /// A token is asked for a service that may not act in this environment.
    SubjectEnvironment,
    /// A token is asked for a target that the registry does not list for its subject.
    TargetNotAllowed,
    /// A token is asked for longer than the config lets tokens live, or for no time.
    InvalidLifetime,
    /// A permission that is asked for is no pattern, or more than the registry gives the subject.
    PermissionNotGranted,
    /// A token would hold more permissions than are read from one.
    TooManyPermissions,
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
            Self::TargetNeeded => "the scheme signs the name of the service that is called; give the signer a target",
            Self::ApiKeyTargetNeeded => "an API key is for one service; give the signer a target",
            Self::NoApiKey => "the config has no API key for that service; add \"call_with\" to it under \"services\"",
            Self::InvalidTarget => "the target is not the id of a service",
            Self::InvalidRequest(why) => why,
            Self::InvalidNonce => "the nonce is not 16 to 64 letters, digits, hyphens or underscores",
            Self::InvalidTime => "the time is not Unix time in seconds",
            Self::NoValidKey => "no key of the own service is valid at this time; add a key that is",
            Self::AbsentHeader => {
                "a header that the scheme signs is not among those of the request; set it before signing"
            }
            Self::RepeatedHeader => "a header that the scheme signs is among those of the request twice; set it once",
            Self::OtherDigest => "the query holds the digest of another body; put that of this body there first",
            Self::NoTokenKey => {
                "no key of the own service can sign tokens; give it one of Ed25519, ECDSA or HMAC (RSA keys only verify)"
            }
            Self::UnknownSubject => "the token's subject is not in \"services\"",
            Self::SubjectEnvironment => "the token's subject may not act in this environment",
            Self::TargetNotAllowed => "the audience is not among the \"allowed_targets\" of the token's subject",
            Self::InvalidLifetime => "a token lives for at least a second, and at most for the \"lifetime\" of the config",
            Self::PermissionNotGranted => {
                "a permission that is asked for is no pattern, or more than the registry gives the token's subject"
            }
            Self::TooManyPermissions => "a token has at most 100 permissions; ask for fewer of them",
            Self::NoLinks => "only requests of aws-sigv4 can be signed as links; set \"sign_with\" to it",
            Self::Unsignable => "the scheme signs parameters that the request lacks, has twice, or has too many of",
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
        Self::with(config, target, None)
    }

    /// A signer that uses credentials of AWS that were given out for a while, as a role has them, in place of the access keys in the
    /// config. Make a new one when they are renewed. Only with `aws-identity` and `aws-sigv4`.
    ///
    /// # Errors
    /// As [`Signer::new`], and where the credentials are none.
    pub fn with_aws_credentials(
        config: &Config,
        target: Option<&str>,
        access_key_id: &str,
        secret: &str,
        session_token: Option<&str>,
    ) -> Result<Self, SignError> {
        let is_aws = matches!(config.0.sign_with, Scheme::Standard(Standard::AwsIdentity | Standard::AwsSigv4));
        if !is_aws {
            return Err(SignError::InvalidRequest(
                "set \"sign_with\" to aws-identity or aws-sigv4 to sign with credentials of AWS",
            ));
        }
        let key = AwsKey::temporary(access_key_id, secret, session_token).map_err(SignError::InvalidRequest)?;
        Self::with(config, target, Some(Arc::new(key)))
    }

    fn with(config: &Config, target: Option<&str>, temporary: Option<Arc<AwsKey>>) -> Result<Self, SignError> {
        let config = config.0.clone();
        let service = match config.sign_with {
            Scheme::Plan(at) if config.plan(at).webhook.is_some() => config.plan(at).webhook,
            // The key is one that the called service has given out.
            Scheme::ApiKey => {
                let target = target.ok_or(SignError::ApiKeyTargetNeeded)?;
                let at = config.find(target.as_bytes()).filter(|&at| config.services[at].call_with.is_some());
                return match at {
                    Some(service) => Ok(Self { config, service, target: Some(target.into()), temporary: None }),
                    None => Err(SignError::NoApiKey),
                };
            }
            Scheme::Standard(scheme) => config
                .find(config.service.as_bytes())
                .filter(|&at| temporary.is_some() || standard::can_sign(&config.services[at], scheme)),
            Scheme::Plan(_) | Scheme::BuiltIn(_) => {
                config.find(config.service.as_bytes()).filter(|&at| !config.services[at].keys.is_empty())
            }
        };
        let service = service.ok_or(SignError::NoKeys)?;
        let needs_target = match config.sign_with {
            Scheme::BuiltIn(scheme) => scheme.signs_target(),
            Scheme::ApiKey => false,
            // What is good everywhere could be used everywhere.
            Scheme::Standard(scheme) => scheme.is_bearer(),
            Scheme::Plan(at) => config.plan(at).template.target.is_some(),
        };
        match target {
            None if needs_target => return Err(SignError::TargetNeeded),
            Some(target) if !is_id(target) => return Err(SignError::InvalidTarget),
            _ => {}
        }
        Ok(Self { config, service, target: target.map(Into::into), temporary })
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
        match self.config.sign_with {
            Scheme::BuiltIn(scheme) => self.sign_built_in(scheme, &prepared, head, body, now, nonce),
            Scheme::ApiKey => self.sign_api_key(nonce),
            Scheme::Standard(scheme) => self.sign_standard(scheme, &prepared, head, body, now, nonce),
            Scheme::Plan(at) => self.sign_template(self.config.plan(at), &prepared, head, body, now, nonce),
        }
    }

    fn sign_built_in<H: Headers + ?Sized>(
        &self,
        scheme: BuiltIn,
        prepared: &Prepared,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
    ) -> Result<SignedHeaders, SignError> {
        let fields = prepared.fields(self, head, nonce);
        let sign = |key: &Key| key.mac.tag(|sink| scheme.put(&fields, body, sink));

        let mut headers = SignedHeaders::new();
        let timestamp = prepared.timestamp.as_str();
        let own = &*self.own().id;
        match scheme {
            BuiltIn::ServiceHmac | BuiltIn::CrossService => {
                let name = if scheme == BuiltIn::ServiceHmac { header::SERVICE_ID } else { header::SERVICE_NAME };
                let tag = sign(self.best_key(now)?);
                headers.push(name, |value| value.push_str(own));
                headers.push(header::TIMESTAMP, |value| value.push_str(timestamp));
                headers.push(header::SIGNATURE, |value| push_hex(value, &tag));
                headers.push(header::REQUEST_ID, |value| value.push_str(nonce));
            }
            BuiltIn::ServiceHmacV2 => {
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

    fn sign_api_key(&self, nonce: &str) -> Result<SignedHeaders, SignError> {
        let key = self.own().call_with.as_ref().ok_or(SignError::NoApiKey)?;
        let mut headers = SignedHeaders::new();
        headers.push(header::API_KEY, |value| value.push_str(std::str::from_utf8(key).unwrap_or_default()));
        headers.push(header::REQUEST_ID, |value| value.push_str(nonce));
        Ok(headers)
    }

    /// The key to sign with where there is room for one signature: an active one before one on its way out.
    fn best_key(&self, now: u64) -> Result<&Key, SignError> {
        Key::best(&self.own().keys, |key| key, now).ok_or(SignError::NoValidKey)
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
        let mut message = Vec::new();
        match self.config.sign_with {
            Scheme::BuiltIn(scheme) => {
                let fields = prepared.fields(self, head, nonce);
                scheme.put(&fields, body, &mut message);
            }
            Scheme::ApiKey => {}
            Scheme::Standard(scheme) => message = self.standard_message(scheme, &prepared, head, body, now, nonce)?,
            Scheme::Plan(at) => {
                self.put_template(self.config.plan(at), &prepared, head, body, now, nonce, &mut message)?
            }
        }
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
        let signs_nonce = match self.config.sign_with {
            Scheme::BuiltIn(scheme) => scheme.signs_nonce(),
            Scheme::ApiKey => false,
            Scheme::Standard(scheme) => !matches!(scheme, Standard::AwsSigv4 | Standard::AwsIdentity),
            Scheme::Plan(at) => self.config.plan(at).template.signs_nonce(),
        };
        if signs_nonce && !id.is_nonce() {
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
    /// In upper case.
    fn method(&self) -> &[u8] {
        &self.method[..self.method_length]
    }

    fn fields<'a, H: Headers + ?Sized>(&'a self, signer: &'a Signer, head: &Head<'a, H>, nonce: &'a str) -> Fields<'a> {
        let (path, query) = head.split_target();
        Fields {
            method: self.method(),
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
