//! Why a request was refused: a stable code, a message that is safe to show, a detail for the operator's log.

mod code;
mod detail;

use std::fmt;
use std::sync::Arc;

pub use code::{FailureCode, RefusalCode};
pub(crate) use detail::Detail;

use crate::config::Compiled;
use crate::failures::ClaimClass;
use crate::identifier::{ReceivedId, RequestId};

/// A request that was not accepted. Making one costs no allocation; its texts are made when asked for.
#[derive(Clone)]
pub struct Refusal {
    code: RefusalCode,
    detail: Detail,
    config: Arc<Compiled>,
    service: Option<usize>,
    request_id: RequestId,
}

/// What an adapter answers a refused request with. The same bytes in every language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalResponse {
    /// The HTTP status.
    pub status: u16,
    /// The code that is shown; with `"reveal": "uniform"` it may say less than [`Refusal::code`].
    pub code: RefusalCode,
    /// The value of `WWW-Authenticate`, on status 401 only.
    pub www_authenticate: Option<String>,
    /// The body, of type `application/json`.
    pub body: String,
}

impl Refusal {
    // Away from the way of a request that is accepted: there the compiler keeps the many places that may refuse it short.
    #[cold]
    #[inline(never)]
    pub(crate) fn new(
        code: RefusalCode,
        detail: Detail,
        config: &Arc<Compiled>,
        service: Option<usize>,
        request_id: ReceivedId<'_>,
    ) -> Self {
        Self { code, detail, config: config.clone(), service, request_id: request_id.keep() }
    }

    /// The stable code.
    pub fn code(&self) -> RefusalCode {
        self.code
    }

    /// The HTTP status of the code.
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// A sentence that is safe to show to the caller.
    pub fn message(&self) -> &'static str {
        self.code.message()
    }

    /// What exactly was wrong, for the operator's log only. Holds no secret, no expected signature and no text of the
    /// caller's choosing.
    pub fn detail(&self) -> String {
        self.detail.sentence(&self.config, self.service)
    }

    /// Where a guess is counted: the class of the id that the request claims.
    pub(crate) fn claim_class(&self) -> ClaimClass {
        match (self.detail, self.service) {
            // A token names its issuer where nobody looks before it is parsed: see `admission::admit`.
            (Detail::TokenSignature | Detail::UnknownTokenKey | Detail::TokenKeyNotValid, _) => ClaimClass::NONE,
            (Detail::UnknownService(class) | Detail::UnknownKeyId(class) | Detail::UnknownAccessKey(class), _) => class,
            (_, Some(at)) => self.config.claim_class(self.config.services[at].id.as_bytes()),
            (_, None) => ClaimClass::NONE,
        }
    }

    /// What the detail is made of.
    pub(crate) fn facts(&self) -> Detail {
        self.detail
    }

    /// The known service that the request claims to come from. The claim is not verified, unless the code is one of
    /// policy or replay, or `KEY_NOT_VALID_NOW`.
    pub fn service(&self) -> Option<&str> {
        self.service.map(|at| &*self.config.services[at].id)
    }

    /// The request id, where the request carries one of the usual form.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_str()
    }

    /// What to answer. With `"reveal": "uniform"` a caller learns no more than that it is not authenticated (401), may not do
    /// this (403), or met a limit or an outage (413, 429, 503).
    pub fn response(&self) -> RefusalResponse {
        let code = match self.code.status() {
            _ if !self.config.uniform => self.code,
            403 => RefusalCode::PermissionDenied,
            413 | 429 | 503 => self.code,
            _ => RefusalCode::AuthenticationRequired,
        };
        // Written by hand, to keep the order of the members. None of the three holds anything that JSON would escape.
        let id = self.request_id().map_or("null".into(), |id| format!("\"{id}\""));
        let body = format!(r#"{{"error":"{}","code":"{}","requestId":{id}}}"#, code.message(), code.name());
        RefusalResponse {
            status: code.status(),
            code,
            www_authenticate: (code.status() == 401).then(|| format!("Wiresign realm=\"{}\"", self.config.service)),
            body,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code, self.message())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Refusal")
            .field("code", &self.code.name())
            .field("detail", &self.detail())
            .field("service", &self.service())
            .field("request_id", &self.request_id())
            .finish()
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::RefusalCode;

    #[test]
    fn no_text_of_a_code_needs_escaping_in_json() {
        for code in RefusalCode::ALL {
            for text in [code.message(), code.name()] {
                assert!(text.chars().all(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')), "{text}");
            }
        }
    }
}
