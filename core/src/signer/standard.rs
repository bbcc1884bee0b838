//! Signs as the standards say: message signatures, signatures of AWS, and tokens.

use super::{Prepared, SignError, SignedHeaders, Signer};
use crate::aws_identity;
use crate::config::{AwsKey, Bound, Key, KeyState, Service};
use crate::jwt;
use crate::request::{Head, Headers};
use crate::rfc9421;
use crate::scheme::{Scheme, Standard, header};
use crate::sigv4;

/// Whether a service has a key to sign with.
pub(crate) fn can_sign(service: &Service, scheme: Standard) -> bool {
    match scheme {
        Standard::AwsSigv4 | Standard::AwsIdentity => !service.aws_keys.is_empty(),
        Standard::Rfc9421 => service.bound_keys.iter().any(is_for_messages),
        Standard::Jwt => service.bound_keys.iter().any(is_for_tokens),
    }
}

fn is_for_messages(known: &Bound) -> bool {
    known.bound.can_sign() && known.bound.algorithm().http_name().is_some()
}

fn is_for_tokens(known: &Bound) -> bool {
    known.bound.can_sign()
}

impl Signer {
    pub(super) fn sign_standard<H: Headers + ?Sized>(
        &self,
        scheme: Standard,
        prepared: &Prepared,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
    ) -> Result<SignedHeaders, SignError> {
        let head = self.addressed(prepared, head);
        let mut headers = SignedHeaders::new();
        match scheme {
            Standard::AwsSigv4 => {
                let key = self.best_aws_key(now)?;
                headers = listed(self.sign_for_aws(&head, body, key, now)?.headers());
            }
            Standard::AwsIdentity => headers = self.sign_identity(now, nonce)?,
            Standard::Rfc9421 => headers = listed(self.sign_message(&head, body, now, nonce)?.headers()),
            Standard::Jwt => {
                let token = self.issue(now, nonce)?;
                headers.push("Authorization", |text| {
                    text.push_str("Bearer ");
                    text.push_str(&token);
                });
            }
        }
        Ok(headers)
    }

    /// What is signed, for diagnosis: of the proof of an identity the question to AWS, of a token nothing.
    pub(super) fn standard_message<H: Headers + ?Sized>(
        &self,
        scheme: Standard,
        prepared: &Prepared,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
    ) -> Result<Vec<u8>, SignError> {
        let head = self.addressed(prepared, head);
        Ok(match scheme {
            Standard::AwsSigv4 => self.sign_for_aws(&head, body, self.best_aws_key(now)?, now)?.canonical_request,
            Standard::Rfc9421 => self.sign_message(&head, body, now, nonce)?.base().to_vec(),
            Standard::AwsIdentity => self.identity_signed_at(now)?.canonical_request,
            Standard::Jwt => Vec::new(),
        })
    }

