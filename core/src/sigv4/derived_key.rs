//! Signing keys, derived from a secret for one day, region and service.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use super::timestamp::Timestamp;
use super::{ALGORITHM, SCOPE_END};
use crate::mac::{Gathered, MacKey, Sink, Tag, hex_digits};

/// How many derived keys a secret keeps. A presigned link lives for a week, so signatures of nine days may be about.
const KEPT: usize = 10;

/// A secret access key. What is derived from it is kept with it, so a secret that is replaced leaves nothing behind.
pub(crate) struct SigningSecret {
    /// The key of the first step: `AWS4` and the secret.
    start: MacKey,
    kept: ArcSwap<Vec<Arc<DerivedKey>>>,
}

/// The key that signs. Zeroised when dropped.
pub(crate) struct DerivedKey {
    day: [u8; 8],
    region: Box<[u8]>,
    service: Box<[u8]>,
    mac: MacKey,
}

impl SigningSecret {
    pub(crate) fn new(secret: &[u8]) -> Self {
        // Room for all from the start: growing would leave copies of the secret behind.
        let mut key = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        key.extend_from_slice(b"AWS4");
        key.extend_from_slice(secret);
        Self { start: MacKey::new(&key), kept: ArcSwap::default() }
    }

    /// The key for a scope, from those that are kept where it is there. Nothing waits for a lock.
    pub(crate) fn key(&self, day: &[u8; 8], region: &[u8], service: &[u8]) -> Arc<DerivedKey> {
        let kept = self.kept.load();
        if let Some(key) = kept.iter().find(|key| key.is_for(day, region, service)) {
            return key.clone();
        }
        let key = Arc::new(self.derive(day, region, service));
        // The newest first. Of two threads that do this at once one may lose its key, and derives it again.
        let others = kept.iter().take(KEPT - 1).cloned();
        self.kept.store(Arc::new([key.clone()].into_iter().chain(others).collect()));
        key
    }

    /// The key for a scope, which is not kept.
    pub(crate) fn derive(&self, day: &[u8; 8], region: &[u8], service: &[u8]) -> DerivedKey {
        let step = |key: &MacKey, text: &[u8]| {
            let tag: Zeroizing<Tag> = Zeroizing::new(key.tag_of(text));
            MacKey::new(&*tag)
        };
        let of_day = step(&self.start, day);
        let of_region = step(&of_day, region);
        let of_service = step(&of_region, service);
        let mac = step(&of_service, SCOPE_END.as_bytes());
        DerivedKey { day: *day, region: region.into(), service: service.into(), mac }
    }
}

/// What is signed (AWS: "string to sign"), but for its last line: the digest of the canonical request.
pub(super) fn string_to_sign<'a>(time: &'a Timestamp, scope: &'a [u8]) -> [&'a [u8]; 3] {
    [ALGORITHM.as_bytes(), &time.text, scope]
}

impl DerivedKey {
    /// The signature of a canonical request.
    pub(super) fn sign(&self, time: &Timestamp, scope: &[u8], request: &Tag) -> Tag {
        let lines = string_to_sign(time, scope);
        let digits = hex_digits(request);
        let mut gathered = Gathered::new();
        let whole = gathered.whole(|sink| {
            sink.put_lines(&lines);
            sink.put(&digits);
        });
        match whole {
            Some(blocks) => self.mac.tag_of_padded(blocks),
            None => self.mac.tag(|running| {
                running.put_lines(&lines);
                running.put(&digits);
            }),
        }
    }

    fn is_for(&self, day: &[u8; 8], region: &[u8], service: &[u8]) -> bool {
        self.day == *day && *self.region == *region && *self.service == *service
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningSecret").finish_non_exhaustive()
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DerivedKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &DerivedKey, right: &DerivedKey) -> bool {
        let tag = |key: &DerivedKey| key.mac.tag_of(b"a");
        tag(left) == tag(right)
    }

    #[test]
    fn a_key_is_kept_for_its_scope_and_nothing_else() {
        let secret = SigningSecret::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let first = secret.key(b"20150830", b"us-east-1", b"iam");
        assert!(Arc::ptr_eq(&first, &secret.key(b"20150830", b"us-east-1", b"iam")));
        for (day, region, service) in [
            (b"20150831", &b"us-east-1"[..], &b"iam"[..]),
            (b"20150830", b"us-east-2", b"iam"),
            (b"20150830", b"us-east-1", b"s3"),
        ] {
            let other = secret.key(day, region, service);
            assert!(!same(&first, &other));
            assert!(same(&other, &secret.derive(day, region, service)));
        }
        let other = SigningSecret::new(b"another secret");
        assert!(!same(&first, &other.key(b"20150830", b"us-east-1", b"iam")));
    }

    #[test]
    fn few_keys_are_kept() {
        let secret = SigningSecret::new(b"secret");
        for day in 0..100 {
            secret.key(format!("201508{day:02}").as_bytes().try_into().expect("8 digits"), b"r", b"s");
            assert!(secret.kept.load().len() <= KEPT);
        }
    }

    #[test]
    fn what_is_kept_lives_no_longer_than_the_secret_and_is_wiped() {
        fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
        // All that holds key material, here and in what is derived.
        is_wiped::<MacKey>();
        let secret = SigningSecret::new(b"secret");
        let key = Arc::downgrade(&secret.key(b"20150830", b"r", b"s"));
        assert!(key.upgrade().is_some(), "kept");
        for day in 0..KEPT {
            secret.key(format!("201509{day:02}").as_bytes().try_into().expect("8 digits"), b"r", b"s");
        }
        assert!(key.upgrade().is_none(), "the oldest is let go");
        let newest = Arc::downgrade(&secret.key(b"20151001", b"r", b"s"));
        drop(secret);
        assert!(newest.upgrade().is_none());
    }

    #[test]
    fn debug_output_holds_no_key() {
        let secret = SigningSecret::new(b"secret");
        assert_eq!(format!("{secret:?}"), "SigningSecret { .. }");
        assert_eq!(format!("{:?}", secret.key(b"20150830", b"r", b"s")), "DerivedKey { .. }");
    }
}
