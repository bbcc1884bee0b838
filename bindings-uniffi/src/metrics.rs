//! What was counted.

use std::collections::HashMap;

/// Counters at one moment.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Metrics {
    /// The counters in the Prometheus text format.
    pub prometheus: String,
    /// The counters as values.
    pub counters: Vec<Counter>,
}

/// One counter.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Counter {
    /// The name, as Prometheus has it.
    pub name: String,
    /// Label names and values.
    pub labels: HashMap<String, String>,
    /// How often it was counted.
    pub value: u64,
}

impl From<wiresign::Metrics> for Metrics {
    fn from(metrics: wiresign::Metrics) -> Self {
        let counters = metrics.counters().iter().map(|counter| Counter {
            name: counter.name.to_owned(),
            labels: counter.labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
            value: counter.value,
        });
        Self { prometheus: metrics.prometheus(), counters: counters.collect() }
    }
}
