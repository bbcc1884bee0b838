//! A token that was issued.

use std::fmt;

/// A token, ready to be handed to its subject. Whoever has the text can use it.
#[derive(Clone)]
pub struct IssuedToken {
    text: String,
    issued_at: u64,
    expires: u64,
    permissions: Vec<String>,
}

impl IssuedToken {
    pub(super) fn new(text: String, issued_at: u64, expires: u64, permissions: Vec<String>) -> Self {
        Self { text, issued_at, expires, permissions }
    }

    /// The token in compact form.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first Unix second at which the token has ended.
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// For how many seconds the token lives.
    pub fn lifetime(&self) -> u64 {
        self.expires - self.issued_at
    }

    /// The permissions that the token holds, as patterns.
    pub fn permissions(&self) -> &[String] {
        &self.permissions
    }
}

impl fmt::Debug for IssuedToken {
    /// Without the text.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("IssuedToken")
            .field("expires", &self.expires)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}
