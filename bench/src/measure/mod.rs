//! What is measured, one file for each kind.

mod allocations;
mod by_hand;
mod mac;
mod refusals;
mod script;
mod whole;

use crate::report::Row;

/// The rows that this process measures itself.
pub(crate) fn rust() -> Vec<Row> {
    [mac::rows(), whole::rows(), allocations::rows(), refusals::rows()].into_iter().flatten().collect()
}

pub(crate) use script::{go, java, node, python};
