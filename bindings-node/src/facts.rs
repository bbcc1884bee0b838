//! Gives a number to each combination of caller, key, scheme and route, so that a verdict crosses as one number and the
//! texts cross once.

use std::collections::HashMap;

use wiresign::Verified;

use crate::outcome::Facts;

/// The most combinations that have a number. There are as many as callers times keys times routes at most.
pub(crate) const MOST: usize = 1 << 18;

/// The most combinations when one that a signer has chosen still gets a number.
const MOST_CHOSEN: usize = 1 << 12;

/// The combinations seen since the config was last replaced.
#[derive(Default)]
pub(crate) struct FactsTable {
    seen: Vec<Combination>,
    numbers: HashMap<Combination, usize>,
    /// Numbers given lately: a service mostly hears from the same callers again. They are known by the addresses of their
    /// texts, which mean the same as long as the verdict that they belong to is kept.
    recent: Vec<Option<Recent>>,
}

struct Recent {
    addresses: Addresses,
    number: usize,
    /// Keeps the texts where they are.
    _verified: Verified,
}

/// Where the texts stand that tell combinations apart, as long as the config stands in memory. The service is known by its key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Addresses {
    key_id: usize,
    scheme: usize,
    route: usize,
    request_id_is_signed: bool,
}

/// How many numbers are remembered by address. A power of two.
const RECENT: usize = 64;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Combination {
    service: Option<Box<str>>,
    key_id: Option<Box<str>>,
    schemes: Vec<String>,
    route: Option<Box<str>>,
    key_is_retiring: bool,
    covered: Vec<String>,
    request_id_is_signed: bool,
    is_public: bool,
}

impl FactsTable {
    /// The number of the combination; `None` where all numbers are given.
    #[inline]
    pub(crate) fn number(&mut self, verified: &Verified) -> Option<usize> {
        let addresses = Addresses::of(verified);
        match self.recent.get(addresses.place()) {
            Some(Some(recent)) if recent.addresses == addresses => Some(recent.number),
            _ => self.look_up(verified, addresses),
        }
    }

    /// The number of what a verdict that holds more than that has in common with others. Signers choose what they cover, so not
    /// each choice is kept.
    pub(crate) fn number_of_individual(&mut self, verified: &Verified) -> Option<usize> {
        self.number_of(Combination::of(verified), MOST_CHOSEN)
    }

    #[cold]
    fn look_up(&mut self, verified: &Verified, addresses: Addresses) -> Option<usize> {
        let number = self.number_of(Combination::of(verified), MOST)?;
        self.recent.resize_with(RECENT, || None);
        self.recent[addresses.place()] = Some(Recent { addresses, number, _verified: verified.clone() });
        Some(number)
    }

    fn number_of(&mut self, combination: Combination, most: usize) -> Option<usize> {
        if let Some(&number) = self.numbers.get(&combination) {
            return Some(number);
        }
        if self.seen.len() >= most {
            return None;
        }
        self.seen.push(combination.clone());
        self.numbers.insert(combination, self.seen.len() - 1);
        Some(self.seen.len() - 1)
    }

    /// What a number stands for.
    pub(crate) fn facts(&self, number: usize) -> Option<Facts> {
        self.seen.get(number).map(Combination::facts)
    }
}

impl Combination {
    fn of(verified: &Verified) -> Self {
        Self {
            service: verified.service().map(Into::into),
            key_id: verified.key_id().map(Into::into),
            schemes: verified.schemes().map(str::to_owned).collect(),
            route: verified.route().map(Into::into),
            key_is_retiring: verified.key_is_retiring(),
            covered: verified.covered().map(str::to_owned).collect(),
            request_id_is_signed: verified.request_id_is_signed(),
            is_public: verified.is_public(),
        }
    }

    fn facts(&self) -> Facts {
        let owned = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Facts {
            service: owned(&self.service),
            key_id: owned(&self.key_id),
            key_is_retiring: self.key_is_retiring,
            scheme: self.schemes.first().cloned(),
            schemes: self.schemes.clone(),
            route: owned(&self.route),
            covered: self.covered.clone(),
            request_id_is_signed: self.request_id_is_signed,
            is_public: self.is_public,
        }
    }
}

impl Addresses {
    #[inline]
    fn of(verified: &Verified) -> Self {
        let address = |text: Option<&str>| text.map_or(0, |text| text.as_ptr().addr());
        Self {
            key_id: address(verified.key_id()),
            scheme: address(verified.scheme()),
            route: address(verified.route()),
            request_id_is_signed: verified.request_id_is_signed(),
        }
    }

    /// Where the combination is remembered, unless another one has taken its place.
    #[inline]
    fn place(self) -> usize {
        // Memory is handed out in steps of 16 bytes.
        ((self.key_id >> 4) ^ (self.route >> 4)) % RECENT
    }
}
