//! Header fields and a body that the core made, as the objects that hold them show them.

use std::ffi::c_char;

use crate::text::{Text, hand_out};

/// What is sent or answered, but for its first line.
pub(crate) struct HttpMessage {
    headers: Vec<(Text, Text)>,
    body: Text,
}

impl HttpMessage {
    pub(crate) fn new<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>, body: &str) -> Self {
        Self {
            headers: headers.map(|(name, value)| (Text::new(name), Text::new(value))).collect(),
            body: Text::new(body),
        }
    }

    pub(crate) fn header_count(&self) -> usize {
        self.headers.len()
    }

    pub(crate) fn body(&self) -> &Text {
        &self.body
    }

    /// Gives the name of a header to C; NULL where there is none.
    ///
    /// # Safety
    /// As for [`hand_out`].
    pub(crate) unsafe fn hand_out_name(message: Option<&Self>, index: usize, length: *mut usize) -> *const c_char {
        let header = message.and_then(|message| message.headers.get(index));
        // SAFETY: the contract of this function is that of the called one.
        unsafe { hand_out(header.map(|(name, _)| name), length) }
    }

    /// Gives the value of a header to C; NULL where there is none.
    ///
    /// # Safety
    /// As for [`hand_out`].
    pub(crate) unsafe fn hand_out_value(message: Option<&Self>, index: usize, length: *mut usize) -> *const c_char {
        let header = message.and_then(|message| message.headers.get(index));
        // SAFETY: the contract of this function is that of the called one.
        unsafe { hand_out(header.map(|(_, value)| value), length) }
    }
}
