//! The list of known failures: cases that fail in one binding, with the reason. The list may only shrink by itself:
//! a case on it that passes is a failure.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// One known failure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailure {
    /// The binding that fails.
    pub binding: String,
    /// The id of the case.
    pub id: String,
    /// Why it fails, and what would end that.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<Entry>,
}

/// An entry of the list: one case, or several with one reason, in one binding or in several.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    binding: OneOrSeveral,
    id: OneOrSeveral,
    reason: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

impl OneOrSeveral {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// Reads the list. A reason must be given, and no case may be there twice.
pub fn load(path: &Path) -> Result<Vec<KnownFailure>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut known: Vec<KnownFailure> = Vec::new();
    for entry in &file.known {
        for binding in entry.binding.as_slice() {
            for id in entry.id.as_slice() {
                if entry.reason.trim().is_empty() {
                    return Err(format!("{}: {id} in {binding} has no reason", path.display()));
                }
                if known.iter().any(|other| other.binding == *binding && other.id == *id) {
                    return Err(format!("{}: {id} in {binding} is there twice", path.display()));
                }
                known.push(KnownFailure { binding: binding.clone(), id: id.clone(), reason: entry.reason.clone() });
            }
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::load;

    #[test]
    fn an_entry_may_name_several_cases_and_none_twice() {
        let folder = std::env::temp_dir().join(format!("wiresign-known-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("known.toml");
        let list = "[[known]]\nbinding = \"a\"\nid = [\"s/one\", \"s/two\"]\nreason = \"because\"\n";
        fs::write(&path, list).unwrap();
        let ids: Vec<String> = load(&path).unwrap().into_iter().map(|known| known.id).collect();
        assert_eq!(ids, ["s/one", "s/two"]);
        fs::write(&path, format!("{list}\n[[known]]\nbinding = [\"a\", \"b\"]\nid = \"s/two\"\nreason = \"again\"\n"))
            .unwrap();
        assert!(load(&path).unwrap_err().contains("s/two in a is there twice"));
        fs::write(&path, list.replace("because", " ")).unwrap();
        assert!(load(&path).unwrap_err().contains("has no reason"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
