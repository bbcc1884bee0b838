//! The bodies of requests: kept while they are judged, and given on unchanged.

mod kept;
mod leftover;
mod verified;

pub(crate) use kept::{Kept, ONE_PIECE};
pub(crate) use leftover::let_go;
pub use verified::VerifiedBody;
