//! An explanation as text for people, and as JSON for programs.

use std::fmt;

use serde_json::{Value, json};

use super::Explanation;
use super::stage::{Outcome, Stage, StageName};

/// The longest lines of sentences, in characters.
const WIDTH: usize = 110;

impl Explanation {
    /// One JSON object. Its names are part of the interface: `verdict` with `accepted`, `code`, `status`, `message` and
    /// `detail`; `stages`, each with `stage`, `outcome` (`ok`, `failed`, `skipped`) and `facts`; `hints`, each with `id`,
    /// `cause`, `fix` and `proved`; `search` with `tries` and `cuts`.
    pub fn json(&self) -> String {
        let refusal = self.verdict.refusal;
        let stages: Vec<Value> = self.stages.iter().map(Stage::json).collect();
        let hints: Vec<Value> = self
            .hints
            .iter()
            .map(|hint| json!({"id": hint.id, "cause": hint.cause, "fix": hint.fix, "proved": hint.is_proved}))
            .collect();
        json!({
            "verdict": {
                "accepted": refusal.is_none(),
                "code": self.verdict(),
                "status": refusal.map(super::RefusalCode::status),
                "message": refusal.map(super::RefusalCode::message),
                "detail": self.verdict.detail,
            },
            "stages": stages,
            "hints": hints,
            "search": {"tries": self.tries, "cuts": self.cuts},
        })
        .to_string()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.verdict.refusal, &self.verdict.detail) {
            (Some(code), Some(detail)) => {
                writeln!(out, "refused: {} (status {})", code.name(), code.status())?;
                wrap(out, "  ", "  ", detail)?;
            }
            _ => writeln!(out, "accepted")?,
        }
        writeln!(out)?;
        for stage in &self.stages {
            let line = stage.line();
            // A stage without facts that was passed over says nothing.
            if stage.outcome == Outcome::Skipped && line.is_empty() && stage.name != StageName::Signature {
                continue;
            }
            let head = format!("  {:<10} {:<7} ", stage.name.name(), stage.outcome.name());
            wrap(out, &head, &" ".repeat(head.len()), &line)?;
        }
        for hint in &self.hints {
            let how = if hint.is_proved { "proved" } else { "likely" };
            writeln!(out, "\n{how}: {}", hint.id)?;
            wrap(out, "  ", "  ", &hint.cause)?;
            wrap(out, "  ", "  ", &hint.fix)?;
        }
        for cut in &self.cuts {
            write!(out, "\nnote: {cut}.")?;
        }
        if !self.cuts.is_empty() {
            writeln!(out)?;
        }
        Ok(())
    }
}

/// Writes words on lines that are not too long.
fn wrap(out: &mut fmt::Formatter<'_>, first: &str, next: &str, text: &str) -> fmt::Result {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.len() + 1 + word.len() > WIDTH {
            writeln!(out, "{}", line.trim_end())?;
            next.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{}", line.trim_end())
}
