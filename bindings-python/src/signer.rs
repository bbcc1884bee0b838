//! `wiresign.Signer`.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use wiresign as core;

use crate::config::Config;
use crate::errors;
use crate::wire::{Body, Parts, Response, Seconds, Text, fields_on_the_wire};

/// Holds the credential of one caller and a scheme. Threads may share it.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct Signer(core::Signer);

#[pymethods]
impl Signer {
    #[new]
    #[pyo3(signature = (config, target=None))]
    fn new(py: Python<'_>, config: &Bound<'_, Config>, target: Option<&str>) -> PyResult<Self> {
        core::Signer::new(&config.get().0, target).map(Self).map_err(|error| failed(py, &error))
    }

    /// A signer with credentials of AWS that were given out for a while, in place of the access keys in the config.
    #[staticmethod]
    #[pyo3(signature = (config, access_key_id, secret, session_token=None, *, target=None))]
    fn with_aws_credentials(
        py: Python<'_>,
        config: &Bound<'_, Config>,
        access_key_id: &str,
        secret: &str,
        session_token: Option<&str>,
        target: Option<&str>,
    ) -> PyResult<Self> {
        core::Signer::with_aws_credentials(&config.get().0, target, access_key_id, secret, session_token)
            .map(Self)
            .map_err(|error| failed(py, &error))
    }

    /// The headers to set, in order. The request is not changed.
    #[pyo3(signature = (method, target, headers=None, body=Body::Absent, *, authority=None, now=None, nonce=None))]
    #[pyo3(text_signature = "($self, method, target, headers=(), body=b'', *, authority=None, now=None, nonce=None)")]
    #[expect(clippy::too_many_arguments, reason = "one crossing per request")]
    fn sign<'py>(
        &self,
        py: Python<'py>,
        method: Text<'_>,
        target: Text<'_>,
        headers: Option<&Bound<'py, PyAny>>,
        body: Body<'_>,
        authority: Option<Text<'_>>,
        now: Option<Seconds>,
        nonce: Option<&str>,
    ) -> PyResult<Bound<'py, PyList>> {
        let request = Request { method, target, headers, body, authority, now, nonce };
        let signed = request.lend(py, |head, body, now, nonce| self.0.sign(head, body, now, nonce))?;
        PyList::new(py, signed.iter().collect::<Vec<_>>())
    }

    /// The canonical bytes that `sign` would sign. They hold no secret.
    #[pyo3(signature = (method, target, headers=None, body=Body::Absent, *, authority=None, now=None, nonce=None))]
    #[pyo3(text_signature = "($self, method, target, headers=(), body=b'', *, authority=None, now=None, nonce=None)")]
    #[expect(clippy::too_many_arguments, reason = "one crossing per request")]
    fn message<'py>(
        &self,
        py: Python<'py>,
        method: Text<'_>,
        target: Text<'_>,
        headers: Option<&Bound<'py, PyAny>>,
        body: Body<'_>,
        authority: Option<Text<'_>>,
        now: Option<Seconds>,
        nonce: Option<&str>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let request = Request { method, target, headers, body, authority, now, nonce };
        let message = request.lend(py, |head, body, now, nonce| self.0.message(head, body, now, nonce))?;
        Ok(PyBytes::new(py, &message))
    }

    /// The target of a signed link that is valid for so many seconds. Only where the config signs with `aws-sigv4`.
    #[pyo3(signature = (method, target, seconds, headers=None, *, authority=None, now=None))]
    #[pyo3(text_signature = "($self, method, target, seconds, headers=(), *, authority=None, now=None)")]
    #[expect(clippy::too_many_arguments, reason = "one crossing per request")]
    fn presign(
        &self,
        py: Python<'_>,
        method: Text<'_>,
        target: Text<'_>,
        seconds: u64,
        headers: Option<&Bound<'_, PyAny>>,
        authority: Option<Text<'_>>,
        now: Option<Seconds>,
    ) -> PyResult<String> {
        let (body, nonce) = (Body::Absent, Some(""));
        let request = Request { method, target, headers, body, authority, now, nonce };
        request.lend(py, |head, _, now, _| self.0.presign(head, now, seconds))
    }

    /// The headers that sign a response, and bind it to the request that it answers.
    #[pyo3(signature = (
        status, headers=None, body=Body::Absent, *, method, target, request_headers, authority=None, now=None
    ))]
    #[pyo3(
        text_signature = "($self, status, headers=(), body=b'', *, method, target, request_headers, authority=None, now=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "one crossing per response")]
    fn sign_response<'py>(
        &self,
        py: Python<'py>,
        status: u16,
        headers: Option<&Bound<'py, PyAny>>,
        body: Body<'_>,
        method: Text<'_>,
        target: Text<'_>,
        request_headers: &Bound<'py, PyAny>,
        authority: Option<Text<'_>>,
        now: Option<Seconds>,
    ) -> PyResult<Bound<'py, PyList>> {
        let none = PyTuple::empty(py).into_any();
        let response = Response::read(status, headers.unwrap_or(&none), body)?;
        let (body, nonce) = (Body::Absent, Some(""));
        let request = Request { method, target, headers: Some(request_headers), body, authority, now, nonce };
        let signed = request.lend(py, |head, _, now, _| self.0.sign_response(response.parts(), head, now))?;
        PyList::new(py, signed.iter().collect::<Vec<_>>())
    }

    /// The headers that sign a request once more, as the response to its first attempt asks. None where it asks for nothing.
    #[pyo3(signature = (
        response_headers, method, target, headers=None, body=Body::Absent, *, authority=None, now=None, nonce=None
    ))]
    #[pyo3(
        text_signature = "($self, response_headers, method, target, headers=(), body=b'', *, authority=None, now=None, nonce=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "one crossing per request")]
    fn sign_as_asked<'py>(
        &self,
        py: Python<'py>,
        response_headers: &Bound<'py, PyAny>,
        method: Text<'_>,
        target: Text<'_>,
        headers: Option<&Bound<'py, PyAny>>,
        body: Body<'_>,
        authority: Option<Text<'_>>,
        now: Option<Seconds>,
        nonce: Option<&str>,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        let asked = fields_on_the_wire(response_headers)?;
        let request = Request { method, target, headers, body, authority, now, nonce };
        let signed = request
            .lend(py, |head, body, now, nonce| self.0.sign_as_asked(asked.as_slice(), head, body, now, nonce))?;
        signed.map(|signed| PyList::new(py, signed.iter().collect::<Vec<_>>())).transpose()
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("Signer"))
    }
}

