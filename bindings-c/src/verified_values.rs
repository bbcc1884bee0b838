//! Who called, as plain values in memory of the caller.

use std::ffi::c_char;

use wiresign::Verified;

use crate::failure::Failure;

/// The size of the longest service id and its NUL byte.
pub const WIRESIGN_SERVICE_SIZE: usize = 129;
/// The size of the longest key id and its NUL byte.
pub const WIRESIGN_KEY_ID_SIZE: usize = 129;
/// The size of the longest scheme id and its NUL byte.
pub const WIRESIGN_SCHEME_SIZE: usize = 33;
/// The size of the longest request id and its NUL byte.
pub const WIRESIGN_REQUEST_ID_SIZE: usize = 65;

/// What wiresign_verifier_verify_into writes: plain values without pointers, which nothing has to free. Every text ends
/// with a NUL byte; one that is absent has length 0. The layout does not change within an ABI version.
#[repr(C)]
#[derive(Clone)]
pub struct wiresign_verified_values {
    /// The age of the signature in seconds, negative when it is from the future; 0 on a public route.
    pub age: i64,
    /// The signed Unix time in seconds; 0 on a public route.
    pub timestamp: u64,
    /// The length of `service` without its NUL byte.
    pub service_length: u32,
    /// The length of `key_id` without its NUL byte.
    pub key_id_length: u32,
    /// The length of `scheme` without its NUL byte.
    pub scheme_length: u32,
    /// The length of `request_id` without its NUL byte.
    pub request_id_length: u32,
    /// 1 when the request went to a public route, where nothing was verified and there is no service; otherwise 0.
    pub is_public: u8,
    /// 1 when the key that made the signature is marked as retiring; otherwise 0.
    pub key_is_retiring: u8,
    /// 1 when the request id is part of what was signed; otherwise 0.
    pub request_id_is_signed: u8,
    /// 1 when `age` and `timestamp` are known; 0 on a public route.
    pub has_timestamp: u8,
    /// The id of the service that signed the request.
    pub service: [c_char; WIRESIGN_SERVICE_SIZE],
    /// The id of the key that made the signature.
    pub key_id: [c_char; WIRESIGN_KEY_ID_SIZE],
    /// The id of the scheme.
    pub scheme: [c_char; WIRESIGN_SCHEME_SIZE],
    /// The request id, where there is one that may be logged.
    pub request_id: [c_char; WIRESIGN_REQUEST_ID_SIZE],
}

// Part of the ABI: no padding that a compiler could lay out in another way.
const _: () = assert!(size_of::<wiresign_verified_values>() == 392);

impl wiresign_verified_values {
    pub(crate) fn new(verified: &Verified) -> Result<Self, Failure> {
        let mut values = Self {
            age: verified.age().unwrap_or(0),
            timestamp: verified.timestamp().unwrap_or(0),
            service_length: 0,
            key_id_length: 0,
            scheme_length: 0,
            request_id_length: 0,
            is_public: verified.is_public().into(),
            key_is_retiring: verified.key_is_retiring().into(),
            request_id_is_signed: verified.request_id_is_signed().into(),
            has_timestamp: verified.timestamp().is_some().into(),
            service: [0; WIRESIGN_SERVICE_SIZE],
            key_id: [0; WIRESIGN_KEY_ID_SIZE],
            scheme: [0; WIRESIGN_SCHEME_SIZE],
            request_id: [0; WIRESIGN_REQUEST_ID_SIZE],
        };
        values.service_length = fill(&mut values.service, verified.service())?;
        values.key_id_length = fill(&mut values.key_id, verified.key_id())?;
        values.scheme_length = fill(&mut values.scheme, verified.scheme())?;
        values.request_id_length = fill(&mut values.request_id, verified.request_id())?;
        Ok(values)
    }
}

/// Copies a text and leaves a NUL byte behind it. Gives its length.
fn fill(place: &mut [c_char], text: Option<&str>) -> Result<u32, Failure> {
    let text = text.unwrap_or_default();
    if text.len() >= place.len() {
        // The grammars of all four texts are shorter; cutting one would name another caller.
        return Err(Failure::Internal("a verified text is longer than its grammar".to_owned()));
    }
    // SAFETY: the text is shorter than its place, and not in it; a c_char has the size of a byte.
    unsafe { place.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    Ok(text.len() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_cut() {
        let mut place = [1 as c_char; 5];
        place[4] = 0;
        assert!(matches!(fill(&mut place, Some("abcd")), Ok(4)));
        assert_eq!(place, [97, 98, 99, 100, 0]);
        assert!(matches!(fill(&mut place, Some("abcde")), Err(Failure::Internal(_))));
        assert!(matches!(fill(&mut place, None), Ok(0)));
    }
}
