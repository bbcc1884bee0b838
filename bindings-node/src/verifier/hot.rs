//! The calls that every request makes. `ts/verifier.ts` has the other half of the agreement.

use std::net::IpAddr;
use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Result, sys};
use wiresign::{Head, Headers, Refusal, ReplaySource, Verified};

use super::State;
use super::exchange::{Cells, MOST_PIECES, MOST_VALUES, found, given};
use crate::callback::{self, Call, bytes, unix_seconds};

// The answers. From 0 up: accepted, and the number of its facts.
const REFUSED: i32 = -1;
const BAD_BODY: i32 = -2;
const BAD_TEXT: i32 = -3;
const BAD_TIME: i32 = -4;
const DEFECT: i32 = -5;
const ACCEPTED_ELSEWHERE: i32 = -6;
const BAD_CLIENT: i32 = -7;

const FIRST_HEADER: usize = 5;
const ARGUMENTS: usize = FIRST_HEADER + MOST_VALUES;

pub(super) fn verify_function(env: &Env, state: Rc<State>) -> Result<Unknown<'_>> {
    let function = callback::function(env, "verify", Some(verify), state.clone())?;
    state.exchange.attach(env, &function)?;
    Ok(function)
}

pub(super) fn is_public_function(env: &Env, state: Rc<State>) -> Result<Unknown<'_>> {
    callback::function(env, "isPublic", Some(is_public), state)
}

unsafe extern "C" fn is_public(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: `is_public_function` above has made this callback, for a State.
    let outcome = unsafe {
        callback::run::<State, 2, bool>(env, info, |Call { env, object: state, arguments: [method, target] }| {
            let Ok(mut texts) = state.texts.try_borrow_mut() else {
                return false;
            };
            texts.begin();
            // SAFETY: the handles are those of the running callback.
            let (method, target) = (texts.read(env, method), texts.read(env, target));
            let (Some(method), Some(target)) = (method, target) else {
                return false;
            };
            let texts = texts.narrowed();
            state.verifier.is_public(texts.get(method), texts.get(target))
        })
    };
    let mut value = ptr::null_mut();
    // SAFETY: env is the running environment. Where it fails, a null value is undefined.
    unsafe { sys::napi_get_boolean(env, outcome.unwrap_or(false), &mut value) };
    value
}

unsafe extern "C" fn verify(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: `verify_function` above has made this callback, for a State.
    let outcome = unsafe { callback::run::<State, ARGUMENTS, i32>(env, info, judge) };
    let mut value = ptr::null_mut();
    // SAFETY: env is the running environment. Where it fails, a null value is undefined.
    unsafe { sys::napi_create_int32(env, outcome.unwrap_or(DEFECT), &mut value) };
    value
}

#[inline]
fn judge(call: Call<'_, State, ARGUMENTS>) -> i32 {
    let Call { env, object: state, arguments } = call;
    // SAFETY: this is the function that the memory belongs to, and no JavaScript runs until the verdict.
    let cells = unsafe { state.exchange.cells() };
    let Some(now) = unix_seconds(cells.time) else {
        return BAD_TIME;
    };
    let (Ok(mut texts), Ok(names)) = (state.texts.try_borrow_mut(), state.names.try_borrow()) else {
        return DEFECT;
    };
    texts.begin();
    // SAFETY: the handles are those of the running callback, here and below.
    let mut read = |at: usize| unsafe { texts.read(env, arguments[at]) };
    let (Some(method), Some(target)) = (read(0), read(1)) else {
        return BAD_TEXT;
    };
    let is_given = |what: i32| cells.given & what != 0;
    let mut given_text = |what, at| if is_given(what) { read(at).ok_or(()).map(Some) } else { Ok(None) };
    let (Ok(authority), Ok(client)) = (given_text(given::AUTHORITY, 3), given_text(given::CLIENT, 4)) else {
        return BAD_TEXT;
    };
    let mut values = [None; MOST_VALUES];
    let count = cells.count.max(0) as usize;
    for (place, at) in values.iter_mut().zip(0..if is_given(given::JOINED) { 1 } else { count }) {
        // What is not a string is absent: the other side has seen to it that it is undefined.
        *place = read(FIRST_HEADER + at);
    }
    let body = match is_given(given::BODY) {
        false => Some(&[][..]),
        // SAFETY: as above.
        true => unsafe { bytes(env, arguments[2]) },
    };
    let Some(body) = body else {
        return BAD_BODY;
    };

    let texts = texts.narrowed();
    let client = client.map(|client| str::from_utf8(texts.get(client)).ok().and_then(|text| text.parse().ok()));
    let client: Option<IpAddr> = match client {
        Some(None) => return BAD_CLIENT,
        given => given.flatten(),
    };
    let authority = authority.map(|authority| texts.get(authority));
    let (method, target) = (texts.get(method), texts.get(target));
    if is_given(given::JOINED) {
        let text = values[0].map_or(&b""[..], |place| texts.get(place));
        let headers = Joined { text, lengths: &cells.lengths[..count.min(MOST_PIECES)] };
        if !headers.is_whole() {
            return DEFECT;
        }
        let head = Head { method, target, authority, headers: &headers, client };
        return match state.verifier.verify(&head, body, now) {
            Ok(verified) => {
                state.verified.replace(Some(verified));
                ACCEPTED_ELSEWHERE
            }
            Err(refusal) => refused(state, refusal),
        };
    }
    let mut headers = Present {
        names: &names,
        places: if is_given(given::IN_ORDER) { IN_ORDER } else { cells.places },
        values: [None; MOST_VALUES],
    };
    for (value, place) in headers.values.iter_mut().zip(values) {
        *value = place.map(|place| texts.get(place));
    }
    let head = Head { method, target, authority, headers: &headers, client };
    match state.verifier.verify(&head, body, now) {
        Ok(verified) => accepted(state, verified, &headers, cells),
        Err(refusal) => refused(state, refusal),
    }
}

