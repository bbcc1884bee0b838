//! The schemes that standards define, joined to the way of a request.

mod carriers;
mod digests;
mod identity;
mod response;
mod settings;
mod signature;
mod token;
mod token_settings;

pub(crate) use carriers::Carriers;
pub(crate) use digests::{BodyDigests, RunningDigests, Wanted};
pub(crate) use identity::{Identity, IdentityFacts, find_service, judge as judge_identity, question};
pub(crate) use response::{Response, judge as judge_response};
pub(crate) use settings::Standards;
pub(crate) use signature::{Pending, Signature};
pub(crate) use token::{MAX_PERMISSIONS, Token, TokenFacts, judge as judge_token, token_holds};
pub(crate) use token_settings::{Candidate, Issuer, Issuing, TokenSettings};

/// What results say of the standards, beside what all schemes have.
pub(crate) struct StandardFacts {
    /// What the request's token says, where it carries one.
    pub(crate) token: Option<TokenFacts>,
    /// Whom AWS has confirmed, where the request proves an IAM identity.
    pub(crate) identity: Option<IdentityFacts>,
    /// What the signature covers.
    pub(crate) covered: Box<str>,
}
