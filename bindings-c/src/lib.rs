//! The C ABI of Wiresign: `include/wiresign.h` is generated from the exports of this crate.
//!
//! One file per object, named as the object is in C. The files `guard`, `failure`, `input`, `output` and `text` hold
//! what all exports share: no panic crosses the border, every pointer is checked before it is read, and an output is
//! written only when a call succeeds.
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]
#![allow(non_camel_case_types, reason = "types carry the names that they have in C")]
#![allow(
    clippy::missing_safety_doc,
    reason = "one contract holds for all exports: the conventions at the head of wiresign.h"
)]
#![allow(clippy::too_many_arguments, reason = "a request travels flat, without pointers inside pointers")]
#![allow(clippy::result_large_err, reason = "a box would cost each refusal an allocation that its caller may not want")]

#[macro_use]
mod guard;
mod failure;
mod http_message;
mod input;
mod output;
mod text;
mod vectors;

pub mod codes;

pub mod about;
pub mod bytes;
pub mod config;
pub mod contexts;
pub mod error;
pub mod explanation;
pub mod facts;
pub mod handshake_response;
pub mod identity_request;
pub mod issued_token;
pub mod outcome;
pub mod permission;
pub mod responses;
pub mod signed;
pub mod signer;
pub mod texts;
pub mod token_issuer;
pub mod token_response;
pub mod verified;
pub mod verified_context;
pub mod verified_values;
pub mod verifier;

pub mod body_verification;
pub mod secret;

#[cfg(feature = "panic-test")]
pub mod panic_test;

#[cfg(test)]
mod tests;

/// Handles may be used by several threads at once. The streaming object is guarded by its own lock.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<bytes::wiresign_bytes>();
    is_shared::<config::wiresign_config>();
    is_shared::<contexts::wiresign_contexts>();
    is_shared::<error::wiresign_error>();
    is_shared::<explanation::wiresign_explanation>();
    is_shared::<handshake_response::wiresign_handshake_response>();
    is_shared::<identity_request::wiresign_identity_request>();
    is_shared::<issued_token::wiresign_issued_token>();
    is_shared::<signed::wiresign_signed>();
    is_shared::<signer::wiresign_signer>();
    is_shared::<texts::wiresign_texts>();
    is_shared::<token_issuer::wiresign_token_issuer>();
    is_shared::<token_response::wiresign_token_response>();
    is_shared::<verified::wiresign_verified>();
    is_shared::<verified_context::wiresign_verified_context>();
    is_shared::<verifier::wiresign_verifier>();
    is_shared::<body_verification::wiresign_body_verification>();
};
