//! Servers that stop while a body is still arriving: what has come of it counts for nothing, and the next server begins anew.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use http_body::{Frame, SizeHint};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tower::util::MapRequestLayer;
use wiresign_tower::{ReplayOutcome, ReplayStore, VerifyLayer};

use crate::support::*;

/// Passes the body of a server on, and counts what the layer has taken of it.
struct Watched {
    body: Body,
    taken: watch::Sender<usize>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let length = frame.data_ref().map_or(0, Bytes::len);
            self.taken.send_modify(|taken| *taken += length);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Routes behind a layer, and how many bytes of bodies it has taken.
fn watched(layer: &VerifyLayer) -> (Router, watch::Receiver<usize>) {
    let (taken, seen) = watch::channel(0);
    let watch = MapRequestLayer::new(move |request: Request| {
        let taken = taken.clone();
        request.map(|body| Body::new(Watched { body, taken }))
    });
    (routes().layer(layer.clone()).layer(watch), seen)
}

async fn has_taken(seen: &mut watch::Receiver<usize>, bytes: usize) {
    in_time(seen.wait_for(|taken| *taken >= bytes)).await.expect("the server is there");
}

/// So long that a busy machine does it too.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it hangs")
}

/// Bodies that are judged in one piece or while they arrive, in memory or in a file, of declared length or in chunks.
fn bodies() -> Vec<(Vec<u8>, bool)> {
    let bodies = [20, 300_000].map(|length| (0..length).map(|at| b'a' + (at % 23) as u8).collect());
    bodies.into_iter().flat_map(|body: Vec<u8>| [(body.clone(), false), (body, true)]).collect()
}

/// A signed request in two halves, as it stands on the wire.
fn halves(body: &[u8], is_chunked: bool) -> [Vec<u8>; 2] {
    let headers = signed(&signer("billing"), "POST", "/echo", body);
    let (start, end) = body.split_at(body.len() / 2);
    let chunk = |piece: &[u8]| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
    let (framing, start, end) = if is_chunked {
        ("transfer-encoding: chunked".to_owned(), chunk(start), [&*chunk(end), b"0\r\n\r\n"].concat())
    } else {
        (format!("content-length: {}", body.len()), start.to_vec(), end.to_vec())
    };
    let head = format!("POST /echo HTTP/1.1\r\nhost: orders\r\nconnection: close\r\n{headers}{framing}\r\n\r\n");
    [[head.as_bytes(), &start].concat(), end]
}

fn echoed(body: &[u8]) -> String {
    format!("billing sent {}", std::str::from_utf8(body).expect("ASCII"))
}

/// A server that stops when it is told to, and waits for the requests that it has begun with.
struct Graceful {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Graceful {
    async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel();
        let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
        let server = server.with_graceful_shutdown(async { stopped.await.expect("it is told") });
        Self { address, stop, running: tokio::spawn(server.into_future()) }
    }

    /// Tells the server to stop, and waits until it listens no longer.
    async fn stop(self) -> JoinHandle<std::io::Result<()>> {
        self.stop.send(()).expect("it runs");
        in_time(async { while TcpStream::connect(self.address).await.is_ok() {} }).await;
        self.running
    }
}

