//! Measures Wiresign in one run: `wiresign-bench [--check] [--only rust|node|python|go|java]...`
//!
//! Prints one table and, when everything was measured, writes it to `bench/RESULTS.md`. With `--check` it exits with 1
//! where a number misses what it must hold by more than the tolerance that it states.

mod allocations;
// For the core's `mac.rs` and `replay.rs`, which measure/mac.rs and measure/replay.rs compile.
#[path = "../../core/src/bytes.rs"]
#[allow(dead_code)]
mod bytes;
mod contest;
mod fleet;
mod floor;
#[path = "../../core/src/identifier.rs"]
#[allow(dead_code)]
mod identifier;
mod measure;
mod report;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use report::{Row, TOLERANCE, table};

const PARTS: [&str; 5] = ["rust", "node", "python", "go", "java"];

struct Arguments {
    check: bool,
    parts: Vec<&'static str>,
}

fn main() -> ExitCode {
    let outcome = arguments().and_then(|arguments| run(&arguments));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "wiresign-bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut arguments = Arguments { check: false, parts: Vec::new() };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--check" => arguments.check = true,
            "--only" => {
                let part = given.next().and_then(|name| PARTS.into_iter().find(|part| **part == name));
                arguments.parts.push(part.ok_or("--only takes rust, node, python, go or java")?);
            }
            _ => return Err("usage: wiresign-bench [--check] [--only rust|node|python|go|java]...".into()),
        }
    }
    if arguments.parts.is_empty() {
        arguments.parts = PARTS.to_vec();
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let mut out = std::io::stdout();
    if arguments.check && !floor::has_sha_instructions() {
        writeln!(
            out,
            "GATE SKIPPED: this CPU has no instructions for SHA-256, and every goal is set for one that has."
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for part in &arguments.parts {
        rows.extend(match *part {
            "rust" => measure::rust(),
            "node" => measure::node()?,
            "python" => measure::python()?,
            "go" => measure::go()?,
            _ => measure::java()?,
        });
    }
    let table = table(&rows);
    write!(out, "{table}")?;
    if arguments.parts.len() == PARTS.len() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
        std::fs::write(path, results(&table))?;
    }
    if !arguments.check {
        return Ok(ExitCode::SUCCESS);
    }
    let failed: Vec<&Row> = rows.iter().filter(|row| row.fails()).collect();
    writeln!(
        out,
        "\ngate: {} of {} goals missed, with a tolerance of {:.0} % on times and bytes and none on counts",
        failed.len(),
        rows.iter().filter(|row| row.goal.is_some()).count(),
        TOLERANCE * 100.0
    )?;
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The table with what is needed to read it.
fn results(table: &str) -> String {
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok();
        output.map_or("unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    format!(
        "# Measured\n\n\
         Written by `just bench`. Every number is the fastest of many short batches, and the contestants of one comparison\n\
         take turns in one run, so only ratios and differences mean anything on another machine.\n\n\
         F is the floor: the SHA-256 compressions that an HMAC with kept states cannot do without, at the speed at which this\n\
         machine hashed a long buffer in the same rounds. \"reached\", \"met\" and \"missed\" compare with the two goals. Those\n\
         of R2 and S2 were set for 32 ns a compression and are scaled to what it takes here.\n\n\
         {}, {}, Node {}, {}\n\n{table}",
        cpu(),
        version("rustc"),
        version("node"),
        version(&python),
    )
}

fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")).and_then(|rest| rest.split_once(": "));
    format!(
        "{}{}",
        name.map_or("unknown CPU", |(_, name)| name),
        match floor::has_sha_instructions() {
            true => " with SHA instructions",
            false => " without SHA instructions",
        }
    )
}
