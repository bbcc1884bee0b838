//! Judging what was received.

use std::ffi::{c_char, c_void};

use wiresign::{ReplayOutcome, Verifier};

use crate::body_verification::wiresign_body_verification;
use crate::bytes::wiresign_bytes;
use crate::config::wiresign_config;
use crate::error::wiresign_error;
use crate::explanation::wiresign_explanation;
use crate::facts::FactsTable;
use crate::failure::Failure;
use crate::handshake_response::wiresign_handshake_response;
use crate::identity_request::wiresign_identity_request;
use crate::input::{self, RawHead};
use crate::output::{Output, release};
use crate::texts::wiresign_texts;
use crate::verified::wiresign_verified;
use crate::verified_values::wiresign_verified_values;

/// As `outcome` of wiresign_verifier_settle_replay: the key was not in the store, and is now.
pub const WIRESIGN_REPLAY_FIRST: u32 = 0;
/// As `outcome`: the key was in the store already.
pub const WIRESIGN_REPLAY_REPEATED: u32 = 1;
/// As `outcome`: the store gave no answer.
pub const WIRESIGN_REPLAY_UNAVAILABLE: u32 = 2;

/// Judges requests by a configuration, and remembers which ones it accepted. May be used by several threads at once;
/// a service has one for its whole life, because a second one would not know the requests that the first has seen.
pub struct wiresign_verifier {
    verifier: Verifier,
    facts: FactsTable,
}

impl wiresign_verifier {
    pub(crate) fn core(&self) -> &Verifier {
        &self.verifier
    }

    pub(crate) fn facts(&self) -> &FactsTable {
        &self.facts
    }
}

/// Makes a verifier of a configuration, which may be freed before the verifier.
///
/// Gives through `verifier` an object that the caller frees with wiresign_verifier_free.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_new(
    config: *const wiresign_config,
    verifier: *mut *mut wiresign_verifier,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid.
        let (config, output) = unsafe { (input::handle("config", config)?, Output::new("verifier", verifier)?) };
        output.give(wiresign_verifier { verifier: Verifier::new(config.config()), facts: FactsTable::new() });
        Ok(())
    })
}

/// Judges a request with its whole body.
///
/// The request is described as at the top of this header: method, target, headers and body are the bytes that were
/// received, not what a framework made of them. `client` is the address of the caller in network byte order, 4 or 16
/// bytes, (NULL, 0) when it is not known. `now` is the Unix time in seconds, or WIRESIGN_NOW.
///
/// Gives through `verified` who called, which the caller frees with wiresign_verified_free.
///
/// Errors: every refusal; WIRESIGN_INVALID_ARGUMENT; WIRESIGN_INTERNAL. The request is accepted only when the status is
/// WIRESIGN_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_verify(
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
    verified: *mut *mut wiresign_verified,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        )
        .received_from(client, client_length);
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, request, body, output) = unsafe {
            (
                input::handle("verifier", verifier)?,
                request.read()?,
                input::bytes("body", body, body_length)?,
                Output::new("verified", verified)?,
            )
        };
        let head = request.head();
        let outcome = verifier.verifier.verify(&head, body, input::time(now))?;
        output.give(wiresign_verified::new(&outcome));
        Ok(())
    })
}

/// Judges a request as wiresign_verifier_verify does, and writes who called to plain memory of the caller, so that no
/// object is made. With `err` NULL a refusal makes none either. Nothing is to be freed.
///
/// Errors: as wiresign_verifier_verify. A request that an external replay store has still to judge is
/// WIRESIGN_INVALID_ARGUMENT, because plain values cannot be settled: use wiresign_verifier_verify there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_verify_into(
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
    values: *mut wiresign_verified_values,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        )
        .received_from(client, client_length);
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, request, body, output) = unsafe {
            (
                input::handle("verifier", verifier)?,
                request.read()?,
                input::bytes("body", body, body_length)?,
                Output::new("values", values)?,
            )
        };
        let head = request.head();
        let outcome = verifier.verifier.verify(&head, body, input::time(now))?;
        if outcome.replay_seconds().is_some() {
            return Err(Failure::argument("values", "they cannot be settled with the external replay store"));
        }
        output.write(wiresign_verified_values::new(&outcome)?);
        Ok(())
    })
}

/// Begins to judge a request whose body is still arriving. All that can be refused without the body is refused here.
/// The arguments are those of wiresign_verifier_verify. The verifier may be freed before the object.
///
/// Gives through `verification` an object that the caller frees with wiresign_body_verification_free.
///
/// Errors: as wiresign_verifier_verify.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_begin(
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
    client: *const u8,
    client_length: usize,
    now: u64,
    verification: *mut *mut wiresign_body_verification,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        )
        .received_from(client, client_length);
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, request, output) = unsafe {
            (input::handle("verifier", verifier)?, request.read()?, Output::new("verification", verification)?)
        };
        let head = request.head();
        let begun = verifier.verifier.begin(&head, input::time(now))?;
        output.give(wiresign_body_verification::new(begun));
        Ok(())
    })
}

