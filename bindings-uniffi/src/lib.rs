//! The core for the languages that UniFFI writes bindings for: Kotlin, Swift and Ruby.
//!
//! Nothing is decided here. Bytes come in as they are on the wire, the core judges them, and what it says is handed on. The
//! clock and fresh ids are taken from the process where the caller gives none.

// Failures cross by value: UniFFI writes them into a buffer and drops them.
#![allow(clippy::result_large_err)]

pub mod answer;
pub mod body_verification;
pub mod config;
pub mod contexts;
pub mod explanation;
pub mod failure;
pub mod identity_request;
pub mod metrics;
pub mod permission;
mod process;
pub mod refusal;
pub mod request;
pub mod secret;
pub mod signer;
pub mod token_issuer;
pub mod verified;
pub mod verifier;

uniffi::setup_scaffolding!();
