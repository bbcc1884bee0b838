//! The bytes that are signed for a context: one text for each tenant and set of roles.

use crate::bytes::any;

/// The first line. It keeps a context apart from every signed request, whose first line is another.
const VERSION: &str = "auth-context-v1";
/// The most roles, repeats counted.
const MAX_ROLES: usize = 1024;
/// The longest role, in bytes.
const MAX_ROLE_BYTES: usize = 4096;

/// Why a tenant and roles cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContextFault {
    Tenant,
    TenantCase,
    TooManyRoles,
    EmptyRole,
    LongRole,
    ControlByte,
}

impl ContextFault {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Tenant => "the tenant is not a UUID, as 8-4-4-4-12 hex digits",
            Self::TenantCase => "the tenant's UUID has upper-case letters; write it in lower case everywhere",
            Self::TooManyRoles => "there are more than 1024 roles",
            Self::EmptyRole => "a role is empty",
            Self::LongRole => "a role is longer than 4096 bytes",
            Self::ControlByte => "a role holds a control byte",
        }
    }
}

/// A tenant and the distinct roles, sorted by their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canonical<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) roles: Vec<&'a str>,
}

impl<'a> Canonical<'a> {
    pub(crate) fn new<R: AsRef<str>>(tenant: &'a str, roles: &'a [R]) -> Result<Self, ContextFault> {
        check_tenant(tenant)?;
        if roles.len() > MAX_ROLES {
            return Err(ContextFault::TooManyRoles);
        }
        let mut roles: Vec<&str> = roles.iter().map(AsRef::as_ref).collect();
        roles.iter().try_for_each(|role| check_role(role))?;
        roles.sort_unstable();
        roles.dedup();
        Ok(Self { tenant, roles })
    }

    /// The signed bytes. Neither a tenant nor a role holds a line end, so they have one reading.
    pub(crate) fn message(&self) -> Vec<u8> {
        let lines = [VERSION, self.tenant].into_iter().chain(self.roles.iter().copied());
        let mut message = Vec::with_capacity(lines.clone().map(|line| line.len() + 1).sum());
        for line in lines {
            message.extend_from_slice(line.as_bytes());
            message.push(b'\n');
        }
        message
    }
}

/// A UUID of any version, in the one spelling that is looked up later.
fn check_tenant(tenant: &str) -> Result<(), ContextFault> {
    let is_hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, u8)| if is_hyphen(at) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    if tenant.len() != 36 || !tenant.bytes().enumerate().all(fits) {
        return Err(ContextFault::Tenant);
    }
    if tenant.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(ContextFault::TenantCase);
    }
    Ok(())
}

fn check_role(role: &str) -> Result<(), ContextFault> {
    if role.is_empty() {
        Err(ContextFault::EmptyRole)
    } else if role.len() > MAX_ROLE_BYTES {
        Err(ContextFault::LongRole)
    } else if any(role.as_bytes(), |byte| (byte < 0x20) | (byte == 0x7f)) {
        Err(ContextFault::ControlByte)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "0d9fe7d3-9c3b-4d7e-8a52-1f0e6b6f3c11";

    #[test]
    fn roles_are_a_set_in_the_order_of_their_bytes() {
        let message = |roles: &[&str]| Canonical::new(TENANT, roles).expect("fine").message();
        let expected = format!("auth-context-v1\n{TENANT}\nadmin\nuser\n");
        assert_eq!(message(&["user", "admin", "admin"]), expected.as_bytes());
        assert_eq!(message(&["admin", "user"]), expected.as_bytes());
        assert_eq!(message(&["é", "z", "Z"]), format!("auth-context-v1\n{TENANT}\nZ\nz\né\n").as_bytes());
        assert_eq!(message(&[]), format!("auth-context-v1\n{TENANT}\n").as_bytes());
    }

    #[test]
    fn a_tenant_has_one_spelling() {
        let check = |tenant: &str| Canonical::new(tenant, &[] as &[&str]).map(|_| ());
        assert_eq!(check(TENANT), Ok(()));
        assert_eq!(check(&TENANT.to_uppercase()), Err(ContextFault::TenantCase));
        for bad in
            ["", "acme", &TENANT[1..], &TENANT.replace('-', ""), &format!("{TENANT}\n"), &TENANT.replace('9', "g")]
        {
            assert_eq!(check(bad), Err(ContextFault::Tenant), "{bad}");
        }
    }

    #[test]
    fn roles_are_bounded_and_hold_no_control_bytes() {
        let check = |roles: &[&str]| Canonical::new(TENANT, roles).map(|_| ());
        assert_eq!(check(&[&"a".repeat(4096)]), Ok(()));
        assert_eq!(check(&[&"a".repeat(4097)]), Err(ContextFault::LongRole));
        assert_eq!(check(&["a"; 1024]), Ok(()));
        assert_eq!(check(&["a"; 1025]), Err(ContextFault::TooManyRoles));
        assert_eq!(check(&["a", ""]), Err(ContextFault::EmptyRole));
        for bad in ["a\n", "\0", "a\tb", "\x7f", "a\r"] {
            assert_eq!(check(&[bad]), Err(ContextFault::ControlByte), "{bad:?}");
        }
    }
}
