//! The contract of codes: `conformance/contract/refusals.toml`, read and held to its own rules.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// Every code that Wiresign answers with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contract {
    #[serde(rename = "refusal")]
    pub(crate) refusals: Vec<Refusal>,
    #[serde(rename = "failure")]
    pub(crate) failures: Vec<Failure>,
}

/// One verdict against a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    pub(crate) number: u16,
    pub(crate) name: String,
    pub(crate) status: u16,
    pub(crate) class: String,
    pub(crate) message: String,
    pub(crate) meaning: String,
    pub(crate) since: String,
}

/// One way in which the library itself was used or set up wrongly.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) number: u16,
    pub(crate) name: String,
    pub(crate) meaning: String,
    pub(crate) since: String,
}

/// The classes that a refusal may have, each with what it says about the request.
pub(crate) const CLASSES: [(&str, &str); 5] = [
    ("credential", "no usable credential, or one that does not hold"),
    ("request", "the request itself cannot be judged"),
    ("policy", "the caller is known, and may not do this"),
    ("limit", "a limit of the service was reached"),
    ("outage", "the verifier lacks something that it needs to decide"),
];

impl Contract {
    /// Reads and checks the file.
    pub(crate) fn load(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("refusals.toml cannot be read: {error}"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let contract: Self = toml::from_str(text).map_err(|error| format!("refusals.toml: {error}"))?;
        contract.check()?;
        Ok(contract)
    }

    fn check(&self) -> Result<(), String> {
        let mut numbers = HashSet::new();
        let mut names = HashSet::new();
        let codes = (self.refusals.iter().map(|refusal| (refusal.number, &refusal.name, &refusal.meaning)))
            .chain(self.failures.iter().map(|failure| (failure.number, &failure.name, &failure.meaning)));
        for (number, name, meaning) in codes {
            // Zero is success in the C ABI.
            if number == 0 || !numbers.insert(number) {
                return Err(format!("refusals.toml: {name}: number {number} is 0 or used twice"));
            }
            if !is_upper_snake_case(name) || !names.insert(name) {
                return Err(format!("refusals.toml: {name}: not upper snake case, or used twice"));
            }
            check_sentence(name, meaning)?;
        }
        for refusal in &self.refusals {
            if !CLASSES.iter().any(|(class, _)| *class == refusal.class) {
                return Err(format!("refusals.toml: {}: no class {}", refusal.name, refusal.class));
            }
            if !(400..600).contains(&refusal.status) {
                return Err(format!("refusals.toml: {}: status {} refuses nothing", refusal.name, refusal.status));
            }
            check_sentence(&refusal.name, &refusal.message)?;
        }
        Ok(())
    }
}

/// The sentences go unescaped into string literals, comments and JSON of five languages.
fn check_sentence(name: &str, sentence: &str) -> Result<(), String> {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) && !matches!(byte, b'"' | b'\\' | b'|' | b'<' | b'*');
    if sentence.ends_with('.') && sentence.bytes().all(plain) {
        Ok(())
    } else {
        Err(format!("refusals.toml: {name}: not a plain sentence: {sentence}"))
    }
}

fn is_upper_snake_case(name: &str) -> bool {
    name.split('_').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// `MISSING_SIGNATURE` as `MissingSignature`.
pub(crate) fn upper_camel_case(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{first}{}", rest.to_ascii_lowercase())
        })
        .collect()
}

/// Breaks a sentence into lines of at most `width` characters, between words.
pub(crate) fn wrap(sentence: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(change: impl Fn(&str) -> String) -> String {
        change(
            r#"
            [[refusal]]
            number = 1
            name = "MISSING_SIGNATURE"
            status = 401
            class = "credential"
            message = "A message."
            meaning = "A meaning."
            since = "0.1.0"
            [[failure]]
            number = 1001
            name = "INTERNAL"
            meaning = "A meaning."
            since = "0.1.0"
            "#,
        )
    }

    #[test]
    fn a_sound_contract_is_read() {
        let contract = Contract::parse(&document(str::to_owned)).unwrap();
        assert_eq!(contract.refusals[0].name, "MISSING_SIGNATURE");
        assert_eq!(contract.failures[0].number, 1001);
    }

    #[test]
    fn a_contract_against_the_rules_is_an_error() {
        for (from, to) in [
            ("1001", "1"),
            ("1001", "0"),
            ("INTERNAL", "MISSING_SIGNATURE"),
            ("INTERNAL", "Internal"),
            ("credential", "other"),
            ("401", "200"),
            ("A message.", "No full stop"),
            ("A message.", "A | bar."),
            ("since", "sinse"),
        ] {
            assert!(Contract::parse(&document(|text| text.replace(from, to))).is_err(), "{from} -> {to}");
        }
    }

    #[test]
    fn names_change_case_and_sentences_break_between_words() {
        assert_eq!(upper_camel_case("TIMESTAMP_OUTSIDE_WINDOW"), "TimestampOutsideWindow");
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aaaaaa b", 3), ["aaaaaa", "b"]);
    }
}
