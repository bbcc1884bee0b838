//! From a seed and a number to questions. Every batch can be made alone, so a run can begin anywhere.

use std::ops::Range;

use super::corpus::{self, Corpus};
use super::document;
use super::draft::Draft;
use super::fleet::Fleet;
use super::mutate::on_the_way;
use super::question::Question;
use super::random::Random;
use super::standards::Standards;
use crate::step::Step;

/// So many cases share a configuration.
pub(crate) const CASES: u64 = 32;
/// Where documents are judged, one question holds only one of them.
const DOCUMENT_STEPS: u64 = 16;

/// The questions of the batch with this number.
pub(crate) fn questions(seed: u64, number: u64, corpus: &Corpus) -> Vec<Question> {
    let mut random = Random::of(seed, "batch", number);
    let cases = number * CASES..(number + 1) * CASES;
    let kind = random.below(100);
    match kind {
        0..45 => vec![of_fleet(&mut random, seed, cases)],
        45..60 => vec![of_standards(&mut random, seed, cases)],
        60..85 if !corpus.groups.is_empty() => vec![of_corpus(&mut random, seed, cases, corpus)],
        _ => of_documents(&mut random, seed, cases, corpus),
    }
}

fn of_fleet(random: &mut Random, seed: u64, cases: Range<u64>) -> Question {
    let fleet = Fleet::new(random);
    let mut question = Question::new(fleet.document.to_string(), fleet.env.clone());
    let mut sent: Vec<Draft> = Vec::new();
    for case in cases {
        let random = &mut Random::of(seed, "case", case);
        let mut draft = match random.below(10) {
            0 if !sent.is_empty() => random.pick_ref(&sent).clone(),
            _ => fleet.call(random),
        };
        if random.percent(12) {
            let target = fleet.target(random);
            sign(random, fleet.now, target, draft, &mut question, case);
            continue;
        }
        for _ in 0..random.pick(&[0, 0, 0, 1, 1, 1, 2, 3]) {
            on_the_way(random, &mut draft);
        }
        sent.push(draft.clone());
        judge(random, fleet.now, draft, &mut question, case);
    }
    question
}

fn of_standards(random: &mut Random, seed: u64, cases: Range<u64>) -> Question {
    let callers = Standards::new(random);
    let mut question = Question::new(callers.document.to_string(), callers.env.clone());
    for case in cases {
        let random = &mut Random::of(seed, "case", case);
        let mut draft = callers.call(random);
        if random.percent(8) {
            let target = callers.target(random);
            sign(random, callers.now, target, draft, &mut question, case);
            continue;
        }
        // What is particular to a standard was changed already.
        if random.percent(25) {
            on_the_way(random, &mut draft);
        }
        judge(random, callers.now, draft, &mut question, case);
    }
    question
}

/// Asks for the verdict: at once, in pieces, or with the reasons before it, which must not change it.
fn judge(random: &mut Random, now: u64, draft: Draft, question: &mut Question, case: u64) {
    let request = draft.into_request();
    match random.below(40) {
        0..8 => {
            let chunks = chunks(random, request.body.bytes().len());
            question.push(case, Step::VerifyStream { now, request, chunks });
        }
        // Rarely: an explanation tries so much that it costs as much as a hundred verdicts.
        8 => {
            question.push(case, Step::Explain { now, request: request.clone() });
            question.push(case, Step::Verify { now, request });
        }
        _ => question.push(case, Step::Verify { now, request }),
    }
}

fn sign(random: &mut Random, now: u64, target: Option<String>, mut draft: Draft, question: &mut Question, case: u64) {
    // What a client hands over has no credential yet, but for a few.
    if random.percent(90) {
        draft.headers.retain(|(name, _)| name == "X-Extra");
    }
    let nonce =
        if random.percent(15) { corpus::name(random) } else { format!("6f1c3f0a-6a55-4c8f-9d3b-{}", random.hex(12)) };
    let now =
        if random.percent(5) { random.pick(&[0, 999_999_999_999, 1_000_000_000_000, (1 << 53) - 1]) } else { now };
    question.push(case, Step::Sign { now, nonce, target, request: draft.into_request() });
}

/// Lengths that a body can be split in.
pub(crate) fn chunks(random: &mut Random, length: usize) -> Vec<usize> {
    let mut rest = length;
    let mut chunks = Vec::new();
    for _ in 0..random.below(5) {
        let chunk = random.below(rest + 1);
        chunks.push(chunk);
        rest -= chunk;
    }
    chunks
}

fn of_corpus(random: &mut Random, seed: u64, cases: Range<u64>, corpus: &Corpus) -> Question {
    let group = random.pick_ref(&corpus.groups);
    let mut question = Question::new(group.config_text.clone(), group.env.clone());
    for case in cases {
        let random = &mut Random::of(seed, "case", case);
        let mut steps = random.pick_ref(&group.tests).clone();
        if steps.iter().any(|step| matches!(step, Step::Explain { .. })) && random.percent(75) {
            steps = random.pick_ref(&group.tests).clone();
        }
        let changed = random.below(steps.len());
        corpus::change(random, &mut steps[changed]);
        // The steps that lead there, and no others: a long test must not be a long question.
        for step in steps.into_iter().take(changed + 1).skip(changed.saturating_sub(2)) {
            question.push(case, step);
        }
    }
    question
}

/// Half of the documents take the place of another one; the others are changed as text and stand alone.
fn of_documents(random: &mut Random, seed: u64, cases: Range<u64>, corpus: &Corpus) -> Vec<Question> {
    let fleet = Fleet::new(random);
    let mut questions = vec![Question::new(fleet.document.to_string(), fleet.env.clone())];
    let first = cases.start;
    for case in cases {
        let random = &mut Random::of(seed, "case", case);
        let draft = fleet.call(random);
        if case < first + DOCUMENT_STEPS {
            let mut document = fleet.document.clone();
            for _ in 0..1 + random.below(2) {
                document::change(random, &mut document);
            }
            questions[0].push(case, Step::Replace { config: document });
            judge(random, fleet.now, draft, &mut questions[0], case);
            continue;
        }
        let (mut document, env) = if random.percent(50) || corpus.documents.is_empty() {
            (fleet.document.clone(), fleet.env.clone())
        } else {
            random.pick_ref(&corpus.documents).clone()
        };
        if random.percent(50) {
            document::change(random, &mut document);
        }
        let mut text = document.to_string();
        if random.percent(60) {
            document::change_spelling(random, &mut text);
        }
        let mut question = Question::new(text, env);
        question.push(case, Step::Check {});
        judge(random, fleet.now, draft, &mut question, case);
        questions.push(question);
    }
    questions
}
