//! Which roles and users stand for which services.

use super::arn::{Kind, PARTITIONS, Principal, is_account, is_name_byte};

/// What stands for the service's name in a pattern, and in the id that follows from it.
const PLACEHOLDER: &str = "{service}";

/// Identities of one account, and the ids of the services that they stand for.
#[derive(Debug)]
pub(crate) struct RolePattern {
    partition: Box<str>,
    account: Box<str>,
    kind: Kind,
    name: Template,
    id: Template,
}

/// A text with or without a gap.
#[derive(Debug)]
struct Template {
    start: Box<str>,
    /// What is behind the gap.
    end: Option<Box<str>>,
}

impl RolePattern {
    /// Reads the ARN of a role or user, as IAM has it, and the id that it stands for. Either both have a gap or none has.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn parse(arn: &str, id: &str) -> Result<Self, &'static str> {
        const FORM: &str =
            "this must be the ARN of a role or user, as in \"arn:aws:iam::123456789012:role/prod-{service}-task\"";
        let rest = arn.strip_prefix("arn:").ok_or(FORM)?;
        let (partition, rest) = rest.split_once(":iam::").ok_or(FORM)?;
        let (account, resource) = rest.split_once(':').ok_or(FORM)?;
        if !PARTITIONS.contains(&partition) {
            return Err(FORM);
        }
        if !is_account(account) {
            return Err("the account is not 12 digits; an identity of any account could be anybody's");
        }
        let (kind, name) = match (resource.strip_prefix("role/"), resource.strip_prefix("user/")) {
            (Some(name), _) => (Kind::Role, name),
            (None, Some(name)) => (Kind::User, name),
            (None, None) => return Err(FORM),
        };
        if kind == Kind::Role && name.contains('/') {
            return Err("AWS says which role calls without its path; leave the path out");
        }
        let name = Template::parse(name).ok_or("{service} stands here at most once")?;
        let is_fit = |text: &str| text.bytes().all(|byte| is_name_byte(byte) || byte == b'/');
        let is_empty = name.end.is_none() && name.start.is_empty();
        if is_empty || !name.pieces().all(is_fit) {
            return Err("the name holds what no name of a role or user can; the only wildcard is {service}");
        }
        let id = Template::parse(id).ok_or("{service} stands in the id at most once")?;
        match (name.end.is_some(), id.end.is_some()) {
            (true, false) => Err("the ARN stands for several roles, and the id for one service; put {service} in both"),
            (false, true) => Err("the id has {service}, and the ARN has not; put it in both"),
            _ => Ok(Self { partition: partition.into(), account: account.into(), kind, name, id }),
        }
    }

    /// The id of the service where it is one and the same for all that match.
    pub(crate) fn one_service(&self) -> Option<&str> {
        self.id.end.is_none().then_some(&*self.id.start)
    }

    pub(super) fn service_of(&self, principal: &Principal<'_>) -> Option<String> {
        let is_there = principal.partition == &*self.partition
            && principal.account == &*self.account
            && principal.kind == self.kind;
        let gap = if is_there { self.name.gap(principal.name)? } else { return None };
        Some(self.id.fill(gap))
    }
}

impl Template {
    /// `None` where there are several gaps.
    fn parse(text: &str) -> Option<Self> {
        let Some((start, end)) = text.split_once(PLACEHOLDER) else {
            return Some(Self { start: text.into(), end: None });
        };
        (!end.contains(PLACEHOLDER)).then(|| Self { start: start.into(), end: Some(end.into()) })
    }

    fn pieces(&self) -> impl Iterator<Item = &str> {
        [Some(&*self.start), self.end.as_deref()].into_iter().flatten()
    }

