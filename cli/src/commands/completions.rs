//! `wiresign completions`: completion scripts for shells.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use serde_json::json;

use super::Cli;
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::Output;

/// Print a completion script for a shell
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Completions {
    /// The shell that will read the script
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "wiresign", &mut script);
        if output.is_json() {
            let script = String::from_utf8_lossy(&script);
            output.json(&json!({"shell": self.shell.to_string(), "script": script}));
        } else {
            output.bytes(&script);
        }
        Ok(Exit::Success)
    }
}
