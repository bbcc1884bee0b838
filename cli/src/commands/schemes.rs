//! `wiresign schemes`: what a request can be signed with, and what each scheme does and does not protect from.
//!
//! The page of a scheme that is data is the same text here and in `docs/schemes/`. A test compares them; with `WIRESIGN_UPDATE_DOCS=1` in its
//! environment it writes them.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};
use wiresign::CatalogueEntry;

use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output::{NAME, Output};

/// The schemes between services, which have pages of their own in the documentation: id, title, what it is, page.
const OF_SERVICES: [[&str; 4]; 8] = [
    [
        "service-hmac-v2",
        "Service HMAC, version 2",
        "The one to choose between services of your own: method, path, query, time, caller, target, request id and body are \
         signed.",
        "docs/wire-formats.md",
    ],
    [
        "service-hmac",
        "Service HMAC",
        "For fleets that have it. The query, the target and the request id are not signed.",
        "docs/wire-formats.md",
    ],
    [
        "cross-service",
        "Cross-service",
        "For fleets that have it. The query, the caller's name, the target and the request id are not signed.",
        "docs/wire-formats.md",
    ],
    [
        "rfc9421",
        "HTTP Message Signatures (RFC 9421)",
        "The standard, for talking to software of others. What must be signed is set in the config.",
        "docs/rfc9421.md",
    ],
    [
        "aws-sigv4",
        "AWS Signature Version 4",
        "What clients of AWS sign with, as headers or as a link. The window is 15 minutes.",
        "docs/aws-sigv4.md",
    ],
    [
        "jwt",
        "JSON Web Token",
        "A token says who calls, and signs nothing of the request: whoever sees it can use it until it ends.",
        "docs/jwt.md",
    ],
    [
        "aws-identity",
        "AWS identity",
        "A proof of an IAM role says who calls, and signs nothing of the request but the called service.",
        "docs/aws-identity.md",
    ],
    [
        "api-key",
        "API key",
        "The key travels in X-Service-API-Key and signs nothing: whoever sees it can use it until it is taken out.",
        "docs/config.md",
    ],
];

/// List the schemes, or explain one
#[derive(Args, Debug)]
#[command(after_help = exit::HELP)]
pub(crate) struct Schemes {
    /// The id of the scheme to explain, as in `stripe`
    name: Option<String>,
}

impl Schemes {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self.name {
            None => list(output),
            Some(wanted) => explain(&wanted, output)?,
        }
        Ok(Exit::Success)
    }
}

fn explain(wanted: &str, output: &mut Output) -> Result<(), Failure> {
    if let Some(row @ [id, title, about, place]) = OF_SERVICES.iter().find(|[id, ..]| id.eq_ignore_ascii_case(wanted)) {
        if output.is_json() {
            output.json(&row_to_json(row));
        } else {
            output.line(format!("# {title} (`{id}`)\n\n{about}\n\nAll of it is in {place}."));
        }
        return Ok(());
    }
    let entry = wiresign::catalogue().find(|entry| entry.id().eq_ignore_ascii_case(wanted)).ok_or_else(|| {
        Failure::usage(format!("There is no scheme {wanted:?}; `wiresign schemes` lists all of them."))
    })?;
    if output.is_json() {
        output.json(&to_json(&entry));
    } else {
        output.line(page(&entry).trim_end());
    }
    Ok(())
}

fn row_to_json([id, title, about, place]: &[&str; 4]) -> Value {
    json!({"id": id, "title": title, "about": about, "page": place})
}

fn list(output: &mut Output) {
    if output.is_json() {
        output.json(
            &OF_SERVICES.iter().map(row_to_json).chain(wiresign::catalogue().map(|entry| to_json(&entry))).collect(),
        );
        return;
    }
    let mut row = |id: &str, title: &str| output.labelled(NAME, &format!("{id:<25}"), format!(" {title}"));
    for [id, title, ..] in OF_SERVICES {
        row(id, title);
    }
    for entry in wiresign::catalogue() {
        row(entry.id(), entry.title());
    }
}

