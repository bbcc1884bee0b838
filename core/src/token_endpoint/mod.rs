//! A token endpoint: tokens for services that prove themselves with what they have, an API key or a key of HMAC
//! (RFC 6749, section 4.4). The tokens are access tokens as RFC 9068 describes them.

mod form;
mod grant;
mod issued;
mod response;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

pub use issued::IssuedToken;
pub use response::TokenResponse;

use crate::config::{Compiled, Config, Service};
use crate::identifier::ReceivedId;
use crate::jwt;
use crate::scheme::Standard;
use crate::signer::{SignError, best_token_key, can_sign};

/// The longest name of a tenant, in bytes.
const MAX_TENANT_BYTES: usize = 256;

/// Issues tokens about the services of the registry, signed with the own service's key. Thread-safe and cheap to clone.
///
/// ```
/// use wiresign::{Config, Secrets, TokenIssuer, TokenRequest};
///
/// let document = r#"{
///     "service": "identity",
///     "services": {
///         "identity": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": "env:SEED"}]},
///         "billing": {"api_keys": [{"secret": "env:BILLING_KEY"}], "allowed_targets": ["identity", "orders"]}
///     }
/// }"#;
/// let secrets = Secrets::new()
///     .env("SEED", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
///     .env("BILLING_KEY", "k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f");
/// let issuer = TokenIssuer::new(&Config::parse(document, &secrets)?)?;
///
/// let (now, id) = (1_767_225_600, "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11");
/// let token = issuer.issue(&TokenRequest::new("billing", "orders"), now, id)?;
/// assert_eq!(token.expires(), now + 300);
/// assert!(issuer.issue(&TokenRequest::new("billing", "payroll"), now, id).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TokenIssuer(Arc<ArcSwap<Issuing>>);

/// One config, and where its own service is in the registry.
struct Issuing {
    config: Arc<Compiled>,
    service: usize,
}

/// What a token is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// Whom the token is about: the service that a verification named.
    pub subject: &'a str,
    /// For which service the token is, one of the subject's `allowed_targets`.
    pub audience: &'a str,
    /// For how many seconds, at most the config's `lifetime`; that where nothing is said.
    pub lifetime: Option<u64>,
    /// Which of the subject's permissions the token holds; all of them where nothing is said.
    pub permissions: Option<&'a [&'a str]>,
    /// The tenant that the token names.
    pub tenant: Option<&'a str>,
}

impl<'a> TokenRequest<'a> {
    /// A token about `subject` for `audience` with all that the registry gives.
    pub fn new(subject: &'a str, audience: &'a str) -> Self {
        Self { subject, audience, lifetime: None, permissions: None, tenant: None }
    }
}

impl TokenIssuer {
    /// # Errors
    /// Where the own service has no key that can sign a token.
    pub fn new(config: &Config) -> Result<Self, SignError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(Issuing::new(config)?))))
    }

    /// Swaps the config for all later tokens, those of clones too.
    ///
    /// # Errors
    /// As for `new`. Then the config stays the one that it was.
    pub fn replace(&self, config: &Config) -> Result<(), SignError> {
        self.0.store(Arc::new(Issuing::new(config)?));
        Ok(())
    }

    /// Issues a token. `now` is Unix time in seconds, `id` a fresh random text (a UUID will do), which becomes the `jti`.
    ///
    /// # Errors
    /// Where the registry does not allow the token, or no key is valid; the sentence says why.
    pub fn issue(&self, request: &TokenRequest<'_>, now: u64, id: &str) -> Result<IssuedToken, SignError> {
        self.0.load().issue(request, now, id)
    }

    /// Answers a request to a token endpoint: judges its form, issues the token, and writes the answer, all of it as RFC 6749
    /// says (sections 4.4 and 5).
    ///
    /// `caller` is the service that a verification of this request named (an empty one is nobody), `form` the request's body. The
    /// tenant is for the application to name, never for the caller.
    ///
    /// # Errors
    /// Where no caller's fault is why there is no token: no key is valid, or `now`, `id` or `tenant` cannot be.
    pub fn answer(
        &self,
        caller: Option<&str>,
        form: &[u8],
        tenant: Option<&str>,
        now: u64,
        id: &str,
    ) -> Result<TokenResponse, SignError> {
        self.0.load().answer(caller, form, tenant, now, id)
    }
}

