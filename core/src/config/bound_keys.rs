//! Reads keys that are bound to one algorithm of the standards, and the access keys of AWS.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::json::Json;
use super::keys::Places;
use super::reader::{Item, Members, Reader, child};
use super::{Key, KeyState, SecretText, Service, secret};
use crate::aws_identity::MAX_TOKEN_BYTES;
use crate::bound_key::{BoundKey, KeyAlgorithm};
use crate::mac::{MacKey, key_block};
use crate::sigv4::SigningSecret;

/// A key of message signatures and tokens.
pub(crate) struct Bound {
    pub(crate) key: Key,
    pub(crate) bound: BoundKey,
}

/// An access key of AWS. Its id is that of the key.
pub(crate) struct AwsKey {
    pub(crate) key: Key,
    pub(crate) signing: SigningSecret,
    /// The session token that must travel with the key, where it is a temporary one.
    pub(crate) session_token: Option<SecretText>,
}

impl AwsKey {
    /// A key that was given out for a while.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn temporary(id: &str, secret: &str, session_token: Option<&str>) -> Result<Self, &'static str> {
        if !is_access_key_id(id) {
            return Err(ACCESS_KEY_ID_RULE);
        }
        if !is_aws_secret(secret.as_bytes()) {
            return Err(AWS_SECRET_RULE);
        }
        if session_token.is_some_and(|token| !is_session_token(token.as_bytes())) {
            return Err(SESSION_TOKEN_RULE);
        }
        Ok(Self {
            key: bare_key(id, b"", (0, u64::MAX, KeyState::Active)),
            signing: SigningSecret::new(secret.as_bytes()),
            session_token: session_token.map(|token| Zeroizing::new(token.as_bytes().into())),
        })
    }
}

