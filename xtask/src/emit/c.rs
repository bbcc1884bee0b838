//! The status numbers of the C ABI, as Rust constants that cbindgen turns into `#define`s.

use std::fmt::Write as _;

use super::NOTICE;
use crate::refusals::{Contract, wrap};

pub(super) fn text(contract: &Contract) -> String {
    let mut out =
        format!("// {NOTICE}\n//! Status numbers: 0 is success, below 1000 a refusal, above 1000 a failure.\n");
    push(&mut out, 0, "OK", "The call did what it was asked for.");
    for refusal in &contract.refusals {
        push(&mut out, refusal.number, &refusal.name, &refusal.meaning);
    }
    for failure in &contract.failures {
        push(&mut out, failure.number, &failure.name, &failure.meaning);
    }
    out
}

fn push(out: &mut String, number: u16, name: &str, meaning: &str) {
    out.push('\n');
    for line in wrap(meaning, 95) {
        let _ = writeln!(out, "/// {line}");
    }
    let _ = writeln!(out, "pub const WIRESIGN_{name}: i32 = {number};");
}
