//! Signs in one binding and verifies in another: all ordered pairs, every scheme, and then one flipped bit in each field,
//! which must be refused by everybody with the same code.

mod flip;
mod scene;
pub mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use self::flip::{Field, Flip, flips};
use self::scene::{Scene, scenes, verification};
use crate::conversation::NoHello;
use crate::diff::{Answered, Lane, Line, Question};
use crate::driver::Driver;
use crate::peer::abstains;
use crate::step::Step;

/// One question is under way at a time.
const ID: &str = "matrix";

/// Everything that came out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Matrix {
    /// The drivers that took part, in order.
    pub drivers: Vec<String>,
    /// Drivers that did not, and why.
    pub not_run: Vec<(String, String)>,
    /// Each scheme.
    pub schemes: Vec<SchemeRow>,
    /// Everything that is wrong.
    pub failures: Vec<Failure>,
}

/// One scheme in all pairs.
#[derive(Clone, Debug, Serialize)]
pub struct SchemeRow {
    /// Its id.
    pub scheme: String,
    /// How many requests each driver signs.
    pub requests: usize,
    /// Each ordered pair.
    pub pairs: Vec<Pair>,
    /// The places where a flipped bit is let through, since the scheme does not cover them.
    pub open: Vec<String>,
}

/// What one driver signed and another verified.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// Who signed.
    pub signer: String,
    /// Who verified.
    pub verifier: String,
    /// Genuine requests that were accepted.
    pub accepted: usize,
    /// Flipped bits that were refused, as they must be.
    pub refused: usize,
    /// What was wrong.
    pub failed: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The scheme.
    pub scheme: String,
    /// Who signed.
    pub signer: String,
    /// Who verified; nobody where nothing was signed.
    pub verifier: Option<String>,
    /// What is wrong.
    pub what: String,
    /// The step that shows it.
    pub step: Value,
}

/// What a verifier is asked about one signed request: the request, and the request with one flipped bit.
struct Round {
    genuine: Step,
    flips: Vec<Flip>,
}

/// Plays all scenes with all drivers.
pub fn play(drivers: &[Driver], limit: Duration) -> Matrix {
    let mut matrix = Matrix::default();
    let mut lanes = Vec::new();
    for driver in drivers {
        match Lane::begin(driver, limit) {
            Ok(lane) => {
                matrix.drivers.push(driver.name.clone());
                lanes.push((driver, lane));
            }
            Err(NoHello::NotRun(cause) | NoHello::Broken(cause)) => matrix.not_run.push((driver.name.clone(), cause)),
        }
    }
    for scene in scenes() {
        play_scene(&scene, &mut lanes, &mut matrix);
    }
    matrix
}

