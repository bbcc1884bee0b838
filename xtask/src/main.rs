//! `cargo run -p xtask -- COMMAND`: writes the files that several languages share from their one source.
//!
//! - `generate [--check]`: the tables of refusal and failure codes, from `conformance/contract/refusals.toml`.
//! - `header [--check]`: the C header `bindings-c/include/wiresign.h`, from the exports of that crate.
//!
//! With `--check` nothing is written: each file that differs from what would be written is named, and the exit code is 1.
//! Exit code 2 means that the command could not do its work.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal: what it writes and what differs is its output"
)]

mod emit;
mod header;
mod output;
mod refusals;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use output::Mode;

const USAGE: &str = "usage: cargo run -p xtask -- generate [--check] | header [--check]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["generate"] => generate(Mode::Write),
        ["generate", "--check"] => generate(Mode::Check),
        ["header"] => header::header(&repository_root(), Mode::Write),
        ["header", "--check"] => header::header(&repository_root(), Mode::Check),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// The tables of codes in every language. True when all files hold what they should.
fn generate(mode: Mode) -> Result<bool, String> {
    let root = repository_root();
    let contract = refusals::Contract::load(&root.join("conformance/contract/refusals.toml"))?;
    output::settle(&root, &emit::code_tables(&contract)?, mode)
}

/// The workspace that this program was built from: the folder above its own manifest.
fn repository_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}
