//! A server of axum that shares with others which requests came before.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use wiresign_tower::{BoxError, Caller, RedisReplay, RequireService, Verifier, VerifyLayer, config_from_file};

async fn order(caller: Caller, Path(number): Path<u64>) -> String {
    format!("order {number}, asked by {}", caller.service())
}

async fn invoice(caller: Caller, Json(invoice): Json<Value>) -> String {
    format!("{} made invoice {}", caller.service(), invoice["number"])
}

async fn store() -> Result<RedisReplay<ConnectionManager>, BoxError> {
    let client = redis::Client::open(std::env::var("REDIS_URL")?)?;
    let settings = ConnectionManagerConfig::new().set_max_delay(Duration::from_secs(1));
    Ok(RedisReplay::new(client.get_connection_manager_with_config(settings).await?))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let verifier = Verifier::new(&config_from_file("wiresign.json")?);
    let routes = Router::new()
        .route("/health", get(|| async { "up" }))
        .route("/orders/{number}", get(order))
        .route("/invoices", post(invoice).layer(RequireService::new(["billing"])))
        .layer(VerifyLayer::new(verifier).replay(store().await?));
    let listener = TcpListener::bind(std::env::var("LISTEN")?).await?;
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
