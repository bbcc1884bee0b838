//! Names of identities, as STS writes them.

/// The partitions of AWS.
pub(super) const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];
/// The longest name of a role, a user or a session, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// The longest path of a user, in bytes.
const MAX_PATH_BYTES: usize = 512;

/// Somebody who can sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Principal<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
    pub(super) kind: Kind,
    /// Of a user with its path. STS names a role without its path.
    pub(super) name: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Role,
    User,
}

impl<'a> Principal<'a> {
    /// Reads `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` or `arn:aws:iam::ACCOUNT:user/NAME`. Whoever assumes a role chooses
    /// the name of the session, so that says nothing. The root of an account and federated users are nobody.
    pub(super) fn parse(arn: &'a str) -> Option<Self> {
        let rest = arn.strip_prefix("arn:")?;
        let (partition, rest) = rest.split_once(':')?;
        let (service, rest) = rest.split_once("::")?;
        let (account, resource) = rest.split_once(':')?;
        if !PARTITIONS.contains(&partition) || !is_account(account) {
            return None;
        }
        let (kind, name) = match service {
            "sts" => {
                let (role, session) = resource.strip_prefix("assumed-role/")?.split_once('/')?;
                (Kind::Role, (is_name(role) && is_name(session)).then_some(role)?)
            }
            "iam" => {
                let name = resource.strip_prefix("user/")?;
                (Kind::User, is_path(name).then_some(name)?)
            }
            _ => return None,
        };
        Some(Self { partition, account, kind, name })
    }
}

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a byte may be in the name of a role, a user or a session.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_name_byte)
}

/// Whether a text is the name of a user, with or without a path before it.
fn is_path(text: &str) -> bool {
    text.len() <= MAX_PATH_BYTES + MAX_NAME_BYTES && text.split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_users_are_read() {
        let role = Principal::parse("arn:aws:sts::123456789012:assumed-role/prod-billing-task/i-0abc@x");
        let expected =
            Principal { partition: "aws", account: "123456789012", kind: Kind::Role, name: "prod-billing-task" };
        assert_eq!(role, Some(expected));
        let user = Principal::parse("arn:aws-cn:iam::123456789012:user/teams/a/alice");
        let expected =
            Principal { partition: "aws-cn", account: "123456789012", kind: Kind::User, name: "teams/a/alice" };
        assert_eq!(user, Some(expected));
    }

    #[test]
    fn everybody_else_is_nobody() {
        let long = "r".repeat(65);
        for arn in [
            "",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:role/prod-billing-task",
            "arn:aws:sts::123456789012:federated-user/alice",
            "arn:aws:sts::123456789012:assumed-role/prod-billing-task",
            "arn:aws:sts::123456789012:assumed-role/prod-billing-task/",
            "arn:aws:sts::123456789012:assumed-role//session",
            "arn:aws:sts::123456789012:assumed-role/a/b/c",
            "arn:aws:sts::123456789012:assumed-role/a b/c",
            "arn:aws:sts:eu-central-1:123456789012:assumed-role/a/b",
            "arn:aws:sts::12345678901:assumed-role/a/b",
            "arn:aws:sts::12345678901x:assumed-role/a/b",
            "arn:aws:iam::123456789012:assumed-role/a/b",
            "arn:other:sts::123456789012:assumed-role/a/b",
            "ARN:aws:sts::123456789012:assumed-role/a/b",
            " arn:aws:sts::123456789012:assumed-role/a/b",
            "arn:aws:sts::123456789012:assumed-role/a/b\n",
            "arn:aws:iam::123456789012:user/",
            "arn:aws:iam::123456789012:user//alice",
            &format!("arn:aws:sts::123456789012:assumed-role/{long}/b"),
        ] {
            assert_eq!(Principal::parse(arn), None, "{arn:?}");
        }
    }
}
