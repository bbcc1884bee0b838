//! `wiresign.TokenIssuer`, and what it gives.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use wiresign as core;

use crate::config::Config;
use crate::errors;
use crate::wire::{Body, Seconds};

/// Issues tokens about the services of the registry, for a token endpoint. Threads may share it.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct TokenIssuer(core::TokenIssuer);

#[pymethods]
impl TokenIssuer {
    #[new]
    fn new(py: Python<'_>, config: &Bound<'_, Config>) -> PyResult<Self> {
        core::TokenIssuer::new(&config.get().0).map(Self).map_err(|error| failed(py, &error))
    }

    /// A token about a service of the registry for one of its targets.
    #[pyo3(signature = (subject, audience, *, lifetime=None, permissions=None, tenant=None, now=None, id=None))]
    #[expect(clippy::too_many_arguments, reason = "all but two of them are named")]
    fn issue(
        &self,
        py: Python<'_>,
        subject: &str,
        audience: &str,
        lifetime: Option<u64>,
        permissions: Option<Vec<String>>,
        tenant: Option<&str>,
        now: Option<Seconds>,
        id: Option<&str>,
    ) -> PyResult<IssuedToken> {
        let permissions: Option<Vec<&str>> = permissions.as_ref().map(|list| list.iter().map(|text| &**text).collect());
        let request = core::TokenRequest {
            lifetime,
            permissions: permissions.as_deref(),
            tenant,
            ..core::TokenRequest::new(subject, audience)
        };
        let issued = with_id(id, |id| self.0.issue(&request, Seconds::or_clock(now), id))?;
        issued.map(IssuedToken).map_err(|error| failed(py, &error))
    }

    /// The whole answer to a request for a token, whose caller a verification has named.
    #[pyo3(signature = (caller, form, *, tenant=None, now=None, id=None))]
    fn answer(
        &self,
        py: Python<'_>,
        caller: Option<&str>,
        form: Body<'_>,
        tenant: Option<&str>,
        now: Option<Seconds>,
        id: Option<&str>,
    ) -> PyResult<TokenResponse> {
        let now = Seconds::or_clock(now);
        let answer = with_id(id, |id| self.0.answer(caller, form.bytes(), tenant, now, id))?;
        answer.map(TokenResponse).map_err(|error| failed(py, &error))
    }

    /// Swaps the config for all later tokens. Where the new one cannot sign any, the config stays.
    fn replace(&self, py: Python<'_>, config: &Bound<'_, Config>) -> PyResult<()> {
        self.0.replace(&config.get().0).map_err(|error| failed(py, &error))
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("TokenIssuer"))
    }
}

/// A token that was issued.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct IssuedToken(core::IssuedToken);

#[pymethods]
impl IssuedToken {
    /// The token in compact form. Whoever has it can use it.
    #[getter]
    fn text(&self) -> &str {
        self.0.text()
    }

    /// The first Unix second at which it has ended.
    #[getter]
    fn expires(&self) -> u64 {
        self.0.expires()
    }

    /// For how many seconds it lives.
    #[getter]
    fn lifetime(&self) -> u64 {
        self.0.lifetime()
    }

    /// What it allows, as patterns.
    #[getter]
    fn permissions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.permissions())
    }

    fn __repr__(&self) -> String {
        format!("<IssuedToken expires={}>", self.0.expires())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("IssuedToken"))
    }
}

/// What to answer a request for a token with.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct TokenResponse(core::TokenResponse);

#[pymethods]
impl TokenResponse {
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

    /// The body, which holds the token.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.body.as_bytes())
    }

    fn __repr__(&self) -> String {
        format!("<TokenResponse {}>", self.0.status)
    }
}

/// Gives the id of a token, a fresh one where the caller gave none.
fn with_id<R>(given: Option<&str>, work: impl FnOnce(&str) -> R) -> PyResult<R> {
    match given {
        Some(id) => Ok(work(id)),
        None => Ok(work(&wiresign_host::request_id_string().map_err(errors::no_randomness)?)),
    }
}

fn failed(py: Python<'_>, error: &core::SignError) -> PyErr {
    errors::signing_error(py, &error.to_string())
}
