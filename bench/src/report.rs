//! The table: what was measured, what must be, what is within reach.

use std::fmt::Write;

use serde_json::{Value, json};

/// One line of the table.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) what: String,
    pub(crate) measured: f64,
    pub(crate) unit: Unit,
    pub(crate) goal: Option<Goal>,
}

/// What a number is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Times the floor, or times what it is compared with. Less is better.
    Times,
    /// Nanoseconds over the floor. Less is better.
    OverFloor,
    /// Times faster than what it is compared with. More is better.
    Faster,
    /// Nanoseconds. Less is better.
    Nanoseconds,
    /// Less is better.
    Bytes,
    /// 1,048,576 bytes. Less is better.
    Mebibytes,
    /// Less is better, and exact.
    Count,
}

#[derive(Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) must: f64,
    pub(crate) reach: f64,
}

/// How far a measured time may miss its goal before `--check` fails: machines that are shared are never quite still.
pub(crate) const TOLERANCE: f64 = 0.10;

impl Unit {
    fn holds(self, measured: f64, limit: f64) -> bool {
        if self == Self::Faster { measured >= limit } else { measured <= limit }
    }

    fn with_tolerance(self, limit: f64) -> f64 {
        match self {
            Self::Count => limit,
            Self::Faster => limit * (1.0 - TOLERANCE),
            _ => limit * (1.0 + TOLERANCE),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Times => "times",
            Self::OverFloor => "over floor",
            Self::Faster => "faster",
            Self::Nanoseconds => "nanoseconds",
            Self::Bytes => "bytes",
            Self::Mebibytes => "mebibytes",
            Self::Count => "count",
        }
    }

    fn text(self, number: f64) -> String {
        match self {
            Self::Times => format!("{number:.2}"),
            Self::OverFloor => format!("F + {number:.0} ns"),
            Self::Faster => format!("{number:.2}x faster"),
            Self::Nanoseconds => format!("{number:.0} ns"),
            Self::Bytes => format!("{number:.1} B"),
            Self::Mebibytes => format!("{number:.1} MiB"),
            Self::Count => format!("{number:.0}"),
        }
    }
}

impl Row {
    /// A number that nothing is demanded of.
    pub(crate) fn plain(id: &'static str, what: impl Into<String>, measured: f64, unit: Unit) -> Self {
        Self { id, what: what.into(), measured, unit, goal: None }
    }

    pub(crate) fn judged(
        id: &'static str,
        what: impl Into<String>,
        measured: f64,
        unit: Unit,
        must: f64,
        reach: f64,
    ) -> Self {
        Self { id, what: what.into(), measured, unit, goal: Some(Goal { must, reach }) }
    }

    /// Whether the row misses what it must hold by more than the tolerance.
    pub(crate) fn fails(&self) -> bool {
        self.goal.is_some_and(|goal| !self.unit.holds(self.measured, self.unit.with_tolerance(goal.must)))
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "what": self.what,
            "measured": self.measured,
            "unit": self.unit.name(),
            "must": self.goal.map(|goal| goal.must),
            "reach": self.goal.map(|goal| goal.reach),
            "verdict": self.verdict(),
        })
    }

    fn verdict(&self) -> &'static str {
        match self.goal {
            None => "",
            Some(goal) if self.unit.holds(self.measured, goal.reach) => "reached",
            Some(goal) if self.unit.holds(self.measured, goal.must) => "met",
            Some(_) if self.fails() => "MISSED",
            Some(_) => "missed, within tolerance",
        }
    }

    fn cells(&self) -> [String; 6] {
        let goal = |pick: fn(Goal) -> f64| self.goal.map_or(String::new(), |goal| self.unit.text(pick(goal)));
        [
            self.id.into(),
            self.what.clone(),
            self.unit.text(self.measured),
            goal(|goal| goal.must),
            goal(|goal| goal.reach),
            self.verdict().into(),
        ]
    }
}

/// The table in Markdown, with columns that line up as plain text too.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = ["id", "what", "measured", "must", "reach", "verdict"].map(str::to_owned);
    let lines: Vec<[String; 6]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0).max(3));
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(widths) {
            write!(text, "| {cell:<width$} ").expect("a String takes all text");
        }
        text.push_str("|\n");
        if number == 0 {
            widths.iter().for_each(|&width| write!(text, "|{:-<1$}", "", width + 2).expect("a String takes all text"));
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(unit: Unit, measured: f64, must: f64, reach: f64) -> (&'static str, bool) {
        let row = Row::judged("T", "test", measured, unit, must, reach);
        (row.verdict(), row.fails())
    }

    #[test]
    fn verdicts_follow_the_direction_of_the_unit() {
        assert_eq!(verdict(Unit::Times, 1.1, 1.3, 1.15), ("reached", false));
        assert_eq!(verdict(Unit::Times, 1.2, 1.3, 1.15), ("met", false));
        assert_eq!(verdict(Unit::Times, 1.4, 1.3, 1.15), ("missed, within tolerance", false));
        assert_eq!(verdict(Unit::Times, 1.5, 1.3, 1.15), ("MISSED", true));
        assert_eq!(verdict(Unit::Faster, 4.0, 3.0, 4.0), ("reached", false));
        assert_eq!(verdict(Unit::Faster, 2.8, 3.0, 4.0), ("missed, within tolerance", false));
        assert_eq!(verdict(Unit::Faster, 2.6, 3.0, 4.0), ("MISSED", true));
    }

    #[test]
    fn counts_have_no_tolerance() {
        assert_eq!(verdict(Unit::Count, 0.0, 0.0, 0.0), ("reached", false));
        assert_eq!(verdict(Unit::Count, 1.0, 0.0, 0.0), ("MISSED", true));
    }

    #[test]
    fn the_columns_line_up() {
        let rows = [Row::plain("A", "short", 1.0, Unit::Times), Row::plain("B", "rather longer", 2.0, Unit::Bytes)];
        let table = table(&rows);
        let widths: Vec<usize> = table.lines().map(str::len).collect();
        assert_eq!(widths.len(), 4);
        assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
    }
}
