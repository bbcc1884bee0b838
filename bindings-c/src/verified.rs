//! Who called.

use std::ffi::c_char;
use std::ptr;
use std::sync::OnceLock;

use wiresign::Verified;

use crate::error::wiresign_error;
use crate::failure::Failure;
use crate::input::{self, FlatTexts};
use crate::output::release;
use crate::permission;
use crate::text::{Text, hand_out};

/// A request that was accepted, and who sent it. Only verification makes this object. Immutable; may be used by several
/// threads at once. All texts live as long as the object.
pub struct wiresign_verified {
    verified: Verified,
    service: Kept,
    key_id: Kept,
    scheme: Kept,
    request_id: Kept,
    route: Kept,
    replay_key: Kept,
    subject: Kept,
    tenant: Kept,
    claims: Kept,
    covered: OnceLock<Vec<Text>>,
    schemes: OnceLock<Vec<Text>>,
}

/// A text that is made when it is asked for: most callers ask for few of them.
type Kept = OnceLock<Option<Text>>;

impl wiresign_verified {
    pub(crate) fn new(verified: &Verified) -> Self {
        Self {
            verified: verified.clone(),
            service: Kept::new(),
            key_id: Kept::new(),
            scheme: Kept::new(),
            request_id: Kept::new(),
            route: Kept::new(),
            replay_key: Kept::new(),
            subject: Kept::new(),
            tenant: Kept::new(),
            claims: Kept::new(),
            covered: OnceLock::new(),
            schemes: OnceLock::new(),
        }
    }

    fn service(&self) -> Option<&Text> {
        self.service.get_or_init(|| self.verified.service().map(Text::new)).as_ref()
    }

    fn key_id(&self) -> Option<&Text> {
        self.key_id.get_or_init(|| self.verified.key_id().map(Text::new)).as_ref()
    }

    fn scheme(&self) -> Option<&Text> {
        self.scheme.get_or_init(|| self.verified.scheme().map(Text::new)).as_ref()
    }

    fn request_id(&self) -> Option<&Text> {
        self.request_id.get_or_init(|| self.verified.request_id().map(Text::new)).as_ref()
    }

    fn route(&self) -> Option<&Text> {
        self.route.get_or_init(|| self.verified.route().map(Text::new)).as_ref()
    }

    fn replay_key(&self) -> Option<&Text> {
        self.replay_key.get_or_init(|| self.verified.replay_key().map(Text::from)).as_ref()
    }

    fn subject(&self) -> Option<&Text> {
        self.subject.get_or_init(|| self.verified.subject().map(Text::new)).as_ref()
    }

    fn tenant(&self) -> Option<&Text> {
        self.tenant.get_or_init(|| self.verified.tenant().map(Text::new)).as_ref()
    }

    fn claims(&self) -> Option<&Text> {
        self.claims.get_or_init(|| self.verified.claims().map(Text::new)).as_ref()
    }

    fn covered(&self) -> &[Text] {
        self.covered.get_or_init(|| self.verified.covered().map(Text::new).collect())
    }

    fn schemes(&self) -> &[Text] {
        self.schemes.get_or_init(|| self.verified.schemes().map(Text::new).collect())
    }

    pub(crate) fn verified(&self) -> &Verified {
        &self.verified
    }
}

/// True when the request went to a public route: it was accepted without looking at any credential, and there is no
/// service. NULL gives false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_is_public(verified: *const wiresign_verified) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verified.as_ref() }.is_some_and(|verified| verified.verified.is_public())
    })
}

/// Refuses the request unless one of these services made it: a rule that an application adds to those of its config.
/// Without any service named, each caller will do, but there must be one.
///
/// The ids are one block, and the length of each; `count` says how many there are.
///
/// Errors: WIRESIGN_SERVICE_NOT_ALLOWED; WIRESIGN_AUTHENTICATION_REQUIRED on a public route; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_require_service(
    verified: *const wiresign_verified,
    services: *const c_char,
    services_length: usize,
    service_lengths: *const u32,
    count: usize,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verified, services) = unsafe {
            (
                input::handle("verified", verified)?,
                FlatTexts::read("services", services, services_length, service_lengths, count)?,
            )
        };
        let services: Vec<&str> = services.iter().filter_map(|id| std::str::from_utf8(id).ok()).collect();
        if services.is_empty() && count > 0 {
            return Err(Failure::argument("services", "none of the ids is text"));
        }
        Ok(verified.verified.require_service(&services)?)
    })
}

/// Refuses the request unless its caller may do all that a permission matches, such as "POST /invoices", by "permissions" of
/// the configuration and by those of the request's token: a rule that an application adds for one of its handlers.
///
/// Errors: WIRESIGN_PERMISSION_DENIED; WIRESIGN_AUTHENTICATION_REQUIRED on a public route; WIRESIGN_INVALID_ARGUMENT for what is
/// no permission, which wiresign_permission_check finds before there is a request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_require_permission(
    verified: *const wiresign_verified,
    permission: *const c_char,
    permission_length: usize,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verified, permission) =
            unsafe { (input::handle("verified", verified)?, permission::read(permission, permission_length)?) };
        Ok(verified.verified.require_permission(&permission)?)
    })
}

