//! Shows one case in one binding: what was asked, what is signed, what was expected and what came.

use std::io::{self, Write};
use std::time::Duration;

use crate::canonical;
use crate::driver::Driver;
use crate::outcome::Outcome;
use crate::result::StepResult;
use crate::run::{State, run};
use crate::vectors::{Case, Configuration};

/// Asks the driver and writes everything. Returns whether the case passed.
pub fn dump(out: &mut impl Write, case: &Case, driver: &Driver, limit: Duration) -> io::Result<bool> {
    writeln!(out, "case      {}", case.id)?;
    writeln!(out, "comment   {}", case.comment)?;
    writeln!(out, "flags     {}", case.flags.join(", "))?;
    writeln!(out, "origin    {}", case.origin)?;
    match &case.config {
        Configuration::Document(document) => writeln!(out, "config    {document}")?,
        Configuration::Text(text) => writeln!(out, "config    as text: {text:?}")?,
    }
    for (name, value) in &case.env {
        writeln!(out, "env       {name}={value}")?;
    }

    let runs = run(std::slice::from_ref(case), std::slice::from_ref(driver), limit);
    let binding = &runs[0];
    match &binding.state {
        State::Ran(hello) => writeln!(out, "driver    {} {} on {}", hello.binding, hello.version, hello.runtime)?,
        State::NotRun(cause) => writeln!(out, "driver    NOT RUN: {cause}")?,
        State::Broken(cause) => writeln!(out, "driver    BROKEN: {cause}")?,
    }
    let end = &binding.ends[0];
    for (index, expected) in case.steps.iter().enumerate() {
        writeln!(out, "\nstep {}", index + 1)?;
        writeln!(out, "asked     {}", as_json(&expected.step))?;
        if let Some(message) = canonical::message(&expected.step) {
            writeln!(out, "signed    {}", shown(&message))?;
        }
        writeln!(out, "expected  {}", as_json(&expected.expect))?;
        match end.raw.get(index) {
            Some(got) => writeln!(out, "got       {got}")?,
            None => writeln!(out, "got       nothing")?,
        }
        let message = match end.results.as_ref().and_then(|results| results.get(index)) {
            Some(StepResult::Signed(signed)) => &signed.message,
            Some(StepResult::ContextSigned(signed)) => &signed.message,
            _ => continue,
        };
        writeln!(out, "signed    {}", shown(message.bytes()))?;
    }
    writeln!(out, "\nverdict   {}", end.outcome.word())?;
    for failure in end.outcome.failures() {
        writeln!(out, "          {failure}")?;
    }
    Ok(end.outcome == Outcome::Pass)
}

fn as_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data is JSON")
}

/// One line: everything but printable ASCII is escaped.
fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}
