//! The lines between runner and driver.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::step::CAPABILITIES;
use crate::strict_json;
use crate::vectors::{Case, Configuration};

/// The version of the protocol that this runner speaks.
pub const PROTOCOL: u32 = 1;

/// The first line of a driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The version of the protocol.
    pub protocol: u32,
    /// The name of the binding.
    pub binding: String,
    /// The version of the binding.
    pub version: String,
    /// What it runs on, such as `CPython 3.11.7`.
    pub runtime: String,
    /// The operations that the driver can do.
    pub capabilities: Vec<String>,
}

impl Hello {
    /// Reads the first line. The error names the cause.
    pub fn read(line: &[u8]) -> Result<Hello, String> {
        let value = read_line(line).map_err(|error| format!("the first line is no hello: {error}"))?;
        // Before the rest, which may be different in another version.
        match &value["protocol"] {
            Value::Null => return Err(format!("the first line is no hello: {}", shortened(line))),
            protocol if *protocol != PROTOCOL => {
                return Err(format!(
                    "wrong protocol version: the hello says {protocol}, this runner speaks {PROTOCOL}"
                ));
            }
            _ => {}
        }
        let hello: Hello = serde_json::from_value(value).map_err(|error| format!("the hello is malformed: {error}"))?;
        if let Some(unknown) = hello.capabilities.iter().find(|name| !CAPABILITIES.contains(&name.as_str())) {
            return Err(format!("the hello declares the capability {unknown:?}, which does not exist"));
        }
        Ok(hello)
    }

    /// Whether the driver declares this operation.
    pub fn can(&self, op: &str) -> bool {
        self.capabilities.iter().any(|name| name == op)
    }
}

/// The line that asks a case. Pure ASCII, because some line readers also break lines at U+2028.
pub fn question(case: &Case) -> String {
    let mut line = Map::new();
    line.insert("id".to_owned(), json!(case.id));
    match &case.config {
        Configuration::Document(document) => line.insert("config".to_owned(), document.clone()),
        Configuration::Text(text) => line.insert("config_text".to_owned(), json!(text)),
    };
    line.insert("env".to_owned(), json!(case.env));
    let steps: Vec<_> = case.steps.iter().map(|expected| &expected.step).collect();
    line.insert("steps".to_owned(), json!(steps));
    to_ascii(&Value::Object(line).to_string())
}

/// A driver's answer to a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The id of the case.
    pub id: String,
    /// One result for each step.
    pub results: Vec<Value>,
}

impl Answer {
    /// Reads an answer. The error names the cause.
    pub fn read(line: &[u8]) -> Result<Answer, String> {
        let value = read_line(line)?;
        serde_json::from_value(value).map_err(|error| format!("the line is no answer: {error}: {}", shortened(line)))
    }
}

fn read_line(line: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(line).map_err(|_| format!("the line is not UTF-8: {}", shortened(line)))?;
    strict_json::parse(text).map_err(|error| format!("the line is not JSON: {error}: {}", shortened(line)))
}

/// The start of a line, for messages.
pub fn shortened(line: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(line);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?} and more", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// JSON text with every other character escaped. They stand only inside strings, so this keeps the meaning.
pub(crate) fn to_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::{Answer, Hello, to_ascii};

    #[test]
    fn ascii_form_means_the_same() {
        let text = "\"a é \u{2028} \u{1f600}\"";
        let ascii = to_ascii(text);
        assert!(ascii.is_ascii());
        let (left, right): (String, String) =
            (serde_json::from_str(text).unwrap(), serde_json::from_str(&ascii).unwrap());
        assert_eq!(left, right);
    }

    #[test]
    fn hello_of_another_version_is_named_before_its_members() {
        let error = Hello::read(br#"{"protocol":2,"news":true}"#).unwrap_err();
        assert!(error.contains("wrong protocol version"), "{error}");
    }

    #[test]
    fn an_answer_has_exactly_id_and_results() {
        assert!(Answer::read(br#"{"id":"a","results":[]}"#).is_ok());
        for bad in
            ["{\"id\":\"a\"}", "{\"id\":\"a\",\"results\":[],\"x\":1}", "{\"id\":\"a\",\"id\":\"a\",\"results\":[]}"]
        {
            assert!(Answer::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
