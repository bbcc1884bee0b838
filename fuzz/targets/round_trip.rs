//! Any request is signed or refused to be signed; what was signed verifies, and verifies no more once a part is changed.

#![no_main]

use libfuzzer_sys::{arbitrary::Arbitrary, fuzz_target};
use wiresign::{Head, RefusalCode};
use wiresign_fuzz::{Headers, NOW, configs, signers, verify_both_ways};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    scheme: u8,
    method: Method<'a>,
    target: &'a str,
    nonce: Option<&'a str>,
    skew: i16,
    body: &'a [u8],
    cuts: [u8; 4],
    change: Option<(u8, u16)>,
}

#[derive(Arbitrary, Debug)]
enum Method<'a> {
    Get,
    Post,
    Other(&'a str),
}

fuzz_target!(|case: Case<'_>| {
    let scheme = usize::from(case.scheme) % signers().len();
    let method = match case.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Other(text) => text,
    };
    let target = format!("/{}", case.target);
    let nonce = case.nonce.unwrap_or("0123456789abcdef");
    let time = NOW.saturating_add_signed(i64::from(case.skew));
    let none: &[(&str, &str)] = &[];
    let head = Head::new(method.as_bytes(), target.as_bytes(), none);
    let signer = &signers()[scheme];
    let message = signer.message(&head, case.body, time, nonce);
    let signed = match signer.sign(&head, case.body, time, nonce) {
        Ok(signed) => signed,
        Err(error) => {
            assert_eq!(message, Err(error));
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let message = message.expect("what can be signed has a message");
    assert!(contains(&message, case.body));

    let mut headers: Headers =
        signed.iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
    let mut body = case.body.to_vec();
    let is_changed = change(&case, &mut headers, &mut body);
    let method = method.to_ascii_uppercase();
    let head = Head::new(method.as_bytes(), target.as_bytes(), &headers);
    let outcome = verify_both_ways(&configs()[scheme], &head, &body, &case.cuts, NOW);
    match outcome {
        Ok(verified) if verified.is_public() => assert!(target.starts_with("/open") && method == "GET"),
        Ok(verified) => {
            assert!(!is_changed, "{verified:?}");
            assert_eq!((verified.service(), verified.timestamp()), (Some("image-service"), Some(time)));
            assert!(i64::from(case.skew).abs() <= 300 && body.len() <= 2048);
        }
        Err(refusal) if is_changed => assert_ne!(refusal.code(), RefusalCode::ReplayedRequest),
        Err(refusal) => {
            use RefusalCode::*;
            let for_cause = [
                MalformedRequest,
                TimestampOutsideWindow,
                BodyTooLarge,
                InsufficientCoverage,
                PermissionDenied,
                ServiceNotAllowed,
            ];
            assert!(for_cause.contains(&refusal.code()), "{refusal:?}");
        }
    }
});

/// Flips a bit of the body or of what is signed in the headers. `false` where nothing that counts was changed.
fn change(case: &Case<'_>, headers: &mut Headers, body: &mut [u8]) -> bool {
    let Some((part, bit)) = case.change else { return false };
    let mut parts: Vec<&mut [u8]> = vec![body];
    let is_v2 = headers.iter().any(|(name, _)| name == "X-Target-Service");
    let counts = |name: &str| is_v2 || name != "X-Request-ID";
    parts.extend(headers.iter_mut().filter(|(name, _)| counts(name)).map(|(_, value)| value.as_mut_slice()));
    let index = usize::from(part) % parts.len();
    let bytes = &mut *parts[index];
    if bytes.is_empty() {
        return false;
    }
    let bit = usize::from(bit) % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    true
}

fn contains(text: &[u8], piece: &[u8]) -> bool {
    piece.is_empty() || text.windows(piece.len()).any(|window| window == piece)
}
