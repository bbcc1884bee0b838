//! The calls that every request makes. `ts/verifier.ts` has the other half of the agreement.

use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Result, sys};
use wiresign::{Head, Headers, Verified};

use super::State;
use crate::WANTED_HEADERS;
use crate::callback::{self, Call, bytes, time};
use crate::text::{Place, Texts};

// The answers. From 0 up: accepted, by bits: 0 to 10 the age plus 1,024; 11 whether there is a request id; 12 and up the
// number of its facts.
const REFUSED: i32 = -1;
const BAD_BODY: i32 = -2;
const BAD_TEXT: i32 = -3;
const BAD_TIME: i32 = -4;
const DEFECT: i32 = -5;
const ACCEPTED_ELSEWHERE: i32 = -6;
const AGE_ZERO: i64 = 1024;
const AGES: i64 = 2048;
const HAS_REQUEST_ID: i32 = 1 << 11;
const FACTS_SHIFT: u32 = 12;

const FIRST_HEADER: usize = 4;
const ARGUMENTS: usize = FIRST_HEADER + WANTED_HEADERS.len();

// Every number of facts must fit above the other bits, and keep the sign.
const _: () = assert!(crate::facts::MOST <= 1 << (31 - FACTS_SHIFT));

pub(super) fn verify_function(env: &Env, state: Rc<State>) -> Result<Unknown<'_>> {
    callback::function(env, "verify", Some(verify), state)
}

pub(super) fn is_public_function(env: &Env, state: Rc<State>) -> Result<Unknown<'_>> {
    callback::function(env, "isPublic", Some(is_public), state)
}

unsafe extern "C" fn is_public(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: `is_public_function` above has made this callback, for a State.
    let outcome = unsafe {
        callback::run::<State, 2, bool>(env, info, |Call { env, object: state, arguments: [method, target] }| {
            let mut texts = Texts::new();
            // SAFETY: the handles are those of the running callback.
            let (method, target) = (texts.read(env, method), texts.read(env, target));
            let (Some(method), Some(target)) = (method, target) else {
                return false;
            };
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
    let mut texts = Texts::new();
    // SAFETY: the handles are those of the running callback, here and below; no JavaScript runs until the verdict.
    let (method, target) = unsafe { (texts.read(env, arguments[0]), texts.read(env, arguments[1])) };
    let (Some(method), Some(target)) = (method, target) else {
        return BAD_TEXT;
    };
    let mut places = [None; WANTED_HEADERS.len()];
    for (place, &value) in places.iter_mut().zip(&arguments[FIRST_HEADER..]) {
        // SAFETY: see above. What is not a string is absent: ts/headers.ts has seen to it that it is undefined.
        *place = unsafe { texts.read(env, value) };
    }
    // SAFETY: see above.
    let Some(body) = (unsafe { bytes(env, arguments[2]) }) else {
        return BAD_BODY;
    };
    // SAFETY: see above.
    let Some(now) = (unsafe { time(env, arguments[3]) }) else {
        return BAD_TIME;
    };
    let headers = WantedHeaders { texts: &texts, places };
    match state.verifier.verify(&Head::new(texts.get(method), texts.get(target), &headers), body, now) {
        Ok(verified) => accepted(state, verified),
        Err(refusal) => {
            state.refusal.replace(Some(refusal));
            REFUSED
        }
    }
}

#[inline]
fn accepted(state: &State, verified: Verified) -> i32 {
    // What has a caller and no time, or is still to be settled, has more to say than fits into a number.
    let is_plain = (verified.is_public() || verified.timestamp().is_some()) && verified.replay_seconds().is_none();
    let age = verified.age().unwrap_or(0) + AGE_ZERO;
    let number = if is_plain { state.facts.borrow_mut().number(&verified) } else { None };
    match number {
        Some(number) if (0..AGES).contains(&age) => {
            let has_request_id = if verified.request_id().is_some() { HAS_REQUEST_ID } else { 0 };
            (number as i32) << FACTS_SHIFT | has_request_id | age as i32
        }
        _ => {
            state.verified.replace(Some(verified));
            ACCEPTED_ELSEWHERE
        }
    }
}

/// The headers that a verification looks at, as they came.
struct WantedHeaders<'a> {
    texts: &'a Texts,
    places: [Option<Place>; WANTED_HEADERS.len()],
}

impl Headers for WantedHeaders<'_> {
    #[inline]
    fn visit<'a>(&'a self, mut field: impl FnMut(&'a [u8], &'a [u8])) {
        for (name, place) in WANTED_HEADERS.iter().zip(self.places) {
            if let Some(place) = place {
                field(name.as_bytes(), self.texts.get(place));
            }
        }
    }
}
