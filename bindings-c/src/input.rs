//! Pointers and lengths from C, checked before anything is read through them.
//!
//! What no library can check is the caller's promise: memory that an argument names must be readable for its whole
//! length, and must not be written to by another thread during the call.

use std::ffi::{c_char, c_void};
use std::net::IpAddr;
use std::{ptr, slice};

use wiresign::{Head, Headers};

use crate::failure::Failure;

/// The bytes at a pointer. `(NULL, 0)` is no bytes; `(NULL, n)` is refused.
///
/// # Safety
/// Unless it is NULL, the pointer is valid for reading `length` bytes for as long as `'a`.
#[inline]
pub(crate) unsafe fn bytes<'a>(name: &str, pointer: *const c_void, length: usize) -> Result<&'a [u8], Failure> {
    if pointer.is_null() {
        return if length == 0 { Ok(&[]) } else { Err(no_memory(name, length)) };
    }
    if isize::try_from(length).is_err() {
        return Err(no_length(name, length));
    }
    // SAFETY: not NULL, not longer than an object can be, and readable by the contract of this function.
    Ok(unsafe { slice::from_raw_parts(pointer.cast::<u8>(), length) })
}

#[cold]
fn no_memory(name: &str, length: usize) -> Failure {
    Failure::argument(name, format_args!("the pointer is NULL, but its length is {length}"))
}

#[cold]
fn no_length(name: &str, length: usize) -> Failure {
    Failure::argument(name, format_args!("no memory has the length {length}; was a negative number passed?"))
}

/// The bytes at a pointer, or nothing where the pointer is NULL: for arguments where absent and empty differ.
///
/// # Safety
/// As for [`bytes`].
#[inline]
pub(crate) unsafe fn optional_bytes<'a>(
    name: &str,
    pointer: *const c_void,
    length: usize,
) -> Result<Option<&'a [u8]>, Failure> {
    // SAFETY: the contract of this function is that of the called one.
    let bytes = unsafe { bytes(name, pointer, length) }?;
    Ok((!pointer.is_null()).then_some(bytes))
}

/// UTF-8 text at a pointer.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn text<'a>(name: &str, pointer: *const c_char, length: usize) -> Result<&'a str, Failure> {
    // SAFETY: the contract of this function is that of the called one.
    let bytes = unsafe { bytes(name, pointer.cast(), length) }?;
    std::str::from_utf8(bytes)
        .map_err(|error| Failure::argument(name, format_args!("not UTF-8 from byte {} on", error.valid_up_to())))
}

/// UTF-8 text at a pointer, or nothing where the pointer is NULL.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn optional_text<'a>(
    name: &str,
    pointer: *const c_char,
    length: usize,
) -> Result<Option<&'a str>, Failure> {
    // SAFETY: the contract of this function is that of the called one.
    let text = unsafe { text(name, pointer, length) }?;
    Ok((!pointer.is_null()).then_some(text))
}

/// The nonce of a signature, or the id of a token: the caller's, or a new random UUID.
pub(crate) enum Nonce<'a> {
    Given(&'a str),
    Made([u8; 36]),
}

impl<'a> Nonce<'a> {
    /// # Safety
    /// Unless it is NULL, the pointer is readable for `length` bytes for as long as `'a`.
    pub(crate) unsafe fn read(name: &str, nonce: *const c_char, length: usize) -> Result<Self, Failure> {
        // SAFETY: by the contract of this function.
        match unsafe { optional_text(name, nonce, length) }? {
            Some(given) => Ok(Self::Given(given)),
            None => Ok(Self::Made(wiresign_host::request_id()?)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Given(nonce) => nonce,
            Self::Made(nonce) => std::str::from_utf8(nonce).expect("a UUID is ASCII text"),
        }
    }
}

/// The object behind a handle.
///
/// # Safety
/// Unless it is NULL, the handle came from this library as a `T`, and is not freed for as long as `'a`.
#[inline]
pub(crate) unsafe fn handle<'a, T>(name: &str, handle: *const T) -> Result<&'a T, Failure> {
    // SAFETY: by the contract of this function.
    unsafe { handle.as_ref() }.ok_or_else(|| Failure::argument(name, "the pointer is NULL"))
}

/// Texts that travel flat: all bytes in one block, and the length of each.
pub(crate) struct FlatTexts<'a> {
    block: &'a [u8],
    /// Their sum is the length of the block, which `read` asserted.
    lengths: &'a [u32],
}

