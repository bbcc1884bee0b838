//! Any bytes as the value of one header of a request that is otherwise right. What is a good value is said here once more,
//! in another way than in the core, and both must agree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wiresign::{Head, Refusal, RefusalCode, Verified};
use wiresign_fuzz::{Headers, NOW, configs, signers, verify_both_ways};

const NAMES: [&str; 5] = ["X-Timestamp", "X-Signature", "X-Request-ID", "X-Target-Service", "X-Service-ID"];

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, value)) = bytes.split_first() else { return };
    let name = NAMES[usize::from(choice) % NAMES.len()];
    let is_v2 = choice < 128;
    let scheme = usize::from(!is_v2);

    let none: &[(&str, &str)] = &[];
    let head = Head::new(b"POST", b"/v1/a", none);
    let signed = signers()[scheme].sign(&head, b"body", NOW, "0123456789abcdef").expect("a request that can be signed");
    let mut headers: Headers =
        signed.iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
    let Some((_, given)) = headers.iter_mut().find(|(known, _)| known == name) else { return };
    let is_changed = given != value;
    *given = value.to_vec();

    let outcome = verify_both_ways(&configs()[scheme], &Head::new(b"POST", b"/v1/a", &headers), b"body", &[1], NOW);
    let is_signed = is_v2 || !["X-Request-ID", "X-Target-Service"].contains(&name);
    if !is_changed {
        assert!(outcome.is_ok(), "{outcome:?}");
        return;
    }
    let text = std::str::from_utf8(value).unwrap_or("\u{0}");
    let is_joined = match name {
        "X-Signature" if text.starts_with("v2=") || value.starts_with(b"v2=") => contains(value, b", "),
        _ => value.contains(&b','),
    };
    let expected = match name {
        _ if is_joined => Some(RefusalCode::DuplicateHeader),
        "X-Timestamp" if !is_timestamp(text) => Some(RefusalCode::InvalidTimestamp),
        "X-Request-ID" if is_v2 && !is_nonce(text) => Some(RefusalCode::InvalidNonce),
        "X-Signature" if value.starts_with(b"v2=") != is_v2 => Some(RefusalCode::SchemeNotAccepted),
        "X-Signature" if !is_signature(text, is_v2) => Some(RefusalCode::MalformedSignature),
        "X-Service-ID" if value != b"lego-projects-api" => Some(RefusalCode::UnknownService),
        _ => None,
    };
    match expected {
        Some(code) => assert_eq!(code_of(&outcome), Some(code), "{name}: {value:?}"),
        // One of several signatures may be the right one, left from a seed.
        None if name == "X-Signature" && outcome.is_ok() => {
            let right = signed.iter().find(|(known, _)| *known == name).expect("signed").1;
            assert!(text.split(',').any(|item| item == right), "{text}");
        }
        None => assert_eq!(outcome.is_err(), is_signed, "{name}: {value:?} {outcome:?}"),
    }
});

fn code_of(outcome: &Result<Verified, Refusal>) -> Option<RefusalCode> {
    outcome.as_ref().err().map(Refusal::code)
}

fn contains(text: &[u8], piece: &[u8]) -> bool {
    text.windows(piece.len()).any(|window| window == piece)
}

fn is_timestamp(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number <= 999_999_999_999 && number.to_string() == text)
}

fn is_nonce(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

fn is_signature(text: &str, is_v2: bool) -> bool {
    let is_tag = |hex: &str| hex.len() == 64 && hex.chars().all(|c| "0123456789abcdef".contains(c));
    if !is_v2 {
        return is_tag(text);
    }
    let items: Vec<&str> = text.split(',').collect();
    items.len() <= 8 && items.iter().all(|item| item.strip_prefix("v2=").is_some_and(is_tag))
}
