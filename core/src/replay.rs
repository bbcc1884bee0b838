//! The replay store in memory: remembers, within bounds, what was accepted inside the window.

use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::identifier::{MAX_REQUEST_ID_BYTES, RequestId};

/// What is remembered of a request: the start of its signature, or a hash of its nonce under a secret. So nobody can search
/// for a request that is taken for the replay of another one.
pub(crate) type Fingerprint = [u8; 16];

/// What the store says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sighting {
    First,
    Repeated,
    /// The store has forgotten requests of that age, so it cannot say.
    Forgotten,
    /// There is no room, and nothing in the store may be forgotten yet.
    Full,
}

/// How long, in seconds, an entry outlives the window.
pub(crate) const MARGIN_SECONDS: u64 = 5;
const FIRST_ENTRIES: usize = 64;
/// Below this capacity one part serves all threads, and the capacity is exact.
const CAPACITY_OF_ONE_SHARD: usize = 65_536;
const SHARDS: usize = 16;

/// A bounded set of fingerprints, in parts that are locked one by one.
pub(crate) struct ReplayStore {
    shards: Box<[Mutex<Shard>]>,
    keys: [[u64; 2]; HASHED_PAIRS],
}

/// The pairs of words in a scope and a nonce.
const HASHED_PAIRS: usize = (SCOPE_BYTES + MAX_REQUEST_ID_BYTES) / 16;
const SCOPE_BYTES: usize = size_of::<Fingerprint>();

/// Linear probing over slots of 20 bytes. A slot whose time has passed is dead, and is used again by the next entry.
struct Shard {
    slots: Vec<Slot>,
    /// Slots that are not empty, dead ones included.
    used: usize,
    /// Of requests with older timestamps than this, some were dropped.
    remembers_from: u64,
    /// After a search for room in vain: the oldest timestamp alive, and the capacity then.
    full: Option<(u64, usize)>,
}

#[derive(Clone, Copy)]
struct Slot {
    /// 96 bits: too many for two honest requests to share, and only its own signer can search for a second one.
    fingerprint: [u32; 3],
    /// The timestamp of the request plus one, in halves so that a slot stays at 20 bytes; 0 marks an empty slot.
    time: [u32; 2],
}

const EMPTY: Slot = Slot { fingerprint: [0; 3], time: [0; 2] };

impl ReplayStore {
    /// A store that is about to hold `capacity` entries. Memory is taken as entries come. `secret` keeps fingerprints from
    /// being foreseen.
    pub(crate) fn new(capacity: usize, secret: u64) -> Self {
        let key = |at: usize| {
            let digest = Sha256::new().chain_update(secret.to_le_bytes()).chain_update([at as u8]).finalize();
            [0, 8].map(|at| u64::from_le_bytes(digest[at..at + 8].try_into().expect("8 bytes")))
        };
        let shards = if capacity < CAPACITY_OF_ONE_SHARD { 1 } else { SHARDS };
        let shard = || Mutex::new(Shard { slots: Vec::new(), used: 0, remembers_from: 0, full: None });
        Self { shards: (0..shards).map(|_| shard()).collect(), keys: std::array::from_fn(key) }
    }

    /// The fingerprint of a nonce in the scope of its service.
    ///
    /// The hash is NH, the one under UMAC (RFC 4418, section 5.2), over 64-bit words. It needs a secret, but then no two texts
    /// that are chosen without it have the same hash more often than by chance; and it takes a tenth of the time of SHA-256.
    #[inline]
    pub(crate) fn fingerprint(&self, scope: &[u8; SCOPE_BYTES], nonce: &RequestId) -> Fingerprint {
        let pairs = std::iter::once(scope).chain(nonce.padded().as_chunks().0);
        let products = pairs.zip(&self.keys).map(|(pair, key)| {
            let pair = u128::from_le_bytes(*pair);
            u128::from((pair as u64).wrapping_add(key[0])) * u128::from(((pair >> 64) as u64).wrapping_add(key[1]))
        });
        // The lowest bits of products are even more often than odd: they come last, where they choose no place.
        products.fold(0, u128::wrapping_add).rotate_right(32).to_le_bytes()
    }

