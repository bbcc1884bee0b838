//! Signs and verifies HTTP requests between services, with the same answer in every language.
//!
//! This crate is the only place where a signature is computed. It is pure: no clock, no randomness, no environment, no
//! files, no sockets. The time, the nonce and the secrets come in as arguments, so a log can be replayed and a test is
//! exact. Bindings add those as defaults.
//!
//! ```
//! use wiresign::{Config, Head, Signer, Verifier, Secrets};
//!
//! let document = r#"{
//!     "service": "orders",
//!     "services": {
//!         "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
//!         "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}
//!     }
//! }"#;
//! let secrets = Secrets::new()
//!     .env("ORDERS_SECRET", "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9")
//!     .env("BILLING_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9");
//! let orders = Config::parse(document, &secrets)?;
//! let billing = Config::parse(&document.replacen("orders", "billing", 1), &secrets)?;
//!
//! // billing signs a request for orders ...
//! let now = 1_767_225_600;
//! let body = br#"{"invoice":7}"#;
//! let head = Head::new(b"POST", b"/invoices?draft=1", &[] as &[(&str, &str)]);
//! let signer = Signer::new(&billing, Some("orders"))?;
//! let signed = signer.sign(&head, body, now, "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11")?;
//!
//! // ... and orders verifies it.
//! let headers: Vec<(&str, &str)> = signed.iter().collect();
//! let head = Head::new(b"POST", b"/invoices?draft=1", headers.as_slice());
//! let verified = Verifier::new(&orders).verify(&head, body, now)?;
//! assert_eq!(verified.service(), Some("billing"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod admission;
mod aws_identity;
mod body_verification;
mod bound_key;
mod bytes;
mod calendar;
mod config;
mod context;
mod credentials;
mod current;
mod explain;
mod failures;
mod generate;
mod handshake;
mod header_name;
mod identifier;
mod judge;
mod jwt;
mod mac;
mod metrics;
mod percent;
mod policy;
mod refusal;
mod replay;
mod request;
mod rfc9421;
mod scheme;
mod signer;
mod sigv4;
mod standard;
mod strict_json;
mod template;
mod token_endpoint;
mod verified;
mod verifier;

pub use aws_identity::IdentityRequest;
pub use body_verification::BodyVerification;
pub use config::{Config, ConfigErrors, Lookup, Problem, Secrets};
pub use context::{ContextError, Contexts, VerifiedContext};
pub use explain::{Explanation, Hint};
pub use generate::{SecretEncoding, encode_secret, generate_secret};
pub use handshake::HandshakeResponse;
pub use metrics::{Counter, Metrics};
pub use policy::Permission;
pub use refusal::{FailureCode, Refusal, RefusalCode, RefusalResponse};
pub use request::{Head, Headers};
pub use scheme::catalogue::{CatalogueEntry, catalogue};
pub use signer::{SignError, SignedHeaders, Signer};
pub use token_endpoint::{IssuedToken, TokenIssuer, TokenRequest, TokenResponse};
pub use verified::{ReplaySource, Verified};
pub use verifier::{ReplayOutcome, Verifier};

/// The JSON Schema of the config document, as published with every release.
pub const CONFIG_SCHEMA: &str = include_str!("../schema/wiresign.schema.json");
