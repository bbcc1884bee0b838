//! A cost that grows with something: what a plot shows.

use serde_json::{Value, json};

/// A plot: nanoseconds against what grows.
pub(crate) struct Curve {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// What grows, and in which unit.
    pub(crate) grows: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// One contestant: where, and nanoseconds per operation there.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(u64, f64)>,
}

impl Line {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), points: Vec::new() }
    }
}

impl Curve {
    pub(crate) fn json(&self) -> Value {
        let line = |line: &Line| json!({"name": line.name, "points": line.points});
        json!({
            "id": self.id,
            "title": self.title,
            "grows": self.grows,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}
