//! The codes for Java: two enumerations.

use std::fmt::Write as _;

use super::NOTICE;
use crate::refusals::{Contract, wrap};

/// `RefusalCode.java`.
pub(super) fn refusals(contract: &Contract) -> String {
    let rows = contract.refusals.iter().map(|refusal| {
        let arguments = format!("{}, {}, {:?}", refusal.number, refusal.status, refusal.message);
        (refusal.name.as_str(), refusal.meaning.as_str(), refusal.since.as_str(), arguments)
    });
    let mut out = start("RefusalCode", "Why a request is refused. Names and numbers never change their meaning.", rows);
    out.push_str("    private final int number;\n    private final int status;\n    private final String message;\n\n");
    out.push_str("    RefusalCode(int number, int status, String message) {\n");
    out.push_str(
        "        this.number = number;\n        this.status = status;\n        this.message = message;\n    }\n",
    );
    push_getter(&mut out, "int", "number", "The number of the code, the same in every language.", "the number");
    push_getter(&mut out, "int", "status", "The HTTP status that belongs to the code.", "the status");
    push_getter(&mut out, "String", "message", "One sentence that is safe to show to the caller.", "the sentence");
    push_lookup(&mut out, "RefusalCode");
    out.push_str("}\n");
    out
}

/// `FailureCode.java`.
pub(super) fn failures(contract: &Contract) -> String {
    let rows = contract.failures.iter().map(|failure| {
        (failure.name.as_str(), failure.meaning.as_str(), failure.since.as_str(), failure.number.to_string())
    });
    let doc = "What is wrong in the use or the setup of the library: never a verdict on a request.";
    let mut out = start("FailureCode", doc, rows);
    out.push_str(
        "    private final int number;\n\n    FailureCode(int number) {\n        this.number = number;\n    }\n",
    );
    push_getter(&mut out, "int", "number", "The number of the code, the same in every language.", "the number");
    push_lookup(&mut out, "FailureCode");
    out.push_str("}\n");
    out
}

fn start<'a>(name: &str, doc: &str, rows: impl Iterator<Item = (&'a str, &'a str, &'a str, String)>) -> String {
    let mut out = format!("// {NOTICE}\npackage dev.wiresign;\n\n/** {doc} */\npublic enum {name} {{\n");
    for (at, (member, meaning, since, arguments)) in rows.enumerate() {
        out.push_str(if at == 0 { "" } else { ",\n\n" });
        out.push_str("    /**\n");
        for line in wrap(meaning, 100) {
            let _ = writeln!(out, "     * {line}");
        }
        let _ = write!(out, "     *\n     * @since {since}\n     */\n    {member}({arguments})");
    }
    out.push_str(";\n\n");
    out
}

fn push_getter(out: &mut String, kind: &str, name: &str, doc: &str, gives: &str) {
    let _ = write!(
        out,
        "\n    /**\n     * {doc}\n     *\n     * @return {gives}\n     */\n    public {kind} {name}() {{\n        return {name};\n    }}\n"
    );
}

/// A table by number: numbers may have gaps, so it is made when the class is loaded.
fn push_lookup(out: &mut String, name: &str) {
    let _ = write!(
        out,
        "\n    /** The code of a number, or null. */\n    static {name} of(int number) {{\n        \
         return number >= 0 && number < Table.BY_NUMBER.length ? Table.BY_NUMBER[number] : null;\n    }}\n\n    \
         private static final class Table {{\n        \
         private static final {name}[] BY_NUMBER = table();\n\n        \
         private static {name}[] table() {{\n            \
         int most = 0;\n            \
         for ({name} code : values()) {{\n                most = Math.max(most, code.number);\n            }}\n            \
         {name}[] table = new {name}[most + 1];\n            \
         for ({name} code : values()) {{\n                table[code.number] = code;\n            }}\n            \
         return table;\n        }}\n    }}\n"
    );
}
