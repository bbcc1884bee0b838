//! What a caller hands over as a request, lent to the core without copying it where that is possible.

use std::net::IpAddr;
use std::sync::OnceLock;

use arrayvec::ArrayVec;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyList, PyMapping, PyMemoryView, PyString, PyTuple};
use wiresign::Head;

/// One more than the core judges: what lies behind cannot change that it refuses.
const MOST_FIELDS: usize = 257;

/// Stands for text that has no bytes on the wire. The core refuses it wherever a method or a target may hold it.
const NOT_ON_THE_WIRE: &[u8] = b"\xff";

/// Bodies of this many bytes and more are hashed without the GIL. Below, giving it up costs more than it frees.
pub(crate) const DETACH_FROM: usize = 16 * 1024;

type Field<'a> = (&'a [u8], &'a [u8]);

/// A method, target or authority: `bytes`, or `str`.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a [u8]);

impl<'a, 'py> FromPyObject<'a, 'py> for Text<'a> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyBytes>() {
            object.extract::<&[u8]>().map(Self).map_err(PyErr::from)
        } else if object.is_instance_of::<PyString>() {
            // A lone surrogate has no UTF-8.
            Ok(Self(object.extract::<&str>().map_or(NOT_ON_THE_WIRE, str::as_bytes)))
        } else {
            Err(wrong_type(&object, "str or bytes"))
        }
    }
}

/// The bytes of a body. What is not `bytes` already is copied, because it could change while it is read.
pub(crate) enum Body<'py> {
    /// The argument was left out. `None` in its place is an error: a forgotten body must not pass as an empty one.
    Absent,
    Given(Bound<'py, PyBytes>),
}

impl Body<'_> {
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Absent => &[],
            Self::Given(bytes) => bytes.as_bytes(),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Body<'py> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Given(bytes.to_owned()));
        }
        if object.is_instance_of::<PyByteArray>() || object.is_instance_of::<PyMemoryView>() {
            // SAFETY: the pointer is a live object for the call; the result is a new reference or null with an error set.
            let copy = unsafe { Bound::from_owned_ptr_or_err(object.py(), ffi::PyBytes_FromObject(object.as_ptr()))? };
            return Ok(Self::Given(copy.cast_into::<PyBytes>()?));
        }
        Err(wrong_type(&object, "bytes"))
    }
}

/// A time in whole Unix seconds.
pub(crate) struct Seconds(pub(crate) u64);

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        object.extract::<u64>().map(Self).map_err(|error| {
            if error.is_instance_of::<PyOverflowError>(object.py()) {
                PyValueError::new_err("a time is a whole number of seconds since 1970, not negative")
            } else {
                error
            }
        })
    }
}

impl Seconds {
    /// The given time, or the clock's.
    pub(crate) fn or_clock(given: Option<Self>) -> u64 {
        given.map_or_else(wiresign_host::now, |seconds| seconds.0)
    }
}

/// A request as Python hands it over, before its headers are read.
pub(crate) struct Parts<'a, 'py> {
    pub(crate) method: Text<'a>,
    pub(crate) target: Text<'a>,
    pub(crate) headers: &'a Bound<'py, PyAny>,
    pub(crate) authority: Option<Text<'a>>,
    pub(crate) client: Option<&'a str>,
}

/// What the headers of a request turned out to be.
enum Collected {
    /// Slices of objects that the caller's list keeps alive.
    Borrowed,
    /// Copies.
    Owned(Vec<OwnedField>),
    /// Text that has no bytes on the wire.
    NotOnTheWire,
}

