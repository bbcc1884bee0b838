//! `wiresign.BodyVerification`.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use wiresign as core;

use crate::errors;
use crate::verified::Verified;
use crate::wire::{Body, DETACH_FROM};

/// A verification that waits for the rest of the body.
#[pyclass(frozen, module = "wiresign")]
pub(crate) struct BodyVerification {
    // Empty once finished or refused, and while a call works on it. The lock is never held across a wait for the GIL.
    begun: Mutex<Option<core::BodyVerification>>,
    needs_body: bool,
    declared: Option<u64>,
}

impl BodyVerification {
    pub(crate) fn new(begun: core::BodyVerification, declared: Option<u64>) -> Self {
        let needs_body = begun.needs_body();
        Self { begun: Mutex::new(Some(begun)), needs_body, declared }
    }

    fn take(&self) -> PyResult<core::BodyVerification> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(errors::spent)
    }
}

#[pymethods]
impl BodyVerification {
    /// Takes the length that Content-Length declares, and raises a Refusal where that is too long.
    fn declare_length(&self, py: Python<'_>, declared: u64) -> PyResult<()> {
        let mut begun = self.take()?;
        begun.declare_length(declared).map_err(|refusal| errors::refusal(py, refusal))?;
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
        Ok(())
    }

    /// Takes the next bytes of the body, and raises a Refusal as soon as the body is too long.
    fn update(&self, py: Python<'_>, data: Body<'_>) -> PyResult<()> {
        let mut begun = self.take()?;
        let bytes = data.bytes();
        let taken = if bytes.len() < DETACH_FROM { begun.update(bytes) } else { py.detach(|| begun.update(bytes)) };
        taken.map_err(|refusal| errors::refusal(py, refusal))?;
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
        Ok(())
    }

    /// Ends the body and gives the verdict. The object is spent then, whatever the verdict.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Verified>> {
        Verified::or_raise(py, self.take()?.finish())
    }

    /// Takes the last bytes of the body and ends it, for adapters that have all of it.
    #[pyo3(signature = (data, /))]
    fn _finish_with<'py>(&self, py: Python<'py>, data: Body<'_>) -> PyResult<Bound<'py, Verified>> {
        let mut begun = self.take()?;
        let bytes = data.bytes();
        let judge = move || {
            begun.update(bytes)?;
            begun.finish()
        };
        Verified::or_raise(py, if bytes.len() < DETACH_FROM { judge() } else { py.detach(judge) })
    }

    /// False on a public route, whose body nobody looks at.
    #[getter]
    fn needs_body(&self) -> bool {
        self.needs_body
    }

    /// What Content-Length says of the body, for adapters that refuse it before they read it.
    #[getter]
    fn _declared_length(&self) -> Option<u64> {
        self.declared
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(errors::not_picklable("BodyVerification"))
    }
}
