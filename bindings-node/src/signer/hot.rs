//! The call that every outgoing request makes. `ts/signer.ts` has the other half of the agreement.

use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Result, sys};
use wiresign::Head;

use super::{State, text_of};
use crate::callback::{self, Call, bytes, time};

const ARGUMENTS: usize = 6;
const FAILED: i32 = -1;

pub(super) fn function(env: &Env, state: Rc<State>) -> Result<Unknown<'_>> {
    callback::function(env, "sign", Some(sign), state)
}

unsafe extern "C" fn sign(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: `function` above has made this callback, for a State.
    let value = unsafe {
        callback::run::<State, ARGUMENTS, sys::napi_value>(env, info, |call| {
            let state = call.object;
            values(call).unwrap_or_else(|error| {
                state.error.replace(error);
                ptr::null_mut()
            })
        })
    };
    match value {
        Some(value) if !value.is_null() => value,
        _ => {
            let mut failed = ptr::null_mut();
            // SAFETY: env is the running environment. Where it fails, a null value is undefined.
            unsafe { sys::napi_create_int32(env, FAILED, &mut failed) };
            failed
        }
    }
}

/// The header values, one per line: none can hold a line feed.
fn values(call: Call<'_, State, ARGUMENTS>) -> std::result::Result<sys::napi_value, String> {
    let Call { env, object: state, arguments: [method, target, body, now, nonce, authority] } = call;
    let mut texts = state.texts.try_borrow_mut().map_err(|_| "the signer is busy")?;
    texts.begin();
    // SAFETY: the handles are those of the running callback, here and below; no JavaScript runs meanwhile.
    let [method, target, nonce, authority] =
        unsafe { [method, target, nonce, authority].map(|value| texts.read(env, value)) };
    let (Some(method), Some(target)) = (method, target) else {
        return Err("the method and the target must be strings".into());
    };
    // SAFETY: see above.
    let body = unsafe { bytes(env, body) }.ok_or("the body must be text, a Buffer or another Uint8Array")?;
    // SAFETY: see above.
    let now = unsafe { time(env, now) }.ok_or("the time must be in whole seconds since 1970")?;
    let fresh;
    let texts = texts.narrowed();
    let nonce = match nonce {
        Some(nonce) => text_of(texts.get(nonce)),
        None => {
            fresh = wiresign_host::request_id().map_err(|error| error.to_string())?;
            text_of(&fresh)
        }
    };
    let none: &[(&str, &str)] = &[];
    let mut head = Head::new(texts.get(method), texts.get(target), none);
    head.authority = authority.map(|authority| texts.get(authority));
    let signed = state.signer.sign(&head, body, now, nonce).map_err(|error| error.to_string())?;

    let mut joined = String::with_capacity(256);
    for (at, (_, value)) in signed.iter().enumerate() {
        if at > 0 {
            joined.push('\n');
        }
        joined.push_str(value);
    }
    let mut names = state.names.borrow_mut();
    if names.is_empty() {
        names.extend(signed.iter().map(|(name, _)| name.to_owned()));
    }
    let mut value = ptr::null_mut();
    // SAFETY: the text is read during the call only; all of it is ASCII.
    let status =
        unsafe { sys::napi_create_string_latin1(env, joined.as_ptr().cast(), joined.len() as isize, &mut value) };
    if status == sys::Status::napi_ok { Ok(value) } else { Err("Node gave no string".into()) }
}
