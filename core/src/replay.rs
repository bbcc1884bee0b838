//! The replay store in memory: remembers, within bounds, what was accepted inside the window.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prefetch_index::prefetch_index;
use sha2::{Digest, Sha256};

use crate::identifier::{MAX_REQUEST_ID_BYTES, RequestId};

/// What is remembered of a request: the start of its signature, or a hash of its nonce under a secret. So nobody can search
/// for a request that is taken for the replay of another one.
// A number, since those go from step to step in registers. Bytes would be copied through memory, where the next step waits for them.
pub(crate) type Fingerprint = u128;

/// The fingerprint of a request that is told from others by its signature; `None` where that is shorter than one.
#[inline(always)]
pub(crate) fn fingerprint_of(signature: &[u8]) -> Option<Fingerprint> {
    signature.first_chunk().map(|start| Fingerprint::from_le_bytes(*start))
}

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
const CAPACITY_OF_ONE_PART: usize = 65_536;
const PARTS: usize = 16;

/// A bounded set of fingerprints, in parts that are locked one by one.
pub(crate) struct ReplayStore {
    parts: Arc<[Part]>,
    /// Apart from the parts: every request reads here, and nearly none writes.
    tables: Arc<[Table]>,
    keys: [[u64; 2]; HASHED_PAIRS],
    /// Where this one only looks into the parts: what it would have remembered in them, in their order.
    looks: Option<Mutex<Vec<Mark>>>,
}

/// The pairs of words in a scope and a nonce.
const HASHED_PAIRS: usize = (SCOPE_BYTES + MAX_REQUEST_ID_BYTES) / 16;
const SCOPE_BYTES: usize = 16;

/// What stands for a service, so that the nonces of one are never those of another.
pub(crate) type Scope = [u8; SCOPE_BYTES];

/// One of the parts, in cache lines of its own: threads that lock different parts do not wait for each other.
#[repr(align(128))]
struct Part(Mutex<Shard>);

/// Where the buckets of a part stand in memory (the part itself while it has none), and how many they are: known without its lock,
/// and so maybe a moment too late. Enough to have one fetched, which reads nothing.
struct Table {
    address: AtomicUsize,
    buckets: AtomicUsize,
}

/// Buckets of four entries, looked through one after the other from the one that the fingerprint chooses. An entry whose time
/// has passed is dead, and its place is taken by the next entry.
struct Shard {
    buckets: Vec<Bucket>,
    /// The Unix second that times in the buckets are counted from.
    epoch: u64,
    /// Entries that are there, dead ones included.
    used: usize,
    /// Of requests with older timestamps than this, some were dropped.
    remembers_from: u64,
    /// After a search for room in vain: the oldest timestamp alive, and the capacity then.
    full: Option<(u64, usize)>,
}

/// 96 bits: too many for two honest requests to share, and only its own signer can search for a second one.
type Mark = [u32; 3];

const ENTRIES: usize = 4;

/// Four entries in one cache line. Fetching it from memory takes longer than all the rest of a check, so one line has to do.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Bucket {
    /// By words, so that all entries are compared at once.
    marks: [[u32; ENTRIES]; 3],
    /// The timestamp of each request, in seconds from the epoch on; 0 where there is no entry.
    times: [u32; ENTRIES],
}

const EMPTY: Bucket = Bucket { marks: [[0; ENTRIES]; 3], times: [0; ENTRIES] };

/// What a bucket holds, one bit for each entry.
struct Content {
    /// Alive, and with the mark that is looked for.
    same: u32,
    dead: u32,
    empty: u32,
}

impl ReplayStore {
    /// A store that is about to hold `capacity` entries. Memory is taken as entries come. `secret` keeps fingerprints from
    /// being foreseen.
    pub(crate) fn new(capacity: usize, secret: u64) -> Self {
        let key = |at: usize| {
            let digest = Sha256::new().chain_update(secret.to_le_bytes()).chain_update([at as u8]).finalize();
            [0, 8].map(|at| u64::from_le_bytes(digest[at..at + 8].try_into().expect("8 bytes")))
        };
        let parts = if capacity < CAPACITY_OF_ONE_PART { 1 } else { PARTS };
        let parts: Arc<[Part]> = (0..parts).map(|_| Part::new()).collect();
        let tables = parts.iter().map(Table::before_any).collect();
        Self { parts, tables, keys: std::array::from_fn(key), looks: None }
    }

