//! Gives a number to each combination of caller, key, schemes and route, so that a verdict crosses as numbers, and the
//! texts that many requests have in common cross once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wiresign::Verified;

use crate::about::WIRESIGN_ABSENT;

/// How many texts facts have.
pub const WIRESIGN_FACTS_TEXTS: usize = 6;

/// A bit of `flags` of facts: the request went to a public route, where nothing was verified.
pub const WIRESIGN_FACTS_PUBLIC: u32 = 1;
/// A bit of `flags` of facts: the key that made the signature is marked as retiring.
pub const WIRESIGN_FACTS_RETIRING: u32 = 2;
/// A bit of `flags` of facts: the request id is part of what was signed.
pub const WIRESIGN_FACTS_REQUEST_ID_SIGNED: u32 = 4;

/// The head of the bytes that wiresign_verifier_facts gives; the texts follow it at once, one behind the other: service, key
/// id, scheme, route, the covered parts with commas between them, and all schemes with commas between them. The layout does
/// not change within an ABI version.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wiresign_facts {
    /// Bits: WIRESIGN_FACTS_PUBLIC and the others.
    pub flags: u32,
    /// The length of each text in bytes, or WIRESIGN_ABSENT.
    pub lengths: [u32; WIRESIGN_FACTS_TEXTS],
}

/// The most combinations that have a number. There are as many as callers times keys times routes at most, and no request
/// without a right signature makes one.
const MOST: usize = 1 << 16;
/// How many combinations are found without a look at their texts.
const SLOTS: usize = 256;

/// The combinations that one verifier has accepted. A number means the same for as long as the verifier lives, whatever
/// configuration is in force.
pub(crate) struct FactsTable {
    /// Those that are found without a look at their texts, each in a place that its identity names.
    recent: Box<[Recent]>,
    all: Mutex<All>,
}

/// A combination and its number, which are read without a lock. Only who holds the lock of the table writes.
#[repr(align(64))]
struct Recent {
    /// Odd while a writer is at work; another one after it. What was read between two equal even ones belongs together.
    version: AtomicUsize,
    identity: [AtomicUsize; IDENTITY],
    /// 0 where the place is empty.
    number: AtomicU32,
}

impl Recent {
    fn new() -> Self {
        Self { version: AtomicUsize::new(0), identity: Default::default(), number: AtomicU32::new(0) }
    }

    /// The number, if it is that of the identity.
    ///
    /// A place is overwritten before the configuration that it stood for is let go, so whoever holds a configuration that
    /// got the memory of another one finds nothing of that other here.
    #[inline]
    fn read(&self, identity: &Identity) -> Option<u32> {
        let version = self.version.load(Ordering::Acquire);
        let is_same = self.identity.iter().zip(identity).all(|(one, other)| one.load(Ordering::Relaxed) == *other);
        let number = self.number.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let is_whole = version & 1 == 0 && self.version.load(Ordering::Relaxed) == version;
        (is_same && is_whole && number != 0).then_some(number)
    }

    /// Only for one thread at a time.
    fn write(&self, identity: &Identity, number: u32) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.identity.iter().zip(identity).for_each(|(one, other)| one.store(*other, Ordering::Relaxed));
        self.number.store(number, Ordering::Relaxed);
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }
}

/// What tells combinations apart while their configurations are alive: the addresses of their texts, and what is no text.
type Identity = [usize; IDENTITY];
const IDENTITY: usize = 6;

#[inline]
fn identity(verified: &Verified) -> Identity {
    let address = |text: Option<&str>| text.map_or(0, |text| text.as_ptr().addr());
    [
        address(verified.service()),
        address(verified.key_id()),
        address(verified.scheme()),
        address(verified.route()),
        verified.request_id_is_signed().into(),
        verified.schemes().count(),
    ]
}

#[derive(Default)]
struct All {
    /// Of each place in the table that is taken: keeps the configuration, so that no other text gets an address of the identity.
    kept: HashMap<usize, Verified>,
    blocks: Vec<Arc<[u8]>>,
    numbers: HashMap<Arc<[u8]>, u32>,
}

impl FactsTable {
    pub(crate) fn new() -> Self {
        Self { recent: (0..SLOTS).map(|_| Recent::new()).collect(), all: Mutex::default() }
    }

    /// The number of the combination, 1 or more; `None` where all numbers are given, and where there is more to say than a
    /// combination says.
    #[inline]
    pub(crate) fn number(&self, verified: &Verified) -> Option<u32> {
        if verified.is_individual() {
            return None;
        }
        let identity = identity(verified);
        // The texts of a configuration lie some bytes apart, and the lowest bits are those of alignment.
        let mixed = identity[1] ^ identity[3].rotate_left(7);
        let place = (mixed ^ mixed >> 8) >> 4 & (SLOTS - 1);
        self.recent[place].read(&identity).or_else(|| self.look_up(verified, &identity, place))
    }

