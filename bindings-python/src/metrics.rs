//! `wiresign.Metrics`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use wiresign as core;

/// The counters of one verifier, as they stood when it was asked.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct Metrics(pub(crate) core::Metrics);

#[pymethods]
impl Metrics {
    /// The counters in the Prometheus text format.
    fn prometheus(&self) -> String {
        self.0.prometheus()
    }

    /// The counters as values: name, labels, count.
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for counter in self.0.counters() {
            let labels = PyDict::new(py);
            for (name, value) in &counter.labels {
                labels.set_item(name, value)?;
            }
            list.append((counter.name, labels, counter.value))?;
        }
        Ok(list)
    }
}
