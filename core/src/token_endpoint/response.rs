//! What a token endpoint answers (RFC 6749, sections 5.1 and 5.2).

use std::fmt;

use super::{IssuedToken, json};
use crate::signer::SignError;

pub(super) const INVALID_REQUEST: &str = "invalid_request";
pub(super) const INVALID_SCOPE: &str = "invalid_scope";
pub(super) const UNSUPPORTED_GRANT_TYPE: &str = "unsupported_grant_type";
const INVALID_CLIENT: &str = "invalid_client";
/// Of RFC 8693, section 2.2.2.
const INVALID_TARGET: &str = "invalid_target";
const UNAUTHORIZED_CLIENT: &str = "unauthorized_client";

/// What an adapter answers a request for a token with. The same bytes in every language.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names and values, in the order in which to set them.
    pub headers: Vec<(String, String)>,
    /// The body, a JSON object. It holds the token.
    pub body: String,
}

impl TokenResponse {
    pub(super) fn token(token: &IssuedToken) -> Self {
        let body = format!(
            r#"{{"access_token":{},"token_type":"Bearer","expires_in":{},"scope":{}}}"#,
            json(token.text()),
            token.lifetime(),
            json(&token.permissions().join(" "))
        );
        Self::new(200, body)
    }

    pub(super) fn error(error: &str, description: &str) -> Self {
        Self::new(400, format!(r#"{{"error":{},"error_description":{}}}"#, json(error), json(&ascii(description))))
    }

    /// Where nobody has verified who calls.
    pub(super) fn invalid_client(own: &str) -> Self {
        let mut response = Self::error(INVALID_CLIENT, "the request does not prove who calls");
        response.status = 401;
        response.headers.push(("WWW-Authenticate".into(), format!("Wiresign realm=\"{own}\"")));
        response
    }

    fn new(status: u16, body: String) -> Self {
        // No cache may keep a token. The last header is for those of HTTP/1.0.
        let headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")];
        Self { status, headers: headers.map(|(name, value)| (name.into(), value.into())).into(), body }
    }
}

/// The error of a request that asks for what it cannot have; `None` where that is no fault of the caller.
pub(super) fn error_of(fault: SignError) -> Option<&'static str> {
    match fault {
        SignError::UnknownSubject | SignError::SubjectEnvironment => Some(UNAUTHORIZED_CLIENT),
        SignError::TargetNotAllowed => Some(INVALID_TARGET),
        SignError::PermissionNotGranted | SignError::TooManyPermissions => Some(INVALID_SCOPE),
        _ => None,
    }
}

/// A description holds no quotation marks (section 5.2).
fn ascii(sentence: &str) -> String {
    sentence.replace(['"', '\\'], "'")
}

impl fmt::Debug for TokenResponse {
    /// Without the body.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TokenResponse").field("status", &self.status).finish_non_exhaustive()
    }
}
