//! The judge shares no code with what it judges.

use std::fs;
use std::path::Path;

#[test]
fn only_the_reference_driver_uses_the_core() {
    let mut users = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let source = fs::read_to_string(&path).unwrap();
            if ["wiresign::", "wiresign_host"].iter().any(|name| source.contains(name)) {
                users.push(path.file_name().unwrap().to_owned());
            }
        }
    }
    assert_eq!(users, ["reference.rs"]);
}
