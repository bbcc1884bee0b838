//! The native half of the Python package `wiresign`: the core, and the conversions to and from Python.
//!
//! One crossing per request. A header list of an ASGI server is read in place; nothing of it is copied, and no Python
//! code runs while a slice of it is in use. Exceptions are classes of `wiresign._errors`, made in Python so that they can
//! derive from `Exception` under the stable ABI.

// The core hands refusals out by value, so that a forged request costs no allocation before it becomes an exception.
#![allow(clippy::result_large_err)]

mod body_verification;
mod config;
mod contexts;
mod errors;
mod explanation;
mod handshake;
mod identity;
mod metrics;
mod permission;
mod secret;
mod signer;
mod token_issuer;
mod verified;
mod verifier;
mod wire;

/// The module `wiresign._wiresign`.
// Headers are read in place under the GIL, so a free-threaded interpreter has to bring it back.
#[pyo3::pymodule(gil_used = true)]
mod _wiresign {
    use pyo3::prelude::*;
    use pyo3::types::PyFrozenSet;

    #[pymodule_export]
    use crate::body_verification::BodyVerification;
    #[pymodule_export]
    use crate::config::Config;
    #[pymodule_export]
    use crate::contexts::{Contexts, VerifiedContext};
    #[pymodule_export]
    use crate::errors::RefusalFacts;
    #[pymodule_export]
    use crate::explanation::Explanation;
    #[pymodule_export]
    use crate::handshake::HandshakeResponse;
    #[pymodule_export]
    use crate::identity::IdentityRequest;
    #[pymodule_export]
    use crate::metrics::Metrics;
    #[pymodule_export]
    use crate::permission::check_permission;
    #[pymodule_export]
    use crate::secret::generate_secret;
    #[pymodule_export]
    use crate::signer::Signer;
    #[pymodule_export]
    use crate::token_issuer::{IssuedToken, TokenIssuer, TokenResponse};
    #[pymodule_export]
    use crate::verified::Verified;
    #[pymodule_export]
    use crate::verifier::Verifier;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Looked up now, so that an incomplete installation fails at import and not at the first refusal.
        crate::errors::classes(module.py())?;
        crate::wire::find_layout(module.py());
        // Not by `add`, which would name it in `__all__`.
        module.setattr("_CLAIMS", PyFrozenSet::new(module.py(), crate::verified::CLAIMS)?)
    }
}
