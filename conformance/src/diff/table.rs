//! What a run found, on the terminal.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Found;

/// Writes who answered, what came out how often, and every difference.
pub fn write(out: &mut impl Write, seed: u64, found: &Found) -> io::Result<()> {
    for (name, state) in &found.drivers {
        match state {
            Ok(hello) => {
                let judged = found.judged.get(name).copied().unwrap_or_default();
                writeln!(
                    out,
                    "{name}: {} {} on {}, {judged} steps judged",
                    hello.binding, hello.version, hello.runtime
                )?;
            }
            Err(cause) => writeln!(out, "{name}: NOT RUN: {cause}")?,
        }
    }
    let all: u64 = found.verdicts.values().sum();
    let mut verdicts: Vec<(&String, &u64)> = found.verdicts.iter().collect();
    verdicts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
    writeln!(out, "\nverdicts of {}", found.drivers.first().map_or("nobody", |(name, _)| name))?;
    for (verdict, count) in verdicts {
        writeln!(out, "  {:5.1} %  {count:>8}  {verdict}", *count as f64 * 100.0 / all.max(1) as f64)?;
    }
    for difference in &found.differences {
        writeln!(out, "\nDIFFERENCE {} case {}", difference.driver, difference.case)?;
        writeln!(out, "  {}", difference.what)?;
        writeln!(out, "  {}", difference.file.display())?;
    }
    if found.more > 0 {
        writeln!(out, "\nand {} more, which were not made small", found.more)?;
    }
    let seconds = found.elapsed.as_secs_f64();
    let cases = found.end - found.from;
    writeln!(
        out,
        "\nseed {seed}, cases {} to {}: {cases} cases, {} drivers, {seconds:.1} s, {:.0} a second",
        found.from,
        found.end,
        found.drivers.iter().filter(|(_, state)| state.is_ok()).count(),
        cases as f64 / seconds.max(f64::MIN_POSITIVE)
    )?;
    writeln!(out, "{} differences", found.differences.len() + found.more)
}

/// The same for programs.
pub fn summary(seed: u64, found: &Found) -> Value {
    let ran = found.drivers.iter().filter(|(_, state)| state.is_ok());
    json!({
        "seed": seed,
        "from": found.from,
        "end": found.end,
        "drivers": ran.map(|(name, _)| name).collect::<Vec<_>>(),
        "judged": found.judged,
        "verdicts": found.verdicts,
        "differences": found.differences.len() + found.more,
        "seconds": found.elapsed.as_secs_f64(),
    })
}
