//! `wiresign keygen`: a fresh secret.

use clap::{Args, ValueEnum};
use serde_json::json;
use wiresign::{SecretEncoding, encode_secret};
use zeroize::Zeroizing;

use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::Output;

/// The most bytes that `--bytes` takes.
const MAX_BYTES: usize = 128;

/// Make a secret for one service
///
/// Prints random bytes of the operating system as text, on a line of its own. Put it where the configuration looks for
/// it: an environment variable, or a file that only the service can read.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Keygen {
    /// How the bytes are written
    #[arg(long, value_enum, default_value_t = Format::Hex)]
    format: Format,

    /// How many random bytes; below 32 a key can be guessed
    #[arg(long, value_name = "32..128", default_value_t = 32, value_parser = clap::value_parser!(u8).range(32..=128))]
    bytes: u8,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Hex,
    Base64,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }

    fn encoding(self) -> SecretEncoding {
        match self {
            Self::Hex => SecretEncoding::Hex,
            Self::Base64 => SecretEncoding::Base64,
        }
    }
}

impl Keygen {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let secret = secret(self.format, usize::from(self.bytes))?;
        if output.is_json() {
            output.json(&json!({"secret": *secret, "format": self.format.name(), "bytes": self.bytes}));
        } else {
            output.line(&*secret);
        }
        Ok(Exit::Success)
    }
}

/// The secret that a new service gets: 32 bytes as hex.
pub(super) fn fresh() -> Result<Zeroizing<String>, Failure> {
    secret(Format::Hex, 32)
}

fn secret(format: Format, length: usize) -> Result<Zeroizing<String>, Failure> {
    let random = Zeroizing::new(wiresign_host::random::<MAX_BYTES>()?);
    Ok(Zeroizing::new(encode_secret(&random[..length], format.encoding())))
}
