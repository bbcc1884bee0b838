//! What a caller asks a token endpoint for (RFC 6749, section 4.4.2).

use super::response::{INVALID_REQUEST, INVALID_SCOPE, UNSUPPORTED_GRANT_TYPE};
use crate::policy::permissions_of_words;
use crate::template::parameters::{self, ParameterFault};

/// The longest form that is read, in bytes.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) audience: String,
    /// Permissions as patterns.
    pub(super) scope: Option<Vec<String>>,
}

/// An error code of RFC 6749, and a sentence.
type Fault = (&'static str, &'static str);

/// Reads the body of a request. Parameters of other names mean nothing (section 3.2), but for a second proof of who calls.
pub(super) fn read(form: &[u8]) -> Result<Form, Fault> {
    if form.len() > MAX_FORM_BYTES {
        return Err((INVALID_REQUEST, "the form is longer than 16384 bytes"));
    }
    let value = |name| parameter(form, name);
    for proof in ["client_id", "client_secret", "client_assertion", "client_assertion_type"] {
        if value(proof)?.is_some() {
            return Err((
                INVALID_REQUEST,
                "the request proves who calls by its headers; leave client_* out of the form",
            ));
        }
    }
    match value("grant_type")?.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err((UNSUPPORTED_GRANT_TYPE, "grant_type can only be client_credentials")),
        None => return Err((INVALID_REQUEST, "grant_type is missing")),
    }
    let audience = value("audience")?.ok_or((INVALID_REQUEST, "audience is missing: the id of a service"))?;
    let scope = match value("scope")? {
        None => None,
        Some(text) => {
            let (scope, is_whole) = permissions_of_words(text.split(' ').filter(|word| !word.is_empty()));
            if !is_whole || scope.is_empty() {
                return Err((INVALID_SCOPE, "scope is a list of permissions, as in \"GET /a/** POST /b\""));
            }
            Some(scope)
        }
    };
    Ok(Form { audience, scope })
}

/// A parameter that may be there once. An empty one counts as left out (section 3.2).
fn parameter(form: &[u8], name: &str) -> Result<Option<String>, Fault> {
    let value = match parameters::find(form, name) {
        Ok(value) => parameters::decode(value),
        Err(ParameterFault::Missing) => return Ok(None),
        Err(ParameterFault::Repeated) => return Err((INVALID_REQUEST, "a parameter is there twice")),
        Err(ParameterFault::TooMany) => return Err((INVALID_REQUEST, "the form has too many parameters")),
    };
    let value = String::from_utf8(value).map_err(|_| (INVALID_REQUEST, "a parameter is not UTF-8"))?;
    Ok(Some(value).filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(form: &str) -> &'static str {
        read(form.as_bytes()).map_or_else(|(error, _)| error, |_| "OK")
    }

    #[test]
    fn a_form_is_read() {
        let form = read(b"grant_type=client_credentials&audience=orders").expect("good");
        assert_eq!(form, Form { audience: "orders".into(), scope: None });
        let form = read(b"scope=GET+%2Fa%2F**%20/b&audience=orders&grant_type=client_credentials&more=").expect("good");
        assert_eq!(form.scope, Some(vec!["GET /a/**".into(), "/b".into()]));
        assert_eq!(error("grant_type=client_credentials&audience=a&scope="), "OK");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_code() {
        for (form, code) in [
            ("", INVALID_REQUEST),
            ("{\"grant_type\":\"client_credentials\",\"audience\":\"a\"}", INVALID_REQUEST),
            ("audience=a", INVALID_REQUEST),
            ("grant_type=&audience=a", INVALID_REQUEST),
            ("grant_type=client_credentials", INVALID_REQUEST),
            ("grant_type=client_credentials&audience=", INVALID_REQUEST),
            ("grant_type=client_credentials&audience=%ff", INVALID_REQUEST),
            ("grant_type=client_credentials&audience=a&audience=b", INVALID_REQUEST),
            ("grant_type=client_credentials&audience=a&%61udience=a", INVALID_REQUEST),
            ("grant_type=client_credentials&audience=a&client_secret=x", INVALID_REQUEST),
            ("grant_type=client_credentials&audience=a&client_id=b", INVALID_REQUEST),
            ("grant_type=password&audience=a", UNSUPPORTED_GRANT_TYPE),
            ("grant_type=authorization_code", UNSUPPORTED_GRANT_TYPE),
            ("grant_type=client_credentials&audience=a&scope=read", INVALID_SCOPE),
            ("grant_type=client_credentials&audience=a&scope=+", INVALID_SCOPE),
            ("grant_type=client_credentials&audience=a&scope=GET+POST+/a", INVALID_SCOPE),
        ] {
            assert_eq!(error(form), code, "{form}");
        }
        assert_eq!(error(&"a=&".repeat(1001)), INVALID_REQUEST);
        assert_eq!(error(&"a".repeat(MAX_FORM_BYTES + 1)), INVALID_REQUEST);
    }
}
