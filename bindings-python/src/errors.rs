//! How the core's errors become Python exceptions. Every conversion is here.

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyType};
use wiresign as core;
use wiresign_host::NoRandomness;

/// The classes of `wiresign._errors`.
pub(crate) struct Classes {
    problem: Py<PyType>,
    hint: Py<PyType>,
    config_error: Py<PyType>,
    signing_error: Py<PyType>,
    refusal: Py<PyType>,
}

/// The exception classes, imported once.
pub(crate) fn classes(py: Python<'_>) -> PyResult<&Classes> {
    static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
    CLASSES.get_or_try_init(py, || {
        let module = py.import("wiresign._errors")?;
        let class = |name: &str| -> PyResult<Py<PyType>> { Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind()) };
        Ok(Classes {
            problem: class("Problem")?,
            hint: class("Hint")?,
            config_error: class("ConfigError")?,
            signing_error: class("SigningError")?,
            refusal: class("Refusal")?,
        })
    })
}

/// `wiresign.Refusal`, to raise.
pub(crate) fn refusal(py: Python<'_>, refusal: core::Refusal) -> PyErr {
    RefusalFacts(refusal).into_exception(py).map_or_else(|error| error, PyErr::from_value)
}

/// `wiresign.SigningError`, to raise.
pub(crate) fn signing_error(py: Python<'_>, sentence: &str) -> PyErr {
    match classes(py).and_then(|classes| classes.signing_error.bind(py).call1((sentence,))) {
        Ok(instance) => PyErr::from_value(instance),
        Err(error) => error,
    }
}

/// `wiresign.ConfigError`, to raise.
pub(crate) fn config_error(py: Python<'_>, found: &[core::Problem]) -> PyErr {
    let raise = || -> PyResult<Bound<'_, PyAny>> { classes(py)?.config_error.bind(py).call1((problems(py, found)?,)) };
    match raise() {
        Ok(instance) => PyErr::from_value(instance),
        Err(error) => error,
    }
}

/// A list of `wiresign.Problem`.
pub(crate) fn problems<'py>(py: Python<'py>, found: &[core::Problem]) -> PyResult<Bound<'py, PyList>> {
    let class = classes(py)?.problem.bind(py);
    let list = PyList::empty(py);
    for problem in found {
        list.append(class.call1((problem.pointer.as_str(), problem.message.as_str()))?)?;
    }
    Ok(list)
}

/// The class `wiresign.Hint`.
pub(crate) fn hint_class<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyType>> {
    Ok(classes(py)?.hint.bind(py))
}

/// The error of a `BodyVerification` that is used after its end.
pub(crate) fn spent() -> PyErr {
    PyRuntimeError::new_err("this BodyVerification was finished or refused before, or another thread is using it")
}

/// The error of a system without randomness. Nothing may be signed then.
pub(crate) fn no_randomness(error: NoRandomness) -> PyErr {
    PyOSError::new_err(error.to_string())
}

/// The error of every attempt to pickle or copy an object of this module.
pub(crate) fn not_picklable(class: &str) -> PyErr {
    PyTypeError::new_err(format!("a wiresign.{class} cannot be pickled or copied"))
}

/// What a refusal says. `wiresign.Refusal` holds one and asks it when somebody wants to know.
#[pyclass(frozen, module = "wiresign._wiresign")]
pub(crate) struct RefusalFacts(core::Refusal);

impl RefusalFacts {
    /// The exception that carries these facts.
    fn into_exception(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        classes(py)?.refusal.bind(py).call1((self,))
    }
}

#[pymethods]
impl RefusalFacts {
    #[getter]
    fn code(&self) -> &'static str {
        self.0.code().name()
    }

    #[getter]
    fn status(&self) -> u16 {
        self.0.status()
    }

    #[getter]
    fn message(&self) -> &'static str {
        self.0.message()
    }

    #[getter]
    fn detail(&self) -> String {
        self.0.detail()
    }

    #[getter]
    fn service(&self) -> Option<&str> {
        self.0.service()
    }

    #[getter]
    fn request_id(&self) -> Option<&str> {
        self.0.request_id()
    }

    /// Status, code, WWW-Authenticate and body of the answer.
    fn response<'py>(&self, py: Python<'py>) -> (u16, &'static str, Option<String>, Bound<'py, PyBytes>) {
        let response = self.0.response();
        (response.status, response.code.name(), response.www_authenticate, PyBytes::new(py, response.body.as_bytes()))
    }

    fn __repr__(&self) -> String {
        format!("RefusalFacts({})", self.code())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(not_picklable("Refusal"))
    }
}
