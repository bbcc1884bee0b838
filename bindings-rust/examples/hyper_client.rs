//! Calls a service through hyper.

use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::io::Write;
use tower::{ServiceBuilder, ServiceExt};
use wiresign_tower::{BoxError, SignLayer, Signer, config_from_file};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut out = std::io::stdout();
    let config = config_from_file("wiresign.json")?;
    let orders = config.url("orders").ok_or("the config has no URL of orders")?;
    let signer = Signer::new(&config, Some("orders"))?;
    let client = ServiceBuilder::new()
        .layer(SignLayer::new(signer).origin(orders.parse()?))
        .service(Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>());

    let get = Request::get(format!("{orders}/orders/7")).body(Full::<Bytes>::default())?;
    let post = Request::post(format!("{orders}/invoices"))
        .header("content-type", "application/json")
        .body(Full::from(r#"{"number": 8}"#))?;
    for request in [get, post] {
        let answer = client.clone().oneshot(request).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await?.to_bytes();
        writeln!(out, "{status} {}", String::from_utf8_lossy(&body))?;
    }
    Ok(())
}
