//! `wiresign.Verified`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use wiresign as core;

use crate::errors;
use crate::wire::every_borrowed;

/// The header fields that applications read as the name of their caller: Python has them from here, as `_CLAIMS`.
pub(crate) const CLAIMS: [&[u8]; 2] = [b"x-service-id", b"x-service-name"];

/// Who called, from verified material only. Only a verification makes one.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct Verified(pub(crate) core::Verified);

impl Verified {
    /// The Python object of a verdict.
    #[inline]
    pub(crate) fn or_raise<'py>(
        py: Python<'py>,
        verdict: Result<core::Verified, core::Refusal>,
    ) -> PyResult<Bound<'py, Self>> {
        match verdict {
            Ok(verified) => Bound::new(py, Self(verified)),
            Err(refusal) => Err(errors::refusal(py, refusal)),
        }
    }
}

#[pymethods]
impl Verified {
    /// The calling service; None only on a public route.
    #[getter]
    fn service(&self) -> Option<&str> {
        self.0.service()
    }

    /// Which key of the caller matched.
    #[getter]
    fn key_id(&self) -> Option<&str> {
        self.0.key_id()
    }

    /// Whether that key is on its way out.
    #[getter]
    fn key_is_retiring(&self) -> bool {
        self.0.key_is_retiring()
    }

    /// The wire format of the signature.
    #[getter]
    fn scheme(&self) -> Option<&str> {
        self.0.scheme()
    }

    /// The wire formats of all credentials that were verified: one, or more where the route requires more.
    #[getter]
    fn schemes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.schemes().collect::<Vec<_>>())
    }

    /// Seconds since the request was signed; negative when it comes from the future.
    #[getter]
    fn age(&self) -> Option<i64> {
        self.0.age()
    }

    /// When the request was signed, in Unix seconds.
    #[getter]
    fn timestamp(&self) -> Option<u64> {
        self.0.timestamp()
    }

    /// The request id, where it has the form of one.
    #[getter]
    fn request_id(&self) -> Option<&str> {
        self.0.request_id()
    }

    /// Whether the signature covers the request id.
    #[getter]
    fn request_id_is_signed(&self) -> bool {
        self.0.request_id_is_signed()
    }

    /// The pattern of the route that matched.
    #[getter]
    fn route(&self) -> Option<&str> {
        self.0.route()
    }

    /// What the signature covers.
    #[getter]
    fn covered<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.covered().collect::<Vec<_>>())
    }

    /// The subject of the request's token.
    #[getter]
    fn subject(&self) -> Option<&str> {
        self.0.subject()
    }

    /// The tenant that the request's token names.
    #[getter]
    fn tenant(&self) -> Option<&str> {
        self.0.tenant()
    }

    /// When the request's token expires, in Unix seconds.
    #[getter]
    fn token_expires(&self) -> Option<u64> {
        self.0.token_expires()
    }

    /// All claims of the request's token.
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(claims) = self.0.claims() else { return Ok(None) };
        py.import("json")?.call_method1("loads", (claims,)).map(Some)
    }

    /// What a store shared by several verifiers keeps to see the same request again.
    #[getter]
    fn replay_key(&self) -> Option<String> {
        self.0.replay_key()
    }

    /// For how many seconds such a store must remember it; None where it need not.
    #[getter]
    fn replay_seconds(&self) -> Option<u64> {
        self.0.replay_seconds()
    }

    /// Raises the Refusal of a request that none of these services made. Without any service named each caller will do,
    /// but there must be one.
    #[pyo3(signature = (*services))]
    fn require_service(&self, py: Python<'_>, services: Vec<String>) -> PyResult<()> {
        self.0.require_service(&services).map_err(|refusal| errors::refusal(py, refusal))
    }

    /// Raises the Refusal of a request whose caller may not do all that this pattern matches, as in `POST /invoices/**`: by
    /// the config, or by the request's token. Raises ValueError for what is no pattern.
    fn require_permission(&self, py: Python<'_>, permission: &str) -> PyResult<()> {
        let permission = core::Permission::parse(permission).map_err(PyValueError::new_err)?;
        self.0.require_permission(&permission).map_err(|refusal| errors::refusal(py, refusal))
    }

    /// Whether the header fields name nobody but the verified caller: neither in a name that applications read as an identity,
    /// nor in one with underscores, which some of them take for the same. Adapters look closer where it is false.
    #[pyo3(signature = (headers, /))]
    fn _accounts_for(&self, headers: &Bound<'_, PyAny>) -> bool {
        let service = self.0.service().map(str::as_bytes);
        every_borrowed(
            headers,
            |name, value| {
                if CLAIMS.contains(&name) { service == Some(value) } else { !name.contains(&b'_') }
            },
        )
    }

    /// Whether a public route let the request in without a look at its credentials.
    #[getter]
    fn is_public(&self) -> bool {
        self.0.is_public()
    }

    fn __repr__(&self) -> String {
        match (self.0.service(), self.0.scheme()) {
            (Some(service), Some(scheme)) => {
                format!("<Verified service={service:?} key_id={:?} scheme={scheme:?}>", self.0.key_id().unwrap_or(""))
            }
            _ => "<Verified public>".into(),
        }
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("Verified"))
    }
}
