//! Verifies a request while its body arrives.

use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;
use crate::verified::Verified;

/// A verification that waits for the rest of the body. Not to be shared between threads.
#[derive(uniffi::Object)]
pub struct BodyVerification {
    /// Empty once finished or refused, and while a call works on it.
    begun: Mutex<Option<wiresign::BodyVerification>>,
    needs_body: bool,
}

impl BodyVerification {
    pub(crate) fn new(begun: wiresign::BodyVerification) -> Self {
        Self { needs_body: begun.needs_body(), begun: Mutex::new(Some(begun)) }
    }

    fn take(&self) -> Result<wiresign::BodyVerification, Failure> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(Failure::Spent)
    }

    /// Works on the verification, and puts it back unless that refuses the request.
    fn advance(
        &self,
        work: impl FnOnce(&mut wiresign::BodyVerification) -> Result<(), wiresign::Refusal>,
    ) -> Result<(), Failure> {
        let mut begun = self.take()?;
        work(&mut begun)?;
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
        Ok(())
    }
}

#[uniffi::export]
impl BodyVerification {
    /// False on a public route, whose body nobody looks at.
    pub fn needs_body(&self) -> bool {
        self.needs_body
    }

    /// Takes the length that the head declares.
    ///
    /// # Errors
    /// The refusal where that is too long.
    pub fn declare_length(&self, declared: u64) -> Result<(), Failure> {
        self.advance(|begun| begun.declare_length(declared))
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// The refusal as soon as the body is too long.
    pub fn update(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        self.advance(|begun| begun.update(&bytes))
    }

    /// Ends the body and gives the verdict. The object is spent then, whatever the verdict.
    ///
    /// # Errors
    /// The refusal.
    pub fn finish(&self) -> Result<Arc<Verified>, Failure> {
        Ok(Verified::new(self.take()?.finish()?))
    }
}
