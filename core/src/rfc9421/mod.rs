//! HTTP message signatures (RFC 9421) with digests of the body (RFC 9530).
//!
//! Knows nothing of services and their keys: it finds what is signed and by which key id, and its caller proves that. By our
//! own profile a request is signed over `@method`, `@authority`, `@path`, `@query` and, where there is a body,
//! `content-digest`, with `created`, `keyid="SERVICE/KEY"`, `alg`, `nonce` and `tag="wiresign"`. What others sign is judged by
//! the components that the config asks for.

mod accept;
mod authority;
mod base;
mod claim;
mod component;
mod digest;
mod fault;
mod fields;
mod input;
mod message;
mod one_member;
mod policy;
#[cfg(test)]
mod published;
mod query_param;
mod registry;
mod response;
mod sign;
mod structured;
#[cfg(test)]
mod tests;
mod usual_form;

pub(crate) use accept::{Asked, ask};
pub(crate) use claim::{Claim, claims};
pub(crate) use fault::{Fault, Refused};
#[cfg(test)]
pub(crate) use message::Response;
pub(crate) use message::{Message, Request};
pub(crate) use policy::{Policy, PolicySettings, Side};
pub(crate) use response::{response_claims, sign_response};
pub(crate) use sign::{Signed, SigningKey, sign};
