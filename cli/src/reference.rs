//! docs/cli.md is made from the arguments themselves. The test compares it; `WIRESIGN_UPDATE_DOCS=1 cargo test -p
//! wiresign-cli reference` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};

use crate::commands::Cli;
use crate::exit;

const INTRODUCTION: &str = include_str!("../templates/reference.md");

fn reference() -> String {
    let mut text = INTRODUCTION.replace("@exit-codes@", exit::HELP);
    let mut program = Cli::command().term_width(100);
    program.build();
    write_commands(&program, "wiresign", &mut text);
    // Terminal help pads empty lines.
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// All commands of `parent`, each with the commands that it has itself behind it.
fn write_commands(parent: &Command, path: &str, text: &mut String) {
    for command in parent.get_subcommands().filter(|command| command.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        // The table of exit codes stands once, at the top of the page.
        let help = command.clone().after_help("").after_long_help("").render_long_help().to_string();
        write!(text, "\n## {path}\n\n```text\n{}\n```\n", help.trim()).expect("writing to a String cannot fail");
        write_commands(command, &path, text);
    }
}

#[test]
fn the_reference_page_says_what_the_program_does() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    if std::env::var_os("WIRESIGN_UPDATE_DOCS").is_some() {
        std::fs::write(&page, reference()).expect("docs/ can be written");
    }
    let written = std::fs::read_to_string(&page).expect("docs/cli.md is there");
    assert!(written == reference(), "run WIRESIGN_UPDATE_DOCS=1 cargo test -p wiresign-cli reference");
}
