//! Tokens, verified.

use std::hint::black_box;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

use super::{Fields, Standard, body, head, usual};
use crate::contest::{Contestant, repeated};
use crate::fleet::{BATCH, CALLED, CALLER, secret};

const NONCE: &str = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";

/// What a service reads of a token.
#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "read from the token, as a service would")]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: u64,
    exp: u64,
    jti: String,
}

fn standard() -> Standard {
    // The other crate reads the clock, so the token must be good while all of this is measured.
    Standard::new(&["jwt"], |document| document["jwt"] = serde_json::json!({"lifetime": 86_400}))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// A request with a token of the caller.
fn request() -> Fields {
    let mut fields = usual();
    let signed = standard().signer().sign(&head(&fields), b"", now(), NONCE).expect("a key that signs");
    fields.extend(signed.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())));
    fields
}

pub(super) fn our_verify<'a>() -> Contestant<'a> {
    let (verifier, fields, body, now) = (standard().verifier(), request(), body(0), now());
    repeated(BATCH, move || {
        let verified = verifier.verify(&head(black_box(&fields)), black_box(&body), now);
        black_box(&verified).as_ref().expect("a good request");
    })
}

pub(super) fn their_verify<'a>() -> Contestant<'a> {
    let fields = request();
    let (_, value) = fields.last().expect("the token");
    let token = value.strip_prefix("Bearer ").expect("a token").to_owned();
    let key = DecodingKey::from_secret(secret(CALLER).as_bytes());
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[CALLED]);
    validation.set_issuer(&[CALLER]);
    repeated(BATCH, move || {
        let token = decode::<Claims>(black_box(&token), &key, &validation);
        black_box(&token).as_ref().expect("a good token");
    })
}