impl<'a> FlatTexts<'a> {
    /// Checks that the lengths cut the whole block into `count` texts.
    ///
    /// # Safety
    /// Unless they are NULL, `block` is readable for `block_length` bytes and `lengths` for `count` numbers.
    #[inline]
    pub(crate) unsafe fn read(
        name: &str,
        block: *const c_char,
        block_length: usize,
        lengths: *const u32,
        count: usize,
    ) -> Result<Self, Failure> {
        // SAFETY: by the contract of this function.
        let block = unsafe { bytes(name, block.cast(), block_length) }?;
        // SAFETY: by the contract of this function.
        let lengths = unsafe { Self::numbers(name, lengths, count) }?;
        // A sum of 32-bit numbers overflows 64 bits only with more of them than memory holds.
        let sum: u64 = lengths.iter().map(|length| u64::from(*length)).sum();
        if sum != block.len() as u64 {
            return Err(Self::not_cut(name, sum, block.len()));
        }
        Ok(Self { block, lengths })
    }

    #[cold]
    fn not_cut(name: &str, sum: u64, length: usize) -> Failure {
        Failure::argument(name, format_args!("the lengths add up to {sum}, but the block has {length} bytes"))
    }

    /// The numbers at a pointer.
    ///
    /// # Safety
    /// Unless it is NULL, the pointer is readable for `count` numbers.
    #[inline]
    pub(crate) unsafe fn numbers(name: &str, lengths: *const u32, count: usize) -> Result<&'a [u32], Failure> {
        if lengths.is_null() && count == 0 {
            return Ok(&[]);
        }
        if count > isize::MAX as usize / size_of::<u32>() || lengths.is_null() || !lengths.is_aligned() {
            return Err(Self::no_numbers(name, lengths, count));
        }
        // SAFETY: not NULL, aligned, not longer than an object can be, and readable by the contract.
        Ok(unsafe { slice::from_raw_parts(lengths, count) })
    }

    #[cold]
    fn no_numbers(name: &str, lengths: *const u32, count: usize) -> Failure {
        if count > isize::MAX as usize / size_of::<u32>() {
            Failure::argument(name, format_args!("there cannot be {count} texts"))
        } else if lengths.is_null() {
            Failure::argument(name, format_args!("the lengths are NULL, but there are {count} texts"))
        } else {
            Failure::argument(name, "the lengths are not aligned as uint32_t")
        }
    }

    /// All of them, where they are UTF-8.
    pub(crate) fn to_texts(&self, name: &str) -> Result<Vec<&'a str>, Failure> {
        let not_text = |_| Failure::argument(name, "one of them is not UTF-8");
        self.iter().map(|text| std::str::from_utf8(text).map_err(not_text)).collect()
    }

    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.block;
        self.lengths.iter().map(move |length| {
            let (text, behind) = rest.split_at(*length as usize);
            rest = behind;
            text
        })
    }
}

/// Pairs that travel flat: name and value alternating.
pub(crate) struct FlatPairs<'a>(FlatTexts<'a>);

impl<'a> FlatPairs<'a> {
    /// Checks that the lengths cut the whole block into `count` pairs.
    ///
    /// # Safety
    /// Unless they are NULL, `block` is readable for `block_length` bytes and `lengths` for twice `count` numbers.
    #[inline]
    pub(crate) unsafe fn read(
        name: &str,
        block: *const c_char,
        block_length: usize,
        lengths: *const u32,
        count: usize,
    ) -> Result<Self, Failure> {
        let texts = count.checked_mul(2).ok_or_else(|| Self::too_many(name, count))?;
        // SAFETY: by the contract of this function.
        unsafe { FlatTexts::read(name, block, block_length, lengths, texts) }.map(Self)
    }

    #[cold]
    fn too_many(name: &str, count: usize) -> Failure {
        Failure::argument(name, format_args!("there cannot be {count} pairs"))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut texts = self.0.iter();
        std::iter::from_fn(move || Some((texts.next()?, texts.next()?)))
    }
}

impl Headers for FlatPairs<'_> {
    #[inline]
    fn visit<'a>(&'a self, field: impl FnMut(&'a [u8], &'a [u8])) {
        cut_pairs(self.0.block, self.0.lengths, field);
    }
}

