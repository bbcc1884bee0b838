//! The report on the terminal: suites by bindings, then every failure with the command that repeats it.

use std::io::{self, Write};

use crate::outcome::Outcome;
use crate::run::{BindingRun, State};
use crate::totals::{Totals, suites};
use crate::vectors::Case;

/// More than a person reads; the files of `--report` hold all of them.
const SHOWN_FAILURES: usize = 100;

/// Writes the whole report, except the last line. `repeat` makes the command that repeats one case.
pub fn write(
    out: &mut impl Write,
    cases: &[Case],
    bindings: &[BindingRun],
    repeat: impl Fn(&BindingRun, &Case) -> String,
) -> io::Result<()> {
    write_table(out, cases, bindings)?;
    writeln!(out)?;
    for binding in bindings {
        write_binding(out, binding)?;
    }
    write_known_failures(out, cases, bindings)?;
    write_failures(out, cases, bindings, repeat)
}

fn write_table(out: &mut impl Write, cases: &[Case], bindings: &[BindingRun]) -> io::Result<()> {
    let mut rows = vec![header(bindings)];
    for suite in suites(cases) {
        let count = cases.iter().filter(|case| case.suite == suite).count();
        rows.push(row(suite, count, cases, bindings, Some(suite)));
    }
    rows.push(row("all", cases.len(), cases, bindings, None));

    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    writeln!(out, "passed/failed")?;
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(
                |(column, (cell, &width))| {
                    if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                },
            )
            .collect();
        writeln!(out, "{}", cells.join("   ").trim_end())?;
    }
    Ok(())
}

fn header(bindings: &[BindingRun]) -> Vec<String> {
    let mut cells = vec!["suite".to_owned(), "cases".to_owned()];
    cells.extend(bindings.iter().map(|binding| binding.driver.name.clone()));
    cells
}

fn row(title: &str, count: usize, cases: &[Case], bindings: &[BindingRun], suite: Option<&str>) -> Vec<String> {
    let mut cells = vec![title.to_owned(), count.to_string()];
    cells.extend(bindings.iter().map(|binding| cell(&Totals::of(cases, binding, suite))));
    cells
}

pub(crate) fn cell(totals: &Totals) -> String {
    if totals.not_run > 0 {
        return "NOT RUN".to_owned();
    }
    let mut cell = format!("{}/{}", totals.passed, totals.failed);
    if totals.known_failures > 0 {
        cell.push_str(&format!(" {} known", totals.known_failures));
    }
    if totals.unsupported > 0 {
        cell.push_str(&format!(" {} unsupported", totals.unsupported));
    }
    cell
}

fn write_binding(out: &mut impl Write, binding: &BindingRun) -> io::Result<()> {
    let name = &binding.driver.name;
    match &binding.state {
        State::Ran(hello) => writeln!(out, "{name}: {} {} on {}", hello.binding, hello.version, hello.runtime),
        State::NotRun(cause) => writeln!(out, "{name}: NOT RUN: {cause}"),
        State::Broken(cause) => writeln!(out, "{name}: BROKEN: {cause}"),
    }
}

fn write_known_failures(out: &mut impl Write, cases: &[Case], bindings: &[BindingRun]) -> io::Result<()> {
    for binding in bindings {
        for (case, end) in cases.iter().zip(&binding.ends) {
            if let Outcome::KnownFailure(reason) = &end.outcome {
                writeln!(out, "KNOWN FAILURE {} {}: {reason}", binding.driver.name, case.id)?;
            }
        }
    }
    Ok(())
}

fn write_failures(
    out: &mut impl Write,
    cases: &[Case],
    bindings: &[BindingRun],
    repeat: impl Fn(&BindingRun, &Case) -> String,
) -> io::Result<()> {
    let mut shown = 0;
    let mut left_out = 0;
    for binding in bindings {
        if let State::Broken(cause) = &binding.state {
            writeln!(out, "\nFAIL {} all {} cases\n  {cause}", binding.driver.name, cases.len())?;
            continue;
        }
        for (case, end) in cases.iter().zip(&binding.ends) {
            let failures = end.outcome.failures();
            if failures.is_empty() {
                continue;
            }
            if shown == SHOWN_FAILURES {
                left_out += 1;
                continue;
            }
            shown += 1;
            writeln!(out, "\nFAIL {} {}", binding.driver.name, case.id)?;
            for failure in failures {
                writeln!(out, "  {failure}")?;
            }
            writeln!(out, "  repeat: {}", repeat(binding, case))?;
        }
    }
    if left_out > 0 {
        writeln!(out, "\nand {left_out} more failures; --report DIR writes all of them")?;
    }
    Ok(())
}
