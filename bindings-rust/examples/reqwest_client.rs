//! Calls a service through reqwest.

use serde_json::json;
use std::io::Write;
use wiresign_tower::{BoxError, Signer, SigningClient, config_from_file};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut out = std::io::stdout();
    let config = config_from_file("wiresign.json")?;
    let orders = config.url("orders").ok_or("the config has no URL of orders")?;
    let client = SigningClient::new(reqwest::Client::builder(), Signer::new(&config, Some("orders"))?)?;

    let answer = client.get(format!("{orders}/orders/7")).send().await?;
    writeln!(out, "{} {}", answer.status().as_u16(), answer.text().await?)?;

    let invoice = json!({"number": 8});
    let answer = client.post(format!("{orders}/invoices")).with(|request| request.json(&invoice)).send().await?;
    writeln!(out, "{} {}", answer.status().as_u16(), answer.text().await?)?;
    Ok(())
}
