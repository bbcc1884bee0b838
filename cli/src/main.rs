//! The `wiresign` program: makes keys and configurations, signs, verifies and sends requests from a shell.
//!
//! It computes no signature itself. Every command reads its arguments, asks the core, and writes what came out.

mod commands;
mod config;
mod curl;
mod env_file;
mod exit;
mod failure;
mod input;
mod output;
mod raw_message;
#[cfg(test)]
mod reference;
mod request;
mod url;
mod visible;

use std::process::ExitCode;

use clap::Parser as _;

use crate::commands::Cli;
use crate::output::Output;

fn main() -> ExitCode {
    // Wrong arguments end here: clap writes the usage and exits with 2.
    let cli = Cli::parse();
    let mut output = Output::new(cli.json);
    let exit = match commands::run(cli, &mut output) {
        Ok(exit) => exit,
        Err(failure) => {
            output.failure(&failure);
            failure.exit()
        }
    };
    output.finish(exit).into()
}
