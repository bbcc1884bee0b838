//! Says what reached an application of axum: axum_app ADDRESS.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wiresign_tower::{BoxError, Caller, Verifier, VerifyLayer, config_from_file};

async fn echo(caller: Caller, uri: Uri, headers: HeaderMap, body: Bytes) -> Json<Value> {
    let notes: Vec<_> = headers.get_all("x-note").iter().map(|value| value.len()).collect();
    let body: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
    let query = uri.query().unwrap_or_default();
    Json(json!({"path": uri.path(), "query": query, "body": body, "notes": notes, "caller": caller.service()}))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let verifier = Verifier::new(&config_from_file(std::env::var("FRAMEWORKS_CONFIG")?)?);
    let routes = Router::new().fallback(echo).layer(VerifyLayer::new(verifier));
    let address = std::env::args().nth(1).ok_or("an address is missing")?;
    let listener = TcpListener::bind(address).await?;
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
