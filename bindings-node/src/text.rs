//! Reads JavaScript strings as the bytes that were on the wire.
//!
//! Node hands over header values with one character per byte. Reading them as latin1 would lose the high half of every
//! character above U+00FF, so that `š` became `a`, and would cut what does not fit, both without a word. So they are read
//! as UTF-16, which costs the same, and narrowed here: a character that no byte stands for becomes 0xFF, which no field
//! of a request may hold, and what does not fit is read again into memory that is large enough.

use std::mem::MaybeUninit;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Result, ValueType, check_status, sys};

/// No part of a request may be as long as this, so what is longer needs not be read in full to be refused.
const LONGEST: usize = 1 << 17;
/// Strings shorter than this are read without allocating.
pub(crate) const SHORT: usize = 512;

/// Room for one string of UTF-16, used again for the next.
pub(crate) type Scratch = [MaybeUninit<u16>; SHORT];

/// The bytes of one string, on the stack unless it is unusually long.
pub(crate) struct Text {
    short: [MaybeUninit<u8>; SHORT],
    length: usize,
    long: Option<Vec<u8>>,
}

impl Text {
    /// Without any bytes. Costs nothing: nothing is written.
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { short: [const { MaybeUninit::uninit() }; SHORT], length: 0, long: None }
    }

    /// Reads a string; `false` where the value is not one.
    ///
    /// # Safety
    /// `env` must be the environment of the running callback, `value` a live handle of it.
    #[inline]
    pub(crate) unsafe fn read(&mut self, env: sys::napi_env, value: sys::napi_value, scratch: &mut Scratch) -> bool {
        let mut units = 0;
        // SAFETY: env and value by the contract above; the buffer has SHORT units, one of which Node-API uses for a NUL.
        let status =
            unsafe { sys::napi_get_value_string_utf16(env, value, scratch.as_mut_ptr().cast(), SHORT, &mut units) };
        if status != sys::Status::napi_ok {
            return false;
        }
        if units + 1 >= SHORT {
            // SAFETY: the same contract.
            self.long = unsafe { read_long(env, value) };
            return self.long.is_some();
        }
        for (byte, unit) in self.short.iter_mut().zip(&scratch[..units]) {
            // SAFETY: Node-API has written `units` units.
            byte.write(narrow(unsafe { unit.assume_init() }));
        }
        self.length = units;
        true
    }

    /// The bytes that were read last.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.long {
            Some(long) => long,
            // SAFETY: `read` has written the first `length` bytes.
            None => unsafe { std::slice::from_raw_parts(self.short.as_ptr().cast(), self.length) },
        }
    }
}

/// A string as bytes, for the calls that go through napi-derive.
pub struct WireText(pub(crate) Vec<u8>);

impl TypeName for WireText {
    fn type_name() -> &'static str {
        "string"
    }

    fn value_type() -> ValueType {
        ValueType::String
    }
}

impl ValidateNapiValue for WireText {}

impl FromNapiValue for WireText {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: the caller's contract is that of `read_long`.
        let bytes = unsafe { read_long(env, value) };
        bytes.map(Self).ok_or_else(|| napi::Error::new(napi::Status::StringExpected, "a string is expected"))
    }
}

/// Reads a string of any length up to [`LONGEST`] into memory of its own.
///
/// # Safety
/// As [`Text::read`].
unsafe fn read_long(env: sys::napi_env, value: sys::napi_value) -> Option<Vec<u8>> {
    let mut length = 0;
    // SAFETY: without a buffer Node-API only writes the length.
    let status = unsafe { sys::napi_get_value_string_utf16(env, value, ptr::null_mut(), 0, &mut length) };
    if status != sys::Status::napi_ok {
        return None;
    }
    let mut units = vec![0_u16; length.min(LONGEST) + 1];
    // SAFETY: the buffer has as many units as is said, the NUL included.
    let status = unsafe { sys::napi_get_value_string_utf16(env, value, units.as_mut_ptr(), units.len(), &mut length) };
    if status != sys::Status::napi_ok {
        return None;
    }
    Some(units[..length].iter().copied().map(narrow).collect())
}

/// One byte per character; 0xFF for what no byte stands for.
#[inline]
fn narrow(unit: u16) -> u8 {
    unit.min(0xff) as u8
}

/// The status of a Node-API call as a result.
pub(crate) fn checked(status: sys::napi_status) -> Result<()> {
    check_status!(status)
}
