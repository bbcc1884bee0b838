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
        let due = Due { publisher: self.clone(), verifier: verifier.clone() };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                let _due = due;
                tokio::time::sleep(PAUSE).await;
            });
        }
    }
}

/// Counters that wait for being copied. They are when it is dropped: after the pause, or earlier, where the runtime ends.
struct Due {
    publisher: Arc<Publisher>,
    verifier: Arc<Verifier>,
}

impl Drop for Due {
    fn drop(&mut self) {
        self.publisher.is_due.store(false, Ordering::Release);
        harmless("recorder of metrics", || publish(&self.verifier));
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