    /// Remembers a request, unless it is known already. Finding and remembering are one step for all threads.
    ///
    /// `timestamp` is the request's own signed time, `past` the window's length, both in seconds; `capacity` is the most
    /// entries that may be alive.
    pub(crate) fn insert(
        &self,
        fingerprint: &Fingerprint,
        timestamp: u64,
        now: u64,
        past: u64,
        capacity: usize,
    ) -> Sighting {
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(fingerprint.chunks_exact(4)) {
            *word = u32::from_le_bytes(bytes.try_into().expect("chunks of four"));
        }
        // The number of shards is a power of two: a division would cost as much as the search for the place.
        let mask = self.shards.len() - 1;
        let shard_capacity = (capacity >> self.shards.len().trailing_zeros()) + usize::from(capacity & mask != 0);
        let shard = &self.shards[words[0] as usize & mask];
        // A panic while the lock was held cannot leave a shard half written, so a poisoned lock is as good as any.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let dead_before = now.saturating_sub(past + MARGIN_SECONDS);
        shard.insert(words, timestamp, dead_before, shard_capacity)
    }

    /// A store without entries that makes the same fingerprints.
    pub(crate) fn empty_twin(&self) -> Self {
        let shard = || Mutex::new(Shard { slots: Vec::new(), used: 0, remembers_from: 0, full: None });
        Self { shards: self.shards.iter().map(|_| shard()).collect(), keys: self.keys }
    }

    /// All entries, with the timestamps that they were remembered with.
    pub(crate) fn entries(&self) -> Vec<([u32; 3], u64)> {
        let entries = |shard: &Mutex<Shard>| -> Vec<([u32; 3], u64)> {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let slots = shard.slots.iter().filter(|slot| !slot.is_empty());
            slots.map(|slot| (slot.fingerprint, slot.timestamp())).collect()
        };
        self.shards.iter().flat_map(entries).collect()
    }

    /// What [`insert`](Self::insert) would say, without remembering anything. `entry` is one of another store's entries.
    pub(crate) fn look(&self, entry: [u32; 3], timestamp: u64, now: u64, past: u64, capacity: usize) -> Sighting {
        let mask = self.shards.len() - 1;
        let shard_capacity = (capacity >> self.shards.len().trailing_zeros()) + usize::from(capacity & mask != 0);
        let shard = self.shards[entry[0] as usize & mask].lock().unwrap_or_else(PoisonError::into_inner);
        shard.look(entry, timestamp, now.saturating_sub(past + MARGIN_SECONDS), shard_capacity)
    }
}

