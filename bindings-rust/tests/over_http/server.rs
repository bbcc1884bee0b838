//! What the layer lets in and what it refuses.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{any, get};
use serde_json::json;
use wiresign_tower::{Caller, Permission, RequirePermission, RequireService, TrustedProxies, VerifyLayer};

use crate::support::*;

#[tokio::test]
async fn a_signed_request_is_let_in_and_a_forged_one_is_not() {
    let verifier = verifier(json!({}));
    let address = serve(protected(&verifier)).await;
    expect(&call(address, "billing", "POST", "/echo?a=%2f&b", b"a body").await, 200, "\r\n\r\nbilling sent a body");
    expect(&call(address, "shop", "GET", "/echo", b"").await, 200, "\r\n\r\nshop sent ");

    let headers = signed(&signer("billing"), "POST", "/echo", b"a body");
    expect_refusal(&ask(address, "POST", "/echo", &headers, b"a b0dy").await, 401, "INVALID_SIGNATURE");
    expect_refusal(&ask(address, "PUT", "/echo", &headers, b"a body").await, 401, "INVALID_SIGNATURE");
    expect_refusal(&ask(address, "POST", "/echo?", &headers, b"").await, 401, "INVALID_SIGNATURE");
    expect_counted(&verifier, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 2");
    expect_counted(&verifier, "wiresign_requests_refused_total{code=\"INVALID_SIGNATURE\"} 3");
}

#[tokio::test]
async fn a_refusal_has_the_bytes_that_it_has_everywhere() {
    let address = serve(protected(&verifier(json!({})))).await;
    let answer = ask(address, "GET", "/echo", "", b"").await.to_ascii_lowercase();
    for header in
        ["content-type: application/json", "content-length: 89", "www-authenticate: wiresign realm=\"orders\""]
    {
        assert!(answer.contains(&format!("\r\n{header}\r\n")), "{answer}");
    }
    let body = r#"{"error":"Authentication is required.","code":"AUTHENTICATION_REQUIRED","requestId":null}"#;
    expect(&ask(address, "GET", "/echo", "", b"").await, 401, &format!("\r\n\r\n{body}"));
}

#[tokio::test]
async fn a_request_is_accepted_once() {
    let address = serve(protected(&verifier(json!({})))).await;
    let headers = signed(&signer("billing"), "POST", "/echo", b"once");
    expect(&ask(address, "POST", "/echo", &headers, b"once").await, 200, "billing sent once");
    expect_refusal(&ask(address, "POST", "/echo", &headers, b"once").await, 401, "REPLAYED_REQUEST");
}

#[tokio::test]
async fn public_routes_are_for_everybody_and_name_nobody() {
    let verifier = verifier(json!({"routes": [{"match": "/open/**", "public": true}]}));
    let routes = Router::new()
        .route("/open/who", any(|caller: Caller| async move { caller.service().to_owned() }))
        .route(
            "/open/headers",
            any(|headers: axum::http::HeaderMap| async move { format!("{:?}", headers.get("x-service-id")) }),
        )
        .route("/open/body", any(|body: String| async move { body }))
        .layer(VerifyLayer::new(verifier));
    let address = serve(routes).await;
    expect(&ask(address, "POST", "/open/body", "", b"anything").await, 200, "\r\n\r\nanything");
    expect(&ask(address, "GET", "/open/headers", "X-Service-Id: billing\r\n", b"").await, 200, "\r\n\r\nNone");
    expect_refusal(
        &ask(address, "GET", "/open/who", "X-Service-Id: billing\r\n", b"").await,
        401,
        "AUTHENTICATION_REQUIRED",
    );
}

#[tokio::test]
async fn an_optional_caller_is_verified_or_nobody() {
    let address = serve(protected(&verifier(json!({})))).await;
    expect(&ask(address, "GET", "/perhaps", "", b"").await, 200, "\r\n\r\nnobody");
    expect(&ask(address, "POST", "/perhaps", "", &[b'x'; 100_000]).await, 200, "\r\n\r\nnobody");
    expect(&call(address, "shop", "GET", "/perhaps", b"").await, 200, "\r\n\r\nshop");
    let headers = signed(&signer("shop"), "GET", "/perhaps", b"another");
    expect_refusal(&ask(address, "GET", "/perhaps", &headers, b"").await, 401, "INVALID_SIGNATURE");
}

#[tokio::test]
async fn headers_that_name_somebody_else_do_not_get_through() {
    let shown = |headers: axum::http::HeaderMap| async move {
        ["x-service-id", "x-service-name", "x-user-id"].map(|name| format!("{:?}", headers.get(name))).join(" ")
    };
    let layer = VerifyLayer::new(verifier(json!({}))).identity_headers(["x-user-id".parse().expect("a name")]);
    let address = serve(Router::new().route("/echo", get(shown)).layer(layer)).await;
    let headers = signed(&signer("billing"), "GET", "/echo", b"");
    let forged = format!("{headers}X-Service-Name: admin\r\nX-User-Id: 1\r\n");
    expect(&ask(address, "GET", "/echo", &forged, b"").await, 200, "\r\n\r\nSome(\"billing\") None None");
    let headers = signed(&signer("billing"), "GET", "/echo", b"");
    let doubled = format!("{headers}X-Service-Name: billing\r\nX-Service-Name: admin\r\n");
    expect(&ask(address, "GET", "/echo", &doubled, b"").await, 200, "\r\n\r\nSome(\"billing\") None None");
}

#[tokio::test]
async fn failures_are_limited_by_client() {
    let verifier = verifier(json!({"limits": {"failures_per_minute": 2}}));
    let by_header = |parts: &axum::http::request::Parts| parts.headers.get("x-from")?.to_str().ok()?.parse().ok();
    let address = serve(routes().layer(VerifyLayer::new(verifier).client(by_header))).await;
    let from = |last: u8| format!("X-From: {}\r\n", IpAddr::from(Ipv4Addr::new(192, 0, 2, last)));
    let forged = || signed(&signer("billing"), "GET", "/echo", b"another") + &from(1);
    let mut refusals = Vec::new();
    for _ in 0..3 {
        // Runs over the end of a minute, if it must, only once.
        refusals.push(ask(address, "GET", "/echo", &forged(), b"").await);
    }
    if !refusals[2].contains("RATE_LIMITED") {
        refusals.push(ask(address, "GET", "/echo", &forged(), b"").await);
        refusals.push(ask(address, "GET", "/echo", &forged(), b"").await);
    }
    expect_refusal(&refusals[0], 401, "INVALID_SIGNATURE");
    let last = refusals.last().expect("some");
    expect_refusal(last, 429, "RATE_LIMITED");
    let (_, wait) = last.split_once("\r\nretry-after: ").expect("it says when to come again");
    let seconds: u64 = wait.lines().next().expect("a line").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    let right = signed(&signer("billing"), "GET", "/echo", b"");
    expect(&ask(address, "GET", "/echo", &(right + &from(2)), b"").await, 200, "billing sent ");
}

#[tokio::test]
async fn the_connection_tells_the_client() {
    let verifier = verifier(json!({"limits": {"failures_per_minute": 1}}));
    let address = serve(protected(&verifier)).await;
    let mut answer = String::new();
    // The minute may end in between, but not twice.
    for _ in 0..5 {
        answer = call(address, "billing", "GET", "/echo", b"").await;
        expect(&answer, 200, "billing sent ");
        let headers = signed(&signer("shop"), "GET", "/echo", b"another");
        answer = ask(address, "GET", "/echo", &headers, b"").await;
        if answer.starts_with("HTTP/1.1 429") {
            break;
        }
    }
    expect_refusal(&answer, 429, "RATE_LIMITED");
}

#[tokio::test]
async fn trusted_proxies_tell_the_client() {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let layer = || {
        let noted = noted.clone();
        VerifyLayer::new(verifier(json!({"limits": {"failures_per_minute": 1}}))).on_decision(move |decision| {
            noted.lock().expect("nobody panicked").push(decision.client.map(|client| client.to_string()));
        })
    };
    let behind = TrustedProxies::new(["127.0.0.0/8"]).expect("a network");
    let address = serve(routes().layer(layer().trusted_proxies(behind))).await;
    let from = |client: &str| format!("x-forwarded-for: 1.1.1.1\r\nx-forwarded-for: {client}\r\n");
    let mut answers = Vec::new();
    // A minute may end between two of them.
    for _ in 0..3 {
        let forged = signed(&signer("billing"), "GET", "/echo", b"another") + &from("192.0.2.7");
        answers.push(ask(address, "GET", "/echo", &forged, b"").await);
    }
    assert!(answers.iter().any(|answer| answer.contains("RATE_LIMITED")), "{answers:?}");
    let good = || signed(&signer("billing"), "GET", "/echo", b"");
    // Another client of the same proxies.
    expect(&ask(address, "GET", "/echo", &(good() + &from("192.0.2.8")), b"").await, 200, "billing sent ");
    expect(&ask(address, "GET", "/echo", &(good() + &from("unknown")), b"").await, 200, "billing sent ");
    // Whoever is not trusted names nobody.
    let elsewhere = TrustedProxies::new(["10.0.0.0/8"]).expect("a network");
    for layer in [layer(), layer().trusted_proxies(elsewhere)] {
        let address = serve(routes().layer(layer)).await;
        expect(&ask(address, "GET", "/echo", &(good() + &from("192.0.2.7")), b"").await, 200, "billing sent ");
    }
    let known = |client: &str| Some(client.to_owned());
    let mut wanted = vec![known("192.0.2.7"); 3];
    wanted.extend([known("192.0.2.8"), None, known("127.0.0.1"), known("127.0.0.1")]);
    assert_eq!(*noted.lock().expect("nobody panicked"), wanted);
}

#[tokio::test]
async fn handshakes_are_answered() {
    let address = serve(protected(&verifier(json!({})))).await;
    let ask_with = |token: &'static str| async move {
        let target = format!("/hook?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
        ask(address, "GET", &target, "", b"").await
    };
    expect(&ask_with("a+token+that+only+we+and+the+sender+know").await, 200, "\r\n\r\n1158201444");
    expect_refusal(&ask_with("another").await, 403, "PERMISSION_DENIED");
}

#[tokio::test]
async fn services_are_required() {
    let verifier = verifier(json!({}));
    let behind = |layer: RequireService| Router::new().route("/echo", get(|| async { "in" })).layer(layer);
    let protect = |router: Router| router.layer(VerifyLayer::new(verifier.clone()));
    let address = serve(protect(behind(RequireService::new(["billing"])))).await;
    expect(&call(address, "billing", "GET", "/echo", b"").await, 200, "in");
    expect_refusal(&call(address, "shop", "GET", "/echo", b"").await, 403, "SERVICE_NOT_ALLOWED");
    let address = serve(protect(behind(RequireService::new::<&str>([])))).await;
    expect(&call(address, "shop", "GET", "/echo", b"").await, 200, "in");
    let address = serve(behind(RequireService::new(["billing"]))).await;
    expect(&call(address, "billing", "GET", "/echo", b"").await, 500, "\r\n\r\n");
}

#[tokio::test]
async fn permissions_are_required() {
    let services = json!({
        "orders": {},
        "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "permissions": ["/echo", "DELETE /invoices/**"]},
        "shop": {"keys": [{"secret": "env:SHOP_SECRET"}], "permissions": ["/echo"]},
    });
    let permission = Permission::parse("DELETE /invoices/*").expect("a pattern");
    let asked = permission.clone();
    let handler = any(move |caller: Caller| async move { caller.require_permission(&asked).map(|()| "in") });
    let layered = Router::new().route("/echo", get(|| async { "in" })).layer(RequirePermission::new(permission));
    for routes in [layered, Router::new().route("/echo", handler)] {
        let address = serve(routes.layer(VerifyLayer::new(verifier(json!({"services": services}))))).await;
        expect(&call(address, "billing", "GET", "/echo", b"").await, 200, "in");
        expect_refusal(&call(address, "shop", "GET", "/echo", b"").await, 403, "PERMISSION_DENIED");
    }
}

#[tokio::test]
async fn a_caller_without_the_layer_is_a_fault() {
    let address = serve(routes()).await;
    expect(&call(address, "billing", "GET", "/echo", b"").await, 500, "\r\n\r\n");
}

#[tokio::test]
async fn a_layer_that_is_there_twice_judges_once() {
    let verifier = verifier(json!({}));
    let address = serve(protected(&verifier).layer(VerifyLayer::new(verifier.clone()))).await;
    expect(&call(address, "billing", "POST", "/echo", b"once").await, 200, "billing sent once");
    expect_counted(&verifier, "wiresign_requests_accepted_total{scheme=\"service-hmac-v2\"} 1");
}

#[tokio::test]
async fn a_layer_of_another_config_judges_for_itself() {
    let strict = verifier(json!({"routes": [{"match": "/echo", "services": ["shop"]}]}));
    let address = serve(protected(&strict).layer(VerifyLayer::new(verifier(json!({}))))).await;
    let refused = call(address, "billing", "POST", "/echo", b"once").await;
    expect_refusal(&refused, 403, "SERVICE_NOT_ALLOWED");
}

#[tokio::test]
async fn a_nested_router_sees_the_whole_target() {
    let address = serve(Router::new().nest("/api", protected(&verifier(json!({}))))).await;
    expect(&call(address, "billing", "POST", "/api/echo?x", b"y").await, 200, "billing sent y");
    let headers = signed(&signer("billing"), "POST", "/echo?x", b"y");
    expect_refusal(&ask(address, "POST", "/api/echo?x", &headers, b"y").await, 401, "INVALID_SIGNATURE");
}

#[tokio::test]
async fn a_target_in_absolute_form_is_refused() {
    let address = serve(protected(&verifier(json!({})))).await;
    let headers = signed(&signer("billing"), "GET", "/echo", b"");
    expect_refusal(&ask(address, "GET", "http://orders/echo", &headers, b"").await, 400, "MALFORMED_REQUEST");
    expect(&ask(address, "GET", "/echo", &headers, b"").await, 200, "billing sent ");
}

#[tokio::test]
async fn the_config_is_replaced_while_it_serves() {
    let verifier = verifier(json!({}));
    let address = serve(protected(&verifier)).await;
    expect(&call(address, "shop", "GET", "/echo", b"").await, 200, "shop sent ");
    let services = json!({"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]}});
    verifier.replace(&config("orders", json!({"services": services})));
    expect_refusal(&call(address, "shop", "GET", "/echo", b"").await, 401, "UNKNOWN_SERVICE");
}
