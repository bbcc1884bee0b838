//! The keys that issuers publish, fetched over HTTP, and what tokens are worth meanwhile.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode, header};
use axum::routing::get;
use http_body::Frame;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wiresign_host::SystemLookup;
use wiresign_tower::{Config, KeySets, KeySetsBuilder, Signer, Verifier, VerifyLayer, parse_config};

use crate::stopping::{apart, end};
use crate::support::*;

/// The key of RFC 8032, section 7.1, test 1, which everybody knows.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

/// What "login" publishes under this id of its key.
fn set_of(id: &str) -> String {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": id, "x": x}]}).to_string()
}

/// What an issuer answers with.
#[derive(Clone)]
pub(crate) enum Published {
    Text(String),
    Status(u16, String),
    Redirect(String),
    Encoded(String),
    /// An answer that ends before its end.
    Half(String),
    Nothing,
}

impl Published {
    pub(crate) fn set(id: &str) -> Self {
        Self::Text(set_of(id))
    }
}

/// A server that publishes keys, and counts how often it was asked.
#[derive(Clone)]
pub(crate) struct Issuer {
    answer: Arc<Mutex<Published>>,
    asked: Arc<AtomicUsize>,
    pub(crate) url: String,
}

impl Issuer {
    pub(crate) async fn start(answer: Published) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self::start_on(listener, answer)
    }

    fn start_on(listener: TcpListener, answer: Published) -> Self {
        let url = format!("http://{}/keys", listener.local_addr().expect("bound"));
        let issuer = Self { answer: Arc::new(Mutex::new(answer)), asked: Arc::default(), url };
        let routes = Router::new().route("/keys", get(publish)).with_state(issuer.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        issuer
    }

    fn publish(&self, answer: Published) {
        *self.answer.lock().expect("nobody panicked") = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn publish(State(issuer): State<Issuer>) -> Response<Body> {
    issuer.asked.fetch_add(1, Ordering::Relaxed);
    let answer = issuer.answer.lock().expect("nobody panicked").clone();
    let response = Response::builder();
    let response = match answer {
        Published::Text(text) => response.body(text.into()),
        Published::Status(status, text) => response.status(status).body(text.into()),
        Published::Redirect(url) => {
            response.status(StatusCode::FOUND).header(header::LOCATION, url).body(Body::empty())
        }
        Published::Encoded(text) => response.header(header::CONTENT_ENCODING, "gzip").body(text.into()),
        Published::Half(text) => response.body(Body::new(Half { piece: Some(text.into()), is_sent: false })),
        Published::Nothing => std::future::pending().await,
    };
    response.expect("a response")
}

/// A body that breaks off behind its first piece, which is sent before.
struct Half {
    piece: Option<Bytes>,
    is_sent: bool,
}

impl http_body::Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(piece) = self.piece.take() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if !std::mem::replace(&mut self.is_sent, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into())))
    }
}

/// The config of orders, whose callers have tokens of "login".
fn users(jwks: &str) -> Config {
    config("orders", users_document(jwks))
}

fn users_document(jwks: &str) -> Value {
    json!({"accept": ["jwt"], "jwt": {"issuers": {"login": {"jwks": jwks, "callers": "users"}}}})
}

/// The header of a caller whose token is signed with the key of this id.
pub(crate) fn token(id: &str) -> String {
    let document = json!({
        "service": "login",
        "sign_with": "jwt",
        "services": {"login": {"keys": [{"id": id, "algorithm": "ed25519", "private_key": "env:SEED"}]}},
    });
    let lookup = SystemLookup::with_env([("SEED".to_owned(), SEED.to_owned())].into());
    let config = Config::parse(&document.to_string(), &lookup).expect("a good config");
    signed(&Signer::new(&config, Some("orders")).expect("a signer"), "GET", "/echo", b"")
}

