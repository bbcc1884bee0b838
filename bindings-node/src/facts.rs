//! Gives a number to each combination of caller, key, scheme and route, so that a verdict crosses as one number and the
//! texts cross once.

use std::collections::HashMap;

use wiresign::Verified;

use crate::outcome::Facts;

/// The most combinations that have a number. There are as many as callers times keys times routes at most.
pub(crate) const MOST: usize = 1 << 18;

/// The combinations seen since the config was last replaced.
#[derive(Default)]
pub(crate) struct FactsTable {
    seen: Vec<Combination>,
    numbers: HashMap<Combination, usize>,
    /// Numbers given lately: a service mostly hears from the same callers again. They are known by the addresses of their
    /// texts, which mean the same as long as the verdict that they belong to is kept.
    recent: Vec<Option<(Verified, usize)>>,
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
        let at = place(verified);
        match self.recent.get(at) {
            Some(Some((recent, number))) if is_same(recent, verified) => Some(*number),
            _ => self.look_up(verified, at),
        }
    }

    #[cold]
    fn look_up(&mut self, verified: &Verified, at: usize) -> Option<usize> {
        let combination = Combination::of(verified);
        let number = match self.numbers.get(&combination) {
            Some(&number) => number,
            None if self.seen.len() >= MOST => return None,
            None => {
                self.seen.push(combination.clone());
                self.numbers.insert(combination, self.seen.len() - 1);
                self.seen.len() - 1
            }
        };
        self.recent.resize(RECENT, None);
        self.recent[at] = Some((verified.clone(), number));
        Some(number)
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

/// Where a verdict is remembered, by the addresses of what tells most of them apart.
#[inline]
fn place(verified: &Verified) -> usize {
    let address = |text: Option<&str>| text.map_or(0, |text| text.as_ptr().addr());
    // Memory is handed out in steps of 16 bytes.
    ((address(verified.key_id()) >> 4) ^ (address(verified.route()) >> 4)) % RECENT
}

/// Whether two verdicts of configs that are both alive speak of the same caller, key, scheme and route.
#[inline]
fn is_same(one: &Verified, other: &Verified) -> bool {
    one.request_id_is_signed() == other.request_id_is_signed()
        && same_text(one.key_id(), other.key_id())
        && same_text(one.service(), other.service())
        && same_text(one.scheme(), other.scheme())
        && same_text(one.route(), other.route())
}

/// Whether it is the very same text, not just an equal one.
#[inline]
fn same_text(one: Option<&str>, other: Option<&str>) -> bool {
    one.map(std::ptr::from_ref) == other.map(std::ptr::from_ref)
}
