//! The security rules, and how each of them ended in each binding: `RULES.md`.

use std::fmt::Write as _;

use serde::Deserialize;

use crate::run::BindingRun;
use crate::table::cell;
use crate::totals::Totals;
use crate::vectors::Case;

const RULES: &str = include_str!("../contract/rules.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

/// What the verifier must do, under a number that is never used again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    number: u32,
    title: String,
    /// What holds it where vectors cannot show it, each as `path::name`. The lint of the vectors looks for them.
    #[serde(default)]
    tests: Vec<String>,
}

/// Rules by bindings. A case counts for each rule that one of its flags stands for.
pub fn table(cases: &[Case], bindings: &[BindingRun]) -> String {
    let file: File = toml::from_str(RULES).expect("contract/rules.toml is TOML with rules");
    let names: String = bindings.iter().map(|binding| format!(" {} |", binding.driver.name)).collect();
    let mut text = format!(
        "# Rules\n\nPassed/failed in each binding. Of the cases so many as stand in brackets must refuse.\n\n| rule | what | cases |{names}\n|---:|---|---:|{}\n",
        "---:|".repeat(bindings.len())
    );
    for rule in file.rule {
        let holds = |case: &Case| case.rules.contains(&rule.number);
        let count = cases.iter().filter(|case| holds(case)).count();
        let refusing = cases.iter().filter(|case| holds(case) && case.must_refuse()).count();
        let (shown, title) = match (count, rule.tests.is_empty()) {
            (0, false) => ("tests".to_owned(), format!("{} Held by `{}`", rule.title, rule.tests.join("`, `"))),
            _ => (format!("{count} ({refusing})"), rule.title),
        };
        let cells: String = bindings
            .iter()
            .map(|binding| match count {
                0 => " |".to_owned(),
                _ => format!(" {} |", cell(&Totals::of_those(cases, binding, holds))),
            })
            .collect();
        writeln!(text, "| {} | {title} | {shown} |{cells}", rule.number).expect("a string takes everything");
    }
    text
}
