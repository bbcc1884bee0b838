//! Copies the counters of a verifier into the recorder of the crate `metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use wiresign::Verifier;

use crate::report::harmless;

/// How long counters gather before they are copied.
const PAUSE: Duration = Duration::from_millis(250);

/// Knows whether counters wait for being copied.
#[derive(Debug, Default)]
pub(crate) struct Publisher {
    is_due: AtomicBool,
}

impl Publisher {
    /// Sees to it that what was counted is copied soon, once for all requests that come meanwhile.
    pub(crate) fn changed(self: &Arc<Self>, verifier: &Arc<Verifier>) {
        if self.is_due.swap(true, Ordering::AcqRel) {
            return;
        }
        let (own, verifier) = (self.clone(), verifier.clone());
        let copy = move || {
            own.is_due.store(false, Ordering::Release);
            harmless("recorder of metrics", || publish(&verifier));
        };
        match Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    tokio::time::sleep(PAUSE).await;
                    copy();
                });
            }
            Err(_) => copy(),
        }
    }
}

/// Sets the counters of the recorder to those of the verifier. Their names are the same in every language.
fn publish(verifier: &Verifier) {
    for counter in verifier.metrics().counters() {
        let labels: Vec<_> =
            counter.labels.iter().map(|&(name, value)| metrics::Label::from_static_parts(name, value)).collect();
        metrics::counter!(counter.name, labels).absolute(counter.value);
    }
}
