//! Many verifies in one process, and what it has in memory at the start, in the middle and at the end. Says so and ends with 1
//! when memory has grown after the first tenth: by then the replay store is as large as it gets.
//!
//! ```text
//! endurance [COUNT]      ten million unless given
//! ```

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io::Write;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tower::{Layer, Service, ServiceExt, service_fn};
use wiresign::{Head, SecretEncoding, SignedHeaders, generate_secret};
use wiresign_host::{SystemLookup, now, request_id_string};
use wiresign_tower::{
    BoxError, Caller, Config, RefusalCode, ReplayOutcome, ReplayStore, Signer, VerifiedBody, Verifier, Verify,
    VerifyLayer,
};

/// How long the whole run takes by the verifier's clock: a tenth of it is longer than a request is remembered.
const SECONDS: u64 = 20_000;
const ALLOWED_GROWTH_MEBIBYTES: f64 = 4.0;
const TARGET: &str = "/invoices?draft=1";

fn main() -> Result<ExitCode, BoxError> {
    let count = std::env::args().nth(1).map_or(Ok(10_000_000), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(run(count))
}

async fn run(count: u64) -> Result<ExitCode, BoxError> {
    let mut run = Run::new(count)?;
    let start = resident_mebibytes()?;
    let (mut tenth, mut middle) = (start, start);
    for number in 0..count {
        run.one(number).await?;
        if number == count / 10 {
            tenth = resident_mebibytes()?;
        } else if number == count / 2 {
            middle = resident_mebibytes()?;
        }
    }
    let end = resident_mebibytes()?;
    writeln!(
        std::io::stdout(),
        "Rust: {count} verifies, resident memory {start:.1} MiB at the start, {tenth:.1} after a tenth, {middle:.1} in the \
         middle, {end:.1} at the end"
    )?;
    Ok(if end - tenth > ALLOWED_GROWTH_MEBIBYTES { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What all requests share, and the last one.
struct Run {
    count: u64,
    started: u64,
    secrets: HashMap<String, String>,
    signer: Signer,
    verifier: Verifier,
    behind_layer: Arc<Verifier>,
    store: Arc<Store>,
    layered: Layered,
    now: u64,
    body: Vec<u8>,
    headers: Vec<(String, String)>,
}

type Said = Ready<Result<http::Response<String>, Infallible>>;
type Handler = fn(http::Request<VerifiedBody<Full<Bytes>>>) -> Said;
type Layered = Verify<tower::util::ServiceFn<Handler>>;

impl Run {
    fn new(count: u64) -> Result<Self, BoxError> {
        let secret = |step: u8| generate_secret(&std::array::from_fn(|at| step * at as u8), SecretEncoding::Hex);
        let secrets = HashMap::from([("ORDERS_SECRET".into(), secret(3)), ("BILLING_SECRET".into(), secret(5))]);
        let verifier = Verifier::new(&config("orders", "memory", &secrets)?);
        let signer = Signer::new(&config("billing", "memory", &secrets)?, Some("orders"))?;
        // The layer has the clock of the machine, by which a store in memory would become full.
        let behind_layer = Arc::new(Verifier::new(&config("orders", "external", &secrets)?));
        let store = Arc::new(Store(AtomicBool::new(false)));
        let layer = VerifyLayer::new(behind_layer.clone()).replay(Shared(store.clone()));
        let layered = layer.layer(service_fn(say_who as Handler));
        let started = now();
        let (body, headers) = (Vec::new(), Vec::new());
        Ok(Self {
            count,
            started,
            secrets,
            signer,
            verifier,
            behind_layer,
            store,
            layered,
            now: started,
            body,
            headers,
        })
    }

    /// Verifies one request, in one of the ways that there are.
    async fn one(&mut self, number: u64) -> Result<(), BoxError> {
        match number % 8 {
            1 => {
                self.sign(number, now())?;
                self.ask(200, "billing").await?;
            }
            2 => {
                // What the layer has accepted, once more.
                self.store.0.store(true, Ordering::Relaxed);
                self.ask(401, "REPLAYED_REQUEST").await?;
                self.store.0.store(false, Ordering::Relaxed);
            }
            3 => {
                self.sign(number, self.at(number))?;
                let mut verification = self.verifier.begin(&self.head(), self.now)?;
                for piece in self.body.chunks(1) {
                    verification.update(piece)?;
                }
                assert_eq!(verification.finish()?.service(), Some("billing"));
            }
            5 => {
                self.sign(number, self.at(number))?;
                self.body[0] = b'[';
                self.refused(RefusalCode::InvalidSignature);
            }
            7 => self.refused(RefusalCode::ReplayedRequest),
            _ => {
                self.sign(number, self.at(number))?;
                let verified = self.verifier.verify(&self.head(), &self.body, self.now)?;
                assert_eq!(verified.service(), Some("billing"));
            }
        }
        if number.is_multiple_of(100_000) {
            assert!(!self.verifier.metrics().prometheus().is_empty());
            self.verifier.replace(&config("orders", "memory", &self.secrets)?);
            self.behind_layer.replace(&config("orders", "external", &self.secrets)?);
        }
        Ok(())
    }

    fn at(&self, number: u64) -> u64 {
        self.started + number * SECONDS / self.count
    }

    fn sign(&mut self, number: u64, now: u64) -> Result<(), BoxError> {
        self.now = now;
        self.body = format!("{{\"invoice\":{number}}}").into_bytes();
        let nothing: [(&str, &str); 0] = [];
        let head = Head::new(b"POST", TARGET.as_bytes(), &nothing);
        let signed: SignedHeaders = self.signer.sign(&head, &self.body, now, &request_id_string()?)?;
        self.headers = signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.headers.push(("User-Agent".into(), "endurance".into()));
        Ok(())
    }

    fn head(&self) -> Head<'_, Vec<(String, String)>> {
        Head::new(b"POST", TARGET.as_bytes(), &self.headers)
    }

    fn refused(&self, code: RefusalCode) {
        let refusal = self.verifier.verify(&self.head(), &self.body, self.now).expect_err("it is refused");
        assert_eq!((refusal.code(), refusal.response().status), (code, 401));
    }

    /// Sends the last request through the layer.
    async fn ask(&mut self, status: u16, says: &str) -> Result<(), BoxError> {
        let mut request = http::Request::post(TARGET);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body.clone())))?;
        let answer = self.layered.ready().await?.call(request).await?;
        assert_eq!(answer.status(), status);
        let body = answer.into_body().collect().await?.to_bytes();
        assert!(String::from_utf8_lossy(&body).contains(says), "{body:?}");
        Ok(())
    }
}

fn say_who(request: http::Request<VerifiedBody<Full<Bytes>>>) -> Said {
    let caller = Caller::of(request.extensions()).map_or_else(String::new, |caller| caller.service().to_owned());
    ready(Ok(http::Response::new(caller)))
}

/// Says of each request that it is new, or of each that it is known.
struct Store(AtomicBool);

struct Shared(Arc<Store>);

impl ReplayStore for Shared {
    fn insert<'a>(&'a self, _: &'a str, _: u64) -> Pin<Box<dyn Future<Output = ReplayOutcome> + Send + 'a>> {
        let is_known = self.0.0.load(Ordering::Relaxed);
        Box::pin(async move { if is_known { ReplayOutcome::Repeated } else { ReplayOutcome::First } })
    }
}

fn config(service: &str, store: &str, secrets: &HashMap<String, String>) -> Result<Config, BoxError> {
    let document = json!({
        "service": service,
        "services": {
            "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
            "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
        },
        "replay": {"store": store},
    });
    Ok(Config::parse(&document.to_string(), &SystemLookup::with_env(secrets.clone()))?)
}

fn resident_mebibytes() -> Result<f64, BoxError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kibibytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kibibytes / 1024.0)
}
