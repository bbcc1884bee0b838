//! One driver with several questions under way. Whatever it does wrong is charged to the question that it was asked, and
//! the ones behind it are asked again of a fresh process.

use std::time::Duration;

use serde_json::Value;

use crate::conversation::{NoHello, read_answer, start};
use crate::driver::Driver;
use crate::process::Process;
use crate::protocol::Hello;

/// What came of one question: a result for each step, or why there are none.
pub(crate) type Answered = Result<Vec<Value>, String>;

/// So many lines without an answer in a row, and the driver is given up.
const LOST_IN_A_ROW: usize = 5;

/// A driver that is asked many questions at once.
pub(crate) struct Lane<'a> {
    driver: &'a Driver,
    limit: Duration,
    hello: Hello,
    process: Option<Process>,
    lost_in_a_row: usize,
}

/// One line, its id, and how many results it wants.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) steps: usize,
}

impl<'a> Lane<'a> {
    pub(crate) fn begin(driver: &'a Driver, limit: Duration) -> Result<Lane<'a>, NoHello> {
        let (process, hello) = start(driver, limit)?;
        Ok(Lane { driver, limit, hello, process: Some(process), lost_in_a_row: 0 })
    }

    pub(crate) fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Asks all lines and gives their answers in the same order.
    pub(crate) fn ask(&mut self, lines: &[Line]) -> Vec<Answered> {
        let mut answers = Vec::with_capacity(lines.len());
        while answers.len() < lines.len() {
            if self.lost_in_a_row >= LOST_IN_A_ROW {
                answers.push(Err(format!("not asked: {LOST_IN_A_ROW} questions in a row were lost")));
                continue;
            }
            let mut process = match self.take_process() {
                Ok(process) => process,
                Err(cause) => {
                    self.lost_in_a_row = LOST_IN_A_ROW;
                    answers.push(Err(cause));
                    continue;
                }
            };
            let rest = &lines[answers.len()..];
            rest.iter().for_each(|line| process.send(&line.text));
            for line in rest {
                let answer = read_answer(&mut process, &line.id, line.steps, self.limit);
                let is_lost = answer.is_err();
                answers.push(answer);
                if is_lost {
                    self.lost_in_a_row += 1;
                    break;
                }
                self.lost_in_a_row = 0;
            }
            if self.lost_in_a_row == 0 {
                self.process = Some(process);
            }
        }
        answers
    }

    /// Asks one line, however often the driver was lost before: that is what is looked at.
    pub(crate) fn ask_again(&mut self, line: &Line) -> Answered {
        self.lost_in_a_row = 0;
        self.ask(std::slice::from_ref(line)).swap_remove(0)
    }

    fn take_process(&mut self) -> Result<Process, String> {
        if let Some(process) = self.process.take() {
            return Ok(process);
        }
        match start(self.driver, self.limit) {
            Ok((process, _)) => Ok(process),
            Err(NoHello::NotRun(cause) | NoHello::Broken(cause)) => {
                Err(format!("the driver could not be started again: {cause}"))
            }
        }
    }
}
