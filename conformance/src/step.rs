//! The steps of a test: what a driver is asked to do, as it stands in the vector file and on the driver's line.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::strict_json::nullable;
use crate::text::Text;

/// One question to a driver. The steps of one test share one verifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Judge a received request in one call.
    Verify {
        /// Unix time in seconds.
        now: u64,
        /// What was received.
        request: Request,
    },
    /// Judge a received request whose body comes in pieces.
    VerifyStream {
        /// Unix time in seconds.
        now: u64,
        /// What was received.
        request: Request,
        /// The lengths of the first pieces of the body; what remains is the last piece.
        chunks: Vec<usize>,
    },
    /// Sign a request that will be sent.
    Sign {
        /// Unix time in seconds.
        now: u64,
        /// The request id that the signature carries.
        nonce: String,
        /// The service that is called, where the scheme names it.
        #[serde(deserialize_with = "nullable")]
        target: Option<String>,
        /// What will be sent.
        request: Request,
    },
    /// Read the configuration and report its warnings.
    Check {},
    /// Exchange the verifier's configuration for another one.
    Replace {
        /// The new configuration document.
        config: Value,
    },
    /// Sign a tenant and its roles.
    SignContext {
        /// The tenant.
        tenant: String,
        /// The roles, in any order, repeats kept.
        roles: Vec<String>,
        /// Unix time in seconds.
        now: u64,
    },
    /// Judge a signature over a tenant and its roles.
    VerifyContext {
        /// The tenant.
        tenant: String,
        /// The roles, in any order, repeats kept.
        roles: Vec<String>,
        /// What was received as the signature.
        signature: String,
        /// Unix time in seconds.
        now: u64,
        /// What an older system signed, where the test gives it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<Text>,
    },
    /// Answer a sender's challenge, where the request is one.
    Handshake {
        /// The name of the webhook.
        webhook: String,
        /// Unix time in seconds.
        now: u64,
        /// What was received.
        request: Request,
    },
    /// Say why a request is judged as it is. Changes nothing.
    Explain {
        /// Unix time in seconds.
        now: u64,
        /// What was received.
        request: Request,
    },
    /// Say what AWS is to be asked about the identity that a request proves, and take its answer.
    AskIdentity {
        /// Unix time in seconds.
        now: u64,
        /// What was received.
        request: Request,
        /// What AWS answers to the question, where there is one; null where no answer comes.
        #[serde(deserialize_with = "nullable")]
        answer: Option<IdentityAnswer>,
    },
    /// Issue a token.
    IssueToken {
        /// Unix time in seconds.
        now: u64,
        /// What becomes the token's `jti`.
        nonce: String,
        /// Whom the token is about.
        subject: String,
        /// For which service it is.
        audience: String,
        /// For how many seconds; as long as the configuration says where nothing is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lifetime: Option<u64>,
        /// What it allows; all that the subject may do where nothing is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        permissions: Option<Vec<String>>,
        /// The tenant that it names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tenant: Option<String>,
    },
    /// Answer a request to a token endpoint.
    AnswerToken {
        /// Unix time in seconds.
        now: u64,
        /// What becomes the token's `jti`.
        nonce: String,
        /// The service that a verification has named; null where none has.
        #[serde(deserialize_with = "nullable")]
        caller: Option<String>,
        /// The body of the request.
        form: Text,
        /// The tenant that the application names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tenant: Option<String>,
    },
}

/// What AWS answers to a question about an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Text,
}

impl Step {
    /// The name of the operation, which is also the capability that a driver declares for it.
    pub fn op(&self) -> &'static str {
        match self {
            Step::Verify { .. } => "verify",
            Step::VerifyStream { .. } => "verify_stream",
            Step::Sign { .. } => "sign",
            Step::Check {} => "check",
            Step::Replace { .. } => "replace",
            Step::SignContext { .. } => "sign_context",
            Step::VerifyContext { .. } => "verify_context",
            Step::Handshake { .. } => "handshake",
            Step::Explain { .. } => "explain",
            Step::AskIdentity { .. } => "ask_identity",
            Step::IssueToken { .. } => "issue_token",
            Step::AnswerToken { .. } => "answer_token",
        }
    }

    /// The time of the step, where it has one.
    pub fn now(&self) -> Option<u64> {
        match self {
            Step::Verify { now, .. }
            | Step::VerifyStream { now, .. }
            | Step::Sign { now, .. }
            | Step::SignContext { now, .. }
            | Step::VerifyContext { now, .. }
            | Step::Handshake { now, .. }
            | Step::Explain { now, .. }
            | Step::AskIdentity { now, .. }
            | Step::IssueToken { now, .. }
            | Step::AnswerToken { now, .. } => Some(*now),
            Step::Check {} | Step::Replace { .. } => None,
        }
    }
}

impl Step {
    /// Whether the answer can be a refusal.
    pub fn can_be_refused(&self) -> bool {
        matches!(
            self,
            Step::Verify { .. } | Step::VerifyStream { .. } | Step::VerifyContext { .. } | Step::Handshake { .. }
        )
    }

    /// Whether the answer can be a failure: something that the configuration or an argument does not allow.
    pub fn can_fail(&self) -> bool {
        matches!(
            self,
            Step::Sign { .. }
                | Step::SignContext { .. }
                | Step::VerifyContext { .. }
                | Step::IssueToken { .. }
                | Step::AnswerToken { .. }
        )
    }
}

/// Every capability that a hello may declare.
pub const CAPABILITIES: [&str; 12] = [
    "verify",
    "verify_stream",
    "sign",
    "check",
    "replace",
    "sign_context",
    "verify_context",
    "handshake",
    "explain",
    "ask_identity",
    "issue_token",
    "answer_token",
];

/// A request as it is on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method, in the letter case that is on the wire.
    pub method: Text,
    /// Path and query, not decoded.
    pub target: Text,
    /// Host and port, where the test gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Text>,
    /// The header fields in their order, repeats kept.
    pub headers: Vec<(String, Text)>,
    /// The body.
    pub body: Text,
}
