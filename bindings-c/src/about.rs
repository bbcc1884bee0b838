//! What the library says about itself, and the constants that every call shares.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::LazyLock;

use wiresign::{FailureCode, RefusalCode};

use crate::text::{Text, hand_out};

/// The version of the C ABI that this header describes, which is also the number in the SONAME. It changes when a
/// program that was compiled with an older header would no longer work.
pub const WIRESIGN_ABI_VERSION: u32 = 0;

/// As the argument `now`: the time of the system's clock.
pub const WIRESIGN_NOW: u64 = u64::MAX;

/// As the length of a text: there is none, which differs from an empty one.
pub const WIRESIGN_ABSENT: u32 = u32::MAX;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("the version has no NUL inside"),
};

/// What is known of a status number.
struct Code {
    number: i32,
    name: Text,
    message: Text,
    status: u16,
}

static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| {
    let refusals = RefusalCode::ALL.iter().map(|code| Code {
        number: code.number(),
        name: Text::new(code.name()),
        message: Text::new(code.message()),
        status: code.status(),
    });
    let failures = FailureCode::ALL.iter().map(|code| Code {
        number: code.number(),
        name: Text::new(code.name()),
        message: Text::new(meaning(*code)),
        status: FAILURE_STATUS,
    });
    refusals.chain(failures).collect()
});

/// The HTTP status for a request that could not be judged: the service's own fault, and never an acceptance.
pub(crate) const FAILURE_STATUS: u16 = 500;

/// What a failure means. The core has no use for these sentences; a test compares them with the contract.
pub(crate) fn meaning(code: FailureCode) -> &'static str {
    match code {
        FailureCode::ConfigInvalid => "The configuration document has problems; each is listed with its JSON pointer.",
        FailureCode::SigningFailed => "The request cannot be signed; the message says what is missing.",
        FailureCode::InvalidArgument => "An argument of the call cannot be used; the message names it.",
        FailureCode::BufferTooSmall => "The caller's buffer is too small; the needed size was written.",
        FailureCode::ObjectSpent => "The object was finished or freed before, and cannot be used again.",
        FailureCode::Internal => "A defect of Wiresign itself was caught at the border. Please report it.",
        // A code that is younger than this list; the test of the contract fails until it is here.
        newer => newer.name(),
    }
}

fn find(code: i32) -> Option<&'static Code> {
    CODES.iter().find(|known| known.number == code)
}

/// The name of a status number, for objects that hold one.
pub(crate) fn name_of(code: i32) -> Option<&'static Text> {
    find(code).map(|known| &known.name)
}

/// The ABI version of the library that is running. Compare it with WIRESIGN_ABI_VERSION where the library is loaded by
/// hand; a linked program is checked by the SONAME.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_abi_version() -> u32 {
    guarded!(else u32::MAX, { WIRESIGN_ABI_VERSION })
}

/// The version of the library that is running, such as "0.1.0". The text is static.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_version(length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        if !length.is_null() {
            // SAFETY: not NULL; the caller promised that it can be written.
            unsafe { length.write(VERSION.count_bytes()) };
        }
        VERSION.as_ptr()
    })
}

/// The name of a status, such as "INVALID_SIGNATURE", which is the same in every language. NULL for a number that is
/// none of this version's, and for WIRESIGN_OK. The text is static.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_code_name(code: i32, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the text is static; the caller promised that `length` is NULL or can be written.
        unsafe { hand_out(find(code).map(|known| &known.name), length) }
    })
}

/// One sentence about a status. That of a refusal is safe to show to whoever sent the request. NULL for a number that
/// is none of this version's, and for WIRESIGN_OK. The text is static.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_code_message(code: i32, length: *mut usize) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the text is static; the caller promised that `length` is NULL or can be written.
        unsafe { hand_out(find(code).map(|known| &known.message), length) }
    })
}

/// The HTTP status that belongs to a status number: that of a refusal; 500 for a failure; 0 for WIRESIGN_OK and for a
/// number that is none of this version's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_code_status(code: i32) -> u16 {
    guarded!(else FAILURE_STATUS, { find(code).map_or(0, |known| known.status) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    #[test]
    fn every_number_of_the_contract_has_a_name_a_message_and_a_status() {
        for code in (1..=31).chain(1001..=1006) {
            let known = find(code).unwrap_or_else(|| panic!("{code} is unknown"));
            assert!(!known.name.as_str().is_empty() && !known.message.as_str().is_empty());
            assert!((400..600).contains(&known.status), "{code}");
        }
        assert!(find(codes::WIRESIGN_OK).is_none());
        assert!(find(i32::MIN).is_none());
    }

    #[test]
    fn constants_and_core_agree() {
        assert_eq!(name_of(codes::WIRESIGN_INVALID_SIGNATURE).map(Text::as_str), Some("INVALID_SIGNATURE"));
        assert_eq!(name_of(codes::WIRESIGN_INTERNAL).map(Text::as_str), Some("INTERNAL"));
        assert_eq!(FailureCode::Internal.number(), codes::WIRESIGN_INTERNAL);
    }
}
