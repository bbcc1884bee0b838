//! Configs that find their secrets in this process: its environment, and files.

use std::path::Path;

use wiresign::{Config, ConfigErrors};
use wiresign_host::SystemLookup;

use crate::BoxError;

/// Reads a config document. `env:` and `file:` references are looked up in this process.
///
/// # Errors
/// All that is wrong with the document, each with a JSON pointer and a sentence that says what to do.
pub fn parse_config(json: &str) -> Result<Config, ConfigErrors> {
    Config::parse(json, &SystemLookup::new())
}

/// Reads a config document from a file.
///
/// # Errors
/// As [`parse_config`], and where the file cannot be read.
pub fn config_from_file(path: impl AsRef<Path>) -> Result<Config, BoxError> {
    let path = path.as_ref();
    let document = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(parse_config(&document)?)
}

/// Makes the config of a small service from environment variables alone.
///
/// # Errors
/// As [`parse_config`].
pub fn config_from_env() -> Result<Config, ConfigErrors> {
    Config::from_env(&SystemLookup::new())
}
