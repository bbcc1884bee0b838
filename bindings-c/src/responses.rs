//! Signing responses, and judging them: each together with the request that it answers.

use std::ffi::{c_char, c_void};

use crate::error::wiresign_error;
use crate::input::{self, FlatPairs, RawHead};
use crate::output::Output;
use crate::signed::wiresign_signed;
use crate::signer::wiresign_signer;
use crate::verified::wiresign_verified;
use crate::verifier::wiresign_verifier;

/// Signs a response by RFC 9421, together with the request that it answers, so that nobody can give it for the answer to
/// another one. Where that request asks for a signature by "Accept-Signature", it gets that one.
///
/// The response is its HTTP status, its header fields as a flat list of pairs (see the top of this header) and its body. The
/// request is described as there, as it was received, with its signature headers. `now` is the Unix time in seconds, or
/// WIRESIGN_NOW.
///
/// Gives through `signed` the headers to set in the response, which the caller frees with wiresign_signed_free.
///
/// Errors: WIRESIGN_SIGNING_FAILED when the response cannot be signed; WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_signer_sign_response(
    signer: *const wiresign_signer,
    status: u16,
    headers: *const c_char,
    headers_length: usize,
    header_lengths: *const u32,
    header_count: usize,
    body: *const c_void,
    body_length: usize,
    answered_method: *const c_char,
    answered_method_length: usize,
    answered_target: *const c_char,
    answered_target_length: usize,
    answered_authority: *const c_char,
    answered_authority_length: usize,
    answered_headers: *const c_char,
    answered_headers_length: usize,
    answered_header_lengths: *const u32,
    answered_header_count: usize,
    now: u64,
    signed: *mut *mut wiresign_signed,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let answered = RawHead::answered(
            (answered_method, answered_method_length),
            (answered_target, answered_target_length),
            (answered_authority, answered_authority_length),
            (answered_headers, answered_headers_length, answered_header_lengths, answered_header_count),
        );
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (signer, fields, body, answered, output) = unsafe {
            (
                input::handle("signer", signer)?,
                FlatPairs::read("headers", headers, headers_length, header_lengths, header_count)?,
                input::bytes("body", body, body_length)?,
                answered.read()?,
                Output::new("signed", signed)?,
            )
        };
        let head = answered.head();
        let headers = signer.core().sign_response((status, &fields, body), &head, input::time(now))?;
        output.give(wiresign_signed::new(&headers));
        Ok(())
    })
}

/// Judges the response of a service by a signature of RFC 9421 that covers it and the request that it answers.
///
/// `service` is the id of the service that was called. The response is its HTTP status, its header fields as a flat list of
/// pairs (see the top of this header) and its body. The request is described as there, as it was sent, with its signature
/// headers. `now` is the Unix time in seconds, or WIRESIGN_NOW.
///
/// Gives through `verified` who answered, which the caller frees with wiresign_verified_free.
///
/// Errors: every refusal, as for requests; WIRESIGN_SERVICE_NOT_ALLOWED where another service has signed;
/// WIRESIGN_INVALID_ARGUMENT. The response is accepted only when the status is WIRESIGN_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_verify_response(
    verifier: *const wiresign_verifier,
    service: *const c_char,
    service_length: usize,
    status: u16,
    headers: *const c_char,
    headers_length: usize,
    header_lengths: *const u32,
    header_count: usize,
    body: *const c_void,
    body_length: usize,
    answered_method: *const c_char,
    answered_method_length: usize,
    answered_target: *const c_char,
    answered_target_length: usize,
    answered_authority: *const c_char,
    answered_authority_length: usize,
    answered_headers: *const c_char,
    answered_headers_length: usize,
    answered_header_lengths: *const u32,
    answered_header_count: usize,
    now: u64,
    verified: *mut *mut wiresign_verified,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let answered = RawHead::answered(
            (answered_method, answered_method_length),
            (answered_target, answered_target_length),
            (answered_authority, answered_authority_length),
            (answered_headers, answered_headers_length, answered_header_lengths, answered_header_count),
        );
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, service, fields, body, answered, output) = unsafe {
            (
                input::handle("verifier", verifier)?,
                input::text("service", service, service_length)?,
                FlatPairs::read("headers", headers, headers_length, header_lengths, header_count)?,
                input::bytes("body", body, body_length)?,
                answered.read()?,
                Output::new("verified", verified)?,
            )
        };
        let head = answered.head();
        let judged = verifier.core().verify_response(service, (status, &fields, body), &head, input::time(now))?;
        output.give(wiresign_verified::new(&judged));
        Ok(())
    })
}
