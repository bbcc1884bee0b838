//! The codes for TypeScript: constant objects, the union types over them, and tables.

use std::fmt::{Display, Write as _};

use super::NOTICE;
use crate::refusals::{Contract, wrap};

pub(super) fn text(contract: &Contract) -> String {
    let mut out = format!("// {NOTICE}\n");
    push_union(
        &mut out,
        "RefusalCode",
        "Why a request is refused. Names and numbers never change their meaning.",
        contract.refusals.iter().map(|refusal| (refusal.name.as_str(), refusal.meaning.as_str())),
    );
    push_union(
        &mut out,
        "FailureCode",
        "What is wrong in the use or the setup of the library: never a verdict on a request.",
        contract.failures.iter().map(|failure| (failure.name.as_str(), failure.meaning.as_str())),
    );
    push_table(
        &mut out,
        "STATUS",
        "The HTTP status of each refusal.",
        "Readonly<Record<RefusalCode, number>>",
        contract.refusals.iter().map(|refusal| (refusal.name.as_str(), refusal.status.to_string())),
    );
    push_table(
        &mut out,
        "MESSAGE",
        "One sentence for each refusal that is safe to show to the caller.",
        "Readonly<Record<RefusalCode, string>>",
        contract.refusals.iter().map(|refusal| (refusal.name.as_str(), format!("{:?}", refusal.message))),
    );
    push_table(
        &mut out,
        "NUMBER",
        "The number of each refusal, the same in every language.",
        "Readonly<Record<RefusalCode, number>>",
        contract.refusals.iter().map(|refusal| (refusal.name.as_str(), refusal.number.to_string())),
    );
    push_table(
        &mut out,
        "FAILURE_NUMBER",
        "The number of each failure, the same in every language.",
        "Readonly<Record<FailureCode, number>>",
        contract.failures.iter().map(|failure| (failure.name.as_str(), failure.number.to_string())),
    );
    push_table(
        &mut out,
        "REFUSAL_BY_NUMBER",
        "The refusal of each number that has one.",
        "Readonly<Record<number, RefusalCode | undefined>>",
        contract.refusals.iter().map(|refusal| (refusal.number.to_string(), format!("{:?}", refusal.name))),
    );
    push_table(
        &mut out,
        "FAILURE_BY_NUMBER",
        "The failure of each number that has one.",
        "Readonly<Record<number, FailureCode | undefined>>",
        contract.failures.iter().map(|failure| (failure.number.to_string(), format!("{:?}", failure.name))),
    );
    out
}

fn push_union<'a>(out: &mut String, name: &str, doc: &str, members: impl Iterator<Item = (&'a str, &'a str)>) {
    let _ = writeln!(out, "\n/** {doc} */\nexport const {name} = {{");
    for (member, meaning) in members {
        push_comment(out, meaning);
        let _ = writeln!(out, "  {member}: \"{member}\",");
    }
    let _ = writeln!(out, "}} as const;");
    let _ = writeln!(out, "\n/** {doc} */\nexport type {name} = (typeof {name})[keyof typeof {name}];");
}

fn push_comment(out: &mut String, meaning: &str) {
    match wrap(meaning, 100).as_slice() {
        [line] => {
            let _ = writeln!(out, "  /** {line} */");
        }
        lines => {
            out.push_str("  /**\n");
            for line in lines {
                let _ = writeln!(out, "   * {line}");
            }
            out.push_str("   */\n");
        }
    }
}

fn push_table(
    out: &mut String,
    name: &str,
    doc: &str,
    type_text: &str,
    rows: impl Iterator<Item = (impl Display, impl Display)>,
) {
    let _ = writeln!(out, "\n/** {doc} */\nexport const {name}: {type_text} = {{");
    for (key, cell) in rows {
        let _ = writeln!(out, "  {key}: {cell},");
    }
    out.push_str("};\n");
}
