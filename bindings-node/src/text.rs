//! Reads JavaScript strings as the bytes that were on the wire.
//!
//! Node hands over header values with one character per byte. Reading them as latin1 would lose the high half of every
//! character above U+00FF, so that `š` became `a`, and would cut what does not fit, both without a word. So they are read
//! as UTF-16, which costs the same, and narrowed here: a character that no byte stands for becomes 0xFF, which no field
//! of a request may hold, and what does not fit is read again into memory that is large enough.

use std::num::NonZeroU64;
use std::ops::Range;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Result, ValueType, check_status, sys};

/// No part of a request may be as long as this, so what is longer needs not be read in full to be refused.
const LONGEST: usize = 1 << 17;
/// The characters of all strings of one call that are read without allocating.
const ROOM: usize = 2048;
/// Strings begin at multiples of this, so that they are narrowed all at once, whole vectors at a time.
const STRIDE: usize = 16;

/// Room for the strings of one call. Kept from call to call, since it is too large to be cleared for each.
pub(crate) struct Texts {
    units: Box<[u16; ROOM]>,
    bytes: Box<[u8; ROOM]>,
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

impl Default for Texts {
    fn default() -> Self {
        Self { units: Box::new([0; ROOM]), bytes: Box::new([0; ROOM]), used: 0, long: Vec::new() }
    }
}

impl Texts {
    /// Begins the strings of a new call.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.used = 0;
        if self.long.capacity() != 0 {
            self.long = Vec::new();
        }
    }

    /// Reads a string; `None` where the value is not one.
    ///
    /// # Safety
    /// `env` must be the environment of the running callback, `value` a live handle of it.
    #[inline]
    pub(crate) unsafe fn read(&mut self, env: sys::napi_env, value: sys::napi_value) -> Option<Place> {
        let room = &mut self.units[self.used..];
        let mut length = 0;
        // SAFETY: env and value by the contract above; the buffer has as many units as is said, the NUL included.
        let status =
            unsafe { sys::napi_get_value_string_utf16(env, value, room.as_mut_ptr(), room.len(), &mut length) };
        if status != sys::Status::napi_ok {
            return None;
        }
        // What fills all of the room may have been cut, and some is left for the string that comes next.
        if length + STRIDE >= room.len() {
            // SAFETY: the same contract.
            return unsafe { self.read_long(env, value) };
        }
        let start = self.used;
        self.used = (start + length).next_multiple_of(STRIDE);
        Some(Place::new(start, start + length, false))
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

    /// Ends the reading: from here on the bytes are there.
    #[inline]
    pub(crate) fn narrowed(&mut self) -> Narrowed<'_> {
        // What lies behind a string up to the next stride is left over from other calls, and is no part of any string.
        let units = self.units[..self.used].as_chunks::<STRIDE>().0;
        let bytes = self.bytes[..self.used].as_chunks_mut::<STRIDE>().0;
        for (bytes, units) in bytes.iter_mut().zip(units) {
            *bytes = units.map(narrow);
        }
        Narrowed { bytes: &self.bytes[..self.used], long: &self.long }
    }
}

/// The strings of one call as bytes.
pub(crate) struct Narrowed<'a> {
    bytes: &'a [u8],
    long: &'a [u8],
}

impl<'a> Narrowed<'a> {
    /// The bytes at a place that was read in the same call.
    #[inline]
    pub(crate) fn get(&self, place: Place) -> &'a [u8] {
        if place.is_long() { &self.long[place.range()] } else { &self.bytes[place.range()] }
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
