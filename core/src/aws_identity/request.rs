//! The request that is sent to STS: the caller's end signs it, and this end makes it once more.

use std::fmt;

use super::proof::Proof;
use super::{Region, STS};
use crate::request::Head;
use crate::scheme::header;
use crate::sigv4;

/// What a proof covers: exactly this.
const SIGNED: &str = "accept;content-type;host;x-amz-date;x-target-service";
const SIGNED_WITH_TOKEN: &str = "accept;content-type;host;x-amz-date;x-amz-security-token;x-target-service";

/// The names of the headers that a proof covers.
pub(crate) fn signed_names(has_token: bool) -> &'static str {
    if has_token { SIGNED_WITH_TOKEN } else { SIGNED }
}

const ACCEPT: &str = "application/json";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// The one action. JSON is asked for in both ways that this protocol has.
const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON";
/// The date of a proof is rounded down to this many seconds, so that requests of one minute carry the same one, and AWS is asked
/// about it once.
const DATE_STEP: u64 = 60;

/// What a proof is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question(pub(super) [u8; 32]);

/// A question to AWS: whose signature this is. It has to be sent as it is, over TLS, without following redirects; the answer belongs
/// to `Verifier::identity_answer`.
#[derive(Clone)]
pub struct IdentityRequest {
    url: String,
    headers: Vec<(&'static str, String)>,
    pub(crate) question: Question,
    /// The last second in which the proof is good, in Unix seconds.
    pub(crate) ends: u64,
}

impl IdentityRequest {
    /// Makes the request that the proof's signature is for. `past` is how old a proof may be, in seconds.
    pub(crate) fn new(proof: &Proof<'_>, past: u64) -> Self {
        let Proof { access_key, region, date, token, target, .. } = *proof;
        let signed = signed_names(token.is_some());
        let authorization = sigv4::authorization((access_key, &region.name, STS), date, signed, &proof.signature);
        let fixed = fixed_headers(region, target).map(|(name, value)| (name, value.to_owned()));
        let token = token.map(|token| ("X-Amz-Security-Token", token.to_owned()));
        let own = [("X-Amz-Date", date.to_owned()), ("Authorization", authorization)];
        Self {
            url: format!("https://{}/", region.host),
            headers: fixed.into_iter().chain(token).chain(own).collect(),
            question: proof.digest(),
            ends: proof.seconds.saturating_add(past),
        }
    }

    /// Where to send it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The method, which is always the same.
    pub fn method(&self) -> &'static str {
        "POST"
    }

    /// Names and values of the headers, `Host` among them. What an HTTP client adds beside them does no harm.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, &**value))
    }

    /// The body, which is always the same.
    pub fn body(&self) -> &'static str {
        BODY
    }
}

impl fmt::Debug for IdentityRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The headers are good for a few minutes.
        out.debug_struct("IdentityRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

fn fixed_headers<'a>(region: &'a Region, target: &'a str) -> [(&'static str, &'a str); 4] {
    [("Host", &*region.host), ("Accept", ACCEPT), ("Content-Type", CONTENT_TYPE), (header::TARGET_SERVICE, target)]
}

/// Signs the request for a target. What is signed does not change within a minute.
pub(crate) fn signed_at<'k>(
    region: &Region,
    target: &str,
    credentials: &sigv4::Credentials<'k>,
    now: u64,
) -> Result<sigv4::Signed<'k>, sigv4::SignFault> {
    let headers = fixed_headers(region, target);
    let head = Head::new(b"POST", b"/", &headers);
    sigv4::sign(&head, sigv4::Payload::Signed(BODY.as_bytes()), credentials, &region.scope, now - now % DATE_STEP)
}