/// The arguments of `sign` and `message`.
struct Request<'a, 'py> {
    method: Text<'a>,
    target: Text<'a>,
    headers: Option<&'a Bound<'py, PyAny>>,
    body: Body<'a>,
    authority: Option<Text<'a>>,
    now: Option<Seconds>,
    nonce: Option<&'a str>,
}

impl Request<'_, '_> {
    /// Lends the request to the core, with the clock and a fresh nonce where the caller gave none.
    fn lend<R>(
        self,
        py: Python<'_>,
        work: impl FnOnce(&core::Head<'_, [(&[u8], &[u8])]>, &[u8], u64, &str) -> Result<R, core::SignError>,
    ) -> PyResult<R> {
        let none = PyTuple::empty(py).into_any();
        let fresh;
        let nonce = match self.nonce {
            Some(nonce) => nonce,
            None => {
                fresh = wiresign_host::request_id_string().map_err(errors::no_randomness)?;
                &fresh
            }
        };
        let now = Seconds::or_clock(self.now);
        let body = self.body.bytes();
        let parts = Parts {
            method: self.method,
            target: self.target,
            headers: self.headers.unwrap_or(&none),
            authority: self.authority,
            client: None,
        };
        parts.lend(|head| work(head, body, now, nonce))?.map_err(|error| failed(py, &error))
    }
}

fn failed(py: Python<'_>, error: &core::SignError) -> PyErr {
    errors::signing_error(py, &error.to_string())
}
