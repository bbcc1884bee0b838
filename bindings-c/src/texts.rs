//! A list of texts, where their number is not known before.

use std::ffi::c_char;
use std::ptr;

use crate::output::release;
use crate::text::{Text, hand_out};

/// Texts in order. Immutable; may be used by several threads at once. All texts live as long as the object.
pub struct wiresign_texts {
    texts: Vec<Text>,
}

impl wiresign_texts {
    pub(crate) fn new(texts: Vec<String>) -> Self {
        Self { texts: texts.into_iter().map(Text::from).collect() }
    }
}

/// How many texts there are. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_texts_count(texts: *const wiresign_texts) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { texts.as_ref() }.map_or(0, |texts| texts.texts.len())
    })
}

/// A text, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_texts_text(
    texts: *const wiresign_texts,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(texts.as_ref().and_then(|texts| texts.texts.get(index)), length) }
    })
}

/// Frees the texts. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_texts_free(texts: *mut wiresign_texts) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(texts) }
    })
}
