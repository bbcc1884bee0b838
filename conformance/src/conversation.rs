//! A conversation with one driver over many cases. Whatever the driver does wrong is charged to the case that it was
//! asked at that moment, and the next case gets a fresh process.

use std::time::Duration;

use crate::driver::Driver;
use crate::process::{Process, Silence};
use crate::protocol::{Answer, Hello, question, shortened};
use crate::vectors::Case;

/// After so many cases in a row without an answer the rest is not asked: a driver that always hangs would otherwise
/// take one time limit per case.
const LOST_IN_A_ROW: usize = 5;

/// A driver that has said hello.
#[derive(Debug)]
pub struct Conversation<'a> {
    driver: &'a Driver,
    limit: Duration,
    hello: Hello,
    process: Option<Process>,
    answered: Option<String>,
    lost_in_a_row: usize,
}

/// Why there is no conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoHello {
    /// The driver is not there, or cannot run here.
    NotRun(String),
    /// The driver runs, and does not keep to the protocol.
    Broken(String),
}

/// What came of one question.
#[derive(Debug)]
pub struct Reply {
    /// The results, one for each step, or the cause why there are none.
    pub results: Result<Vec<serde_json::Value>, String>,
    /// An earlier case that turned out to be answered a second time.
    pub answered_twice: Option<String>,
}

