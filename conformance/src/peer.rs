//! Peers: independent implementations of a scheme, which answer as drivers do, only with less. They say whether a request
//! holds, and by which code it is refused; not what a binding says beside that.

use serde_json::Value;

use crate::driver::Driver;

/// Whether a driver's answer to a step agrees with that of a binding. A binding must answer the same in everything; a
/// peer in the kind of the answer, in the code, and in all members that it gives.
pub fn same(driver: &Driver, expected: &Value, got: &Value) -> bool {
    if driver.schemes.is_none() {
        return expected == got;
    }
    let member =
        |value: &Value| value.as_object().and_then(|object| object.iter().next().map(|(name, _)| name.clone()));
    match member(got).as_deref() {
        Some("refused") if !driver.has_codes => expected.get("refused").is_some(),
        Some("refused") => got["refused"]["code"].is_string() && got["refused"]["code"] == expected["refused"]["code"],
        Some("ok") => expected.get("ok").is_some_and(|expected| is_part(&got["ok"], expected)),
        _ => false,
    }
}

/// Whether a peer comes to the same verdict, whatever the code: for requests that have several faults, of which the pages
/// do not say which one comes first.
pub fn same_verdict(driver: &Driver, expected: &Value, got: &Value) -> bool {
    (got.get("refused").is_some() && expected.get("refused").is_some()) || same(driver, expected, got)
}

/// Whether every member of `part` is in `whole` with the same value.
fn is_part(part: &Value, whole: &Value) -> bool {
    part.as_object().is_some_and(|members| members.iter().all(|(name, value)| whole.get(name) == Some(value)))
}

/// The answer without the members that a vector does not list.
pub fn reduced(got: &Value, listed: &serde_json::Map<String, Value>) -> Value {
    let mut got = got.clone();
    if let Some(members) = got.get_mut("ok").and_then(Value::as_object_mut) {
        members.retain(|name, _| listed.contains_key(name));
    }
    got
}

/// Whether the answer says that the peer does not judge this.
pub fn abstains(answer: &Value) -> bool {
    answer.get("unsupported").is_some()
}

#[cfg(test)]
mod tests {
    use super::{same, same_verdict};
    use crate::driver::Driver;
    use serde_json::json;

    #[test]
    fn a_peer_may_say_less_and_nothing_else() {
        let mut driver = Driver::from_argument("peer=true", &[]).unwrap();
        let verified = json!({"ok": {"service": "a", "key": "1"}});
        let refused = json!({"refused": {"code": "INVALID_SIGNATURE", "status": 401}});
        assert!(!same(&driver, &verified, &json!({"ok": {"service": "a"}})));
        driver.schemes = Some(vec!["stripe".to_owned()]);
        assert!(same(&driver, &verified, &json!({"ok": {"service": "a"}})));
        assert!(!same(&driver, &verified, &json!({"ok": {"service": "b"}})));
        assert!(!same(&driver, &verified, &json!({"ok": {"name": "a"}})));
        assert!(same(&driver, &refused, &json!({"refused": {"code": "INVALID_SIGNATURE"}})));
        assert!(!same(&driver, &refused, &json!({"refused": {"code": "UNKNOWN_SERVICE"}})));
        assert!(!same(&driver, &refused, &json!({"ok": {}})));
        assert!(!same(&driver, &refused, &json!({"refused": {}})));
        assert!(same_verdict(&driver, &refused, &json!({"refused": {"code": "UNKNOWN_SERVICE"}})));
        assert!(!same_verdict(&driver, &refused, &json!({"ok": {}})));
        assert!(!same_verdict(&driver, &verified, &json!({"refused": {"code": "UNKNOWN_SERVICE"}})));
        assert!(!same_verdict(&driver, &verified, &json!({"ok": {"service": "b"}})));
        driver.has_codes = false;
        assert!(same(&driver, &refused, &json!({"refused": {}})));
        assert!(!same(&driver, &verified, &json!({"refused": {}})));
    }
}
