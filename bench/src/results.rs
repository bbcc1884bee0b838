//! What a run leaves: the numbers as JSON, from which the page is made and to which later runs are compared, and the table.

use std::process::Command;

use serde_json::{Value, json};

use crate::curve::Curve;
use crate::floor;
use crate::report::{Row, table};

/// All that was measured, some of it several times.
pub(crate) struct Results {
    /// The row of each comparison that lies in the middle of its runs.
    pub(crate) rows: Vec<Row>,
    /// What each run measured, for each row.
    spread: Vec<Vec<f64>>,
    curves: Vec<Curve>,
}

impl Results {
    /// Puts runs together. They must have measured the same.
    pub(crate) fn new(runs: Vec<Vec<Row>>, curves: Vec<Curve>) -> Result<Self, String> {
        let ids = |run: &Vec<Row>| run.iter().map(|row| row.id).collect::<Vec<_>>();
        if runs.iter().any(|run| ids(run) != ids(&runs[0])) {
            return Err("the runs did not measure the same".into());
        }
        let mut rows = Vec::new();
        let mut spread = Vec::new();
        let mut runs: Vec<_> = runs.into_iter().map(Vec::into_iter).collect();
        loop {
            let mut same: Vec<Row> = runs.iter_mut().filter_map(Iterator::next).collect();
            if same.is_empty() {
                return Ok(Self { rows, spread, curves });
            }
            spread.push(same.iter().map(|row| row.measured).collect());
            same.sort_by(|left, right| left.measured.total_cmp(&right.measured));
            rows.push(same.swap_remove(same.len() / 2));
        }
    }

    pub(crate) fn json(&self) -> Value {
        let row = |(row, runs): (&Row, &Vec<f64>)| {
            let mut value = row.json();
            value["runs"] = json!(runs);
            value
        };
        json!({
            "machine": machine(),
            "rows": self.rows.iter().zip(&self.spread).map(row).collect::<Vec<_>>(),
            "curves": self.curves.iter().map(Curve::json).collect::<Vec<_>>(),
        })
    }

    /// The table with what is needed to read it.
    pub(crate) fn page(&self) -> String {
        format!(
            "# Measured\n\n\
             Written by `just bench`. Every number is the fastest of many short batches, and the contestants of one comparison\n\
             take turns in one run, so only ratios and differences mean anything on another machine. Of several runs the one in\n\
             the middle is shown. [RESULTS.html](RESULTS.html) has the same with the spread of the runs, and plots of what grows\n\
             with what; [results.json](results.json) has the numbers. `just bench-check` says what has moved since.\n\n\
             F is the floor: the SHA-256 compressions that an HMAC with kept states cannot do without, at the speed at which this\n\
             machine hashed a long buffer in the same rounds. \"reached\", \"met\" and \"missed\" compare with the two goals. Those\n\
             of R2 and S2 were set for 32 ns a compression and are scaled to what it takes here.\n\n\
             {}\n\n{}",
            machine(),
            table(&self.rows),
        )
    }
}

/// The processor and the runtimes, in one line.
fn machine() -> String {
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok();
        output.map_or("unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    format!("{}, {}, Node {}, {}", cpu(), version("rustc"), version("node"), version(&python))
}

fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")).and_then(|rest| rest.split_once(": "));
    format!(
        "{}{}",
        name.map_or("unknown CPU", |(_, name)| name),
        match floor::has_sha_instructions() {
            true => " with SHA instructions",
            false => " without SHA instructions",
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Unit;

    fn run(measured: f64) -> Vec<Row> {
        vec![Row::plain("A", "a ratio", measured, Unit::Times), Row::plain("B", "a count", 1.0, Unit::Count)]
    }

    #[test]
    fn the_run_in_the_middle_is_shown_and_all_are_kept() {
        let results = Results::new(vec![run(3.0), run(1.0), run(2.0)], Vec::new()).expect("the same was measured");
        assert_eq!(results.rows[0].measured, 2.0);
        assert_eq!(results.json()["rows"][0]["runs"], json!([3.0, 1.0, 2.0]));
    }

    #[test]
    fn runs_that_measured_something_else_are_refused() {
        assert!(Results::new(vec![run(1.0), run(1.0).split_off(1)], Vec::new()).is_err());
    }
}
