//! `wiresign.IdentityRequest`.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use wiresign as core;

/// A question to AWS: who made the proof of an IAM identity.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct IdentityRequest(pub(crate) core::IdentityRequest);

#[pymethods]
impl IdentityRequest {
    /// Always POST.
    #[getter]
    fn method(&self) -> &'static str {
        self.0.method()
    }

    /// The endpoint of STS in a region of the config.
    #[getter]
    fn url(&self) -> &str {
        self.0.url()
    }

    /// Names and values of the headers to send, Host among them.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.0.headers())
    }

    /// Always the same.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.body().as_bytes())
    }

    fn __repr__(&self) -> String {
        format!("<IdentityRequest {}>", self.0.url())
    }
}
