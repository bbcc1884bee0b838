//! Reads JavaScript strings as the bytes that were on the wire.
//!
//! Node hands over header values with one character per byte. Reading them as latin1 would lose the high half of every
//! character above U+00FF, so that `š` became `a`, and would cut what does not fit, both without a word. So they are read
//! as UTF-16, which costs the same, and narrowed here: a character that no byte stands for becomes 0xFF, which no field
//! of a request may hold, and what does not fit is read again into memory that is large enough.

use std::mem::MaybeUninit;
use std::num::NonZeroU64;
use std::ops::Range;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Result, ValueType, check_status, sys};

/// No part of a request may be as long as this, so what is longer needs not be read in full to be refused.
const LONGEST: usize = 1 << 17;
/// Strings shorter than this are read without allocating, as long as [`ROOM`] is left.
const SHORT: usize = 512;
/// The bytes of all strings of one call that are kept without allocating.
const ROOM: usize = 2048;

/// The strings of one call as bytes, on the stack unless they are unusually long.
///
/// Nothing in it is written before it is needed: a call costs what it reads, not what it could read.
pub(crate) struct Texts {
    units: [MaybeUninit<u16>; SHORT],
    bytes: [MaybeUninit<u8>; ROOM],
    used: usize,
    long: Vec<u8>,
}

/// Where a string of [`Texts`] is. One word, so that a list of them is filled without waiting for the parts of each.
#[derive(Clone, Copy)]
pub(crate) struct Place(NonZeroU64);

impl Place {
    #[inline]
    fn new(start: usize, end: usize, is_long: bool) -> Self {
        // Texts are far shorter than 2^31 bytes together: each is cut at LONGEST, and a call has few.
        let word = (start as u64) << 33 | (end as u64) << 2 | u64::from(is_long) << 1;
        Self(NonZeroU64::MIN | word)
    }

    #[inline]
    fn range(self) -> Range<usize> {
        (self.0.get() >> 33) as usize..(self.0.get() >> 2 & 0x7fff_ffff) as usize
    }

    #[inline]
    fn is_long(self) -> bool {
        self.0.get() & 2 != 0
    }
}

impl Texts {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            units: [const { MaybeUninit::uninit() }; SHORT],
            bytes: [const { MaybeUninit::uninit() }; ROOM],
            used: 0,
            long: Vec::new(),
        }
    }

    /// Reads a string; `None` where the value is not one.
    ///
    /// # Safety
    /// `env` must be the environment of the running callback, `value` a live handle of it.
    #[inline]
    pub(crate) unsafe fn read(&mut self, env: sys::napi_env, value: sys::napi_value) -> Option<Place> {
        let mut length = 0;
        // SAFETY: env and value by the contract above; the buffer has SHORT units, one of which Node-API uses for a NUL.
        let status =
            unsafe { sys::napi_get_value_string_utf16(env, value, self.units.as_mut_ptr().cast(), SHORT, &mut length) };
        if status != sys::Status::napi_ok {
            return None;
        }
        let (start, end) = (self.used, self.used + length);
        if length + 1 >= SHORT || end > ROOM {
            // SAFETY: the same contract.
            return unsafe { self.read_long(env, value) };
        }
        for (byte, unit) in self.bytes[start..end].iter_mut().zip(&self.units[..length]) {
            // SAFETY: Node-API has written `length` units.
            byte.write(narrow(unsafe { unit.assume_init() }));
        }
        self.used = end;
        Some(Place::new(start, end, false))
    }

    /// # Safety
    /// As [`Texts::read`].
    #[cold]
    unsafe fn read_long(&mut self, env: sys::napi_env, value: sys::napi_value) -> Option<Place> {
        let start = self.long.len();
        // SAFETY: the same contract.
        self.long.append(&mut unsafe { read_all(env, value) }?);
        Some(Place::new(start, self.long.len(), true))
    }

    /// The bytes at a place that this object gave.
    #[inline]
    pub(crate) fn get(&self, place: Place) -> &[u8] {
        if place.is_long() {
            return &self.long[place.range()];
        }
        let bytes = &self.bytes[place.range()];
        // SAFETY: `read` has written all bytes of the place before it gave it.
        unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) }
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
        // SAFETY: the caller's contract is that of `read_all`.
        let bytes = unsafe { read_all(env, value) };
        bytes.map(Self).ok_or_else(|| napi::Error::new(napi::Status::StringExpected, "a string is expected"))
    }
}

/// Reads a string of any length up to [`LONGEST`] into memory of its own.
///
/// # Safety
/// As [`Texts::read`].
unsafe fn read_all(env: sys::napi_env, value: sys::napi_value) -> Option<Vec<u8>> {
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
