//! Where secrets come from: the core asks, the binding answers.

use std::collections::BTreeMap;
use std::fmt;

/// Finds what `env:NAME` and `file:PATH` stand for. The core itself reads neither.
pub trait Lookup {
    /// The value of an environment variable, `None` where it is not set, or a sentence that says why it cannot be read.
    fn env(&self, name: &str) -> Result<Option<String>, String>;

    /// The bytes of a file, or a sentence that says why it cannot be read.
    fn file(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// Secrets given by hand, for tests and for programs that fetch secrets themselves.
#[derive(Clone, Default)]
pub struct Secrets {
    env: BTreeMap<String, String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Secrets {
    /// No secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `env:` references to `name`.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Answers `file:` references to `path`.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: &[u8]) -> Self {
        self.files.insert(path.into(), bytes.into());
        self
    }
}

impl Lookup for Secrets {
    fn env(&self, name: &str) -> Result<Option<String>, String> {
        Ok(self.env.get(name).cloned())
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        self.files.get(path).cloned().ok_or_else(|| "there is no such file".into())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Secrets").field("env", &self.env.keys()).field("files", &self.files.keys()).finish()
    }
}
