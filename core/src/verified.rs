//! Who called: what only a verification can make.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::config::{Compiled, Key, KeyState};
use crate::identifier::RequestId;
use crate::mac::{Tag, push_hex};
use crate::policy::Permission;
use crate::refusal::{Detail, Refusal, RefusalCode};
use crate::scheme::{Scheme, Standard};
use crate::standard::{IdentityFacts, StandardFacts, TokenFacts};

/// A request that was accepted, and what was verified of its caller. Making one costs no allocation.
#[derive(Clone)]
pub struct Verified {
    config: Arc<Compiled>,
    acceptance: Acceptance,
}

/// What was found of a request that is accepted, in terms of the config that it was judged by.
#[derive(Clone)]
pub(crate) struct Acceptance {
    pub(crate) route: Option<usize>,
    pub(crate) caller: Option<Caller>,
    /// What only the standards have.
    pub(crate) standard: Option<Arc<StandardFacts>>,
}

#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) service: usize,
    pub(crate) key: usize,
    pub(crate) scheme: Scheme,
    /// Whether the request carries an API key of the same service too.
    pub(crate) has_api_key_too: bool,
    pub(crate) timestamp: Option<u64>,
    pub(crate) age: Option<i64>,
    pub(crate) request_id: RequestId,
    pub(crate) id_is_signed: bool,
    pub(crate) replay_id: ReplayId,
    /// For how long a store of the adapter must remember the request.
    pub(crate) replay_seconds: Option<u64>,
    /// Whether the replay store was full and the config let the request pass.
    pub(crate) unrecorded: bool,
}

/// What tells a request from its replay. Derived from signed bytes only.
#[derive(Clone, Copy)]
pub(crate) enum ReplayId {
    /// The request id, which is signed, in the scope of the service.
    Nonce,
    Signature(Tag),
    None,
}

/// What [`Verified::replay_key`] is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaySource<'a> {
    /// The request id, which is signed.
    RequestId,
    /// The signature.
    Signature(&'a [u8; 32]),
}

impl Verified {
    pub(crate) fn new(config: Arc<Compiled>, acceptance: Acceptance) -> Self {
        Self { config, acceptance }
    }

