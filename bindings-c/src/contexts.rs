//! Who acts for whom: signing a tenant and its roles, and judging such a signature.

use std::ffi::{c_char, c_void};

use wiresign::Contexts;

use crate::bytes::wiresign_bytes;
use crate::config::wiresign_config;
use crate::error::wiresign_error;
use crate::input::{self, FlatTexts};
use crate::output::{Output, release};
use crate::verified_context::wiresign_verified_context;

/// Signs and verifies contexts: a tenant, and the roles that somebody has there. May be used by several threads at once.
pub struct wiresign_contexts {
    contexts: Contexts,
}

/// Makes it of a configuration with keys for contexts, which may be freed before it.
///
/// Gives through `contexts` an object that the caller frees with wiresign_contexts_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the configuration has no keys for contexts; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_contexts_new(
    config: *const wiresign_config,
    contexts: *mut *mut wiresign_contexts,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid.
        let (config, output) = unsafe { (input::handle("config", config)?, Output::new("contexts", contexts)?) };
        output.give(wiresign_contexts { contexts: Contexts::new(config.config())? });
        Ok(())
    })
}

/// Signs a tenant and its roles. The roles are one block, and the length of each; their order and repeats make no
/// difference.
///
/// Gives through `signature` the hexadecimal digits, which the caller frees with wiresign_bytes_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when they cannot be signed, or no key is valid; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_contexts_sign(
    contexts: *const wiresign_contexts,
    tenant: *const c_char,
    tenant_length: usize,
    roles: *const c_char,
    roles_length: usize,
    role_lengths: *const u32,
    role_count: usize,
    now: u64,
    signature: *mut *mut wiresign_bytes,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (contexts, tenant, roles, output) = unsafe {
            (
                input::handle("contexts", contexts)?,
                input::text("tenant", tenant, tenant_length)?,
                FlatTexts::read("roles", roles, roles_length, role_lengths, role_count)?.to_texts("roles")?,
                Output::new("signature", signature)?,
            )
        };
        let signed = contexts.contexts.sign(tenant, &roles, input::time(now))?;
        output.give(wiresign_bytes::new(signed.into_bytes()));
        Ok(())
    })
}

/// The bytes that wiresign_contexts_sign computes the signature over, for finding out why two sides differ. They hold no
/// secret. The arguments are those of wiresign_contexts_sign.
///
/// Gives through `message` bytes that the caller frees with wiresign_bytes_free.
///
/// Errors: as wiresign_contexts_sign.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_contexts_message(
    contexts: *const wiresign_contexts,
    tenant: *const c_char,
    tenant_length: usize,
    roles: *const c_char,
    roles_length: usize,
    role_lengths: *const u32,
    role_count: usize,
    message: *mut *mut wiresign_bytes,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (contexts, tenant, roles, output) = unsafe {
            (
                input::handle("contexts", contexts)?,
                input::text("tenant", tenant, tenant_length)?,
                FlatTexts::read("roles", roles, roles_length, role_lengths, role_count)?.to_texts("roles")?,
                Output::new("message", message)?,
            )
        };
        output.give(wiresign_bytes::new(contexts.contexts.message(tenant, &roles)?));
        Ok(())
    })
}

/// Judges the signature of a tenant and its roles. `payload` is what an older system signed, built anew from this tenant
/// and these roles, and is looked at only while the migration of the configuration lasts; (NULL, 0) for none.
///
/// Gives through `verified` an object that the caller frees with wiresign_verified_context_free.
///
/// Errors: a refusal; WIRESIGN_INVALID_ARGUMENT. The context holds only when the status is WIRESIGN_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_contexts_verify(
    contexts: *const wiresign_contexts,
    tenant: *const c_char,
    tenant_length: usize,
    roles: *const c_char,
    roles_length: usize,
    role_lengths: *const u32,
    role_count: usize,
    signature: *const c_char,
    signature_length: usize,
    now: u64,
    payload: *const c_void,
    payload_length: usize,
    verified: *mut *mut wiresign_verified_context,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (contexts, tenant, roles, signature, payload, output) = unsafe {
            (
                input::handle("contexts", contexts)?,
                input::text("tenant", tenant, tenant_length)?,
                FlatTexts::read("roles", roles, roles_length, role_lengths, role_count)?.to_texts("roles")?,
                input::text("signature", signature, signature_length)?,
                input::optional_bytes("payload", payload, payload_length)?,
                Output::new("verified", verified)?,
            )
        };
        let outcome = contexts.contexts.verify(tenant, &roles, signature, input::time(now), payload)?;
        output.give(wiresign_verified_context::new(&outcome));
        Ok(())
    })
}

/// Takes the keys of another configuration, at once for all threads. The counters are kept. The configuration may be
/// freed afterwards.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the configuration has no keys for contexts, and the old ones stay;
/// WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_contexts_replace(
    contexts: *mut wiresign_contexts,
    config: *const wiresign_config,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or live. The object is only read through: it swaps its
        // configuration by itself, so other threads may use it meanwhile.
        let (contexts, config) =
            unsafe { (input::handle("contexts", contexts.cast_const())?, input::handle("config", config)?) };
        Ok(contexts.contexts.replace(config.config())?)
    })
}

/// The counters in the text format of Prometheus.
///
/// Gives through `text` bytes that the caller frees with wiresign_bytes_free.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_contexts_metrics(
    contexts: *const wiresign_contexts,
    text: *mut *mut wiresign_bytes,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid.
        let (contexts, output) = unsafe { (input::handle("contexts", contexts)?, Output::new("text", text)?) };
        output.give(wiresign_bytes::new(contexts.contexts.metrics().prometheus().into_bytes()));
        Ok(())
    })
}

/// Frees the object, when no thread uses it any more. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_contexts_free(contexts: *mut wiresign_contexts) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(contexts) }
    })
}
