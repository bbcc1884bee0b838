//! Why a request was judged as it was.

use std::ffi::c_char;
use std::ptr;

use wiresign::Explanation;

use crate::output::release;
use crate::text::{Text, hand_out};

/// How a verification went, and what probably went wrong. For operators: not for the answer to a caller. Immutable; may be used by
/// several threads at once. All texts live as long as the object.
pub struct wiresign_explanation {
    verdict: Text,
    text: Text,
    json: Text,
    hints: Vec<Hint>,
}

struct Hint {
    id: Text,
    cause: Text,
    fix: Text,
    is_proved: bool,
}

impl wiresign_explanation {
    pub(crate) fn new(explanation: &Explanation) -> Self {
        let hints = explanation.hints().iter().map(|hint| Hint {
            id: Text::new(hint.id()),
            cause: Text::new(hint.cause()),
            fix: Text::new(hint.fix()),
            is_proved: hint.is_proved(),
        });
        Self {
            verdict: Text::new(explanation.verdict()),
            text: Text::from(explanation.to_string()),
            json: Text::from(explanation.json()),
            hints: hints.collect(),
        }
    }

    fn hint(&self, index: usize) -> Option<&Hint> {
        self.hints.get(index)
    }
}

/// Hands out a text of the hint at a position; NULL behind the last one.
///
/// # Safety
/// `explanation` is a live object or NULL, and `length` is NULL or can be written.
unsafe fn hand_out_of_hint(
    explanation: *const wiresign_explanation,
    index: usize,
    length: *mut usize,
    text: impl FnOnce(&Hint) -> &Text,
) -> *const c_char {
    // SAFETY: as the caller of this function promised.
    unsafe {
        let hint = explanation.as_ref().and_then(|explanation| explanation.hint(index));
        hand_out(hint.map(text), length)
    }
}

/// `OK`, or the code of the refusal. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_verdict(
    explanation: *const wiresign_explanation,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(explanation.as_ref().map(|explanation| &explanation.verdict), length) }
    })
}

/// All of it as text for people, of several lines. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_text(
    explanation: *const wiresign_explanation,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(explanation.as_ref().map(|explanation| &explanation.text), length) }
    })
}

/// All of it as one JSON object. NULL gives NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_json(
    explanation: *const wiresign_explanation,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(explanation.as_ref().map(|explanation| &explanation.json), length) }
    })
}

/// How many causes are named. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_hint_count(explanation: *const wiresign_explanation) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { explanation.as_ref() }.map_or(0, |explanation| explanation.hints.len())
    })
}

/// The stable name of a cause, counted from 0; those that a signature proves come first. NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_hint_id(
    explanation: *const wiresign_explanation,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out_of_hint(explanation, index, length, |hint| &hint.id) }
    })
}

/// The sentence that names a cause, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_hint_cause(
    explanation: *const wiresign_explanation,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out_of_hint(explanation, index, length, |hint| &hint.cause) }
    })
}

/// The sentence that says what to do about a cause, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_hint_fix(
    explanation: *const wiresign_explanation,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out_of_hint(explanation, index, length, |hint| &hint.fix) }
    })
}

/// Whether the signature is right once a cause, counted from 0, is taken away. False behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_hint_is_proved(
    explanation: *const wiresign_explanation,
    index: usize,
) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        let explanation = unsafe { explanation.as_ref() };
        explanation.and_then(|explanation| explanation.hint(index)).is_some_and(|hint| hint.is_proved)
    })
}

/// Frees the object. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_explanation_free(explanation: *mut wiresign_explanation) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(explanation) }
    })
}
