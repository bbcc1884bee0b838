//! Fetches the keys that issuers of tokens publish, and keeps them fresh.

mod fetch;
mod following;
mod source;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use following::Following;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use tokio::runtime::Handle;
use wiresign::Config;

use crate::BoxError;
use crate::report::{fault, harmless};
use source::{Pace, Source};

/// Keeps the published keys of token issuers up to date: fetches each JWK Set that a config names by a URL, all of them at once
/// when it is started, then again and again, and earlier when [`VerifyLayer::key_sets`](crate::VerifyLayer::key_sets) sees a
/// token whose key is not known. A set that cannot be fetched, or is wrong, changes nothing.
///
/// Copies share the same fetches, which end with the last copy, or by [`KeySets::close`].
///
/// ```no_run
/// # async fn serve() -> Result<(), wiresign_tower::BoxError> {
/// # use wiresign_tower::{KeySets, Verifier, VerifyLayer, config_from_file};
/// let config = config_from_file("wiresign.json")?;
/// let key_sets = KeySets::of(&config).start()?;
/// // From the first request on the keys are known.
/// key_sets.refresh().await;
/// let layer = VerifyLayer::new(Verifier::new(&config)).key_sets(key_sets);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeySets(Arc<Shared>);

struct Shared {
    settings: Arc<Settings>,
    /// A config may be replaced where no runtime is, as by whoever hears of signals.
    runtime: Handle,
    serving: Mutex<Serving>,
}

/// What fetches need, which go on without holding those who asked for them.
struct Settings {
    pace: Pace,
    client: Client,
    on_error: Box<Hook>,
}

struct Serving {
    config: Config,
    sources: Vec<Source>,
    is_closed: bool,
}

type Hook = dyn Fn(&KeySetError) + Send + Sync;

impl KeySets {
    /// Begins to say how the sets of a config are fetched.
    pub fn of(config: &Config) -> KeySetsBuilder {
        KeySetsBuilder {
            config: config.clone(),
            pace: Pace::default(),
            client: Client::builder(),
            on_error: Box::new(|error| fault("the keys that were there before stay", error)),
        }
    }

    /// Fetches all sets, but for those that were fetched within the cool-down, and waits until each was taken or reported: a
    /// service that awaits this before it listens knows the keys from its first request on.
    pub async fn refresh(&self) {
        let fetches: Vec<_> = self.0.serving().sources.iter().map(Source::fetched).collect();
        for fetch in fetches {
            fetch.await;
        }
    }

    /// Fetches soon, except what was fetched within the cool-down. It waits for nothing.
    pub(crate) fn wake(&self) {
        self.0.serving().sources.iter().for_each(Source::wake);
    }

    /// Serves another config from now on. It gets the keys at hand at once, and those of issuers that are new to it are fetched:
    /// call this before `Verifier::replace`, and [`KeySets::refresh`] between the two, where such issuers are to be known from the
    /// first request on. Else there is no need: [`VerifyLayer::key_sets`](crate::VerifyLayer::key_sets) follows the verifier.
    pub fn replace(&self, config: &Config) {
        let mut serving = self.0.serving();
        serving.config = config.clone();
        let before = std::mem::take(&mut serving.sources);
        let text = |place: (&str, &str)| before.iter().find(|source| source.place() == place)?.text();
        for (issuer, url) in config.jwks_urls() {
            let known = text((issuer, url));
            if let Some(text) = &known {
                // It was taken before, by the same rules.
                let _ = config.publish_keys(issuer, text);
            }
            if !serving.is_closed {
                serving.sources.push(self.0.source(config, (issuer, url), known));
            }
        }
    }

    /// Ends all fetches. The keys stay as they are.
    pub fn close(&self) {
        let mut serving = self.0.serving();
        serving.sources.clear();
        serving.is_closed = true;
    }

    /// Whether it is this config that the sets are fetched for.
    fn serves(&self, config: &Config) -> bool {
        self.0.serving().config.is_same(config)
    }
}

impl Shared {
    fn serving(&self) -> MutexGuard<'_, Serving> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn source(&self, config: &Config, place: (&str, &str), text: Option<Arc<str>>) -> Source {
        Source::start(&self.runtime, self.settings.clone(), config.clone(), place, text)
    }
}

impl Settings {
    fn report(&self, error: &KeySetError) {
        harmless("hook for keys that were not renewed", || (self.on_error)(error));
    }
}

impl fmt::Debug for KeySets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let serving = self.0.serving();
        let issuers: Vec<_> = serving.sources.iter().map(|source| source.place().0).collect();
        out.debug_struct("KeySets").field("issuers", &issuers).finish_non_exhaustive()
    }
}

/// How sets are fetched. It begins by [`KeySets::of`].
pub struct KeySetsBuilder {
    config: Config,
    pace: Pace,
    client: ClientBuilder,
    on_error: Box<Hook>,
}

impl KeySetsBuilder {
    /// The time from one fetch of a set to the next; 5 minutes unless said.
    pub fn refresh_every(mut self, interval: Duration) -> Self {
        self.pace.refresh = interval;
        self
    }

    /// The shortest time from the end of one fetch of a set to the next, however many tokens name unknown keys, and however
    /// the last fetch went; 60 seconds unless said.
    pub fn cool_down(mut self, pause: Duration) -> Self {
        self.pace.cool_down = pause;
        self
    }

    /// The longest fetch, from the connection to the last byte; 5 seconds unless said.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.pace.timeout = limit;
        self
    }

    /// Fetches with the settings of this client, for a proxy or certificates of your own. It follows no redirect, whatever
    /// it was told.
    pub fn client(mut self, settings: ClientBuilder) -> Self {
        self.client = settings;
        self
    }

    /// Calls a hook with every set that was not renewed, in place of an event of `tracing`. Its panics are reported, and
    /// change nothing.
    pub fn on_error(mut self, hook: impl Fn(&KeySetError) + Send + Sync + 'static) -> Self {
        self.on_error = Box::new(hook);
        self
    }

    /// Begins to fetch, on the runtime of tokio that this is called on. Where that ends, so do the fetches; the keys stay as
    /// they are.
    ///
    /// # Errors
    /// Where a time is nothing, there is no runtime, or `reqwest::ClientBuilder::build` fails.
    pub fn start(self) -> Result<KeySets, BoxError> {
        let Pace { refresh, cool_down, timeout } = self.pace;
        if [refresh, cool_down, timeout].contains(&Duration::ZERO) {
            return Err("the times of KeySets must be more than nothing".into());
        }
        let runtime = Handle::try_current()?;
        // Keys come from the URL of the config, or not at all.
        let client = self.client.redirect(Policy::none()).build()?;
        let settings = Settings { pace: self.pace, client, on_error: self.on_error };
        let serving = Serving { config: self.config.clone(), sources: Vec::new(), is_closed: false };
        let all = KeySets(Arc::new(Shared { settings: Arc::new(settings), runtime, serving: Mutex::new(serving) }));
        all.replace(&self.config);
        Ok(all)
    }
}

impl fmt::Debug for KeySetsBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KeySetsBuilder").field("pace", &self.pace).finish_non_exhaustive()
    }
}

/// The keys of an issuer were not renewed. Those that were there before stay.
#[derive(Debug)]
pub struct KeySetError {
    issuer: String,
    url: String,
    cause: BoxError,
}

impl KeySetError {
    /// The name of the issuer in the config.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where its set was asked for.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for KeySetError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the keys of {} were not renewed: {}", self.issuer, self.cause)?;
        let mut cause = self.cause.source();
        while let Some(error) = cause {
            write!(out, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for KeySetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.cause)
    }
}