fn to_json(entry: &CatalogueEntry) -> Value {
    json!({
        "id": entry.id(),
        "title": entry.title(),
        "sender": entry.sender(),
        "algorithm": entry.algorithm(),
        "headers": entry.headers().collect::<Vec<_>>(),
        "covered": entry.covered().collect::<Vec<_>>(),
        "window": entry.window().map(|(past, future)| json!({"past": past, "future": future})),
        "has_timestamp": entry.has_timestamp(),
        "needs_url": entry.needs_url(),
        "can_sign": entry.can_sign(),
        "legacy": entry.is_legacy(),
        "secret": entry.secret(),
        "notes": entry.notes().collect::<Vec<_>>(),
        "unprotected": unprotected(entry),
        "template": template(entry),
    })
}

fn template(entry: &CatalogueEntry) -> Value {
    serde_json::from_str(entry.document()).expect("the core's tests parse every template")
}

/// All about one scheme, as Markdown.
fn page(entry: &CatalogueEntry) -> String {
    let template = template(entry);
    let headers: Vec<_> = entry.headers().map(|name| format!("`{name}`")).collect();
    let facts = [
        ("headers", headers.join(", ")),
        ("signature", signature(&template)),
        ("signed", message(&template)),
        ("covers", covers(entry)),
        ("time", time(entry, &template)),
        ("algorithm", format!("`{}`{}", entry.algorithm(), if entry.is_legacy() { ", legacy" } else { "" })),
        ("key", key(&template)),
        (
            "handshake",
            if template["handshake"].is_null() { "" } else { "the sender's challenge is answered" }.to_owned(),
        ),
        ("signing", if entry.can_sign() { "yes" } else { "no: verified only" }.to_owned()),
    ];
    let mut page = format!("# {} (`{}`)\n\n{}\n\n| | |\n|---|---|\n", entry.title(), entry.id(), entry.sender());
    for (name, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        let _ = writeln!(page, "| {name} | {fact} |");
    }
    let _ = write!(page, "\n## The secret\n\n{}\n\n```json\n{}\n```\n", entry.secret(), config(entry, &template));
    page.push_str("\n## What it does not protect from\n\n");
    for sentence in unprotected(entry) {
        let _ = writeln!(page, "- {sentence}");
    }
    if entry.notes().next().is_some() {
        page.push_str("\n## Notes\n\n");
        for note in entry.notes() {
            let _ = writeln!(page, "- {note}");
        }
    }
    page
}

