//! Issuing tokens about the services of the registry.

use std::ffi::{c_char, c_void};

use wiresign::{TokenIssuer, TokenRequest};

use crate::config::wiresign_config;
use crate::error::wiresign_error;
use crate::input::{self, FlatTexts, Nonce};
use crate::issued_token::wiresign_issued_token;
use crate::output::{Output, release};
use crate::token_response::wiresign_token_response;

/// As `lifetime` of wiresign_token_issuer_issue: as long as the configuration says.
pub const WIRESIGN_CONFIGURED_LIFETIME: u64 = u64::MAX;

/// Issues tokens about the services of the registry, signed with the own key, for a token endpoint. May be used by several
/// threads at once.
pub struct wiresign_token_issuer {
    issuer: TokenIssuer,
}

/// Makes an issuer of a configuration, which may be freed before the issuer.
///
/// Gives through `issuer` an object that the caller frees with wiresign_token_issuer_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the own service has no key that can sign tokens; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_token_issuer_new(
    config: *const wiresign_config,
    issuer: *mut *mut wiresign_token_issuer,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid.
        let (config, output) = unsafe { (input::handle("config", config)?, Output::new("issuer", issuer)?) };
        output.give(wiresign_token_issuer { issuer: TokenIssuer::new(config.config())? });
        Ok(())
    })
}

/// Issues a token about `subject`, a service of the registry, for `audience`, one of its targets.
///
/// `lifetime` is in seconds, at most what the configuration says; WIRESIGN_CONFIGURED_LIFETIME for that. The permissions are some
/// of the subject's, as one block and the length of each; where `permission_lengths` is NULL, all of them. The tenant is what
/// the token names, (NULL, 0) for none. `now` is the Unix time in seconds, or WIRESIGN_NOW. The id becomes the token's "jti";
/// (NULL, 0) stands for a new random UUID.
///
/// Gives through `token` an object that the caller frees with wiresign_issued_token_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the registry does not allow the token, or no key is valid; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_token_issuer_issue(
    issuer: *const wiresign_token_issuer,
    subject: *const c_char,
    subject_length: usize,
    audience: *const c_char,
    audience_length: usize,
    lifetime: u64,
    permissions: *const c_char,
    permissions_length: usize,
    permission_lengths: *const u32,
    permission_count: usize,
    tenant: *const c_char,
    tenant_length: usize,
    now: u64,
    id: *const c_char,
    id_length: usize,
    token: *mut *mut wiresign_issued_token,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (issuer, subject, audience, permissions, tenant, id, output) = unsafe {
            (
                input::handle("issuer", issuer)?,
                input::text("subject", subject, subject_length)?,
                input::text("audience", audience, audience_length)?,
                FlatTexts::read("permissions", permissions, permissions_length, permission_lengths, permission_count)?
                    .to_texts("permissions")?,
                input::optional_text("tenant", tenant, tenant_length)?,
                Nonce::read("id", id, id_length)?,
                Output::new("token", token)?,
            )
        };
        let request = TokenRequest {
            lifetime: (lifetime != WIRESIGN_CONFIGURED_LIFETIME).then_some(lifetime),
            permissions: (!permission_lengths.is_null()).then_some(&permissions),
            tenant,
            ..TokenRequest::new(subject, audience)
        };
        let issued = issuer.issuer.issue(&request, input::time(now), id.as_str())?;
        output.give(wiresign_issued_token::new(&issued));
        Ok(())
    })
}

/// Answers a request to a token endpoint (RFC 6749, section 4.4): judges its form, issues the token, and writes the answer. What
/// the caller asks wrongly is an answer too, and WIRESIGN_OK.
///
/// `caller` is the service that a verification of this request named, (NULL, 0) for none; `form` is the body of the request.
/// The tenant is for the application to name, never for the caller; (NULL, 0) for none. `now` is the Unix time in seconds, or
/// WIRESIGN_NOW. The id becomes the token's "jti"; (NULL, 0) stands for a new random UUID.
///
/// Gives through `response` an object that the caller frees with wiresign_token_response_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the service itself cannot sign, or the tenant or the id cannot be;
/// WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_token_issuer_answer(
    issuer: *const wiresign_token_issuer,
    caller: *const c_char,
    caller_length: usize,
    form: *const c_void,
    form_length: usize,
    tenant: *const c_char,
    tenant_length: usize,
    now: u64,
    id: *const c_char,
    id_length: usize,
    response: *mut *mut wiresign_token_response,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (issuer, caller, form, tenant, id, output) = unsafe {
            (
                input::handle("issuer", issuer)?,
                input::optional_text("caller", caller, caller_length)?,
                input::bytes("form", form, form_length)?,
                input::optional_text("tenant", tenant, tenant_length)?,
                Nonce::read("id", id, id_length)?,
                Output::new("response", response)?,
            )
        };
        let answer = issuer.issuer.answer(caller, form, tenant, input::time(now), id.as_str())?;
        output.give(wiresign_token_response::new(&answer));
        Ok(())
    })
}

/// Puts another configuration in force, at once for all threads. It may be freed afterwards.
///
/// Errors: WIRESIGN_SIGNING_FAILED when its own service has no key that can sign tokens, and the old one stays;
/// WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_token_issuer_replace(
    issuer: *mut wiresign_token_issuer,
    config: *const wiresign_config,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or live. The issuer is only read through: it swaps its
        // configuration by itself, so other threads may use it meanwhile.
        let (issuer, config) =
            unsafe { (input::handle("issuer", issuer.cast_const())?, input::handle("config", config)?) };
        Ok(issuer.issuer.replace(config.config())?)
    })
}

/// Frees an issuer. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_token_issuer_free(issuer: *mut wiresign_token_issuer) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(issuer) }
    })
}
