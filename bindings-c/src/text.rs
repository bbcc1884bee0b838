//! Text that is handed to C.

use std::ffi::c_char;
use std::ptr;

/// Owned text with a NUL byte behind it, so that C may use it with a length or without.
pub(crate) struct Text(Box<[u8]>);

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        Self(bytes.into_boxed_slice())
    }

    pub(crate) fn length(&self) -> usize {
        self.0.len() - 1
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0[..self.length()]).expect("made from a str")
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

/// Gives the text to C: its first byte, and its length where one is asked for. Absent text is NULL of length 0.
///
/// # Safety
/// `length` is NULL or valid for writing. The text lives as long as the object that owns it, which the header says.
pub(crate) unsafe fn hand_out(text: Option<&Text>, length: *mut usize) -> *const c_char {
    if !length.is_null() {
        // SAFETY: not NULL, and valid for writing by the contract of this function.
        unsafe { length.write(text.map_or(0, Text::length)) };
    }
    text.map_or(ptr::null(), |text| text.0.as_ptr().cast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_with_a_nul_that_its_length_does_not_count() {
        let text = Text::new("caf\u{e9}");
        let mut length = usize::MAX;
        // SAFETY: `length` is a local variable.
        let first = unsafe { hand_out(Some(&text), &mut length) };
        assert_eq!(length, 5);
        // SAFETY: the text is five bytes and a NUL.
        let bytes = unsafe { std::slice::from_raw_parts(first.cast::<u8>(), 6) };
        assert_eq!(bytes, "caf\u{e9}\0".as_bytes());
    }

    #[test]
    fn absent_text_is_null_and_empty_text_is_not() {
        let mut length = usize::MAX;
        // SAFETY: `length` is a local variable.
        assert!(unsafe { hand_out(None, &mut length) }.is_null());
        assert_eq!(length, 0);
        let empty = Text::new("");
        // SAFETY: NULL is allowed.
        assert!(!unsafe { hand_out(Some(&empty), ptr::null_mut()) }.is_null());
    }
}