    /// The fingerprint of a nonce in the scope of its service.
    ///
    /// The hash is NH, the one under UMAC (RFC 4418, section 5.2), over 64-bit words. It needs a secret, but then no two texts
    /// that are chosen without it have the same hash more often than by chance; and it takes a tenth of the time of SHA-256.
    #[inline]
    pub(crate) fn fingerprint(&self, scope: &Scope, nonce: &RequestId) -> Fingerprint {
        let pairs = std::iter::once(scope).chain(nonce.padded().as_chunks().0);
        let products = pairs.zip(&self.keys).map(|(pair, key)| {
            let pair = u128::from_le_bytes(*pair);
            u128::from((pair as u64).wrapping_add(key[0])) * u128::from(((pair >> 64) as u64).wrapping_add(key[1]))
        });
        // The lowest bits of products are even more often than odd: they come last, where they choose no place.
        products.fold(0, u128::wrapping_add).rotate_right(32)
    }

    /// Remembers a request, unless it is known already. Finding and remembering are one step for all threads.
    ///
    /// `timestamp` is the request's own signed time, `past` the window's length, both in seconds; `capacity` is the most
    /// entries that may be alive.
    pub(crate) fn insert(
        &self,
        fingerprint: Fingerprint,
        timestamp: u64,
        now: u64,
        past: u64,
        capacity: usize,
    ) -> Sighting {
        let mark = mark(fingerprint);
        let (dead_before, capacity) = (dead_before(now, past), self.capacity_of_part(capacity));
        match &self.looks {
            None => {
                let table = &self.tables[self.part_of(mark)];
                self.part(mark).insert(mark, timestamp, dead_before, capacity, table)
            }
            Some(looks) => self.look(looks, mark, timestamp, dead_before, capacity),
        }
    }

    /// Has the processor fetch the lock and the bucket that [`insert`](Self::insert) will ask first, and does not wait for them. In a
    /// store of many entries that takes as long as a hash, which can be computed meanwhile.
    #[inline(always)]
    pub(crate) fn fetch(&self, fingerprint: Fingerprint) {
        let mark = mark(fingerprint);
        let part = self.part_of(mark);
        prefetch_index(&*self.parts, part);
        // Any address may be fetched, since nothing is read there. It is asked for as a position behind a slice, here an empty one.
        let nothing: &[u8] = &[];
        prefetch_index(nothing, self.tables[part].address_of(mark).wrapping_sub(nothing.as_ptr().addr()));
    }

    fn part(&self, mark: Mark) -> MutexGuard<'_, Shard> {
        self.parts[self.part_of(mark)].lock()
    }

    fn part_of(&self, mark: Mark) -> usize {
        // The number of parts is a power of two: a division would cost as much as the search for the place.
        mark[0] as usize & (self.parts.len() - 1)
    }

    fn capacity_of_part(&self, capacity: usize) -> usize {
        let mask = self.parts.len() - 1;
        (capacity >> self.parts.len().trailing_zeros()) + usize::from(capacity & mask != 0)
    }

    /// A store that says what this one would say to the same requests, one after the other, and leaves it as it is.
    pub(crate) fn looking(&self) -> Self {
        Self { parts: self.parts.clone(), tables: self.tables.clone(), keys: self.keys, looks: Some(Mutex::default()) }
    }

    #[cold]
    fn look(
        &self,
        looks: &Mutex<Vec<Mark>>,
        mark: Mark,
        timestamp: u64,
        dead_before: u64,
        capacity: usize,
    ) -> Sighting {
        let mut looks = looks.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = looks.iter().filter(|other| self.part_of(**other) == self.part_of(mark)).count();
        let sighting = self.part(mark).look(mark, timestamp, dead_before, capacity.saturating_sub(taken));
        if sighting != Sighting::Forgotten && looks.contains(&mark) {
            return Sighting::Repeated;
        }
        if sighting == Sighting::First {
            looks.push(mark);
        }
        sighting
    }
}

fn mark(fingerprint: Fingerprint) -> Mark {
    [0, 32, 64].map(|shift| (fingerprint >> shift) as u32)
}

/// The bucket, of so many, in which an entry is looked for first.
fn start(mark: Mark, buckets: usize) -> usize {
    // Multiplying instead of dividing lets the table have any length. The first word has chosen the shard already.
    ((u64::from(mark[1]) * buckets as u64) >> 32) as usize
}

/// What was signed before this is dead.
fn dead_before(now: u64, past: u64) -> u64 {
    now.saturating_sub(past + MARGIN_SECONDS)
}

impl Part {
    fn new() -> Self {
        Self(Mutex::new(Shard { buckets: Vec::new(), epoch: 0, used: 0, remembers_from: 0, full: None }))
    }

