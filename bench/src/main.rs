//! Measures Wiresign: `wiresign-bench [--check] [--runs N] [--out DIR] [--only PART]...`
//!
//! The parts are curves, rust, node, python, go, java, uniffi and servers, which are those of axum and Spring Boot. Prints one
//! table and, when everything was measured, writes it to `bench/RESULTS.md` and the numbers to `bench/results.json`; with `--out`, to
//! that folder, whatever was measured. All but the curves is measured several times, three unless told otherwise, to know the
//! noise. With `--check` it exits with 1 where a number misses what it must hold by more than the tolerance that it states.
//! `--hot SECONDS` only verifies, for a profiler to watch. `--serve KIND` is one of the services of axum, which the program
//! starts itself.

mod allocations;
// For the core's `mac.rs` and `replay.rs`, which measure/mac.rs and measure/replay.rs compile.
#[path = "../../core/src/bytes.rs"]
#[allow(dead_code)]
mod bytes;
mod contest;
mod curve;
mod fleet;
mod floor;
mod hot;
#[path = "../../core/src/identifier.rs"]
#[allow(dead_code)]
mod identifier;
mod measure;
mod report;
mod results;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use report::{Row, TOLERANCE, table};
use results::Results;

const PARTS: [&str; 8] = ["curves", "rust", "node", "python", "go", "java", "uniffi", "servers"];

struct Arguments {
    check: bool,
    runs: usize,
    out: Option<PathBuf>,
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
    let mut arguments = Arguments { check: false, runs: 3, out: None, parts: Vec::new() };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--check" => arguments.check = true,
            "--runs" => {
                let runs = given.next().and_then(|text| text.parse().ok()).filter(|runs| *runs > 0);
                arguments.runs = runs.ok_or("--runs takes how often everything is measured")?;
            }
            "--hot" => {
                let seconds = given.next().and_then(|text| text.parse().ok());
                hot::verify(seconds.ok_or("--hot takes how many seconds to verify for a profiler")?);
                std::process::exit(0);
            }
            "--serve" => {
                measure::serve(&given.next().ok_or("--serve takes the kind of the service")?)?;
                std::process::exit(0);
            }
            "--out" => arguments.out = Some(given.next().ok_or("--out takes a folder")?.into()),
            "--only" => {
                let part = given.next().and_then(|name| PARTS.into_iter().find(|part| **part == name));
                arguments
                    .parts
                    .push(part.ok_or("--only takes curves, rust, node, python, go, java, uniffi or servers")?);
            }
            _ => return Err("usage: wiresign-bench [--check] [--runs N] [--out DIR] [--only PART]...".into()),
        }
    }
    if arguments.parts.is_empty() {
        arguments.parts = PARTS.to_vec();
        let bench = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        arguments.out = arguments.out.or(Some(bench));
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
    let curves = if arguments.parts.contains(&"curves") { measure::curves() } else { Vec::new() };
    let runs = (0..arguments.runs).map(|_| one_run(arguments)).collect::<Result<_, _>>()?;
    let results = Results::new(runs, curves)?;
    let rows = &results.rows;
    write!(out, "{}", table(rows))?;
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("RESULTS.md"), results.page())?;
        std::fs::write(folder.join("results.json"), format!("{:#}\n", results.json()))?;
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

/// All parts once.
fn one_run(arguments: &Arguments) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for part in &arguments.parts {
        rows.extend(match *part {
            // Plots are no rows, and are measured once.
            "curves" => Vec::new(),
            "rust" => measure::rust(),
            "node" => measure::node()?,
            "python" => measure::python()?,
            "go" => measure::go()?,
            "java" => measure::java()?,
            "uniffi" => measure::uniffi()?,
            _ => measure::servers()?,
        });
    }
    Ok(rows)
}
