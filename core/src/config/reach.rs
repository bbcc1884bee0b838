//! What a document sets up and nobody can use.

use super::reader::Reader;
use super::{Bound, Service};
use crate::scheme::{Scheme, SchemeSet, Standard};
use crate::signer::can_sign;
use crate::standard::{Standards, TokenSettings};

impl Reader<'_> {
    /// Warns of accepted standards that no service has a key for.
    pub(super) fn warn_of_missing_callers(
        &mut self,
        accepted: SchemeSet,
        services: &[Service],
        tokens: &TokenSettings,
    ) {
        let is_for_messages = |known: &Bound| known.bound.algorithm().http_name().is_some();
        let any = |has: &dyn Fn(&Service) -> bool| services.iter().any(has);
        let signs_messages = any(&|service| service.bound_keys.iter().any(is_for_messages));
        let signs_for_aws = any(&|service| !service.aws_keys.is_empty());
        let has_tokens = any(&|service| !service.bound_keys.is_empty()) || !tokens.issuers.is_empty();
        for (standard, has_caller, wanted) in [
            (Standard::Rfc9421, signs_messages, "keys"),
            (Standard::AwsSigv4, signs_for_aws, "aws_keys"),
            (Standard::Jwt, has_tokens, "keys, or list an issuer of tokens"),
        ] {
            if accepted.has(Scheme::Standard(standard)) && !has_caller {
                let message =
                    format!("{} is accepted, and nobody has a key for it; give a service its {wanted}", standard.id());
                self.warn("/services", message);
            }
        }
    }

    /// Warns where a message that a caller signed for another service would be accepted here as well.
    pub(super) fn warn_of_unnamed_authorities(&mut self, accepted: SchemeSet, standards: &Standards) {
        if accepted.has(Scheme::Standard(Standard::Rfc9421)) && !standards.messages.names_authorities() {
            self.warn(
                "/rfc9421/authorities",
                "what a caller signs by rfc9421 for another service is accepted here too; list the hosts under which this service is called",
            );
        }
    }

    /// Warns where the own service is to sign by a standard and has no key for that.
    pub(super) fn warn_of_missing_key(&mut self, sign_with: Scheme, own: Option<&Service>) {
        let Scheme::Standard(standard) = sign_with else { return };
        if !own.is_some_and(|own| can_sign(own, standard)) {
            let wanted = if matches!(standard, Standard::AwsSigv4 | Standard::AwsIdentity) {
                "aws_keys"
            } else {
                "keys, with a secret or a private_key"
            };
            let message = format!("the own service has nothing to sign {} with; give it {wanted}", standard.id());
            self.warn("/sign_with", message);
        }
    }
}
