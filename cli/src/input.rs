//! Reading files and standard input.

use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

/// Standard input can be read once; a second `-` in the same command would silently get nothing.
static STDIN_TAKEN: AtomicBool = AtomicBool::new(false);

/// Reads a whole file, or standard input for `-`. `what` names the content in messages, as in "the body".
pub(crate) fn read(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        if STDIN_TAKEN.swap(true, Ordering::Relaxed) {
            return Err(Failure::usage("Give `-` to one argument only: standard input can be read once."));
        }
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::problem(format!("Cannot read {what} from standard input: {error}.")))?;
        return Ok(bytes);
    }
    std::fs::read(path)
        .map_err(|error| Failure::problem(format!("Cannot read {what} from {}: {error}.", path.display())))
}

/// Like [`read`], for content that must be UTF-8 text.
pub(crate) fn read_text(path: &Path, what: &str) -> Result<String, Failure> {
    String::from_utf8(read(path, what)?)
        .map_err(|_| Failure::problem(format!("Save {what} ({}) as UTF-8 text: it is not now.", path.display())))
}