    pub(crate) fn acceptance(&self) -> &Acceptance {
        &self.acceptance
    }

    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.acceptance.caller.as_ref()
    }

    /// Whether the request was accepted on a public route, without a credential. Then nothing is known of its caller.
    pub fn is_public(&self) -> bool {
        self.caller().is_none()
    }

    /// The calling service's id, or `webhook:NAME`; `None` on a public route, and on an optional one without a credential.
    pub fn service(&self) -> Option<&str> {
        self.caller().map(|caller| &*self.config.services[caller.service].id)
    }

    /// The id of the key that made the signature.
    pub fn key_id(&self) -> Option<&str> {
        match (self.acceptance.deciding_token(), self.acceptance.deciding_identity()) {
            (Some(token), _) => token.key_id.as_deref(),
            (None, Some(identity)) => Some(&identity.access_key),
            (None, None) => self.acceptance.key(&self.config).map(|key| &*key.id),
        }
    }

    /// Whether that key is on its way out.
    pub fn key_is_retiring(&self) -> bool {
        self.acceptance.key_is_retiring(&self.config)
    }

    /// The scheme's id.
    pub fn scheme(&self) -> Option<&str> {
        self.caller().map(|caller| self.config.scheme_id(caller.scheme))
    }

    /// The ids of all schemes whose credentials were verified: one, and `api-key`, `jwt` and `aws-identity` behind it where the
    /// route requires them too.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        let caller = self.caller();
        let has_token_too = self.acceptance.deciding_token().is_none() && self.acceptance.token().is_some();
        let api_key = caller.filter(|caller| caller.has_api_key_too).map(|_| "api-key");
        let has_identity_too = self.acceptance.deciding_identity().is_none() && self.acceptance.identity().is_some();
        let token = has_token_too.then_some(Standard::Jwt.id());
        let identity = has_identity_too.then_some(Standard::AwsIdentity.id());
        self.scheme().into_iter().chain(api_key).chain(token).chain(identity)
    }

    /// The subject (`sub`) of the request's token; where it has none, the ARN of the IAM identity that AWS has confirmed.
    pub fn subject(&self) -> Option<&str> {
        match self.acceptance.token() {
            Some(token) => token.subject.as_deref(),
            None => Some(&self.acceptance.identity()?.arn),
        }
    }

    /// The tenant that the request's token names, in the claim that the config says.
    pub fn tenant(&self) -> Option<&str> {
        self.acceptance.token()?.tenant.as_deref()
    }

    /// When the request's token expires, in Unix seconds.
    pub fn token_expires(&self) -> Option<u64> {
        self.acceptance.token().map(|token| token.expires)
    }

    /// The claims of the request's token, as the JSON text of an object.
    pub fn claims(&self) -> Option<&str> {
        self.acceptance.token().map(|token| &*token.claims)
    }

    // Not inlined: there the compiler reads the time before it asks whether there is a caller, and drops what it read. That is
    // harmless, but Valgrind says that it is not.
    /// The signed time, in Unix seconds; `None` where the scheme has none.
    #[inline(never)]
    pub fn timestamp(&self) -> Option<u64> {
        self.caller().and_then(|caller| caller.timestamp)
    }

    /// How old the request is, in seconds; negative where its timestamp lies in the future.
    // Not inlined for the same reason.
    #[inline(never)]
    pub fn age(&self) -> Option<i64> {
        self.caller().and_then(|caller| caller.age)
    }

    /// The request id, where the request carries one of the usual form.
    pub fn request_id(&self) -> Option<&str> {
        self.caller().and_then(|caller| caller.request_id.as_str())
    }

    /// Whether the request id is covered by the signature. If not, anybody may have written it.
    pub fn request_id_is_signed(&self) -> bool {
        self.caller().is_some_and(|caller| caller.id_is_signed)
    }

    /// Whether this holds more than follows from caller, key, schemes, route and time: what a token claims, or what a signer has
    /// chosen to cover. Then a binding keeps nothing of it for the next request.
    pub fn is_individual(&self) -> bool {
        self.acceptance.standard.is_some()
    }

    /// The pattern of the route that matched, as it stands in the config.
    pub fn route(&self) -> Option<&str> {
        self.acceptance.route.map(|at| &*self.config.routes[at].text)
    }

    /// The parts of the request that the signature covers. Empty on a public route.
    pub fn covered(&self) -> impl Iterator<Item = &str> {
        let (built_in, names, text): (&[&str], &[Box<str>], &str) = match self.caller().map(|caller| caller.scheme) {
            None | Some(Scheme::ApiKey) => (&[], &[], ""),
            Some(Scheme::BuiltIn(scheme)) => (scheme.covers(), &[], ""),
            Some(Scheme::Standard(_)) => {
                (&[], &[], self.acceptance.standard.as_ref().map_or("", |standard| &standard.covered))
            }
            Some(Scheme::Plan(at)) => (&[], &self.config.plan(at).template.coverage.names, ""),
        };
        built_in.iter().copied().chain(names.iter().map(|name| &**name)).chain(text.split_ascii_whitespace())
    }

    /// Refuses the request unless one of these services made it: a rule that an application adds to those of the config.
    /// Without any service named, each caller will do, but there must be one.
    ///
    /// # Errors
    /// `SERVICE_NOT_ALLOWED`, or `AUTHENTICATION_REQUIRED` where the request came in on a public route.
    pub fn require_service<S: AsRef<str>>(&self, services: &[S]) -> Result<(), Refusal> {
        let own = self.required_caller()?;
        if services.is_empty() || services.iter().any(|service| service.as_ref() == own) {
            return Ok(());
        }
        Err(self.refuse(RefusalCode::ServiceNotAllowed, Detail::RequiredServices))
    }

    /// Refuses the request unless its caller may do all that a permission matches, by the config and by the request's token: a
    /// rule that an application adds for a handler.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, or `AUTHENTICATION_REQUIRED` where the request came in on a public route.
    pub fn require_permission(&self, permission: &Permission) -> Result<(), Refusal> {
        let own = self.required_caller()?;
        if self.config.permits(own, self.claims(), permission) {
            return Ok(());
        }
        Err(self.refuse(RefusalCode::PermissionDenied, Detail::RequiredPermission))
    }

    /// The id of the calling service, where an application needs one.
    fn required_caller(&self) -> Result<&str, Refusal> {
        self.service().ok_or_else(|| self.refuse(RefusalCode::AuthenticationRequired, Detail::RequiredCaller))
    }

    fn refuse(&self, code: RefusalCode, detail: Detail) -> Refusal {
        let (service, request_id) = self
            .acceptance
            .caller
            .as_ref()
            .map_or((None, RequestId::NONE), |caller| (Some(caller.service), caller.request_id));
        Refusal::new(code, detail, &self.config, service, request_id.lend())
    }

    /// For how many seconds an external replay store must remember the request's [`replay_key`](Self::replay_key). `None`
    /// where it need not: the request may come again, or the config names no external store.
    pub fn replay_seconds(&self) -> Option<u64> {
        self.caller().and_then(|caller| caller.replay_seconds)
    }

    pub(crate) fn config(&self) -> &Arc<Compiled> {
        &self.config
    }

    /// What [`replay_key`](Self::replay_key) is made of: for bindings that make the text only when somebody asks for it.
    pub fn replay_source(&self) -> Option<ReplaySource<'_>> {
        match &self.caller()?.replay_id {
            ReplayId::None => None,
            ReplayId::Nonce => Some(ReplaySource::RequestId),
            ReplayId::Signature(tag) => Some(ReplaySource::Signature(tag)),
        }
    }

    /// What tells this request from its replay, as text for a store of your own. Derived from signed bytes only, and the
    /// same in every process. `None` where the scheme has neither a time nor a nonce.
    pub fn replay_key(&self) -> Option<String> {
        let mut text = String::with_capacity(66);
        let caller = self.caller()?;
        match &caller.replay_id {
            ReplayId::None => return None,
            ReplayId::Nonce => {
                let scope = &self.config.services[caller.service].replay_scope;
                text.push_str("n:");
                push_hex(
                    &mut text,
                    &Sha256::new().chain_update(scope).chain_update(caller.request_id.as_bytes()).finalize(),
                );
            }
            // A digest, since the signature itself would let the reader of a store repeat the request.
            ReplayId::Signature(tag) => {
                text.push_str("s:");
                push_hex(&mut text, &Sha256::digest(tag));
            }
        }
        Some(text)
    }
}

