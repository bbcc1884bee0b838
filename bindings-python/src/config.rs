//! `wiresign.Config`.

use std::collections::HashMap;
use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyString, PyTuple};
use wiresign as core;
use wiresign_host::SystemLookup;

use crate::errors;

/// One checked config document. Immutable, and shows no secret.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct Config(pub(crate) core::Config);

#[pymethods]
impl Config {
    /// Reads a config document: JSON text, or the mapping that such text would be.
    #[staticmethod]
    #[pyo3(signature = (document, *, env=None))]
    fn parse(document: &Bound<'_, PyAny>, env: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let py = document.py();
        if let Ok(text) = document.cast::<PyString>() {
            return Self::from_text(py, text.to_str().ok(), env);
        }
        let Ok(mapping) = document.cast::<PyMapping>() else {
            return Err(PyTypeError::new_err("a config document is JSON text (str) or a mapping"));
        };
        let options = PyDict::new(py);
        options.set_item("allow_nan", false)?;
        let plain = py.get_type::<PyDict>().call1((mapping,))?;
        let text = py.import("json")?.call_method("dumps", (plain,), Some(&options))?;
        Self::from_text(py, text.cast::<PyString>()?.to_str().ok(), env)
    }

    /// Reads a config document from a file.
    #[staticmethod]
    #[pyo3(signature = (path, *, env=None))]
    fn from_file(py: Python<'_>, path: PathBuf, env: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        // Python reads it: its errors name the file.
        let path = py.import("pathlib")?.call_method1("Path", (path,))?;
        let bytes: Vec<u8> = path.call_method0("read_bytes")?.extract()?;
        Self::from_text(py, std::str::from_utf8(&bytes).ok(), env)
    }

    /// Makes the config of a small service from environment variables alone.
    #[staticmethod]
    #[pyo3(signature = (env=None))]
    fn from_env(py: Python<'_>, env: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let config = core::Config::from_env(&lookup(env)?);
        config.map(Self).map_err(|errors| errors::config_error(py, errors.problems()))
    }

    /// The id of the service itself.
    #[getter]
    fn service(&self) -> &str {
        self.0.service()
    }

    /// The environment that this service runs in.
    #[getter]
    fn environment(&self) -> Option<&str> {
        self.0.environment()
    }

    /// The ids of the registry.
    #[getter]
    fn service_ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.service_ids().collect::<Vec<_>>())
    }

    /// What is allowed but unwise.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        errors::problems(py, self.0.warnings())
    }

    /// Where a service of the registry is reached.
    fn url(&self, service: &str) -> Option<&str> {
        self.0.url(service)
    }

    /// Where issuers of tokens publish their keys: pairs of an issuer and a URL.
    #[getter]
    fn jwks_urls(&self) -> Vec<(&str, &str)> {
        self.0.jwks_urls().collect()
    }

    /// Takes the JWK Set that an issuer publishes now. What is wrong with one is raised as a ConfigError, and changes nothing.
    fn publish_keys(&self, py: Python<'_>, issuer: &str, jwks: &str) -> PyResult<()> {
        self.0.publish_keys(issuer, jwks).map_err(|problem| errors::config_error(py, std::slice::from_ref(&problem)))
    }

    /// The longest body that is accepted, in bytes.
    #[getter]
    fn body_limit(&self) -> u64 {
        self.0.body_limit()
    }

    /// Whether the adapters remember requests, in a store that they are given.
    #[getter]
    fn _has_external_replay_store(&self) -> bool {
        self.0.has_external_replay_store()
    }

    fn __repr__(&self) -> String {
        format!("<Config of {:?}, {} services>", self.0.service(), self.0.service_ids().count())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("Config"))
    }
}

impl Config {
    fn from_text(py: Python<'_>, text: Option<&str>, env: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let lookup = lookup(env)?;
        let Some(text) = text else {
            let problem = core::Problem { pointer: String::new(), message: "write the document as UTF-8 text".into() };
            return Err(errors::config_error(py, &[problem]));
        };
        core::Config::parse(text, &lookup).map(Self).map_err(|errors| errors::config_error(py, errors.problems()))
    }
}

/// Where `env:` and `file:` references are looked up: in the given mapping, or in the environment of the process.
fn lookup(env: Option<&Bound<'_, PyAny>>) -> PyResult<SystemLookup> {
    let Some(env) = env else { return Ok(SystemLookup::new()) };
    let Ok(env) = env.cast::<PyMapping>() else {
        return Err(PyTypeError::new_err("env must be a mapping of str to str, or None for the process's environment"));
    };
    let mut variables = HashMap::new();
    for item in env.items()?.iter() {
        let (name, value) = item.extract::<(Bound<'_, PyString>, Bound<'_, PyString>)>().map_err(|_| {
            PyTypeError::new_err("env must be a mapping of str to str, or None for the process's environment")
        })?;
        // A variable that is no Unicode text (os.environ keeps such ones) counts as not set.
        if let (Ok(name), Ok(value)) = (name.to_str(), value.to_str()) {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(SystemLookup::with_env(variables))
}