impl Parts<'_, '_> {
    /// Lends the head of the request to `judge`. From where `judge` runs Python code or gives up the GIL, it must not look
    /// at the head any more.
    #[inline]
    pub(crate) fn lend<R>(&self, judge: impl FnOnce(&Head<'_, [Field<'_>]>) -> R) -> PyResult<R> {
        let mut fields = ArrayVec::<Field<'_>, MOST_FIELDS>::new();
        let head = |headers| Head {
            method: self.method.0,
            target: self.target.0,
            authority: self.authority.map(|authority| authority.0),
            headers,
            client: self.client.and_then(address),
        };
        match self.collect(&mut fields)? {
            Collected::Borrowed => Ok(judge(&head(fields.as_slice()))),
            Collected::Owned(copies) => {
                let slices: Vec<Field<'_>> = copies.iter().map(|(name, value)| (&name[..], &value[..])).collect();
                Ok(judge(&head(slices.as_slice())))
            }
            // No request on the wire has this method, so the verdict is that of a malformed request.
            Collected::NotOnTheWire => Ok(judge(&Head { method: NOT_ON_THE_WIRE, ..head(&[]) })),
        }
    }

    #[inline]
    fn collect<'f>(&'f self, fields: &mut ArrayVec<Field<'f>, MOST_FIELDS>) -> PyResult<Collected> {
        if borrow_fields(self.headers, fields) {
            return Ok(Collected::Borrowed);
        }
        // Copying may run Python code, which may free what the slices so far point to.
        fields.clear();
        copy_fields(self.headers)
    }
}

/// A response as Python hands it over. Its header fields are copied, because reading the request that goes with it may run
/// Python code.
pub(crate) struct Response<'py> {
    status: u16,
    fields: Vec<OwnedField>,
    body: Body<'py>,
}

impl<'py> Response<'py> {
    pub(crate) fn read(status: u16, headers: &Bound<'_, PyAny>, body: Body<'py>) -> PyResult<Self> {
        Ok(Self { status, fields: fields_on_the_wire(headers)?, body })
    }

    /// Status, headers and body, as the core takes them.
    pub(crate) fn parts(&self) -> (u16, &[OwnedField], &[u8]) {
        (self.status, &self.fields, self.body.bytes())
    }
}

/// The name and the value of a header field.
pub(crate) type OwnedField = (Vec<u8>, Vec<u8>);

/// Copies header fields of every accepted form.
pub(crate) fn fields_on_the_wire(headers: &Bound<'_, PyAny>) -> PyResult<Vec<OwnedField>> {
    match copy_fields(headers)? {
        Collected::Owned(fields) => Ok(fields),
        Collected::Borrowed | Collected::NotOnTheWire => {
            Err(PyValueError::new_err("a header of the response holds text that has no bytes on the wire"))
        }
    }
}

/// The length that Content-Length declares, the largest number where it is larger than that, and `None` where there is none.
pub(crate) fn declared_length(headers: &[Field<'_>]) -> Option<u64> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"content-length"))?;
    let mut length = 0_u64;
    for byte in *value {
        let digit = char::from(*byte).to_digit(10)?;
        length = length.saturating_mul(10).saturating_add(digit.into());
    }
    Some(length)
}

/// The value of Host; `None` where there is none, or more than one. Servers write names in lower case.
pub(crate) fn host<'a>(headers: &[Field<'a>]) -> Option<&'a [u8]> {
    let mut hosts = headers.iter().filter(|(name, _)| *name == b"host");
    let (_, host) = hosts.next()?;
    hosts.next().is_none().then_some(host)
}

/// Whether all header fields are as a rule wants them. False too for a list that is not as ASGI servers make them.
pub(crate) fn every_borrowed(headers: &Bound<'_, PyAny>, mut rule: impl FnMut(&[u8], &[u8]) -> bool) -> bool {
    let mut fields = ArrayVec::<Field<'_>, MOST_FIELDS>::new();
    borrow_fields(headers, &mut fields)
        && fields.len() < MOST_FIELDS
        && fields.iter().all(|(name, value)| rule(name, value))
}

/// The address of a client. A name that a proxy wrote, or a socket's path, is no address, and counts as unknown.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// How far behind its start an object holds what it holds, by its type.
///
/// The stable ABI has functions for both, and calling them takes longer than all the rest of a walk over header fields. An
/// interpreter lays out all objects of one of these types alike, so it is asked once how, and what it says is compared with
/// what those functions give.
#[derive(Clone, Copy)]
struct Layout {
    bytes: usize,
    tuple: usize,
}

static LAYOUT: OnceLock<Option<Layout>> = OnceLock::new();

