//! What STS says of a proof.

use super::fault::Fault;
use crate::strict_json::{Object, Value};

/// The longest answer that is read, in bytes. Those of AWS have some hundred.
const MAX_BYTES: usize = 16 * 1024;

/// The ARN of the identity that made the signature. Only JSON is read, and only where each member has its place.
pub(crate) fn judge(status: u16, body: &[u8]) -> Result<Box<str>, Fault> {
    match status {
        200 => identity(body),
        400 | 401 | 403 => Err(refusal(status, body)),
        _ => Err(Fault::Busy),
    }
}

fn identity(body: &[u8]) -> Result<Box<str>, Fault> {
    let result = member(body, &["GetCallerIdentityResponse", "GetCallerIdentityResult"]).ok_or(Fault::AnswerForm)?;
    let text = |name| match result.get(name) {
        Some(Value::String(text)) => Some(text.decoded()),
        _ => None,
    };
    let (arn, account) = text("Arn").zip(text("Account")).ok_or(Fault::AnswerForm)?;
    // `arn:aws:sts::ACCOUNT:...`
    let is_of_account = arn.split(':').nth(4) == Some(&*account);
    if is_of_account { Ok(arn.into()) } else { Err(Fault::AnswerForm) }
}

/// An error that says no by itself needs no readable body.
fn refusal(status: u16, body: &[u8]) -> Fault {
    let error = member(body, &["Error"]);
    let code = match error.and_then(|error| error.get("Code")) {
        Some(Value::String(text)) => text.decoded(),
        _ => "".into(),
    };
    match &*code {
        "InvalidClientTokenId" | "UnrecognizedClientException" => Fault::KeyRefused,
        "ExpiredToken" | "ExpiredTokenException" => Fault::Expired,
        "SignatureDoesNotMatch" | "IncompleteSignature" | "InvalidSignatureException" => Fault::SignatureRefused,
        _ if status == 403 => Fault::SignatureRefused,
        _ => Fault::Busy,
    }
}

/// The object under these names.
fn member<'a>(body: &'a [u8], path: &[&str]) -> Option<Object<'a>> {
    if body.len() > MAX_BYTES {
        return None;
    }
    let (first, others) = path.split_first()?;
    let mut found = None;
    Object::read(body, |name, value| {
        if name.is(first) {
            found = Some(value);
        }
    })
    .ok()?;
    others.iter().fold(as_object(found?), |object, name| as_object(object?.get(name)?))
}

fn as_object(value: Value<'_>) -> Option<Object<'_>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sts::123456789012:assumed-role/prod-billing-task/1";

    fn answer(result: &str) -> String {
        format!(r#"{{"GetCallerIdentityResponse": {{"GetCallerIdentityResult": {result}, "ResponseMetadata": {{}}}}}}"#)
    }

    #[test]
    fn an_identity_is_read_from_its_place() {
        let good = answer(&format!(r#"{{"UserId": "A:1", "Account": "123456789012", "Arn": "{ARN}"}}"#));
        assert_eq!(judge(200, good.as_bytes()).as_deref(), Ok(ARN));
        for status in [0, 201, 204, 301, 302, 404, 429, 500, 503] {
            assert_eq!(judge(status, good.as_bytes()), Err(Fault::Busy), "{status}");
        }
    }

    #[test]
    fn anything_else_says_nothing() {
        let result = format!(r#"{{"Account": "123456789012", "Arn": "{ARN}"}}"#);
        let xml = format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{ARN}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        let long = answer(&result) + &" ".repeat(MAX_BYTES);
        for bad in [
            "",
            "[]",
            "null",
            &xml,
            &result,
            &long,
            &answer("null"),
            &answer(&format!("[{result}]")),
            &answer(&format!(r#"{{"Arn": "{ARN}"}}"#)),
            &answer(&format!(r#"{{"Account": "210987654321", "Arn": "{ARN}"}}"#)),
            &answer(&format!(r#"{{"Account": 123456789012, "Arn": "{ARN}"}}"#)),
            &answer(&format!(r#"{{"Account": "123456789012", "Arn": ["{ARN}"]}}"#)),
            &answer(&format!(r#"{{"Account": "123456789012", "Arn": "{ARN}", "Arn": "{ARN}"}}"#)),
            &answer(&format!(r#"{{"Account": "123456789012", "arn": "{ARN}"}}"#)),
            &(answer(&result) + "x"),
            &answer(&result)[1..],
        ] {
            assert_eq!(judge(200, bad.as_bytes()), Err(Fault::AnswerForm), "{bad}");
        }
        assert_eq!(judge(200, b"\xff"), Err(Fault::AnswerForm));
    }

    #[test]
    fn an_error_says_why() {
        let error = |code: &str| format!(r#"{{"Error": {{"Code": "{code}", "Message": "", "Type": "Sender"}}}}"#);
        for (status, code, fault) in [
            (403, "SignatureDoesNotMatch", Fault::SignatureRefused),
            (400, "IncompleteSignature", Fault::SignatureRefused),
            (403, "InvalidClientTokenId", Fault::KeyRefused),
            (403, "ExpiredToken", Fault::Expired),
            (403, "AccessDenied", Fault::SignatureRefused),
            (400, "Throttling", Fault::Busy),
            (401, "", Fault::Busy),
        ] {
            assert_eq!(judge(status, error(code).as_bytes()), Err(fault), "{status} {code}");
        }
        assert_eq!(judge(403, b"<ErrorResponse/>"), Err(Fault::SignatureRefused));
        assert_eq!(judge(400, b"<ErrorResponse/>"), Err(Fault::Busy));
    }
}
