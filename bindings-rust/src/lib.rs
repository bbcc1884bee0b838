//! Wiresign for Rust services: a layer that lets verified requests through, and clients that sign.
//!
//! The layer is a [`tower`](https://docs.rs/tower) layer over the crate `http`, so it stands in front of axum, of hyper, and
//! of whatever else is a `tower::Service`. It never reads more of a body than the config allows, gives the same bytes on,
//! and answers what it refuses by itself, with the same bytes as in every other language.
//!
//! | feature | adds |
//! |---|---|
//! | `axum` | extractors for the [`Caller`], and what axum's servers know of a request |
//! | `reqwest` | `SigningClient`: signs what reqwest really sends. `KeySets`: fetches the keys of token issuers. `Sts`: asks AWS about IAM roles |
//! | `redis` | `RedisReplay`: replay protection over several processes |
//! | `tracing` (default) | the audit record, and faults that are for the operator |
//! | `metrics` | the counters of a verifier, for the recorder of the crate `metrics` |
//!
//! Clients of hyper, and all others that are a `tower::Service`, sign through [`SignLayer`].

#![forbid(unsafe_code)]

#[cfg(feature = "reqwest")]
mod aws;
mod body;
mod caller;
mod client;
mod config;
mod gate;
#[cfg(feature = "reqwest")]
mod key_sets;
mod layer;
mod observer;
mod proxies;
#[cfg(feature = "metrics")]
mod publisher;
mod received;
mod replay;
mod report;
mod require;
mod response;

#[cfg(feature = "axum")]
mod extract;

#[cfg(feature = "reqwest")]
pub use aws::{Sts, StsBuilder};
pub use body::VerifiedBody;
pub use caller::{Caller, Refused};
pub use client::{AwsCredentials, AwsSigners, ClientError, Sign, SignLayer, Signers};
pub use config::{config_from_env, config_from_file, parse_config};
pub use layer::{Verify, VerifyLayer};
pub use observer::Decision;
pub use proxies::TrustedProxies;
pub use received::Peer;
pub use replay::ReplayStore;
pub use require::{RequirePermission, RequireService, Required};
pub use response::ResponseBody;

#[cfg(feature = "reqwest")]
pub use client::{SigningClient, SigningRequest};
#[cfg(feature = "axum")]
pub use extract::NoCaller;
#[cfg(feature = "reqwest")]
pub use key_sets::{KeySetError, KeySets, KeySetsBuilder};
#[cfg(feature = "redis")]
pub use replay::redis::RedisReplay;

pub use wiresign::{Config, ConfigErrors, Permission, Refusal, RefusalCode, ReplayOutcome, Signer, Verified, Verifier};

/// An error of whatever kind, as tower passes them on.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
