//! What an application requires of a caller, beside what its config says of routes.

use super::{Matching, Pattern};

/// A permission that a handler asks for, as a pattern such as `POST /invoices/**`.
#[derive(Clone, Debug)]
pub struct Permission(Pattern);

impl Permission {
    /// Reads a pattern, as `permissions` of the config has them.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Pattern::parse(text).map(Self)
    }

    /// Whether one of the patterns that a caller has covers all of this one.
    pub(crate) fn is_covered_by<'a>(&self, mut held: impl Iterator<Item = &'a Pattern>) -> bool {
        held.any(|pattern| pattern.covers(Matching::Exact, &self.0, Matching::Exact))
    }
}
