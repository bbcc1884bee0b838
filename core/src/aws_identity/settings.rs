//! What the config says of IAM identities.

use super::STS;
use super::arn::Principal;
use super::fault::Fault;
use super::role::RolePattern;
use crate::sigv4;

/// Where proofs may be for, and whom they stand for.
pub(crate) struct Settings {
    /// The first one is signed for.
    pub(crate) regions: Vec<Region>,
    pub(crate) roles: Vec<RolePattern>,
}

/// A region of AWS, with its own endpoint of STS.
pub(crate) struct Region {
    pub(crate) name: Box<str>,
    pub(crate) host: Box<str>,
    /// What a signature for that endpoint is like.
    pub(crate) scope: sigv4::Expected,
}

impl Region {
    pub(crate) fn new(name: &str) -> Self {
        // The regions of China have a domain of their own.
        let domain = if name.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        Self {
            name: name.into(),
            host: format!("{STS}.{name}.{domain}").into(),
            scope: sigv4::Expected::new(name, STS),
        }
    }
}

impl Settings {
    pub(crate) fn region(&self, name: &[u8]) -> Option<&Region> {
        self.regions.iter().find(|region| region.name.as_bytes() == name)
    }

    /// The id of the service that an identity stands for.
    pub(crate) fn service_of(&self, arn: &str) -> Result<String, Fault> {
        let principal = Principal::parse(arn).ok_or(Fault::UnknownPrincipal)?;
        let mut ids = self.roles.iter().filter_map(|role| role.service_of(&principal));
        let id = ids.next().ok_or(Fault::UnknownPrincipal)?;
        if ids.any(|other| other != id) { Err(Fault::SeveralServices) } else { Ok(id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(roles: &[(&str, &str)]) -> Settings {
        let roles = roles.iter().map(|(arn, id)| RolePattern::parse(arn, id).expect("good"));
        Settings { regions: vec![Region::new("eu-central-1"), Region::new("cn-north-1")], roles: roles.collect() }
    }

    #[test]
    fn each_region_has_its_endpoint() {
        let settings = settings(&[]);
        let host = |name: &str| settings.region(name.as_bytes()).map(|region| &*region.host);
        assert_eq!(host("eu-central-1"), Some("sts.eu-central-1.amazonaws.com"));
        assert_eq!(host("cn-north-1"), Some("sts.cn-north-1.amazonaws.com.cn"));
        for unknown in ["us-east-1", "", "eu-central-1.evil.example/"] {
            assert_eq!(host(unknown), None);
        }
    }

    #[test]
    fn patterns_that_agree_are_one_and_others_refuse() {
        let arn = "arn:aws:sts::123456789012:assumed-role/prod-billing-task/1";
        let pattern = ("arn:aws:iam::123456789012:role/prod-{service}-task", "{service}");
        let same = ("arn:aws:iam::123456789012:role/prod-billing-task", "billing");
        let other = ("arn:aws:iam::123456789012:role/{service}", "{service}");
        assert_eq!(settings(&[pattern]).service_of(arn), Ok("billing".into()));
        assert_eq!(settings(&[pattern, same]).service_of(arn), Ok("billing".into()));
        assert_eq!(settings(&[pattern, other]).service_of(arn), Err(Fault::SeveralServices));
        assert_eq!(settings(&[]).service_of(arn), Err(Fault::UnknownPrincipal));
        assert_eq!(settings(&[pattern]).service_of("billing"), Err(Fault::UnknownPrincipal));
    }
}
