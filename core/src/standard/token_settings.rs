//! What the config says of JSON Web Tokens: who issues them, and what is read from them.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::bound_key::{BoundKey, SetKey};
use crate::config::{Bound, Key};

/// How tokens are judged and issued.
pub(crate) struct TokenSettings {
    /// The names under which this service is meant.
    pub(crate) audiences: Vec<Box<str>>,
    /// How far the clocks of issuers may be off, in seconds.
    pub(crate) leeway: u64,
    /// How long an issued token is valid, in seconds.
    pub(crate) lifetime: u64,
    /// Whether a token is accepted once only.
    pub(crate) once: bool,
    pub(crate) issue: Issuing,
    /// Who issues tokens, beside the services themselves.
    pub(crate) issuers: Vec<Issuer>,
}

/// What this service writes into tokens about others.
pub(crate) struct Issuing {
    /// The `iss`, where that is not the service's id.
    pub(crate) issuer: Option<Box<str>>,
    pub(crate) permissions_claim: Box<str>,
    pub(crate) tenant_claim: Box<str>,
}

impl Default for Issuing {
    fn default() -> Self {
        Self { issuer: None, permissions_claim: "permissions".into(), tenant_claim: "tenant".into() }
    }
}

/// Somebody who issues tokens about others.
pub(crate) struct Issuer {
    pub(crate) name: Box<str>,
    pub(crate) keys: Vec<Bound>,
    /// Where the issuer publishes its keys, for the adapter to fetch.
    pub(crate) jwks_url: Option<Box<str>>,
    /// What was fetched from there.
    pub(crate) fetched: ArcSwap<Vec<SetKey>>,
    /// The position among the services under which the issuer's users call; `None` where its tokens name services.
    pub(crate) users: Option<usize>,
    /// The media type that the issuer's tokens must say they are.
    pub(crate) kind: Option<Box<str>>,
    pub(crate) caller_claim: Box<str>,
    pub(crate) permissions_claim: Option<Box<str>>,
    pub(crate) tenant_claim: Option<Box<str>>,
}

/// A key that may have signed a token.
pub(crate) struct Candidate<'k> {
    pub(crate) id: Option<&'k str>,
    pub(crate) bound: &'k BoundKey,
    /// What is known of its life; nothing of published keys.
    pub(crate) key: Option<&'k Key>,
}

impl Issuer {
    /// Takes what the issuer publishes now in place of what it published before.
    pub(crate) fn publish(&self, keys: Vec<SetKey>) {
        self.fetched.store(Arc::new(keys));
    }
}

impl<'k> From<&'k Bound> for Candidate<'k> {
    fn from(known: &'k Bound) -> Self {
        Self { id: Some(&known.key.id), bound: &known.bound, key: Some(&known.key) }
    }
}

impl<'k> From<&'k SetKey> for Candidate<'k> {
    fn from(published: &'k SetKey) -> Self {
        Self { id: published.id.as_deref(), bound: &published.key, key: None }
    }
}
