//! The codes for Kotlin: two enumerations.

use std::fmt::Write as _;

use super::NOTICE;
use crate::refusals::{Contract, wrap};

/// `RefusalCode.kt`.
pub(super) fn refusals(contract: &Contract) -> String {
    let rows = contract.refusals.iter().map(|refusal| {
        let arguments = format!("{}, {}, {:?}", refusal.number, refusal.status, refusal.message);
        (refusal.name.as_str(), refusal.meaning.as_str(), refusal.since.as_str(), arguments)
    });
    let properties = [
        ("number", "Int", "The number of the code, the same in every language."),
        ("status", "Int", "The HTTP status that belongs to the code."),
        ("message", "String", "One sentence that is safe to show to the caller."),
    ];
    let doc = "Why a request is refused. Names and numbers never change their meaning.";
    enumeration("RefusalCode", doc, &properties, rows)
}

/// `FailureCode.kt`.
pub(super) fn failures(contract: &Contract) -> String {
    let rows = contract.failures.iter().map(|failure| {
        (failure.name.as_str(), failure.meaning.as_str(), failure.since.as_str(), failure.number.to_string())
    });
    let properties = [("number", "Int", "The number of the code, the same in every language.")];
    let doc = "What is wrong in the use or the setup of the library: never a verdict on a request.";
    enumeration("FailureCode", doc, &properties, rows)
}

fn enumeration<'a>(
    name: &str,
    doc: &str,
    properties: &[(&str, &str, &str)],
    rows: impl Iterator<Item = (&'a str, &'a str, &'a str, String)>,
) -> String {
    let mut out = format!("// {NOTICE}\npackage dev.wiresign.kotlin\n\n/** {doc} */\npublic enum class {name}(\n");
    for (property, kind, says) in properties {
        let _ = writeln!(out, "    /** {says} */\n    public val {property}: {kind},");
    }
    out.push_str(") {\n");
    for (at, (member, meaning, since, arguments)) in rows.enumerate() {
        out.push_str(if at == 0 { "    /**\n" } else { "\n    /**\n" });
        for line in wrap(meaning, 100) {
            let _ = writeln!(out, "     * {line}");
        }
        let _ = writeln!(out, "     *\n     * @since {since}\n     */\n    {member}({arguments}),");
    }
    out.push_str("}\n");
    out
}
