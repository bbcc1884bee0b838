//! Servers, requests and keys that the tests share.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiresign_host::SystemLookup;
use wiresign_tower::{Caller, Config, Signer, Verifier, VerifyLayer};

pub(crate) const SECRETS: [(&str, &str); 5] = [
    ("ORDERS_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    ("BILLING_SECRET", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9"),
    ("SHOP_SECRET", "7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b"),
    ("CHAT_SECRET", "5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c"),
    ("VERIFY_TOKEN", "a token that only we and the sender know"),
];

fn document(service: &str) -> Value {
    json!({
        "service": service,
        "services": {
            "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
            "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
            "shop": {"keys": [{"secret": "env:SHOP_SECRET"}], "allowed_targets": ["orders"]},
        },
        "webhooks": {
            "chat": {"scheme": "whatsapp", "keys": [{"secret": "env:CHAT_SECRET"}], "verify_token": "env:VERIFY_TOKEN"}
        },
        "routes": [
            {"match": "/health", "public": true},
            {"match": "/perhaps", "optional": true},
            {"match": "/hook", "accept": ["webhook:chat"]},
        ],
    })
}

/// The config of a service, with members of its own.
pub(crate) fn config(service: &str, others: Value) -> Config {
    let mut document = document(service);
    for (name, value) in others.as_object().expect("an object") {
        document[name] = value.clone();
    }
    let secrets: HashMap<_, _> = SECRETS.map(|(name, secret)| (name.to_owned(), secret.to_owned())).into();
    Config::parse(&document.to_string(), &SystemLookup::with_env(secrets)).expect("a good config")
}

pub(crate) fn verifier(others: Value) -> Arc<Verifier> {
    Arc::new(Verifier::new(&config("orders", others)))
}

pub(crate) fn signer(service: &str) -> Signer {
    Signer::new(&config(service, json!({})), Some("orders")).expect("a signer")
}

/// Says who called, and gives back what was sent.
async fn echo(caller: Caller, body: Bytes) -> Vec<u8> {
    [caller.service().as_bytes(), b" sent ", &body].concat()
}

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/echo", any(echo))
        .route("/health", get(|| async { "up" }))
        .route(
            "/perhaps",
            any(|caller: Option<Caller>| async move {
                caller.map_or("nobody".into(), |caller| caller.service().to_owned())
            }),
        )
        .layer(axum::extract::DefaultBodyLimit::disable())
}

pub(crate) fn protected(verifier: &Arc<Verifier>) -> Router {
    routes().layer(VerifyLayer::new(verifier.clone()))
}

/// Serves on a port of its own, HTTP/1.1 and HTTP/2.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).into_future());
    address
}

/// The headers of a signed request, as they stand on the wire.
pub(crate) fn signed(signer: &Signer, method: &str, target: &str, body: &[u8]) -> String {
    let head = wiresign::Head::new(method.as_bytes(), target.as_bytes(), &[] as &[(&str, &str)]);
    let nonce = wiresign_host::request_id_string().expect("random");
    let signed = signer.sign(&head, body, wiresign_host::now(), &nonce).expect("signed");
    signed.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

/// A request that carries such headers, without a body as yet.
pub(crate) fn post(uri: &str, headers: &str) -> http::request::Builder {
    headers.lines().fold(http::Request::post(uri), |request, line| {
        let (name, value) = line.split_once(": ").expect("a header");
        request.header(name, value)
    })
}

/// Opens a connection of its own and sends bytes as they are.
pub(crate) async fn connect(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(bytes).await.expect("it reads");
    stream
}

/// Reads an answer to its end: the server closes.
pub(crate) async fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8(answer).expect("UTF-8")
}

/// Sends one request with a body of declared length.
pub(crate) async fn ask(address: SocketAddr, method: &str, target: &str, headers: &str, body: &[u8]) -> String {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: orders\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    answer(connect(address, &[head.as_bytes(), body].concat()).await).await
}

/// Signs a request as one of the services and sends it.
pub(crate) async fn call(address: SocketAddr, service: &str, method: &str, target: &str, body: &[u8]) -> String {
    ask(address, method, target, &signed(&signer(service), method, target, body), body).await
}

/// Asserts status and end of an answer.
#[track_caller]
pub(crate) fn expect(answer: &str, status: u16, end: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.ends_with(end), "{answer}");
}

/// Asserts that a request is refused with a code.
#[track_caller]
pub(crate) fn expect_refusal(answer: &str, status: u16, code: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(&format!("\"code\":\"{code}\"")),
        "{answer}"
    );
}

/// What a verifier has counted, by a line of its metrics.
#[track_caller]
pub(crate) fn expect_counted(verifier: &Verifier, line: &str) {
    let text = verifier.metrics().prometheus();
    assert!(text.lines().any(|counted| counted == line), "{line}\n{text}");
}

/// A port that nobody listens on, below those that the kernel gives to whoever names none: nobody gets it before it is used.
pub(crate) fn free_port() -> u16 {
    // Whichever comes first: another process with the same idea begins elsewhere.
    let start = u16::try_from(std::process::id() % 12_000).expect("it is small");
    static TRIED: AtomicU16 = AtomicU16::new(0);
    loop {
        let port = 20_000 + (start + TRIED.fetch_add(7, Ordering::Relaxed)) % 12_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
