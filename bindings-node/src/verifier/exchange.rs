//! What a hot call takes and leaves besides its arguments: memory that both sides see. `ts/exchange.ts` has the other half
//! of the agreement.

use std::cell::Cell;
use std::ptr;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Error, JsValue, Result, sys};

use crate::text::checked;

/// The most header values of one call.
pub(super) const MOST_VALUES: usize = 8;
/// The most names and values of one call that hands all header fields over.
pub(super) const MOST_PIECES: usize = 2 * 256;

/// The memory itself. First the numbers of eight bytes, then those of four, as the views of JavaScript are aligned.
#[repr(C)]
pub(super) struct Cells {
    /// In: Unix seconds, or what stands for the clock. Out: when the request was signed.
    pub(super) time: f64,
    /// Out: in seconds.
    pub(super) age: f64,
    /// In: how many header values there are.
    pub(super) count: i32,
    /// In: the bits of what else there is.
    pub(super) given: i32,
    /// In: for each value the place of its name among those of the config.
    pub(super) places: [i32; MOST_VALUES],
    /// Out: the bits of what was found.
    pub(super) found: i32,
    /// Out: which of the values is the request id; -1 for none.
    pub(super) request_id: i32,
    /// Out: what the replay key is made of, where that is the signature.
    pub(super) signature: [i32; 8],
    /// In: where all header fields are joined to one text, how long each name and each value is.
    pub(super) lengths: [i32; MOST_PIECES],
}

pub(super) mod given {
    pub(crate) const BODY: i32 = 1;
    pub(crate) const AUTHORITY: i32 = 2;
    pub(crate) const CLIENT: i32 = 4;
    /// The values stand in the order of the names, `undefined` for those that are not there.
    pub(crate) const IN_ORDER: i32 = 8;
    /// The only value is the text of all header fields: name, value, name, value. The count is that of its pieces.
    pub(crate) const JOINED: i32 = 16;
}

pub(super) mod found {
    pub(crate) const TIME: i32 = 1;
    /// The replay key is made of the request id.
    pub(crate) const BY_REQUEST_ID: i32 = 2;
    /// The replay key is made of the signature.
    pub(crate) const BY_SIGNATURE: i32 = 4;
}

/// Where the memory is: in an `ArrayBuffer` that belongs to the function that looks at it.
pub(super) struct Exchange(Cell<*mut Cells>);

impl Default for Exchange {
    fn default() -> Self {
        Self(Cell::new(ptr::null_mut()))
    }
}

impl Exchange {
    /// Gives `function` the memory as its property `exchange`.
    pub(super) fn attach(&self, env: &Env, function: &Unknown<'_>) -> Result<()> {
        let (mut data, mut buffer) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: env is the running environment, the pointers are to locals.
        checked(unsafe { sys::napi_create_arraybuffer(env.raw(), size_of::<Cells>(), &mut data, &mut buffer) })?;
        let cells = data.cast::<Cells>();
        if !cells.is_aligned() {
            return Err(Error::from_reason("Node gave memory that is not aligned"));
        }
        let property = sys::napi_property_descriptor {
            utf8name: c"exchange".as_ptr(),
            name: ptr::null_mut(),
            method: None,
            getter: None,
            setter: None,
            value: buffer,
            attributes: sys::PropertyAttributes::default,
            data: ptr::null_mut(),
        };
        // SAFETY: all handles are live ones of this environment. The property can be neither changed nor deleted, so the
        // memory lives as long as the function.
        checked(unsafe { sys::napi_define_properties(env.raw(), function.value().value, 1, &property) })?;
        self.0.set(cells);
        Ok(())
    }

    /// # Safety
    /// The function that the memory belongs to must be running, and no JavaScript run until the borrow ends.
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "the memory is that of JavaScript, which waits")]
    pub(super) unsafe fn cells(&self) -> &mut Cells {
        // SAFETY: the function is running, so it was given its memory, and keeps it. Every bit pattern is a value.
        unsafe { &mut *self.0.get() }
    }
}
