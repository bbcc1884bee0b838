//! Everything that the program writes goes through here: colours, JSON, and readers that went away.
//!
//! Colours appear on a terminal only and honour `NO_COLOR`. A reader that closes the pipe early (`| head`) ends the
//! writing, not the command: the exit code still tells how the command went, so that a refusal never looks like a
//! success.

use std::io::{self, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use serde_json::Value;
use wiresign::Problem;

use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const CAUTION: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();

/// Standard output and standard error of one run.
pub(crate) struct Output {
    json: bool,
    out: Option<AutoStream<io::Stdout>>,
    err: Option<AutoStream<io::Stderr>>,
    lost: Option<io::Error>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            out: Some(anstream::AutoStream::auto(io::stdout())),
            err: Some(anstream::AutoStream::auto(io::stderr())),
            lost: None,
        }
    }

    /// Whether `--json` was given: exactly one JSON document is then written to standard output.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes a line to standard output.
    pub(crate) fn line(&mut self, line: impl std::fmt::Display) {
        self.write_out(|out| writeln!(out, "{line}"));
    }

    /// Writes a heading word in `style`, then the rest of the line.
    pub(crate) fn labelled(&mut self, style: Style, label: &str, rest: impl std::fmt::Display) {
        self.write_out(|out| writeln!(out, "{style}{label}{style:#}{rest}"));
    }

    /// Writes bytes to standard output as they are, with no colour handling.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.write_out(|_| io::stdout().write_all(bytes));
    }

    /// Writes the one JSON document of this run.
    pub(crate) fn json(&mut self, document: &Value) {
        self.write_out(|out| writeln!(out, "{document:#}"));
    }

    /// Writes a remark that is not the result to standard error; nothing under `--json`.
    pub(crate) fn note(&mut self, note: impl std::fmt::Display) {
        if !self.json {
            self.write_err(|err| writeln!(err, "{note}"));
        }
    }

    /// Writes a list of problems or warnings to standard output.
    pub(crate) fn problems(&mut self, style: Style, label: &str, problems: &[Problem]) {
        for problem in problems {
            self.write_out(|out| write_problem(out, style, label, problem));
        }
    }

    /// Reports why the command could not do its work: JSON on standard output, otherwise text on standard error.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        if self.json {
            self.json(&failure.to_json());
            return;
        }
        self.write_err(|err| {
            writeln!(err, "{BAD}error{BAD:#}: {}", failure.message())?;
            failure.problems().iter().try_for_each(|problem| write_problem(err, BAD, "problem", problem))
        });
    }

    /// Flushes, and gives the exit code: where the result could not be written for another reason than a closed pipe,
    /// a success was none.
    pub(crate) fn finish(mut self, exit: Exit) -> Exit {
        self.write_out(|out| out.flush());
        let Some(error) = self.lost.take() else { return exit };
        self.write_err(|err| writeln!(err, "{BAD}error{BAD:#}: The output is not complete: {error}."));
        if exit == Exit::Success { Exit::Problem } else { exit }
    }

    fn write_out(&mut self, write: impl FnOnce(&mut AutoStream<io::Stdout>) -> io::Result<()>) {
        if let Some(out) = &mut self.out
            && let Err(error) = write(out)
        {
            self.out = None;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.lost = Some(error);
            }
        }
    }

    fn write_err(&mut self, write: impl FnOnce(&mut AutoStream<io::Stderr>) -> io::Result<()>) {
        if let Some(err) = &mut self.err
            && write(err).is_err()
        {
            // Nobody is left to be told.
            self.err = None;
        }
    }
}

fn write_problem(to: &mut impl Write, style: Style, label: &str, problem: &Problem) -> io::Result<()> {
    let pointer = if problem.pointer.is_empty() { "(document)" } else { &problem.pointer };
    writeln!(to, "{style}{label}{style:#}: {NAME}{pointer}{NAME:#}: {}", problem.message)
}
