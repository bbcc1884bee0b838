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
    /// The number given last: a service mostly hears from the same caller again. It is known by the addresses of its texts,
    /// which mean the same as long as the verdict that they belong to is kept.
    recent: Option<(Verified, usize)>,
}

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
        match &self.recent {
            Some((recent, number)) if is_same(recent, verified) => Some(*number),
            _ => self.look_up(verified),
        }
    }

    #[cold]
    fn look_up(&mut self, verified: &Verified) -> Option<usize> {
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
        self.recent = Some((verified.clone(), number));
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

/// Whether two verdicts of configs that are both alive speak of the same caller, key, scheme and route.
#[inline]
fn is_same(one: &Verified, other: &Verified) -> bool {
    same_text(one.key_id(), other.key_id())
        && same_text(one.service(), other.service())
        && same_text(one.scheme(), other.scheme())
        && same_text(one.route(), other.route())
}

/// Whether it is the very same text, not just an equal one.
#[inline]
fn same_text(one: Option<&str>, other: Option<&str>) -> bool {
    one.map(std::ptr::from_ref) == other.map(std::ptr::from_ref)
}
