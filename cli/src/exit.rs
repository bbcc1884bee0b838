//! Exit codes. They are part of the interface: scripts branch on them.

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command did what it was asked to do.
    Success = 0,
    /// Something that the command needs is wrong: the configuration, a file, a request that cannot be signed.
    Problem = 1,
    /// The arguments do not fit together.
    Usage = 2,
    /// `verify` or `explain` refused the request.
    Refused = 3,
    /// `call` got an answer, and its status was not 2xx.
    HttpStatus = 4,
    /// `call` got no answer.
    Unreachable = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// The table that every `--help` ends with.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done; for verify and explain: accepted; for call: a 2xx answer
  1  a problem with the configuration, a file or the request; the message says which
  2  wrong arguments
  3  verify, explain: the request was refused
  4  call: the service answered with a status that is not 2xx
  5  call: no answer (unknown host, no connection, TLS failure, time-out)";
