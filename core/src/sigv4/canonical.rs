//! The canonical request, but for its last line: the digest of the body.

use super::coverage::SignedNames;
use super::fields::Fields;
use super::query::Query;
use super::{Expected, Fault};

/// What a signature covers, but for the body.
pub(super) struct CanonicalRequest<'a> {
    pub(super) method: &'a [u8],
    /// In its canonical form.
    pub(super) path: &'a [u8],
    pub(super) query: &'a Query<'a>,
    /// Parameters that are not signed.
    pub(super) left_out: &'a [&'a str],
    pub(super) fields: &'a Fields<'a>,
    pub(super) host: Option<&'a [u8]>,
    pub(super) names: SignedNames<'a>,
}

impl CanonicalRequest<'_> {
    /// # Errors
    /// Where the signature does not cover what it must.
    pub(super) fn write(&self, expected: &Expected) -> Result<Vec<u8>, Fault> {
        let mut text = Vec::with_capacity(1024);
        text.extend_from_slice(self.method);
        text.push(b'\n');
        text.extend_from_slice(self.path);
        text.push(b'\n');
        self.query.put(self.left_out, &mut text);
        text.push(b'\n');
        self.names.put(self.fields, self.host, expected, &mut text)?;
        text.push(b'\n');
        text.extend_from_slice(self.names.text());
        text.push(b'\n');
        Ok(text)
    }
}
