//! What the pure core asks for and a process has: the time, randomness, environment variables and files.
//!
//! The command line and the bindings share this crate, so that `env:` and `file:` mean the same in every language.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read;

use wiresign::Lookup;

/// The longest secret file that is read, in bytes.
const MAX_SECRET_FILE_BYTES: u64 = 64 * 1024;

/// Unix time in whole seconds.
///
/// By the clock that the kernel moves on a hundred times a second or more often, which takes a tenth of the time to read. It
/// is late by that much, so that near the end of a second the exact one is asked.
#[cfg(target_os = "linux")]
#[inline]
pub fn now() -> u64 {
    use rustix::time::{ClockId, clock_gettime};

    let mut time = clock_gettime(ClockId::RealtimeCoarse);
    if time.tv_nsec >= 980_000_000 {
        time = clock_gettime(ClockId::Realtime);
    }
    u64::try_from(time.tv_sec).unwrap_or(0)
}

/// Unix time in whole seconds.
#[cfg(not(target_os = "linux"))]
pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The system gave no randomness. Nothing must be signed then.
#[derive(Debug)]
pub struct NoRandomness(getrandom::Error);

impl fmt::Display for NoRandomness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the system gives no randomness: {}", self.0)
    }
}

impl std::error::Error for NoRandomness {}

/// 32 bytes of the system's randomness, as a secret needs them.
///
/// # Errors
/// Where the system gives none.
pub fn random32() -> Result<[u8; 32], NoRandomness> {
    random()
}

/// Bytes of the system's randomness.
///
/// # Errors
/// Where the system gives none.
pub fn random<const COUNT: usize>() -> Result<[u8; COUNT], NoRandomness> {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// A fresh request id: a random UUID (version 4, RFC 9562) as 36 ASCII bytes.
///
/// # Errors
/// Where the system gives no randomness.
pub fn request_id() -> Result<[u8; 36], NoRandomness> {
    let mut bytes: [u8; 16] = random()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (count, byte) in bytes.into_iter().enumerate() {
        if matches!(count, 4 | 6 | 8 | 10) {
            at += 1;
        }
        for digit in [byte >> 4, byte & 0x0f] {
            text[at] = b"0123456789abcdef"[usize::from(digit)];
            at += 1;
        }
    }
    Ok(text)
}

/// [`request_id`] as text.
///
/// # Errors
/// As [`request_id`].
pub fn request_id_string() -> Result<String, NoRandomness> {
    Ok(request_id()?.iter().map(|&byte| char::from(byte)).collect())
}

/// Looks secrets up in environment variables and files.
#[derive(Clone, Default)]
pub struct SystemLookup {
    env: Option<HashMap<String, String>>,
}

impl SystemLookup {
    /// The environment of this process, and files.
    pub fn new() -> Self {
        Self::default()
    }

    /// The given variables instead of the process's environment, and files.
    pub fn with_env(env: HashMap<String, String>) -> Self {
        Self { env: Some(env) }
    }
}

impl Lookup for SystemLookup {
    fn env(&self, name: &str) -> Result<Option<String>, String> {
        match &self.env {
            Some(env) => Ok(env.get(name).cloned()),
            None => match std::env::var(name) {
                Ok(value) => Ok(Some(value)),
                Err(std::env::VarError::NotPresent) => Ok(None),
                Err(std::env::VarError::NotUnicode(_)) => Err("it is not UTF-8 text".into()),
            },
        }
    }

    /// Reads a file. One final line end is not part of the secret, since most tools that write files add it.
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_SECRET_FILE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| error.to_string())?;
        if bytes.len() as u64 > MAX_SECRET_FILE_BYTES {
            return Err("it is too large for a secret".into());
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Ok(bytes)
    }
}

impl fmt::Debug for SystemLookup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SystemLookup").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_that_of_the_system() {
        let since = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        // Through one whole second, and so over its end. A machine may be too busy for a moment to move its clock on.
        for _ in 0..1100 {
            let earliest = since().saturating_sub(std::time::Duration::from_millis(100)).as_secs();
            let now = now();
            let latest = since().as_secs();
            assert!((earliest..=latest).contains(&now), "{now} is not within {earliest} and {latest}");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    #[test]
    fn request_ids_are_random_uuids() {
        let (one, two) = (request_id_string().expect("random"), request_id_string().expect("random"));
        assert_ne!(one, two);
        for id in [one, two] {
            let groups: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12]);
            assert_eq!(&id[14..15], "4");
            assert!("89ab".contains(&id[19..20]));
        }
    }

    #[test]
    fn one_final_line_end_is_not_part_of_a_secret_file() {
        let path = std::env::temp_dir().join(format!("wiresign-{}", request_id_string().expect("random")));
        for (written, read) in [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a\n", " a")] {
            std::fs::write(&path, written).expect("a temporary file");
            let text = SystemLookup::new().file(path.to_str().expect("UTF-8")).expect("readable");
            assert_eq!(text, read.as_bytes());
        }
        std::fs::remove_file(&path).expect("it was there");
        assert!(SystemLookup::new().file(path.to_str().expect("UTF-8")).is_err());
    }

    #[test]
    fn given_variables_hide_those_of_the_process() {
        let lookup = SystemLookup::with_env(HashMap::from([("A".to_owned(), "b".to_owned())]));
        assert_eq!(lookup.env("A"), Ok(Some("b".into())));
        assert_eq!(lookup.env("PATH"), Ok(None));
        assert!(SystemLookup::new().env("PATH").expect("readable").is_some());
    }
}
