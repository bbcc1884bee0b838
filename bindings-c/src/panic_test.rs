//! Exports that really panic, so that the tests can see what becomes of it. Never in a released build.

use std::env;

use crate::error::wiresign_error;

/// While the process has this variable, every export panics inside the wall.
const EVERYWHERE: &str = "WIRESIGN_TEST_PANIC";

pub(crate) fn panic_where_told() {
    assert!(env::var_os(EVERYWHERE).is_none(), "told to panic");
}

/// Panics.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_test_panic(err: *mut *mut wiresign_error) -> i32 {
    guarded!(err, { panic!("asked to panic") })
}

/// Panics where no status can be given; the fallback is 7.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_test_panic_value() -> i32 {
    guarded!(else 7, { panic!("asked to panic") })
}
