//! The one wall between Rust and C: what happens when an export fails, or panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use crate::codes::WIRESIGN_OK;
use crate::error::wiresign_error;
use crate::failure::Failure;
use crate::vectors::clear_upper_halves;

/// Wraps the body of an export. Every export has exactly one, which a test asserts by reading the sources.
///
/// - `guarded!(err, { ... })` for a body that is a `Result<(), Failure>`: gives the status, and the error through `err`.
/// - `guarded!(else fallback, { ... })` for a body that cannot fail: gives its value, or the fallback after a panic.
macro_rules! guarded {
    (else $fallback:expr, $body:block) => {
        $crate::guard::value($fallback, || $body)
    };
    ($err:expr, $body:block) => {{
        let body = || $body;
        // SAFETY: `err` came from the caller of the export, who promised that it is NULL or can be written.
        unsafe { $crate::guard::status($err, body) }
    }};
}

/// Runs the body of a fallible export.
///
/// # Safety
/// `err` is NULL or valid for writing a pointer.
#[inline]
pub(crate) unsafe fn status(err: *mut *mut wiresign_error, body: impl FnOnce() -> Result<(), Failure>) -> i32 {
    clear_upper_halves();
    // Unwind safety: nothing that the body could have left half done is used again. Outputs are written as the last
    // step, the core takes locks only around steps that cannot panic, and the streaming object spends itself.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        panic_where_told();
        body()
    }))
    .unwrap_or_else(|payload| Err(Failure::Internal(panic_text(payload))));
    match outcome {
        Ok(()) => WIRESIGN_OK,
        // SAFETY: by the contract of this function.
        Err(failure) => unsafe { report(err, failure) },
    }
}

/// Gives the error through `err`, and the status.
///
/// # Safety
/// As for [`status`].
#[cold]
unsafe fn report(err: *mut *mut wiresign_error, failure: Failure) -> i32 {
    let code = failure.code();
    if !err.is_null() {
        // The texts of an error are made by code that could panic as well; then the caller gets the bare status.
        let made = catch_unwind(AssertUnwindSafe(|| Box::into_raw(Box::new(wiresign_error::from(failure)))));
        let error = made.unwrap_or_else(|payload| {
            discard(payload);
            ptr::null_mut()
        });
        // SAFETY: not NULL, and the caller promised that it can be written.
        unsafe { err.write(error) };
    }
    code
}

/// Runs the body of an export that cannot fail. Each body has one of these for itself: within the export its arguments need
/// not be passed on.
#[inline]
pub(crate) fn value<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    clear_upper_halves();
    catch_unwind(AssertUnwindSafe(|| {
        panic_where_told();
        body()
    }))
    .unwrap_or_else(|payload| {
        discard(payload);
        fallback
    })
}

/// Nothing, but for a library that tests ask to panic behind each of its exports.
#[inline]
fn panic_where_told() {
    #[cfg(feature = "panic-test")]
    crate::panic_test::panic_where_told();
}

/// The text of a panic, if it has one.
fn panic_text(payload: Box<dyn Any + Send>) -> String {
    let text = match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a text".to_owned(),
    };
    discard(payload);
    text
}

/// Frees the text of a panic. Any other payload is left where it is, since its destructor may panic again.
fn discard(payload: Box<dyn Any + Send>) {
    if payload.is::<&'static str>() || payload.is::<String>() {
        drop(payload);
    } else {
        std::mem::forget(payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::WIRESIGN_INTERNAL;

    /// A panic payload whose destructor panics: the nastiest thing that can reach the wall.
    struct Mine;

    impl Drop for Mine {
        fn drop(&mut self) {
            panic!("the destructor of a payload ran");
        }
    }

    #[test]
    fn a_panic_becomes_a_status_and_no_output() {
        let mut error = ptr::null_mut();
        // SAFETY: `error` is a local variable.
        let code = unsafe { status(&mut error, || panic!("{} broke", "it")) };
        assert_eq!(code, WIRESIGN_INTERNAL);
        // SAFETY: the call failed, so it wrote an error that this test owns.
        let error = unsafe { Box::from_raw(error) };
        assert_eq!(error.detail(), "it broke");
        assert!(!error.message().contains("it broke"), "the message is safe to show");
    }

    #[test]
    fn a_payload_that_panics_when_dropped_stays_inside() {
        // SAFETY: NULL is allowed.
        let code = unsafe { status(ptr::null_mut(), || std::panic::panic_any(Mine)) };
        assert_eq!(code, WIRESIGN_INTERNAL);
        assert_eq!(value(7, || std::panic::panic_any(Mine)), 7);
    }
}
