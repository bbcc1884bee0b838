//! `wiresign init`: the first configuration of a service, and a program that uses it.

mod framework;
mod node;
mod python;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::json;
use zeroize::Zeroizing;

use self::framework::Framework;
use super::keygen;
use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::{GOOD, Output};

/// Write a first configuration and a small service that uses it
///
/// Writes wiresign.json, its JSON Schema, .env.example, and for a framework a service that runs and its tests. Nothing that
/// exists is overwritten without --force.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Init {
    /// What the service is built with; none for the configuration alone
    #[arg(long, value_enum)]
    framework: Framework,

    /// The id of the service
    #[arg(long, value_name = "ID", default_value = "my-service", value_parser = service_id)]
    service: String,

    /// The id of a first service that may call it
    #[arg(long, value_name = "ID", default_value = "example-client", value_parser = service_id)]
    caller: String,

    /// The folder to write to; made when it is not there
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    dir: PathBuf,

    /// Write .env, too, with fresh secrets that only the owner of the file can read
    #[arg(long)]
    with_secrets: bool,

    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

struct NewFile {
    name: &'static str,
    text: Zeroizing<String>,
    secret: bool,
}

impl Init {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        if self.service == self.caller {
            return Err(Failure::usage("Give --caller another id than --service: a service does not call itself."));
        }
        if variable(&self.service) == variable(&self.caller) {
            return Err(Failure::usage("Give --caller an id that differs from --service in a letter or digit."));
        }
        let files = self.files()?;
        let existing: Vec<&str> =
            files.iter().map(|file| file.name).filter(|name| self.dir.join(name).exists()).collect();
        if !self.force && !existing.is_empty() {
            return Err(Failure::problem(format!(
                "{} has {} already; give another --dir, or --force to overwrite.",
                self.dir.display(),
                existing.join(", ")
            )));
        }
        for file in &files {
            let path = self.dir.join(file.name);
            write(&path, file, self.force)
                .map_err(|error| Failure::problem(format!("Cannot write {}: {error}.", path.display())))?;
        }
        let next = self.next_steps();
        if output.is_json() {
            let written: Vec<String> =
                files.iter().map(|file| self.dir.join(file.name).display().to_string()).collect();
            output.json(&json!({"written": written, "next": next}));
            return Ok(Exit::Success);
        }
        for file in &files {
            output.labelled(GOOD, "wrote", format!(" {}", self.dir.join(file.name).display()));
        }
        output.line("\nNext:");
        for step in next {
            output.line(format!("  {step}"));
        }
        Ok(Exit::Success)
    }

    fn files(&self) -> Result<Vec<NewFile>, Failure> {
        let plain = |name, text: &str| NewFile { name, text: Zeroizing::new(self.fill(text)), secret: false };
        let mut files = vec![
            plain("wiresign.json", include_str!("../../../templates/wiresign.json")),
            plain("wiresign.schema.json", wiresign::CONFIG_SCHEMA),
            plain(".env.example", include_str!("../../../templates/env.example")),
        ];
        files.extend(self.framework.project().files.iter().map(|&(name, text)| plain(name, text)));
        if self.with_secrets {
            let mut text = Zeroizing::new(String::new());
            for service in [&self.service, &self.caller] {
                text.push_str(&format!("{}={}\n", variable(service), *keygen::fresh()?));
            }
            files.push(NewFile { name: ".env", text, secret: true });
        }
        Ok(files)
    }

    fn fill(&self, template: &str) -> String {
        let project = self.framework.project();
        let text = template
            .replace("@service@", &self.service)
            .replace("@caller@", &self.caller)
            .replace("@SERVICE_SECRET@", &variable(&self.service))
            .replace("@CALLER_SECRET@", &variable(&self.caller))
            .replace("@port@", project.port);
        project.placeholders.iter().fold(text, |text, (name, value)| text.replace(name, value))
    }

    fn next_steps(&self) -> Vec<String> {
        let mut steps = Vec::new();
        if self.dir != Path::new(".") {
            steps.push(format!("cd {}", self.dir.display()));
        }
        if !self.with_secrets {
            steps.push("cp .env.example .env    # then give each variable a secret: wiresign keygen".to_owned());
        }
        steps.push("wiresign check --env-file .env".to_owned());
        steps.extend(self.framework.project().commands.iter().map(|&step| step.to_owned()));
        if self.framework != Framework::None {
            let Self { service, caller, .. } = self;
            steps.push(format!("wiresign call --env-file .env --as {caller} --target {service} '/hello?name=you'"));
        }
        steps
    }
}

/// The environment variable that holds a service's secret.
fn variable(service: &str) -> String {
    let name: String = service
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' })
        .collect();
    // A variable cannot begin with a digit.
    let prefix = if name.starts_with(|first: char| first.is_ascii_digit()) { "SERVICE_" } else { "" };
    format!("{prefix}{name}_SECRET")
}

fn service_id(text: &str) -> Result<String, String> {
    let mut letters = text.bytes();
    let starts_well = letters.next().is_some_and(|first| first.is_ascii_alphanumeric());
    if starts_well
        && text.len() <= 128
        && letters.all(|letter| letter.is_ascii_alphanumeric() || b"._-".contains(&letter))
    {
        Ok(text.to_owned())
    } else {
        Err("an id has 1 to 128 letters, digits, dots, underscores or hyphens, and begins with a letter or digit"
            .to_owned())
    }
}

fn write(path: &Path, file: &NewFile, force: bool) -> io::Result<()> {
    if force && path.exists() {
        // Removing first gives a new file: the permissions of an old .env may be too wide, and a link is not followed.
        fs::remove_file(path)?;
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if file.secret {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(file.text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_id_becomes_a_variable_that_a_shell_accepts() {
        assert_eq!(variable("image-service"), "IMAGE_SERVICE_SECRET");
        assert_eq!(variable("a.b_c-1"), "A_B_C_1_SECRET");
        assert_eq!(variable("3d-printer"), "SERVICE_3D_PRINTER_SECRET");
    }

    #[test]
    fn ids_are_those_of_the_configuration() {
        for good in ["a", "9", "Image.Service_2-x", &"a".repeat(128)] {
            assert!(service_id(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", ".a", "a b", "a\"b", "ä", &"a".repeat(129)] {
            assert!(service_id(bad).is_err(), "{bad}");
        }
    }
}