/// Finds out how this interpreter lays out its objects. Without this, or where nothing sure is found, its functions are called.
pub(crate) fn find_layout(py: Python<'_>) {
    let layout = Layout { bytes: bytes_offset(py), tuple: tuple_offset(py).unwrap_or(0) };
    let _ = LAYOUT.set((layout.bytes != 0 && layout.tuple != 0).then_some(layout));
}

/// Where the bytes of a `bytes` begin; 0 where that is not sure.
fn bytes_offset(py: Python<'_>) -> usize {
    let offsets = [&b"several bytes"[..], b"s", b"", &[0; 4096]].map(|content| {
        let object = PyBytes::new(py, content);
        object.as_bytes().as_ptr().addr().wrapping_sub(object.as_ptr().addr())
    });
    // Far away, they would not be in the object itself.
    if offsets.iter().all(|offset| *offset == offsets[0]) && offsets[0] < 256 { offsets[0] } else { 0 }
}

/// Where the items of a tuple begin; 0 where that is not sure.
fn tuple_offset(py: Python<'_>) -> PyResult<usize> {
    let class = py.get_type::<PyTuple>();
    let offset: usize = class.getattr("__basicsize__")?.extract()?;
    let step: usize = class.getattr("__itemsize__")?.extract()?;
    let size = size_of::<*mut ffi::PyObject>();
    if step != size || !offset.is_multiple_of(size) {
        return Ok(0);
    }
    let probe = PyTuple::new(py, [PyBytes::new(py, b"first"), PyBytes::new(py, b"second")])?;
    for at in 0..probe.len() {
        // SAFETY: an object of such a type takes as many bytes as its basic size, and the size of an item for each item; so
        // this reads aligned words inside of a live object.
        let found = unsafe { probe.as_ptr().byte_add(offset).cast::<*mut ffi::PyObject>().add(at).read() };
        if found != probe.get_borrowed_item(at)?.as_ptr() {
            return Ok(0);
        }
    }
    Ok(offset)
}

/// Reads a list or tuple of pairs of `bytes` in place, as ASGI servers make them. False where it is anything else.
#[inline]
fn borrow_fields<'f>(headers: &'f Bound<'_, PyAny>, fields: &mut ArrayVec<Field<'f>, MOST_FIELDS>) -> bool {
    let list = headers.as_ptr();
    // SAFETY: the GIL is held (`Bound`), and the pointer is a live object.
    let Some(outer) = (unsafe { Sequence::of(list) }) else { return false };
    let layout = LAYOUT.get().copied().flatten();
    for index in 0..outer.length.min(MOST_FIELDS as ffi::Py_ssize_t) {
        // SAFETY: the index is below the length, which cannot change: nothing here runs Python code or gives up the
        // GIL. The list keeps the pair alive, the pair keeps name and value alive, and `Parts::lend` lets no slice of
        // them outlive this call of the method, so they live as long as 'f says.
        let field = unsafe {
            let pair = outer.item(list, index, layout);
            let Some(inner) = Sequence::of(pair).filter(|inner| inner.length == 2) else { return false };
            let (name, value) = (inner.item(pair, 0, layout), inner.item(pair, 1, layout));
            let (Some(name), Some(value)) = (exact_bytes(name, layout), exact_bytes(value, layout)) else {
                return false;
            };
            (name, value)
        };
        fields.push(field);
    }
    true
}

/// An exact list or tuple and its length. Subclasses are left alone: they may run Python code.
struct Sequence {
    is_list: bool,
    length: ffi::Py_ssize_t,
}

impl Sequence {
    /// # Safety
    /// `object` is a live object, and the GIL is held.
    #[inline]
    unsafe fn of(object: *mut ffi::PyObject) -> Option<Self> {
        // SAFETY: as promised by the caller; lists and tuples both have a length in their variable-size head.
        unsafe {
            if ffi::PyTuple_CheckExact(object) != 0 {
                Some(Self { is_list: false, length: ffi::Py_SIZE(object) })
            } else if ffi::PyList_CheckExact(object) != 0 {
                Some(Self { is_list: true, length: ffi::Py_SIZE(object) })
            } else {
                None
            }
        }
    }