/// Cuts a block into names and values, of which `lengths` has the lengths, alternating. Their sum is that of the block.
#[inline]
pub(crate) fn cut_pairs<'a>(block: &'a [u8], lengths: &[u32], mut field: impl FnMut(&'a [u8], &'a [u8])) {
    let mut rest = block;
    for pair in lengths.as_chunks::<2>().0 {
        let [name, value] = pair.map(|length| length as usize);
        let (name, behind) = rest.split_at(name);
        let (value, behind) = behind.split_at(value);
        field(name, value);
        rest = behind;
    }
}

/// A text or bytes, as an argument and its length.
type Raw = (*const c_char, usize);
/// A list of pairs: the block and its length, the lengths and their count.
type RawPairs = (*const c_char, usize, *const u32, usize);

/// The arguments that describe a request without its body, as they came.
pub(crate) struct RawHead {
    names: &'static HeadNames,
    method: Raw,
    target: Raw,
    authority: Raw,
    headers: RawPairs,
    client: (*const u8, usize),
}

/// What the arguments are called in the header.
struct HeadNames {
    method: &'static str,
    target: &'static str,
    authority: &'static str,
    headers: &'static str,
}

const REQUEST: HeadNames = HeadNames { method: "method", target: "target", authority: "authority", headers: "headers" };
const ANSWERED: HeadNames = HeadNames {
    method: "answered_method",
    target: "answered_target",
    authority: "answered_authority",
    headers: "answered_headers",
};

/// The arguments that describe a request without its body, checked.
pub(crate) struct RequestHead<'a> {
    method: &'a [u8],
    target: &'a [u8],
    authority: Option<&'a [u8]>,
    headers: FlatPairs<'a>,
    client: Option<IpAddr>,
}

impl RawHead {
    /// A request from nobody in particular, as one that is to be signed.
    pub(crate) fn new(method: Raw, target: Raw, authority: Raw, headers: RawPairs) -> Self {
        Self { names: &REQUEST, method, target, authority, headers, client: (ptr::null(), 0) }
    }

    /// The request that a response answers, whose arguments begin with `answered_`.
    pub(crate) fn answered(method: Raw, target: Raw, authority: Raw, headers: RawPairs) -> Self {
        Self { names: &ANSWERED, ..Self::new(method, target, authority, headers) }
    }

    /// The same request, received from an address.
    pub(crate) fn received_from(self, client: *const u8, length: usize) -> Self {
        Self { client: (client, length), ..self }
    }

    /// Checks every argument.
    ///
    /// # Safety
    /// Each pointer that is not NULL is readable for its length for as long as `'a`.
    #[inline]
    pub(crate) unsafe fn read<'a>(self) -> Result<RequestHead<'a>, Failure> {
        let Self { names, method, target, authority, headers: (block, block_length, lengths, count), client } = self;
        // SAFETY: by the contract of this function.
        unsafe {
            Ok(RequestHead {
                method: bytes(names.method, method.0.cast(), method.1)?,
                target: bytes(names.target, target.0.cast(), target.1)?,
                authority: optional_bytes(names.authority, authority.0.cast(), authority.1)?,
                headers: FlatPairs::read(names.headers, block, block_length, lengths, count)?,
                client: address(bytes("client", client.0.cast(), client.1)?)?,
            })
        }
    }
}

impl<'a> RequestHead<'a> {
    /// The view that the core takes.
    #[inline]
    pub(crate) fn head(&self) -> Head<'_, FlatPairs<'a>> {
        Head {
            method: self.method,
            target: self.target,
            authority: self.authority,
            headers: &self.headers,
            client: self.client,
        }
    }
}

/// An address in network byte order.
#[inline]
fn address(bytes: &[u8]) -> Result<Option<IpAddr>, Failure> {
    if bytes.is_empty() {
        return Ok(None);
    }
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Ok(Some(IpAddr::from(four)));
    }
    if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
        return Ok(Some(IpAddr::from(sixteen)));
    }
    Err(no_address(bytes.len()))
}

#[cold]
fn no_address(length: usize) -> Failure {
    Failure::argument(
        "client",
        format_args!("an address has 4 or 16 bytes, or none when it is not known, and not {length}"),
    )
}