/// A connection over which the start of a request came to a server, so many bytes of whose body the layer had taken when the
/// server was told to stop; and what is left of that server.
async fn stopped_within_a_body(
    layer: &VerifyLayer,
    start: &[u8],
    bytes: usize,
) -> (TcpStream, JoinHandle<std::io::Result<()>>) {
    let (router, mut seen) = watched(layer);
    let server = Graceful::start(router).await;
    let stream = connect(server.address, start).await;
    has_taken(&mut seen, bytes).await;
    (stream, server.stop().await)
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_serves_what_still_arrives_whole() {
    let verifier = verifier(json!({}));
    let layer = VerifyLayer::new(verifier.clone()).memory_bytes(0);
    for (body, is_chunked) in bodies() {
        let [start, end] = halves(&body, is_chunked);
        let (mut stream, running) = stopped_within_a_body(&layer, &start, body.len() / 2).await;
        assert!(!running.is_finished());
        stream.write_all(&end).await.expect("it still reads");
        expect(&in_time(answer(stream)).await, 200, &echoed(&body));
        in_time(running).await.expect("no panic").expect("no error");
        // It was served once.
        let again = answer(connect(serve(protected(&verifier)).await, &[start, end].concat()).await).await;
        expect_refusal(&again, 401, "REPLAYED_REQUEST");
    }
    expect_counted(&verifier, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 4");
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_does_not_wait_for_clients_that_go_away() {
    let verifier = verifier(json!({}));
    let layer = VerifyLayer::new(verifier.clone()).memory_bytes(0);
    for (body, is_chunked) in bodies() {
        let [start, end] = halves(&body, is_chunked);
        let (stream, running) = stopped_within_a_body(&layer, &start, body.len() / 2).await;
        drop(stream);
        in_time(running).await.expect("no panic").expect("no error");
        let whole = connect(serve(protected(&verifier)).await, &[start, end].concat()).await;
        expect(&in_time(answer(whole)).await, 200, &echoed(&body));
    }
    expect_counted(&verifier, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 4");
}

/// A runtime of its own, with all that runs on it.
pub(crate) fn apart() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// Ends a runtime with whatever it is at, wherever that is.
pub(crate) async fn end(runtime: Runtime) {
    in_time(tokio::task::spawn_blocking(move || drop(runtime))).await.expect("no panic");
}

/// Lets every request in, and counts how many it was asked about.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl ReplayStore for Asked {
    fn insert<'a>(&'a self, _: &'a str, _: u64) -> Pin<Box<dyn Future<Output = ReplayOutcome> + Send + 'a>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(ReplayOutcome::First))
    }
}

/// A layer whose decisions are noted, with a replay store that counts its questions.
fn noting() -> (VerifyLayer, Arc<Mutex<Vec<&'static str>>>, Asked) {
    let (decisions, asked) = (Arc::new(Mutex::new(Vec::new())), Asked::default());
    let noted = decisions.clone();
    let layer = VerifyLayer::new(verifier(json!({"replay": {"store": "external"}})))
        .memory_bytes(0)
        .replay(asked.clone())
        .on_decision(move |decision| noted.lock().expect("nobody panicked").push(decision.event()));
    (layer, decisions, asked)
}

#[tokio::test]
async fn a_server_that_ends_at_once_has_accepted_nothing_that_it_had_not_read() {
    let (layer, decisions, asked) = noting();
    for (at, (body, is_chunked)) in bodies().into_iter().enumerate() {
        let (router, mut seen) = watched(&layer);
        let runtime = apart();
        let address = runtime.spawn(serve(router)).await.expect("it serves");
        let [start, rest] = halves(&body, is_chunked);
        let mut stream = connect(address, &start).await;
        has_taken(&mut seen, body.len() / 2).await;
        end(runtime).await;
        let mut answer_of_half = Vec::new();
        // Whether the connection is closed or reset is up to the system.
        let _ = in_time(stream.read_to_end(&mut answer_of_half)).await;
        // Where a body goes into a file, what writes it may end before the request does. That is no verdict.
        let is_fault = body.len() > 65_536 && answer_of_half.starts_with(b"HTTP/1.1 500 ");
        assert!(answer_of_half.is_empty() || is_fault, "{}", String::from_utf8_lossy(&answer_of_half));
        assert_eq!((decisions.lock().expect("nobody panicked").len(), asked.0.load(Ordering::Relaxed)), (at, at));
        // The next server with the same layer serves the same request.
        let next = serve(routes().layer(layer.clone())).await;
        let whole = connect(next, &[start, rest].concat()).await;
        expect(&in_time(answer(whole)).await, 200, &echoed(&body));
    }
    assert_eq!(*decisions.lock().expect("nobody panicked"), ["accepted"; 4]);
}

/// A body whose rest does not come.
struct Stalled(Option<Bytes>);

impl http_body::Body for Stalled {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.take().map_or(Poll::Pending, |piece| Poll::Ready(Some(Ok(Frame::data(piece)))))
    }
}

#[tokio::test]
async fn over_http2_it_is_the_same() {
    let (layer, decisions, asked) = noting();
    let (router, mut seen) = watched(&layer);
    let runtime = apart();
    let address = runtime.spawn(serve(router)).await.expect("it serves");
    let headers = signed(&signer("billing"), "POST", "/echo", b"a body");
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Stalled>();
    let request = post(&format!("http://{address}/echo"), &headers);
    let request = request.body(Stalled(Some(Bytes::from_static(b"a bo")))).expect("a request");
    let waiting = tokio::spawn(client.request(request));
    has_taken(&mut seen, 4).await;
    end(runtime).await;
    assert!(in_time(waiting).await.expect("no panic").is_err());
    assert_eq!((decisions.lock().expect("nobody panicked").len(), asked.0.load(Ordering::Relaxed)), (0, 0));
    let next = serve(routes().layer(layer)).await;
    expect(&ask(next, "POST", "/echo", &headers, b"a body").await, 200, "billing sent a body");
    assert_eq!(*decisions.lock().expect("nobody panicked"), ["accepted"]);
}

#[tokio::test]
async fn a_task_that_is_ended_in_the_middle_of_a_body_has_judged_nothing() {
    use tower::{Layer, ServiceExt, service_fn};

    let (layer, decisions, asked) = noting();
    let service = layer.layer(service_fn(|_| async { Ok::<_, std::io::Error>(http::Response::new(Bytes::new())) }));
    let headers = signed(&signer("billing"), "POST", "/echo", b"a body");
    let request = post("/echo", &headers);
    let (taken, mut seen) = watch::channel(0);
    let body = Watched { body: Body::new(Stalled(Some(Bytes::from_static(b"a bo")))), taken };
    let task = tokio::spawn(service.oneshot(request.body(body).expect("a request")));
    has_taken(&mut seen, 4).await;
    task.abort();
    assert!(in_time(task).await.expect_err("it was ended").is_cancelled());
    assert_eq!((decisions.lock().expect("nobody panicked").len(), asked.0.load(Ordering::Relaxed)), (0, 0));
    let next = serve(routes().layer(layer)).await;
    expect(&ask(next, "POST", "/echo", &headers, b"a body").await, 200, "billing sent a body");
}