impl Shard {
    fn insert(&mut self, fingerprint: [u32; 3], timestamp: u64, dead_before: u64, capacity: usize) -> Sighting {
        if timestamp < self.remembers_from {
            return Sighting::Forgotten;
        }
        let limit = capacity.min(self.slots.len() / 5 * 4);
        if self.used >= limit {
            // The search for room goes over the whole table: not again while nothing can have died since the last one.
            let in_vain = self.full.is_some_and(|(oldest, tried)| dead_before <= oldest && capacity <= tried);
            if in_vain || !self.make_room(dead_before, capacity) {
                return match self.find(fingerprint) {
                    Some(_) => Sighting::Repeated,
                    None => Sighting::Full,
                };
            }
        }
        let mut reusable: Option<usize> = None;
        let mut at = self.start(fingerprint);
        // A fifth of the slots is empty, so there is an end.
        loop {
            let slot = &self.slots[at];
            if slot.is_empty() {
                break;
            }
            if slot.is_dead(dead_before) {
                reusable = reusable.or(Some(at));
            } else if slot.fingerprint == fingerprint {
                return Sighting::Repeated;
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
        match reusable {
            Some(dead) => {
                self.remembers_from = self.remembers_from.max(self.slots[dead].timestamp() + 1);
                at = dead;
            }
            None => self.used += 1,
        }
        self.slots[at] = Slot::new(fingerprint, timestamp);
        Sighting::First
    }

    fn look(&self, fingerprint: [u32; 3], timestamp: u64, dead_before: u64, capacity: usize) -> Sighting {
        if timestamp < self.remembers_from {
            return Sighting::Forgotten;
        }
        let is_alive = |slot: &Slot| !slot.is_empty() && !slot.is_dead(dead_before);
        let has_room = self.used < capacity.min(self.slots.len() / 5 * 4)
            || self.slots.iter().filter(|slot| is_alive(slot)).count() < capacity;
        match self.find(fingerprint) {
            Some(_) if !has_room => Sighting::Repeated,
            None if !has_room => Sighting::Full,
            _ => {
                let reached = self.probe(fingerprint).map(|at| self.slots[at]).take_while(|slot| !slot.is_empty());
                match reached.filter(is_alive).any(|slot| slot.fingerprint == fingerprint) {
                    true => Sighting::Repeated,
                    false => Sighting::First,
                }
            }
        }
    }

    fn find(&self, fingerprint: [u32; 3]) -> Option<usize> {
        self.probe(fingerprint)
            .take_while(|&at| !self.slots[at].is_empty())
            .find(|&at| self.slots[at].fingerprint == fingerprint)
    }

    /// All slots, in the order in which an entry looks for its place.
    fn probe(&self, fingerprint: [u32; 3]) -> impl Iterator<Item = usize> + use<> {
        let start = self.start(fingerprint);
        (start..self.slots.len()).chain(0..start)
    }

    /// Where an entry looks for its place first.
    fn start(&self, fingerprint: [u32; 3]) -> usize {
        // Multiplying instead of dividing lets the table have any length. The first word has chosen the shard already.
        ((u64::from(fingerprint[1]) * self.slots.len() as u64) >> 32) as usize
    }

    /// Drops what is dead, and grows where that is not enough. `false` where all places are taken by the living.
    fn make_room(&mut self, dead_before: u64, capacity: usize) -> bool {
        let (mut living, mut oldest, mut remembers_from) = (0, u64::MAX, self.remembers_from);
        for slot in self.slots.iter().filter(|slot| !slot.is_empty()) {
            if slot.is_dead(dead_before) {
                remembers_from = remembers_from.max(slot.timestamp() + 1);
            } else {
                living += 1;
                oldest = oldest.min(slot.timestamp());
            }
        }
        if living >= capacity {
            self.full = Some((oldest, capacity));
            return false;
        }
        self.full = None;
        self.remembers_from = remembers_from;
        self.used = living;
        let limit = self.slots.len() / 5 * 4;
        // Growing is left to a table that is mostly alive, so that steady traffic comes to an end of it.
        if limit < capacity && living * 4 >= limit * 3 {
            // Half as much again leaves room for many entries until the next time. Four fifths full is the limit.
            let wanted = (living + living / 2).max(FIRST_ENTRIES).min(capacity);
            let old = std::mem::replace(&mut self.slots, vec![EMPTY; wanted.div_ceil(4) * 5]);
            old.into_iter()
                .filter(|slot| !slot.is_empty() && !slot.is_dead(dead_before))
                .for_each(|slot| self.place(slot));
        } else {
            self.clear_dead(dead_before);
        }
        true
    }

    /// Drops what is dead and moves the others together, without memory of its own.
    fn clear_dead(&mut self, dead_before: u64) {
        // No entry has passed over an empty slot in search of its place. So behind one, each entry that is taken out finds
        // its new place among those that were moved already, or its old one.
        let boundary = self.slots.iter().position(Slot::is_empty).expect("a fifth of the slots is empty");
        let length = self.slots.len();
        for at in (boundary..length).chain(0..boundary) {
            let slot = std::mem::replace(&mut self.slots[at], EMPTY);
            if !slot.is_empty() && !slot.is_dead(dead_before) {
                self.place(slot);
            }
        }
    }

    /// Puts an entry that is not there into the first free slot from its start on.
    fn place(&mut self, slot: Slot) {
        let free = self.probe(slot.fingerprint).find(|&at| self.slots[at].is_empty()).expect("there is room");
        self.slots[free] = slot;
    }
}

impl Slot {
    fn new(fingerprint: [u32; 3], timestamp: u64) -> Self {
        let time = timestamp.saturating_add(1);
        Self { fingerprint, time: [time as u32, (time >> 32) as u32] }
    }

    fn time(&self) -> u64 {
        u64::from(self.time[0]) | u64::from(self.time[1]) << 32
    }

    fn is_empty(&self) -> bool {
        self.time() == 0
    }

    fn timestamp(&self) -> u64 {
        self.time() - 1
    }

    fn is_dead(&self, dead_before: u64) -> bool {
        self.timestamp() < dead_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    const NOW: u64 = 1_767_225_600;
    const CAPACITY: usize = 1_000_000;

    fn fingerprint(number: u32) -> Fingerprint {
        Sha256::digest(number.to_le_bytes())[..16].try_into().expect("16 bytes")
    }

    #[test]
    fn fingerprints_tell_scopes_nonces_and_secrets_apart() {
        let nonce = |text: &str| crate::identifier::ReceivedId::parse(text.as_bytes()).expect("fine").keep();
        let mut seen = std::collections::HashSet::new();
        for secret in [7, 8] {
            let store = ReplayStore::new(1, secret);
            for scope in [[0; 16], [1; 16]] {
                for length in 1..=MAX_REQUEST_ID_BYTES {
                    for text in ["a".repeat(length), format!("{}b", "a".repeat(length - 1))] {
                        assert!(seen.insert(store.fingerprint(&scope, &nonce(&text))), "{secret} {scope:?} {text}");
                    }
                }
            }
        }
    }

    #[test]
    fn each_is_first_once_and_repeated_after() {
        let store = ReplayStore::new(CAPACITY, 7);
        for number in 0..20_000 {
            assert_eq!(store.insert(&fingerprint(number), NOW, NOW, 300, CAPACITY), Sighting::First, "{number}");
        }
        for number in 0..20_000 {
            assert_eq!(store.insert(&fingerprint(number), NOW, NOW, 300, CAPACITY), Sighting::Repeated, "{number}");
        }
    }

    #[test]
    fn a_full_store_says_so_until_time_has_passed() {
        for capacity in [1, 2, 10, 1600] {
            let store = ReplayStore::new(capacity, 7);
            let mut first = 0;
            for number in 0..2 * capacity as u32 {
                match store.insert(&fingerprint(number), NOW, NOW, 300, capacity) {
                    Sighting::First => first += 1,
                    Sighting::Full => {}
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(first, capacity);
            assert_eq!(store.insert(&fingerprint(0), NOW, NOW, 300, capacity), Sighting::Repeated);
            let later = NOW + 300 + MARGIN_SECONDS + 1;
            for number in 0..capacity as u32 {
                assert_eq!(
                    store.insert(&fingerprint(90_000 + number), later, later, 300, capacity),
                    Sighting::First,
                    "{number}"
                );
            }
        }
    }

    /// Steady traffic for many windows: whoever is alive is known, and the table does not grow without end.
    #[test]
    fn the_living_are_found_again_however_often_the_dead_are_cleared() {
        let store = ReplayStore::new(4096, 7);
        let mut living = std::collections::VecDeque::new();
        for number in 0..60_000 {
            let now = NOW + u64::from(number) / 100;
            assert_eq!(store.insert(&fingerprint(number), now, now, 10, 4096), Sighting::First, "{number}");
            living.push_back((number, now));
            while living.front().is_some_and(|(_, then)| then + 10 < now) {
                living.pop_front();
            }
            if number % 97 == 0 {
                for &(number, then) in &living {
                    assert_eq!(store.insert(&fingerprint(number), then, now, 10, 4096), Sighting::Repeated, "{number}");
                }
            }
        }
        let slots: usize = store.shards.iter().map(|shard| shard.lock().expect("sound").slots.len()).sum();
        assert!(slots <= 4096 / 4 * 5, "{slots}");
    }

    #[test]
    fn what_may_have_been_forgotten_is_not_called_first() {
        let store = ReplayStore::new(1600, 7);
        for number in 0..5_000 {
            store.insert(&fingerprint(number), NOW, NOW, 10, 1600);
        }
        let later = NOW + 100;
        for number in 5_000..10_000 {
            store.insert(&fingerprint(number), later, later, 10, 1600);
        }
        // A wider window lets the old requests in again; the store must not take them for new ones.
        for number in 0..5_000 {
            let sighting = store.insert(&fingerprint(number), NOW, later, 600, 1600);
            assert!(matches!(sighting, Sighting::Forgotten | Sighting::Repeated), "{number} {sighting:?}");
        }
    }

    /// Looking says what remembering then says, whatever the store has been through.
    #[test]
    fn a_look_says_what_an_insertion_would() {
        for capacity in [3, 100, 1600] {
            let store = ReplayStore::new(capacity, 7);
            for step in 0..4_000_u32 {
                let now = NOW + u64::from(step) / 7;
                let fingerprint = fingerprint(step % 977);
                let twin = store.empty_twin();
                let timestamp = now - u64::from(step % 5);
                assert_eq!(twin.insert(&fingerprint, timestamp, now, 10, capacity), Sighting::First);
                let [(entry, time)] = twin.entries()[..] else { panic!("one entry") };
                let looked = store.look(entry, time, now, 10, capacity);
                assert_eq!(looked, store.look(entry, time, now, 10, capacity), "nothing was remembered");
                assert_eq!(store.insert(&fingerprint, timestamp, now, 10, capacity), looked, "{capacity} {step}");
            }
        }
    }

    #[test]
    fn one_of_many_threads_is_first() {
        let store = ReplayStore::new(CAPACITY, 7);
        let firsts = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..5_000 {
                        if store.insert(&fingerprint(number), NOW, NOW, 300, CAPACITY) == Sighting::First {
                            firsts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(firsts.into_inner(), 5_000);
    }
}
