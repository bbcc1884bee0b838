//! What the config says of the standards.

use super::TokenSettings;
use crate::{aws_identity, rfc9421, sigv4};

/// How credentials of the standards are judged and made.
pub(crate) struct Standards {
    pub(crate) messages: rfc9421::Policy,
    /// The same for responses to requests.
    pub(crate) responses: rfc9421::Policy,
    /// `None` where the config says nothing of AWS, so that no signature of it can be judged.
    pub(crate) aws: Option<sigv4::Expected>,
    /// Stands in for the secret of an access key that is not known, so that it takes the same work.
    pub(crate) unknown_aws_key: sigv4::SigningSecret,
    pub(crate) tokens: TokenSettings,
    /// `None` where the config says nothing of IAM identities, so that none can be judged.
    pub(crate) identities: Option<aws_identity::Settings>,
}
