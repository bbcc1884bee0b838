//! The verdict as a small picture for the top of a page.

use serde_json::Value;

/// The width of a letter at this size, which no program knows that has no font: rather too much than too little.
const LETTER: usize = 7;

/// The badge of a report.
pub(super) fn badge(report: &Value) -> String {
    let failed = report["totals"]["failed"].as_u64().unwrap_or_default();
    let cases = report["cases"].as_u64().unwrap_or_default();
    let bindings = report["bindings"].as_array().map_or(0, Vec::len);
    let (verdict, colour) = match failed {
        0 => (format!("{cases} cases, {bindings} implementations"), "#116329"),
        _ => (format!("{failed} failed"), "#a40e26"),
    };
    let label = "conformance";
    let (left, right) = (label.len() * LETTER + 12, verdict.len() * LETTER + 12);
    let width = left + right;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {verdict}">
<title>{label}: {verdict}</title>
<clipPath id="round"><rect width="{width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#round)"><rect width="{left}" height="20" fill="#424a53"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>
<g fill="#fff" font-family="system-ui, sans-serif" font-size="12" text-anchor="middle">
<text x="{}" y="14">{label}</text><text x="{}" y="14">{verdict}</text>
</g>
</svg>
"##,
        left / 2,
        left + right / 2
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::badge;

    #[test]
    fn a_report_without_failures_is_green_and_says_how_much_was_judged() {
        let badge = badge(&json!({"totals": {"failed": 0}, "cases": 7010, "bindings": [{}, {}]}));
        assert!(badge.contains("conformance: 7010 cases, 2 implementations") && badge.contains("#116329"), "{badge}");
    }

    #[test]
    fn a_report_with_failures_is_red_and_counts_them() {
        let badge = badge(&json!({"totals": {"failed": 3}, "cases": 7010, "bindings": [{}, {}]}));
        assert!(badge.contains("conformance: 3 failed") && badge.contains("#a40e26"), "{badge}");
    }
}
