//! A whole verdict in a buffer, and a whole request in one block: for runtimes where every object and every pointer has its
//! price.

use std::ffi::{c_char, c_void};
use std::net::IpAddr;

use wiresign::{Head, Headers, Refusal, Verified};

use crate::about::WIRESIGN_ABSENT;
use crate::bytes::wiresign_bytes;
use crate::codes::{WIRESIGN_BUFFER_TOO_SMALL, WIRESIGN_INTERNAL, WIRESIGN_OK};
use crate::error::wiresign_error;
use crate::facts::FactsTable;
use crate::failure::Failure;
use crate::input::{self, FlatTexts, RawHead, cut_pairs};
use crate::output::Output;
use crate::verified::wiresign_verified;
use crate::verifier::wiresign_verifier;

/// The size of the head of an outcome, and so the least capacity of a buffer for one.
pub const WIRESIGN_OUTCOME_HEAD_SIZE: usize = 56;
/// How many texts an outcome has at most.
pub const WIRESIGN_OUTCOME_TEXTS: usize = 5;

/// A bit of `flags`: `age` and `timestamp` are known.
pub const WIRESIGN_OUTCOME_TIMESTAMP: u32 = 1;

/// The head of what wiresign_verifier_verify_outcome and wiresign_verifier_verify_packed write; the texts follow it at once,
/// one behind the other. The layout does not change within an ABI version.
///
/// Texts of an acceptance: the request id; the replay key, which is absent under service-hmac-v2 (there it follows from
/// service and request id).
/// Texts of a refusal: detail, service, request id, the body of the answer, and its WWW-Authenticate.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wiresign_outcome {
    /// The age of the signature in seconds, negative when it is from the future.
    pub age: i64,
    /// The signed Unix time in seconds.
    pub timestamp: u64,
    /// 0; or the address of an object that the caller owns and frees, where the texts do not fit into the buffer, the
    /// configuration names an external replay store, or the call failed: a wiresign_verified where the status is
    /// WIRESIGN_OK, else a wiresign_error. Nothing else is then written.
    pub object: u64,
    /// Bits, of an acceptance: WIRESIGN_OUTCOME_TIMESTAMP.
    pub flags: u32,
    /// Of an acceptance: the number of what it has in common with others, which wiresign_verifier_facts tells.
    pub facts: u32,
    /// The HTTP status to answer a refused request with.
    pub response_status: u16,
    /// The code that the answer to a refused request shows.
    pub response_code: u16,
    /// The length of each text in bytes, or WIRESIGN_ABSENT.
    pub lengths: [u32; WIRESIGN_OUTCOME_TEXTS],
}

// Part of the ABI: no padding that a compiler could lay out in another way.
const _: () = assert!(size_of::<wiresign_outcome>() == WIRESIGN_OUTCOME_HEAD_SIZE);

/// The scheme whose replay key is made of the service and the request id.
const KEYED_BY_REQUEST_ID: &str = "service-hmac-v2";

impl wiresign_outcome {
    const NOTHING: Self = Self {
        age: 0,
        timestamp: 0,
        object: 0,
        flags: 0,
        facts: 0,
        response_status: 0,
        response_code: 0,
        lengths: [WIRESIGN_ABSENT; WIRESIGN_OUTCOME_TEXTS],
    };
}

/// Judges a request as wiresign_verifier_verify does, and writes the verdict to a buffer: what many requests have in common as
/// a number, so that nothing is made that the caller has already.
///
/// `outcome` is a buffer of `capacity` bytes, WIRESIGN_OUTCOME_HEAD_SIZE at least, of any alignment: it gets a
/// wiresign_outcome and its texts, whatever the status is. 128 bytes are enough for nearly every acceptance, and 512 for
/// nearly every refusal too.
///
/// Errors: as wiresign_verifier_verify. The request is accepted only when the status is WIRESIGN_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_verify_outcome(
    verifier: *const wiresign_verifier,
    method: *const c_char,
    method_length: usize,
    target: *const c_char,
    target_length: usize,
    authority: *const c_char,
    authority_length: usize,
    headers: *const c_char,
    headers_length: usize,
    header_lengths: *const u32,
    header_count: usize,
    body: *const c_void,
    body_length: usize,
    client: *const u8,
    client_length: usize,
    now: u64,
    outcome: *mut wiresign_outcome,
    capacity: usize,
) -> i32 {
    guarded!(else WIRESIGN_INTERNAL, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        )
        .received_from(client, client_length);
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length, and the buffer for its
        // capacity.
        unsafe {
            fill(outcome, capacity, |place| {
                let verifier = input::handle("verifier", verifier)?;
                let request = request.read()?;
                let body = input::bytes("body", body, body_length)?;
                Ok(judge(verifier, &request.head(), body, now, place))
            })
        }
    })
}

