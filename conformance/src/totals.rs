//! Counts of outcomes. Every case of every binding is counted exactly once.

use serde::Serialize;

use crate::outcome::Outcome;
use crate::run::BindingRun;
use crate::vectors::Case;

/// How many cases ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// Failed as the list of known failures says.
    pub known_failures: usize,
    /// Not declared by the driver.
    pub unsupported: usize,
    /// The driver could not be started.
    pub not_run: usize,
}

impl Totals {
    /// Counts the cases of one binding, of one suite or of all.
    pub fn of(cases: &[Case], binding: &BindingRun, suite: Option<&str>) -> Totals {
        Totals::of_those(cases, binding, |case| suite.is_none_or(|suite| suite == case.suite))
    }

    /// Counts some of the cases of one binding.
    pub fn of_those(cases: &[Case], binding: &BindingRun, counts: impl Fn(&Case) -> bool) -> Totals {
        let mut totals = Totals::default();
        for (_, end) in cases.iter().zip(&binding.ends).filter(|(case, _)| counts(case)) {
            totals.count(&end.outcome);
        }
        totals
    }

    /// Counts every case of every binding. The error says where the counts do not add up, which would be a defect of
    /// the runner.
    pub fn of_all(cases: &[Case], bindings: &[BindingRun]) -> Result<Totals, String> {
        let mut all = Totals::default();
        for binding in bindings {
            let counted = Totals::of(cases, binding, None);
            if binding.ends.len() != cases.len() || counted.sum() != cases.len() {
                return Err(format!(
                    "{}: {} cases were to be judged, {} ended, {} were counted",
                    binding.driver.name,
                    cases.len(),
                    binding.ends.len(),
                    counted.sum()
                ));
            }
            binding.ends.iter().for_each(|end| all.count(&end.outcome));
        }
        Ok(all)
    }

    /// The last line of the output. Cases that were not run count as failed where all drivers are required.
    pub fn line(&self, require: bool) -> String {
        let (failed, skipped) = if require {
            (self.failed + self.not_run, self.known_failures + self.unsupported)
        } else {
            (self.failed, self.known_failures + self.unsupported + self.not_run)
        };
        let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        format!("{} passed, {failed} failed{skipped}", self.passed)
    }

    fn count(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Pass => &mut self.passed,
            Outcome::Fail(_) => &mut self.failed,
            Outcome::KnownFailure(_) => &mut self.known_failures,
            Outcome::Unsupported(_) => &mut self.unsupported,
            Outcome::NotRun => &mut self.not_run,
        } += 1;
    }

    fn sum(&self) -> usize {
        self.passed + self.failed + self.known_failures + self.unsupported + self.not_run
    }
}

/// The suites in the order of the files, each once.
pub fn suites(cases: &[Case]) -> Vec<&str> {
    let mut suites: Vec<&str> = Vec::new();
    for case in cases {
        if !suites.contains(&case.suite.as_str()) {
            suites.push(&case.suite);
        }
    }
    suites
}
