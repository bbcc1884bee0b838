//! `wiresign.HandshakeResponse`.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use wiresign as core;

/// What to answer a handshake with, and nothing else.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct HandshakeResponse(pub(crate) core::HandshakeResponse);

#[pymethods]
impl HandshakeResponse {
    /// The HTTP status.
    #[getter]
    fn status(&self) -> u16 {
        self.0.status
    }

    /// Names and values, in the order in which to set them.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.0.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The body, which may be empty.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.body.as_bytes())
    }

    fn __repr__(&self) -> String {
        format!("<HandshakeResponse {}>", self.0.status)
    }
}
