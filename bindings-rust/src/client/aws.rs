//! Signs with credentials of AWS that end, as those of a role do.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Mutex as Turn;
use wiresign::{Config, Signer};

use super::ClientError;
use crate::BoxError;
use crate::report::{fault, harmless_future};

/// How long before their end credentials are renewed.
const BEFORE: Duration = Duration::from_secs(5 * 60);
/// How long nobody asks after a failure, while there are credentials.
const PAUSE: Duration = Duration::from_secs(10);
/// The same where there are none.
const PAUSE_WITHOUT: Duration = Duration::from_secs(1);
/// How long the provider may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Credentials of AWS, as a provider of its SDK gives them.
#[derive(Clone)]
pub struct AwsCredentials {
    /// The id of the access key.
    pub access_key_id: String,
    /// The secret of the access key.
    pub secret: String,
    /// The session token, which those of a role have.
    pub session_token: Option<String>,
    /// When they end; `None`: never.
    pub expires: Option<SystemTime>,
}

impl fmt::Debug for AwsCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AwsCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

type Given = Pin<Box<dyn Future<Output = Result<AwsCredentials, BoxError>> + Send>>;
type Provider = dyn Fn() -> Given + Send + Sync;

/// Signs with the credentials of the moment, in the place of a `Signer`: asks a provider when the first request is signed, and
/// for the next ones five minutes before those at hand end, while they are still used. The config says `"sign_with":
/// "aws-identity"` or `"aws-sigv4"`. Copies share the credentials.
///
/// ```no_run
/// # fn client(config: wiresign_tower::Config) -> Result<(), Box<dyn std::error::Error>> {
/// # use wiresign_tower::{AwsCredentials, AwsSigners, SigningClient};
/// # async fn of_the_moment() -> Result<AwsCredentials, wiresign_tower::BoxError> { unreachable!() }
/// let signers = AwsSigners::new(config, Some("orders"), of_the_moment);
/// let client = SigningClient::new(reqwest::Client::builder(), signers)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AwsSigners(Arc<Shared>);

struct Shared {
    config: Config,
    target: Option<String>,
    provider: Box<Provider>,
    hand: Mutex<Hand>,
    /// Of whoever asks the provider.
    turn: Arc<Turn<()>>,
}

/// What is at hand, and what the last failure was.
#[derive(Default)]
struct Hand {
    held: Option<Held>,
    failure: Option<(Instant, String)>,
}

#[derive(Clone)]
struct Held {
    signer: Arc<Signer>,
    expires: Option<SystemTime>,
}

impl Held {
    fn lasts(&self, beyond: Duration) -> bool {
        self.expires.is_none_or(|end| end > SystemTime::now() + beyond)
    }
}

impl Hand {
    fn good(&self) -> Option<Held> {
        self.held.clone().filter(|held| held.lasts(Duration::ZERO))
    }

    /// The failure that nobody asks again after, yet.
    fn fresh_failure(&self, pause: Duration) -> Option<&str> {
        let (at, sentence) = self.failure.as_ref()?;
        (at.elapsed() < pause).then_some(sentence)
    }
}

impl AwsSigners {
    /// Signs calls to `target`, the id of the service that will receive them, with what the provider gives.
    pub fn new<F>(config: Config, target: Option<&str>, provider: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<AwsCredentials, BoxError>> + Send + 'static,
    {
        Self(Arc::new(Shared {
            config,
            target: target.map(str::to_owned),
            provider: Box::new(move || Box::pin(provider())),
            hand: Mutex::default(),
            turn: Arc::default(),
        }))
    }

    /// A signer with credentials that have not ended.
    pub(super) async fn signer(&self) -> Result<Arc<Signer>, ClientError> {
        if let Some(held) = self.at_hand() {
            return Ok(held.signer);
        }
        let _turn = self.0.turn.lock().await;
        // Another one may have asked meanwhile.
        if let Some(held) = self.at_hand() {
            return Ok(held.signer);
        }
        let failure = self.0.with(|hand| hand.fresh_failure(PAUSE_WITHOUT).map(str::to_owned));
        let outcome = match failure {
            Some(sentence) => Err(sentence),
            None => self.0.renew().await,
        };
        outcome.map_err(|sentence| ClientError::NotSigned(sentence.into()))
    }

    /// What is at hand and good. Where it ends soon, the next is fetched in the background.
    fn at_hand(&self) -> Option<Held> {
        let (held, is_quiet) = self.0.with(|hand| (hand.good(), hand.fresh_failure(PAUSE).is_some()));
        let held = held?;
        if !held.lasts(BEFORE)
            && !is_quiet
            && let Ok(turn) = self.0.turn.clone().try_lock_owned()
        {
            let all = self.0.clone();
            tokio::spawn(async move {
                let _turn = turn;
                if let Err(sentence) = all.renew().await {
                    fault("the credentials of AWS at hand are used on", sentence);
                }
            });
        }
        Some(held)
    }
}

impl Shared {
    fn with<T>(&self, look: impl FnOnce(&mut Hand) -> T) -> T {
        look(&mut self.hand.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks the provider, and keeps what comes of it.
    async fn renew(&self) -> Result<Arc<Signer>, String> {
        let outcome = self.fetch().await;
        self.with(|hand| match &outcome {
            Ok(held) => *hand = Hand { held: Some(held.clone()), failure: None },
            Err(sentence) => hand.failure = Some((Instant::now(), sentence.clone())),
        });
        outcome.map(|held| held.signer)
    }

    async fn fetch(&self) -> Result<Held, String> {
        let asked = harmless_future("provider of credentials", async { (self.provider)().await });
        let AwsCredentials { access_key_id, secret, session_token, expires } =
            match tokio::time::timeout(TIMEOUT, asked).await {
                Ok(Some(given)) => given.map_err(|error| format!("there are no credentials of AWS: {error}"))?,
                Ok(None) => return Err("there are no credentials of AWS: their provider panicked".to_owned()),
                Err(_) => return Err("there are no credentials of AWS: their provider took too long".to_owned()),
            };
        let (target, token) = (self.target.as_deref(), session_token.as_deref());
        let signer = Signer::with_aws_credentials(&self.config, target, &access_key_id, &secret, token);
        let held = Held { signer: Arc::new(signer.map_err(|error| error.to_string())?), expires };
        if held.lasts(Duration::ZERO) { Ok(held) } else { Err("the credentials of AWS have ended already".to_owned()) }
    }
}

impl fmt::Debug for AwsSigners {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AwsSigners").field("target", &self.0.target).finish_non_exhaustive()
    }
}