    /// The request with its method in upper case, and where it names no authority, with that of the target's URL in the
    /// config.
    fn addressed<'a, H: Headers + ?Sized>(&'a self, prepared: &'a Prepared, head: &Head<'a, H>) -> Head<'a, H> {
        let mut has_host = false;
        head.headers.visit(|name, _| has_host |= name.eq_ignore_ascii_case(b"Host"));
        let of_target = || {
            let target = self.config.find(self.target.as_deref()?.as_bytes())?;
            let url = self.config.services[target].url.as_deref()?;
            Some(url.split_once("://")?.1.trim_end_matches('/').as_bytes())
        };
        let authority = head.authority().or_else(|| if has_host { None } else { of_target() });
        Head { method: prepared.method(), authority, ..*head }
    }

    fn sign_message<H: Headers + ?Sized>(
        &self,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
    ) -> Result<rfc9421::Signed, SignError> {
        let policy = &self.config.standards.messages;
        self.with_message_keys(now, |keys| rfc9421::sign(policy, head, body, keys, now, nonce))
    }

    /// Signs the response to a request so that it can be held against that request (RFC 9421, section 2.4). `request` is the
    /// request as it was received, with its signature headers. Where it asks for a signature by `Accept-Signature`, it gets
    /// that one.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_response<H: Headers + ?Sized, R: Headers + ?Sized>(
        &self,
        (status, headers, body): (u16, &H, &[u8]),
        request: &Head<'_, R>,
        now: u64,
    ) -> Result<SignedHeaders, SignError> {
        let policy = &self.config.standards.responses;
        let asked = rfc9421::Asked::read(request.headers).map_err(unsigned)?;
        let signed = self.with_message_keys(now, |keys| match asked.first() {
            Some(asked) => asked.sign_response(policy.url_scheme(), (status, headers, body), request, keys, now),
            None => rfc9421::sign_response(policy, (status, headers, body), request, keys, now),
        })?;
        Ok(listed(signed.headers()))
    }

    /// Signs a request once more, as the response to its first attempt asks by `Accept-Signature` (RFC 9421, section 5.2).
    /// `None` where it asks for nothing.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_as_asked<H: Headers + ?Sized, A: Headers + ?Sized>(
        &self,
        response: &A,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
    ) -> Result<Option<SignedHeaders>, SignError> {
        let prepared = self.prepare(head, now, nonce)?;
        let head = self.addressed(&prepared, head);
        let asked = rfc9421::Asked::read(response).map_err(unsigned)?;
        let Some(asked) = asked.first() else { return Ok(None) };
        let scheme = self.config.standards.messages.url_scheme();
        let signed = self.with_message_keys(now, |keys| asked.sign(scheme, &head, body, keys, now, Some(nonce)))?;
        Ok(Some(listed(signed.headers())))
    }

    /// Hands over the keys that messages are signed with.
    fn with_message_keys(
        &self,
        now: u64,
        sign: impl FnOnce(&[rfc9421::SigningKey<'_>]) -> Result<rfc9421::Signed, rfc9421::Fault>,
    ) -> Result<rfc9421::Signed, SignError> {
        let keys = best_keys(self.own(), now, is_for_messages)?;
        let own = &*self.own().id;
        // By our own profile a key's name begins with its service; elsewhere keys have names of their own.
        let is_profile = self.config.standards.messages.is_profile();
        let keyid = |known: &Bound| match is_profile {
            true => format!("{own}/{}", known.key.id),
            false => known.key.id.to_string(),
        };
        let keyids: Vec<String> = keys.iter().map(|known| keyid(known)).collect();
        let signs: Vec<_> = keys.iter().map(|known| |base: &[u8]| known.bound.sign(base)).collect();
        let keys: Vec<rfc9421::SigningKey<'_>> = keys
            .iter()
            .zip(keyids.iter().zip(&signs))
            .map(|(known, (keyid, sign))| rfc9421::SigningKey {
                keyid,
                algorithm: known.bound.algorithm().http_name().unwrap_or_default(),
                sign,
            })
            .collect();
        sign(&keys).map_err(unsigned)
    }

    fn sign_for_aws<'k, H: Headers + ?Sized>(
        &self,
        head: &Head<'_, H>,
        body: &[u8],
        key: &'k AwsKey,
        now: u64,
    ) -> Result<sigv4::Signed<'k>, SignError> {
        sigv4::sign(head, sigv4::Payload::Signed(body), &credentials(key), self.aws_scope()?, now).map_err(unsignable)
    }

    /// Signs a request as a link: gives the target to send, which is valid for `seconds`. Only with `aws-sigv4`. Headers of the
    /// request are signed, and must be sent with it; the body is not, so the receiver must allow that.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn presign<H: Headers + ?Sized>(
        &self,
        head: &Head<'_, H>,
        now: u64,
        seconds: u64,
    ) -> Result<String, SignError> {
        if self.config.sign_with != Scheme::Standard(Standard::AwsSigv4) {
            return Err(SignError::NoLinks);
        }
        // The request id plays no part in a link.
        let prepared = self.prepare(head, now, "presigned-link-00")?;
        let head = self.addressed(&prepared, head);
        let scope = self.aws_scope()?;
        let is_without_body = matches!(head.method, b"GET" | b"HEAD" | b"DELETE");
        let payload = match is_without_body && !scope.declares_payload {
            true => sigv4::Payload::Signed(b""),
            false => sigv4::Payload::Unsigned,
        };
        sigv4::presign(&head, payload, &credentials(self.best_aws_key(now)?), scope, now, seconds).map_err(unsignable)
    }

    /// The proof of the IAM identity that the key belongs to. The same within a minute, so that the target asks AWS about it once.
    fn sign_identity(&self, now: u64, nonce: &str) -> Result<SignedHeaders, SignError> {
        let mut headers = SignedHeaders::new();
        let signed = self.identity_signed_at(now)?;
        let target = self.target.as_deref().unwrap_or_default();
        headers.push(header::TARGET_SERVICE, |text| text.push_str(target));
        for (name, value) in signed.headers() {
            let name = match name {
                "X-Amz-Date" => aws_identity::header::DATE,
                "X-Amz-Security-Token" => aws_identity::header::TOKEN,
                _ => aws_identity::header::IDENTITY,
            };
            headers.push(name, |text| text.push_str(value));
        }
        headers.push(header::REQUEST_ID, |text| text.push_str(nonce));
        Ok(headers)
    }

    fn identity_signed_at(&self, now: u64) -> Result<sigv4::Signed<'_>, SignError> {
        let settings = self.config.standards.identities.as_ref().ok_or(SignError::Unsignable)?;
        let target = self.target.as_deref().unwrap_or_default();
        let credentials = credentials(self.best_aws_key(now)?);
        aws_identity::signed_at(&settings.regions[0], target, &credentials, now).map_err(unsignable)
    }

    fn aws_scope(&self) -> Result<&sigv4::Expected, SignError> {
        self.config.standards.aws.as_ref().ok_or(SignError::Unsignable)
    }

    fn best_aws_key(&self, now: u64) -> Result<&AwsKey, SignError> {
        if let Some(temporary) = &self.temporary {
            return Ok(temporary);
        }
        Key::best(&self.own().aws_keys, |known| &known.key, now).ok_or(SignError::NoValidKey)
    }

    /// A token about the own service for the target.
    fn issue(&self, now: u64, id: &str) -> Result<String, SignError> {
        let key = best_token_key(self.own(), now)?;
        let own = &*self.own().id;
        let token = jwt::NewToken {
            kind: "JWT",
            key_id: Some(&key.key.id),
            issuer: own,
            subject: own,
            audience: &[self.target.as_deref().unwrap_or_default()],
            issued_at: now,
            not_before: None,
            expires: now + self.config.standards.tokens.lifetime,
            id: Some(id),
            claims: None,
        };
        jwt::issue(&token, &key.bound).map_err(SignError::InvalidRequest)
    }
}

