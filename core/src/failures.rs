//! Failed verifications, counted per minute: whoever guesses is stopped, and nobody else.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::handshake::HandshakeFault;
use crate::refusal::{Detail, RefusalCode};

/// The most sources that are counted in one minute. More of them cannot take more memory than this.
const MAX_SOURCES: usize = 65_536;

/// Counts failures by their source.
pub(crate) struct Failures {
    hasher: FixedState,
    /// The minute of the latest failure: while nobody fails, nothing is looked up.
    latest: AtomicU64,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    minute: u64,
    by_source: HashMap<u64, u32, FixedState>,
}

/// Where a request comes from: the client's prefix, and who it claims to be. So a stranger who uses up the limit does not stop a
/// service behind the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    client: u64,
    claim: ClaimClass,
}

/// The ids that a request can claim, in a few classes. Known ones and others are in the same, so that running into the limit does
/// not tell which is which; and one client never takes more places than there are classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimClass(u8);

const CLAIM_CLASSES: u64 = 64;

impl ClaimClass {
    /// No id is claimed.
    pub(crate) const NONE: Self = Self(CLAIM_CLASSES as u8);

    /// The class of an id. `secret` keeps it from being foreseen.
    pub(crate) fn new(id: &[u8], secret: u64) -> Self {
        Self((FixedState::with_seed(secret).hash_one(id) % CLAIM_CLASSES) as u8)
    }
}

impl Source {
    /// `None` where the client is not known: a limit for all of them together would let any of them stop the others.
    pub(crate) fn new(client: Option<IpAddr>, claim: ClaimClass) -> Option<Self> {
        Some(Self { client: prefix(client?), claim })
    }
}

/// The address, or the first 56 bits of an IPv6 address: what one customer of a provider usually has.
fn prefix(client: IpAddr) -> u64 {
    match client.to_canonical() {
        // The lowest byte is part of neither, and keeps the two apart.
        IpAddr::V4(address) => u64::from(address.to_bits()) << 8 | 4,
        IpAddr::V6(address) => ((address.to_bits() >> 64) as u64 & !0xff) | 6,
    }
}

impl Failures {
    /// `secret` keeps the places of sources from being foreseen.
    pub(crate) fn new(secret: u64) -> Self {
        Self { hasher: FixedState::with_seed(secret), latest: AtomicU64::new(0), counts: Mutex::new(Counts::default()) }
    }

    /// Whether the source has failed as often as it may within this minute.
    pub(crate) fn are_too_many(&self, source: Source, limit: u32, now: u64) -> bool {
        if self.latest.load(Ordering::Relaxed) != now / 60 {
            return false;
        }
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.minute == now / 60 && counts.by_source.get(&self.place(source)).is_some_and(|&count| count >= limit)
    }

    pub(crate) fn count(&self, source: Source, now: u64) {
        let minute = now / 60;
        self.latest.store(minute, Ordering::Relaxed);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.minute != minute {
            counts.minute = minute;
            counts.by_source.clear();
        }
        let is_full = counts.by_source.len() >= MAX_SOURCES;
        let place = self.place(source);
        match counts.by_source.get_mut(&place) {
            Some(count) => *count = count.saturating_add(1),
            None if is_full => {}
            None => {
                counts.by_source.insert(place, 1);
            }
        }
    }

    fn place(&self, source: Source) -> u64 {
        self.hasher.hash_one((source.client, source.claim.0))
    }
}

/// Whether a refusal means that somebody tried a credential that does not hold. A request that is late, incomplete or not allowed
/// is no guess.
pub(crate) fn is_guess(code: RefusalCode, detail: Detail) -> bool {
    if matches!(detail, Detail::Handshake(HandshakeFault::WrongToken)) {
        return true;
    }
    matches!(
        code,
        RefusalCode::InvalidSignature
            | RefusalCode::UnknownService
            | RefusalCode::UnknownKey
            | RefusalCode::KeyNotValidNow
            | RefusalCode::InvalidToken
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_767_225_600;

    fn source(client: &str, id: &str) -> Source {
        Source::new(Some(client.parse().expect("an address")), ClaimClass::new(id.as_bytes(), 7)).expect("known")
    }

    #[test]
    fn a_source_is_stopped_until_the_minute_is_over() {
        let failures = Failures::new(7);
        let (guesser, neighbour) = (source("192.0.2.1", "a"), source("192.0.2.2", "a"));
        for _ in 0..3 {
            assert!(!failures.are_too_many(guesser, 3, NOW));
            failures.count(guesser, NOW);
        }
        assert!(failures.are_too_many(guesser, 3, NOW));
        assert!(!failures.are_too_many(neighbour, 3, NOW));
        assert!(!failures.are_too_many(source("192.0.2.1", "b"), 3, NOW), "another claim is another source");
        assert!(!failures.are_too_many(guesser, 3, NOW + 60));
        failures.count(neighbour, NOW + 60);
        assert!(!failures.are_too_many(guesser, 3, NOW + 60));
    }

    #[test]
    fn ipv6_counts_by_prefix_and_mapped_ipv4_by_address() {
        assert_eq!(source("2001:db8:0:1200::1", "a"), source("2001:db8:0:12ff:ffff::9", "a"));
        assert_ne!(source("2001:db8:0:1200::1", "a"), source("2001:db8:0:1300::1", "a"));
        assert_eq!(source("::ffff:192.0.2.1", "a"), source("192.0.2.1", "a"));
        assert_ne!(source("::", "a"), source("0.0.0.0", "a"));
        assert!(Source::new(None, ClaimClass::NONE).is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let failures = Failures::new(7);
        for number in 0..70_000u32 {
            let client = IpAddr::V4(std::net::Ipv4Addr::from_bits(number));
            failures.count(Source::new(Some(client), ClaimClass::NONE).expect("known"), NOW);
        }
        assert_eq!(failures.counts.lock().expect("fine").by_source.len(), MAX_SOURCES);
    }

    #[test]
    fn one_client_takes_few_places() {
        let failures = Failures::new(7);
        for number in 0..10_000 {
            failures.count(source("192.0.2.1", &format!("service-{number}")), NOW);
        }
        assert_eq!(failures.counts.lock().expect("fine").by_source.len() as u64, CLAIM_CLASSES);
    }
}