impl Acceptance {
    /// Accepted without a credential.
    pub(crate) fn of_nobody(route: Option<usize>) -> Self {
        Self { route, caller: None, standard: None }
    }

    /// Whether the key that decides is on its way out.
    #[inline]
    pub(crate) fn key_is_retiring(&self, config: &Compiled) -> bool {
        match self.deciding_token() {
            Some(token) => token.key_is_retiring,
            None => self.key(config).is_some_and(|key| key.state == KeyState::Retiring),
        }
    }

    /// The token, where it is what says who calls.
    fn deciding_token(&self) -> Option<&TokenFacts> {
        // Few requests have one, so that is looked at first.
        let token = self.token()?;
        let is_jwt = self.caller.as_ref()?.scheme == Scheme::Standard(Standard::Jwt);
        is_jwt.then_some(token)
    }

    /// The IAM identity, where it is what says who calls.
    fn deciding_identity(&self) -> Option<&IdentityFacts> {
        let identity = self.identity()?;
        let is_it = self.caller.as_ref()?.scheme == Scheme::Standard(Standard::AwsIdentity);
        is_it.then_some(identity)
    }

    #[inline]
    fn key<'c>(&self, config: &'c Compiled) -> Option<&'c Key> {
        let caller = self.caller.as_ref()?;
        let service = &config.services[caller.service];
        Some(match caller.scheme {
            Scheme::ApiKey => &service.api_keys[caller.key].key,
            Scheme::BuiltIn(_) | Scheme::Plan(_) => &service.keys[caller.key],
            Scheme::Standard(Standard::Rfc9421) => &service.bound_keys[caller.key].key,
            Scheme::Standard(Standard::AwsSigv4) => &service.aws_keys[caller.key].key,
            // A token may be signed by somebody else than the caller, and the keys of roles are no keys of ours.
            Scheme::Standard(Standard::Jwt | Standard::AwsIdentity) => return None,
        })
    }

    fn identity(&self) -> Option<&IdentityFacts> {
        self.standard.as_ref()?.identity.as_ref()
    }

    fn token(&self) -> Option<&TokenFacts> {
        self.standard.as_ref()?.token.as_ref()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Verified")
            .field("service", &self.service())
            .field("key_id", &self.key_id())
            .field("scheme", &self.scheme())
            .field("age", &self.age())
            .field("request_id", &self.request_id())
            .field("route", &self.route())
            .finish_non_exhaustive()
    }
}
