//! `wiresign.generate_secret`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wiresign::SecretEncoding;

use crate::errors;

/// A fresh secret of 32 random bytes, as text for the config of both services.
#[pyfunction]
#[pyo3(signature = (encoding="hex"))]
pub(crate) fn generate_secret(encoding: &str) -> PyResult<String> {
    let encoding = match encoding {
        "hex" => SecretEncoding::Hex,
        "base64" => SecretEncoding::Base64,
        _ => return Err(PyValueError::new_err("encoding is \"hex\" or \"base64\"")),
    };
    let random = wiresign_host::random32().map_err(errors::no_randomness)?;
    Ok(wiresign::generate_secret(&random, encoding))
}