    /// What fills the gap in a text that matches as a whole.
    fn gap<'t>(&self, text: &'t str) -> Option<&'t str> {
        let rest = text.strip_prefix(&*self.start)?;
        let Some(end) = &self.end else { return rest.is_empty().then_some("") };
        let gap = rest.strip_suffix(&**end)?;
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (!gap.is_empty() && gap.bytes().all(is_word)).then_some(gap)
    }

    fn fill(&self, gap: &str) -> String {
        [&*self.start, gap, self.end.as_deref().unwrap_or_default()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(pattern: &str, id: &str, arn: &str) -> Option<String> {
        let pattern = RolePattern::parse(pattern, id).expect("good");
        pattern.service_of(&Principal::parse(arn).expect("an identity"))
    }

    #[test]
    fn a_pattern_matches_as_a_whole() {
        let pattern = "arn:aws:iam::123456789012:role/prod-{service}-task";
        let role = |name: &str| format!("arn:aws:sts::123456789012:assumed-role/{name}/session");
        for (name, id) in [
            ("prod-billing-task", Some("billing")),
            ("prod-a-b-1-task", Some("a-b-1")),
            ("prod--task", None),
            ("prod-task", None),
            ("xprod-billing-task", None),
            ("prod-billing-taskx", None),
            ("prod-Billing-task", None),
            ("prod-bil.ling-task", None),
            ("PROD-billing-task", None),
        ] {
            assert_eq!(service(pattern, "{service}", &role(name)).as_deref(), id, "{name}");
        }
        let named = service(pattern, "svc.{service}", &role("prod-billing-task"));
        assert_eq!(named.as_deref(), Some("svc.billing"));
    }

    #[test]
    fn account_partition_and_kind_are_part_of_it() {
        let pattern = "arn:aws:iam::123456789012:role/{service}";
        for (arn, id) in [
            ("arn:aws:sts::123456789012:assumed-role/billing/session", Some("billing")),
            ("arn:aws:sts::210987654321:assumed-role/billing/session", None),
            ("arn:aws-cn:sts::123456789012:assumed-role/billing/session", None),
            ("arn:aws:iam::123456789012:user/billing", None),
        ] {
            assert_eq!(service(pattern, "{service}", arn).as_deref(), id, "{arn}");
        }
        let user = "arn:aws:iam::123456789012:user/ci/{service}";
        assert_eq!(service(user, "{service}", "arn:aws:iam::123456789012:user/ci/a"), Some("a".into()));
        assert_eq!(service(user, "{service}", "arn:aws:iam::123456789012:user/ci/b/a"), None);
        let one = "arn:aws:iam::123456789012:role/legacy.Billing";
        assert_eq!(
            service(one, "billing", "arn:aws:sts::123456789012:assumed-role/legacy.Billing/s").as_deref(),
            Some("billing")
        );
        assert_eq!(service(one, "billing", "arn:aws:sts::123456789012:assumed-role/legacy.Billing2/s"), None);
    }

    #[test]
    fn a_pattern_that_could_let_others_in_is_no_pattern() {
        for (arn, id) in [
            ("", "a"),
            ("prod-{service}-task", "{service}"),
            ("arn:aws:iam::*:role/{service}", "{service}"),
            ("arn:aws:iam:::role/{service}", "{service}"),
            ("arn:aws:iam::12345678901:role/{service}", "{service}"),
            ("arn:other:iam::123456789012:role/{service}", "{service}"),
            ("arn:aws:sts::123456789012:assumed-role/{service}/x", "{service}"),
            ("arn:aws:iam::123456789012:group/{service}", "{service}"),
            ("arn:aws:iam::123456789012:root", "a"),
            ("arn:aws:iam::123456789012:role/", "a"),
            ("arn:aws:iam::123456789012:role/path/{service}", "{service}"),
            ("arn:aws:iam::123456789012:role/{service}-{service}", "{service}"),
            ("arn:aws:iam::123456789012:role/{service}", "{service}{service}"),
            ("arn:aws:iam::123456789012:role/{service}", "billing"),
            ("arn:aws:iam::123456789012:role/billing", "{service}"),
            ("arn:aws:iam::123456789012:role/prod-*", "billing"),
            ("arn:aws:iam::123456789012:role/{name}", "billing"),
        ] {
            assert!(RolePattern::parse(arn, id).is_err(), "{arn} {id}");
        }
    }
}
