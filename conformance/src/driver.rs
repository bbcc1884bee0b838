//! Which drivers there are and how each is started.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::step::CAPABILITIES;

/// A program that answers for one binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// The name of the binding in tables and reports.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it is started; the current folder where nothing is said.
    pub folder: Option<PathBuf>,
    /// What makes the program, for the message when it is not there.
    pub build: Option<String>,
    /// What its hello must declare at least. Without this list a driver could pass by declaring nothing.
    pub capabilities: Vec<String>,
    /// Of a peer, the schemes that it knows; nothing for a binding, which knows all of them.
    pub schemes: Option<Vec<String>>,
    /// Whether its refusals have codes. Other people's packages only accept or refuse.
    pub has_codes: bool,
    /// Whether the hello must name the binding `name`.
    pub named_by_hello: bool,
    /// How the user wrote it on the command line, so that a case can be repeated.
    pub argument: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    driver: Vec<Declared>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    name: String,
    command: Vec<String>,
    build: String,
    capabilities: Vec<String>,
    #[serde(default)]
    schemes: Option<Vec<String>>,
    #[serde(default = "yes")]
    codes: bool,
}

fn yes() -> bool {
    true
}

impl Driver {
    /// The drivers that `conformance/drivers.toml` under `root` declares. `{bin}` in a command is the folder of the
    /// running program; the environment variable `WIRESIGN_DRIVER_<NAME>` replaces a whole command.
    pub fn declared(root: &Path) -> Result<Vec<Driver>, String> {
        Driver::of_file(root, "conformance/drivers.toml")
    }

    /// Where peers are declared.
    pub const PEERS: &str = "conformance/peers/peers.toml";
    /// Where other people's packages are declared.
    pub const PACKAGES: &str = "conformance/peers/packages.toml";

    /// The declared peers, in the same form and each with its schemes.
    pub fn peers(root: &Path) -> Result<Vec<Driver>, String> {
        let peers = Driver::of_file(root, Driver::PEERS)?;
        match peers.iter().find(|peer| peer.schemes.is_none()) {
            Some(peer) => Err(format!("{}: {} does not say which schemes it knows", Driver::PEERS, peer.name)),
            None => Ok(peers),
        }
    }

    /// Other people's packages.
    pub fn packages(root: &Path) -> Result<Vec<Driver>, String> {
        Driver::of_file(root, Driver::PACKAGES)
    }

    /// Whether this judges some schemes only, and says where it does not.
    pub fn is_peer(&self) -> bool {
        self.schemes.is_some()
    }

    /// Whether the driver can be asked about this scheme.
    pub fn takes(&self, scheme: &str) -> bool {
        self.schemes.as_ref().is_none_or(|schemes| schemes.iter().any(|known| known == scheme))
    }

    fn of_file(root: &Path, name: &str) -> Result<Vec<Driver>, String> {
        let path = root.join(name);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        file.driver.into_iter().map(|declared| declared.into_driver(root)).collect()
    }

    /// A driver from the command line: `NAME=COMMAND`, or the name of a declared one.
    pub fn from_argument(argument: &str, declared: &[Driver]) -> Result<Driver, String> {
        let Some((name, command)) = argument.split_once('=') else {
            return declared
                .iter()
                .find(|driver| driver.name == argument)
                .cloned()
                .ok_or_else(|| format!("there is no declared driver {argument:?}; for another one say NAME=COMMAND"));
        };
        if name.is_empty() {
            return Err(format!("the driver {argument:?} has no name"));
        }
        Ok(Driver {
            name: name.to_owned(),
            command: split(command)?,
            folder: None,
            build: None,
            capabilities: Vec::new(),
            schemes: None,
            has_codes: true,
            named_by_hello: false,
            argument: argument.to_owned(),
        })
    }

    /// The command, ready to be started.
    pub fn to_command(&self) -> Command {
        let (program, arguments) = self.command.split_first().expect("a driver's command is never empty");
        let mut command = match &self.folder {
            // Which folder a relative program name is looked up in is left open by the standard library.
            Some(folder) if program.contains('/') => Command::new(folder.join(program)),
            _ => Command::new(program),
        };
        command.args(arguments);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    /// What is said after "could not be started".
    pub fn build_hint(&self) -> String {
        self.build.as_ref().map(|build| format!(" (build it with: {build})")).unwrap_or_default()
    }
}

impl Declared {
    fn into_driver(self, root: &Path) -> Result<Driver, String> {
        if let Some(unknown) = self.capabilities.iter().find(|name| !CAPABILITIES.contains(&name.as_str())) {
            return Err(format!("conformance/drivers.toml: {}: there is no capability {unknown:?}", self.name));
        }
        if self.command.is_empty() {
            return Err(format!("conformance/drivers.toml: {}: the command is empty", self.name));
        }
        let variable = format!("WIRESIGN_DRIVER_{}", self.name.to_ascii_uppercase().replace('-', "_"));
        let command = match env::var(&variable) {
            Ok(command) => split(&command).map_err(|error| format!("{variable}: {error}"))?,
            Err(_) => {
                let bin = own_folder()?;
                self.command.iter().map(|part| part.replace("{bin}", &bin)).collect()
            }
        };
        Ok(Driver {
            argument: self.name.clone(),
            name: self.name,
            command,
            folder: Some(root.to_owned()),
            build: Some(self.build),
            capabilities: self.capabilities,
            schemes: self.schemes,
            has_codes: self.codes,
            named_by_hello: true,
        })
    }
}

fn own_folder() -> Result<String, String> {
    let program = env::current_exe().map_err(|error| format!("the folder of this program is unknown: {error}"))?;
    let folder = program.parent().and_then(Path::to_str);
    folder.map(str::to_owned).ok_or_else(|| "the folder of this program is not UTF-8".to_owned())
}

fn split(command: &str) -> Result<Vec<String>, String> {
    match shlex::split(command) {
        Some(parts) if !parts.is_empty() => Ok(parts),
        Some(_) => Err("the command is empty".to_owned()),
        None => Err(format!("the quotes in {command:?} do not match")),
    }
}

#[cfg(test)]
mod tests {
    use super::Driver;

    #[test]
    fn splits_a_command_as_a_shell_does() {
        let driver = Driver::from_argument("mine=python3 'my driver.py' --flag=1", &[]).unwrap();
        assert_eq!(driver.name, "mine");
        assert_eq!(driver.command, ["python3", "my driver.py", "--flag=1"]);
    }

    #[test]
    fn refuses_what_is_no_driver() {
        for bad in ["=python3", "mine=", "mine='open", "undeclared"] {
            assert!(Driver::from_argument(bad, &[]).is_err(), "{bad}");
        }
    }
}
