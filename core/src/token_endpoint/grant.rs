//! Which permissions a token holds.

use crate::policy::{Pattern, Permission};
use crate::signer::SignError;
use crate::standard::MAX_PERMISSIONS;

/// What a service with all permissions has.
const EVERYTHING: &str = "/**";

/// What is asked for, where the registry gives all of it; else what the registry gives. Never more than that: `granted` is
/// `None` where the registry sets no bound.
pub(super) fn permissions(granted: Option<&[Pattern]>, asked: Option<&[&str]>) -> Result<Vec<String>, SignError> {
    let permissions: Vec<String> = match (asked, granted) {
        (None, None) => vec![EVERYTHING.into()],
        (None, Some(granted)) => granted.iter().map(Pattern::to_string).collect(),
        (Some(asked), granted) => {
            if !asked.iter().all(|text| is_granted(granted, text)) {
                return Err(SignError::PermissionNotGranted);
            }
            asked.iter().map(|&text| text.into()).collect()
        }
    };
    // A resource service reads no more, so a longer list would mean less than it says.
    if permissions.len() > MAX_PERMISSIONS {
        return Err(SignError::TooManyPermissions);
    }
    Ok(permissions)
}

fn is_granted(granted: Option<&[Pattern]>, asked: &str) -> bool {
    let Ok(asked) = Permission::parse(asked) else { return false };
    granted.is_none_or(|granted| asked.is_covered_by(granted.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_narrowed_and_never_widened() {
        let granted: Vec<Pattern> =
            ["GET /a/**", "/b/*"].iter().map(|text| Pattern::parse(text).expect("a pattern")).collect();
        let ask = |asked: &[&str]| permissions(Some(&granted), Some(asked));
        assert_eq!(permissions(Some(&granted), None), Ok(vec!["GET /a/**".into(), "/b/*".into()]));
        for narrow in ["GET /a/**", "GET /a", "GET /a/b/*", "/b/c", "POST /b/*"] {
            assert_eq!(ask(&[narrow]), Ok(vec![narrow.to_owned()]));
        }
        for wide in ["/a/**", "POST /a", "GET /**", "/b", "/b/**", "/b/c/d", "GET /A", "nonsense", ""] {
            assert_eq!(ask(&["GET /a", wide]), Err(SignError::PermissionNotGranted), "{wide}");
        }
        assert_eq!(ask(&[]), Ok(Vec::new()));
    }

    #[test]
    fn without_a_bound_in_the_registry_there_is_none() {
        assert_eq!(permissions(None, None), Ok(vec!["/**".into()]));
        assert_eq!(permissions(None, Some(&["GET /a"])), Ok(vec!["GET /a".into()]));
        assert_eq!(permissions(None, Some(&["GET"])), Err(SignError::PermissionNotGranted));
        assert_eq!(permissions(Some(&[]), None), Ok(Vec::new()));
        assert_eq!(permissions(Some(&[]), Some(&["/a"])), Err(SignError::PermissionNotGranted));
    }

    #[test]
    fn no_token_says_more_than_is_read_from_it() {
        let many = vec!["/a"; MAX_PERMISSIONS + 1];
        assert!(permissions(None, Some(&many[1..])).is_ok());
        assert_eq!(permissions(None, Some(&many)), Err(SignError::TooManyPermissions));
    }
}
