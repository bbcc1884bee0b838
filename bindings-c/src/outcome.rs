//! A whole request in one block, and its whole verdict in another: for runtimes where every pointer has its price.

use std::ffi::c_void;
use std::net::IpAddr;

use wiresign::{Head, Headers, Refusal, Verified};

use crate::about::WIRESIGN_ABSENT;
use crate::codes::{WIRESIGN_INTERNAL, WIRESIGN_OK};
use crate::error::wiresign_error;
use crate::failure::Failure;
use crate::input::{self, FlatTexts};
use crate::verified::wiresign_verified;
use crate::verifier::wiresign_verifier;

/// The size of the head of an outcome, and so the least capacity of a buffer for one.
pub const WIRESIGN_OUTCOME_HEAD_SIZE: usize = 64;
/// How many texts an outcome has at most.
pub const WIRESIGN_OUTCOME_TEXTS: usize = 8;

/// A bit of `flags`: the request went to a public route, where nothing was verified.
pub const WIRESIGN_OUTCOME_PUBLIC: u32 = 1;
/// A bit of `flags`: the key that made the signature is marked as retiring.
pub const WIRESIGN_OUTCOME_RETIRING: u32 = 2;
/// A bit of `flags`: the request id is part of what was signed.
pub const WIRESIGN_OUTCOME_REQUEST_ID_SIGNED: u32 = 4;
/// A bit of `flags`: `age` and `timestamp` are known.
pub const WIRESIGN_OUTCOME_TIMESTAMP: u32 = 8;

/// The head of what wiresign_verifier_verify_packed writes; the texts follow it at once, one behind the other. The layout
/// does not change within an ABI version.
///
/// Texts of an acceptance: service, key id, scheme, request id, route, the covered parts with commas between them, the
/// replay key, which is absent under service-hmac-v2 (there it follows from service and request id), and all schemes with
/// commas between them.
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
    /// Bits, of an acceptance: WIRESIGN_OUTCOME_PUBLIC and the others.
    pub flags: u32,
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
        response_status: 0,
        response_code: 0,
        lengths: [WIRESIGN_ABSENT; WIRESIGN_OUTCOME_TEXTS],
    };
}

/// Judges a request as wiresign_verifier_verify does, with few arguments: for runtimes where each pointer costs, and where
/// the memory of a call must not move, so that all of it should be in few pieces.
///
/// `texts` holds, one behind the other: method, target, authority, the address of the caller as text ("192.0.2.1"), and
/// the names and values of the header fields, alternating. `lengths` has the length of each, `count` says how many there
/// are, and they are 4 at least. The length of an authority that is not known is WIRESIGN_ABSENT; a caller that is not
/// known, or has no IP address, may be any other text.
///
/// `outcome` is a buffer of `capacity` bytes, WIRESIGN_OUTCOME_HEAD_SIZE at least, of any alignment: it gets a
/// wiresign_outcome and its texts, whatever the status is. 512 bytes are nearly always enough.
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
        if outcome.is_null() || capacity < WIRESIGN_OUTCOME_HEAD_SIZE {
            return crate::codes::WIRESIGN_BUFFER_TOO_SMALL;
        }
        // SAFETY: not NULL, and the caller promised that it can be written for its capacity.
        let mut packed = unsafe { Packed::new(outcome.cast(), capacity) };
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let judged = unsafe {
            PackedHead::read(texts, texts_length, lengths, count).and_then(|head| {
                let verifier = input::handle("verifier", verifier)?;
                let body = input::bytes("body", body, body_length)?;
                Ok(verifier.core().verify(&head.head(), body, input::time(now))?)
            })
        };
        match judged {
            Ok(verified) => {
                packed.accept(&verified);
                WIRESIGN_OK
            }
            Err(failure) => {
                let code = failure.code();
                packed.fail(failure);
                code
            }
        }
    })
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
    fn visit<'a>(&'a self, mut field: impl FnMut(&'a [u8], &'a [u8])) {
        let mut rest = self.block;
        for pair in self.lengths.chunks_exact(2) {
            let (name, behind) = rest.split_at(pair[0] as usize);
            let (value, behind) = behind.split_at(pair[1] as usize);
            field(name, value);
            rest = behind;
        }
    }
}