impl Issuing {
    fn new(config: &Config) -> Result<Self, SignError> {
        let config = config.0.clone();
        let own = config.find(config.service.as_bytes());
        let service = own.filter(|&at| can_sign(&config.services[at], Standard::Jwt)).ok_or(SignError::NoTokenKey)?;
        Ok(Self { config, service })
    }

    fn issue(&self, request: &TokenRequest<'_>, now: u64, id: &str) -> Result<IssuedToken, SignError> {
        let subject = self.subject(request.subject)?;
        let targets = subject.targets.as_deref().unwrap_or_default();
        if !targets.iter().any(|target| **target == *request.audience) {
            return Err(SignError::TargetNotAllowed);
        }
        let settings = &self.config.standards.tokens;
        let lifetime = request.lifetime.unwrap_or(settings.lifetime);
        if !(1..=settings.lifetime).contains(&lifetime) {
            return Err(SignError::InvalidLifetime);
        }
        ReceivedId::parse(id.as_bytes()).filter(|id| id.is_nonce()).ok_or(SignError::InvalidNonce)?;
        if now >= 1_000_000_000_000 {
            return Err(SignError::InvalidTime);
        }
        let permissions = grant::permissions(subject.permissions.as_deref(), request.permissions)?;
        let claims = self.claims(request, &permissions)?;
        let own = &self.config.services[self.service];
        let key = best_token_key(own, now)?;
        let expires = now + lifetime;
        let token = jwt::NewToken {
            kind: "at+jwt",
            key_id: Some(&key.key.id),
            issuer: settings.issue.issuer.as_deref().unwrap_or(&own.id),
            subject: request.subject,
            audience: &[request.audience],
            issued_at: now,
            not_before: None,
            expires,
            id: Some(id),
            claims: Some(&claims),
        };
        let text = jwt::issue(&token, &key.bound).map_err(SignError::InvalidRequest)?;
        Ok(IssuedToken::new(text, now, expires, permissions))
    }

    fn answer(
        &self,
        caller: Option<&str>,
        form: &[u8],
        tenant: Option<&str>,
        now: u64,
        id: &str,
    ) -> Result<TokenResponse, SignError> {
        // Go knows no other way to say that nobody called.
        let Some(subject) = caller.filter(|caller| !caller.is_empty()) else {
            return Ok(TokenResponse::invalid_client(&self.config.service));
        };
        let form = match form::read(form) {
            Ok(form) => form,
            Err((error, description)) => return Ok(TokenResponse::error(error, description)),
        };
        let scope: Option<Vec<&str>> = form.scope.as_ref().map(|scope| scope.iter().map(|text| &**text).collect());
        let request =
            TokenRequest { permissions: scope.as_deref(), tenant, ..TokenRequest::new(subject, &form.audience) };
        match self.issue(&request, now, id) {
            Ok(token) => Ok(TokenResponse::token(&token)),
            Err(fault) => match response::error_of(fault) {
                Some(error) => Ok(TokenResponse::error(error, &fault.to_string())),
                None => Err(fault),
            },
        }
    }

    fn subject(&self, id: &str) -> Result<&Service, SignError> {
        let at = self.config.find(id.as_bytes()).ok_or(SignError::UnknownSubject)?;
        let subject = &self.config.services[at];
        if !subject.in_environment {
            return Err(SignError::SubjectEnvironment);
        }
        Ok(subject)
    }

    /// The further claims, as a JSON object.
    fn claims(&self, request: &TokenRequest<'_>, permissions: &[String]) -> Result<String, SignError> {
        let names = &self.config.standards.tokens.issue;
        let mut claims = format!("{{\"client_id\":{}", json(request.subject));
        let mut push = |name: &str, value: String| claims.push_str(&format!(",{}:{value}", json(name)));
        push(&names.permissions_claim, json(permissions));
        if let Some(tenant) = request.tenant {
            if tenant.is_empty() || tenant.len() > MAX_TENANT_BYTES || tenant.chars().any(char::is_control) {
                return Err(SignError::InvalidRequest(
                    "the tenant is not a text of 1 to 256 bytes without control characters",
                ));
            }
            push(&names.tenant_claim, json(tenant));
        }
        claims.push('}');
        Ok(claims)
    }
}

fn json(value: &(impl serde::Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("strings and lists of them are JSON")
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TokenIssuer").field("service", &self.0.load().config.service).finish_non_exhaustive()
    }
}
