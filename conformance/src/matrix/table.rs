//! The matrix for people: on the terminal, and as `MATRIX.md`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Matrix;

/// More than a person reads; the JSON file holds all of them.
const SHOWN: usize = 30;

/// Writes both tables and every failure, in Markdown, which reads well on a terminal too.
pub fn write(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    let mut sums: BTreeMap<(&str, &str), (usize, usize, usize)> = BTreeMap::new();
    for pair in matrix.schemes.iter().flat_map(|row| &row.pairs) {
        let sum = sums.entry((&pair.signer, &pair.verifier)).or_default();
        *sum = (sum.0 + pair.accepted, sum.1 + pair.refused, sum.2 + pair.failed);
    }
    let width = matrix.drivers.iter().map(String::len).max().unwrap_or_default().max(12);
    writeln!(out, "Genuine requests accepted, and flipped bits refused, by signer and verifier (and what failed):\n")?;
    write!(out, "| {:width$} |", "signer")?;
    matrix.drivers.iter().try_for_each(|name| write!(out, " {name:>width$} |"))?;
    write!(out, "\n|{}|", "-".repeat(width + 2))?;
    matrix.drivers.iter().try_for_each(|_| write!(out, "{}:|", "-".repeat(width + 1)))?;
    for signer in &matrix.drivers {
        write!(out, "\n| {signer:width$} |")?;
        for verifier in &matrix.drivers {
            let cell = match sums.get(&(signer.as_str(), verifier.as_str())) {
                None => "-".to_owned(),
                Some((accepted, refused, 0)) => format!("{accepted} {refused}"),
                Some((accepted, refused, failed)) => format!("{accepted} {refused} FAILED {failed}"),
            };
            write!(out, " {cell:>width$} |")?;
        }
    }
    writeln!(out, "\n")?;
    let name = matrix.schemes.iter().map(|row| row.scheme.len()).max().unwrap_or_default().max(6);
    writeln!(
        out,
        "| {:name$} | pairs | accepted | refused | failed | let through, since it is not covered |",
        "scheme"
    )?;
    writeln!(out, "|{}|------:|---------:|--------:|-------:|---|", "-".repeat(name + 2))?;
    for row in &matrix.schemes {
        let sum = |count: fn(&super::Pair) -> usize| row.pairs.iter().map(count).sum::<usize>();
        writeln!(
            out,
            "| {:name$} | {:>5} | {:>8} | {:>7} | {:>6} | {} |",
            row.scheme,
            row.pairs.len(),
            sum(|pair| pair.accepted),
            sum(|pair| pair.refused),
            sum(|pair| pair.failed),
            row.open.join(", ")
        )?;
    }
    for (name, cause) in &matrix.not_run {
        writeln!(out, "\n{name}: NOT RUN: {cause}")?;
    }
    for failure in matrix.failures.iter().take(SHOWN) {
        let verifier = failure.verifier.as_deref().unwrap_or("nobody");
        writeln!(
            out,
            "\nFAIL {} signed in {}, verified in {verifier}: {}",
            failure.scheme, failure.signer, failure.what
        )?;
    }
    if matrix.failures.len() > SHOWN {
        writeln!(out, "\nand {} more failures, in matrix.json", matrix.failures.len() - SHOWN)?;
    }
    Ok(())
}

/// The line at the end.
pub fn verdict(matrix: &Matrix) -> String {
    let pairs = || matrix.schemes.iter().flat_map(|row| &row.pairs);
    format!(
        "{} schemes, {} pairs, {} genuine requests accepted, {} flipped bits refused, {} failed",
        matrix.schemes.len(),
        pairs().count(),
        pairs().map(|pair| pair.accepted).sum::<usize>(),
        pairs().map(|pair| pair.refused).sum::<usize>(),
        matrix.failures.len()
    )
}
