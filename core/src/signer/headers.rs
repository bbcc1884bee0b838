//! What a signer gives back: the headers to set.

use std::borrow::Cow;
use std::fmt;

/// The headers to set, in order. Those of the same names that the request has must be replaced.
#[derive(Clone)]
pub struct SignedHeaders {
    names: Vec<Cow<'static, str>>,
    ends: Vec<usize>,
    values: String,
}

impl SignedHeaders {
    pub(super) fn new() -> Self {
        Self { names: Vec::with_capacity(5), ends: Vec::with_capacity(5), values: String::with_capacity(192) }
    }

    pub(super) fn push(&mut self, name: impl Into<Cow<'static, str>>, write: impl FnOnce(&mut String)) {
        write(&mut self.values);
        self.names.push(name.into());
        self.ends.push(self.values.len());
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Names and values, in the order in which to set them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        (0..self.names.len()).map(|at| {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            (&*self.names[at], &self.values[start..self.ends[at]])
        })
    }
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}
