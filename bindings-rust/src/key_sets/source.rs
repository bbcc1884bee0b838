//! The set of one issuer: when it was fetched last, and when it may be fetched again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use wiresign::Config;

use super::fetch::fetch;
use super::{KeySetError, Settings};
use crate::BoxError;

/// How sets are fetched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) refresh: Duration,
    pub(super) cool_down: Duration,
    pub(super) timeout: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { refresh: Duration::from_secs(300), cool_down: Duration::from_secs(60), timeout: Duration::from_secs(5) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is fetched, or will be at once.
    Due,
    /// A fetch has just ended, and whoever asks has to do with what it gave.
    Quiet,
    /// It is fetched when somebody asks, or its time has come.
    Ready,
    /// The runtime has ended that it was fetched on.
    Over,
}

/// Fetches until it is dropped.
pub(super) struct Source {
    known: Arc<Known>,
    task: JoinHandle<()>,
}

struct Known {
    config: Config,
    issuer: Box<str>,
    url: Box<str>,
    state: watch::Sender<State>,
    /// What was taken last.
    text: Mutex<Option<Arc<str>>>,
}

impl Source {
    /// Begins to fetch the set of an issuer from a URL.
    pub(super) fn start(
        runtime: &Handle,
        settings: Arc<Settings>,
        config: Config,
        (issuer, url): (&str, &str),
        text: Option<Arc<str>>,
    ) -> Self {
        let (issuer, url) = (issuer.into(), url.into());
        let state = watch::Sender::new(State::Due);
        let known = Arc::new(Known { config, issuer, url, state, text: Mutex::new(text) });
        Self { task: runtime.spawn(Fetching(known.clone()).keep_fresh(settings)), known }
    }

    /// The name of the issuer and the URL of its set.
    pub(super) fn place(&self) -> (&str, &str) {
        (&self.known.issuer, &self.known.url)
    }

    pub(super) fn text(&self) -> Option<Arc<str>> {
        self.known.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches soon, unless a fetch is under way, which will do, or has just ended.
    pub(super) fn wake(&self) {
        self.known.state.send_if_modified(|state| {
            let is_ready = *state == State::Ready;
            if is_ready {
                *state = State::Due;
            }
            is_ready
        });
    }

    /// Does the same, and ends with the fetch.
    pub(super) fn fetched(&self) -> impl Future<Output = ()> + use<> {
        self.wake();
        let mut state = self.known.state.subscribe();
        async move {
            // An error says that nothing is fetched any more.
            let _ = state.wait_for(|state| *state != State::Due).await;
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What fetches. Whoever waits for it is told when it ends, and also where it never begins.
struct Fetching(Arc<Known>);

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.state.send_replace(State::Over);
    }
}

impl Fetching {
    async fn keep_fresh(self, settings: Arc<Settings>) {
        let Pace { refresh, cool_down, .. } = settings.pace;
        let known = &*self.0;
        let mut asked = known.state.subscribe();
        loop {
            let outcome = known.renew(&settings).await;
            let is_fresh = outcome.is_ok();
            if let Err(cause) = outcome {
                let (issuer, url) = (known.issuer.to_string(), known.url.to_string());
                settings.report(&KeySetError { issuer, url, cause });
            }
            known.state.send_replace(State::Quiet);
            sleep(cool_down).await;
            if is_fresh {
                known.state.send_replace(State::Ready);
                let is_due = asked.wait_for(|state| *state == State::Due);
                let _ = timeout(refresh.saturating_sub(cool_down), is_due).await;
            }
            known.state.send_replace(State::Due);
        }
    }
}

impl Known {
    /// Fetches the set, and publishes it.
    async fn renew(&self, settings: &Settings) -> Result<(), BoxError> {
        let fetch = fetch(&settings.client, &self.url);
        let text = timeout(settings.pace.timeout, fetch).await.map_err(|_| "it took too long")??;
        self.config.publish_keys(&self.issuer, &text).map_err(|problem| problem.message)?;
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.into());
        Ok(())
    }
}
