//! Sends signed requests through reqwest. They are told on standard input, one JSON object on a line; the answer to each is
//! one line, too.

use std::collections::HashMap;
use std::io::{Write, stdin, stdout};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wiresign_tower::{BoxError, Signer, SigningClient, config_from_file};

/// A client for each config.
#[derive(Default)]
struct Clients(HashMap<String, SigningClient>);

impl Clients {
    fn of(&mut self, file: &str) -> Result<SigningClient, BoxError> {
        if let Some(client) = self.0.get(file) {
            return Ok(client.clone());
        }
        let signer = Signer::new(&config_from_file(file)?, Some("orders"))?;
        let client = SigningClient::new(reqwest::Client::builder(), signer)?;
        self.0.insert(file.to_owned(), client.clone());
        Ok(client)
    }
}

async fn send(clients: &mut Clients, line: &str) -> Result<Value, BoxError> {
    let told: Value = serde_json::from_str(line)?;
    let text = |name: &str| told[name].as_str().ok_or_else(|| format!("{name} is missing"));
    let url = format!("{}{}", text("url")?, text("target")?);
    let mut request = clients.of(text("config")?)?.request(text("method")?.parse()?, url);
    if let Some(body) = told["body"].as_str() {
        request = request.header("content-type", text("type")?).body(STANDARD.decode(body)?);
    }
    let answer = request.send().await?;
    Ok(json!({"status": answer.status().as_u16(), "body": answer.text().await?}))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let mut clients = Clients::default();
    for line in stdin().lines() {
        let said = send(&mut clients, &line?).await.unwrap_or_else(|error| json!({"error": error.to_string()}));
        writeln!(stdout(), "{said}")?;
    }
    Ok(())
}
