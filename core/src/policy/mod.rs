//! Who may do what, where: path patterns, and the paths that have one reading only.

mod path;
mod pattern;
mod permission;
mod permissions;

pub(crate) use path::{Path, PathFault, check_unambiguous};
pub(crate) use pattern::{Matching, Pattern};
pub use permission::Permission;
pub(crate) use permissions::permissions_of_words;
