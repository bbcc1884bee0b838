//! One service's place in the fleet: it reads the registry, reads it again on SIGHUP, writes one JSON line per event, and calls
//! the others with signed requests.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use reqwest::{Client, Method, Request, Response, Url};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;
use wiresign_host::SystemLookup;
use wiresign_tower::{BoxError, Config, Signer, SigningClient, Verifier, VerifyLayer};

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Fleet {
    service: &'static str,
    /// It lives as long as the process, so a new registry does not forget what was replayed.
    verifier: Arc<Verifier>,
    calling: Mutex<Calling>,
}

/// What calls need. A new registry begins it anew.
struct Calling {
    config: Config,
    clients: HashMap<String, SigningClient>,
}

impl Calling {
    fn by(config: Config) -> Self {
        Self { config, clients: HashMap::new() }
    }
}

impl Fleet {
    pub(crate) fn join(service: &'static str) -> Result<Self, BoxError> {
        let config = read(service)?;
        let verifier = Arc::new(Verifier::new(&config));
        Ok(Self { service, verifier, calling: Mutex::new(Calling::by(config)) })
    }

    /// Serves at the address that the registry gives for this service, until SIGTERM.
    pub(crate) async fn serve(&self, routes: Router) -> Result<(), BoxError> {
        let own = self.url(self.service)?.socket_addrs(|| None)?;
        let listener = TcpListener::bind(&own[..]).await?;
        let mut hangups = signal(SignalKind::hangup())?;
        let mut end = signal(SignalKind::terminate())?;
        tracing::info!(event = "listening", address = %listener.local_addr()?, "listening");
        let guarded = routes.layer(VerifyLayer::new(self.verifier.clone()));
        let server = axum::serve(listener, guarded.into_make_service_with_connect_info::<SocketAddr>());
        let reloads = async {
            while hangups.recv().await.is_some() {
                self.reload();
            }
        };
        // Connections that are kept for a next request are not waited for.
        tokio::select! {
            outcome = server.into_future() => Ok(outcome?),
            () = reloads => Ok(()),
            _ = end.recv() => Ok(()),
        }
    }

    /// Sends a signed request to another service, its body as JSON, and gives the JSON that it answers with.
    pub(crate) async fn call(
        &self,
        target: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, BoxError> {
        let answer = self.send(target, method.clone(), path, body).await?;
        if !answer.status().is_success() {
            return Err(format!("{target} answered {method} {path} with {}", answer.status().as_u16()).into());
        }
        Ok(answer.json().await?)
    }

    /// Makes one call, and says what was answered.
    pub(crate) async fn call_once(&self, target: &str, method: Method, path: &str) -> Result<(), BoxError> {
        let body = (method != Method::GET).then(|| json!({}));
        let answer = self.send(target, method, path, body.as_ref()).await?;
        let status = answer.status().as_u16();
        let said: Value = answer.json().await?;
        tracing::info!(event = "answered", status, code = said["code"].as_str(), "answered");
        Ok(())
    }

    async fn send(&self, target: &str, method: Method, path: &str, body: Option<&Value>) -> Result<Response, BoxError> {
        let url = self.url(target)?.join(path)?;
        let request = self.client(target)?.request(method, url);
        let request = match body {
            Some(body) => request.with(|request| request.json(body)),
            None => request,
        };
        Ok(request.send().await?)
    }

    /// Who signs for a service, and keeps the connections to it.
    fn client(&self, target: &str) -> Result<SigningClient, BoxError> {
        let mut calling = self.calling();
        if let Some(client) = calling.clients.get(target) {
            return Ok(client.clone());
        }
        let signer = Signer::new(&calling.config, Some(target))?;
        let name = target.to_owned();
        let client = SigningClient::new(Client::builder().timeout(PATIENCE), signer)?
            .on_signed(move |request, took| log_signed(&name, request, took));
        calling.clients.insert(target.to_owned(), client.clone());
        Ok(client)
    }

    fn calling(&self) -> MutexGuard<'_, Calling> {
        self.calling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url(&self, service: &str) -> Result<Url, BoxError> {
        let calling = self.calling();
        let url = calling.config.url(service).ok_or_else(|| format!("the registry has no url for {service}"))?;
        Ok(url.parse()?)
    }

    /// Reads the registry again. One with a mistake changes nothing: the service goes on with the one that it has.
    fn reload(&self) {
        match read(self.service) {
            Ok(config) => {
                self.verifier.replace(&config);
                *self.calling() = Calling::by(config);
                tracing::info!(event = "registry-loaded", "the registry was reloaded");
            }
            Err(error) => {
                let problems = error.to_string();
                tracing::error!(event = "registry-refused", problems, "the registry was not reloaded");
            }
        }
    }
}

fn log_signed(target: &str, request: &Request, took: Duration) {
    let request_id = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    tracing::info!(
        event = "signed",
        target,
        method = request.method().as_str(),
        path = request.url().path(),
        request_id,
        duration_us = took.as_secs_f64() * 1e6,
        "request signed"
    );
}

fn read(service: &str) -> Result<Config, BoxError> {
    let mut registry: Value = serde_json::from_slice(&std::fs::read(setting("WIRESIGN_REGISTRY", "wiresign.json"))?)?;
    registry["service"] = service.into();
    let lines = std::fs::read_to_string(setting("WIRESIGN_ENV_FILE", ".env"))?;
    let variables = lines.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let secrets = variables.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
    Ok(Config::parse(&registry.to_string(), &SystemLookup::with_env(secrets))?)
}

/// Writes the lines that the others of the fleet write: the audit record of the layer is one of them.
pub(crate) fn log_to_stdout() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(LevelFilter::INFO)
        .init();
}

fn setting(name: &str, usual: &str) -> OsString {
    std::env::var_os(name).filter(|value| !value.is_empty()).unwrap_or_else(|| usual.into())
}
