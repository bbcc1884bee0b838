//! The C header, from the exports of the C ABI crate.

use std::fs;
use std::path::Path;

use cbindgen::{Builder, Config};

use crate::output::Mode;

const CRATE: &str = "bindings-c";
const HEADER: &str = "bindings-c/include/wiresign.h";

/// Writes `include/wiresign.h`, or compares it. True when it holds what it should.
pub(crate) fn header(root: &Path, mode: Mode) -> Result<bool, String> {
    let folder = root.join(CRATE);
    let config = Config::from_file(folder.join("cbindgen.toml"))?;
    let mut builder = Builder::new().with_config(config);
    for module in modules(&folder)? {
        builder = builder.with_src(folder.join("src").join(format!("{module}.rs")));
    }
    let bindings = builder.generate().map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    let path = folder.join("include/wiresign.h");
    if fs::read_to_string(&path).is_ok_and(|present| present == text) {
        return Ok(true);
    }
    if mode == Mode::Check {
        println!("differs: {HEADER} (run `cargo run -p xtask -- header`)");
        return Ok(false);
    }
    fs::create_dir_all(folder.join("include")).map_err(|error| format!("{HEADER}: {error}"))?;
    fs::write(&path, text).map_err(|error| format!("{HEADER}: {error}"))?;
    println!("wrote: {HEADER}");
    Ok(true)
}

/// The public modules of the crate in the order in which `lib.rs` declares them, which is the order of the header.
fn modules(folder: &Path) -> Result<Vec<String>, String> {
    let source =
        fs::read_to_string(folder.join("src/lib.rs")).map_err(|error| format!("{CRATE}/src/lib.rs: {error}"))?;
    Ok(source
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .filter(|module| *module != "panic_test")
        .map(str::to_owned)
        .collect())
}