/// Judges a request as wiresign_verifier_verify does, with few arguments: for runtimes where each pointer costs, and where
/// the memory of a call must not move, so that all of it should be in few pieces.
///
/// `texts` holds, one behind the other: method, target, authority, the address of the caller as text ("192.0.2.1"), and
/// the names and values of the header fields, alternating. `lengths` has the length of each, `count` says how many there
/// are, and they are 4 at least. The length of an authority that is not known is WIRESIGN_ABSENT; a caller that is not
/// known, or has no IP address, may be any other text.
///
/// The verdict is written as by wiresign_verifier_verify_outcome.
///
/// Errors: as wiresign_verifier_verify. The request is accepted only when the status is WIRESIGN_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_verify_packed(
    verifier: *const wiresign_verifier,
    texts: *const u8,
    texts_length: usize,
    lengths: *const u32,
    count: usize,
    body: *const c_void,
    body_length: usize,
    now: u64,
    outcome: *mut wiresign_outcome,
    capacity: usize,
) -> i32 {
    guarded!(else WIRESIGN_INTERNAL, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length, and the buffer for its
        // capacity.
        unsafe {
            fill(outcome, capacity, |place| {
                let verifier = input::handle("verifier", verifier)?;
                let request = PackedHead::read(texts, texts_length, lengths, count)?;
                let body = input::bytes("body", body, body_length)?;
                Ok(judge(verifier, &request.head(), body, now, place))
            })
        }
    })
}

/// The facts that a number stands for, which an outcome of this verifier has given: a wiresign_facts and its texts. They stay
/// the same for as long as the verifier lives, so ask once.
///
/// Gives through `block` bytes that the caller frees with wiresign_bytes_free.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_facts(
    verifier: *const wiresign_verifier,
    facts: u32,
    block: *mut *mut wiresign_bytes,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid.
        let (verifier, output) = unsafe { (input::handle("verifier", verifier)?, Output::new("block", block)?) };
        let known = verifier.facts().block(facts);
        let known = known.ok_or_else(|| Failure::argument("facts", format_args!("no outcome has given {facts}")))?;
        output.give(wiresign_bytes::new(known.to_vec()));
        Ok(())
    })
}

/// Checks the buffer, and writes the failure of `answer` to it, should it be one.
///
/// # Safety
/// `outcome` is NULL or valid for writing `capacity` bytes.
#[inline]
unsafe fn fill(
    outcome: *mut wiresign_outcome,
    capacity: usize,
    answer: impl FnOnce(&Place) -> Result<i32, Failure>,
) -> i32 {
    if outcome.is_null() || capacity < WIRESIGN_OUTCOME_HEAD_SIZE {
        return WIRESIGN_BUFFER_TOO_SMALL;
    }
    // SAFETY: not NULL, and valid for its capacity by the contract of this function.
    let place = unsafe { Place::new(outcome.cast(), capacity) };
    answer(&place).unwrap_or_else(|failure| place.fail(failure))
}

/// Judges, and writes the verdict. It is read where it was made, since it is larger than what it takes to read it.
#[inline]
fn judge<H: Headers>(verifier: &wiresign_verifier, head: &Head<'_, H>, body: &[u8], now: u64, place: &Place) -> i32 {
    match &verifier.core().verify(head, body, input::time(now)) {
        Ok(verified) => place.accept(verifier.facts(), verified),
        Err(refusal) => place.refuse(refusal),
    }
}

/// A request without its body, cut out of one block.
struct PackedHead<'a> {
    method: &'a [u8],
    target: &'a [u8],
    authority: Option<&'a [u8]>,
    client: Option<IpAddr>,
    headers: PackedHeaders<'a>,
}

struct PackedHeaders<'a> {
    block: &'a [u8],
    /// Name and value alternating; their sum is the length of the block, which `PackedHead::read` asserted.
    lengths: &'a [u32],
}

impl Headers for PackedHeaders<'_> {
    #[inline]
    fn visit<'a>(&'a self, field: impl FnMut(&'a [u8], &'a [u8])) {
        cut_pairs(self.block, self.lengths, field);
    }
}

