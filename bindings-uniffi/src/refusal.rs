//! Why a request is not accepted.

/// Why a request is not accepted.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Refusal {
    /// The name of the stable code.
    pub code: String,
    /// The HTTP status of the code.
    pub status: u16,
    /// One sentence that is safe to show.
    pub message: String,
    /// More, for the operator's log only.
    pub detail: String,
    /// The known service that was claimed, not proven.
    pub service: Option<String>,
    /// The request id, where it has the form of one.
    pub request_id: Option<String>,
    /// The answer to send, which honours `reveal`.
    pub response: RefusalResponse,
}

/// What every adapter answers with, byte for byte, as application/json.
#[derive(Clone, Debug, uniffi::Record)]
pub struct RefusalResponse {
    /// The HTTP status.
    pub status: u16,
    /// The name of the code that is shown, which `reveal` may have made uniform.
    pub code: String,
    /// The WWW-Authenticate header, with status 401.
    pub www_authenticate: Option<String>,
    /// The JSON text.
    pub body: String,
}

impl From<&wiresign::Refusal> for Refusal {
    fn from(refusal: &wiresign::Refusal) -> Self {
        let response = refusal.response();
        Self {
            code: refusal.code().name().to_owned(),
            status: refusal.status(),
            message: refusal.message().to_owned(),
            detail: refusal.detail(),
            service: refusal.service().map(str::to_owned),
            request_id: refusal.request_id().map(str::to_owned),
            response: RefusalResponse {
                status: response.status,
                code: response.code.name().to_owned(),
                www_authenticate: response.www_authenticate,
                body: response.body,
            },
        }
    }
}
