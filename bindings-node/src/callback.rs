//! Bare Node-API callbacks: functions that carry a Rust object, without the cost of a class method.

use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::Unknown;
use napi::{Env, Result, sys};

use crate::text::checked;

/// What a callback gets: the environment, its own object, and the arguments; missing ones are `undefined`.
pub(crate) struct Call<'a, T, const ARGUMENTS: usize> {
    pub(crate) env: sys::napi_env,
    pub(crate) object: &'a T,
    pub(crate) arguments: [sys::napi_value; ARGUMENTS],
}

/// Makes a JavaScript function that calls `callback` with `object`. The object lives as long as the function.
pub(crate) fn function<'env, T>(
    env: &'env Env,
    name: &str,
    callback: sys::napi_callback,
    object: Rc<T>,
) -> Result<Unknown<'env>> {
    let data = Rc::into_raw(object).cast_mut().cast::<c_void>();
    let mut value = ptr::null_mut();
    // SAFETY: env is the running environment; the name is read during the call only.
    let made = checked(unsafe {
        sys::napi_create_function(env.raw(), name.as_ptr().cast(), name.len() as isize, callback, data, &mut value)
    });
    // SAFETY: value is the function just made; `release` gives back exactly the reference that `into_raw` kept.
    let kept = made.and_then(|()| {
        checked(unsafe {
            sys::napi_add_finalizer(env.raw(), value, data, Some(release::<T>), ptr::null_mut(), ptr::null_mut())
        })
    });
    if let Err(error) = kept {
        // SAFETY: no finalizer was added, so the reference is still ours.
        drop(unsafe { Rc::from_raw(data.cast::<T>()) });
        return Err(error);
    }
    // SAFETY: value is a live handle of this environment.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
}

unsafe extern "C" fn release<T>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: data came from Rc::into_raw, and Node-API calls a finalizer once.
    drop(unsafe { Rc::from_raw(data.cast::<T>()) });
}

/// Runs the body of a callback. Nothing leaves it but a value: a panic becomes `None`.
///
/// # Safety
/// Must be called from a callback that [`function`] made for an object of type `T`, with that callback's arguments.
#[inline]
pub(crate) unsafe fn run<T, const ARGUMENTS: usize, R>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(Call<'_, T, ARGUMENTS>) -> R,
) -> Option<R> {
    let mut arguments = [ptr::null_mut(); ARGUMENTS];
    let mut count = ARGUMENTS;
    let mut data = ptr::null_mut();
    // SAFETY: all pointers are to locals of the sizes said; Node-API fills missing arguments with undefined.
    let status =
        unsafe { sys::napi_get_cb_info(env, info, &mut count, arguments.as_mut_ptr(), ptr::null_mut(), &mut data) };
    if status != sys::Status::napi_ok {
        return None;
    }
    // SAFETY: the function that is running keeps its object alive.
    let object = unsafe { &*data.cast::<T>() };
    let outcome: std::result::Result<R, Box<dyn Any + Send>> =
        catch_unwind(AssertUnwindSafe(|| body(Call { env, object, arguments })));
    outcome.ok()
}

/// The bytes of a `Uint8Array`, lent for the time of the callback.
///
/// # Safety
/// `env` must be the environment of the running callback, `value` a live handle of it. No JavaScript may run, and no other
/// thread write to the bytes, while they are borrowed.
#[inline]
pub(crate) unsafe fn bytes<'a>(env: sys::napi_env, value: sys::napi_value) -> Option<&'a [u8]> {
    let (mut kind, mut length, mut data) = (-1, 0, ptr::null_mut());
    // SAFETY: all pointers are to locals; those that are not asked for are null, as Node-API allows.
    let status = unsafe {
        sys::napi_get_typedarray_info(env, value, &mut kind, &mut length, &mut data, ptr::null_mut(), ptr::null_mut())
    };
    if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
        return None;
    }
    if length == 0 || data.is_null() {
        return Some(&[]);
    }
    // SAFETY: Node-API says that so many bytes are there; by the contract nobody changes them meanwhile.
    Some(unsafe { std::slice::from_raw_parts(data.cast(), length) })
}

/// Unix seconds: the clock for [`CLOCK`], `None` for what is no time.
///
/// # Safety
/// As [`bytes`].
#[inline]
pub(crate) unsafe fn time(env: sys::napi_env, value: sys::napi_value) -> Option<u64> {
    let mut number = 0.0;
    // SAFETY: env and value by the contract.
    let status = unsafe { sys::napi_get_value_double(env, value, &mut number) };
    if status == sys::Status::napi_ok { unix_seconds(number) } else { None }
}

/// In the place of a time: the clock. `ts/time.ts` has it too.
const CLOCK: f64 = -1.0;

/// A number of JavaScript as Unix seconds.
#[inline]
pub(crate) fn unix_seconds(number: f64) -> Option<u64> {
    const MOST: f64 = (1_u64 << 53) as f64;
    if number == CLOCK {
        return Some(clock());
    }
    (number.fract() == 0.0 && (0.0..MOST).contains(&number)).then_some(number as u64)
}

/// The kernel's coarse clock lags by some milliseconds, which whole seconds do not show, and costs a tenth of the exact one.
fn clock() -> u64 {
    #[cfg(target_os = "linux")]
    {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a local of the right type.
        if unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &mut time) } == 0 {
            return u64::try_from(time.tv_sec).unwrap_or(0);
        }
    }
    wiresign_host::now()
}