impl<'a> PackedHead<'a> {
    /// Checks that the lengths cut the whole block.
    ///
    /// # Safety
    /// Unless they are NULL, `texts` is readable for `length` bytes and `lengths` for `count` numbers.
    #[inline]
    unsafe fn read(texts: *const u8, length: usize, lengths: *const u32, count: usize) -> Result<Self, Failure> {
        // SAFETY: by the contract of this function.
        let (texts, lengths) =
            unsafe { (input::bytes("texts", texts.cast(), length)?, FlatTexts::numbers("texts", lengths, count)?) };
        let &[method, target, authority, client, ref headers @ ..] = lengths else {
            return Err(Self::too_few(count));
        };
        if headers.len() % 2 != 0 {
            return Err(Self::odd());
        }
        let has_authority = authority != WIRESIGN_ABSENT;
        let authority = if has_authority { authority } else { 0 };
        let four = [method, target, authority, client];
        // A sum of 32-bit numbers overflows 64 bits only with more of them than memory holds.
        let sum: u64 = four.iter().chain(headers).map(|length| u64::from(*length)).sum();
        if sum != texts.len() as u64 {
            return Err(Self::not_cut(sum, texts.len()));
        }
        let mut rest = texts;
        let [method, target, authority, client] = four.map(|length| {
            let (text, behind) = rest.split_at(length as usize);
            rest = behind;
            text
        });
        Ok(Self {
            method,
            target,
            authority: has_authority.then_some(authority),
            client: if client.is_empty() { None } else { Self::address(client) },
            headers: PackedHeaders { block: rest, lengths: headers },
        })
    }

    #[inline(never)]
    fn address(client: &[u8]) -> Option<IpAddr> {
        std::str::from_utf8(client).ok().and_then(|text| text.parse().ok())
    }

    #[cold]
    fn too_few(count: usize) -> Failure {
        Failure::argument("count", format_args!("there are 4 texts at least, and not {count}"))
    }

    #[cold]
    fn odd() -> Failure {
        Failure::argument("count", "a header field has a name and a value")
    }

    #[cold]
    fn not_cut(sum: u64, length: usize) -> Failure {
        Failure::argument("lengths", format_args!("they add up to {sum}, but there are {length} bytes"))
    }

    #[inline]
    fn head(&self) -> Head<'_, PackedHeaders<'a>> {
        Head {
            method: self.method,
            target: self.target,
            authority: self.authority,
            headers: &self.headers,
            client: self.client,
        }
    }
}

/// The buffer of the caller.
struct Place {
    start: *mut u8,
    capacity: usize,
}

/// Texts behind the head of an outcome.
struct Texts<'a> {
    place: &'a Place,
    used: usize,
    lengths: [u32; WIRESIGN_OUTCOME_TEXTS],
    fit: bool,
}

impl Place {
    /// # Safety
    /// `start` is valid for writing `capacity` bytes, the head of an outcome at least, for as long as this object lives.
    #[inline]
    unsafe fn new(start: *mut u8, capacity: usize) -> Self {
        Self { start, capacity }
    }

    #[inline]
    fn accept(&self, facts: &FactsTable, verified: &Verified) -> i32 {
        let mut texts = Texts::new(self);
        texts.put(0, verified.request_id());
        // There it takes a hash that most never ask for.
        if verified.scheme() != Some(KEYED_BY_REQUEST_ID) {
            texts.put(1, verified.replay_key().as_deref());
        }
        // What an external store says of the request is told by the object.
        match facts.number(verified) {
            Some(number) if texts.fit && verified.replay_seconds().is_none() => {
                let timestamp = verified.timestamp();
                self.finish(wiresign_outcome {
                    age: verified.age().unwrap_or(0),
                    timestamp: timestamp.unwrap_or(0),
                    flags: if timestamp.is_some() { WIRESIGN_OUTCOME_TIMESTAMP } else { 0 },
                    facts: number,
                    lengths: texts.lengths,
                    ..wiresign_outcome::NOTHING
                });
            }
            _ => self.hand_over(Box::into_raw(Box::new(wiresign_verified::new(verified))).cast()),
        }
        WIRESIGN_OK
    }

