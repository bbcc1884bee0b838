//! What the process gives where the caller gives nothing: the time and fresh ids.

use std::borrow::Cow;

use crate::failure::Failure;

/// The given Unix seconds, or those of the clock.
pub(crate) fn seconds(given: Option<u64>) -> u64 {
    given.unwrap_or_else(wiresign_host::now)
}

/// The given id, or a fresh one.
pub(crate) fn id(given: Option<&str>) -> Result<Cow<'_, str>, Failure> {
    Ok(match given {
        Some(id) => Cow::Borrowed(id),
        None => Cow::Owned(wiresign_host::request_id_string()?),
    })
}
