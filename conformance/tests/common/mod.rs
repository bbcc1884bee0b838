//! What the tests share: the runner as a user starts it, and the two files of the README.

// Each test file uses a part of this.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The reference driver of this build.
pub(crate) const RUST_DRIVER: &str = env!("CARGO_BIN_EXE_driver-rust");

/// The end of a runner.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Fails the test, showing everything, unless the runner ended so.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, texts: &[&str]) {
        for text in texts {
            assert!(
                self.out.contains(text) || self.err.contains(text),
                "{text:?} is not in\n{}\n{}",
                self.out,
                self.err
            );
        }
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
    }

    pub(crate) fn last_line(&self) -> &str {
        self.out.lines().next_back().unwrap_or_default()
    }

    /// How often a text is in the output.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.out.matches(text).count()
    }
}

/// Starts the runner with these arguments.
pub(crate) fn runner(arguments: &[&str]) -> Ended {
    runner_in(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

/// Starts the runner in a folder.
pub(crate) fn runner_in(folder: &Path, arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_wiresign-conformance"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the runner was built with this test");
    Ended {
        code: output.status.code().expect("the runner is not killed"),
        out: String::from_utf8(output.stdout).expect("the runner writes UTF-8"),
        err: String::from_utf8(output.stderr).expect("the runner writes UTF-8"),
    }
}

/// A fresh folder for one test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder belongs to this test");
    }
    fs::create_dir_all(&folder).expect("the folder belongs to this test");
    folder
}

/// Takes a file out of the README and writes it into a folder.
pub(crate) fn unpack(name: &str, folder: &Path) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, readme_file(name)).expect("the folder can be written");
    path
}

/// The block of the README that stands behind `<!-- file: NAME -->`.
pub(crate) fn readme_file(name: &str) -> String {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once(&format!("<!-- file: {name} -->\n```")).expect("the README marks this file");
    let (_, block) = rest.split_once('\n').expect("a block has lines");
    block.split_once("\n```").expect("a block ends").0.to_owned() + "\n"
}

/// Words as a shell reads them.
pub(crate) fn command(words: &[&str]) -> String {
    shlex::try_join(words.iter().copied()).expect("no argument holds NUL")
}

/// A path as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("the target folder is UTF-8")
}

/// The command of a driver with one mistake, wrapped around a good one.
pub(crate) fn bad(mistake: &str, good: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drivers/bad.py");
    let mut words = vec!["python3", text(&script), mistake];
    words.extend(good);
    command(&words)
}
