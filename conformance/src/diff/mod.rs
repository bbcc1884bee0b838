//! Asks every driver the same hostile requests, and says where one of them answers anything else than the reference.
//!
//! [`batch`] makes questions from a seed: genuine requests of a made-up [`fleet`] or of the [`corpus`] of vectors, changed
//! by [`mutate`], or changed configuration documents ([`document`]). Each driver has a [`lane`] with many questions under
//! way. What [`compare`] finds is made small by [`shrink`] and written by [`finding`] as a vector file.

mod batch;
mod compare;
mod corpus;
mod document;
mod draft;
mod finding;
mod fleet;
mod format;
mod hostile;
mod lane;
mod mac;
mod mutate;
mod progress;
mod question;
mod random;
mod shrink;
mod standards;
pub mod table;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::Duration;

use self::compare::{Finding, contradicts_itself, differs, judged};
pub(crate) use self::draft::text;
pub use self::finding::Difference;
pub(crate) use self::lane::{Answered, Lane, Line};
use self::progress::Progress;
pub(crate) use self::question::Question;
use crate::conversation::NoHello;
use crate::driver::Driver;
use crate::protocol::Hello;
use crate::vectors::Case;

/// So many batches are under way together.
const BATCHES: u64 = 16;
/// More differences than these are counted, and not shrunk.
const SHRUNK: usize = 12;

/// What to do.
#[derive(Clone, Debug)]
pub struct Task {
    /// Where all cases come from.
    pub seed: u64,
    /// The first case; the cases before it are not made.
    pub from: u64,
    /// How many.
    pub count: u64,
    /// How long a driver may take for one question.
    pub limit: Duration,
    /// How long one difference may be made smaller.
    pub shrinking: Duration,
    /// Where vector files of differences are written.
    pub folder: PathBuf,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Each driver with its hello, or why it did not run.
    pub drivers: Vec<(String, Result<Hello, String>)>,
    /// The numbers of cases that were asked: the task's, rounded to whole batches.
    pub from: u64,
    /// One behind the last case.
    pub end: u64,
    /// How many steps each driver judged; a peer leaves some out.
    pub judged: BTreeMap<String, u64>,
    /// How often each verdict came from the reference.
    pub verdicts: BTreeMap<String, u64>,
    /// Everything that was found.
    pub differences: Vec<Difference>,
    /// Differences beyond those that were shrunk.
    pub more: usize,
    /// How long it took.
    pub elapsed: Duration,
}

/// Questions of some batches.
struct Chunk {
    end: u64,
    questions: Vec<Question>,
    lines: Vec<Line>,
}

/// The two ends of the thread in which a lane lives.
type Port = (SyncSender<Arc<Chunk>>, Receiver<Vec<Answered>>);

/// Runs the task. The first of the drivers is the reference.
pub fn run(task: &Task, drivers: &[Driver], vectors: &[Case]) -> Result<Found, String> {
    let mut lanes = Vec::new();
    let mut states = Vec::new();
    for driver in drivers {
        match Lane::begin(driver, task.limit) {
            Ok(lane) => {
                states.push((driver.name.clone(), Ok(lane.hello().clone())));
                lanes.push((driver, lane));
            }
            Err(NoHello::NotRun(cause) | NoHello::Broken(cause)) => states.push((driver.name.clone(), Err(cause))),
        }
    }
    let bindings: Vec<&Lane<'_>> =
        lanes.iter().filter(|(driver, _)| driver.schemes.is_none()).map(|(_, lane)| lane).collect();
    let corpus = corpus::Corpus::of(vectors, |step| {
        bindings.iter().all(|lane| lane.hello().capabilities.iter().any(|name| name == step.op()))
    });
    let first = task.from / batch::CASES;
    let last = (task.from + task.count).div_ceil(batch::CASES);
    let mut found = Found {
        drivers: states,
        from: first * batch::CASES,
        end: first * batch::CASES,
        judged: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        differences: Vec::new(),
        more: 0,
        elapsed: Duration::ZERO,
    };
    // Without a reference, or with nobody to compare it with, there is nothing to find.
    if lanes.len() < 2 || found.drivers[0].1.is_err() {
        return Ok(found);
    }
    let participants: Vec<&Driver> = lanes.iter().map(|(driver, _)| *driver).collect();
    let mut progress = Progress::start();
    thread::scope(|scope| -> Result<(), String> {
        let ports: Vec<Port> = lanes
            .into_iter()
            .map(|(_, mut lane)| {
                let (ask, asked) = mpsc::sync_channel::<Arc<Chunk>>(2);
                let (answer, answers) = mpsc::channel();
                scope.spawn(move || {
                    for chunk in asked {
                        if answer.send(lane.ask(&chunk.lines)).is_err() {
                            return;
                        }
                    }
                });
                (ask, answers)
            })
            .collect();
        let mut under_way: VecDeque<Arc<Chunk>> = VecDeque::new();
        let mut next = first;
        while next < last || !under_way.is_empty() {
            if next < last && under_way.len() < 2 {
                let end = (next + BATCHES).min(last);
                let chunk = Arc::new(chunk(task.seed, next, end, &corpus));
                next = end;
                for (ask, _) in &ports {
                    ask.send(Arc::clone(&chunk)).map_err(|_| "a lane has ended".to_owned())?;
                }
                under_way.push_back(chunk);
                continue;
            }
            let chunk = under_way.pop_front().expect("the loop ends where nothing is under way");
            let answers: Vec<Vec<Answered>> = ports
                .iter()
                .map(|(_, answers)| answers.recv().map_err(|_| "a lane has ended".to_owned()))
                .collect::<Result<_, _>>()?;
            judge(task, &chunk, &answers, &participants, &mut found)?;
            found.end = chunk.end * batch::CASES;
            progress.say(found.end - found.from, (last - first) * batch::CASES, found.differences.len() + found.more);
        }
        Ok(())
    })?;
    found.elapsed = progress.elapsed();
    Ok(found)
}

