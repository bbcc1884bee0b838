//! The enums of the core.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::NOTICE;
use crate::refusals::{Contract, upper_camel_case};

/// One code, whichever enum it belongs to.
struct Code<'a> {
    number: u16,
    name: &'a str,
    variant: String,
    meaning: &'a str,
}

impl<'a> Code<'a> {
    fn new(number: u16, name: &'a str, meaning: &'a str) -> Self {
        Self { number, name, variant: upper_camel_case(name), meaning }
    }
}

pub(super) fn text(contract: &Contract) -> Result<String, String> {
    let refusals: Vec<Code<'_>> =
        contract.refusals.iter().map(|code| Code::new(code.number, &code.name, &code.meaning)).collect();
    let failures: Vec<Code<'_>> =
        contract.failures.iter().map(|code| Code::new(code.number, &code.name, &code.meaning)).collect();

    let mut out = format!("// {NOTICE}\n//! Every code that Wiresign answers with.\n\nuse core::fmt;\n\n");
    push_enum(
        &mut out,
        "RefusalCode",
        "Why a request is refused. Numbers and names never change their meaning.",
        &refusals,
    );
    out.push_str("impl RefusalCode {\n");
    push_identity(&mut out, &refusals);
    push_match(
        &mut out,
        "The HTTP status that a refusal of this code answers with.",
        "status",
        "u16",
        refusals.iter().zip(&contract.refusals).map(|(code, refusal)| (code, refusal.status.to_string())),
    );
    push_match(
        &mut out,
        "One sentence that is safe to show to the caller.",
        "message",
        "&'static str",
        refusals.iter().zip(&contract.refusals).map(|(code, refusal)| (code, format!("{:?}", refusal.message))),
    );
    push_match(
        &mut out,
        "The kind of refusal: `credential`, `request`, `policy`, `limit` or `outage`.",
        "class",
        "&'static str",
        refusals.iter().zip(&contract.refusals).map(|(code, refusal)| (code, format!("{:?}", refusal.class))),
    );
    out.push_str("}\n\n");
    push_display(&mut out, "RefusalCode");

    push_enum(
        &mut out,
        "FailureCode",
        "What went wrong in the use or the setup of the library: never a verdict on a request.",
        &failures,
    );
    out.push_str("impl FailureCode {\n");
    push_identity(&mut out, &failures);
    out.push_str("}\n\n");
    push_display(&mut out, "FailureCode");
    formatted(&out)
}

fn push_enum(out: &mut String, name: &str, doc: &str, codes: &[Code<'_>]) {
    let _ = writeln!(out, "/// {doc}");
    out.push_str("#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]\n");
    out.push_str("#[non_exhaustive]\n#[repr(u16)]\n");
    let _ = writeln!(out, "pub enum {name} {{");
    for code in codes {
        let _ = writeln!(out, "/// {}\n{} = {},", code.meaning, code.variant, code.number);
    }
    out.push_str("}\n\n");
}

/// `ALL`, `number`, `name` and the ways back.
fn push_identity(out: &mut String, codes: &[Code<'_>]) {
    let _ = writeln!(out, "/// Every code, by number.\npub const ALL: [Self; {}] = [", codes.len());
    let mut by_number: Vec<&Code<'_>> = codes.iter().collect();
    by_number.sort_by_key(|code| code.number);
    for code in by_number {
        let _ = writeln!(out, "Self::{},", code.variant);
    }
    out.push_str("];\n\n");
    out.push_str(
        "/// The number of the code, the same in every language.\n#[must_use]\n\
         pub const fn number(self) -> i32 { self as u16 as i32 }\n\n",
    );
    push_match(
        out,
        "The name of the code, in upper snake case.",
        "name",
        "&'static str",
        codes.iter().map(|code| (code, format!("{:?}", code.name))),
    );
    out.push_str(
        "/// The code of this name.\n#[must_use]\npub fn from_name(name: &str) -> Option<Self> {\nmatch name {\n",
    );
    for code in codes {
        let _ = writeln!(out, "{:?} => Some(Self::{}),", code.name, code.variant);
    }
    out.push_str("_ => None,\n}\n}\n\n");
    out.push_str(
        "/// The code of this number.\n#[must_use]\n\
         pub const fn from_number(number: i32) -> Option<Self> {\nmatch number {\n",
    );
    for code in codes {
        let _ = writeln!(out, "{} => Some(Self::{}),", code.number, code.variant);
    }
    out.push_str("_ => None,\n}\n}\n\n");
}

/// A total function of the code. The compiler turns a match of constants into a table.
fn push_match<'a, 'b: 'a>(
    out: &mut String,
    doc: &str,
    name: &str,
    returns: &str,
    arms: impl Iterator<Item = (&'a Code<'b>, String)>,
) {
    let _ = writeln!(out, "/// {doc}\n#[must_use]\npub const fn {name}(self) -> {returns} {{\nmatch self {{");
    for (code, value) in arms {
        let _ = writeln!(out, "Self::{} => {value},", code.variant);
    }
    out.push_str("}\n}\n\n");
}

fn push_display(out: &mut String, name: &str) {
    let _ = writeln!(
        out,
        "impl fmt::Display for {name} {{\n\
         fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {{ formatter.pad(self.name()) }}\n}}\n"
    );
}

/// The text as `rustfmt` of the toolchain in use writes it, so that `cargo fmt --check` has nothing to say.
fn formatted(text: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("rustfmt cannot be run: {error}");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        // For text on its input, rustfmt looks for its configuration where it is started.
        .current_dir(crate::repository_root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // Taken, so that the pipe is closed before the output is awaited.
    let mut input = child.stdin.take().expect("the pipe was asked for");
    // rustfmt reads all of its input before it writes, so neither side can block the other.
    input.write_all(text.as_bytes()).map_err(failed)?;
    drop(input);
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err("rustfmt refused the generated Rust".to_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| format!("rustfmt wrote no text: {error}"))
}
