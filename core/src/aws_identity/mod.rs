//! Proofs of an IAM identity. A caller that has credentials of AWS and no key of ours signs a `GetCallerIdentity` request to the
//! Security Token Service (STS), and sends us the signature. Only AWS can verify it: the request is made once more from what the
//! signature covers, the adapter sends it, and what AWS answers is who called.
//!
//! Nothing that the caller wrote decides where that request goes, or what it asks.
//!
//! Source: "GetCallerIdentity" in the API reference of AWS STS, and "Signature Version 4 signing process".

mod answer;
mod arn;
mod cache;
mod fault;
mod proof;
mod request;
mod role;
mod settings;

pub(crate) use answer::judge as judge_answer;
pub(crate) use cache::Identities;
pub(crate) use fault::Fault;
pub(crate) use proof::{Proof, Sent};
pub use request::IdentityRequest;
pub(crate) use request::{signed_at, signed_names};
pub(crate) use role::RolePattern;
pub(crate) use settings::{Region, Settings};

/// The headers that carry a proof, beside the one that names the target.
pub(crate) mod header {
    pub(crate) const IDENTITY: &str = "X-Service-AWS-Identity";
    pub(crate) const DATE: &str = "X-Service-AWS-Date";
    pub(crate) const TOKEN: &str = "X-Service-AWS-Token";
}

/// The service of AWS that a proof is for.
const STS: &str = "sts";
/// The longest session token, in bytes.
pub(crate) const MAX_TOKEN_BYTES: usize = 4096;
