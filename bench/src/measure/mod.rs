//! What is measured, one file for each kind.

mod added;
mod allocations;
mod axum_service;
mod by_hand;
mod curves;
mod mac;
mod refusals;
mod replay;
mod script;
mod standards;
mod templates;
mod whole;

use crate::report::Row;

/// The rows that this process measures itself.
pub(crate) fn rust() -> Vec<Row> {
    let parts =
        [mac::rows, whole::rows, templates::rows, replay::rows, allocations::rows, refusals::rows, standards::rows];
    parts.into_iter().flat_map(|rows| rows()).collect()
}

pub(crate) use added::servers;
pub(crate) use axum_service::serve;
pub(crate) use curves::curves;
pub(crate) use script::{go, java, node, python, uniffi};