fn is_access_key_id(id: &str) -> bool {
    (16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_aws_secret(secret: &[u8]) -> bool {
    secret.len() >= MIN_AWS_SECRET_BYTES && secret.iter().all(u8::is_ascii_graphic)
}

fn is_session_token(token: &[u8]) -> bool {
    token.len() <= MAX_TOKEN_BYTES && token.iter().all(u8::is_ascii_graphic)
}

/// Where something with a unique id belongs: the positions of its service and of itself there.
pub(crate) type PlaceIndex = HashMap<Box<[u8]>, (usize, usize), FixedState>;

/// The shortest secret of an access key, in bytes.
const MIN_AWS_SECRET_BYTES: usize = 16;

const ACCESS_KEY_ID_RULE: &str = "an access key id is 16 to 128 letters and digits";
const AWS_SECRET_RULE: &str = "the secret of an access key is 16 or more visible ASCII characters";
const SESSION_TOKEN_RULE: &str = "a session token is up to 4096 visible ASCII characters";

/// Whether a key says what it is for.
pub(super) fn is_bound(item: &Item<'_>) -> bool {
    matches!(item.json, Json::Object(members) if members.iter().any(|(name, _)| name == "algorithm"))
}

impl Bound {
    /// A key of the built-in schemes, as the standards use it.
    pub(super) fn of(key: &Key, secret: &[u8]) -> Option<Self> {
        let bound = BoundKey::hmac(KeyAlgorithm::HmacSha256, secret).ok()?;
        let (not_before, not_after, state) = (key.not_before, key.not_after, key.state);
        Some(Self { key: bare_key(&key.id, &key.secret, (not_before, not_after, state)), bound })
    }
}

/// A key that no built-in scheme uses.
fn bare_key(id: &str, secret: &[u8], (not_before, not_after, state): (u64, u64, KeyState)) -> Key {
    let secret = Zeroizing::new(secret.into());
    Key { id: id.into(), mac: MacKey::new(&[]), proof: None, secret, not_before, not_after, state }
}

impl Reader<'_> {
    /// A key that is bound to an algorithm.
    pub(super) fn bound_key(&mut self, item: &Item<'_>, at: usize, secrets: &mut Places) -> Option<Bound> {
        let known = ["id", "algorithm", "secret", "public_key", "private_key", "not_before", "not_after", "state"];
        let members = self.object(item, &known)?;
        let id = self.key_id(&members, at);
        let life = self.key_life(&members);
        let algorithm = members.get("algorithm").and_then(|item| self.algorithm(&item));
        let kinds = ["secret", "public_key", "private_key"];
        let given: Vec<_> = kinds.into_iter().filter_map(|kind| Some((kind, members.get(kind)?))).collect();
        let [(kind, material)] = given.as_slice() else {
            self.problem(&item.pointer, "give the key as one of secret (HMAC), public_key, or private_key");
            return None;
        };
        let algorithm = algorithm?;
        if algorithm.is_symmetric() != (*kind == "secret") {
            let wanted = if algorithm.is_symmetric() { "secret" } else { "public_key or private_key" };
            self.problem(&material.pointer, format!("a key of {} is given as {wanted}", algorithm.name()));
            return None;
        }
        let text = self.key_text(material)?;
        let bound = match *kind {
            "secret" => BoundKey::hmac(algorithm, &text),
            "public_key" => BoundKey::public(algorithm, &text),
            _ => BoundKey::private(algorithm, &text),
        };
        let bound = bound.map_err(|message| self.problem(&material.pointer, message)).ok()?;
        if *kind != "public_key" {
            self.warn_of_literal(material);
            if let Some(other) = secrets.insert(Sha256::digest(key_block(&text)).into(), material.pointer.clone()) {
                self.shared.push((material.pointer.clone(), other));
            }
        }
        let kept: &[u8] = if *kind == "public_key" { b"" } else { &text };
        Some(Bound { key: bare_key(&id?, kept, life?), bound })
    }

    fn algorithm(&mut self, item: &Item<'_>) -> Option<KeyAlgorithm> {
        let choices: Vec<_> = KeyAlgorithm::ALL.into_iter().map(|algorithm| (algorithm.name(), algorithm)).collect();
        self.choice(item, &choices)
    }

    /// The text of a key that may be a file with a line end behind it.
    pub(super) fn key_text(&mut self, item: &Item<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let reference = self.string(item)?;
        let text = secret::read_trimmed(reference, self.lookup);
        text.map_err(|message| self.problem(&item.pointer, message)).ok()
    }

    /// The access keys of a service.
    pub(super) fn aws_keys(&mut self, item: &Item<'_>) -> Vec<AwsKey> {
        let mut keys: Vec<AwsKey> = Vec::new();
        for item in self.key_items(item) {
            let known = ["id", "secret", "session_token", "not_before", "not_after", "state"];
            let Some(members) = self.object(&item, &known) else { continue };
            let Some(key) = self.aws_key(&members) else { continue };
            self.check_key_id(&item, &key.key.id, keys.iter().map(|other| &other.key));
            keys.push(key);
        }
        keys
    }

    fn aws_key(&mut self, members: &Members<'_>) -> Option<AwsKey> {
        let id = match members.get("id") {
            Some(item) => self.access_key_id(&item),
            None => {
                self.problem(&child(&members.pointer, "id"), "name the access key id, as in \"AKIAIOSFODNN7EXAMPLE\"");
                None
            }
        };
        let life = self.key_life(members);
        let Some(item) = members.get("secret") else {
            self.problem(
                &child(&members.pointer, "secret"),
                "say where the secret comes from, as \"env:NAME\" or \"file:PATH\"",
            );
            return None;
        };
        let text = self.key_text(&item)?;
        self.warn_of_literal(&item);
        if !is_aws_secret(&text) {
            self.problem(&item.pointer, AWS_SECRET_RULE);
            return None;
        }
        let session_token = match members.get("session_token") {
            None => None,
            Some(item) => {
                let token = self.key_text(&item)?;
                if !is_session_token(&token) {
                    self.problem(&item.pointer, SESSION_TOKEN_RULE);
                    return None;
                }
                Some(Zeroizing::new(token.as_slice().into()))
            }
        };
        Some(AwsKey { key: bare_key(&id?, &text, life?), signing: SigningSecret::new(&text), session_token })
    }

    /// The id of an access key, which may come from the environment: that of a role changes with its secret.
    fn access_key_id(&mut self, item: &Item<'_>) -> Option<String> {
        let text = self.string(item)?;
        let id = match text.strip_prefix("env:") {
            None => Some(text.to_owned()),
            Some(name) => match self.lookup.env(name) {
                Ok(id) => id,
                Err(why) => {
                    self.problem(&item.pointer, format!("the environment variable {name} cannot be read: {why}"));
                    return None;
                }
            },
        };
        let Some(id) = id else {
            self.problem(
                &item.pointer,
                "the environment variable that stands here is not set; set it to the access key id",
            );
            return None;
        };
        if !is_access_key_id(&id) {
            self.problem(&item.pointer, ACCESS_KEY_ID_RULE);
            return None;
        }
        Some(id)
    }

    /// All access keys by their ids. An id that two services have is refused: nobody could say whose it is.
    pub(super) fn index_aws_keys(&mut self, services: &[Service]) -> PlaceIndex {
        let mut index = PlaceIndex::default();
        for (service_at, service) in services.iter().enumerate() {
            for (at, key) in service.aws_keys.iter().enumerate() {
                let id = key.key.id.as_bytes().into();
                if let Some((other, _)) = index.insert(id, (service_at, at)).filter(|(other, _)| *other != service_at) {
                    self.problem(
                        &format!("/services/{}/aws_keys/{at}/id", service.id),
                        format!("{} has the same access key id; give each its own", services[other].id),
                    );
                }
            }
        }
        index
    }
}

/// The keys of message signatures by their ids. An id that two services use stands for neither: their keys are named with
/// the service.
pub(super) fn index_bound_keys(services: &[Service]) -> PlaceIndex {
    let places = services.iter().enumerate().flat_map(|(service_at, service)| {
        service.bound_keys.iter().enumerate().map(move |(at, known)| (&known.key.id, (service_at, at)))
    });
    let mut index = PlaceIndex::default();
    let mut shared: Vec<&str> = Vec::new();
    for (id, place) in places {
        if index.insert(id.as_bytes().into(), place).is_some() {
            shared.push(id);
        }
    }
    index.retain(|id, _| !shared.iter().any(|known| known.as_bytes() == &**id));
    index
}