/// The id of the service that signed the request; NULL on a public route, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_service(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::service), length) }
    })
}

/// The id of the key that made the signature; NULL on a public route, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_key_id(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::key_id), length) }
    })
}

/// True when the configuration marks that key as retiring. NULL gives false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_key_is_retiring(verified: *const wiresign_verified) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verified.as_ref() }.is_some_and(|verified| verified.verified.key_is_retiring())
    })
}

/// The id of the scheme, such as "service-hmac-v2"; NULL on a public route, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_scheme(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::scheme), length) }
    })
}

/// Writes the age of the signature in seconds to `age`; negative when it is from the future. False, and nothing written,
/// when there is none: on a public route, or where a pointer is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_age(verified: *const wiresign_verified, age: *mut i64) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        let known = unsafe { verified.as_ref() }.and_then(|verified| verified.verified.age());
        // SAFETY: the caller promised that `age` is NULL or can be written.
        unsafe { write_known(known, age) }
    })
}

/// Writes the signed Unix time in seconds to `timestamp`. False, and nothing written, when there is none: on a public
/// route, or where a pointer is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_timestamp(verified: *const wiresign_verified, timestamp: *mut u64) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        let known = unsafe { verified.as_ref() }.and_then(|verified| verified.verified.timestamp());
        // SAFETY: the caller promised that `timestamp` is NULL or can be written.
        unsafe { write_known(known, timestamp) }
    })
}

/// Writes a value that is known to a place that exists, and says whether it did.
///
/// # Safety
/// Unless it is NULL, the place is valid for writing.
unsafe fn write_known<T>(value: Option<T>, place: *mut T) -> bool {
    match value {
        Some(value) if !place.is_null() => {
            // SAFETY: not NULL, and valid by the contract of this function.
            unsafe { place.write(value) };
            true
        }
        _ => false,
    }
}

/// The request id; NULL when the request has none that may be logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_request_id(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::request_id), length) }
    })
}

/// True when the request id is part of what was signed. Only then does it say anything about the caller. NULL gives
/// false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_request_id_is_signed(verified: *const wiresign_verified) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verified.as_ref() }.is_some_and(|verified| verified.verified.request_id_is_signed())
    })
}

/// The pattern of the route in the configuration that matched; NULL when none did.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_route(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::route), length) }
    })
}

/// How many parts of the request the signature covers. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_covered_count(verified: *const wiresign_verified) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verified.as_ref() }.map_or(0, |verified| verified.covered().len())
    })
}

/// The name of a part of the request that the signature covers, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_covered(
    verified: *const wiresign_verified,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(|verified| verified.covered().get(index)), length) }
    })
}

/// The subject ("sub") of the token of the request; NULL where it has no token, or the token no subject.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_subject(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::subject), length) }
    })
}

/// The tenant that the token of the request names, in the claim that the configuration says; NULL where it names none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_tenant(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::tenant), length) }
    })
}

/// Writes the Unix time in seconds at which the token of the request expires to `seconds`. False, and nothing written, where the
/// request has no token, or a pointer is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_token_expires(
    verified: *const wiresign_verified,
    seconds: *mut u64,
) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        let known = unsafe { verified.as_ref() }.and_then(|verified| verified.verified.token_expires());
        // SAFETY: the caller promised that `seconds` is NULL or can be written.
        unsafe { write_known(known, seconds) }
    })
}

/// All claims of the token of the request, as the JSON object that was signed; NULL where it has no token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_claims(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::claims), length) }
    })
}

/// What no second request may share with this one; NULL where replays are not looked for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_replay_key(
    verified: *const wiresign_verified,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(wiresign_verified::replay_key), length) }
    })
}

/// For how many seconds an external replay store must remember the replay key; written to `seconds`. False, and nothing
/// written, where it need not: the request may come again, or the configuration names no external store; and where a
/// pointer is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_replay_seconds(
    verified: *const wiresign_verified,
    seconds: *mut u64,
) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        let known = unsafe { verified.as_ref() }.and_then(|verified| verified.verified.replay_seconds());
        // SAFETY: the caller promised that `seconds` is NULL or can be written.
        unsafe { write_known(known, seconds) }
    })
}

/// How many credentials were verified; several where a route asks for all of its schemes. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_schemes_count(verified: *const wiresign_verified) -> usize {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verified.as_ref() }.map_or(0, |verified| verified.schemes().len())
    })
}

/// The scheme of a credential that was verified, counted from 0; NULL behind the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_schemes(
    verified: *const wiresign_verified,
    index: usize,
    length: *mut usize,
) -> *const c_char {
    guarded!(else ptr::null(), {
        // SAFETY: the caller promised a live object or NULL, and that `length` is NULL or can be written.
        unsafe { hand_out(verified.as_ref().and_then(|verified| verified.schemes().get(index)), length) }
    })
}

/// Frees the object. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verified_free(verified: *mut wiresign_verified) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(verified) }
    })
}
