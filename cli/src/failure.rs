//! What is reported when a command cannot do its work.

use serde_json::{Value, json};
use wiresign::{ConfigErrors, Problem, SignError};
use wiresign_host::NoRandomness;

use crate::exit::Exit;

/// One sentence that says what to do, and for a configuration all of its problems.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    kind: &'static str,
    message: String,
    problems: Vec<Problem>,
}

impl Failure {
    /// Something outside the arguments is wrong: a file, the request, the answer.
    pub(crate) fn problem(message: impl Into<String>) -> Self {
        Self { exit: Exit::Problem, kind: "problem", message: message.into(), problems: Vec::new() }
    }

    /// The arguments do not fit together in a way that clap cannot express.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, kind: "usage", message: message.into(), problems: Vec::new() }
    }

    /// No answer came.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unreachable, kind: "unreachable", message: message.into(), problems: Vec::new() }
    }

    /// The configuration does not hold. `origin` is the file, or says that it came from the environment.
    pub(crate) fn config(origin: &str, errors: &ConfigErrors) -> Self {
        Self {
            exit: Exit::Problem,
            kind: "config",
            message: format!("{origin} cannot be used; correct what is listed."),
            problems: errors.problems().to_vec(),
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({"kind": self.kind, "message": self.message});
        if !self.problems.is_empty() {
            error["problems"] = problems_json(&self.problems);
        }
        json!({"error": error})
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Self { exit: Exit::Problem, kind: "signing", message: format!("Cannot sign: {error}."), problems: Vec::new() }
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Self {
        Self::problem(format!("Try again when the system is set up: {error}."))
    }
}

/// Problems or warnings as JSON.
pub(crate) fn problems_json(problems: &[Problem]) -> Value {
    problems.iter().map(|problem| json!({"pointer": problem.pointer, "message": problem.message})).collect()
}
