//! Whether the answers to one question agree: with each other, and each with itself.

use serde_json::{Value, json};

use super::lane::Answered;
use super::question::Question;
use crate::agreement::first_difference;
use crate::consistency::{Reveal, contradictions};
use crate::driver::Driver;
use crate::peer;
use crate::result::StepResult;
use crate::step::Step;

/// Where two answers part, or one contradicts itself: the step, and what is wrong.
pub(crate) type Finding = (usize, String);

/// Compares the answer of a driver with that of the reference.
pub(crate) fn differs(question: &Question, driver: &Driver, reference: &Answered, other: &Answered) -> Option<Finding> {
    let (reference, other) = match (reference, other) {
        // The usual case, and the cheapest one to see.
        (Ok(reference), Ok(other)) if reference == other => return None,
        // Reported of the reference itself.
        (Err(_), _) => return None,
        (_, Err(cause)) => return Some((0, cause.clone())),
        (Ok(reference), Ok(other)) => (reference, other),
    };
    if driver.is_peer() {
        return peer_differs(question, driver, reference, other);
    }
    let reference = read(question, reference).ok()?;
    match read(question, other) {
        Err(problem) => Some(problem),
        Ok(other) => first_difference(&reference, &other),
    }
}

/// The standards whose pages name steps, and no order within a step.
const WITHOUT_ORDER: [&str; 2] = ["aws-sigv4", "rfc9421"];

fn peer_differs(question: &Question, driver: &Driver, reference: &[Value], other: &[Value]) -> Option<Finding> {
    let is_same = if is_without_order(&question.config_text) { peer::same_verdict } else { peer::same };
    // A peer reads good configurations only.
    let is_judged = |expected: &Value, got: &Value| !peer::abstains(got) && expected.get("config_errors").is_none();
    let mut steps = reference.iter().zip(other).enumerate();
    let (index, (expected, got)) =
        steps.find(|(_, (expected, got))| is_judged(expected, got) && !is_same(driver, expected, got))?;
    Some((index, format!("{got} instead of {expected}")))
}

fn is_without_order(config_text: &str) -> bool {
    let document: Value = serde_json::from_str(config_text).unwrap_or_default();
    WITHOUT_ORDER.iter().any(|scheme| document["accept"] == json!([scheme]))
}

/// How many of the answers are a judgement, and not an abstention.
pub(crate) fn judged(answered: &Answered) -> u64 {
    answered.iter().flatten().filter(|answer| !peer::abstains(answer)).count() as u64
}

/// What is wrong with the answer of the reference, whatever the others say: a contract that is broken by all of them at
/// once would be no difference.
pub(crate) fn contradicts_itself(question: &Question, answered: &Answered) -> Option<Finding> {
    let raw = match answered {
        Ok(raw) => raw,
        Err(cause) => return Some((0, cause.clone())),
    };
    let results = match read(question, raw) {
        Ok(results) => results,
        Err(problem) => return Some(problem),
    };
    let mut reveal =
        serde_json::from_str(&question.config_text).map_or(Reveal::Code, |document| Reveal::of_document(&document));
    for (index, result) in results.iter().enumerate() {
        if let StepResult::Crashed(text) = result {
            return Some((index, format!("crashed: {text}")));
        }
        if let Some(problem) = contradictions(result, reveal).into_iter().next() {
            return Some((index, problem));
        }
        if let (Step::Replace { config }, StepResult::Replaced) = (&question.steps[index], result) {
            reveal = Reveal::of_document(config);
        }
        if let Some(problem) = index.checked_sub(1).and_then(|before| explained_otherwise(question, &results, before)) {
            return Some((index, problem));
        }
    }
    None
}

/// An explanation and the verdict behind it must say the same of the same request.
fn explained_otherwise(question: &Question, results: &[StepResult], before: usize) -> Option<String> {
    let (Step::Explain { now, request }, Step::Verify { now: later, request: same }) =
        (&question.steps[before], &question.steps[before + 1])
    else {
        return None;
    };
    let StepResult::Explained(explained) = &results[before] else { return None };
    let verdict = match &results[before + 1] {
        StepResult::Verified(_) => "OK",
        StepResult::Refused(refused) => &refused.code,
        _ => return None,
    };
    (now == later && request == same && explained.verdict != verdict)
        .then(|| format!("the explanation says {}, the verdict is {verdict}", explained.verdict))
}

pub(crate) fn read(question: &Question, raw: &[Value]) -> Result<Vec<StepResult>, Finding> {
    let steps = question.steps.iter().zip(raw).enumerate();
    steps.map(|(index, (step, value))| StepResult::read(step, value).map_err(|problem| (index, problem))).collect()
}

#[cfg(test)]
mod tests {
    use super::is_without_order;

    #[test]
    fn a_peer_answers_by_its_verdict_where_the_pages_name_no_order() {
        assert!(is_without_order(r#"{"accept": ["rfc9421"]}"#));
        assert!(is_without_order(r#"{"accept": ["aws-sigv4"]}"#));
        assert!(!is_without_order(r#"{"accept": ["jwt"]}"#));
        assert!(!is_without_order(r#"{"accept": ["rfc9421", "jwt"]}"#));
        assert!(!is_without_order("no document"));
    }
}
