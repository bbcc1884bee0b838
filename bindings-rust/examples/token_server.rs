//! A server of axum whose callers have tokens of an issuer that publishes its keys.

use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use wiresign_tower::{BoxError, Caller, KeySets, Verifier, VerifyLayer, config_from_file};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let config = config_from_file("wiresign.json")?;
    let key_sets = KeySets::of(&config).start()?;
    // The keys are known from the first request on.
    key_sets.refresh().await;
    let routes = Router::new()
        .route("/health", get(|| async { "up" }))
        .route("/me", get(|caller: Caller| async move { format!("you are {}", caller.subject().unwrap_or("nobody")) }))
        .layer(VerifyLayer::new(Verifier::new(&config)).key_sets(key_sets));
    let listener = TcpListener::bind(std::env::var("LISTEN")?).await?;
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
