//! Generated files: written, or compared with what is there.

use std::fs;
use std::path::Path;

/// What to do with the generated text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Write each file that differs.
    Write,
    /// Name each file that differs, and leave it alone.
    Check,
}

/// One generated file: its path below the repository root, and all of its text.
pub(crate) struct GeneratedFile {
    pub(crate) path: &'static str,
    pub(crate) text: String,
}

/// Writes or compares the files. True when every file now holds its text.
pub(crate) fn settle(root: &Path, files: &[GeneratedFile], mode: Mode) -> Result<bool, String> {
    let mut all_hold = true;
    for file in files {
        let path = root.join(file.path);
        if fs::read(&path).is_ok_and(|present| present == file.text.as_bytes()) {
            continue;
        }
        match mode {
            Mode::Check => {
                all_hold = false;
                println!("differs: {} (run `cargo run -p xtask -- generate`)", file.path);
            }
            Mode::Write => {
                let folder = path.parent().ok_or_else(|| format!("{} has no folder", file.path))?;
                fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", file.path))?;
                fs::write(&path, &file.text).map_err(|error| format!("{}: {error}", file.path))?;
                println!("wrote: {}", file.path);
            }
        }
    }
    Ok(all_hold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_seen_by_check_and_mended_by_write() {
        let root = std::env::temp_dir().join(format!("xtask-output-{}", std::process::id()));
        let files = [GeneratedFile { path: "folder/file.txt", text: "right\n".to_owned() }];

        assert_eq!(settle(&root, &files, Mode::Check), Ok(false), "a missing file differs");
        assert_eq!(settle(&root, &files, Mode::Write), Ok(true));
        assert_eq!(settle(&root, &files, Mode::Check), Ok(true));
        fs::write(root.join("folder/file.txt"), "right\r\n").unwrap();
        assert_eq!(settle(&root, &files, Mode::Check), Ok(false), "one byte more differs");

        fs::remove_dir_all(root).unwrap();
    }
}
