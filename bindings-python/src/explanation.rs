//! `wiresign.Explanation`.

use pyo3::prelude::*;
use pyo3::types::PyList;
use wiresign as core;

use crate::errors;

/// How a verification went, and what probably went wrong. For operators, not for callers.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct Explanation(pub(crate) core::Explanation);

#[pymethods]
impl Explanation {
    /// OK, or the code of the refusal.
    #[getter]
    fn verdict(&self) -> &'static str {
        self.0.verdict()
    }

    /// The causes; those that a signature proves come first.
    #[getter]
    fn hints<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let class = errors::hint_class(py)?;
        let list = PyList::empty(py);
        for hint in self.0.hints() {
            list.append(class.call1((hint.id(), hint.cause(), hint.fix(), hint.is_proved()))?)?;
        }
        Ok(list)
    }

    /// All of it as JSON text, for programs.
    fn json(&self) -> String {
        self.0.json()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Explanation {}>", self.0.verdict())
    }
}
