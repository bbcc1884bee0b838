//! The body of a handshake: JSON, in which a place has one reading.

use super::rule::{HandshakeFault, MatchValue};
use crate::config::json::Json;

/// A body, parsed when it is needed for the first time.
pub(super) struct Document<'a> {
    bytes: &'a [u8],
    json: Option<Option<Json>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, json: None }
    }

    /// What stands at a pointer; `None` where nothing does, or the body is not JSON.
    pub(super) fn get(&mut self, pointer: &str) -> Result<Option<&Json>, HandshakeFault> {
        // The caller bounds the length, the parser the depth.
        let json = self.json.get_or_insert_with(|| serde_json::from_slice(self.bytes).ok());
        let Some(mut place) = json.as_ref() else {
            return Ok(None);
        };
        for name in pointer.split('/').skip(1) {
            let name = name.replace("~1", "/").replace("~0", "~");
            let next = match place {
                Json::Object(members) => {
                    let mut same = members.iter().filter(|(member, _)| *member == name).map(|(_, value)| value);
                    let first = same.next();
                    if same.next().is_some() {
                        return Err(HandshakeFault::RepeatedMember);
                    }
                    first
                }
                Json::Array(elements) => index(&name).and_then(|at| elements.get(at)),
                _ => None,
            };
            let Some(next) = next else {
                return Ok(None);
            };
            place = next;
        }
        Ok(Some(place))
    }

    pub(super) fn matches(&mut self, pointer: &str, wanted: &MatchValue) -> Result<bool, HandshakeFault> {
        let value = self.get(pointer)?;
        Ok(match (wanted, value) {
            (MatchValue::Any, value) => value.is_some(),
            (MatchValue::Text(wanted), Some(Json::String(text))) => **wanted == **text,
            (MatchValue::Whole(wanted), Some(Json::Whole(number))) => wanted == number,
            _ => false,
        })
    }
}

/// The position in an array (RFC 6901, section 4).
fn index(name: &str) -> Option<usize> {
    let is_whole = name == "0" || (name.bytes().all(|byte| byte.is_ascii_digit()) && !name.starts_with('0'));
    if is_whole { name.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_at(body: &str, pointer: &str) -> Result<Option<Json>, HandshakeFault> {
        Document::new(body.as_bytes()).get(pointer).map(|found| found.cloned())
    }

    #[test]
    fn pointers_lead_to_one_place() {
        let body = r#"{"a":{"b/c":[1,"x"],"~":"y"},"":"z"}"#;
        let text = |text: &str| Ok(Some(Json::String(text.into())));
        assert_eq!(text_at(body, "/a/b~1c/1"), text("x"));
        assert_eq!(text_at(body, "/a/~0"), text("y"));
        assert_eq!(text_at(body, "/"), text("z"));
        for nowhere in ["/b", "/a/b~1c/2", "/a/b~1c/01", "/a/b~1c/-", "/a/b~1c/+1", "/a/b~1c/1/0", "/a/b~1c/"] {
            assert_eq!(text_at(body, nowhere), Ok(None), "{nowhere}");
        }
    }

    #[test]
    fn a_member_that_is_there_twice_has_no_reading() {
        assert_eq!(text_at(r#"{"a":"x","a":"y"}"#, "/a"), Err(HandshakeFault::RepeatedMember));
        assert_eq!(text_at(r#"{"b":1,"b":2,"a":"x"}"#, "/a"), Ok(Some(Json::String("x".into()))));
    }

    #[test]
    fn what_is_no_json_holds_nothing() {
        for body in ["", "a=b", "{", r#"{"a":"x"} {}"#, &"[".repeat(1000), "\u{feff}{\"a\":1}"] {
            assert_eq!(text_at(body, "/a"), Ok(None), "{body}");
        }
        assert_eq!(Document::new(b"{\"a\":\"\xff\"}").get("/a"), Ok(None));
    }
}