impl<'a> PackedHead<'a> {
    /// Checks that the lengths cut the whole block.
    ///
    /// # Safety
    /// Unless they are NULL, `texts` is readable for `length` bytes and `lengths` for `count` numbers.
    unsafe fn read(texts: *const u8, length: usize, lengths: *const u32, count: usize) -> Result<Self, Failure> {
        // SAFETY: by the contract of this function.
        let (texts, lengths) =
            unsafe { (input::bytes("texts", texts.cast(), length)?, FlatTexts::numbers("texts", lengths, count)?) };
        let &[method, target, authority, client, ref headers @ ..] = lengths else {
            return Err(Failure::argument("count", format_args!("there are 4 texts at least, and not {count}")));
        };
        if headers.len() % 2 != 0 {
            return Err(Failure::argument("count", "a header field has a name and a value"));
        }
        let has_authority = authority != WIRESIGN_ABSENT;
        let authority = if has_authority { authority } else { 0 };
        let four = [method, target, authority, client];
        // A sum of 32-bit numbers overflows 64 bits only with more of them than memory holds.
        let sum: u64 = four.iter().chain(headers).map(|length| u64::from(*length)).sum();
        if sum != texts.len() as u64 {
            return Err(Failure::argument(
                "lengths",
                format_args!("they add up to {sum}, but there are {} bytes", texts.len()),
            ));
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
            client: std::str::from_utf8(client).ok().and_then(|text| text.parse().ok()),
            headers: PackedHeaders { block: rest, lengths: headers },
        })
    }

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
struct Packed {
    start: *mut u8,
    capacity: usize,
    head: wiresign_outcome,
    used: usize,
    fits: bool,
}

impl Packed {
    /// # Safety
    /// `start` is valid for writing `capacity` bytes, the head of an outcome at least, for as long as this object lives.
    unsafe fn new(start: *mut u8, capacity: usize) -> Self {
        Self { start, capacity, head: wiresign_outcome::NOTHING, used: WIRESIGN_OUTCOME_HEAD_SIZE, fits: true }
    }

    fn accept(&mut self, verified: &Verified) {
        let flags = [
            (verified.is_public(), WIRESIGN_OUTCOME_PUBLIC),
            (verified.key_is_retiring(), WIRESIGN_OUTCOME_RETIRING),
            (verified.request_id_is_signed(), WIRESIGN_OUTCOME_REQUEST_ID_SIGNED),
            (verified.timestamp().is_some(), WIRESIGN_OUTCOME_TIMESTAMP),
        ];
        self.head.flags = flags.iter().map(|(is_set, bit)| if *is_set { *bit } else { 0 }).sum();
        self.head.age = verified.age().unwrap_or(0);
        self.head.timestamp = verified.timestamp().unwrap_or(0);
        let texts = [verified.service(), verified.key_id(), verified.scheme(), verified.request_id(), verified.route()];
        for (at, text) in texts.into_iter().enumerate() {
            self.text(at, text);
        }
        self.list(5, verified.covered());
        // There it takes a hash that most never ask for.
        if verified.scheme() != Some(KEYED_BY_REQUEST_ID) {
            self.text(6, verified.replay_key().as_deref());
        }
        self.list(7, verified.schemes());
        // What an external store says of the request is told by the object.
        if self.fits && verified.replay_seconds().is_none() {
            self.finish();
        } else {
            self.hand_over(Box::into_raw(Box::new(wiresign_verified::new(verified))).cast());
        }
    }

    fn fail(&mut self, failure: Failure) {
        if let Failure::Refused(refusal) = &failure {
            self.refuse(refusal);
            if self.fits {
                self.finish();
                return;
            }
        }
        self.hand_over(Box::into_raw(Box::new(wiresign_error::from(failure))).cast());
    }

    fn refuse(&mut self, refusal: &Refusal) {
        let response = refusal.response();
        self.head.response_status = response.status;
        // Every number of a refusal is below 1000.
        self.head.response_code = u16::try_from(response.code.number()).unwrap_or(0);
        self.text(0, Some(&refusal.detail()));
        self.text(1, refusal.service());
        self.text(2, refusal.request_id());
        self.text(3, Some(&response.body));
        self.text(4, response.www_authenticate.as_deref());
    }

    fn text(&mut self, at: usize, text: Option<&str>) {
        if let Some(text) = text {
            self.head.lengths[at] = self.append(text);
        }
    }

    fn list<'t>(&mut self, at: usize, texts: impl Iterator<Item = &'t str>) {
        let mut length = 0;
        for (index, text) in texts.enumerate() {
            length += if index == 0 { 0 } else { self.append(",") };
            length += self.append(text);
        }
        self.head.lengths[at] = length;
    }

    /// Writes behind what was written, where there is room, and gives the length.
    fn append(&mut self, text: &str) -> u32 {
        if text.len() > self.capacity - self.used {
            self.fits = false;
            return 0;
        }
        // SAFETY: `new` was promised the whole buffer, and there is room behind what is used; the text is not in it.
        unsafe { self.start.add(self.used).copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        self.used += text.len();
        text.len() as u32 // far below 4 GiB: service ids, patterns and sentences
    }

    fn finish(&self) {
        // SAFETY: the buffer holds a head at least, and the write needs no alignment.
        unsafe { self.start.cast::<wiresign_outcome>().write_unaligned(self.head) };
    }

    /// Gives an object away in place of its texts.
    fn hand_over(&mut self, object: *mut c_void) {
        self.head = wiresign_outcome { object: object.expose_provenance() as u64, ..wiresign_outcome::NOTHING };
        self.finish();
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