/// Takes what an external replay store says of a request that was accepted. Where the configuration names one, nothing
/// is remembered here: insert wiresign_verified_replay_key into the store if it is absent, to live for
/// wiresign_verified_replay_seconds, and tell the outcome, one of WIRESIGN_REPLAY_FIRST and the others.
///
/// Errors: WIRESIGN_REPLAYED_REQUEST; WIRESIGN_REPLAY_STORE_UNAVAILABLE, unless the configuration lets such requests
/// pass; WIRESIGN_INVALID_ARGUMENT. The request is accepted only when the status is WIRESIGN_OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_settle_replay(
    verifier: *const wiresign_verifier,
    verified: *const wiresign_verified,
    outcome: u32,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or a live object of this library.
        let (verifier, verified) =
            unsafe { (input::handle("verifier", verifier)?, input::handle("verified", verified)?) };
        let outcome = match outcome {
            WIRESIGN_REPLAY_FIRST => ReplayOutcome::First,
            WIRESIGN_REPLAY_REPEATED => ReplayOutcome::Repeated,
            WIRESIGN_REPLAY_UNAVAILABLE => ReplayOutcome::Unavailable,
            other => return Err(Failure::argument("outcome", format_args!("{other} is none"))),
        };
        Ok(verifier.verifier.settle_replay(verified.verified(), outcome)?)
    })
}

/// Says how a request is judged and, where it is refused, what the cause may be. Nothing is remembered or counted. Takes up to
/// some thousand times as long as a verification: for operators, and not for every refusal. The request is described as for
/// wiresign_verifier_verify.
///
/// Gives through `explanation` an object that the caller frees with wiresign_explanation_free.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_explain(
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
    explanation: *mut *mut wiresign_explanation,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        )
        .received_from(client, client_length);
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, request, body, output) = unsafe {
            (
                input::handle("verifier", verifier)?,
                request.read()?,
                input::bytes("body", body, body_length)?,
                Output::new("explanation", explanation)?,
            )
        };
        let explanation = verifier.verifier.explain(&request.head(), body, input::time(now));
        output.give(wiresign_explanation::new(&explanation));
        Ok(())
    })
}

/// Answers a request that is a handshake of the webhook, which is the challenge of its sender. Ask this before
/// wiresign_verifier_verify, and where there is an answer, send it and nothing else. The request is described as there.
///
/// Gives through `response` an object that the caller frees with wiresign_handshake_response_free; or NULL where the
/// request is no handshake, or the configuration has no such webhook: then go on and verify it.
///
/// Errors: the refusal of a request that is a handshake, or carries a signature that one must carry;
/// WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_handshake(
    verifier: *const wiresign_verifier,
    webhook: *const c_char,
    webhook_length: usize,
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
    response: *mut *mut wiresign_handshake_response,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        )
        .received_from(client, client_length);
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, webhook, request, body, output) = unsafe {
            (
                input::handle("verifier", verifier)?,
                input::text("webhook", webhook, webhook_length)?,
                request.read()?,
                input::bytes("body", body, body_length)?,
                Output::new("response", response)?,
            )
        };
        let answer = verifier.verifier.handshake(webhook, &request.head(), body, input::time(now))?;
        output.give_some(answer.as_ref().map(wiresign_handshake_response::new));
        Ok(())
    })
}

/// The names of the webhooks that are accepted where a request with this method and target goes, and whose senders make
/// handshakes: those to ask wiresign_verifier_handshake about, one after the other, before the request is verified.
///
/// Gives through `webhooks` a list that the caller frees with wiresign_texts_free; or NULL where there is none, as for nearly
/// all requests: then nothing but a verification needs the body.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_handshakes_at(
    verifier: *const wiresign_verifier,
    method: *const c_char,
    method_length: usize,
    target: *const c_char,
    target_length: usize,
    webhooks: *mut *mut wiresign_texts,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, method, target, output) = unsafe {
            (
                input::handle("verifier", verifier)?,
                input::bytes("method", method.cast(), method_length)?,
                input::bytes("target", target.cast(), target_length)?,
                Output::new("webhooks", webhooks)?,
            )
        };
        let names = verifier.verifier.handshakes_at(method, target);
        output.give_some((!names.is_empty()).then(|| wiresign_texts::new(names)));
        Ok(())
    })
}

