//! An export that really panics, so that the C tests can see what becomes of it. Never in a released build.

use crate::error::wiresign_error;

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
