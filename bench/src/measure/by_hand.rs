//! The same work as a careful programmer would write it for one service with the usual crates: header lookup, window,
//! registry, policy, signature, replay. It knows one scheme and one policy, and judges no hostile spelling of a path.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::fleet::{CALLED, Request, SERVICES, secret};

/// A crate's HMAC-SHA256 with the keyed state kept.
pub(super) trait KeyedMac {
    fn new(key: &[u8]) -> Self;
    fn verify(&self, pieces: &[&[u8]], tag: &[u8]) -> bool;
}

pub(super) struct HmacSha2(Hmac<Sha256>);

impl KeyedMac for HmacSha2 {
    fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    fn verify(&self, pieces: &[&[u8]], tag: &[u8]) -> bool {
        let mut running = self.0.clone();
        pieces.iter().for_each(|piece| running.update(piece));
        running.verify_slice(tag).is_ok()
    }
}

pub(super) struct Ring(ring::hmac::Key);

impl KeyedMac for Ring {
    fn new(key: &[u8]) -> Self {
        Self(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key))
    }

    fn verify(&self, pieces: &[&[u8]], tag: &[u8]) -> bool {
        // This crate compares a tag in constant time for a message in one piece only.
        ring::hmac::verify(&self.0, &pieces.concat(), tag).is_ok()
    }
}

pub(super) struct ByHand<M> {
    services: HashMap<String, Service<M>>,
    seen: Mutex<Seen>,
}

struct Service<M> {
    key: M,
    permissions: Vec<(&'static str, &'static str)>,
}

/// Two generations of nonces, each of them as long as the window.
#[derive(Default)]
struct Seen {
    young: HashSet<String>,
    old: HashSet<String>,
    since: u64,
}

const WINDOW: u64 = 300;

impl<M: KeyedMac> ByHand<M> {
    pub(super) fn new() -> Self {
        let services = (0..SERVICES).map(|at| {
            let id = format!("service-{at:02}");
            let key = M::new(secret(&id).as_bytes());
            (id, Service { key, permissions: vec![("GET", "/api/v1/"), ("POST", "/api/v1/images/")] })
        });
        Self { services: services.collect(), seen: Mutex::default() }
    }

    /// The calling service, or why not.
    pub(super) fn verify(&self, request: &Request, body: &[u8], now: u64) -> Result<String, &'static str> {
        let head = request.head();
        let header = |name: &str| {
            let mut fields = request.headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
            match (fields.next(), fields.next()) {
                (Some((_, value)), None) => Some(value.as_str()),
                _ => None,
            }
        };
        self.judge(head.method, head.target, header, body, now)
    }

    /// The same of the parts of a request; a header that is absent or repeated is `None`.
    pub(super) fn judge<'h>(
        &self,
        method: &[u8],
        raw_target: &[u8],
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now: u64,
    ) -> Result<String, &'static str> {
        let header = |name| header(name).ok_or("a header is absent or repeated");
        let id = header("x-service-id")?;
        let target = header("x-target-service")?;
        let timestamp = header("x-timestamp")?;
        let nonce = header("x-request-id")?;
        let signature = header("x-signature")?.strip_prefix("v2=").ok_or("malformed signature")?;
        let tag = decode_hex(signature).ok_or("malformed signature")?;
        let time: u64 = timestamp.parse().map_err(|_| "invalid timestamp")?;
        if now.abs_diff(time) > WINDOW {
            return Err("outside the window");
        }
        let service = self.services.get(id).ok_or("unknown service")?;
        let split = raw_target.iter().position(|&byte| byte == b'?').unwrap_or(raw_target.len());
        let (path, query) = raw_target.split_at(split);
        let message = [
            b"wiresign-v2\n",
            method,
            b"\n",
            path,
            b"\n",
            query.get(1..).unwrap_or_default(),
            b"\n",
            timestamp.as_bytes(),
            b"\n",
            id.as_bytes(),
            b"\n",
            target.as_bytes(),
            b"\n",
            nonce.as_bytes(),
            b"\n",
            body,
        ];
        if !service.key.verify(&message, &tag) {
            return Err("invalid signature");
        }
        let permits = |(verb, prefix): &(&str, &str)| method == verb.as_bytes() && path.starts_with(prefix.as_bytes());
        if target != CALLED || !service.permissions.iter().any(permits) {
            return Err("not allowed");
        }
        let mut seen = self.seen.lock().expect("nothing panics while the lock is held");
        if now > seen.since + WINDOW {
            seen.old = std::mem::take(&mut seen.young);
            seen.since = now;
        }
        let replay_key = format!("{id}\n{nonce}");
        if seen.old.contains(&replay_key) || !seen.young.insert(replay_key) {
            return Err("replayed");
        }
        Ok(id.to_owned())
    }
}

fn decode_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}
