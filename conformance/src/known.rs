//! The list of known failures: cases that fail in one binding, with the reason. The list may only shrink by itself:
//! a case on it that passes is a failure.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// One known failure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailure {
    /// The binding that fails.
    pub binding: String,
    /// The id of the case.
    pub id: String,
    /// Why it fails, and what would end that.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<KnownFailure>,
}

/// Reads the list. A reason must be given.
pub fn load(path: &Path) -> Result<Vec<KnownFailure>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    match file.known.iter().find(|known| known.reason.trim().is_empty()) {
        Some(known) => Err(format!("{}: {} in {} has no reason", path.display(), known.id, known.binding)),
        None => Ok(file.known),
    }
}
