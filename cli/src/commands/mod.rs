//! The commands, one file each.

mod call;
mod check;
mod completions;
mod explain;
mod init;
mod keygen;
mod refusals;
mod schemes;
mod sign;
mod token;
mod verify;

use clap::{Parser, Subcommand};

use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::Output;

/// Signs and verifies HTTP requests between services.
///
/// A configuration document names the services and where their secrets are; `wiresign init` writes a first one.
#[derive(Debug, Parser)]
#[command(name = "wiresign", version, after_help = exit::HELP, subcommand_required = true, arg_required_else_help = true)]
#[command(propagate_version = true)]
pub(crate) struct Cli {
    /// Write the result as one JSON document to standard output, errors included
    #[arg(long, global = true, display_order = 900)]
    pub(crate) json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Keygen(keygen::Keygen),
    Init(init::Init),
    Check(check::Check),
    Sign(sign::Sign),
    Token(token::Token),
    Verify(verify::Verify),
    Explain(explain::Explain),
    Call(call::Call),
    Refusals(refusals::Refusals),
    Schemes(schemes::Schemes),
    Completions(completions::Completions),
}

pub(crate) fn run(cli: Cli, output: &mut Output) -> Result<Exit, Failure> {
    match cli.command {
        Command::Keygen(command) => command.run(output),
        Command::Init(command) => command.run(output),
        Command::Check(command) => command.run(output),
        Command::Sign(command) => command.run(output),
        Command::Token(command) => command.run(output),
        Command::Verify(command) => command.run(output),
        Command::Explain(command) => command.run(output),
        Command::Call(command) => command.run(output),
        Command::Refusals(command) => command.run(output),
        Command::Schemes(command) => command.run(output),
        Command::Completions(command) => command.run(output),
    }
}
