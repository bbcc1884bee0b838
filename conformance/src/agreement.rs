//! Compares the answers of two bindings: they must be the same, also in what the vector does not list.

use serde_json::{Value, json};

use crate::judge::answer;
use crate::result::{StepResult, pointers};

/// The first place where two bindings' answers to one case differ, with the step's index (from 0).
pub fn first_difference(reference: &[StepResult], other: &[StepResult]) -> Option<(usize, String)> {
    reference.iter().zip(other).enumerate().find_map(|(index, (reference, other))| {
        let (place, left, right) = difference(&comparable(reference), &comparable(other), String::new())?;
        // Another verdict is told in a few words; only inside of one verdict do the values say more.
        let text = if place.is_empty() {
            format!("{} instead of {}", answer(other), answer(reference))
        } else {
            format!("{place}: {right} instead of {left}")
        };
        Some((index, text))
    })
}

/// The answer without the sentences for people, which need not be the same.
fn comparable(result: &StepResult) -> Value {
    match result {
        StepResult::ConfigErrors(problems) => json!({"config_errors": pointers(problems)}),
        StepResult::Checked(checked) => json!({"ok": {"warnings": pointers(&checked.warnings)}}),
        StepResult::Failed(failed) => json!({"failed": {"code": failed.code}}),
        _ => result.to_value(),
    }
}

fn difference(reference: &Value, other: &Value, place: String) -> Option<(String, String, String)> {
    match (reference, other) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => left
            .iter()
            .zip(right.values())
            .find_map(|((name, left), right)| difference(left, right, format!("{place}/{name}"))),
        _ if reference == other => None,
        _ => Some((place, reference.to_string(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;
    use crate::result::{Failed, Problem, Signed, StepResult};
    use crate::text::Text;

    fn signed(signature: &str) -> StepResult {
        StepResult::Signed(Signed {
            headers: vec![("X-Signature".to_owned(), signature.to_owned())],
            message: Text::from_bytes(b"m"),
        })
    }

    #[test]
    fn names_the_step_and_the_place() {
        let (step, text) = first_difference(&[signed("a"), signed("a")], &[signed("a"), signed("b")]).unwrap();
        assert_eq!(step, 1);
        assert!(text.starts_with("/ok/headers: "), "{text}");
    }

    #[test]
    fn another_kind_of_answer_is_a_difference() {
        let failed = StepResult::Failed(Failed { code: "SIGNING_FAILED".to_owned(), message: String::new() });
        let (_, text) = first_difference(&[signed("a")], &[failed]).unwrap();
        assert!(text.starts_with("failed SIGNING_FAILED () instead of ok {"), "{text}");
    }

    #[test]
    fn sentences_for_people_may_differ() {
        let problem =
            |message: &str| StepResult::ConfigErrors(vec![Problem { pointer: "/a".into(), message: message.into() }]);
        assert_eq!(first_difference(&[problem("one")], &[problem("two")]), None);
    }
}
