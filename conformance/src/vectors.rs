//! Vector files: their format, and how a folder of them becomes a list of cases.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::expect::Expect;
use crate::step::Step;
use crate::strict_json;

/// The last time that a double holds exactly, which is how some languages read numbers.
const LAST_TIME: u64 = (1 << 53) - 1;

/// The `schema` member of every vector file that this runner reads.
pub const SCHEMA: &str = "wiresign-vectors-1";

/// One test, together with the configuration of its group: everything that a driver needs, and what it must answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The suite of the file.
    pub suite: String,
    /// Stable, and unique over all files.
    pub id: String,
    /// What the test is about.
    pub comment: String,
    /// Each is explained in the notes of the file.
    pub flags: Vec<String>,
    /// The numbers of the security rules that its flags stand for.
    pub rules: BTreeSet<u32>,
    /// Where the expected values come from.
    pub origin: String,
    /// The configuration document of the group.
    pub config: Configuration,
    /// What `env:` references find.
    pub env: BTreeMap<String, String>,
    /// What is asked, and what must be answered.
    pub steps: Vec<ExpectedStep>,
}

impl Case {
    /// Whether the last step must not succeed.
    pub fn must_refuse(&self) -> bool {
        self.steps.last().is_some_and(|step| step.expect.is_refusal())
    }
}

/// A configuration document: as JSON, or as text where it is not JSON or where its exact spelling matters.
#[derive(Clone, Debug, PartialEq)]
pub enum Configuration {
    /// The member `config`.
    Document(Value),
    /// The member `config_text`.
    Text(String),
}

/// A step and what is expected of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct ExpectedStep {
    /// What is asked.
    #[serde(flatten)]
    pub step: Step,
    /// What must be answered.
    pub expect: Expect,
}

impl TryFrom<Value> for ExpectedStep {
    type Error = String;

    // Not derived: serde cannot flatten and refuse unknown members at the same time.
    fn try_from(value: Value) -> Result<ExpectedStep, String> {
        let Value::Object(mut members) = value else {
            return Err("a step is an object".to_owned());
        };
        let expect = members.remove("expect").ok_or("the step has no \"expect\"")?;
        let expect = serde_json::from_value(expect).map_err(|error| format!("expect: {error}"))?;
        let step = serde_json::from_value(Value::Object(members)).map_err(|error| format!("step: {error}"))?;
        Ok(ExpectedStep { step, expect })
    }
}

/// All cases of some folders, in the order of the files' names and inside a file as they stand.
#[derive(Clone, Debug)]
pub struct Vectors {
    /// Every case.
    pub cases: Vec<Case>,
}

impl Vectors {
    /// Reads each folder's `*.json` files (or a single file), strictly: an unknown member, a repeated id, a flag
    /// without explanation or a code that does not exist is an error. All problems of all files are returned.
    pub fn load(paths: &[PathBuf]) -> Result<Vectors, Vec<String>> {
        let mut problems = Vec::new();
        let mut files = Vec::new();
        for path in paths {
            match vector_files(path) {
                Ok(found) => files.extend(found),
                Err(problem) => problems.push(problem),
            }
        }
        let mut cases = Vec::new();
        for file in &files {
            match load_file(file) {
                Ok(found) => cases.extend(found),
                Err(found) => problems.extend(found.iter().map(|problem| format!("{}: {problem}", file.display()))),
            }
        }
        let mut seen = BTreeSet::new();
        problems.extend(
            cases
                .iter()
                .filter(|case| !seen.insert(&case.id))
                .map(|case| format!("the id {:?} is there twice", case.id)),
        );
        if problems.is_empty() { Ok(Vectors { cases }) } else { Err(problems) }
    }

    /// Keeps the cases whose id contains one of the texts; all of them where no text is given.
    pub fn filter(&mut self, texts: &[String]) {
        if !texts.is_empty() {
            self.cases.retain(|case| texts.iter().any(|text| case.id.contains(text.as_str())));
        }
    }
}

fn vector_files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| format!("{}: {error}", path.display()))?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(format!("{}: there is no *.json file in this folder", path.display()));
    }
    files.sort();
    Ok(files)
}

