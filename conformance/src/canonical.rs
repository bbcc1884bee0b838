//! What the formats say is signed, put together anew and without the core, so that `dump` can show it beside an answer
//! that may be wrong.

use std::collections::BTreeSet;

use crate::step::{Request, Step};

/// The bytes that a genuine signature of this step covers. Nothing where the request carries no credential of a format
/// that is known here.
pub fn message(step: &Step) -> Option<Vec<u8>> {
    let request = match step {
        Step::Verify { request, .. } | Step::VerifyStream { request, .. } | Step::Explain { request, .. } => request,
        Step::VerifyContext { tenant, roles, .. } => return Some(context(tenant, roles)),
        // Its message depends on the configuration, and is part of the answer.
        Step::Sign { .. } | Step::SignContext { .. } => return None,
        Step::IssueToken { .. } | Step::AnswerToken { .. } | Step::AskIdentity { .. } => return None,
        Step::Handshake { .. } | Step::Check {} | Step::Replace { .. } => return None,
    };
    let timestamp = header(request, "x-timestamp")?;
    let signature = header(request, "x-signature")?;
    let target = request.target.bytes();
    let (path, query) = match target.iter().position(|&byte| byte == b'?') {
        Some(end) => (&target[..end], &target[end + 1..]),
        None => (target, &target[target.len()..]),
    };
    let method = request.method.bytes();
    let body = request.body.bytes();
    let parts = match header(request, "x-service-id") {
        Some(service) if signature.starts_with(b"v2=") => {
            let target_service = header(request, "x-target-service")?;
            let request_id = header(request, "x-request-id")?;
            vec![b"wiresign-v2", method, path, query, timestamp, service, target_service, request_id, body]
        }
        Some(service) => vec![method, path, timestamp, body, service],
        None => {
            header(request, "x-service-name")?;
            vec![method, path, timestamp, body]
        }
    };
    Some(parts.join(&b'\n'))
}

fn context(tenant: &str, roles: &[String]) -> Vec<u8> {
    let roles: BTreeSet<&str> = roles.iter().map(String::as_str).collect();
    let lines = ["auth-context-v1", tenant].into_iter().chain(roles);
    lines.flat_map(|line| [line, "\n"]).collect::<String>().into_bytes()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a [u8]> {
    request.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.bytes())
}

#[cfg(test)]
mod tests {
    use super::message;
    use crate::step::Step;
    use serde_json::json;

    fn message_of(headers: serde_json::Value) -> Option<String> {
        let step: Step = serde_json::from_value(json!({"op": "verify", "now": 1, "request":
            {"method": "POST", "target": "/p?q=1", "headers": headers, "body": "b"}}))
        .unwrap();
        message(&step).map(|message| String::from_utf8(message).unwrap())
    }

    #[test]
    fn each_format_has_its_order() {
        let common = json!([["X-Timestamp", "7"], ["X-Signature", "00"], ["X-Service-ID", "a"]]);
        assert_eq!(message_of(common).as_deref(), Some("POST\n/p\n7\nb\na"));
        let cross = json!([["x-timestamp", "7"], ["x-signature", "00"], ["x-service-name", "a"]]);
        assert_eq!(message_of(cross).as_deref(), Some("POST\n/p\n7\nb"));
        let second = json!([
            ["X-Timestamp", "7"],
            ["X-Signature", "v2=00"],
            ["X-Service-ID", "a"],
            ["X-Target-Service", "t"],
            ["X-Request-ID", "r"]
        ]);
        assert_eq!(message_of(second).as_deref(), Some("wiresign-v2\nPOST\n/p\nq=1\n7\na\nt\nr\nb"));
        assert_eq!(message_of(json!([])), None);
    }
}
