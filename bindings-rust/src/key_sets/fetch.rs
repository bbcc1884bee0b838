//! One fetch of a JWK Set.

use http::StatusCode;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING};
use reqwest::Client;

use crate::BoxError;

/// The longest set that is taken, in bytes; the core has the same limit.
const MOST_BYTES: usize = 64 * 1024;

/// The text that a URL answers with.
pub(super) async fn fetch(client: &Client, url: &str) -> Result<String, BoxError> {
    let request = client.get(url).header(ACCEPT, "application/jwk-set+json, application/json");
    // A compressed set could be small on the way and huge here.
    let mut answer = request.header(ACCEPT_ENCODING, "identity").send().await?;
    let status = answer.status();
    if status != StatusCode::OK {
        return Err(format!("the answer has the status {}, and only 200 carries keys", status.as_u16()).into());
    }
    if answer.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err("the answer is compressed, though it was asked not to be".into());
    }
    let mut text = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        text.extend_from_slice(&piece);
        if text.len() > MOST_BYTES {
            return Err(format!("the set is longer than {MOST_BYTES} bytes").into());
        }
    }
    Ok(String::from_utf8(text)?)
}