fn covers(entry: &CatalogueEntry) -> String {
    let names: Vec<_> = entry.covered().collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn signature(template: &Value) -> String {
    let form = &template["signature"];
    let mut text = match (&form["query"], &template["algorithm"]) {
        (Value::String(name), _) => format!("query parameter `{name}`, "),
        (_, Value::String(algorithm)) if algorithm == "token" => return "the secret itself".to_owned(),
        _ => String::new(),
    };
    text.push_str(form["encoding"].as_str().unwrap_or_default());
    match &form["prefix"] {
        Value::String(prefix) => _ = write!(text, " after `{prefix}`"),
        Value::Array(prefixes) => {
            let prefixes: Vec<_> = prefixes.iter().filter_map(Value::as_str).map(or_nothing).collect();
            let _ = write!(text, " after {}", prefixes.join(" or "));
        }
        _ => {}
    }
    if let Value::Object(list) = &form["list"] {
        let member = |name: &str| list.get(name).and_then(Value::as_str).unwrap_or_default();
        let (separator, assign) = (member("separator"), member("assign"));
        let between = if separator == " " { "a space".to_owned() } else { format!("`{separator}`") };
        let _ = write!(text, " in a list with {between} between its items: `{}{assign}…`", member("signature"));
        if !member("timestamp").is_empty() {
            let _ = write!(text, ", the time as `{}{assign}…`", member("timestamp"));
        }
    }
    text
}

fn or_nothing(prefix: &str) -> String {
    if prefix.is_empty() { "nothing".to_owned() } else { format!("`{prefix}`") }
}

/// The parts of the message, literals in quotes.
fn message(template: &Value) -> String {
    let parts = template["message"].as_array().map(Vec::as_slice).unwrap_or_default();
    let parts: Vec<_> = parts.iter().map(part).collect();
    parts.join(" + ")
}

fn part(part: &Value) -> String {
    let literal = |text: &str| format!("`{}`", Value::from(text)).replace('|', "\\|");
    match part {
        Value::String(text) if text.starts_with(|first: char| first.is_alphabetic()) => text.clone(),
        Value::String(text) => literal(text),
        _ => match (&part["literal"], &part["sorted"]) {
            (Value::String(text), _) => literal(text),
            (_, Value::String(what)) => format!("the sorted {what} parameters"),
            _ => String::new(),
        },
    }
}

fn time(entry: &CatalogueEntry, template: &Value) -> String {
    if !entry.has_timestamp() {
        return "none".to_owned();
    }
    let unit = match template["timestamp"]["unit"].as_str() {
        Some("ms") => "milliseconds",
        Some("rfc3339") => "a date as in RFC 3339",
        _ => "seconds",
    };
    match entry.window() {
        Some((past, future)) => format!("{unit}; at most {past} s old, {future} s ahead"),
        None => format!("{unit}; the window of the config"),
    }
}

fn key(template: &Value) -> String {
    let read = |encoding: &Value| match encoding.as_str() {
        Some("hex") => "the bytes that the secret's hex digits stand for",
        Some("base64") => "the bytes that the secret's base64 stands for",
        _ => "the secret's text, as it is",
    };
    match &template["key"] {
        Value::Object(form) => {
            let prefix = form.get("prefix").and_then(Value::as_str).unwrap_or_default();
            format!("{}, without `{prefix}` before it", read(&form["encoding"]))
        }
        encoding => read(encoding).to_owned(),
    }
}

/// What a config needs, to be copied.
fn config(entry: &CatalogueEntry, template: &Value) -> String {
    let id = entry.id();
    let variable = format!("{}_SECRET", id.to_uppercase().replace('-', "_"));
    let end = if entry.algorithm() == "sha256-prefix" { ", \"not_after\": \"2027-01-01T00:00:00Z\"" } else { "" };
    let mut members = format!("\"scheme\": \"{id}\", \"keys\": [{{\"secret\": \"env:{variable}\"{end}}}]");
    if entry.needs_url() {
        members.push_str(", \"url\": \"https://api.example.com/hooks\"");
    }
    if template["handshake"]["verify"]["token"].is_string() {
        members.push_str(", \"verify_token\": \"env:VERIFY_TOKEN\"");
    }
    format!("\"accept\": [\"webhook:{id}\"],\n\"webhooks\": {{\n  \"{id}\": {{{members}}}\n}}")
}

/// What somebody can do who has seen a genuine request, computed from what the signature covers.
fn unprotected(entry: &CatalogueEntry) -> Vec<String> {
    let covered: Vec<_> = entry.covered().collect();
    let has = |name: &str| covered.contains(&name);
    let mut sentences: Vec<&str> = Vec::new();
    if covered.is_empty() {
        return vec![
            "Anything: the secret travels in every request, so whoever sees one can send any other, for as long as the secret lives."
                .to_owned(),
        ];
    }
    if !has("body") {
        sentences.push("The body is not signed: it can be changed on the way.");
    }
    match entry.has_timestamp() {
        true => sentences.push(
            "Within the window a GET can be repeated, and any request where the replay store has not seen the first: after a restart, or in another process.",
        ),
        false => sentences.push(
            "No time is signed: whoever has seen a request can send it again, for as long as the secret lives. `replay.seconds` remembers signatures; many senders repeat a delivery unchanged, which it then refuses.",
        ),
    }
    if !has("method") && !has("path") {
        sentences.push(
            "Neither method nor path is signed: a request to one endpoint holds at every other one that has the same secret.",
        );
    } else if !has("method") {
        sentences.push("The method is not signed.");
    }
    if !has("query") {
        sentences.push("The query is not signed: take nothing from it that matters.");
    }
    match entry.algorithm() {
        "hmac-sha1" => sentences.push("SHA-1 is old. No attack on HMAC with it is known, and nothing new should use it."),
        "sha256-prefix" => sentences.push(
            "A hash that begins with the secret lets whoever has seen a signature sign longer messages that begin with the same one.",
        ),
        _ => {}
    }
    sentences.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemes")
    }

    /// The table of all schemes, which stands in the middle of a page that people write.
    fn table() -> String {
        let mut table = String::from("| scheme | sender | covers | time |\n|---|---|---|---|\n");
        for entry in wiresign::catalogue() {
            let (id, time) = (entry.id(), if entry.has_timestamp() { "signed" } else { "none" });
            let _ = writeln!(table, "| [`{id}`]({id}.md) | {} | {} | {time} |", entry.title(), covers(&entry));
        }
        table
    }

    fn overview(present: &str) -> String {
        const MARKS: [&str; 2] = ["<!-- generated: schemes -->\n", "<!-- end -->\n"];
        let [before, rest] = present.split_once(MARKS[0]).map(|(left, right)| [left, right]).expect("the first mark");
        let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
        format!("{before}{}{}{}{after}", MARKS[0], table(), MARKS[1])
    }

    #[test]
    fn docs_of_schemes_are_what_this_program_says() {
        let readme = std::fs::read_to_string(folder().join("README.md")).expect("docs/schemes/README.md");
        let mut wanted: BTreeMap<String, String> =
            wiresign::catalogue().map(|entry| (format!("{}.md", entry.id()), page(&entry))).collect();
        wanted.insert("README.md".into(), overview(&readme));
        let present = std::fs::read_dir(folder()).expect("docs/schemes");
        for name in present.map(|file| file.expect("a file").file_name().into_string().expect("a name")) {
            assert!(wanted.contains_key(&name), "docs/schemes/{name} belongs to no scheme; remove it");
        }
        for (name, text) in wanted {
            let path = folder().join(&name);
            if std::env::var_os("WIRESIGN_UPDATE_DOCS").is_some() {
                std::fs::write(&path, &text).expect("docs/schemes can be written");
            }
            let there = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(there == text, "docs/schemes/{name} differs; run `just generate`");
        }
    }

    #[test]
    fn what_a_config_may_name_is_listed_and_has_a_page() {
        let document = r#"{"service": "orders", "services": {}, "accept": ["no-such-scheme"]}"#;
        let errors = wiresign::Config::parse(document, &wiresign::Secrets::new()).expect_err("there is no such scheme");
        let [problem] = errors.problems() else { panic!("{errors:?}") };
        let (_, named) = problem.message.split_once("the schemes are ").expect("the message names all of them");
        let named: Vec<&str> = named.split(", ").take_while(|name| !name.starts_with('"')).collect();
        let mut listed = OF_SERVICES.map(|[id, ..]| id);
        let mut expected = named;
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed[..], expected[..]);
        for [id, _, _, page] in OF_SERVICES {
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page)).expect(id);
            assert!(text.contains(id), "{page} is about {id}");
        }
    }

    #[test]
    fn every_page_says_what_a_reader_needs() {
        for entry in wiresign::catalogue() {
            let page = page(&entry);
            for heading in ["# ", "| | |", "## The secret", "## What it does not protect from"] {
                assert!(page.contains(heading), "{}: {heading}", entry.id());
            }
            assert!(!entry.sender().is_empty() && !entry.secret().is_empty() && !unprotected(&entry).is_empty());
        }
    }

    #[test]
    fn the_config_on_each_page_is_one() {
        for entry in wiresign::catalogue() {
            let members = config(&entry, &template(&entry));
            let document = format!("{{\"service\": \"orders\", \"services\": {{}}, {members}}}");
            let errors = wiresign::Config::parse(&document, &wiresign::Secrets::new()).expect_err("no secret is set");
            // Only the secrets are missing.
            let is_secret = |pointer: &str| pointer.ends_with("/secret") || pointer.ends_with("/verify_token");
            let others: Vec<_> = errors.problems().iter().filter(|problem| !is_secret(&problem.pointer)).collect();
            assert!(others.is_empty(), "{}: {others:?}", entry.id());
        }
    }
}
