//! A running driver: lines in, lines out, each with a time limit, and nothing left behind.
//!
//! Reading and writing have a thread each, so that neither a driver that never reads nor one that never writes can hold
//! up the runner.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// More than any answer needs; a driver that writes without end must not fill the memory.
const LONGEST_LINE: usize = 64 * 1024 * 1024;
/// How much of the end of standard error is kept for messages.
const KEPT_OF_STDERR: usize = 4096;
/// How long a driver that closed its output may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// A driver's process. Dropping it kills the process and what it started.
#[derive(Debug)]
pub struct Process {
    child: Child,
    input: Option<Sender<Vec<u8>>>,
    lines: Receiver<Vec<u8>>,
    unfinished: Arc<Mutex<Vec<u8>>>,
    errors: Arc<Mutex<Vec<u8>>>,
    errors_closed: Receiver<()>,
}

/// Why there is no line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing, or only the start of a line, came in time.
    TooLong,
    /// The driver's output ended. The status is missing where the process went on without an output.
    Ended(Option<ExitStatus>),
}

impl Process {
    /// Starts the program.
    pub fn start(mut command: Command) -> io::Result<Process> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;

        let stdin = child.stdin.take().expect("standard input is piped");
        let stdout = child.stdout.take().expect("standard output is piped");
        let stderr = child.stderr.take().expect("standard error is piped");
        let unfinished = Arc::new(Mutex::new(Vec::new()));
        let errors = Arc::new(Mutex::new(Vec::new()));
        let (input, to_write) = mpsc::channel::<Vec<u8>>();
        let (found, lines) = mpsc::channel();
        let (closed, errors_closed) = mpsc::channel();

        thread::spawn(move || write_lines(stdin, &to_write));
        thread::spawn({
            let unfinished = Arc::clone(&unfinished);
            move || read_lines(stdout, &unfinished, &found)
        });
        thread::spawn({
            let errors = Arc::clone(&errors);
            move || {
                keep_end(stderr, &errors);
                // Nobody waits any more where this fails.
                let _ = closed.send(());
            }
        });
        Ok(Process { child, input: Some(input), lines, unfinished, errors, errors_closed })
    }

    /// Sends one line; the line break is added here. A driver that does not read shows in the missing answer.
    pub fn send(&self, line: &str) {
        if let Some(input) = &self.input {
            // The writer has ended where the driver closed its input; `receive` reports that.
            let _ = input.send(format!("{line}\n").into_bytes());
        }
    }

    /// Waits for one line, which comes without its line break.
    pub fn receive(&mut self, limit: Duration) -> Result<Vec<u8>, Silence> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(Silence::TooLong),
            Err(RecvTimeoutError::Disconnected) => Err(Silence::Ended(self.wait(GRACE))),
        }
    }

    /// The start of a line that was never finished.
    pub fn unfinished_line(&self) -> Vec<u8> {
        lock(&self.unfinished).clone()
    }

    /// The last lines of standard error.
    pub fn last_errors(&self) -> String {
        // What the process wrote before its end may still be on its way.
        let _ = self.errors_closed.recv_timeout(Duration::from_millis(200));
        String::from_utf8_lossy(&lock(&self.errors)).trim().to_owned()
    }

    /// Ends the driver's input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
                _ => return None,
            }
        }
    }

    fn kill(&mut self) {
        // With its children: a wrapper such as a shell would leave the real driver behind. The group is named after the
        // process, which has not been waited for, so the number cannot have been given to another one.
        #[cfg(unix)]
        if matches!(self.child.try_wait(), Ok(None))
            && let Ok(id) = i32::try_from(self.child.id())
            && let Some(group) = rustix::process::Pid::from_raw(id)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        // Both fail only for a process that has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn write_lines(mut stdin: impl Write, lines: &Receiver<Vec<u8>>) {
    for line in lines {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn read_lines(mut stdout: impl Read, unfinished: &Mutex<Vec<u8>>, lines: &Sender<Vec<u8>>) {
    let mut buffer = [0; 64 * 1024];
    loop {
        let count = match stdout.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let mut pending = lock(unfinished);
        let mut rest = &buffer[..count];
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            pending.extend_from_slice(&rest[..end]);
            if lines.send(std::mem::take(&mut *pending)).is_err() {
                return;
            }
            rest = &rest[end + 1..];
        }
        pending.extend_from_slice(rest);
        if pending.len() > LONGEST_LINE {
            return;
        }
    }
}

fn keep_end(mut stderr: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(count) = stderr.read(&mut buffer) {
        if count == 0 {
            return;
        }
        let mut kept = lock(kept);
        kept.extend_from_slice(&buffer[..count]);
        let excess = kept.len().saturating_sub(KEPT_OF_STDERR);
        kept.drain(..excess);
    }
}

fn lock(bytes: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    bytes.lock().expect("no thread panics while it holds this lock")
}