fn refused(state: &State, refusal: Refusal) -> i32 {
    state.refusal.replace(Some(refusal));
    REFUSED
}

#[inline]
fn accepted(state: &State, verified: Verified, headers: &Present<'_>, cells: &mut Cells) -> i32 {
    // What is still to be settled, and what others will not have, has more to say than there is room for.
    let fits = verified.replay_seconds().is_none() && !verified.is_individual();
    let number = if fits { state.facts.borrow_mut().number(&verified) } else { None };
    let Some(number) = number else {
        state.verified.replace(Some(verified));
        return ACCEPTED_ELSEWHERE;
    };
    cells.found = 0;
    if let (Some(timestamp), Some(age)) = (verified.timestamp(), verified.age()) {
        cells.found |= found::TIME;
        (cells.time, cells.age) = (timestamp as f64, age as f64);
    }
    let id = verified.request_id();
    let is_id = |value: &Option<&[u8]>| value.is_some() && *value == id.map(str::as_bytes);
    cells.request_id = headers.values.iter().position(is_id).map_or(-1, |at| at as i32);
    match verified.replay_source() {
        None => {}
        Some(ReplaySource::RequestId) => cells.found |= found::BY_REQUEST_ID,
        Some(ReplaySource::Signature(bytes)) => {
            cells.found |= found::BY_SIGNATURE;
            for (word, bytes) in cells.signature.iter_mut().zip(bytes.as_chunks().0) {
                *word = i32::from_le_bytes(*bytes);
            }
        }
    }
    number as i32
}

const IN_ORDER: [i32; MOST_VALUES] = [0, 1, 2, 3, 4, 5, 6, 7];

/// The headers that the config reads, as far as they are there.
struct Present<'a> {
    names: &'a [String],
    /// For each value the place of its name.
    places: [i32; MOST_VALUES],
    values: [Option<&'a [u8]>; MOST_VALUES],
}

impl Headers for Present<'_> {
    #[inline]
    fn visit<'a>(&'a self, mut field: impl FnMut(&'a [u8], &'a [u8])) {
        for (place, value) in self.places.iter().zip(self.values) {
            if let Some(value) = value
                && let Some(name) = self.names.get(*place as usize)
            {
                field(name.as_bytes(), value);
            }
        }
    }
}

/// All header fields in one text: name, value, name, value.
struct Joined<'a> {
    text: &'a [u8],
    lengths: &'a [i32],
}

impl Joined<'_> {
    /// Whether the lengths are those of the text. The other side has written both.
    fn is_whole(&self) -> bool {
        let lengths = self.lengths.iter().map(|&length| usize::try_from(length).ok());
        self.lengths.len().is_multiple_of(2) && lengths.sum::<Option<usize>>() == Some(self.text.len())
    }
}

impl Headers for Joined<'_> {
    fn visit<'a>(&'a self, mut field: impl FnMut(&'a [u8], &'a [u8])) {
        let mut rest = self.text;
        for [name, value] in self.lengths.as_chunks().0 {
            let (name, behind) = rest.split_at(*name as usize);
            let (value, behind) = behind.split_at(*value as usize);
            field(name, value);
            rest = behind;
        }
    }
}
