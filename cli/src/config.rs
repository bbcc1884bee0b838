//! Where the configuration and its secrets come from.
//!
//! No flag takes a secret: an argument is seen by every process of the machine and kept in the shell's history. A
//! secret comes from the environment, from a `.env` file, from a file that the configuration names, or from standard
//! input as `--env-file -`.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::Value;
use wiresign::{Config, ConfigErrors, Lookup};
use wiresign_host::SystemLookup;

use crate::failure::Failure;
use crate::{env_file, input};

/// Flags of every command that needs a configuration.
#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    /// The configuration document; - for standard input
    #[arg(short, long, value_name = "FILE", default_value = "wiresign.json", value_hint = ValueHint::FilePath)]
    config: PathBuf,

    /// Take the configuration from SERVICE_ID, SERVICE_SECRET, ALLOWED_SERVICES and the like instead of a document
    #[arg(long, conflicts_with = "config")]
    from_env: bool,

    /// A .env file with the variables that the configuration names; variables that are set already win; - for
    /// standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    env_file: Option<PathBuf>,
}

/// The result of reading a configuration: it holds, or it has problems.
pub(crate) struct Loaded {
    /// The file's name, for messages.
    pub(crate) origin: String,
    pub(crate) config: Result<Config, ConfigErrors>,
}

impl ConfigArgs {
    /// Reads and parses. The outer error is a file that cannot be read.
    pub(crate) fn load(&self) -> Result<Loaded, Failure> {
        self.load_as(Role::default())
    }

    /// The configuration, or a failure that lists its problems.
    pub(crate) fn require(&self) -> Result<Config, Failure> {
        self.require_as(Role::default())
    }

    /// The same configuration in another role: what an operator who holds the registry needs to call as one of its services.
    pub(crate) fn require_as(&self, role: Role<'_>) -> Result<Config, Failure> {
        let loaded = self.load_as(role)?;
        loaded.config.map_err(|errors| Failure::config(&loaded.origin, &errors))
    }

    fn load_as(&self, role: Role<'_>) -> Result<Loaded, Failure> {
        let lookup = Variables::read(self.env_file.as_deref())?;
        if self.from_env {
            if role.service.is_some() {
                return Err(Failure::usage("Set SERVICE_ID instead of --as: with --from-env it names the caller."));
            }
            if role.scheme.is_some() {
                return Err(Failure::usage(
                    "Set HMAC_SCHEME instead of --scheme: with --from-env it names the scheme.",
                ));
            }
            return Ok(Loaded { origin: "The environment".to_owned(), config: Config::from_env(&lookup) });
        }
        let mut document = input::read_text(&self.config, "the configuration")?;
        let origin = if self.config.as_os_str() == "-" {
            "The configuration from standard input".to_owned()
        } else {
            self.config.display().to_string()
        };
        if role != Role::default() {
            // The document as it stands must hold first: the substitution would hide a repeated member.
            if let Err(errors) = Config::parse(&document, &lookup) {
                return Ok(Loaded { origin, config: Err(errors) });
            }
            document = role.applied_to(&document);
        }
        Ok(Loaded { origin, config: Config::parse(&document, &lookup) })
    }
}

/// What a command puts in place of what the document says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Role<'a> {
    /// Whose document it is.
    pub(crate) service: Option<&'a str>,
    /// What is signed with.
    pub(crate) scheme: Option<&'a str>,
}

impl Role<'_> {
    fn applied_to(self, document: &str) -> String {
        let mut value: Value = serde_json::from_str(document).expect("the document was parsed before");
        for (name, text) in [("service", self.service), ("sign_with", self.scheme)] {
            if let Some(text) = text {
                value[name] = Value::from(text);
            }
        }
        value.to_string()
    }
}

/// The process environment, then the `.env` file; files as the host reads them.
struct Variables {
    system: SystemLookup,
    from_file: HashMap<String, String>,
}

impl Variables {
    fn read(env_file: Option<&std::path::Path>) -> Result<Self, Failure> {
        let from_file = match env_file {
            None => HashMap::new(),
            Some(path) => env_file::parse(&input::read_text(path, "the environment file")?)
                .map_err(|problem| Failure::problem(format!("{}, {problem}", path.display())))?,
        };
        Ok(Self { system: SystemLookup::new(), from_file })
    }
}

impl Lookup for Variables {
    fn env(&self, name: &str) -> Result<Option<String>, String> {
        Ok(self.system.env(name)?.or_else(|| self.from_file.get(name).cloned()))
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        self.system.file(path)
    }
}
