//! The exports called as C calls them. The broad tests are those in C; here are the conversions that C cannot make.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::about::*;
use crate::codes::*;
use crate::config::*;
use crate::error::*;
use crate::secret::*;
use crate::verified_values::wiresign_verified_values;
use crate::verifier::*;

const DOCUMENT: &str = r#"{"service": "orders", "services": {
    "orders": {"keys": [{"secret": "env:SECRET"}]}},
    "routes": [{"match": "GET /health", "public": true}]}"#;
const VARIABLES: &str = "SECRETd4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9";
const VARIABLE_LENGTHS: [u32; 2] = [6, 64];

/// The text behind a pointer of the library.
fn text(pointer: *const c_char) -> &'static str {
    assert!(!pointer.is_null(), "a text");
    // SAFETY: texts of the library end with a NUL byte; the tests read them while their objects live.
    unsafe { CStr::from_ptr(pointer) }.to_str().expect("texts are UTF-8")
}

fn parse(document: &str, variables: &str, lengths: &[u32], lookup: u32) -> Result<*mut wiresign_config, (i32, String)> {
    let (mut config, mut error) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: slices with their own lengths, and local variables to write to.
    unsafe {
        let code = wiresign_config_parse(
            document.as_ptr().cast(),
            document.len(),
            variables.as_ptr().cast(),
            variables.len(),
            lengths.as_ptr(),
            lengths.len() / 2,
            lookup,
            &mut config,
            &mut error,
        );
        if code == WIRESIGN_OK {
            assert!(error.is_null(), "no error with success");
            return Ok(config);
        }
        assert!(config.is_null(), "no output without success");
        assert_eq!(wiresign_error_code(error), code);
        let message = text(wiresign_error_message(error, ptr::null_mut())).to_owned();
        wiresign_error_free(error);
        Err((code, message))
    }
}

fn refused(result: Result<*mut wiresign_config, (i32, String)>, code: i32) -> String {
    let (status, message) = result.expect_err("refused");
    assert_eq!(status, code, "{message}");
    message
}

#[test]
fn versions_are_those_of_the_crate() {
    // SAFETY: NULL is allowed.
    unsafe {
        assert_eq!(wiresign_abi_version(), 0);
        assert_eq!(text(wiresign_version(ptr::null_mut())), env!("CARGO_PKG_VERSION"));
        assert_eq!(text(wiresign_code_name(8, ptr::null_mut())), "INVALID_SIGNATURE");
        assert!(wiresign_code_name(0, ptr::null_mut()).is_null());
    }
}

#[test]
fn names_messages_and_statuses_are_those_of_the_contract() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../conformance/contract/refusals.toml");
    let contract: toml::Table = std::fs::read_to_string(path).expect("the contract").parse().expect("TOML");
    for (class, sentence) in [("refusal", "message"), ("failure", "meaning")] {
        for row in contract[class].as_array().expect("rows") {
            let code = i32::try_from(row["number"].as_integer().expect("a number")).expect("a small one");
            let status = row.get("status").map_or(500, |status| status.as_integer().expect("a number"));
            // SAFETY: NULL is allowed.
            unsafe {
                assert_eq!(Some(text(wiresign_code_name(code, ptr::null_mut()))), row["name"].as_str());
                assert_eq!(Some(text(wiresign_code_message(code, ptr::null_mut()))), row[sentence].as_str());
                assert_eq!(i64::from(wiresign_code_status(code)), status, "{code}");
            }
        }
    }
}

#[test]
fn a_document_is_text_and_nothing_else() {
    let mut error = ptr::null_mut();
    let mut config = ptr::null_mut();
    let not_text = b"{\xc3\x28}";
    // SAFETY: a local array, no variables, local variables to write to.
    unsafe {
        let code = wiresign_config_parse(
            not_text.as_ptr().cast(),
            not_text.len(),
            ptr::null(),
            0,
            ptr::null(),
            0,
            WIRESIGN_LOOKUP_NONE,
            &mut config,
            &mut error,
        );
        assert_eq!(code, WIRESIGN_INVALID_ARGUMENT);
        assert_eq!(text(wiresign_error_message(error, ptr::null_mut())), "document: not UTF-8 from byte 1 on");
        wiresign_error_free(error);
    }
}

