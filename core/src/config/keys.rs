//! Reads the keys of a service: where each secret comes from, and when the key is valid.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::reader::{Item, Reader, child};
use super::secret::{self, Encoding};
use super::{Key, KeyState};
use crate::mac::{MacKey, key_block};

const MAX_KEYS: usize = 8;

impl Reader<'_> {
    pub(super) fn keys(&mut self, item: &Item<'_>, secrets: &mut BTreeMap<[u8; 32], String>) -> Vec<Key> {
        self.keys_and(item, secrets, |_| ()).into_iter().map(|(key, ())| key).collect()
    }

    /// The keys, each with what `make` makes of its secret.
    pub(super) fn keys_and<T>(
        &mut self,
        item: &Item<'_>,
        secrets: &mut BTreeMap<[u8; 32], String>,
        make: impl Fn(&[u8]) -> T,
    ) -> Vec<(Key, T)> {
        let items = self.elements(item, "key");
        if items.len() > MAX_KEYS {
            self.problem(&item.pointer, format!("a service has at most {MAX_KEYS} keys; remove old ones"));
            return Vec::new();
        }
        let mut keys: Vec<(Key, T)> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            if let Some((key, made)) = self.key(item, at, secrets, &make) {
                if keys.iter().any(|(other, _)| other.id == key.id) {
                    self.problem(
                        &child(&item.pointer, "id"),
                        format!("another key of this service has the id \"{}\"", key.id),
                    );
                }
                keys.push((key, made));
            }
        }
        keys
    }

    fn key<T>(
        &mut self,
        item: &Item<'_>,
        at: usize,
        secrets: &mut BTreeMap<[u8; 32], String>,
        make: impl Fn(&[u8]) -> T,
    ) -> Option<(Key, T)> {
        let members = self.object(item, &["id", "secret", "encoding", "not_before", "not_after", "state"])?;
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
        let secret = match members.get("secret") {
            Some(item) => self.secret(&item, encoding?, secrets).map(|key| (MacKey::new(&key), make(&key))),
            None => {
                self.problem(
                    &child(&item.pointer, "secret"),
                    "say where the secret comes from, as \"env:NAME\" or \"file:PATH\"",
                );
                None
            }
        };
        let (mac, made) = secret?;
        let key = Key { id: id?.into(), mac, not_before: not_before?, not_after: not_after?, state: state? };
        Some((key, made))
    }

    fn secret(
        &mut self,
        item: &Item<'_>,
        encoding: Encoding,
        seen: &mut BTreeMap<[u8; 32], String>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let reference = self.string(item)?;
        match secret::resolve(reference, encoding, self.lookup) {
            Ok(key) => {
                if reference.starts_with("literal:") {
                    self.warn(&item.pointer, "the secret stands in the document; use env: or file: outside tests");
                }
                if let Some(other) = seen.insert(Sha256::digest(key_block(&key)).into(), item.pointer.clone()) {
                    self.shared.push((item.pointer.clone(), other));
                }
                Some(key)
            }
            Err(message) => {
                self.problem(&item.pointer, message);
                None
            }
        }
    }
}