/// The question that AWS has to answer before a request with the proof of an IAM identity can be verified. Ask this before
/// wiresign_verifier_verify and wiresign_verifier_begin, send what it gives, and hand the answer to
/// wiresign_verifier_identity_answer. The request is described as there.
///
/// Gives through `question` an object that the caller frees with wiresign_identity_request_free; or NULL where there is nothing
/// to ask: the request is refused or let in without, or the answer is known. A refusal is that of the verification.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_identity_request(
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
    client: *const u8,
    client_length: usize,
    now: u64,
    question: *mut *mut wiresign_identity_request,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        let request = RawHead::new(
            (method, method_length),
            (target, target_length),
            (authority, authority_length),
            (headers, headers_length, header_lengths, header_count),
        )
        .received_from(client, client_length);
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, request, output) =
            unsafe { (input::handle("verifier", verifier)?, request.read()?, Output::new("question", question)?) };
        let asked = verifier.verifier.identity_request(&request.head(), input::time(now));
        output.give_some(asked.map(wiresign_identity_request::new));
        Ok(())
    })
}

/// Takes what AWS answers to a question: the HTTP status and the body. Where no answer came, `status` is 0: then the request is
/// refused with WIRESIGN_IDENTITY_UNAVAILABLE. `now` is the Unix time in seconds, or WIRESIGN_NOW. The question may be freed
/// afterwards.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_identity_answer(
    verifier: *const wiresign_verifier,
    question: *const wiresign_identity_request,
    status: u16,
    body: *const c_void,
    body_length: usize,
    now: u64,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, question, body) = unsafe {
            (
                input::handle("verifier", verifier)?,
                input::handle("question", question)?,
                input::bytes("body", body, body_length)?,
            )
        };
        let answer = (status != 0).then_some((status, body));
        verifier.verifier.identity_answer(question.core(), answer, input::time(now));
        Ok(())
    })
}

/// Puts another configuration in force, at once for all threads. Requests that are being judged finish on the old one;
/// what was seen before and the counters are kept. The configuration may be freed afterwards.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_replace(
    verifier: *mut wiresign_verifier,
    config: *const wiresign_config,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or live. The verifier is only read through: it swaps
        // its configuration by itself, so other threads may use it meanwhile.
        let (verifier, config) =
            unsafe { (input::handle("verifier", verifier.cast_const())?, input::handle("config", config)?) };
        verifier.verifier.replace(config.config());
        verifier.facts.forget_recent();
        Ok(())
    })
}

/// The value of an "Accept-Signature" header (RFC 9421, section 5.1) that asks a caller for the signature that is accepted here:
/// for the answer to a request that was not signed so.
///
/// Gives through `text` bytes that the caller frees with wiresign_bytes_free.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_accept_signature(
    verifier: *const wiresign_verifier,
    text: *mut *mut wiresign_bytes,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid.
        let (verifier, output) = unsafe { (input::handle("verifier", verifier)?, Output::new("text", text)?) };
        output.give(wiresign_bytes::new(verifier.verifier.accept_signature().into_bytes()));
        Ok(())
    })
}

/// The counters of the verifier in the text format of Prometheus.
///
/// Gives through `text` bytes that the caller frees with wiresign_bytes_free.
///
/// Errors: WIRESIGN_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_metrics(
    verifier: *const wiresign_verifier,
    text: *mut *mut wiresign_bytes,
    err: *mut *mut wiresign_error,
) -> i32 {
    guarded!(err, {
        // SAFETY: the caller promised that every pointer is NULL or valid.
        let (verifier, output) = unsafe { (input::handle("verifier", verifier)?, Output::new("text", text)?) };
        let metrics = verifier.verifier.metrics().prometheus();
        output.give(wiresign_bytes::new(metrics.into_bytes()));
        Ok(())
    })
}

/// True when a request with this method and target goes to a public route, so that its body need not be collected.
/// False for arguments that cannot be used, so that a mistake never opens a route.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_is_public(
    verifier: *const wiresign_verifier,
    method: *const c_char,
    method_length: usize,
    target: *const c_char,
    target_length: usize,
) -> bool {
    guarded!(else false, {
        // SAFETY: the caller promised that every pointer is NULL, or live and valid for its length.
        let (verifier, method, target) = unsafe {
            (
                input::handle("verifier", verifier),
                input::bytes("method", method.cast(), method_length),
                input::bytes("target", target.cast(), target_length),
            )
        };
        match (verifier, method, target) {
            (Ok(verifier), Ok(method), Ok(target)) => verifier.verifier.is_public(method, target),
            _ => false,
        }
    })
}

/// The largest body in bytes that is accepted by the configuration in force. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_body_limit(verifier: *const wiresign_verifier) -> u64 {
    guarded!(else 0, {
        // SAFETY: the caller promised that the handle is NULL or a live object of this library.
        unsafe { verifier.as_ref() }.map_or(0, |verifier| verifier.verifier.body_limit())
    })
}

/// Frees a verifier, when no thread uses it any more. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wiresign_verifier_free(verifier: *mut wiresign_verifier) {
    guarded!(else (), {
        // SAFETY: the caller promised that the handle is NULL or a live object that no one uses any more.
        unsafe { release(verifier) }
    })
}