/// The keys to sign with: of those that are valid the ones that only their owner has, or else the shared ones. An active one
/// stands before one on its way out.
fn best_keys(own: &Service, now: u64, is_usable: impl Fn(&Bound) -> bool) -> Result<Vec<&Bound>, SignError> {
    let is_valid = |known: &&Bound| known.key.is_valid(now) && is_usable(known);
    let mut keys: Vec<&Bound> = own.bound_keys.iter().filter(is_valid).collect();
    if keys.iter().any(|known| !known.bound.algorithm().is_symmetric()) {
        keys.retain(|known| !known.bound.algorithm().is_symmetric());
    }
    keys.sort_by_key(|known| known.key.state != KeyState::Active);
    if keys.is_empty() { Err(SignError::NoValidKey) } else { Ok(keys) }
}

/// The key to sign a token with.
pub(crate) fn best_token_key(own: &Service, now: u64) -> Result<&Bound, SignError> {
    best_keys(own, now, is_for_tokens).map(|keys| keys[0])
}

fn credentials(key: &AwsKey) -> sigv4::Credentials<'_> {
    sigv4::Credentials {
        access_key: &key.key.id,
        secret: &key.signing,
        session_token: key
            .session_token
            .as_ref()
            .map(|token| std::str::from_utf8(token).expect("the config was checked to hold ASCII here")),
    }
}

fn unsignable(fault: sigv4::SignFault) -> SignError {
    SignError::InvalidRequest(fault.sentence())
}

fn unsigned(fault: rfc9421::Fault) -> SignError {
    SignError::InvalidRequest(fault.sentence())
}

fn listed<'a>(signed: impl Iterator<Item = (&'static str, &'a str)>) -> SignedHeaders {
    let mut headers = SignedHeaders::new();
    signed.for_each(|(name, value)| headers.push(name, |text| text.push_str(value)));
    headers
}
