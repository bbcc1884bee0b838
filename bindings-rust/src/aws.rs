//! IAM identities: asks AWS who made the proof of one.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, HOST};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, Url};
use tokio::sync::{Semaphore, watch};
use wiresign::{IdentityRequest, Verifier};
use wiresign_host::now;

use crate::BoxError;
use crate::report::fault;

/// The longest answer that is read, in bytes; the core has the same limit.
const MOST_BYTES: usize = 16 * 1024;

/// Asks the Security Token Service of AWS who made the proofs of IAM identities (`aws-identity`). A question goes to the host of a
/// region in the config, over TLS, and nowhere else; without an answer the request is refused. Of several requests with the
/// same proof at once, one has AWS asked.
///
/// Copies share connections and questions; one is enough for a process.
///
/// ```no_run
/// # fn layer() -> Result<wiresign_tower::VerifyLayer, wiresign_tower::BoxError> {
/// # use wiresign_tower::{Sts, Verifier, VerifyLayer, config_from_file};
/// let config = config_from_file("wiresign.json")?;
/// let layer = VerifyLayer::new(Verifier::new(&config)).aws(Sts::builder().build()?);
/// # Ok(layer)
/// # }
/// ```
#[derive(Clone)]
pub struct Sts(Arc<Shared>);

struct Shared {
    client: Client,
    timeout: Duration,
    endpoint: Option<Url>,
    at_once: Semaphore,
    /// Those who wait for the answer of a question. Nothing is ever sent: it ends with its sender.
    under_way: Mutex<HashMap<Asked, watch::Receiver<()>>>,
}

/// Tells questions apart, and who wants to know.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Asked {
    verifier: usize,
    url: String,
    values: Vec<String>,
}

impl Sts {
    /// Begins to say how AWS is asked.
    pub fn builder() -> StsBuilder {
        StsBuilder { client: Client::builder(), timeout: Duration::from_secs(3), at_once: 16, endpoint: None }
    }

    /// Asks AWS, unless somebody just does, and tells the verifier what the answer is. `again` gives the question once more
    /// where one is left.
    pub(crate) async fn identify(
        &self,
        verifier: &Arc<Verifier>,
        question: IdentityRequest,
        again: impl Fn() -> Option<IdentityRequest>,
    ) {
        let asked = Asked::new(verifier, &question);
        let (mut answered, asking) = {
            let mut under_way = self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            match under_way.get(&asked) {
                Some(answered) => (answered.clone(), None),
                // The answer may have come between the question and now.
                None if again().is_none() => return,
                None => {
                    let (ends, answered) = watch::channel(());
                    under_way.insert(asked.clone(), answered.clone());
                    (answered, Some(Asking { all: self.0.clone(), asked, _ends: ends }))
                }
            }
        };
        if let Some(asking) = asking {
            let verifier = verifier.clone();
            // Whoever asked first may leave; others wait for the same.
            tokio::spawn(async move { asking.all.ask(&verifier, &question).await });
        }
        // An error: its sender is gone.
        let _ = answered.changed().await;
    }
}

/// A question that is under way, until it is dropped: however its task ends, and also where it never begins.
struct Asking {
    all: Arc<Shared>,
    asked: Asked,
    _ends: watch::Sender<()>,
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.all.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.asked);
    }
}

impl Asked {
    fn new(verifier: &Arc<Verifier>, question: &IdentityRequest) -> Self {
        let values = question.headers().map(|(_, value)| value.to_owned()).collect();
        Self { verifier: Arc::as_ptr(verifier).addr(), url: question.url().to_owned(), values }
    }
}

impl Shared {
    /// Sends a question, and hands on its answer, or that there is none.
    async fn ask(&self, verifier: &Verifier, question: &IdentityRequest) {
        let answer = match tokio::time::timeout(self.timeout, self.send(question)).await {
            Ok(answer) => answer,
            Err(_) => Err("it took too long".into()),
        };
        // The reason may hold the address, and nothing of the proof.
        let answer = answer.inspect_err(|error| {
            fault(
                "nobody can say who made the proof of an IAM identity",
                format_args!("{} gave no answer: {error}", question.url()),
            );
        });
        let answer = answer.as_ref().ok().map(|(status, body)| (*status, &**body));
        verifier.identity_answer(question, answer, now());
    }

    async fn send(&self, question: &IdentityRequest) -> Result<(u16, Vec<u8>), BoxError> {
        let _place = self.at_once.acquire().await?;
        let url = self.endpoint.clone().map_or_else(|| question.url().parse(), Ok)?;
        let mut request = self.client.request(Method::from_bytes(question.method().as_bytes())?, url);
        for (name, value) in question.headers() {
            // The client names the host by itself, but not where the questions of tests go elsewhere.
            let is_needed = self.endpoint.is_some() || !name.eq_ignore_ascii_case(HOST.as_str());
            if is_needed {
                request = request.header(name, value);
            }
        }
        // A compressed answer could be small on the way and huge here.
        let request = request.header(ACCEPT_ENCODING, "identity").body(question.body());
        let mut answer = request.send().await?;
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await? {
            body.extend_from_slice(&piece);
            if body.len() > MOST_BYTES {
                return Err(format!("the answer is longer than {MOST_BYTES} bytes").into());
            }
        }
        Ok((answer.status().as_u16(), body))
    }
}

impl fmt::Debug for Sts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sts").field("timeout", &self.0.timeout).finish_non_exhaustive()
    }
}

/// How AWS is asked. It begins by [`Sts::builder`].
#[derive(Debug)]
pub struct StsBuilder {
    client: ClientBuilder,
    timeout: Duration,
    at_once: usize,
    endpoint: Option<String>,
}

impl StsBuilder {
    /// How long a question may take, from the connection to the last byte; 3 seconds unless said.
    pub fn timeout(self, limit: Duration) -> Self {
        Self { timeout: limit, ..self }
    }

    /// How many questions are under way at the same time; 16 unless said.
    pub fn at_once(self, questions: usize) -> Self {
        Self { at_once: questions, ..self }
    }

    /// Asks with the settings of this client, for a proxy or certificates of your own. It follows no redirect, whatever it was
    /// told.
    pub fn client(self, settings: ClientBuilder) -> Self {
        Self { client: settings, ..self }
    }

    /// Sends all questions to another place, for tests. It must be on this machine; the headers stay as they are.
    pub fn endpoint(self, url: impl Into<String>) -> Self {
        Self { endpoint: Some(url.into()), ..self }
    }

    /// Makes what [`VerifyLayer::aws`](crate::VerifyLayer::aws) asks AWS with.
    ///
    /// # Errors
    /// Where a setting is nothing, the endpoint is not on this machine, or `reqwest::ClientBuilder::build` fails.
    pub fn build(self) -> Result<Sts, BoxError> {
        if self.timeout.is_zero() || self.at_once == 0 {
            return Err("the timeout and the questions at once must be more than nothing".into());
        }
        let endpoint = self.endpoint.map(|url| url.parse::<Url>()).transpose()?;
        if endpoint.as_ref().is_some_and(|url| !is_on_this_machine(url)) {
            return Err("the endpoint is for tests, and must be on this machine".into());
        }
        let client = if endpoint.is_some() { self.client.no_proxy() } else { self.client };
        Ok(Sts(Arc::new(Shared {
            client: client.redirect(Policy::none()).build()?,
            timeout: self.timeout,
            endpoint,
            at_once: Semaphore::new(self.at_once.min(Semaphore::MAX_PERMITS)),
            under_way: Mutex::default(),
        })))
    }
}

fn is_on_this_machine(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
