//! Reads keys: where each secret comes from, how it is read, and when the key is valid.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::bound_keys::is_bound;
use super::reader::{Item, Members, Reader, child};
use super::secret::{self, Encoding, Purpose};
use super::{Bound, Key, KeyState};
use crate::mac::{MacKey, key_block};
use crate::template::{Algorithm, ProofKey};

const MAX_KEYS: usize = 8;

type SecretBytes = Zeroizing<Vec<u8>>;

/// The places of secrets, by their digests.
pub(super) type Places = BTreeMap<[u8; 32], String>;

impl Reader<'_> {
    /// The keys of a service: those of HMAC-SHA256, and those that are bound to an algorithm of the standards. The former can
    /// be used in place of the latter.
    pub(super) fn keys_of_service(&mut self, item: &Item<'_>, secrets: &mut Places) -> (Vec<Key>, Vec<Bound>) {
        let (mut keys, mut bound): (Vec<Key>, Vec<Bound>) = (Vec::new(), Vec::new());
        let keep = |secret: &[u8]| Zeroizing::new(secret.to_vec());
        for (at, item) in self.key_items(item).iter().enumerate() {
            if is_bound(item) {
                bound.extend(self.bound_key(item, at, secrets));
            } else if let Some((key, secret)) = self.key(Purpose::Service, item, at, secrets, keep) {
                bound.extend(Bound::of(&key, &secret));
                keys.push(key);
            }
            let Some((last, others)) = bound.split_last() else { continue };
            if !self.check_key_id(item, &last.key.id, others.iter().map(|other| &other.key)) {
                bound.pop();
            }
        }
        (keys, bound)
    }

    /// The keys of something that signs as services do, each with what `make` makes of its secret.
    pub(super) fn keys_and<T>(
        &mut self,
        item: &Item<'_>,
        secrets: &mut Places,
        make: impl Fn(&[u8]) -> T,
    ) -> Vec<(Key, T)> {
        self.keys_for(Purpose::Service, item, secrets, make)
    }

    /// Keys for a purpose, each with what `make` makes of its secret.
    pub(super) fn keys_for<T>(
        &mut self,
        purpose: Purpose<'_>,
        item: &Item<'_>,
        secrets: &mut Places,
        make: impl Fn(&[u8]) -> T,
    ) -> Vec<(Key, T)> {
        let mut keys: Vec<(Key, T)> = Vec::new();
        for (at, item) in self.key_items(item).iter().enumerate() {
            if let Some((key, made)) = self.key(purpose, item, at, secrets, &make) {
                self.check_key_id(item, &key.id, keys.iter().map(|(other, _)| other));
                keys.push((key, made));
            }
        }
        keys
    }

    /// The elements of a list of keys; none where there are too many.
    pub(super) fn key_items<'j>(&mut self, item: &Item<'j>) -> Vec<Item<'j>> {
        let items = self.elements(item, "key");
        if items.len() > MAX_KEYS {
            self.problem(&item.pointer, format!("there are at most {MAX_KEYS} keys here; remove old ones"));
            return Vec::new();
        }
        items
    }

    /// Refuses a key with the id of one before it.
    pub(super) fn check_key_id<'k>(
        &mut self,
        item: &Item<'_>,
        id: &str,
        mut before: impl Iterator<Item = &'k Key>,
    ) -> bool {
        let is_fresh = before.all(|other| *other.id != *id);
        if !is_fresh {
            self.problem(&child(&item.pointer, "id"), format!("another key here has the id \"{id}\""));
        }
        is_fresh
    }

    pub(super) fn warn_of_literal(&mut self, item: &Item<'_>) {
        if self.string(item).is_some_and(|reference| reference.starts_with("literal:")) {
            self.warn(&item.pointer, "the secret stands in the document; use env: or file: outside tests");
        }
    }

    fn key<T>(
        &mut self,
        purpose: Purpose<'_>,
        item: &Item<'_>,
        at: usize,
        secrets: &mut Places,
        make: impl Fn(&[u8]) -> T,
    ) -> Option<(Key, T)> {
        let known: &[&str] = match purpose {
            Purpose::Service => &["id", "secret", "encoding", "not_before", "not_after", "state"],
            Purpose::ApiKey => &["id", "secret", "not_before", "not_after", "state"],
            Purpose::Webhook(_) => &["id", "secret", "not_before", "not_after", "state", "sample"],
        };
        let members = self.object(item, known)?;
        let id = self.key_id(&members, at);
        let encoding = match members.get("encoding") {
            Some(item) => {
                let choices = [("text", Encoding::Text), ("hex", Encoding::Hex), ("base64", Encoding::Base64)];
                self.choice(&item, &choices)
            }
            None => Some(Encoding::Text),
        };
        let life = self.key_life(&members);
        if let Purpose::Webhook(template) = purpose
            && template.algorithm == Algorithm::Sha256Prefix
            && members.get("not_after").is_none()
        {
            self.problem(
                &child(&item.pointer, "not_after"),
                "this scheme lets whoever sees a signature sign longer messages; say when it ends",
            );
        }
        let Some(secret) = members.get("secret") else {
            self.problem(
                &child(&item.pointer, "secret"),
                "say where the secret comes from, as \"env:NAME\" or \"file:PATH\"",
            );
            return None;
        };
        let is_sample = self.is_sample(&members, &secret);
        let (text, bytes) = self.secret(&secret, encoding?, purpose, is_sample, secrets)?;
        let proof = match purpose {
            Purpose::Webhook(template) => match ProofKey::new(template.algorithm, &bytes) {
                Ok(proof) => proof.map(Box::new),
                Err(message) => {
                    self.problem(&secret.pointer, message);
                    return None;
                }
            },
            Purpose::Service | Purpose::ApiKey => None,
        };
        // What is no secret must never become the key of a MAC.
        let mac = MacKey::new(if proof.is_some() { &[] } else { &bytes });
        let (not_before, not_after, state) = life?;
        let key = Key {
            id: id?.into(),
            mac,
            proof,
            secret: Zeroizing::new(text.as_slice().into()),
            not_before,
            not_after,
            state,
        };
        Some((key, make(&bytes)))
    }

    /// When a key is valid: from which second, until which second, and its state.
    pub(super) fn key_life(&mut self, members: &Members<'_>) -> Option<(u64, u64, KeyState)> {
        let not_before = members.get("not_before").map_or(Some(0), |item| self.time(&item));
        let not_after = members.get("not_after").map_or(Some(u64::MAX), |item| self.time(&item));
        if let (Some(from), Some(to)) = (not_before, not_after)
            && from >= to
        {
            self.problem(
                &child(&members.pointer, "not_after"),
                "this is not later than not_before, so the key is never valid",
            );
        }
        let state = members.get("state").map_or(Some(KeyState::Active), |item| {
            let choices =
                [("active", KeyState::Active), ("retiring", KeyState::Retiring), ("revoked", KeyState::Revoked)];
            self.choice(&item, &choices)
        });
        Some((not_before?, not_after?, state?))
    }

    /// The id of the key at a position: what the document says, or its number.
    pub(super) fn key_id(&mut self, members: &Members<'_>, at: usize) -> Option<String> {
        match members.get("id") {
            Some(item) => self.id(&item).map(str::to_owned),
            None => Some((at + 1).to_string()),
        }
    }

    /// Whether a key is a published sample, which may be weak, and may only stand in the document.
    fn is_sample(&mut self, members: &Members<'_>, secret: &Item<'_>) -> bool {
        let Some(item) = members.get("sample") else { return false };
        if self.boolean(&item) != Some(true) {
            return false;
        }
        let is_literal = self.string(secret).is_some_and(|reference| reference.starts_with("literal:"));
        if !is_literal {
            self.problem(&item.pointer, "a published sample stands in the document, as \"literal:TEXT\"");
        }
        self.warn(&item.pointer, "whoever knows this published key can sign; it is for tests only");
        is_literal
    }

    fn secret(
        &mut self,
        item: &Item<'_>,
        encoding: Encoding,
        purpose: Purpose<'_>,
        is_sample: bool,
        seen: &mut Places,
    ) -> Option<(SecretBytes, SecretBytes)> {
        let text = self.secret_text(item)?;
        match secret::key(&text, encoding, purpose, is_sample) {
            Ok(key) => {
                if !is_sample {
                    self.warn_of_literal(item);
                }
                if let Some(other) = seen.insert(Sha256::digest(key_block(&key)).into(), item.pointer.clone()) {
                    self.shared.push((item.pointer.clone(), other));
                }
                Some((text, key))
            }
            Err(message) => {
                self.problem(&item.pointer, message);
                None
            }
        }
    }

    /// The text that a reference to a secret stands for.
    pub(super) fn secret_text(&mut self, item: &Item<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let reference = self.string(item)?;
        let text = secret::read(reference, self.lookup);
        text.map_err(|message| self.problem(&item.pointer, message)).ok()
    }
}
