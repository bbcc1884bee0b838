//! A folder with a configuration, and the program run in it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const CALLER_SECRET: &str = "5f0c1a9be47d23868fd0b1c27e64a93d5816f2be70c94ad3e12b8f7605c3d94e";
pub(crate) const SERVICE_SECRET: &str = "c27be1940fa86d3571e8b204d96c3fa50b7d82e61f4395ca08d6e7b21a5f3c90";

/// Registry of `orders`, which `billing` may call.
pub(crate) const CONFIG: &str = r#"{
  "service": "orders",
  "accept": ["service-hmac-v2", "service-hmac"],
  "services": {
    "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}], "url": "http://127.0.0.1:9"},
    "billing": {"keys": [{"id": "k1", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}
  },
  "routes": [{"match": "GET /health", "public": true}]
}"#;

pub(crate) const NOW: &str = "1767225600";
pub(crate) const NONCE: &str = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11";

/// A folder of its own, removed in the end.
pub(crate) struct Folder {
    dir: TempDir,
    env: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("UTF-8 on standard output")
    }

    /// The JSON document on standard output, after a look at whether it is the only output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.err, "", "under --json nothing goes to standard error");
        assert!(self.out.ends_with(b"}\n") || self.out.ends_with(b"]\n"), "whole lines: {}", self.text());
        serde_json::from_slice(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", String::from_utf8_lossy(&self.out), self.err);
        self
    }
}

impl Folder {
    /// With nothing in it, and no variable set.
    pub(crate) fn empty() -> Self {
        Self { dir: TempDir::new().expect("a temporary folder"), env: Vec::new() }
    }

    /// With `wiresign.json` and the secrets in the environment.
    pub(crate) fn new() -> Self {
        let folder = Self::empty().env("ORDERS_SECRET", SERVICE_SECRET).env("BILLING_SECRET", CALLER_SECRET);
        folder.write("wiresign.json", CONFIG);
        folder
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without_env(mut self) -> Self {
        self.env.clear();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).expect("the temporary folder can be written");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program with the folder's variables and no others that could change what it does.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiresign"));
        command.args(arguments).current_dir(self.path()).env_clear().envs(self.env.iter().cloned());
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, b"")
    }

    /// Runs the program, and makes sure that no secret of this folder is in what it writes.
    #[track_caller]
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // A program that does not read its input closes the pipe; that is no failure.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin);
        let output = child.wait_with_output().expect("the program ends");
        let err = String::from_utf8(output.stderr).expect("UTF-8 on standard error");
        let run = Run { code: output.status.code().expect("no signal"), out: output.stdout, err };
        let shown = format!("{}\n{}", String::from_utf8_lossy(&run.out), run.err);
        let own = self.env.iter().filter(|(name, _)| name.ends_with("SECRET")).map(|(_, value)| value.as_str());
        for secret in own.chain([CALLER_SECRET, SERVICE_SECRET]) {
            assert!(secret.len() < 8 || !shown.contains(secret), "a secret was written by {arguments:?}");
        }
        run
    }

    /// Signs as billing for orders and gives the header lines, ready for `-H`.
    pub(crate) fn signed(&self, arguments: &[&str]) -> Vec<String> {
        let mut all = vec!["sign", "--as", "billing", "--target", "orders", "--now", NOW, "--nonce", NONCE];
        all.extend(arguments);
        self.run(&all).expect(0).text().lines().map(str::to_owned).collect()
    }
}
