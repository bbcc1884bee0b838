//! What an application requires of its callers, looked at when it is written down and not at the first request.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wiresign as core;

/// Raises ValueError for what is no permission.
#[pyfunction]
pub(crate) fn check_permission(permission: &str) -> PyResult<()> {
    core::Permission::parse(permission).map(drop).map_err(PyValueError::new_err)
}