fn load_file(path: &Path) -> Result<Vec<Case>, Vec<String>> {
    let text = fs::read_to_string(path).map_err(|error| vec![error.to_string()])?;
    let raw = strict_json::parse(&text).map_err(|error| vec![error])?;
    // From the text and not from the value, because these errors name the line.
    let file: File = serde_json::from_str(&text).map_err(|error| vec![error.to_string()])?;
    let mut problems = file.problems();
    let cases = file.into_cases();
    // Counted a second time, on the bare JSON: a test that got lost on the way would otherwise never be missed.
    let counted = count_tests(&raw);
    if counted != cases.len() {
        problems.push(format!("the file has {counted} tests, but {} were read", cases.len()));
    }
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

fn count_tests(file: &Value) -> usize {
    let groups = file["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    groups.iter().filter_map(|group| group["tests"].as_array()).map(Vec::len).sum()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    // For editors only; the runner does not follow it.
    #[serde(rename = "$schema", default)]
    _schema_location: Option<String>,
    schema: String,
    suite: String,
    notes: BTreeMap<String, Note>,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    meaning: String,
    #[serde(default)]
    rules: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    #[serde(default)]
    config: Option<Value>,
    #[serde(default)]
    config_text: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    id: String,
    comment: String,
    flags: Vec<String>,
    origin: String,
    steps: Vec<ExpectedStep>,
}

impl File {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.schema != SCHEMA {
            problems.push(format!("the schema is {:?}, this runner reads {SCHEMA:?}", self.schema));
        }
        if !is_kebab_case(&self.suite) {
            problems.push(format!("the suite {:?} is not lower kebab-case", self.suite));
        }
        for (flag, note) in &self.notes {
            if note.meaning.trim().is_empty() {
                problems.push(format!("the note of the flag {flag:?} is empty"));
            }
        }
        for group in &self.groups {
            if group.config.is_some() == group.config_text.is_some() {
                problems.push(format!("group {:?}: exactly one of config and config_text must be there", group.name));
            }
            if group.tests.is_empty() {
                problems.push(format!("group {:?} has no tests", group.name));
            }
            for test in &group.tests {
                problems.extend(self.test_problems(test).into_iter().map(|problem| format!("{}: {problem}", test.id)));
            }
        }
        problems
    }

    fn test_problems(&self, test: &Test) -> Vec<String> {
        let mut problems = Vec::new();
        if test.id.strip_prefix(&self.suite).is_none_or(|rest| !rest.starts_with('/') || rest.len() < 2) {
            problems.push(format!("the id does not start with \"{}/\"", self.suite));
        }
        if test.flags.is_empty() {
            problems.push("the test has no flag".to_owned());
        }
        for flag in test.flags.iter().filter(|flag| !self.notes.contains_key(*flag)) {
            problems.push(format!("the flag {flag:?} is not explained in the notes"));
        }
        if test.steps.is_empty() {
            problems.push("the test has no steps".to_owned());
        }
        for (number, ExpectedStep { step, expect }) in test.steps.iter().enumerate() {
            if let Step::VerifyStream { request, chunks, .. } = step {
                let length = chunks.iter().try_fold(0_usize, |sum, chunk| sum.checked_add(*chunk));
                if length.is_none_or(|length| length > request.body.bytes().len()) {
                    problems.push(format!("step {}: the chunks are longer than the body", number + 1));
                }
            }
            if step.now().is_some_and(|now| now > LAST_TIME) {
                problems.push(format!("step {}: the time is later than {LAST_TIME}", number + 1));
            }
            if let Some(problem) = expect.problem(step) {
                problems.push(format!("step {}: {problem}", number + 1));
            }
        }
        problems
    }

    fn into_cases(self) -> Vec<Case> {
        let mut cases = Vec::new();
        for group in self.groups {
            let config = match (group.config, group.config_text) {
                (_, Some(text)) => Configuration::Text(text),
                (document, None) => Configuration::Document(document.unwrap_or_default()),
            };
            cases.extend(group.tests.into_iter().map(|test| {
                Case {
                    suite: self.suite.clone(),
                    id: test.id,
                    comment: test.comment,
                    rules: test
                        .flags
                        .iter()
                        .filter_map(|flag| self.notes.get(flag))
                        .flat_map(|note| &note.rules)
                        .copied()
                        .collect(),
                    flags: test.flags,
                    origin: test.origin,
                    config: config.clone(),
                    env: group.env.clone(),
                    steps: test.steps,
                }
            }));
        }
        cases
    }
}

fn is_kebab_case(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
