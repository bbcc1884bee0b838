//! Refusals that an adapter's own rules make (`auth.requires` of FastAPI), in the words and bytes of the core's.

use std::sync::Arc;

use wiresign::{Config, Head, RefusalCode, RefusalResponse, Verified, Verifier};

/// How a config answers refused requests.
pub(crate) struct Manner {
    uniform: bool,
    www_authenticate: String,
}

impl Manner {
    pub(crate) fn of(config: &Config) -> Arc<Self> {
        // The config does not say whether it reveals codes, but a refusal does. This one is made by a verifier of its
        // own, so that nothing is counted.
        let no_headers: [(&str, &str); 0] = [];
        let refusal = Verifier::new(config).begin(&Head::new(b"", b"", &no_headers), 0).err();
        Arc::new(Self {
            uniform: refusal.is_none_or(|refusal| refusal.response().code != refusal.code()),
            www_authenticate: format!("Wiresign realm=\"{}\"", config.service()),
        })
    }
}

/// A refusal of a request whose caller is known.
pub(crate) struct PolicyRefusal {
    pub(crate) code: RefusalCode,
    pub(crate) service: Option<String>,
    pub(crate) request_id: Option<String>,
    manner: Arc<Manner>,
}

impl PolicyRefusal {
    pub(crate) fn new(code: RefusalCode, verified: &Verified, manner: Arc<Manner>) -> Self {
        let service = verified.service().map(Into::into);
        let request_id = verified.request_id().map(Into::into);
        Self { code, service, request_id, manner }
    }

    pub(crate) fn detail(&self) -> String {
        match &self.service {
            Some(service) => format!("{service:?} is not what the route's own dependency requires"),
            None => "the route is public in the config, but its own dependency requires a caller".into(),
        }
    }

    pub(crate) fn response(&self) -> RefusalResponse {
        let code = match self.code.status() {
            _ if !self.manner.uniform => self.code,
            403 => RefusalCode::PermissionDenied,
            _ => RefusalCode::AuthenticationRequired,
        };
        // Neither the contract's texts nor a request id hold anything that JSON escapes.
        let request_id = self.request_id.as_ref().map_or_else(|| "null".into(), |id| format!("\"{id}\""));
        RefusalResponse {
            status: code.status(),
            code,
            www_authenticate: (code.status() == 401).then(|| self.manner.www_authenticate.clone()),
            body: format!(r#"{{"error":"{}","code":"{}","requestId":{request_id}}}"#, code.message(), code.name()),
        }
    }
}
