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
    /// The number given last: a service mostly hears from the same caller again.
    recent: usize,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Combination {
    service: Option<Box<str>>,
    key_id: Option<Box<str>>,
    scheme: Option<&'static str>,
    route: Option<Box<str>>,
    key_is_retiring: bool,
    covered: &'static [&'static str],
    request_id_is_signed: bool,
    is_public: bool,
}

impl FactsTable {
    /// The number of the combination; `None` where all numbers are given.
    #[inline]
    pub(crate) fn number(&mut self, verified: &Verified) -> Option<usize> {
        if self.seen.get(self.recent).is_some_and(|recent| recent.is_of(verified)) {
            return Some(self.recent);
        }
        self.look_up(verified)
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
        self.recent = number;
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
            scheme: verified.scheme(),
            route: verified.route().map(Into::into),
            key_is_retiring: verified.key_is_retiring(),
            covered: verified.covered(),
            request_id_is_signed: verified.request_id_is_signed(),
            is_public: verified.is_public(),
        }
    }

    /// The scheme decides what is covered and whether the request id is signed, so those need no look.
    #[inline]
    fn is_of(&self, verified: &Verified) -> bool {
        self.service.as_deref() == verified.service()
            && self.key_id.as_deref() == verified.key_id()
            && self.scheme == verified.scheme()
            && self.route.as_deref() == verified.route()
            && self.key_is_retiring == verified.key_is_retiring()
    }

    fn facts(&self) -> Facts {
        let owned = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Facts {
            service: owned(&self.service),
            key_id: owned(&self.key_id),
            key_is_retiring: self.key_is_retiring,
            scheme: self.scheme.map(str::to_owned),
            route: owned(&self.route),
            covered: self.covered.to_vec(),
            request_id_is_signed: self.request_id_is_signed,
            is_public: self.is_public,
        }
    }
}
