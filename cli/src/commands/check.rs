//! `wiresign check`: everything that is wrong with a configuration, at once.

use clap::Args;
use serde_json::json;

use crate::config::ConfigArgs;
use crate::exit::{self, Exit};
use crate::failure::{Failure, problems_json};
use crate::output::{BAD, CAUTION, GOOD, NAME, Output};

/// Check a configuration and its secrets
///
/// Lists every problem with the place in the document (a JSON pointer) and what to do, then the warnings. Run it where
/// the service will run, so that the secrets are there to be checked too.
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Check {
    #[command(flatten)]
    config: ConfigArgs,

    /// Exit with 1 when there are warnings, too
    #[arg(long)]
    strict: bool,
}

impl Check {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let loaded = self.config.load()?;
        let (problems, warnings) = match &loaded.config {
            Ok(config) => (&[][..], config.warnings()),
            Err(errors) => (errors.problems(), &[][..]),
        };
        let published: Vec<(&str, &str)> =
            loaded.config.as_ref().map_or_else(|_| Vec::new(), |config| config.jwks_urls().collect());
        let exit =
            if problems.is_empty() && (warnings.is_empty() || !self.strict) { Exit::Success } else { Exit::Problem };
        if output.is_json() {
            output.json(&json!({
                "ok": exit == Exit::Success,
                "service": loaded.config.as_ref().ok().map(|config| config.service()),
                "problems": problems_json(problems),
                "warnings": problems_json(warnings),
                "published_keys": published.iter().map(|(issuer, url)| json!({"issuer": issuer, "url": url})).collect::<Vec<_>>(),
            }));
            return Ok(exit);
        }
        output.problems(BAD, "problem", problems);
        output.problems(CAUTION, "warning", warnings);
        for (issuer, url) in published {
            output.labelled(
                NAME,
                "keys",
                format!(" of {issuer} come from {url}, and no token of it is accepted before that"),
            );
        }
        match &loaded.config {
            Ok(config) => {
                let services: Vec<&str> = config.service_ids().collect();
                let rest = format!(
                    ": {} describes {}, with {} in its registry and {}.",
                    loaded.origin,
                    config.service(),
                    count(services.len(), "service"),
                    count(warnings.len(), "warning")
                );
                let (style, word) = if exit == Exit::Success { (GOOD, "valid") } else { (BAD, "refused by --strict") };
                output.labelled(style, word, rest);
            }
            Err(_) => output.labelled(
                BAD,
                "not valid",
                format!(": {} has {}.", loaded.origin, count(problems.len(), "problem")),
            ),
        }
        Ok(exit)
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