    /// The item, as a borrowed reference.
    ///
    /// # Safety
    /// `object` is the one that this was made of, unchanged since; `index` is below the length; the GIL is held.
    #[inline]
    unsafe fn item(
        &self,
        object: *mut ffi::PyObject,
        index: ffi::Py_ssize_t,
        layout: Option<Layout>,
    ) -> *mut ffi::PyObject {
        // SAFETY: as promised by the caller; with an index below the length no function returns null, and the layout is that
        // of all tuples.
        unsafe {
            match layout {
                _ if self.is_list => ffi::PyList_GetItem(object, index),
                Some(layout) => object.byte_add(layout.tuple).cast::<*mut ffi::PyObject>().offset(index).read(),
                None => ffi::PyTuple_GetItem(object, index),
            }
        }
    }
}

/// The content of a `bytes` object, `None` for every other type, subclasses included.
///
/// # Safety
/// `object` is a live object and stays one for 'f, and the GIL is held.
#[inline]
unsafe fn exact_bytes<'f>(object: *mut ffi::PyObject, layout: Option<Layout>) -> Option<&'f [u8]> {
    // SAFETY: as promised by the caller. The type was checked, so pointer and size are those of an immutable buffer that
    // lives as long as the object; the layout is that of all objects of this type.
    unsafe {
        if ffi::PyBytes_CheckExact(object) == 0 {
            return None;
        }
        let start = match layout {
            Some(layout) => object.byte_add(layout.bytes).cast::<u8>().cast_const(),
            None => ffi::PyBytes_AsString(object).cast::<u8>().cast_const(),
        };
        Some(std::slice::from_raw_parts(start, ffi::Py_SIZE(object) as usize))
    }
}

/// Copies headers of every other accepted form: pairs of `str`, any iterable of pairs, a mapping.
#[cold]
fn copy_fields(headers: &Bound<'_, PyAny>) -> PyResult<Collected> {
    if headers.is_instance_of::<PyString>() || headers.is_instance_of::<PyBytes>() {
        return Err(wrong_type(&headers.as_borrowed(), "a list of pairs or a mapping"));
    }
    let pairs = if let Ok(mapping) = headers.cast::<PyDict>() {
        mapping.items().into_any()
    } else if headers.is_instance_of::<PyMapping>() {
        headers.call_method0("items")?
    } else {
        headers.clone()
    };
    let pairs = pairs.try_iter().map_err(|_| wrong_type(&headers.as_borrowed(), "a list of pairs or a mapping"))?;
    let mut copies = Vec::new();
    let mut on_the_wire = true;
    for pair in pairs.take(MOST_FIELDS) {
        let pair = pair?;
        let (name, value) = if let Ok(pair) = pair.cast::<PyTuple>()
            && pair.len() == 2
        {
            (pair.get_item(0)?, pair.get_item(1)?)
        } else if let Ok(pair) = pair.cast::<PyList>()
            && pair.len() == 2
        {
            (pair.get_item(0)?, pair.get_item(1)?)
        } else {
            return Err(PyTypeError::new_err("each header must be a pair (tuple or list) of a name and a value"));
        };
        match (copy_text(&name)?, copy_text(&value)?) {
            (Some(name), Some(value)) => copies.push((name, value)),
            _ => on_the_wire = false,
        }
    }
    Ok(if on_the_wire { Collected::Owned(copies) } else { Collected::NotOnTheWire })
}

/// The bytes of a header's name or value. Text is Latin-1, as HTTP servers decode it; `None` where it is not.
fn copy_text(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    let Ok(text) = object.cast::<PyString>() else {
        return Err(wrong_type(&object.as_borrowed(), "bytes or str in headers"));
    };
    let Ok(text) = text.to_str() else { return Ok(None) };
    Ok(text.chars().map(|character| u8::try_from(character).ok()).collect())
}

/// A `TypeError` that names what was expected and the type of what came, never its value.
fn wrong_type(object: &Borrowed<'_, '_, PyAny>, expected: &str) -> PyErr {
    match object.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("expected {expected}, not {name}")),
        Err(error) => error,
    }
}
