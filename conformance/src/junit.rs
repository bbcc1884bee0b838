//! `junit.xml`: the outcomes in the form that build servers show. One test suite for each suite and binding.

use std::fmt::Write;

use crate::outcome::Outcome;
use crate::run::BindingRun;
use crate::totals::{Totals, suites};
use crate::vectors::Case;

/// The whole document. Cases that were not run are errors where all drivers are required, else skipped.
pub fn document(cases: &[Case], bindings: &[BindingRun], require: bool) -> String {
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wiresign-conformance\">\n");
    for binding in bindings {
        for suite in suites(cases) {
            write_suite(&mut xml, cases, binding, suite, require).expect("writing to a string does not fail");
        }
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn write_suite(xml: &mut String, cases: &[Case], binding: &BindingRun, suite: &str, require: bool) -> std::fmt::Result {
    let totals = Totals::of(cases, binding, Some(suite));
    let (errors, not_run) = if require { (totals.not_run, 0) } else { (0, totals.not_run) };
    let of_suite = || cases.iter().zip(&binding.ends).filter(|(case, _)| case.suite == suite);
    let name = &binding.driver.name;
    writeln!(
        xml,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\" skipped=\"{}\" time=\"{:.3}\">",
        escaped(&format!("{name}/{suite}")),
        of_suite().count(),
        totals.failed,
        totals.known_failures + totals.unsupported + not_run,
        of_suite().map(|(_, end)| end.elapsed.as_secs_f64()).sum::<f64>(),
    )?;
    for (case, end) in of_suite() {
        write!(
            xml,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            escaped(&format!("{name}.{suite}")),
            escaped(&case.id),
            end.elapsed.as_secs_f64()
        )?;
        match &end.outcome {
            Outcome::Pass => writeln!(xml, "/>")?,
            Outcome::Fail(failures) => {
                let text: Vec<String> = failures.iter().map(ToString::to_string).collect();
                writeln!(
                    xml,
                    ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                    escaped(&text[0]),
                    escaped(&text.join("\n"))
                )?;
            }
            Outcome::KnownFailure(reason) => write_skipped(xml, &format!("known failure: {reason}"))?,
            Outcome::Unsupported(capability) => {
                write_skipped(xml, &format!("the driver does not declare {capability}"))?
            }
            Outcome::NotRun if require => {
                writeln!(xml, ">\n      <error message=\"the driver could not be started\"/>\n    </testcase>")?;
            }
            Outcome::NotRun => write_skipped(xml, "the driver could not be started")?,
        }
    }
    writeln!(xml, "  </testsuite>")
}

fn write_skipped(xml: &mut String, message: &str) -> std::fmt::Result {
    writeln!(xml, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(message))
}

/// Text for an attribute or an element. Characters that XML 1.0 cannot hold are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn escapes_markup_and_replaces_what_xml_cannot_hold() {
        assert_eq!(escaped("<a b=\"&\">\0\n"), "&lt;a b=&quot;&amp;&quot;&gt;\u{fffd}&#10;");
    }
}