fn chunk(seed: u64, start: u64, end: u64, corpus: &corpus::Corpus) -> Chunk {
    let questions: Vec<Question> = (start..end).flat_map(|number| batch::questions(seed, number, corpus)).collect();
    let lines = questions.iter().enumerate().map(|(index, question)| line(question, &format!("{start}-{index}")));
    Chunk { end, lines: lines.collect(), questions }
}

fn line(question: &Question, id: &str) -> Line {
    Line { id: id.to_owned(), text: question.line(id), steps: question.steps.len() }
}

fn judge(
    task: &Task,
    chunk: &Chunk,
    answers: &[Vec<Answered>],
    drivers: &[&Driver],
    found: &mut Found,
) -> Result<(), String> {
    for (index, question) in chunk.questions.iter().enumerate() {
        let reference = &answers[0][index];
        for result in reference.iter().flatten() {
            *found.verdicts.entry(verdict(result)).or_default() += 1;
        }
        if let Some(finding) = contradicts_itself(question, reference) {
            report(task, question, finding, &drivers[..1], found)?;
        }
        for (driver, answers) in drivers.iter().zip(answers) {
            *found.judged.entry(driver.name.clone()).or_default() += judged(&answers[index]);
        }
        for (driver, answers) in drivers.iter().zip(answers).skip(1) {
            if let Some(finding) = differs(question, driver, reference, &answers[index]) {
                report(task, question, finding, &[drivers[0], driver], found)?;
            }
        }
    }
    Ok(())
}

/// One word for the table of verdicts.
fn verdict(result: &serde_json::Value) -> String {
    if let Some(code) = result["refused"]["code"].as_str() {
        return code.to_owned();
    }
    match result.as_object().and_then(|members| members.keys().next()).map(String::as_str) {
        Some("ok") => "OK".to_owned(),
        Some("failed") => result["failed"]["code"].as_str().unwrap_or("failed").to_owned(),
        Some(kind) => kind.to_owned(),
        None => "nothing".to_owned(),
    }
}

/// Makes the difference small with fresh processes of the same drivers, and writes it down.
fn report(
    task: &Task,
    question: &Question,
    (step, what): Finding,
    drivers: &[&Driver],
    found: &mut Found,
) -> Result<(), String> {
    let driver = drivers[drivers.len() - 1];
    if found.differences.len() >= SHRUNK {
        found.more += 1;
        return Ok(());
    }
    let case = question.cases[step];
    let mut lanes: Vec<Lane<'_>> = drivers
        .iter()
        .map(|driver| Lane::begin(driver, task.limit))
        .collect::<Result<_, _>>()
        .map_err(|problem| format!("a driver could not be started again: {problem:?}"))?;
    let mut ask = |question: &Question| -> (Answered, Option<Finding>) {
        let line = line(question, "shrink");
        let mut answers = lanes.iter_mut().map(|lane| lane.ask_again(&line)).collect::<Vec<_>>();
        let finding = match &answers[..] {
            [reference, other] => differs(question, driver, reference, other),
            [reference] => contradicts_itself(question, reference),
            _ => None,
        };
        (answers.swap_remove(0), finding)
    };
    // What needs more than its question, such as a leak of memory, cannot be made smaller.
    let (mut smallest, mut what) = (question.clone(), what);
    if ask(&smallest).1.is_some() {
        smallest = shrink::shrink(smallest, task.shrinking, |candidate| ask(candidate).1.is_some());
    } else {
        what.push_str(" (and not when it was asked again)");
    }
    let (reference, finding) = ask(&smallest);
    if let Some((_, smaller)) = finding {
        what = smaller;
    }
    let file = task.folder.join(format!("diff-{}-{case}-{}.json", task.seed, driver.name));
    let difference = Difference { case, driver: driver.name.clone(), what, file };
    finding::write(&task.folder, task.seed, &difference, &smallest, &reference)?;
    found.differences.push(difference);
    Ok(())
}
