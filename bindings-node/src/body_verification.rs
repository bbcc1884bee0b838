//! Verifies a request while its body arrives.

use std::cell::RefCell;

use napi::{Error, Result};
use napi_derive::napi;
use wiresign::{BodyVerification, Refusal};

use crate::outcome::{RefusalFields, VerifiedFields};

/// A verification that waits for the rest of the body.
#[napi]
pub struct NativeBodyVerification {
    /// `None` after the end.
    live: Option<BodyVerification>,
    refusal: RefCell<Option<Refusal>>,
}

impl NativeBodyVerification {
    pub(crate) fn new(begun: BodyVerification) -> Self {
        Self { live: Some(begun), refusal: RefCell::default() }
    }

    fn refused<T>(&self, outcome: std::result::Result<T, Refusal>) -> Option<T> {
        outcome.map_err(|refusal| self.refusal.replace(Some(refusal))).ok()
    }
}

#[napi]
impl NativeBodyVerification {
    /// False on a public route.
    #[napi(getter)]
    pub fn needs_body(&self) -> bool {
        self.live.as_ref().is_some_and(BodyVerification::needs_body)
    }

    /// Takes the next bytes; `false` is a refusal, which is left.
    ///
    /// # Errors
    /// After the end.
    #[napi(catch_unwind)]
    pub fn update(&mut self, bytes: &[u8]) -> Result<bool> {
        let live = self.live.as_mut().ok_or_else(spent)?;
        let outcome = live.update(bytes);
        Ok(self.refused(outcome).is_some())
    }

    /// Takes the length that the head declares; `false` is a refusal, which is left.
    ///
    /// # Errors
    /// After the end.
    #[napi(catch_unwind)]
    pub fn declare_length(&mut self, length: f64) -> Result<bool> {
        let live = self.live.as_mut().ok_or_else(spent)?;
        let outcome = live.declare_length(length as u64);
        Ok(self.refused(outcome).is_some())
    }

    /// Ends the body; `null` is a refusal, which is left.
    ///
    /// # Errors
    /// After the end.
    #[napi(catch_unwind)]
    pub fn finish(&mut self) -> Result<Option<VerifiedFields>> {
        let live = self.live.take().ok_or_else(spent)?;
        let outcome = live.finish();
        Ok(self.refused(outcome).as_ref().map(VerifiedFields::from))
    }

    /// The refusal that the last call left.
    ///
    /// # Errors
    /// Where it left none.
    #[napi(catch_unwind)]
    pub fn take_refusal(&self) -> Result<RefusalFields> {
        let refusal = self.refusal.take();
        refusal.as_ref().map(RefusalFields::from).ok_or_else(|| Error::from_reason("nothing was refused"))
    }
}

fn spent() -> Error {
    Error::from_reason("the verification has given its verdict")
}