fn play_scene(scene: &Scene, lanes: &mut [(&Driver, Lane<'_>)], matrix: &mut Matrix) {
    let op = scene.signed[0].op();
    let mut row =
        SchemeRow { scheme: scene.title(), requests: scene.signed.len(), pairs: Vec::new(), open: Vec::new() };
    // What the first signer made, with which the others must agree byte for byte.
    let mut first: Option<(String, Vec<Value>)> = None;
    // The codes of the flips, in the first pair that saw them.
    let mut codes: Option<Vec<Vec<Option<String>>>> = None;
    for signer in 0..lanes.len() {
        let (driver, lane) = &mut lanes[signer];
        if !driver.takes(&scene.scheme) || !lane.hello().can(op) {
            continue;
        }
        let name = driver.name.clone();
        let mut fail = |what: String, step: &Step| {
            let step = serde_json::to_value(step).expect("plain data is JSON");
            matrix.failures.push(Failure { scheme: scene.title(), signer: name.clone(), verifier: None, what, step });
        };
        let signed = match ask(lane, &scene.signing, &scene.env, &scene.signed) {
            Ok(signed) => signed,
            Err(cause) => {
                fail(cause, &scene.signed[0]);
                continue;
            }
        };
        if driver.is_peer() && signed.iter().all(abstains) {
            continue;
        }
        match &first {
            None => first = Some((name.clone(), signed.clone())),
            Some((other, expected)) => {
                for ((step, expected), got) in scene.signed.iter().zip(expected).zip(&signed) {
                    if !crate::peer::same(driver, expected, got) {
                        fail(format!("signed {got}, {other} signed {expected}"), step);
                    }
                }
            }
        }
        let rounds: Option<Vec<Round>> = scene
            .signed
            .iter()
            .zip(&signed)
            .map(|(step, answer)| {
                let genuine = verification(step, answer)?;
                Some(Round { flips: flips(&genuine), genuine })
            })
            .collect();
        let Some(rounds) = rounds else {
            fail(format!("it did not sign: {}", Value::from(signed)), &scene.signed[0]);
            continue;
        };
        for (driver, lane) in lanes.iter_mut() {
            if driver.takes(&scene.scheme) && lane.hello().can(rounds[0].genuine.op()) {
                let pair =
                    judge_pair(scene, &name, driver, lane, &rounds, &mut codes, &mut row.open, &mut matrix.failures);
                row.pairs.push(pair);
            }
        }
    }
    row.open.sort();
    row.open.dedup();
    matrix.schemes.push(row);
}

#[expect(clippy::too_many_arguments, reason = "the state of one table, which has one caller")]
fn judge_pair(
    scene: &Scene,
    signer: &str,
    driver: &Driver,
    lane: &mut Lane<'_>,
    rounds: &[Round],
    codes: &mut Option<Vec<Vec<Option<String>>>>,
    open: &mut Vec<String>,
    failures: &mut Vec<Failure>,
) -> Pair {
    let verifier = driver.name.clone();
    let mut pair = Pair { signer: signer.to_owned(), verifier: verifier.clone(), accepted: 0, refused: 0, failed: 0 };
    let mut fail = |pair: &mut Pair, what: String, step: &Step| {
        pair.failed += 1;
        let step = serde_json::to_value(step).expect("plain data is JSON");
        let verifier = Some(verifier.clone());
        failures.push(Failure { scheme: scene.title(), signer: signer.to_owned(), verifier, what, step });
    };
    let steps: Vec<Step> = rounds
        .iter()
        .flat_map(|round| std::iter::once(&round.genuine).chain(round.flips.iter().map(|flip| &flip.step)))
        .cloned()
        .collect();
    let answers = match ask(lane, &scene.verifying, scene.verifying_env.as_ref().unwrap_or(&scene.env), &steps) {
        Ok(answers) => answers,
        Err(cause) => {
            fail(&mut pair, cause, &steps[0]);
            return pair;
        }
    };
    let mut answers = answers.iter();
    let mut next = || answers.next().expect("there is one answer for each step");
    let mut own_codes = Vec::new();
    for round in rounds {
        let genuine = next();
        match genuine.get("ok") {
            Some(_) => pair.accepted += 1,
            None if driver.is_peer() && abstains(genuine) => {}
            None => fail(&mut pair, format!("a genuine request got {genuine}"), &round.genuine),
        }
        let mut row = Vec::new();
        for flip in &round.flips {
            let answer = next();
            if driver.is_peer() && abstains(answer) {
                row.push(None);
                continue;
            }
            let code = answer["refused"]["code"].as_str();
            row.push(Some(code.unwrap_or("ok").to_owned()));
            let must_refuse = match &flip.field {
                Field::Bound => true,
                Field::Header(name) => !scene.unbound.contains(&name.as_str()),
                // A peer does not say what is covered: there the codes of the first pair decide, below.
                Field::Covered(field) => match genuine["ok"]["covered"].as_array() {
                    Some(covered) => covered.iter().any(|one| one.as_str().is_some_and(|one| field.contains(&one))),
                    None => code.is_some(),
                },
            };
            match (code, must_refuse) {
                (Some(_), true) => pair.refused += 1,
                (None, true) => fail(&mut pair, format!("a flipped bit in {} got {answer}", flip.place), &flip.step),
                (None, false) => open.push(flip.place.split(',').next().unwrap_or_default().to_owned()),
                (Some(_), false) => {}
            }
        }
        own_codes.push(row);
    }
    match codes {
        None => *codes = Some(own_codes),
        Some(expected) => {
            for ((round, expected), got) in rounds.iter().zip(expected.iter()).zip(&own_codes) {
                for ((flip, expected), got) in round.flips.iter().zip(expected).zip(got) {
                    if let (Some(expected), Some(got)) = (expected, got)
                        && expected != got
                    {
                        let what =
                            format!("a flipped bit in {}: {got}, where the first pair said {expected}", flip.place);
                        fail(&mut pair, what, &flip.step);
                    }
                }
            }
        }
    }
    pair
}

fn ask(lane: &mut Lane<'_>, config: &str, env: &BTreeMap<String, String>, steps: &[Step]) -> Answered {
    let mut question = Question::new(config.to_owned(), env.clone());
    steps.iter().for_each(|step| question.push(0, step.clone()));
    let line = Line { id: ID.to_owned(), text: question.line(ID), steps: steps.len() };
    lane.ask(std::slice::from_ref(&line)).swap_remove(0)
}
