//! Signatures of AWS, made and verified.

use std::error::Error;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::str::FromStr;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use chrono::DateTime;
use scratchstack_aws_principal::User;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, KSigningKey, NO_ADDITIONAL_SIGNED_HEADERS,
    SignatureOptions, service_for_signing_key_fn, sigv4_validate_request,
};
use serde_json::json;

use super::{Fields, Standard, body, head, usual};
use crate::contest::{Contestant, prepared, repeated};
use crate::fleet::{BATCH, CALLER, METHOD, NOW, TARGET};

const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const REGION: &str = "eu-central-1";
const SERVICE: &str = "execute-api";
const NONCE: &str = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";

fn standard() -> Standard {
    Standard::new(&["aws-sigv4"], |document| {
        document["aws_sigv4"] = json!({"region": REGION, "service": SERVICE});
        let keys = json!([{"id": KEY_ID, "secret": format!("literal:{SECRET}")}]);
        document["services"][CALLER]["aws_keys"] = keys;
    })
}

pub(super) fn our_sign<'a>() -> Contestant<'a> {
    let (signer, fields, body) = (standard().signer(), usual(), body(0));
    repeated(BATCH, move || {
        let signed = signer.sign(&head(black_box(&fields)), black_box(&body), NOW, NONCE);
        black_box(&signed).as_ref().expect("a good request");
    })
}

pub(super) fn their_sign<'a>() -> Contestant<'a> {
    let (fields, body) = (usual(), body(0));
    let identity = Credentials::from_keys(KEY_ID, SECRET, None).into();
    let url = format!("http://{}{TARGET}", fields[0].1);
    let signed = move |fields: &Fields, body: &[u8]| {
        // These hold the time, so they are made anew for each request.
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(SERVICE)
            .time(UNIX_EPOCH + Duration::from_secs(NOW))
            .settings(SigningSettings::default())
            .build()
            .expect("all that is needed")
            .into();
        let names = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = SignableRequest::new(METHOD, url.as_str(), names, SignableBody::Bytes(body));
        sign(request.expect("a good request"), &parameters).expect("a good request").into_parts()
    };
    // The two do the same.
    let ours = standard().signer().sign(&head(&fields), &body, NOW, NONCE).expect("a good request");
    let (_, signature) = signed(&fields, &body);
    assert!(ours.iter().any(|(_, value)| value.ends_with(&signature)), "two signers make two signatures");
    repeated(BATCH, move || {
        black_box(signed(black_box(&fields), black_box(&body)));
    })
}

/// Makes requests that our signer has signed, each with a body of its own.
fn requests() -> impl FnMut() -> Vec<(Fields, Vec<u8>)> {
    let signer = standard().signer();
    let mut count = 0;
    move || {
        let request = |number| {
            let (mut fields, body) = (usual(), body(number));
            let signed = signer.sign(&head(&fields), &body, NOW, NONCE).expect("a good request");
            fields.extend(signed.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())));
            (fields, body)
        };
        let first = count;
        count += u64::from(BATCH);
        (first..count).map(request).collect()
    }
}

pub(super) fn our_verify<'a>() -> Contestant<'a> {
    let verifier = standard().verifier();
    prepared(BATCH, requests(), move |batch| {
        let (fields, body) = batch.pop().expect("as many as are verified");
        let verified = verifier.verify(&head(&fields), black_box(&body), NOW);
        black_box(&verified).as_ref().expect("a good request");
    })
}

pub(super) fn their_verify<'a>() -> Contestant<'a> {
    let now = DateTime::from_timestamp(NOW as i64, 0).expect("a time");
    let secret: KSecretKey = KSecretKey::from_str(SECRET).expect("a secret");
    // Derived once, as here.
    let key = secret.to_ksigning(now.date_naive(), REGION, SERVICE);
    let key = move |request| signing_key(request, key);
    let mut keys = service_for_signing_key_fn(key);
    let mut requests = requests();
    let make = move || -> Vec<http::Request<Vec<u8>>> {
        let request = |(fields, body): (Fields, Vec<u8>)| {
            let request = http::Request::builder().method(METHOD).uri(TARGET);
            let request = fields.iter().fold(request, |request, (name, value)| request.header(name, value));
            request.body(body).expect("a good request")
        };
        requests().into_iter().map(request).collect()
    };
    prepared(BATCH, make, move |batch| {
        let request = batch.pop().expect("as many as are verified");
        let options = SignatureOptions::default();
        let verified = ready(sigv4_validate_request(
            black_box(request),
            REGION,
            SERVICE,
            &mut keys,
            now,
            &NO_ADDITIONAL_SIGNED_HEADERS,
            options,
        ));
        black_box(&verified).as_ref().expect("a good request");
    })
}

async fn signing_key(
    request: GetSigningKeyRequest,
    key: KSigningKey,
) -> Result<GetSigningKeyResponse, Box<dyn Error + Send + Sync>> {
    if request.access_key() != KEY_ID {
        return Err("an unknown key".into());
    }
    let user = User::new("aws", "123456789012", "/", CALLER)?;
    Ok(GetSigningKeyResponse::builder().principal(user).signing_key(key).build()?)
}

/// The result of a future that waits for nothing.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits for anything"),
    }
}
