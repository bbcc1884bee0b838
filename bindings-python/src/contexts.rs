//! `wiresign.Contexts` and `wiresign.VerifiedContext`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use wiresign as core;

use crate::config::Config;
use crate::errors;
use crate::metrics::Metrics;
use crate::wire::{Body, Seconds};

/// One more than the core judges: what lies behind cannot change that it refuses.
const MOST_ROLES: usize = 1025;

/// Stands for text that has no UTF-8. The core refuses it as a tenant, a role and a signature.
const NO_TEXT: &str = "\u{7f}";

/// Text from anywhere. A lone surrogate is a refusal of the core, not an error of Python.
struct Field(String);

impl<'py> FromPyObject<'_, 'py> for Field {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let Ok(text) = object.cast::<PyString>() else {
            return Err(PyTypeError::new_err("tenant, roles and signature are str"));
        };
        Ok(Self(text.to_str().unwrap_or(NO_TEXT).to_owned()))
    }
}

/// Any iterable of `str` but a `str` itself.
struct Roles(Vec<String>);

impl<'py> FromPyObject<'_, 'py> for Roles {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("roles are a list of str, not one str"));
        }
        let roles = object.try_iter()?.take(MOST_ROLES).map(|role| Ok(role?.extract::<Field>()?.0));
        roles.collect::<PyResult<Vec<String>>>().map(Self)
    }
}

/// Signs and verifies contexts: a tenant and the roles that somebody has there. Threads may share it.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct Contexts(core::Contexts);

#[pymethods]
impl Contexts {
    #[new]
    fn new(py: Python<'_>, config: &Bound<'_, Config>) -> PyResult<Self> {
        core::Contexts::new(&config.get().0).map(Self).map_err(|error| failed(py, error))
    }

    /// The signature as 64 hex digits. The order of the roles and repeated ones make no difference.
    #[pyo3(signature = (tenant, roles, *, now=None))]
    fn sign(&self, py: Python<'_>, tenant: Field, roles: Roles, now: Option<Seconds>) -> PyResult<String> {
        self.0.sign(&tenant.0, &roles.0, Seconds::or_clock(now)).map_err(|error| failed(py, error))
    }

    /// The bytes that `sign` signs. They hold no secret.
    fn message<'py>(&self, py: Python<'py>, tenant: Field, roles: Roles) -> PyResult<Bound<'py, PyBytes>> {
        let message = self.0.message(&tenant.0, &roles.0).map_err(|error| failed(py, error))?;
        Ok(PyBytes::new(py, &message))
    }

    /// Who acts for whom, or raises a Refusal. `payload` is what an older system signed.
    #[pyo3(signature = (tenant, roles, signature, *, now=None, payload=None))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        tenant: Field,
        roles: Roles,
        signature: Field,
        now: Option<Seconds>,
        payload: Option<Body<'_>>,
    ) -> PyResult<Bound<'py, VerifiedContext>> {
        let payload = payload.as_ref().map(Body::bytes);
        match self.0.verify(&tenant.0, &roles.0, &signature.0, Seconds::or_clock(now), payload) {
            Ok(verified) => Bound::new(py, VerifiedContext(verified)),
            Err(refusal) => Err(errors::refusal(py, refusal)),
        }
    }

    /// Takes the keys of a new config. The counters are kept.
    fn replace(&self, py: Python<'_>, config: &Bound<'_, Config>) -> PyResult<()> {
        self.0.replace(&config.get().0).map_err(|error| failed(py, error))
    }

    /// The counters as they stand.
    fn metrics(&self) -> Metrics {
        Metrics(self.0.metrics())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("Contexts"))
    }
}

/// A tenant and roles that were signed. Only a verification makes one.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct VerifiedContext(core::VerifiedContext);

#[pymethods]
impl VerifiedContext {
    /// The tenant.
    #[getter]
    fn tenant(&self) -> &str {
        self.0.tenant()
    }

    /// The roles, sorted and each once.
    #[getter]
    fn roles<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.roles())
    }

    /// Whether one of the roles is this one.
    fn has_role(&self, role: &str) -> bool {
        self.0.has_role(role)
    }

    /// Which key matched.
    #[getter]
    fn key_id(&self) -> &str {
        self.0.key_id()
    }

    /// Whether that key is on its way out.
    #[getter]
    fn key_is_retiring(&self) -> bool {
        self.0.key_is_retiring()
    }

    /// Which form of signature matched.
    #[getter]
    fn matched(&self) -> &str {
        self.0.matched()
    }

    fn __repr__(&self) -> String {
        format!("<VerifiedContext key_id={:?} matched={:?}>", self.0.key_id(), self.0.matched())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("VerifiedContext"))
    }
}

fn failed(py: Python<'_>, error: core::ContextError) -> PyErr {
    errors::signing_error(py, &error.to_string())
}