    fn lock(&self) -> MutexGuard<'_, Shard> {
        // A panic while the lock was held cannot leave a shard half written, so a poisoned lock is as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Of a part without buckets. Its address is the part's own: to fetch one where no memory is takes long, and in vain.
    fn before_any(part: &Part) -> Self {
        Self { address: AtomicUsize::new((&raw const *part).addr()), buckets: AtomicUsize::new(0) }
    }

    /// The address of the bucket in which an entry is looked for first.
    #[inline(always)]
    fn address_of(&self, mark: Mark) -> usize {
        let at = start(mark, self.buckets.load(Ordering::Relaxed)) * size_of::<Bucket>();
        self.address.load(Ordering::Relaxed).wrapping_add(at)
    }

    fn note(&self, buckets: &[Bucket]) {
        self.address.store(buckets.as_ptr().addr(), Ordering::Relaxed);
        self.buckets.store(buckets.len(), Ordering::Relaxed);
    }
}

impl Shard {
    fn insert(&mut self, mark: Mark, timestamp: u64, dead_before: u64, capacity: usize, table: &Table) -> Sighting {
        if timestamp < self.remembers_from {
            return Sighting::Forgotten;
        }
        if self.used >= self.limit().min(capacity) {
            // The search for room goes over the whole table: not again while nothing can have died since the last one.
            let in_vain = self.full.is_some_and(|(oldest, tried)| dead_before <= oldest && capacity <= tried);
            if in_vain || !self.make_room(dead_before, capacity, table) {
                // No place is looked for, so the dead count as well.
                return match self.is_there(mark, 1) {
                    true => Sighting::Repeated,
                    false => Sighting::Full,
                };
            }
        }
        let (time, alive_from) = (self.time(timestamp), self.time(dead_before));
        let mut at = self.start(mark);
        let mut content = self.buckets[at].content(mark, alive_from);
        let (mut place, mut takes_dead) = (at, content.dead);
        // Half of the places are empty, so there is an end; mostly here.
        while content.same == 0 && content.empty == 0 {
            at = self.after(at);
            content = self.buckets[at].content(mark, alive_from);
            if takes_dead == 0 {
                (place, takes_dead) = (at, content.dead);
            }
        }
        if content.same != 0 {
            return Sighting::Repeated;
        }
        let entry = match takes_dead {
            0 => {
                self.used += 1;
                content.empty.trailing_zeros()
            }
            dead => {
                let entry = dead.trailing_zeros();
                let dropped = self.timestamp(self.buckets[place].times[entry as usize]);
                self.remembers_from = self.remembers_from.max(dropped + 1);
                entry
            }
        };
        self.buckets[place].put(entry as usize, mark, time);
        Sighting::First
    }

    fn look(&self, mark: Mark, timestamp: u64, dead_before: u64, capacity: usize) -> Sighting {
        if timestamp < self.remembers_from {
            return Sighting::Forgotten;
        }
        let has_room = self.used < self.limit().min(capacity)
            || self.entries().filter(|(_, timestamp)| *timestamp >= dead_before).count() < capacity;
        let alive_from = if has_room { self.time(dead_before) } else { 1 };
        match (self.is_there(mark, alive_from), has_room) {
            (true, _) => Sighting::Repeated,
            (false, true) => Sighting::First,
            (false, false) => Sighting::Full,
        }
    }

    /// Whether there is an entry with that mark, and at least that time.
    fn is_there(&self, mark: Mark, alive_from: u32) -> bool {
        if self.buckets.is_empty() {
            return false;
        }
        let mut at = self.start(mark);
        loop {
            let content = self.buckets[at].content(mark, alive_from);
            if content.same != 0 || content.empty != 0 {
                return content.same != 0;
            }
            at = self.after(at);
        }
    }

    fn entries(&self) -> impl Iterator<Item = (Mark, u64)> {
        let entries = self.buckets.iter().flat_map(Bucket::entries);
        entries.map(|(mark, time)| (mark, self.timestamp(time)))
    }

    /// The most entries that the buckets may hold: half of the places. Then most entries are in the bucket where they are
    /// looked for first.
    fn limit(&self) -> usize {
        self.buckets.len() * (ENTRIES / 2)
    }

    fn start(&self, mark: Mark) -> usize {
        start(mark, self.buckets.len())
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.buckets.len() { 0 } else { at + 1 }
    }

    /// A timestamp as it stands in a bucket. One that is out of range, some 68 years away, becomes the nearest that is not.
    fn time(&self, timestamp: u64) -> u32 {
        timestamp.saturating_sub(self.epoch).clamp(1, u64::from(u32::MAX)) as u32
    }

    fn timestamp(&self, time: u32) -> u64 {
        self.epoch.saturating_add(u64::from(time))
    }

