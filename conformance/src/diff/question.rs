//! What is asked: a configuration as text, and steps that share a verifier. Several cases stand in one question, since
//! reading a configuration costs more than judging a request.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::protocol::to_ascii;
use crate::step::Step;

/// One line for each driver.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) config_text: String,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) steps: Vec<Step>,
    /// For each step the number of the case that it belongs to.
    pub(crate) cases: Vec<u64>,
}

impl Question {
    pub(crate) fn new(config_text: String, env: BTreeMap<String, String>) -> Question {
        Question { config_text, env, steps: Vec::new(), cases: Vec::new() }
    }

    pub(crate) fn push(&mut self, case: u64, step: Step) {
        self.steps.push(step);
        self.cases.push(case);
    }

    /// The line that asks it.
    pub(crate) fn line(&self, id: &str) -> String {
        let mut line = Map::new();
        line.insert("id".to_owned(), json!(id));
        line.insert("config_text".to_owned(), json!(self.config_text));
        line.insert("env".to_owned(), json!(self.env));
        line.insert("steps".to_owned(), json!(self.steps));
        to_ascii(&Value::Object(line).to_string())
    }
}
