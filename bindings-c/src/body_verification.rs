//! Judging a request while its body arrives.

use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard};

use wiresign::{BodyVerification, Refusal};

use crate::error::wiresign_error;
use crate::failure::Failure;
use crate::input;
use crate::output::{Output, release};
use crate::verified::wiresign_verified;

/// A request whose body is still arriving. The only object that changes with its calls: one thread at a time may use it,
/// and a call that comes while another one is running gets WIRESIGN_INVALID_ARGUMENT. It needs the same little memory for
/// a body of any size. Its bytes are unverified until wiresign_body_verification_finish succeeded.
pub struct wiresign_body_verification {
    stage: Mutex<Stage>,
    needs_body: bool,
}

enum Stage {
    Open(BodyVerification),
    /// An update was refused: whatever comes after it is refused for the same reason.
    Refused(Refusal),
    Spent,
}

impl wiresign_body_verification {
    pub(crate) fn new(begun: BodyVerification) -> Self {
        Self { needs_body: begun.needs_body(), stage: Mutex::new(Stage::Open(begun)) }
    }

    /// The stage, for this call alone. A call that panicked left nothing that could be used.
    fn stage(&self) -> Result<MutexGuard<'_, Stage>, Failure> {
        match self.stage.try_lock() {
            Ok(stage) => Ok(stage),
            Err(std::sync::TryLockError::WouldBlock) => {
                Err(Failure::argument("verification", "another call is using this object, which only one thread may"))
            }
            Err(std::sync::TryLockError::Poisoned(_)) => Err(Failure::Spent(SPENT)),
        }
    }

    /// Lets an open verification take something. Once refused, it stays refused.
    fn take(&self, take: impl FnOnce(&mut BodyVerification) -> Result<(), Refusal>) -> Result<(), Failure> {
        let mut stage = self.stage()?;
        match &mut *stage {
            Stage::Open(open) => take(open).map_err(|refusal| {
                *stage = Stage::Refused(refusal.clone());
                refusal.into()
            }),
            Stage::Refused(refusal) => Err(refusal.clone().into()),
            Stage::Spent => Err(Failure::Spent(SPENT)),
        }
    }
}

const SPENT: &str = "the verification was finished before";

/// True when the verdict depends on the body; false on a public route, where updates have no effect. NULL gives false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_body_verification_needs_body(
    verification: *const wiresign_body_verification,
) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verification.as_ref() }.is_some_and(|verification| verification.needs_body)
    })
}

/// Takes the length that the head declares (Content-Length), so that a body that is too long need not be read.
///
/// Errors: as wiresign_body_verification_update.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_body_verification_declare_length(
    verification: *mut wiresign_body_verification,
    declared: u64,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        let verification = unsafe { input::handle("verification", verification.cast_const()) }?;
        verification.take(|open| open.declare_length(declared))
    })
}

/// Takes the next bytes of the body, in any pieces.
///
/// Errors: WIRESIGN_BODY_TOO_LARGE, after which every further call is refused in the same way; WIRESIGN_OBJECT_SPENT
/// after wiresign_body_verification_finish; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_body_verification_update(
    verification: *mut wiresign_body_verification,
    bytes: *const c_void,
    length: usize,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verification, bytes) = unsafe {
            (input::handle("verification", verification.cast_const())?, input::bytes("bytes", bytes, length)?)
        };
        verification.take(|open| open.update(bytes))
    })
}

/// Ends the body and gives the verdict. Afterwards the object is spent, and is only to be freed.
///
/// Gives through `verified` who called, which the caller frees with wiresign_verified_free.
///
/// Errors: every refusal; WIRESIGN_OBJECT_SPENT when it was called before; WIRESIGN_INVALID_ARGUMENT, after which the
/// object is as before. The request is accepted only when the status is WIRESIGN_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_body_verification_finish(
    verification: *mut wiresign_body_verification,
    verified: *mut *mut wiresign_verified,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid.
        let (verification, output) =
            unsafe { (input::handle("verification", verification.cast_const())?, Output::new("verified", verified)?) };
        let stage = std::mem::replace(&mut *verification.stage()?, Stage::Spent);
        match stage {
            Stage::Open(open) => {
                output.give(wiresign_verified::new(&open.finish()?));
                Ok(())
            }
            Stage::Refused(refusal) => Err(refusal.into()),
            Stage::Spent => Err(Failure::Spent(SPENT)),
        }
    })
}

/// Frees the object, finished or not. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_body_verification_free(verification: *mut wiresign_body_verification) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(verification) }
    })
}