    /// Drops what is dead, and grows where that is not enough. `false` where all places are taken by the living.
    fn make_room(&mut self, dead_before: u64, capacity: usize, table: &Table) -> bool {
        let (mut living, mut oldest, mut remembers_from) = (0, u64::MAX, self.remembers_from);
        for (_, timestamp) in self.entries() {
            if timestamp < dead_before {
                remembers_from = remembers_from.max(timestamp + 1);
            } else {
                living += 1;
                oldest = oldest.min(timestamp);
            }
        }
        if living >= capacity {
            self.full = Some((oldest, capacity));
            return false;
        }
        self.full = None;
        self.remembers_from = remembers_from;
        self.used = living;
        if self.buckets.is_empty() {
            // Counted from now and not from a request: some tokens end in a far future, and behind an epoch there nothing dies.
            self.epoch = dead_before.saturating_sub(1 << 31);
        }
        let alive_from = self.time(dead_before);
        let limit = self.limit();
        // Growing is left to a table that is mostly alive, so that steady traffic comes to an end of it.
        if limit < capacity && living * 4 >= limit * 3 {
            // Half as much again leaves room for many entries until the next time.
            let wanted = (living + living / 2).max(FIRST_ENTRIES).min(capacity);
            let old = std::mem::replace(&mut self.buckets, vec![EMPTY; wanted.div_ceil(ENTRIES / 2)]);
            table.note(&self.buckets);
            old.iter().for_each(|bucket| self.place_living(bucket, alive_from));
        } else {
            self.clear_dead(alive_from);
        }
        true
    }

    /// Drops what is dead and moves the others together, without memory of its own.
    fn clear_dead(&mut self, alive_from: u32) {
        // No entry has passed over a bucket with an empty place in search of its own. So behind one, each entry that is taken
        // out finds its new place among those that were moved already, or its old one.
        let has_empty = |bucket: &Bucket| bucket.times.contains(&0);
        let boundary = self.buckets.iter().position(has_empty).expect("half of the places are empty") + 1;
        for at in (boundary..self.buckets.len()).chain(0..boundary) {
            let bucket = std::mem::replace(&mut self.buckets[at], EMPTY);
            self.place_living(&bucket, alive_from);
        }
    }

    /// Puts entries that are not there into the first free places from their starts on.
    fn place_living(&mut self, bucket: &Bucket, alive_from: u32) {
        for (mark, time) in bucket.entries().filter(|(_, time)| *time >= alive_from) {
            let mut at = self.start(mark);
            let free = loop {
                match self.buckets[at].times.iter().position(|&time| time == 0) {
                    Some(free) => break free,
                    None => at = self.after(at),
                }
            };
            self.buckets[at].put(free, mark, time);
        }
    }
}

impl Bucket {
    /// Looks at all entries without a branch: which of them are taken is chance, so the processor would guess it wrong, and
    /// wait until the line is there before it goes on with anything else.
    #[inline]
    fn content(&self, mark: Mark, alive_from: u32) -> Content {
        let mut content = Content { same: 0, dead: 0, empty: 0 };
        for entry in 0..ENTRIES {
            let time = self.times[entry];
            let differences =
                (self.marks[0][entry] ^ mark[0]) | (self.marks[1][entry] ^ mark[1]) | (self.marks[2][entry] ^ mark[2]);
            content.same |= u32::from((differences == 0) & (time >= alive_from)) << entry;
            content.dead |= u32::from((time != 0) & (time < alive_from)) << entry;
            content.empty |= u32::from(time == 0) << entry;
        }
        content
    }

    fn put(&mut self, entry: usize, mark: Mark, time: u32) {
        for (words, word) in self.marks.iter_mut().zip(mark) {
            words[entry] = word;
        }
        self.times[entry] = time;
    }

