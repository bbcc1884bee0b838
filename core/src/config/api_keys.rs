//! Reads API keys: those that stand with their services, and the JSON text that maps keys to services.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::json::Json;
use super::reader::{Item, Reader};
use super::secret::{self, Encoding, Purpose};
use super::{ApiKey, Key, KeyState, SecretText, Service};
use crate::mac::MacKey;

/// Where an API key belongs: the positions of its service and of itself there, by the key's SHA-256.
pub(crate) type ApiKeyIndex = HashMap<[u8; 32], (usize, usize), FixedState>;

impl Reader<'_> {
    /// Adds the keys of a JSON object from key to service id, which a reference stands for.
    pub(super) fn shared_api_keys(&mut self, item: &Item<'_>, services: &mut [Service]) {
        let Some(text) = self.secret_text(item) else { return };
        let Ok(Json::Object(members)) = serde_json::from_slice(&text) else {
            self.problem(&item.pointer, "what this stands for is not a JSON object from API key to service id");
            return;
        };
        self.warn_of_literal(item);
        let signers: Vec<(Box<str>, SecretText)> = services
            .iter()
            .flat_map(|service| service.keys.iter().map(|key| (service.id.clone(), key.secret.clone())))
            .collect();
        for (at, (key, service)) in members.into_iter().enumerate() {
            // The keys are secrets: a problem names them by their place.
            let (key, place) = (Zeroizing::new(key), at + 1);
            let Json::String(id) = service else {
                self.problem(&item.pointer, format!("key {place} does not stand for the id of a service"));
                continue;
            };
            let Some(service) = services.iter_mut().find(|service| *service.id == *id) else {
                self.problem(&item.pointer, format!("key {place} stands for a service that is not in \"services\""));
                continue;
            };
            match secret::key(key.as_bytes(), Encoding::Text, Purpose::ApiKey, false) {
                Err(message) => self.problem(&item.pointer, format!("key {place}: {message}")),
                Ok(bytes) => {
                    if let Some(signer) = signers.iter().find(|(_, secret)| ***secret == **bytes) {
                        self.problem(
                            &item.pointer,
                            format!("key {place} is a secret that {} signs with; an API key travels in requests, so nothing else may be made with it", signer.0),
                        );
                        continue;
                    }
                    let digest = Sha256::digest(&*bytes).into();
                    if service.api_keys.iter().any(|known| known.digest == digest) {
                        self.problem(&item.pointer, format!("key {place} is there already"));
                        continue;
                    }
                    let key = Key {
                        id: (service.api_keys.len() + 1).to_string().into(),
                        mac: MacKey::new(&[]),
                        proof: None,
                        secret: Zeroizing::new(bytes.as_slice().into()),
                        not_before: 0,
                        not_after: u64::MAX,
                        state: KeyState::Active,
                    };
                    service.api_keys.push(ApiKey { digest, key });
                }
            }
        }
    }

    /// The API key that another service has given to this one.
    pub(super) fn key_to_call_with(&mut self, item: &Item<'_>) -> Option<SecretText> {
        let text = self.secret_text(item)?;
        match secret::key(&text, Encoding::Text, Purpose::ApiKey, false) {
            Ok(key) => Some(Zeroizing::new(key.as_slice().into())),
            Err(message) => {
                self.problem(&item.pointer, message);
                None
            }
        }
    }

    /// Refuses secrets that prove two things: whoever is told one of them could do the other. `known` are the services; the
    /// webhooks stand behind them.
    pub(super) fn refuse_secrets_for_two_ends(&mut self, services: &[Service], known: usize) {
        let (services, webhooks) = services.split_at(known);
        for webhook in webhooks {
            let name = webhook.id.trim_start_matches("webhook:");
            for (at, key) in webhook.keys.iter().enumerate() {
                let has_it = |service: &&Service| {
                    let api_keys = service.api_keys.iter().map(|known| &known.key);
                    service.keys.iter().chain(api_keys).any(|known| known.secret == key.secret)
                };
                if let Some(service) = services.iter().find(has_it) {
                    let message = format!(
                        "{} has the same secret, so the webhook's sender could act as it; make one for each",
                        service.id
                    );
                    self.problem(&format!("/webhooks/{name}/keys/{at}/secret"), message);
                }
            }
        }
        for service in services {
            let is_sent = |key: &Key| service.call_with.as_ref().is_some_and(|sent| *sent == key.secret);
            if services.iter().flat_map(|service| &service.keys).any(is_sent) {
                let message =
                    "an API key travels in requests, so it must not be a secret that something is signed with";
                self.problem(&format!("/services/{}/call_with", service.id), message);
            }
        }
    }

    /// All API keys by their digests. A key that two services have is refused: nobody could say whose it is.
    pub(super) fn index_api_keys(&mut self, services: &[Service]) -> ApiKeyIndex {
        let mut index = ApiKeyIndex::default();
        for (service_at, service) in services.iter().enumerate() {
            for (at, key) in service.api_keys.iter().enumerate() {
                let is_said = self.problems.iter().any(|problem| problem.pointer.contains("/api_keys"));
                if index.insert(key.digest, (service_at, at)).is_some() && !is_said {
                    self.problem(
                        "/api_keys",
                        format!("an API key of {} is another one's too; give each its own", service.id),
                    );
                }
            }
        }
        index
    }
}
