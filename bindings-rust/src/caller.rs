//! Who called: what only the layer can attach to a request.

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use http::Extensions;
use wiresign::{Permission, Refusal, Verified, Verifier};

use crate::gate::Gate;

/// The verified caller of a request. Only [`VerifyLayer`](crate::VerifyLayer) makes one, of each request that came with a
/// credential and was let in. With the feature `axum` it is an extractor.
#[derive(Clone)]
pub struct Caller(Acceptance);

impl Caller {
    /// The caller, of a request behind the layer. `None` on a public route, whose callers nobody has verified, and where there
    /// was no layer.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Acceptance>()?.caller()
    }

    /// The calling service's id, or `webhook:NAME`.
    pub fn service(&self) -> &str {
        self.0.verified.service().expect("a caller is somebody")
    }

    /// Refuses the request unless one of these services made it; without any named, each will do.
    ///
    /// # Errors
    /// `SERVICE_NOT_ALLOWED`, as a response of axum too.
    pub fn require_service<S: AsRef<str>>(&self, services: &[S]) -> Result<(), Refused> {
        self.0.verified.require_service(services).map_err(Refused::new)
    }

    /// Refuses the request unless its caller may do all that the permission matches, by the config and by the request's token.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, as a response of axum too.
    pub fn require_permission(&self, permission: &Permission) -> Result<(), Refused> {
        self.0.verified.require_permission(permission).map_err(Refused::new)
    }
}

impl Deref for Caller {
    type Target = Verified;

    fn deref(&self) -> &Verified {
        &self.0.verified
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Caller").field(&self.0.verified).finish()
    }
}

/// A refusal by a rule of the application.
pub struct Refused(Box<Refusal>);

impl Refused {
    pub(crate) fn new(refusal: Refusal) -> Self {
        Self(Box::new(refusal))
    }
}

impl Deref for Refused {
    type Target = Refusal;

    fn deref(&self) -> &Refusal {
        &self.0
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for Refused {}

/// What the extensions of an accepted request hold.
#[derive(Clone)]
pub(crate) struct Acceptance {
    gate: Arc<Gate>,
    verified: Arc<Verified>,
    client: Option<IpAddr>,
}

impl Acceptance {
    pub(crate) fn new(gate: Arc<Gate>, verified: Verified, client: Option<IpAddr>) -> Self {
        Self { gate, verified: Arc::new(verified), client }
    }

    pub(crate) fn is_by(&self, verifier: &Arc<Verifier>) -> bool {
        Arc::ptr_eq(&self.gate.verifier, verifier)
    }

    /// Writes down that a rule of the application refuses the request.
    pub(crate) fn note(&self, refusal: &Refusal, method: &str, path: &str) {
        self.gate.observer.tell(Err(refusal), (method, path, self.client), Duration::ZERO);
    }

    pub(crate) fn verified(&self) -> &Verified {
        &self.verified
    }

    pub(crate) fn caller(&self) -> Option<Caller> {
        self.verified.service().is_some().then(|| Caller(self.clone()))
    }
}
