//! Judges every binding of wiresign by the same vectors.
//!
//! A *vector* is a test as data: a configuration, requests, and what must come out. A *driver* is a small program for one
//! binding that reads questions and writes answers, one JSON object per line. The runner compares; drivers never do.
//! `README.md` describes both formats completely.
//!
//! The way of a case: [`vectors`] reads it, [`protocol`] writes the question, [`conversation`] asks a [`driver`],
//! [`result`] reads the answer, [`judge`] compares it with what is expected, [`consistency`] with itself and the
//! contract, and [`run`] with the other bindings. [`table`], [`report_json`], [`junit`] and [`rules`] tell the outcome.

pub mod agreement;
pub mod canary;
pub mod canonical;
pub mod consistency;
pub mod contract;
pub mod conversation;
pub mod diff;
pub mod driver;
pub mod dump;
pub mod expect;
pub mod judge;
pub mod junit;
pub mod known;
pub mod matrix;
pub mod outcome;
pub mod page;
pub mod peer;
pub mod process;
pub mod protocol;
pub mod reference;
pub mod report_json;
pub mod result;
pub mod rules;
pub mod run;
pub mod step;
pub mod strict_json;
pub mod table;
pub mod text;
pub mod totals;
pub mod vectors;
