//! What belongs to others runs here: what it throws is reported to the operator, and changes no decision.

use std::fmt::Display;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Tells the operator of a fault.
pub(crate) fn fault(sentence: &str, cause: impl Display) {
    #[cfg(feature = "tracing")]
    {
        let cause = cause.to_string();
        // The subscriber itself may be what is broken.
        let _ = catch_unwind(|| tracing::error!(target: "wiresign", %cause, "{sentence}"));
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (sentence, cause);
}

/// Calls what belongs to others, and survives its panic.
pub(crate) fn harmless<T>(who: &str, call: impl FnOnce() -> T) -> Option<T> {
    let outcome = catch_unwind(AssertUnwindSafe(call));
    outcome.inspect_err(|_| panicked(who)).ok()
}

/// Waits for what belongs to others, and survives its panic.
pub(crate) async fn harmless_future<T>(who: &str, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let outcome = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    });
    let outcome = outcome.await;
    if outcome.is_none() {
        panicked(who);
    }
    outcome
}

fn panicked(who: &str) {
    fault("the decision stands", format_args!("the {who} panicked"));
}
