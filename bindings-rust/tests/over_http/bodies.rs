//! Bodies: limited, given on unchanged, cut off.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::any;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};
use wiresign_tower::{Caller, VerifiedBody, VerifyLayer};

use crate::support::*;

/// Sends the same bytes in chunks.
fn chunked(target: &str, headers: &str, pieces: &[&[u8]]) -> Vec<u8> {
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: orders\r\nconnection: close\r\n{headers}transfer-encoding: chunked\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    for piece in pieces {
        bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
        bytes.extend(*piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

#[tokio::test]
async fn chunks_are_verified_and_given_on() {
    let address = serve(protected(&verifier(json!({})))).await;
    let headers = signed(&signer("billing"), "POST", "/echo", b"a body in pieces");
    let good = chunked("/echo", &headers, &[b"a body", b" ", b"in pieces"]);
    expect(&answer(connect(address, &good).await).await, 200, "billing sent a body in pieces");
    let bad = chunked("/echo", &headers, &[b"a body", b"in pieces"]);
    expect_refusal(&answer(connect(address, &bad).await).await, 401, "INVALID_SIGNATURE");
}

#[tokio::test]
async fn a_long_body_comes_through_unchanged() {
    let layer = VerifyLayer::new(verifier(json!({}))).memory_bytes(0);
    let address = serve(routes().layer(layer)).await;
    let body: Vec<u8> = (0..3_000_000_u32).map(|at| b'a' + (at % 23) as u8).collect();
    let end = [b"billing sent ", &*body].concat();
    let end = std::str::from_utf8(&end).expect("ASCII");
    expect(&call(address, "billing", "POST", "/echo", &body).await, 200, end);
    let headers = signed(&signer("billing"), "POST", "/echo", &body);
    let pieces: Vec<&[u8]> = body.chunks(99_991).collect();
    expect(&answer(connect(address, &chunked("/echo", &headers, &pieces)).await).await, 200, end);
    let headers = signed(&signer("billing"), "POST", "/echo", &body);
    let answer = ask(address, "POST", "/echo", &headers, &[&body[1..], b"x"].concat()).await;
    expect_refusal(&answer, 401, "INVALID_SIGNATURE");
}

#[tokio::test]
async fn the_limit_of_the_config_holds() {
    let verifier = verifier(json!({"limits": {"body_bytes": 100_000}}));
    let address = serve(protected(&verifier)).await;
    let (fits, long) = (vec![b'x'; 100_000], vec![b'x'; 100_001]);
    expect(&call(address, "billing", "POST", "/echo", &fits).await, 200, "x");
    expect_refusal(&call(address, "billing", "POST", "/echo", &long).await, 413, "BODY_TOO_LARGE");
    let headers = signed(&signer("billing"), "POST", "/echo", &long);
    let request = chunked("/echo", &headers, &[&long[..60_000], &long[60_000..]]);
    expect_refusal(&answer(connect(address, &request).await).await, 413, "BODY_TOO_LARGE");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_all_of_it_has_come() {
    let address = serve(protected(&verifier(json!({"limits": {"body_bytes": 10}})))).await;
    let starts = [
        "content-length: 11\r\n\r\n",
        "content-length: 1000000\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nc\r\nmore of this\r\n",
    ];
    for start in starts {
        let headers = signed(&signer("billing"), "POST", "/echo", b"");
        let sent = format!("POST /echo HTTP/1.1\r\nhost: orders\r\nconnection: close\r\n{headers}{start}");
        let mut waiting = connect(address, sent.as_bytes()).await;
        let mut status = [0; 12];
        let read = async {
            use tokio::io::AsyncReadExt;
            waiting.read_exact(&mut status).await.expect("an answer");
        };
        tokio::time::timeout(Duration::from_secs(60), read).await.expect("in time");
        assert_eq!(&status, b"HTTP/1.1 413", "{start}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_has_sent_nothing() {
    let verifier = verifier(json!({}));
    let address = serve(protected(&verifier)).await;
    let headers = signed(&signer("billing"), "POST", "/echo", b"a body");
    let head =
        format!("POST /echo HTTP/1.1\r\nhost: orders\r\nconnection: close\r\n{headers}content-length: 6\r\n\r\n");
    drop(connect(address, &[head.as_bytes(), b"a bo"].concat()).await);
    let whole = chunked("/echo", &headers, &[b"a body"]);
    let end = whole.len() - 5;
    drop(connect(address, &whole[..end]).await);
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Neither was judged: the request is no replay.
    expect(&ask(address, "POST", "/echo", &headers, b"a body").await, 200, "billing sent a body");
    expect_counted(&verifier, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 1");
    expect_counted(&verifier, "wiresign_requests_refused_total{code=\"INVALID_SIGNATURE\"} 0");
}

#[tokio::test]
async fn over_http2_it_is_the_same() {
    let verifier = verifier(json!({"limits": {"body_bytes": 200_000}}));
    let address = serve(protected(&verifier)).await;
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Full<Bytes>>();
    let ask = async |signed_body: &[u8], body: &[u8]| {
        let request =
            post(&format!("http://{address}/echo?a"), &signed(&signer("billing"), "POST", "/echo?a", signed_body));
        let request = request.body(Full::from(body.to_vec())).expect("a request");
        let response = client.request(request).await.expect("an answer");
        assert_eq!(response.version(), http::Version::HTTP_2);
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.expect("a body").to_bytes())
    };
    let long = vec![b'x'; 200_000];
    assert_eq!(ask(b"two", b"two").await, (200, Bytes::from_static(b"billing sent two")));
    assert_eq!(ask(&long, &long).await, (200, [b"billing sent ", &*long].concat().into()));
    assert_eq!(ask(b"two", b"three").await.0, 401);
    let too_long = vec![b'x'; 200_001];
    assert_eq!(ask(&too_long, &too_long).await.0, 413);
    assert_eq!(ask(b"still there", b"still there").await.0, 200);
}

/// A body that breaks off.
struct Torn(Option<Bytes>);

impl Body for Torn {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let torn = || Err(std::io::ErrorKind::ConnectionAborted.into());
        Poll::Ready(Some(self.0.take().map_or_else(torn, |piece| Ok(Frame::data(piece)))))
    }
}

#[tokio::test]
async fn a_stream_of_http2_that_breaks_off_was_not_judged() {
    let verifier = verifier(json!({}));
    let address = serve(protected(&verifier)).await;
    let headers = signed(&signer("billing"), "POST", "/echo", b"a bo");
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Torn>();
    let request = post(&format!("http://{address}/echo"), &headers);
    let request = request.body(Torn(Some(Bytes::from_static(b"a bo")))).expect("a request");
    assert!(client.request(request).await.is_err());
    tokio::time::sleep(Duration::from_millis(300)).await;
    expect(&ask(address, "POST", "/echo", &headers, b"a bo").await, 200, "billing sent a bo");
    expect_counted(&verifier, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 1");
}

/// Calls the layer without a server, with a body of any kind.
async fn call_directly<B>(
    signed_body: &[u8],
    limits: serde_json::Value,
    body: B,
) -> (u16, Bytes, Option<http::HeaderMap>)
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<wiresign_tower::BoxError>,
{
    let service = service_fn(|request: http::Request<VerifiedBody<B>>| async move {
        let body = request.into_body().collect().await.expect("a body");
        let seen = body.trailers().cloned();
        Ok::<_, Infallible>(
            http::Response::builder().extension(seen).body(Full::new(body.to_bytes())).expect("a response"),
        )
    });
    let request = post("/echo", &signed(&signer("billing"), "POST", "/echo", signed_body));
    let layer = VerifyLayer::new(verifier(limits));
    let response = layer.layer(service).oneshot(request.body(body).expect("a request")).await.expect("never fails");
    let trailers = response.extensions().get::<Option<http::HeaderMap>>().cloned().flatten();
    let status = response.status().as_u16();
    (status, response.into_body().collect().await.expect("a body").to_bytes(), trailers)
}

/// A body of these frames.
struct Frames(VecDeque<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

#[tokio::test]
async fn trailers_are_given_on() {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-sum", "7".parse().expect("a value"));
    let data = |text: &'static str| Frame::data(Bytes::from_static(text.as_bytes()));
    let body = Frames(VecDeque::from([data("one"), data("two"), Frame::trailers(trailers.clone())]));
    let (status, body, seen) = call_directly(b"onetwo", json!({}), body).await;
    assert_eq!((status, &*body, seen), (200, &b"onetwo"[..], Some(trailers)));
}

#[tokio::test]
async fn a_limit_in_front_of_the_layer_is_answered_alike() {
    let body = |limit| Limited::new(Full::from("a body"), limit);
    assert_eq!(call_directly(b"a body", json!({}), body(6)).await.0, 200);
    let (status, answer, _) = call_directly(b"a body", json!({}), body(5)).await;
    assert_eq!(status, 413);
    assert!(String::from_utf8_lossy(&answer).contains("BODY_TOO_LARGE"));
}

#[tokio::test]
async fn a_refused_client_reads_its_answer() {
    let address = serve(protected(&verifier(json!({})))).await;
    for _ in 0..20 {
        expect_refusal(&ask(address, "POST", "/echo", "", &[b'x'; 200_000]).await, 401, "AUTHENTICATION_REQUIRED");
    }
}

#[tokio::test]
async fn the_layer_is_for_any_router() {
    let router =
        Router::new().fallback(any(|body: Bytes| async move { body })).layer(VerifyLayer::new(verifier(json!({}))));
    let address = serve(router).await;
    expect(&call(address, "shop", "PURGE", "/no/route", b"").await, 200, "\r\n\r\n");
    expect_refusal(&ask(address, "PURGE", "/no/route", "", b"").await, 401, "AUTHENTICATION_REQUIRED");
}

/// A route that stops being public between the look at it and the verdict: a signature of an empty body covers no other one.
#[tokio::test(flavor = "multi_thread")]
async fn no_body_comes_in_unverified_while_its_route_changes() {
    let route = |target: &str| json!({"routes": [{"match": target, "public": true}]});
    let configs = [config("orders", route("POST /echo")), config("orders", route("POST /elsewhere"))];
    let verifier = verifier(route("POST /echo"));
    let signer = signer("billing");
    let service = VerifyLayer::new(verifier.clone()).layer(service_fn(
        |request: http::Request<VerifiedBody<Full<Bytes>>>| async move {
            let caller = Caller::of(request.extensions());
            Ok::<_, Infallible>(http::Response::new(Full::from(match caller {
                Some(_) => "with a caller",
                None => "public",
            })))
        },
    ));
    let is_over = Arc::new(AtomicBool::new(false));
    let changing = tokio::task::spawn_blocking({
        let is_over = is_over.clone();
        move || {
            for config in configs.iter().cycle() {
                verifier.replace(config);
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    });
    let mut seen = BTreeSet::new();
    for _ in 0..20_000 {
        let request = post("/echo", &signed(&signer, "POST", "/echo", b""));
        let request = request.body(Full::from("forged")).expect("a request");
        let response = service.clone().oneshot(request).await.expect("never fails");
        let answer = response.into_body().collect().await.expect("a body").to_bytes();
        seen.insert(if answer.starts_with(b"{") { Bytes::from_static(b"refused") } else { answer });
    }
    is_over.store(true, Ordering::Relaxed);
    changing.await.expect("no panic");
    assert_eq!(seen, BTreeSet::from(["public", "refused"].map(Bytes::from)));
}
