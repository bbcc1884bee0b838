//! Bytes as vectors and drivers write them: a string when they are text, `{"base64": "..."}` when they are not.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Bytes of a request or an answer. Standard base64 with padding; text is its UTF-8 encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Text {
    /// Written as a string.
    Plain(String),
    /// Written as `{"base64": "..."}`.
    Base64(Vec<u8>),
}

impl Text {
    /// Wraps bytes in the base64 form, whatever they are.
    pub fn from_bytes(bytes: &[u8]) -> Text {
        Text::Base64(bytes.to_vec())
    }

    /// The bytes that are meant, whichever form they were written in.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Text::Plain(text) => text.as_bytes(),
            Text::Base64(bytes) => bytes,
        }
    }

    /// For people: bytes that are not UTF-8 are shown as replacement characters.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }
}

impl TryFrom<Value> for Text {
    type Error = String;

    fn try_from(value: Value) -> Result<Text, String> {
        match value {
            Value::String(text) => Ok(Text::Plain(text)),
            Value::Object(object) if object.len() == 1 => match object.get("base64") {
                Some(Value::String(text)) => STANDARD
                    .decode(text)
                    .map(Text::Base64)
                    .map_err(|error| format!("{text:?} is not standard base64 with padding: {error}")),
                _ => Err("an object in place of text must be {\"base64\": \"...\"}".to_owned()),
            },
            _ => Err("expected a string or {\"base64\": \"...\"}".to_owned()),
        }
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Value {
        match text {
            Text::Plain(text) => Value::String(text),
            Text::Base64(bytes) => json!({"base64": STANDARD.encode(bytes)}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Text;
    use serde_json::{from_value, json};

    #[test]
    fn both_forms_mean_bytes() {
        let plain: Text = from_value(json!("é")).unwrap();
        let base64: Text = from_value(json!({"base64": "w6k="})).unwrap();
        assert_eq!(plain.bytes(), base64.bytes());
    }

    #[test]
    fn refuses_loose_base64_and_other_objects() {
        for bad in [json!({"base64": "w6k"}), json!({"base64": "w6k=\n"}), json!({"hex": "00"}), json!(7)] {
            assert!(from_value::<Text>(bad.clone()).is_err(), "{bad}");
        }
    }
}
