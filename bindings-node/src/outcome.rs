//! Verdicts as plain objects, for the calls that are rare.

use napi_derive::napi;
use wiresign::{Refusal, RefusalCode, RefusalResponse, Verified};

/// A verified request itself, for a step that comes later.
#[napi]
pub struct NativeVerified(pub(crate) Verified);

/// What many verified requests have in common.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct Facts {
    /// The calling service.
    pub service: Option<String>,
    /// The key that matched.
    pub key_id: Option<String>,
    /// Whether that key is on its way out.
    pub key_is_retiring: bool,
    /// The scheme's id.
    pub scheme: Option<String>,
    /// The ids of all schemes that were verified.
    pub schemes: Vec<String>,
    /// The pattern of the route.
    pub route: Option<String>,
    /// What the signature covers.
    pub covered: Vec<String>,
    /// Whether the request id is signed.
    pub request_id_is_signed: bool,
    /// Whether a public route let the request in.
    pub is_public: bool,
}

impl From<&Verified> for Facts {
    fn from(verified: &Verified) -> Self {
        Self {
            service: verified.service().map(str::to_owned),
            key_id: verified.key_id().map(str::to_owned),
            key_is_retiring: verified.key_is_retiring(),
            scheme: verified.scheme().map(str::to_owned),
            schemes: verified.schemes().map(str::to_owned).collect(),
            route: verified.route().map(str::to_owned),
            covered: verified.covered().map(str::to_owned).collect(),
            request_id_is_signed: verified.request_id_is_signed(),
            is_public: verified.is_public(),
        }
    }
}

/// What a token says beyond who calls.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct TokenFields {
    /// Its tenant, where the config says.
    pub tenant: Option<String>,
    /// When it ends, in Unix seconds.
    pub expires: f64,
    /// All of its claims, as the JSON text of an object.
    pub claims: String,
}

impl TokenFields {
    fn of(verified: &Verified) -> Option<Self> {
        Some(Self {
            tenant: verified.tenant().map(str::to_owned),
            expires: verified.token_expires()? as f64,
            claims: verified.claims()?.to_owned(),
        })
    }
}

/// Everything about a verified request.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct VerifiedFields {
    /// What it has in common with others, unless that has a number.
    pub facts: Option<Facts>,
    /// The number of what it has in common with others.
    pub number: Option<u32>,
    /// Seconds.
    pub age: Option<f64>,
    /// Unix seconds.
    pub timestamp: Option<f64>,
    /// The request id.
    pub request_id: Option<String>,
    /// What tells it from its replay.
    pub replay_key: Option<String>,
    /// For how long an external store must remember it.
    pub replay_seconds: Option<f64>,
    /// Whom its token, or AWS, says that it is about.
    pub subject: Option<String>,
    /// What its token says, where it has one.
    pub token: Option<TokenFields>,
    /// The request itself, where what such a store says is still to come.
    pub unsettled: Option<NativeVerified>,
}

impl From<&Verified> for VerifiedFields {
    fn from(verified: &Verified) -> Self {
        Self { facts: Some(verified.into()), ..Self::numbered(verified, None) }
    }
}

impl VerifiedFields {
    /// The same without what it has in common with others.
    pub(crate) fn numbered(verified: &Verified, number: Option<u32>) -> Self {
        Self {
            facts: None,
            number,
            age: verified.age().map(|age| age as f64),
            timestamp: verified.timestamp().map(|timestamp| timestamp as f64),
            request_id: verified.request_id().map(str::to_owned),
            replay_key: verified.replay_key(),
            replay_seconds: verified.replay_seconds().map(|seconds| seconds as f64),
            subject: verified.subject().map(str::to_owned),
            token: TokenFields::of(verified),
            unsettled: verified.replay_seconds().map(|_| NativeVerified(verified.clone())),
        }
    }
}

/// Everything about a refusal.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct RefusalFields {
    /// The stable code.
    pub code: &'static str,
    /// The status of the code.
    pub status: u32,
    /// Safe to show.
    pub message: &'static str,
    /// For the operator's log.
    pub detail: String,
    /// The known service that was claimed.
    pub service: Option<String>,
    /// The request id.
    pub request_id: Option<String>,
    /// The status to answer with.
    pub response_status: u32,
    /// The code to show.
    pub response_code: &'static str,
    /// The header of a 401.
    pub www_authenticate: Option<String>,
    /// The body to answer with.
    pub body: String,
}

impl RefusalFields {
    /// The refusal of an adapter, for a request that the core has accepted.
    pub(crate) fn of_adapter(
        code: RefusalCode,
        detail: String,
        service: Option<String>,
        request_id: Option<String>,
        shown: RefusalCode,
        www_authenticate: Option<String>,
    ) -> Self {
        let [error, code_text, id] = [Some(shown.message()), Some(shown.name()), request_id.as_deref()]
            .map(|text| serde_json::Value::from(text).to_string());
        let body = format!(r#"{{"error":{error},"code":{code_text},"requestId":{id}}}"#);
        let response = RefusalResponse { status: shown.status(), code: shown, www_authenticate, body };
        Self::new(code, detail, service, request_id, response)
    }

    fn new(
        code: RefusalCode,
        detail: String,
        service: Option<String>,
        request_id: Option<String>,
        response: RefusalResponse,
    ) -> Self {
        Self {
            code: code.name(),
            status: code.status().into(),
            message: code.message(),
            detail,
            service,
            request_id,
            response_status: response.status.into(),
            response_code: response.code.name(),
            www_authenticate: response.www_authenticate,
            body: response.body,
        }
    }
}

impl From<&Refusal> for RefusalFields {
    fn from(refusal: &Refusal) -> Self {
        Self::new(
            refusal.code(),
            refusal.detail(),
            refusal.service().map(str::to_owned),
            refusal.request_id().map(str::to_owned),
            refusal.response(),
        )
    }
}