    fn refuse(&self, refusal: &Refusal) -> i32 {
        let response = refusal.response();
        let mut texts = Texts::new(self);
        texts.put(0, Some(&refusal.detail()));
        texts.put(1, refusal.service());
        texts.put(2, refusal.request_id());
        texts.put(3, Some(&response.body));
        texts.put(4, response.www_authenticate.as_deref());
        if texts.fit {
            self.finish(wiresign_outcome {
                response_status: response.status,
                // Every number of a refusal is below 1000.
                response_code: u16::try_from(response.code.number()).unwrap_or(0),
                lengths: texts.lengths,
                ..wiresign_outcome::NOTHING
            });
        } else {
            self.hand_over(Box::into_raw(Box::new(wiresign_error::refused(refusal))).cast());
        }
        refusal.code().number()
    }

    #[cold]
    fn fail(&self, failure: Failure) -> i32 {
        let code = failure.code();
        self.hand_over(Box::into_raw(Box::new(wiresign_error::from(failure))).cast());
        code
    }

    #[inline]
    fn finish(&self, head: wiresign_outcome) {
        // SAFETY: the buffer holds a head at least, and the write needs no alignment.
        unsafe { self.start.cast::<wiresign_outcome>().write_unaligned(head) };
    }

    /// Gives an object away in place of its texts.
    fn hand_over(&self, object: *mut c_void) {
        self.finish(wiresign_outcome { object: object.expose_provenance() as u64, ..wiresign_outcome::NOTHING });
    }
}

impl<'a> Texts<'a> {
    #[inline]
    fn new(place: &'a Place) -> Self {
        Self { place, used: WIRESIGN_OUTCOME_HEAD_SIZE, lengths: [WIRESIGN_ABSENT; WIRESIGN_OUTCOME_TEXTS], fit: true }
    }

    /// Writes a text behind those that were written, where there is room, and notes its length.
    #[inline]
    fn put(&mut self, at: usize, text: Option<&str>) {
        let Some(text) = text else {
            return;
        };
        if text.len() > self.place.capacity - self.used {
            self.fit = false;
            return;
        }
        // SAFETY: `Place::new` was promised the whole buffer, and there is room behind what is used; the text is not in it.
        unsafe { self.place.start.add(self.used).copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        self.used += text.len();
        self.lengths[at] = text.len() as u32; // far below 4 GiB: service ids, patterns and sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: &[u8] = b"GET/ahost192.0.2.1Nameshort";

    fn read(lengths: &[u32]) -> Result<PackedHead<'static>, Failure> {
        // SAFETY: a static text and a local slice.
        unsafe { PackedHead::read(TEXTS.as_ptr(), TEXTS.len(), lengths.as_ptr(), lengths.len()) }
    }

    fn problem(lengths: &[u32]) -> String {
        match read(lengths) {
            Err(Failure::Argument(problem)) => problem,
            _ => panic!("not refused as an argument"),
        }
    }

    #[test]
    fn the_block_is_cut_into_a_request() {
        let request = read(&[3, 2, 4, 9, 4, 5]).ok().expect("right lengths");
        let head = request.head();
        assert_eq!((head.method, head.target, head.authority), (&b"GET"[..], &b"/a"[..], Some(&b"host"[..])));
        assert_eq!(head.client, Some(IpAddr::from([192, 0, 2, 1])));
        let mut fields = Vec::new();
        head.headers.visit(|name, value| fields.push((name, value)));
        assert_eq!(fields, [(&b"Name"[..], &b"short"[..])]);
    }

    #[test]
    fn absent_and_empty_authorities_differ() {
        assert_eq!(read(&[3, 6, 0, 9, 4, 5]).ok().expect("right lengths").authority, Some(&[][..]));
        assert_eq!(read(&[3, 6, WIRESIGN_ABSENT, 9, 4, 5]).ok().expect("right lengths").authority, None);
    }

    #[test]
    fn a_caller_without_an_address_is_not_known() {
        assert_eq!(read(&[3, 2, 4, 0, 13, 5]).ok().expect("right lengths").client, None);
        assert_eq!(read(&[3, 2, 4, 8, 5, 5]).ok().expect("right lengths").client, None);
    }

    #[test]
    fn lengths_that_do_not_cut_it_are_refused() {
        assert!(problem(&[3, 2, 4]).starts_with("count: there are 4 texts at least"));
        assert!(problem(&[3, 2, 4, 9, 9]).starts_with("count: a header field"));
        assert!(problem(&[3, 2, 4, 9, 4, 6]).starts_with("lengths: they add up to 28, but there are 27"));
        assert!(problem(&[3, 2, 4, WIRESIGN_ABSENT, 4, 5]).contains("add up to"));
    }
}
