//! Contexts: who acts for whom inside one deployment, signed as a tenant and a set of roles.

mod canonical;
mod counters;
mod error;
mod verified;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use sha2::Digest;

use crate::config::{Compiled, Config, ContextSettings, Key};
use crate::identifier::ReceivedId;
use crate::mac::{Tag, decode_tag, hex, same_tag};
use crate::metrics::Metrics;
use crate::refusal::{Detail, Refusal, RefusalCode};

use canonical::Canonical;
use counters::Counters;
use verified::Matched;

pub(crate) use canonical::ContextFault;
pub use error::ContextError;
pub use verified::VerifiedContext;

/// Signs and verifies contexts: a tenant and the roles that somebody has there. Thread-safe: make one and share it.
///
/// ```
/// use wiresign::{Config, Contexts, Secrets};
///
/// let document = r#"{"service": "pipeline", "services": {}, "contexts": {"keys": [{"secret": "env:CONTEXT_SECRET"}]}}"#;
/// let secret = "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9";
/// let contexts = Contexts::new(&Config::parse(document, &Secrets::new().env("CONTEXT_SECRET", secret))?)?;
///
/// let (tenant, now) = ("0d9fe7d3-9c3b-4d7e-8a52-1f0e6b6f3c11", 1_767_225_600);
/// let signature = contexts.sign(tenant, &["user", "admin"], now)?;
/// let verified = contexts.verify(tenant, &["admin", "user", "user"], &signature, now, None)?;
/// assert!(verified.has_role("admin"));
/// assert!(contexts.verify(tenant, &["root"], &signature, now, None).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Contexts {
    config: ArcSwap<Compiled>,
    counters: Counters,
}

impl Contexts {
    /// # Errors
    /// Where the config has no keys for contexts.
    pub fn new(config: &Config) -> Result<Self, ContextError> {
        let config = usable(config)?;
        Ok(Self { config: ArcSwap::new(config), counters: Counters::default() })
    }

    /// Takes the keys of a new config for all calls from now on. The counters are kept.
    ///
    /// # Errors
    /// Where that config has no keys for contexts; then the old one stays.
    pub fn replace(&self, config: &Config) -> Result<(), ContextError> {
        self.config.store(usable(config)?);
        Ok(())
    }

    /// Signs a tenant and its roles: 64 lower-case hex digits. The order of the roles and repeated ones make no difference.
    /// `now` is Unix time in seconds.
    ///
    /// # Errors
    /// Where the tenant or a role cannot be signed, or no key is valid; the sentence says why.
    pub fn sign<R: AsRef<str>>(&self, tenant: &str, roles: &[R], now: u64) -> Result<String, ContextError> {
        let message = Canonical::new(tenant, roles)?.message();
        let config = self.config.load();
        let key = Key::best(&settings(&config).keys, |key| key, now);
        Ok(hex(&tag(key.ok_or(ContextError::NoValidKey)?, &message)))
    }

    /// The bytes that [`Contexts::sign`] computes the signature over, for diagnosis. They hold no secret.
    ///
    /// # Errors
    /// Where the tenant or a role cannot be signed.
    pub fn message<R: AsRef<str>>(&self, tenant: &str, roles: &[R]) -> Result<Vec<u8>, ContextError> {
        Ok(Canonical::new(tenant, roles)?.message())
    }

    /// Verifies that somebody with a key signed this tenant with these roles. `now` is Unix time in seconds.
    ///
    /// `payload` is what an older system signed as SHA-256(secret || payload); it is looked at only while the config's migration
    /// lasts. Build it from this tenant and these roles: one that comes with the message says nothing about them.
    ///
    /// # Errors
    /// The refusal, with a stable code.
    pub fn verify<R: AsRef<str>>(
        &self,
        tenant: &str,
        roles: &[R],
        signature: &str,
        now: u64,
        payload: Option<&[u8]>,
    ) -> Result<VerifiedContext, Refusal> {
        let config = self.config.load_full();
        let outcome = judge(&config, tenant, roles, signature, now, payload);
        self.counters.count(&outcome);
        outcome
    }

    /// What was counted since this was made.
    pub fn metrics(&self) -> Metrics {
        self.counters.read()
    }
}

impl fmt::Debug for Contexts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Contexts").field("service", &self.config.load().service).finish_non_exhaustive()
    }
}

fn usable(config: &Config) -> Result<Arc<Compiled>, ContextError> {
    match config.0.contexts {
        Some(_) => Ok(config.0.clone()),
        None => Err(ContextError::NoKeys),
    }
}

fn settings(config: &Compiled) -> &ContextSettings {
    config.contexts.as_ref().expect("only configs with keys for contexts are taken")
}

fn judge<R: AsRef<str>>(
    config: &Arc<Compiled>,
    tenant: &str,
    roles: &[R],
    signature: &str,
    now: u64,
    payload: Option<&[u8]>,
) -> Result<VerifiedContext, Refusal> {
    let refuse = |code, detail| Refusal::new(code, detail, config, None, ReceivedId::NONE);
    let canonical =
        Canonical::new(tenant, roles).map_err(|fault| refuse(RefusalCode::MalformedRequest, Detail::Context(fault)))?;
    let claimed = decode_tag(signature.as_bytes())
        .ok_or_else(|| refuse(RefusalCode::MalformedSignature, Detail::ContextSignature))?;

    let settings = settings(config);
    let message = canonical.message();
    let old_form = settings.migration.as_ref().zip(payload);
    let is_over = old_form.is_some_and(|(migration, _)| now >= migration.until);
    // Keys that are valid come first; the others only tell a retired key from a forged signature.
    for valid in [true, false] {
        for (at, key) in settings.keys.iter().enumerate().filter(|(_, key)| key.is_valid(now) == valid) {
            let matched = if same_tag(&tag(key, &message), &claimed) {
                Matched::HmacSha256
            } else if let Some((migration, payload)) = old_form
                && same_tag(&migration.prefixes[at].clone().chain_update(payload).finalize().into(), &claimed)
            {
                Matched::Sha256Prefix
            } else {
                continue;
            };
            return match (valid, matched) {
                (_, Matched::Sha256Prefix) if is_over => {
                    Err(refuse(RefusalCode::InvalidSignature, Detail::MigrationOver))
                }
                (true, _) => Ok(VerifiedContext::new(config.clone(), at, matched, &canonical)),
                (false, _) => Err(refuse(RefusalCode::KeyNotValidNow, Detail::ContextKey { at, now })),
            };
        }
    }
    Err(refuse(RefusalCode::InvalidSignature, Detail::NoContextKeyMatches { tried: settings.keys.len() }))
}

fn tag(key: &Key, message: &[u8]) -> Tag {
    key.mac.tag_of(message)
}
