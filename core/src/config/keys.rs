//! Reads keys: where each secret comes from, how it is read, and when the key is valid.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::reader::{Item, Members, Reader, child};
use super::secret::{self, Encoding, Purpose};
use super::{Key, KeyState};
use crate::mac::{MacKey, key_block};
use crate::template::{Algorithm, ProofKey};

const MAX_KEYS: usize = 8;

type SecretBytes = Zeroizing<Vec<u8>>;

/// The places of secrets, by their digests.
pub(super) type Places = BTreeMap<[u8; 32], String>;

impl Reader<'_> {
    /// The keys of services, or of something else that signs as they do.
    pub(super) fn keys(&mut self, item: &Item<'_>, secrets: &mut Places) -> Vec<Key> {
        self.keys_and(item, secrets, |_| ()).into_iter().map(|(key, ())| key).collect()
    }

    /// The keys, each with what `make` makes of its secret.
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
        let items = self.elements(item, "key");
        if items.len() > MAX_KEYS {
            self.problem(&item.pointer, format!("there are at most {MAX_KEYS} keys here; remove old ones"));
            return Vec::new();
        }
        let mut keys: Vec<(Key, T)> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            if let Some((key, made)) = self.key(purpose, item, at, secrets, &make) {
                if keys.iter().any(|(other, _)| other.id == key.id) {
                    self.problem(&child(&item.pointer, "id"), format!("another key here has the id \"{}\"", key.id));
                }
                keys.push((key, made));
            }
        }
        keys
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
        let id = match members.get("id") {
            Some(item) => self.id(&item).map(str::to_owned),
            None => Some((at + 1).to_string()),
        };
        let encoding = match members.get("encoding") {
            Some(item) => {
                let choices = [("text", Encoding::Text), ("hex", Encoding::Hex), ("base64", Encoding::Base64)];
                self.choice(&item, &choices)
            }
            None => Some(Encoding::Text),
        };
        let not_before = members.get("not_before").map_or(Some(0), |item| self.time(&item));
        let not_after = members.get("not_after").map_or(Some(u64::MAX), |item| self.time(&item));
        if let (Some(from), Some(to)) = (not_before, not_after)
            && from >= to
        {
            self.problem(
                &child(&item.pointer, "not_after"),
                "this is not later than not_before, so the key is never valid",
            );
        }
        let state = members.get("state").map_or(Some(KeyState::Active), |item| {
            let choices =
                [("active", KeyState::Active), ("retiring", KeyState::Retiring), ("revoked", KeyState::Revoked)];
            self.choice(&item, &choices)
        });
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
        let key = Key {
            id: id?.into(),
            mac,
            proof,
            secret: Zeroizing::new(text.as_slice().into()),
            not_before: not_before?,
            not_after: not_after?,
            state: state?,
        };
        Some((key, make(&bytes)))
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
        let reference = self.string(item)?;
        let text = self.secret_text(item)?;
        match secret::key(&text, encoding, purpose, is_sample) {
            Ok(key) => {
                if reference.starts_with("literal:") && !is_sample {
                    self.warn(&item.pointer, "the secret stands in the document; use env: or file: outside tests");
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