    fn entries(&self) -> impl Iterator<Item = (Mark, u32)> {
        let entry = |entry| (self.marks.map(|words| words[entry]), self.times[entry]);
        (0..ENTRIES).map(entry).filter(|(_, time)| *time != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    const NOW: u64 = 1_767_225_600;
    const CAPACITY: usize = 1_000_000;

    fn fingerprint(number: u32) -> Fingerprint {
        fingerprint_of(&Sha256::digest(number.to_le_bytes())).expect("long enough")
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
            assert_eq!(store.insert(fingerprint(number), NOW, NOW, 300, CAPACITY), Sighting::First, "{number}");
        }
        for number in 0..20_000 {
            assert_eq!(store.insert(fingerprint(number), NOW, NOW, 300, CAPACITY), Sighting::Repeated, "{number}");
        }
    }

    #[test]
    fn what_is_fetched_ahead_is_where_an_entry_is_looked_for() {
        let store = ReplayStore::new(CAPACITY, 7);
        for number in 0..20_000 {
            let mark = mark(fingerprint(number));
            store.insert(fingerprint(number), NOW, NOW, 300, CAPACITY);
            let part = store.part(mark);
            let first = &raw const part.buckets[part.start(mark)];
            assert_eq!(store.tables[store.part_of(mark)].address_of(mark), first.addr(), "{number}");
        }
    }

    #[test]
    fn a_full_store_says_so_until_time_has_passed() {
        for capacity in [1, 2, 10, 1600] {
            let store = ReplayStore::new(capacity, 7);
            let mut first = 0;
            for number in 0..2 * capacity as u32 {
                match store.insert(fingerprint(number), NOW, NOW, 300, capacity) {
                    Sighting::First => first += 1,
                    Sighting::Full => {}
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(first, capacity);
            assert_eq!(store.insert(fingerprint(0), NOW, NOW, 300, capacity), Sighting::Repeated);
            let later = NOW + 300 + MARGIN_SECONDS + 1;
            for number in 0..capacity as u32 {
                assert_eq!(
                    store.insert(fingerprint(90_000 + number), later, later, 300, capacity),
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
            assert_eq!(store.insert(fingerprint(number), now, now, 10, 4096), Sighting::First, "{number}");
            living.push_back((number, now));
            while living.front().is_some_and(|(_, then)| then + 10 < now) {
                living.pop_front();
            }
            if number % 97 == 0 {
                for &(number, then) in &living {
                    assert_eq!(store.insert(fingerprint(number), then, now, 10, 4096), Sighting::Repeated, "{number}");
                }
            }
        }
        let buckets: usize = store.parts.iter().map(|part| part.lock().buckets.len()).sum();
        assert!(buckets * ENTRIES <= 4096 * 2, "{buckets}");
    }

    /// A token for all times may come first, as a request that is to be remembered for as long.
    #[test]
    fn a_request_of_a_far_future_takes_one_place_and_no_more() {
        let store = ReplayStore::new(100, 7);
        let far = 999_999_999_999;
        assert_eq!(store.insert(fingerprint(0), far, NOW, 300, 100), Sighting::First);
        for number in 1..10_000 {
            let now = NOW + u64::from(number) * 10;
            assert_eq!(store.insert(fingerprint(number), now, now, 300, 100), Sighting::First, "{number}");
        }
        assert_eq!(store.insert(fingerprint(0), far, NOW + 100_000, 300, 100), Sighting::Repeated);
    }

    #[test]
    fn what_may_have_been_forgotten_is_not_called_first() {
        let store = ReplayStore::new(1600, 7);
        for number in 0..5_000 {
            store.insert(fingerprint(number), NOW, NOW, 10, 1600);
        }
        let later = NOW + 100;
        for number in 5_000..10_000 {
            store.insert(fingerprint(number), later, later, 10, 1600);
        }
        // A wider window lets the old requests in again; the store must not take them for new ones.
        for number in 0..5_000 {
            let sighting = store.insert(fingerprint(number), NOW, later, 600, 1600);
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
                let timestamp = now - u64::from(step % 5);
                let looked = store.looking().insert(fingerprint, timestamp, now, 10, capacity);
                let again = store.looking().insert(fingerprint, timestamp, now, 10, capacity);
                assert_eq!(looked, again, "nothing was remembered");
                assert_eq!(store.insert(fingerprint, timestamp, now, 10, capacity), looked, "{capacity} {step}");
            }
        }
    }

    /// Of several signatures of one request each needs a place of its own, and the first that is refused decides.
    #[test]
    fn a_look_at_several_says_what_their_insertions_would_one_after_the_other() {
        for taken in 0..5 {
            for capacity in [1, 4] {
                let store = ReplayStore::new(capacity, 7);
                for number in 0..taken {
                    store.insert(fingerprint(number), NOW, NOW, 10, capacity);
                }
                let numbers = [10, 0, 11, 10, 3, 12, 0, 13];
                let twin = store.looking();
                let looked = numbers.map(|number| twin.insert(fingerprint(number), NOW, NOW, 10, capacity));
                let said = numbers.map(|number| store.insert(fingerprint(number), NOW, NOW, 10, capacity));
                assert_eq!(looked, said, "{taken} of {capacity}");
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
                        if store.insert(fingerprint(number), NOW, NOW, 300, CAPACITY) == Sighting::First {
                            firsts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(firsts.into_inner(), 5_000);
    }
}