/// A time argument: the system's clock where the caller passed `WIRESIGN_NOW`.
pub(crate) fn time(now: u64) -> u64 {
    if now == crate::about::WIRESIGN_NOW { wiresign_host::now() } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem<T>(result: Result<T, Failure>) -> String {
        match result {
            Err(Failure::Argument(problem)) => problem,
            _ => panic!("not refused as an argument"),
        }
    }

    #[test]
    fn null_is_legal_only_with_length_zero() {
        // SAFETY: NULL is allowed.
        unsafe {
            assert!(matches!(bytes("body", ptr::null(), 0), Ok([])));
            assert!(matches!(optional_bytes("authority", ptr::null(), 0), Ok(None)));
            assert_eq!(problem(bytes("body", ptr::null(), 3)), "body: the pointer is NULL, but its length is 3");
        }
    }

    #[test]
    fn absent_and_empty_differ() {
        let byte = 7_u8;
        // SAFETY: the pointer is a local variable's.
        let empty = unsafe { optional_bytes("authority", ptr::from_ref(&byte).cast(), 0) };
        assert!(matches!(empty, Ok(Some([]))));
    }

    #[test]
    fn a_negative_length_is_refused_before_it_is_read() {
        let byte = 7_u8;
        // SAFETY: the length is refused, so nothing is read.
        let result = unsafe { bytes("body", ptr::from_ref(&byte).cast(), usize::MAX) };
        assert!(problem(result).starts_with("body: no memory has the length"));
    }

    #[test]
    fn text_must_be_utf8_and_is_not_quoted_in_the_problem() {
        let secret = b"abc\xff";
        // SAFETY: a local array.
        let result = unsafe { text("nonce", secret.as_ptr().cast(), secret.len()) };
        assert_eq!(problem(result), "nonce: not UTF-8 from byte 3 on");
    }

    #[test]
    fn lengths_cut_the_block_exactly() {
        let block = "Nameshort";
        let read = |lengths: &[u32]| {
            // SAFETY: local slices.
            unsafe {
                FlatPairs::read("headers", block.as_ptr().cast(), block.len(), lengths.as_ptr(), lengths.len() / 2)
            }
        };
        let pairs = read(&[4, 5]).ok().expect("right lengths");
        assert_eq!(pairs.iter().collect::<Vec<_>>(), [(&b"Name"[..], &b"short"[..])]);
        let pairs = read(&[0, 0, 4, 0, 0, 5]).ok().expect("right lengths");
        assert_eq!(pairs.iter().count(), 3, "empty names and values are kept");
        assert_eq!(problem(read(&[4, 6])), "headers: the lengths add up to 10, but the block has 9 bytes");
        assert!(problem(read(&[4, 4])).contains("add up to 8"));
        assert!(problem(read(&[u32::MAX, u32::MAX])).contains("add up to 8589934590"));
    }

    #[test]
    fn odd_lists_are_refused_before_they_are_read() {
        let numbers = [0_u32; 4];
        // SAFETY: each call is refused before anything is read, except the legal one, which reads nothing.
        unsafe {
            assert!(FlatPairs::read("headers", ptr::null(), 0, ptr::null(), 0).is_ok());
            assert_eq!(
                problem(FlatPairs::read("headers", ptr::null(), 0, ptr::null(), 2)),
                "headers: the lengths are NULL, but there are 4 texts"
            );
            let odd = numbers.as_ptr().byte_add(1);
            assert!(problem(FlatPairs::read("headers", ptr::null(), 0, odd, 1)).contains("aligned"));
            for count in [usize::MAX, usize::MAX / 2, isize::MAX as usize / 4] {
                let result = FlatPairs::read("headers", ptr::null(), 0, numbers.as_ptr(), count);
                assert!(problem(result).contains("there cannot be"), "{count}");
            }
        }
    }

    #[test]
    fn addresses_have_four_or_sixteen_bytes() {
        assert!(matches!(address(&[]), Ok(None)));
        assert!(matches!(address(&[192, 0, 2, 1]), Ok(Some(ip)) if ip.to_string() == "192.0.2.1"));
        let mut six = [0_u8; 16];
        six[15] = 1;
        assert!(matches!(address(&six), Ok(Some(ip)) if ip.to_string() == "::1"));
        assert!(problem(address(b"192.0.2.1")).starts_with("client: an address has 4 or 16"));
    }
}
