//! Who called.

use std::sync::Arc;

use crate::failure::Failure;
use crate::permission;

/// Who called, from verified material only. Only a verification makes one.
#[derive(uniffi::Object)]
pub struct Verified(pub(crate) wiresign::Verified);

/// All that a verification says, in one crossing.
#[derive(Clone, Debug, uniffi::Record)]
pub struct VerifiedFacts {
    /// The calling service; absent only on a public route.
    pub service: Option<String>,
    /// Which key of the caller matched.
    pub key_id: Option<String>,
    /// Whether that key is on its way out.
    pub key_is_retiring: bool,
    /// The wire format of the signature.
    pub scheme: Option<String>,
    /// The wire formats of all credentials that were verified.
    pub schemes: Vec<String>,
    /// Seconds since the request was signed; negative when it comes from the future.
    pub age: Option<i64>,
    /// When the request was signed, in Unix seconds.
    pub timestamp: Option<u64>,
    /// The request id, where it has the form of one.
    pub request_id: Option<String>,
    /// Whether the signature covers the request id.
    pub request_id_is_signed: bool,
    /// The pattern of the route that matched.
    pub route: Option<String>,
    /// What the signature covers.
    pub covered: Vec<String>,
    /// The subject of the request's token, or the ARN of its IAM identity.
    pub subject: Option<String>,
    /// The tenant that the request's token names.
    pub tenant: Option<String>,
    /// When the request's token expires, in Unix seconds.
    pub token_expires: Option<u64>,
    /// All claims of the request's token, as JSON text.
    pub claims: Option<String>,
    /// What a store shared by several verifiers keeps to see the same request again.
    pub replay_key: Option<String>,
    /// For how many seconds such a store must remember the request; absent where it need not.
    pub replay_seconds: Option<u64>,
    /// Whether a public route let the request in without a look at its credentials.
    pub is_public: bool,
}

impl Verified {
    pub(crate) fn new(verified: wiresign::Verified) -> Arc<Self> {
        Arc::new(Self(verified))
    }
}

#[uniffi::export]
impl Verified {
    /// All that is known of the caller.
    pub fn facts(&self) -> VerifiedFacts {
        let verified = &self.0;
        let text = |value: Option<&str>| value.map(str::to_owned);
        VerifiedFacts {
            service: text(verified.service()),
            key_id: text(verified.key_id()),
            key_is_retiring: verified.key_is_retiring(),
            scheme: text(verified.scheme()),
            schemes: verified.schemes().map(str::to_owned).collect(),
            age: verified.age(),
            timestamp: verified.timestamp(),
            request_id: text(verified.request_id()),
            request_id_is_signed: verified.request_id_is_signed(),
            route: text(verified.route()),
            covered: verified.covered().map(str::to_owned).collect(),
            subject: text(verified.subject()),
            tenant: text(verified.tenant()),
            token_expires: verified.token_expires(),
            claims: text(verified.claims()),
            replay_key: verified.replay_key(),
            replay_seconds: verified.replay_seconds(),
            is_public: verified.is_public(),
        }
    }

    /// Lets some services through only. Without any service named each caller will do, but there must be one.
    ///
    /// # Errors
    /// The refusal of everybody else.
    pub fn require_service(&self, services: Vec<String>) -> Result<(), Failure> {
        Ok(self.0.require_service(&services)?)
    }

    /// Lets the request through only where its caller may do all that this pattern matches, as in `POST /invoices`: by the config,
    /// and by the request's token.
    ///
    /// # Errors
    /// The refusal of everybody else, or what is wrong with the pattern.
    pub fn require_permission(&self, permission: &str) -> Result<(), Failure> {
        Ok(self.0.require_permission(&permission::parse(permission)?)?)
    }
}
