//! Lists the templates of the catalogue, so that adding one takes its file alone.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("src/scheme/catalogue");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of the catalogue is there")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort_by_key(|path| path.file_stem().map(ToOwned::to_owned));
    let mut list = String::from("/// Ids and texts, sorted by id.\nstatic DOCUMENTS: &[(&str, &str)] = &[\n");
    for path in files {
        let id = path.file_stem().and_then(|stem| stem.to_str()).expect("an id is plain text");
        writeln!(list, "    ({id:?}, include_str!({:?})),", path.display().to_string())
            .expect("a String takes all text");
    }
    list.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("set by cargo")).join("catalogue.rs");
    fs::write(out, list).expect("the build folder can be written");
}
