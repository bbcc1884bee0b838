//! Replay protection over several servers, by a real Redis that goes away and comes back.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use serde_json::json;
use wiresign_tower::{RedisReplay, ReplayOutcome, ReplayStore, Verifier, VerifyLayer};

use crate::support::*;

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct Redis {
    pub(crate) port: u16,
    process: Child,
}

impl Redis {
    pub(crate) async fn start(port: u16) -> Self {
        let start = |program: &str| {
            let port = port.to_string();
            Command::new(program)
                .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
                .stdout(Stdio::null())
                .spawn()
        };
        let process =
            start("redis-server").or_else(|_| start("valkey-server")).expect("install the Debian package redis-server");
        let redis = Self { port, process };
        for _ in 0..1200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return redis;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Redis does not start");
    }

    async fn connection(&self) -> ConnectionManager {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).expect("a URL");
        // A busy machine is no outage.
        let config = ConnectionManagerConfig::new()
            .set_max_delay(Duration::from_millis(200))
            .set_connection_timeout(Some(MINUTE))
            .set_response_timeout(Some(MINUTE));
        client.get_connection_manager_with_config(config).await.expect("a connection")
    }

    fn kill(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn server(on_outage: &str, store: impl ReplayStore) -> (SocketAddr, Arc<Verifier>) {
    let verifier = verifier(json!({"replay": {"store": "external", "on_outage": on_outage}}));
    let address = serve(routes().layer(VerifyLayer::new(verifier.clone()).replay(store))).await;
    (address, verifier)
}

#[tokio::test]
async fn a_request_is_accepted_once_by_all_servers_together() {
    let redis = Redis::start(free_port()).await;
    let connection = redis.connection().await;
    let (one, counted) = server("reject", RedisReplay::new(connection.clone()).timeout(MINUTE)).await;
    let (other, _) = server("reject", RedisReplay::new(connection.clone()).timeout(MINUTE)).await;
    for (first, second) in [(one, other), (other, one), (one, one)] {
        let headers = signed(&signer("billing"), "POST", "/echo", b"once");
        expect(&ask(first, "POST", "/echo", &headers, b"once").await, 200, "billing sent once");
        expect_refusal(&ask(second, "POST", "/echo", &headers, b"once").await, 401, "REPLAYED_REQUEST");
    }
    expect_counted(&counted, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 2");
    expect_counted(&counted, "wiresign_requests_refused_total{code=\"REPLAYED_REQUEST\"} 2");
    // Another name space is another store, and what is remembered ends.
    let mut connection = connection;
    let names: Vec<String> =
        redis::cmd("KEYS").arg("wiresign:replay:n:*").query_async(&mut connection).await.expect("names");
    assert_eq!(names.len(), 3);
    let seconds: i64 = redis::cmd("TTL").arg(&names[0]).query_async(&mut connection).await.expect("a time");
    assert!((300..=610).contains(&seconds), "{seconds}");
    let apart = RedisReplay::new(connection).prefix("apart:").timeout(MINUTE);
    assert_eq!(apart.insert("n:1", 60).await, ReplayOutcome::First);
    assert_eq!(apart.insert("n:1", 60).await, ReplayOutcome::Repeated);
}

#[tokio::test]
async fn many_at_once_are_one() {
    let redis = Redis::start(free_port()).await;
    let (address, _) = server("reject", RedisReplay::new(redis.connection().await).timeout(MINUTE)).await;
    let headers = signed(&signer("billing"), "POST", "/echo", b"once");
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let headers = headers.clone();
            tokio::spawn(async move { ask(address, "POST", "/echo", &headers, b"once").await })
        })
        .collect();
    let mut accepted = 0;
    for call in calls {
        accepted += usize::from(call.await.expect("an answer").starts_with("HTTP/1.1 200"));
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn an_outage_is_decided_by_the_config_and_ends() {
    let redis = Redis::start(free_port()).await;
    let store = RedisReplay::new(redis.connection().await).timeout(Duration::from_secs(5));
    let (strict, refused) = server("reject", store.clone()).await;
    let (lenient, let_in) = server("allow", store).await;
    for address in [strict, lenient] {
        expect(&call(address, "billing", "POST", "/echo", b"up").await, 200, "up");
    }
    let port = redis.port;
    redis.kill();
    expect_refusal(&call(strict, "billing", "POST", "/echo", b"down").await, 503, "REPLAY_STORE_UNAVAILABLE");
    expect(&call(lenient, "billing", "POST", "/echo", b"down").await, 200, "down");
    expect_counted(&refused, "wiresign_requests_refused_total{code=\"REPLAY_STORE_UNAVAILABLE\"} 1");
    expect_counted(&let_in, "wiresign_replay_unrecorded_total 1");
    // A forged request is refused for what it is, and nobody asks the store.
    let headers = signed(&signer("billing"), "POST", "/echo", b"another");
    expect_refusal(&ask(strict, "POST", "/echo", &headers, b"down").await, 401, "INVALID_SIGNATURE");

    let _redis = Redis::start(port).await;
    let mut answer = String::new();
    for _ in 0..600 {
        answer = call(strict, "billing", "POST", "/echo", b"up again").await;
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    expect(&answer, 200, "up again");
}

#[tokio::test]
async fn without_a_store_nothing_is_accepted_that_needs_one() {
    let verifier = verifier(json!({"replay": {"store": "external"}}));
    let address = serve(protected(&verifier)).await;
    expect_refusal(&call(address, "billing", "POST", "/echo", b"").await, 503, "REPLAY_STORE_UNAVAILABLE");
}

/// Panics when it is told to, and forgets all.
struct Broken(Arc<AtomicBool>);

impl ReplayStore for Broken {
    fn insert<'a>(&'a self, _: &'a str, _: u64) -> std::pin::Pin<Box<dyn Future<Output = ReplayOutcome> + Send + 'a>> {
        assert!(!self.0.load(Ordering::Relaxed), "this store is broken");
        Box::pin(async { ReplayOutcome::First })
    }
}

#[tokio::test]
async fn a_store_that_panics_gave_no_answer() {
    let is_broken = Arc::new(AtomicBool::new(false));
    let (address, _) = server("reject", Broken(is_broken.clone())).await;
    expect(&call(address, "billing", "POST", "/echo", b"").await, 200, "billing sent ");
    is_broken.store(true, Ordering::Relaxed);
    expect_refusal(&call(address, "billing", "POST", "/echo", b"").await, 503, "REPLAY_STORE_UNAVAILABLE");
}
