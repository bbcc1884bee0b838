//! The codes for Python: an enumeration of strings and its tables.

use std::fmt::{Display, Write as _};

use super::NOTICE;
use crate::refusals::{Contract, wrap};

pub(super) fn text(contract: &Contract) -> String {
    let mut out = format!("# {NOTICE}\n\"\"\"Every code that Wiresign answers with.\"\"\"\n\n");
    out.push_str("from __future__ import annotations\n\nimport enum\nfrom typing import TYPE_CHECKING, Final\n\n");
    out.push_str("if TYPE_CHECKING:\n    from collections.abc import Mapping\n");

    push_enum(
        &mut out,
        "RefusalCode",
        "Why a request is refused. A member equals its name as text.",
        contract.refusals.iter().map(|refusal| (refusal.name.as_str(), refusal.meaning.as_str())),
    );
    push_enum(
        &mut out,
        "FailureCode",
        "What is wrong in the use or the setup of the library.",
        contract.failures.iter().map(|failure| (failure.name.as_str(), failure.meaning.as_str())),
    );

    out.push_str("\n\n");
    push_table(
        &mut out,
        "STATUS",
        "The HTTP status of each refusal.",
        ("RefusalCode", "int"),
        contract.refusals.iter().map(|refusal| (refusal.name.as_str(), refusal.status.to_string())),
    );
    push_table(
        &mut out,
        "MESSAGE",
        "One sentence for each refusal that is safe to show to the caller.",
        ("RefusalCode", "str"),
        contract.refusals.iter().map(|refusal| (refusal.name.as_str(), format!("{:?}", refusal.message))),
    );
    push_table(
        &mut out,
        "NUMBER",
        "The number of each refusal, the same in every language.",
        ("RefusalCode", "int"),
        contract.refusals.iter().map(|refusal| (refusal.name.as_str(), refusal.number.to_string())),
    );
    push_table(
        &mut out,
        "FAILURE_NUMBER",
        "The number of each failure, the same in every language.",
        ("FailureCode", "int"),
        contract.failures.iter().map(|failure| (failure.name.as_str(), failure.number.to_string())),
    );
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn push_enum<'a>(out: &mut String, name: &str, doc: &str, members: impl Iterator<Item = (&'a str, &'a str)>) {
    // `enum.StrEnum` is younger than Python 3.10; `__str__` makes this class print as that one does.
    let _ = write!(out, "\n\nclass {name}(str, enum.Enum):\n    \"\"\"{doc}\"\"\"\n\n");
    for (member, meaning) in members {
        let _ = writeln!(out, "    {member} = \"{member}\"");
        let _ = writeln!(out, "    \"\"\"{}\"\"\"", wrap(meaning, 75).join("\n    "));
    }
    out.push_str("\n    def __str__(self) -> str:\n        return self.value\n");
}

fn push_table<'a>(
    out: &mut String,
    name: &str,
    doc: &str,
    (key, value): (&str, &str),
    rows: impl Iterator<Item = (&'a str, impl Display)>,
) {
    let _ = writeln!(out, "{name}: Final[Mapping[{key}, {value}]] = {{");
    for (member, cell) in rows {
        let _ = writeln!(out, "    {key}.{member}: {cell},");
    }
    let _ = write!(out, "}}\n\"\"\"{doc}\"\"\"\n\n");
}
