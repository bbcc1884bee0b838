//! Reads what contexts are signed with.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::json::Json;
use super::reader::{Item, Reader, child};
use super::{Key, Service};

/// The keys of contexts, and how long signatures of the older form are accepted beside theirs.
pub(crate) struct ContextSettings {
    pub(crate) keys: Vec<Key>,
    pub(crate) migration: Option<Migration>,
}

/// The older form: SHA-256(secret || payload).
pub(crate) struct Migration {
    /// The first Unix second at which the older form is accepted no more.
    pub(crate) until: u64,
    /// The hash of each key's secret, to be continued with a payload. Zeroised when dropped.
    pub(crate) prefixes: Vec<Sha256>,
}

impl Reader<'_> {
    /// `services` are those whose secrets must be others.
    pub(super) fn contexts(&mut self, item: &Item<'_>, services: &[Service]) -> Option<ContextSettings> {
        let members = self.object(item, &["keys", "migration"])?;
        let mut secrets = BTreeMap::new();
        let keys = match members.get("keys") {
            Some(item) => {
                let keys = self.keys_and(&item, &mut secrets, |secret| Sha256::new().chain_update(secret));
                self.refuse_secrets_of_services(&item, keys.iter().map(|(key, _)| key), services);
                keys
            }
            None => {
                let message = "list the keys that contexts are signed with, as \"keys\": [{\"secret\": \"env:NAME\"}]";
                self.problem(&child(&item.pointer, "keys"), message);
                Vec::new()
            }
        };
        let (keys, prefixes) = keys.into_iter().unzip();
        let migration = members.get("migration").and_then(|item| self.migration(&item));
        Some(ContextSettings { keys, migration: migration.map(|until| Migration { until, prefixes }) })
    }

    /// Every processor knows the secret of contexts, so it must not prove who anybody is.
    fn refuse_secrets_of_services<'k>(
        &mut self,
        item: &Item<'_>,
        keys: impl ExactSizeIterator<Item = &'k Key>,
        services: &[Service],
    ) {
        // Keys that could not be read are missing, and the others not at their places.
        if !matches!(item.json, Json::Array(elements) if elements.len() == keys.len()) {
            return;
        }
        for (at, key) in keys.enumerate() {
            let has_it = |service: &&Service| {
                let api_keys = service.api_keys.iter().map(|known| &known.key);
                service.keys.iter().chain(api_keys).any(|known| known.secret == key.secret)
            };
            if let Some(service) = services.iter().find(has_it) {
                let place = child(&child(&item.pointer, at), "secret");
                self.problem(&place, format!("{} has the same secret; make one for contexts alone", service.id));
            }
        }
    }

    /// The moment at which the migration ends.
    fn migration(&mut self, item: &Item<'_>) -> Option<u64> {
        let members = self.object(item, &["until"])?;
        self.warn(
            &item.pointer,
            "SHA-256(secret || payload) can be extended by whoever sees it; remove this as soon as nobody signs so any more",
        );
        match members.get("until") {
            Some(until) => self.time(&until),
            None => {
                let message = "say when the older form ends, as \"2027-01-01T00:00:00Z\"";
                self.problem(&child(&item.pointer, "until"), message);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was hashed of a secret must not stay in memory: both forms of each key wipe themselves.
    #[test]
    fn what_is_kept_of_secrets_is_zeroised() {
        fn wipes_itself<T: zeroize::ZeroizeOnDrop>() {}
        wipes_itself::<Sha256>();
        wipes_itself::<crate::mac::MacKey>();
    }
}
