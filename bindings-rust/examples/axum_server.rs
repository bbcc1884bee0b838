//! A server of axum that serves verified callers.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use wiresign_tower::{BoxError, Caller, RequireService, Verifier, VerifyLayer, config_from_file};

async fn order(caller: Caller, Path(number): Path<u64>) -> String {
    format!("order {number}, asked by {}", caller.service())
}

async fn invoice(caller: Caller, Json(invoice): Json<Value>) -> String {
    format!("{} made invoice {}", caller.service(), invoice["number"])
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let verifier = Verifier::new(&config_from_file("wiresign.json")?);
    let routes = Router::new()
        .route("/health", get(|| async { "up" }))
        .route("/orders/{number}", get(order))
        .route("/invoices", post(invoice).layer(RequireService::new(["billing"])))
        .layer(VerifyLayer::new(verifier));
    let listener = TcpListener::bind(std::env::var("LISTEN")?).await?;
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
