//! Who acts for whom: what only a verification can make.

use std::fmt;
use std::sync::Arc;

use super::canonical::Canonical;
use crate::config::{Compiled, Key, KeyState};

/// A tenant and its roles, as they were verified.
#[derive(Clone)]
pub struct VerifiedContext {
    config: Arc<Compiled>,
    key: usize,
    matched: Matched,
    tenant: Box<str>,
    roles: Vec<Box<str>>,
}

/// Which form of signature held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Matched {
    HmacSha256 = 0,
    /// SHA-256(secret || payload), of the older system.
    Sha256Prefix = 1,
}

impl Matched {
    pub(crate) const ALL: [Self; 2] = [Self::HmacSha256, Self::Sha256Prefix];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::Sha256Prefix => "sha256-prefix",
        }
    }
}

impl VerifiedContext {
    pub(super) fn new(config: Arc<Compiled>, key: usize, matched: Matched, canonical: &Canonical<'_>) -> Self {
        let roles = canonical.roles.iter().map(|&role| role.into()).collect();
        Self { config, key, matched, tenant: canonical.tenant.into(), roles }
    }

    /// The tenant, as a UUID in lower case.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The distinct roles, in the order of their bytes.
    pub fn roles(&self) -> impl ExactSizeIterator<Item = &str> {
        self.roles.iter().map(|role| &**role)
    }

    /// Whether the role is among them.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.binary_search_by(|own| (**own).cmp(role)).is_ok()
    }

    /// The id of the key that made the signature.
    pub fn key_id(&self) -> &str {
        &self.key().id
    }

    /// Whether that key is on its way out.
    pub fn key_is_retiring(&self) -> bool {
        self.key().state == KeyState::Retiring
    }

    /// Which form of signature held: `hmac-sha256`, or `sha256-prefix` while a migration lasts.
    pub fn matched(&self) -> &'static str {
        self.matched.name()
    }

    pub(super) fn form(&self) -> Matched {
        self.matched
    }

    fn key(&self) -> &Key {
        let contexts = self.config.contexts.as_ref().expect("a config without keys for contexts verifies none");
        &contexts.keys[self.key]
    }
}

impl fmt::Debug for VerifiedContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("VerifiedContext")
            .field("tenant", &self.tenant)
            .field("roles", &self.roles)
            .field("key_id", &self.key_id())
            .field("matched", &self.matched())
            .finish_non_exhaustive()
    }
}
