//! Clients that sign.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Redirect;
use axum::routing::{any, get};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use tower::{Layer, ServiceExt};
use wiresign_tower::{ClientError, Sign, SignLayer, SigningClient};

use crate::support::*;

fn hyper_client(http2: bool) -> Sign<Client<HttpConnector, Full<Bytes>>> {
    let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
    SignLayer::new(signer("billing")).layer(client)
}

async fn text(response: http::Response<hyper::body::Incoming>) -> (u16, String) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn hyper_signs_what_it_sends() {
    let address = serve(protected(&verifier(json!({})))).await;
    for http2 in [false, true] {
        let client = hyper_client(http2);
        for (method, target, body) in
            [("GET", "/echo?x=%2f&y", ""), ("POST", "/echo", "a text"), ("PURGE", "/echo?", "another")]
        {
            let request = http::Request::builder().method(method).uri(format!("http://{address}{target}"));
            let request = request.header("x-request-id", "of the caller").body(Body::from(body)).expect("a request");
            let response = client.clone().oneshot(request).await.expect("an answer");
            assert_eq!(text(response).await, (200, format!("billing sent {body}")), "{method} {target}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_sent() {
    let (address, reached) = counting().await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let layer = SignLayer::new(signer("billing")).body_limit(4);
    let ask = |body: &'static str| {
        let request = http::Request::post(format!("http://{address}/")).body(Body::from(body)).expect("a request");
        layer.layer(client.clone()).oneshot(request)
    };
    let error = ask("fives").await.expect_err("too long");
    assert!(matches!(error.downcast_ref(), Some(ClientError::BodyTooLong { limit: 4 })), "{error}");
    assert_eq!(reached.load(Ordering::Relaxed), 0);
    assert!(ask("four").await.is_ok());
    assert_eq!(reached.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn nothing_goes_to_another_origin() {
    let (address, reached) = counting().await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let ask = |origin: String| {
        let layer = SignLayer::new(signer("billing")).origin(origin.parse().expect("a URL"));
        let request = http::Request::get(format!("http://{address}/")).body(Body::empty()).expect("a request");
        layer.layer(client.clone()).oneshot(request)
    };
    let error = ask("http://orders.example".into()).await.expect_err("another origin");
    assert!(matches!(error.downcast_ref(), Some(ClientError::OtherOrigin { .. })), "{error}");
    assert_eq!(reached.load(Ordering::Relaxed), 0);
    assert!(ask(format!("http://{address}")).await.is_ok());
}

/// A server that is not protected, and counts.
async fn counting() -> (SocketAddr, Arc<AtomicUsize>) {
    let reached = Arc::new(AtomicUsize::new(0));
    let counted = reached.clone();
    let handler = any(move || async move { counted.fetch_add(1, Ordering::Relaxed).to_string() });
    (serve(Router::new().fallback(handler)).await, reached)
}

fn reqwest_client() -> SigningClient {
    SigningClient::new(reqwest::Client::builder(), signer("billing")).expect("a client")
}

#[tokio::test]
async fn reqwest_signs_what_it_sends() {
    let address = serve(protected(&verifier(json!({})))).await;
    let client = reqwest_client();
    let url = |target: &str| format!("http://{address}{target}");
    for (sent, body) in [
        (client.get(url("/echo?a b=\u{e9}&c")), ""),
        (client.post(url("/echo")).with(|request| request.json(&json!({"number": 8}))), "{\"number\":8}"),
        (client.put(url("/echo")).body("a text"), "a text"),
        (client.patch(url("/echo?")).body(reqwest::Body::wrap(Full::<Bytes>::from("a stream"))), "a stream"),
        (client.delete(url("/echo#part")).header("x-request-id", "of the caller"), ""),
        (client.get(url("/echo")).with(|request| request.basic_auth("user", Some("word"))), ""),
    ] {
        let answer = sent.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.expect("text"), format!("billing sent {body}"));
    }
    let plain = reqwest::get(url("/echo")).await.expect("an answer");
    assert_eq!(plain.status(), 401);
}

#[tokio::test]
async fn a_hook_sees_each_request_that_is_signed() {
    let app =
        Router::new().route("/old", any(|| async { Redirect::temporary("/new") })).route("/new", any(|| async {}));
    let address = serve(app).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let client = reqwest_client().on_signed(move |request, _took| {
        let id = request.headers()["x-request-id"].to_str().expect("a text").to_owned();
        noted.lock().expect("nobody panicked").push((request.url().path().to_owned(), id));
    });
    let answer = client.get(format!("http://{address}/old?a=b")).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let seen = seen.lock().expect("nobody panicked").clone();
    let paths: Vec<_> = seen.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/old", "/new"]);
    assert_ne!(seen[0].1, seen[1].1);

    // What it throws does not stop the request, and of one that cannot be signed it hears nothing.
    let client = reqwest_client().on_signed(|_, _| panic!("this hook is broken"));
    let answer = client.get(format!("http://{address}/new")).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let told = Arc::new(AtomicUsize::new(0));
    let counted = told.clone();
    let client = reqwest_client().body_limit(4).on_signed(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    assert!(client.post(format!("http://{address}/new")).body("fives").send().await.is_err());
    assert_eq!(told.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_stream_that_is_too_long_is_not_sent() {
    let (address, reached) = counting().await;
    let client = reqwest_client().body_limit(4);
    let ask = |body: &'static str| {
        client.post(format!("http://{address}/")).body(reqwest::Body::wrap(Full::<Bytes>::from(body)))
    };
    assert!(matches!(ask("fives").send().await, Err(ClientError::BodyTooLong { limit: 4 })));
    assert_eq!(reached.load(Ordering::Relaxed), 0);
    assert!(ask("four").send().await.is_ok());
}

#[tokio::test]
async fn redirects_are_signed_anew_or_refused() {
    let (elsewhere, reached) = counting().await;
    let other = format!("http://{elsewhere}/");
    let redirects = Router::new()
        .route("/kept", any(|| async { Redirect::temporary("/echo?kept") }))
        .route("/seen", any(|| async { Redirect::to("/echo?seen") }))
        .route("/round", get(|| async { Redirect::to("/round") }))
        .route("/away", any(move || async move { Redirect::temporary(&other) }));
    let router = redirects.merge(protected(&verifier(json!({}))));
    let address = serve(router).await;
    let client = reqwest_client();
    let post = |path: &str| client.post(format!("http://{address}{path}")).body("abc");
    for (path, end) in [("/kept", "billing sent abc"), ("/seen", "billing sent ")] {
        let answer = post(path).send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), &*answer.text().await.expect("text")), (200, end), "{path}");
    }
    let error = post("/away").send().await.expect_err("another origin");
    assert!(matches!(error, ClientError::OtherOrigin { .. }), "{error}");
    assert_eq!(reached.load(Ordering::Relaxed), 0);
    let error = client.get(format!("http://{address}/round")).send().await.expect_err("round and round");
    assert!(matches!(error, ClientError::TooManyRedirects), "{error}");
}

#[tokio::test]
async fn a_signature_covers_the_authority_that_is_sent() {
    let standard = json!({
        "accept": ["rfc9421"],
        "sign_with": "rfc9421",
        "rfc9421": {"url_scheme": "http"},
        "services": {
            "orders": {},
            "billing": {"keys": [{"id": "b", "secret": "env:BILLING_SECRET", "algorithm": "hmac-sha256"}]},
        },
        "webhooks": {},
        "routes": [],
    });
    let verifier = verifier(standard.clone());
    let address = serve(protected(&verifier)).await;
    let signer = wiresign_tower::Signer::new(&config("billing", standard), Some("orders")).expect("a signer");
    let client = SigningClient::new(reqwest::Client::builder(), signer.clone()).expect("a client");
    let answer = client.post(format!("http://{address}/echo?a")).body("b").send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), &*answer.text().await.expect("text")), (200, "billing sent b"));
    for http2 in [false, true] {
        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http::<Full<Bytes>>();
        let request = http::Request::post(format!("http://{address}/echo?a")).body(Body::from("b")).expect("a request");
        let response = SignLayer::new(signer.clone()).layer(client).oneshot(request).await.expect("an answer");
        assert_eq!(text(response).await, (200, "billing sent b".into()));
    }
}
