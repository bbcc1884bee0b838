//! Tells others of each decision. Nothing that they do changes it.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use wiresign::{Refusal, Verified};

use crate::report::harmless;

/// What was decided about one request.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// Who called, or why not.
    pub outcome: Result<&'a Verified, &'a Refusal>,
    /// The method.
    pub method: &'a str,
    /// The raw path without its query, with whatever cannot be printed escaped, and cut at 1024 characters.
    pub path: &'a str,
    /// The address of the client, where it is known.
    pub client: Option<IpAddr>,
    /// What the verification took, without the wait for the body.
    pub duration: Duration,
}

impl Decision<'_> {
    /// `accepted`, `refused`, or `public`.
    pub fn event(&self) -> &'static str {
        match self.outcome {
            Ok(verified) if verified.is_public() => "public",
            Ok(_) => "accepted",
            Err(_) => "refused",
        }
    }

    /// Writes the audit record: the fields are the same in every language, and none is a secret, a signature or a query.
    #[cfg(feature = "tracing")]
    fn record(&self) {
        let duration_us = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
        let Self { method, path, .. } = *self;
        let client = self.client.map(tracing::field::display);
        match self.outcome {
            Ok(verified) => tracing::info!(
                target: "wiresign.audit",
                event = self.event(),
                service = verified.service(),
                scheme = verified.scheme(),
                key_id = verified.key_id(),
                method,
                path,
                route = verified.route(),
                client,
                request_id = verified.request_id(),
                age = verified.age(),
                duration_us,
                "request accepted"
            ),
            Err(refusal) => tracing::warn!(
                target: "wiresign.audit",
                event = self.event(),
                service = refusal.service(),
                code = refusal.code().name(),
                method,
                path,
                client,
                request_id = refusal.request_id(),
                duration_us,
                detail = refusal.detail(),
                "request refused"
            ),
        }
    }
}

type Hook = dyn Fn(&Decision<'_>) + Send + Sync;

#[derive(Clone, Default)]
pub(crate) struct Observer {
    hook: Option<Arc<Hook>>,
}

impl Observer {
    pub(crate) fn set_hook(&mut self, hook: impl Fn(&Decision<'_>) + Send + Sync + 'static) {
        self.hook = Some(Arc::new(hook));
    }

    /// Tells of the decision about a request: its method, its target, and the address that it came from.
    pub(crate) fn tell(
        &self,
        outcome: Result<&Verified, &Refusal>,
        (method, target, client): (&str, &str, Option<IpAddr>),
        duration: Duration,
    ) {
        if self.hook.is_none() && !Self::is_recorded(outcome.is_ok()) {
            return;
        }
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let decision = Decision { outcome, method: &printable(method), path: &printable(path), client, duration };
        #[cfg(feature = "tracing")]
        harmless("subscriber of tracing", || decision.record());
        if let Some(hook) = &self.hook {
            harmless("hook for decisions", || hook(&decision));
        }
    }

    /// Whether anybody wants the audit record.
    fn is_recorded(is_accepted: bool) -> bool {
        #[cfg(feature = "tracing")]
        return harmless("subscriber of tracing", || {
            if is_accepted {
                tracing::enabled!(target: "wiresign.audit", tracing::Level::INFO)
            } else {
                tracing::enabled!(target: "wiresign.audit", tracing::Level::WARN)
            }
        })
        .unwrap_or(true);
        #[cfg(not(feature = "tracing"))]
        {
            let _ = is_accepted;
            false
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Observer").field("hook", &self.hook.is_some()).finish()
    }
}

/// Where the path of a record is cut.
const LONGEST: usize = 1024;

/// A text of the wire as ASCII that can be printed.
fn printable(text: &str) -> Cow<'_, str> {
    let is_fine = |c: char| matches!(c, ' '..='~');
    if text.len() <= LONGEST && text.chars().all(|c| is_fine(c) && c != '\\') {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if is_fine(c) && c != '\\' { c.into() } else { c.escape_default().to_string() };
    Cow::Owned(text.chars().take(LONGEST).map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_printed_is_escaped() {
        assert_eq!(printable("/a%20b"), "/a%20b");
        assert_eq!(printable("/a\u{e9}\n\\"), r"/a\u{e9}\n\\");
        assert_eq!(printable(&"a".repeat(2000)).len(), LONGEST);
    }
}