#[test]
fn variables_are_a_map_of_text() {
    // SAFETY: the configuration is a new one.
    unsafe { wiresign_config_free(parse(DOCUMENT, VARIABLES, &VARIABLE_LENGTHS, 0).expect("a right document")) };
    let twice = format!("{VARIABLES}{VARIABLES}");
    assert_eq!(
        refused(parse(DOCUMENT, &twice, &[6, 64, 6, 64], 0), WIRESIGN_INVALID_ARGUMENT),
        "variables: pair 1 repeats a name"
    );
    // A length that cuts a character in two.
    assert_eq!(
        refused(parse(DOCUMENT, "A\u{e9}", &[2, 1], 0), WIRESIGN_INVALID_ARGUMENT),
        "variables: pair 0 is not UTF-8"
    );
}

#[test]
fn nothing_outside_is_read_unless_the_caller_allows_it() {
    // Cargo sets this variable for every test.
    let name = "CARGO_MANIFEST_DIR";
    let document = DOCUMENT.replace("SECRET", name);
    let message = refused(parse(&document, "", &[], WIRESIGN_LOOKUP_NONE), WIRESIGN_CONFIG_INVALID);
    assert!(message.contains(name), "{message}");
    let files = DOCUMENT.replace("env:SECRET", &format!("file:{}/Cargo.toml", env!("CARGO_MANIFEST_DIR")));
    let message = refused(parse(&files, "", &[], WIRESIGN_LOOKUP_ENVIRONMENT), WIRESIGN_CONFIG_INVALID);
    assert!(message.contains("WIRESIGN_LOOKUP_FILES"), "{message}");
    let message = refused(parse(&files, "", &[], 1 << 31), WIRESIGN_INVALID_ARGUMENT);
    assert!(message.starts_with("lookup: 0x80000000 has bits"), "{message}");
}

#[test]
fn the_last_second_of_time_is_the_clock_and_the_one_before_is_not() {
    let config = parse(DOCUMENT, VARIABLES, &VARIABLE_LENGTHS, 0).expect("a right document");
    let mut verifier = ptr::null_mut();
    // SAFETY: live objects, slices with their own lengths, local variables to write to.
    unsafe {
        assert_eq!(wiresign_verifier_new(config, &mut verifier, ptr::null_mut()), WIRESIGN_OK);
        wiresign_config_free(config);
        for now in [0, WIRESIGN_NOW - 1, WIRESIGN_NOW] {
            let mut values = std::mem::MaybeUninit::<wiresign_verified_values>::uninit();
            let code = wiresign_verifier_verify_into(
                verifier,
                c"GET".as_ptr(),
                3,
                c"/health".as_ptr(),
                7,
                ptr::null(),
                0,
                ptr::null(),
                0,
                ptr::null(),
                0,
                ptr::null(),
                0,
                ptr::null(),
                0,
                now,
                values.as_mut_ptr(),
                ptr::null_mut(),
            );
            assert_eq!(code, WIRESIGN_OK);
            assert_eq!(values.assume_init_ref().is_public, 1);
        }
        wiresign_verifier_free(verifier);
    }
}

#[test]
fn an_output_that_is_not_aligned_is_refused() {
    let config = parse(DOCUMENT, VARIABLES, &VARIABLE_LENGTHS, 0).expect("a right document");
    let mut place = [ptr::null_mut::<wiresign_verifier>(); 2];
    // SAFETY: a live object; the odd place is refused before it is written.
    unsafe {
        let odd = place.as_mut_ptr().byte_add(1);
        assert_eq!(wiresign_verifier_new(config, odd, ptr::null_mut()), WIRESIGN_INVALID_ARGUMENT);
        wiresign_config_free(config);
    }
    assert_eq!(place, [ptr::null_mut(); 2]);
}

#[test]
fn secrets_fit_the_promised_buffer_and_differ() {
    let mut seen = Vec::new();
    for (encoding, expected) in [
        (WIRESIGN_SECRET_HEX, 64),
        (WIRESIGN_SECRET_BASE64, 44),
        (WIRESIGN_SECRET_HEX, 64),
        (WIRESIGN_SECRET_BASE64, 44),
    ] {
        let mut buffer = [b'#'; WIRESIGN_SECRET_SIZE];
        let mut length = 0;
        // SAFETY: local variables with their own sizes.
        let code = unsafe {
            wiresign_generate_secret(encoding, buffer.as_mut_ptr().cast(), buffer.len(), &mut length, ptr::null_mut())
        };
        assert_eq!((code, length, buffer[length]), (WIRESIGN_OK, expected, 0));
        seen.push(buffer);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4);
}