    #[cold]
    fn look_up(&self, verified: &Verified, identity: &Identity, place: usize) -> Option<u32> {
        let mut all = self.lock();
        let number = all.number(&block(verified))?;
        self.recent[place].write(identity, number);
        let before = all.kept.insert(place, verified.clone());
        drop(all);
        // It may be the last one that holds a whole configuration.
        drop(before);
        Some(number)
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The facts that a number stands for.
    pub(crate) fn block(&self, number: u32) -> Option<Arc<[u8]>> {
        let at = (number as usize).checked_sub(1)?;
        self.lock().blocks.get(at).cloned()
    }

    /// Lets go of the configuration that was in force.
    pub(crate) fn forget_recent(&self) {
        let mut all = self.lock();
        all.kept.keys().for_each(|&place| self.recent[place].write(&[0; IDENTITY], 0));
        let before = std::mem::take(&mut all.kept);
        drop(all);
        drop(before);
    }
}

impl All {
    fn number(&mut self, block: &[u8]) -> Option<u32> {
        if let Some(&number) = self.numbers.get(block) {
            return Some(number);
        }
        if self.blocks.len() >= MOST {
            return None;
        }
        let block: Arc<[u8]> = block.into();
        self.blocks.push(block.clone());
        let number = self.blocks.len() as u32; // MOST at most
        self.numbers.insert(block, number);
        Some(number)
    }
}

/// A wiresign_facts and its texts.
fn block(verified: &Verified) -> Vec<u8> {
    let flags = [
        (verified.is_public(), WIRESIGN_FACTS_PUBLIC),
        (verified.key_is_retiring(), WIRESIGN_FACTS_RETIRING),
        (verified.request_id_is_signed(), WIRESIGN_FACTS_REQUEST_ID_SIGNED),
    ];
    let flags: u32 = flags.iter().map(|(is_set, bit)| if *is_set { *bit } else { 0 }).sum();
    let covered = verified.covered().collect::<Vec<_>>().join(",");
    let schemes = verified.schemes().collect::<Vec<_>>().join(",");
    let texts: [Option<&str>; WIRESIGN_FACTS_TEXTS] =
        [verified.service(), verified.key_id(), verified.scheme(), verified.route(), Some(&covered), Some(&schemes)];
    let lengths = texts.iter().map(|text| text.map_or(WIRESIGN_ABSENT, |text| text.len() as u32));
    let mut block: Vec<u8> = [flags].into_iter().chain(lengths).flat_map(u32::to_ne_bytes).collect();
    texts.into_iter().flatten().for_each(|text| block.extend_from_slice(text.as_bytes()));
    block
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use wiresign::{Config, Head, Lookup, Verifier};

    use super::*;

    struct Secrets(HashMap<&'static str, &'static str>);

    impl Lookup for Secrets {
        fn env(&self, name: &str) -> Result<Option<String>, String> {
            Ok(self.0.get(name).map(|value| (*value).to_owned()))
        }

        fn file(&self, _: &str) -> Result<Vec<u8>, String> {
            Err("there are no files".to_owned())
        }
    }

    /// A request to a public route of a configuration that is dropped at once, unless the verdict keeps it.
    fn public(route: &str) -> Verified {
        let secrets =
            Secrets(HashMap::from([("KEY", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9")]));
        let document = format!(
            r#"{{"service": "orders", "services": {{"orders": {{"keys": [{{"secret": "env:KEY"}}]}}}},
                "routes": [{{"match": "GET {route}", "public": true}}]}}"#
        );
        let config = Config::parse(&document, &secrets).expect("a document without a mistake");
        let none: &[(&str, &str)] = &[];
        Verifier::new(&config).verify(&Head::new(b"GET", route.as_bytes(), none), b"", 0).expect("public")
    }

    #[test]
    fn a_combination_keeps_its_number_through_all_configurations() {
        let table = FactsTable::new();
        let health = table.number(&public("/health"));
        assert_eq!(health, Some(1));
        for _ in 0..100 {
            assert_eq!(table.number(&public("/ready")), Some(2));
            assert_eq!(table.number(&public("/health")), health);
            table.forget_recent();
        }
    }

    #[test]
    fn the_same_address_is_not_taken_for_the_same_text() {
        let table = FactsTable::new();
        let mut numbers = HashMap::new();
        // Each configuration is freed as soon as its place in the table is taken, and the next one may get its memory.
        for count in 0..1000 {
            let route = format!("/{}", count % 7);
            let number = table.number(&public(&route)).expect("numbers are left");
            assert_eq!(*numbers.entry(route).or_insert(number), number);
        }
        assert_eq!(numbers.len(), 7);
    }

    #[test]
    fn threads_that_share_a_table_get_the_right_numbers() {
        let table = FactsTable::new();
        let routes: Vec<String> = (0..5).map(|count| format!("/{count}")).collect();
        let numbers: Vec<_> =
            routes.iter().map(|route| table.number(&public(route)).expect("numbers are left")).collect();
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let (table, routes, numbers) = (&table, &routes, &numbers);
                threads.spawn(move || {
                    for count in 0..2000 {
                        let at = (count * (thread + 1) + thread) % routes.len();
                        // Configurations come and go meanwhile, and with them the addresses.
                        let verified = public(&routes[at]);
                        for _ in 0..10 {
                            assert_eq!(table.number(&verified), Some(numbers[at]));
                        }
                        if count % 16 == thread {
                            table.forget_recent();
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_block_holds_the_texts() {
        let table = FactsTable::new();
        let number = table.number(&public("/health")).expect("numbers are left");
        let block = table.block(number).expect("it was given");
        let (head, texts) = block.split_at(size_of::<wiresign_facts>());
        let numbers: Vec<u32> =
            head.chunks_exact(4).map(|four| u32::from_ne_bytes(four.try_into().expect("four"))).collect();
        let absent = WIRESIGN_ABSENT;
        assert_eq!(numbers, [WIRESIGN_FACTS_PUBLIC, absent, absent, absent, 11, 0, 0]);
        assert_eq!(texts, b"GET /health");
        assert!(table.block(0).is_none());
        assert!(table.block(number + 1).is_none());
    }
}
