//! The judge shares no code with what it judges.

// Helpers of tests fail as tests do.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

#[test]
fn only_the_reference_driver_uses_the_core() {
    let mut users = Vec::new();
    find_users(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut users);
    users.sort();
    assert_eq!(users, ["reference.rs"]);
}

/// The files that name the core.
fn find_users(folder: &Path, users: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_users(&path, users);
        } else {
            let source = fs::read_to_string(&path).unwrap();
            if ["wiresign::", "wiresign_host"].iter().any(|name| source.contains(name)) {
                users.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
}