/// The same with a token that does not say which key signed it.
fn nameless() -> String {
    let mut lines = token("k1");
    let (head, _) = lines.split_once('.').expect("a token");
    let start = head.rfind(' ').expect("a scheme") + 1;
    // Only its signature could be right, and the key at hand has not made it.
    lines.replace_range(start..head.len(), "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9");
    lines
}

/// A server of orders, with sets that are fetched at a pace.
async fn orders(issuer: &Issuer, pace: impl FnOnce(KeySetsBuilder) -> KeySetsBuilder) -> (SocketAddr, KeySets) {
    let config = users(&issuer.url);
    let sets = pace(KeySets::of(&config)).start().expect("a good pace");
    sets.refresh().await;
    let layer = VerifyLayer::new(Verifier::new(&config)).key_sets(sets.clone());
    (serve(routes().layer(layer)).await, sets)
}

const SHORT: Duration = Duration::from_millis(5);
const MINUTE: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(3600);

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    // So long that a busy machine does it too.
    let end = Instant::now() + MINUTE;
    while !holds().await {
        assert!(Instant::now() < end, "it did not happen: {what}");
        tokio::time::sleep(SHORT).await;
    }
}

#[tokio::test]
async fn a_token_with_a_new_key_has_keys_fetched() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let (address, _sets) = orders(&issuer, |pace| pace.cool_down(SHORT).refresh_every(LONG)).await;
    expect(&ask(address, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");
    issuer.publish(Published::set("k2"));
    tokio::time::sleep(SHORT * 4).await;
    expect_refusal(&ask(address, "GET", "/echo", &token("k2"), b"").await, 401, "UNKNOWN_KEY");
    eventually("the new key is known", async || {
        ask(address, "GET", "/echo", &token("k2"), b"").await.starts_with("HTTP/1.1 200")
    })
    .await;
    // What is no longer published is worth nothing.
    expect_refusal(&ask(address, "GET", "/echo", &token("k1"), b"").await, 401, "UNKNOWN_KEY");
}

#[tokio::test]
async fn a_token_that_names_no_key_has_keys_fetched_too() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let (address, _sets) = orders(&issuer, |pace| pace.cool_down(SHORT).refresh_every(LONG)).await;
    tokio::time::sleep(SHORT * 4).await;
    expect_refusal(&ask(address, "GET", "/echo", "", b"").await, 401, "AUTHENTICATION_REQUIRED");
    tokio::time::sleep(SHORT * 4).await;
    assert_eq!(issuer.asked(), 1);
    expect_refusal(&ask(address, "GET", "/echo", &nameless(), b"").await, 401, "INVALID_SIGNATURE");
    eventually("the set is fetched", async || issuer.asked() == 2).await;
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_one_fetch_within_the_cool_down() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let (address, sets) = orders(&issuer, |pace| pace).await;
    let calls: Vec<_> = (0..64)
        .map(|at| tokio::spawn(async move { ask(address, "GET", "/echo", &token(&format!("x{at}")), b"").await }))
        .collect();
    for call in calls {
        expect_refusal(&call.await.expect("an answer"), 401, "UNKNOWN_KEY");
    }
    for _ in 0..64 {
        sets.refresh().await;
    }
    assert_eq!(issuer.asked(), 1);

    // A fetch that takes its time will do for all who ask meanwhile.
    let (address, _sets) = orders(&issuer, |pace| pace.cool_down(SHORT).refresh_every(LONG).timeout(LONG)).await;
    tokio::time::sleep(SHORT * 4).await;
    issuer.publish(Published::Nothing);
    for at in 0..64 {
        expect_refusal(&ask(address, "GET", "/echo", &token(&format!("x{at}")), b"").await, 401, "UNKNOWN_KEY");
    }
    eventually("it is asked", async || issuer.asked() == 3).await;
    tokio::time::sleep(SHORT * 4).await;
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn a_set_that_cannot_be_had_changes_nothing() {
    let elsewhere = Issuer::start(Published::set("k2")).await;
    let private = set_of("k1").replace("\"x\"", "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\"");
    for (answer, says) in [
        (Published::Text("<html>".into()), "not renewed: this is not a set"),
        (Published::Text("{\"keys\": []}".into()), "not renewed: "),
        (Published::Text(private), "private"),
        (Published::Text(set_of("k2") + &" ".repeat(64 * 1024)), "longer than 65536 bytes"),
        (Published::Status(500, set_of("k2")), "the status 500"),
        (Published::Redirect(elsewhere.url.clone()), "the status 302"),
        (Published::Encoded(set_of("k2")), "compressed"),
        (Published::Half(set_of("k2")), "error decoding response body"),
        (Published::Nothing, "it took too long"),
    ] {
        let issuer = Issuer::start(Published::set("k1")).await;
        let config = users(&issuer.url);
        let told = Arc::new(Mutex::new(Vec::new()));
        let noted = told.clone();
        let sets = KeySets::of(&config)
            .cool_down(Duration::from_millis(50))
            .refresh_every(LONG)
            // Nothing but what never comes is to be late, on a busy machine neither.
            .timeout(if matches!(answer, Published::Nothing) { Duration::from_secs(1) } else { MINUTE })
            .on_error(move |error| {
                noted.lock().unwrap().push((error.issuer().to_owned(), error.url().to_owned(), error.to_string()));
            })
            .start()
            .expect("it starts");
        sets.refresh().await;
        let address = serve(protected(&Arc::new(Verifier::new(&config)))).await;
        expect(&ask(address, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");

        issuer.publish(answer);
        eventually("it is reported", async || {
            sets.refresh().await;
            !told.lock().unwrap().is_empty()
        })
        .await;
        let (name, url, sentence) = told.lock().unwrap()[0].clone();
        assert!(name == "login" && url == issuer.url, "{name} {url}");
        assert!(sentence.contains(says) && !sentence.contains("nWGxne"), "{sentence}");
        expect(&ask(address, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");
        expect_refusal(&ask(address, "GET", "/echo", &token("k2"), b"").await, 401, "UNKNOWN_KEY");
    }
    assert_eq!(elsewhere.asked(), 0);
}

#[tokio::test]
async fn a_server_that_is_down_is_asked_again_until_it_is_up() {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let config = users(&format!("http://{address}/keys"));
    let failures = Arc::new(AtomicUsize::new(0));
    let counted = failures.clone();
    let sets = KeySets::of(&config)
        .cool_down(SHORT)
        .refresh_every(SHORT * 2)
        .on_error(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            panic!("this hook is broken");
        })
        .start()
        .expect("it starts");
    let orders = serve(protected(&Arc::new(Verifier::new(&config)))).await;
    eventually("it fails", async || failures.load(Ordering::Relaxed) > 2).await;
    expect_refusal(&ask(orders, "GET", "/echo", &token("k1"), b"").await, 401, "UNKNOWN_KEY");

    let issuer = Issuer::start_on(TcpListener::bind(address).await.expect("the same port"), Published::set("k1"));
    eventually("the key is known", async || {
        ask(orders, "GET", "/echo", &token("k1"), b"").await.starts_with("HTTP/1.1 200")
    })
    .await;
    let asked = issuer.asked();
    eventually("a good set is renewed", async || issuer.asked() > asked + 2).await;

    // Nobody fetches for sets that are closed.
    sets.close();
    sets.refresh().await;
    let asked = issuer.asked();
    tokio::time::sleep(SHORT * 20).await;
    assert!(issuer.asked() <= asked + 1, "the fetch that was under way may still arrive");
    expect(&ask(orders, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");
}

#[tokio::test]
async fn closing_ends_a_fetch_without_a_word() {
    let issuer = Issuer::start(Published::Nothing).await;
    let sets = KeySets::of(&users(&issuer.url)).timeout(LONG).on_error(|error| panic!("{error}"));
    let sets = sets.start().expect("it starts");
    eventually("the fetch begins", async || issuer.asked() == 1).await;
    let copy = sets.clone();
    let waiting = tokio::spawn(async move { copy.refresh().await });
    let brief = tokio::time::timeout(SHORT, sets.refresh()).await;
    assert!(brief.is_err() && !waiting.is_finished());
    sets.close();
    waiting.await.expect("it ends");
}

#[tokio::test]
async fn the_last_copy_ends_all_fetches() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let sets = KeySets::of(&users(&issuer.url)).cool_down(SHORT).refresh_every(SHORT).start().expect("it starts");
    let copy = sets.clone();
    drop(sets);
    eventually("it is fetched again and again", async || issuer.asked() > 3).await;
    drop(copy);
    let asked = issuer.asked();
    tokio::time::sleep(SHORT * 20).await;
    assert!(issuer.asked() <= asked + 1, "the fetch that was under way may still arrive");
}

#[tokio::test]
async fn another_config_gets_the_keys_at_hand() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let config_before = users(&issuer.url);
    let verifier = Arc::new(Verifier::new(&config_before));
    let sets = KeySets::of(&config_before).start().expect("it starts");
    sets.refresh().await;
    let address = serve(routes().layer(VerifyLayer::new(verifier.clone()).key_sets(sets.clone()))).await;
    issuer.publish(Published::Nothing);
    let next = users(&issuer.url);
    sets.replace(&next);
    verifier.replace(&next);
    expect(&ask(address, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");
    eventually("the set of the new config is fetched", async || issuer.asked() == 2).await;
    // What is handed on once is handed on again.
    let last = users(&issuer.url);
    sets.replace(&last);
    verifier.replace(&last);
    expect(&ask(address, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");
    // Another address is another set.
    let other = users("http://127.0.0.1:1/keys");
    sets.replace(&other);
    verifier.replace(&other);
    expect_refusal(&ask(address, "GET", "/echo", &token("k1"), b"").await, 401, "UNKNOWN_KEY");
}

#[tokio::test]
async fn sets_follow_a_verifier_whose_config_is_replaced() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let config = users(&issuer.url);
    let verifier = Arc::new(Verifier::new(&config));
    let sets = KeySets::of(&config).cool_down(SHORT).refresh_every(SHORT * 2).start().expect("it starts");
    sets.refresh().await;
    let address = serve(routes().layer(VerifyLayer::new(verifier.clone()).key_sets(sets.clone()))).await;
    expect(&ask(address, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");

    // The keys at hand are there from the first request on, and are renewed from then on.
    issuer.publish(Published::Status(500, String::new()));
    verifier.replace(&users(&issuer.url));
    expect(&ask(address, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");
    issuer.publish(Published::set("k2"));
    eventually("the new key is known", async || {
        ask(address, "GET", "/echo", &token("k2"), b"").await.starts_with("HTTP/1.1 200")
    })
    .await;

    // An issuer that is new is asked, whoever replaces the config: a thread without a runtime too.
    let other = Issuer::start(Published::set("k3")).await;
    let (held, next) = (verifier.clone(), users(&other.url));
    std::thread::spawn(move || held.replace(&next)).join().expect("it ends");
    eventually("the key of the new issuer is known", async || {
        ask(address, "GET", "/echo", &token("k3"), b"").await.starts_with("HTTP/1.1 200")
    })
    .await;
    let asked = issuer.asked();
    tokio::time::sleep(SHORT * 20).await;
    assert!(issuer.asked() <= asked + 1, "nobody needs the first issuer, whose last fetch may still arrive");

    // What was handed over before is not fetched twice.
    let third = Issuer::start(Published::set("k4")).await;
    let last = users(&third.url);
    sets.replace(&last);
    expect(&ask(address, "GET", "/echo", &token("k3"), b"").await, 200, "issuer:login sent ");
    sets.refresh().await;
    verifier.replace(&last);
    expect(&ask(address, "GET", "/echo", &token("k4"), b"").await, 200, "issuer:login sent ");
}

#[tokio::test]
async fn sets_do_not_follow_a_verifier_of_another_config() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let own = users(&issuer.url);
    let sets = KeySets::of(&own).cool_down(SHORT).refresh_every(LONG).start().expect("it starts");
    sets.refresh().await;
    let verifier = Arc::new(Verifier::new(&users("http://127.0.0.1:1/keys")));
    let address = serve(routes().layer(VerifyLayer::new(verifier.clone()).key_sets(sets.clone()))).await;
    let elsewhere = Issuer::start(Published::set("k2")).await;
    verifier.replace(&users(&elsewhere.url));
    tokio::time::sleep(SHORT * 4).await;
    expect_refusal(&ask(address, "GET", "/echo", &token("k2"), b"").await, 401, "UNKNOWN_KEY");
    eventually("the own set is fetched", async || issuer.asked() == 2).await;
    assert_eq!(elsewhere.asked(), 0);
}

#[tokio::test]
async fn a_config_may_be_handed_over_where_no_runtime_is() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let sets = KeySets::of(&users("http://127.0.0.1:1/keys")).on_error(|_| ()).start().expect("it starts");
    let (held, next) = (sets.clone(), users(&issuer.url));
    std::thread::spawn(move || held.replace(&next)).join().expect("it does not panic");
    sets.refresh().await;
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn sets_are_not_made_of_nonsense() {
    let config = users("https://login.example/keys");
    let builders: [fn(KeySetsBuilder) -> KeySetsBuilder; 3] = [
        |pace| pace.refresh_every(Duration::ZERO),
        |pace| pace.cool_down(Duration::ZERO),
        |pace| pace.timeout(Duration::ZERO),
    ];
    for builder in builders {
        assert!(builder(KeySets::of(&config)).start().is_err());
    }
    // A config without such issuers has nothing to fetch.
    KeySets::of(&crate::support::config("orders", json!({}))).start().expect("it starts").refresh().await;
    // Keys that came over a plain connection would be anybody's.
    let mut document = users_document("http://login.example/keys");
    document["service"] = "orders".into();
    document["services"] = json!({"orders": {}});
    let refused = parse_config(&document.to_string()).expect_err("it is not https").to_string();
    assert!(refused.contains("plain HTTP"), "{refused}");
}

#[test]
fn without_a_runtime_nothing_is_fetched() {
    assert!(KeySets::of(&users("https://login.example/keys")).start().is_err());
}

#[tokio::test]
async fn nobody_waits_for_a_fetch_whose_runtime_has_ended() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let config = users(&issuer.url);
    let runtime = apart();
    let own = config.clone();
    let sets = runtime.spawn(async move { KeySets::of(&own).cool_down(SHORT).refresh_every(LONG).start() });
    let sets = sets.await.expect("no panic").expect("it starts");
    sets.refresh().await;
    // Once while one is under way, and once more when there is nobody to fetch.
    issuer.publish(Published::Nothing);
    tokio::time::sleep(SHORT * 4).await;
    let copy = sets.clone();
    let waiting = tokio::spawn(async move { copy.refresh().await });
    eventually("the fetch begins", async || issuer.asked() == 2).await;
    end(runtime).await;
    tokio::time::timeout(MINUTE, waiting).await.expect("it hangs").expect("no panic");
    tokio::time::timeout(MINUTE, sets.refresh()).await.expect("it hangs");
    // Another config gets the keys at hand, and the next server serves by them.
    let next = users(&issuer.url);
    tokio::time::timeout(MINUTE, async {
        sets.replace(&next);
        sets.refresh().await;
    })
    .await
    .expect("it hangs");
    let address = serve(routes().layer(VerifyLayer::new(Verifier::new(&next)).key_sets(sets))).await;
    expect(&ask(address, "GET", "/echo", &token("k1"), b"").await, 200, "issuer:login sent ");
    expect_refusal(&ask(address, "GET", "/echo", &token("k2"), b"").await, 401, "UNKNOWN_KEY");
}