impl<'a> Conversation<'a> {
    /// Starts the driver and reads its hello.
    pub fn begin(driver: &'a Driver, limit: Duration) -> Result<Conversation<'a>, NoHello> {
        let (process, hello) = start(driver, limit)?;
        Ok(Conversation { driver, limit, hello, process: Some(process), answered: None, lost_in_a_row: 0 })
    }

    /// What the driver declares.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Asks one case.
    pub fn ask(&mut self, case: &Case) -> Reply {
        if self.lost_in_a_row >= LOST_IN_A_ROW {
            let cause = format!("not asked: the driver left {LOST_IN_A_ROW} cases in a row without an answer");
            return Reply { results: Err(cause), answered_twice: None };
        }
        let mut answered_twice = None;
        let mut results = self.exchange(case, &mut answered_twice);
        if answered_twice.is_some() {
            // The line belonged to an earlier case, so this one has not been judged yet.
            results = self.exchange(case, &mut None);
        }
        if results.is_err() {
            self.process = None;
            self.lost_in_a_row += 1;
        } else {
            self.lost_in_a_row = 0;
        }
        self.answered = Some(case.id.clone());
        Reply { results, answered_twice }
    }

    /// Ends the driver's input and reads to the end. The error is charged to the case that it names, or to the last one.
    pub fn finish(mut self) -> Result<(), (Option<String>, String)> {
        let Some(mut process) = self.process.take() else {
            return Ok(());
        };
        process.close_input();
        match process.receive(self.limit) {
            Ok(line) => {
                let id = Answer::read(&line).ok().map(|answer| answer.id);
                Err((id, format!("a line that nobody asked for: {}", shortened(&line))))
            }
            Err(Silence::Ended(Some(status))) if status.success() => match process.unfinished_line() {
                line if line.is_empty() => Ok(()),
                line => Err((None, format!("half a line after the last answer: {}", shortened(&line)))),
            },
            Err(Silence::Ended(Some(status))) => {
                Err((None, format!("the driver ended with {status} after its last answer{}", errors_of(&process))))
            }
            Err(Silence::Ended(None) | Silence::TooLong) => {
                Err((None, "the driver does not end when its input ends".to_owned()))
            }
        }
    }

    fn exchange(&mut self, case: &Case, answered_twice: &mut Option<String>) -> Result<Vec<serde_json::Value>, String> {
        let mut process = match self.process.take() {
            Some(process) => process,
            None => self.restart()?,
        };
        process.send(&question(case));
        let answer = next_answer(&mut process, self.limit)?;
        if answer.id != case.id && self.answered.as_ref() == Some(&answer.id) {
            *answered_twice = Some(answer.id.clone());
        }
        let results = fitting(answer, &case.id, case.steps.len())?;
        self.process = Some(process);
        Ok(results)
    }

    fn restart(&self) -> Result<Process, String> {
        let (process, hello) = start(self.driver, self.limit).map_err(|problem| match problem {
            NoHello::NotRun(cause) | NoHello::Broken(cause) => {
                format!("the driver could not be started again: {cause}")
            }
        })?;
        if hello != self.hello {
            return Err("the driver says another hello after a restart".to_owned());
        }
        Ok(process)
    }
}

/// Reads the answer to a question that was sent. The error names the cause.
pub(crate) fn read_answer(
    process: &mut Process,
    id: &str,
    steps: usize,
    limit: Duration,
) -> Result<Vec<serde_json::Value>, String> {
    fitting(next_answer(process, limit)?, id, steps)
}

fn next_answer(process: &mut Process, limit: Duration) -> Result<Answer, String> {
    let line = process.receive(limit).map_err(|silence| cause(&silence, process, limit))?;
    Answer::read(&line)
}

/// The results, where the answer is one to this question.
fn fitting(answer: Answer, id: &str, steps: usize) -> Result<Vec<serde_json::Value>, String> {
    if answer.id != id {
        return Err(format!("wrong id: the driver answered {:?}, the question was {id:?}", answer.id));
    }
    if answer.results.len() != steps {
        let kind = if answer.results.len() < steps { "missing results" } else { "too many results" };
        return Err(format!("{kind}: {} for {steps} steps", answer.results.len()));
    }
    Ok(answer.results)
}

fn cause(silence: &Silence, process: &Process, limit: Duration) -> String {
    let half = process.unfinished_line();
    let half = if half.is_empty() { String::new() } else { format!(", after half a line: {}", shortened(&half)) };
    match silence {
        Silence::TooLong => format!("no answer within {} s{half}", limit.as_secs_f64()),
        Silence::Ended(Some(status)) => {
            format!("the driver died while it was asked this ({status}){half}{}", errors_of(process))
        }
        Silence::Ended(None) => {
            format!("the driver closed its output, or wrote a line without end, while it was asked this{half}")
        }
    }
}

/// Starts the driver and reads its hello.
pub(crate) fn start(driver: &Driver, limit: Duration) -> Result<(Process, Hello), NoHello> {
    let mut process = Process::start(driver.to_command()).map_err(|error| {
        NoHello::NotRun(format!("{:?} could not be started: {error}{}", driver.command[0], driver.build_hint()))
    })?;
    let line = process.receive(limit).map_err(|silence| no_hello(driver, &silence, &process, limit))?;
    let hello = Hello::read(&line).map_err(NoHello::Broken)?;
    if driver.named_by_hello && hello.binding != driver.name {
        return Err(NoHello::Broken(format!(
            "the hello is of the binding {:?}, not of {:?}",
            hello.binding, driver.name
        )));
    }
    match driver.capabilities.iter().find(|name| !hello.can(name)) {
        Some(missing) => Err(NoHello::Broken(format!(
            "the hello lacks the capability {missing:?}, which conformance/drivers.toml promises"
        ))),
        None => Ok((process, hello)),
    }
}

fn no_hello(driver: &Driver, silence: &Silence, process: &Process, limit: Duration) -> NoHello {
    match silence {
        Silence::TooLong => NoHello::Broken(format!("no hello within {} s", limit.as_secs_f64())),
        // An exit code is how an interpreter says that the module is not there, or a loader that a library is missing.
        Silence::Ended(Some(status)) if status.code().is_some_and(|code| code != 0) => NoHello::NotRun(format!(
            "the driver ended with {status} before its hello{}{}",
            errors_of(process),
            driver.build_hint()
        )),
        Silence::Ended(Some(status)) => {
            NoHello::Broken(format!("the driver ended without a hello ({status}){}", errors_of(process)))
        }
        Silence::Ended(None) => NoHello::Broken("the driver closed its output without a hello".to_owned()),
    }
}

fn errors_of(process: &Process) -> String {
    let errors = process.last_errors();
    match errors.lines().next_back() {
        Some(last) => format!("; the last line of its standard error: {last}"),
        None => String::new(),
    }
}
