//! What other runtimes measure of themselves: a script gets the fleet as JSON, runs its own rounds and prints its rows as
//! JSON.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::fleet::{self, CALLED, CALLER, Fleet};
use crate::report::{Row, Unit};

const BODY_BYTES: usize = 200;

/// N1, N2, N3, R5 and T2, by the addon that is built in `bindings-node`.
pub(crate) fn node() -> Result<Vec<Row>, String> {
    // Without a collection in between, the growth of the heap is what was taken.
    let flags = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=64"];
    let mut rows = run(Command::new("node").args(flags).arg("bench/node/verify.mjs"))?;
    rows.extend(run(Command::new("node").arg("bench/node/added.mjs"))?);
    rows.extend(run(Command::new("node").arg("bench/node/webhooks.mjs"))?);
    rows.extend(run(Command::new("node").arg("bench/node/standards.mjs"))?);
    Ok(rows)
}

/// P1, P2, R5 and T2, by the module that is installed for `python` (the environment variable `PYTHON`, or `python3`).
pub(crate) fn python() -> Result<Vec<Row>, String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let mut rows = run(Command::new(&python).arg("bench/python/verify.py"))?;
    rows.extend(run(Command::new(&python).arg("bench/python/added.py"))?);
    rows.extend(run(Command::new(&python).arg("bench/python/webhooks.py"))?);
    rows.extend(run(Command::new(&python).arg("bench/python/standards.py"))?);
    Ok(rows)
}

/// G1, G2 and S2, by the Go package against the C library that is installed in `dist/c`.
pub(crate) fn go() -> Result<Vec<Row>, String> {
    run(Command::new("bindings-c/go/scripts/with-library").args(["go", "-C", "bench/go", "run", "."]))
}

/// J1 and S2, by the Java packages that `bindings-c/java/build package` has made.
pub(crate) fn java() -> Result<Vec<Row>, String> {
    run(Command::new("bench/java/run").arg("Verify"))
}

/// U1, by the Kotlin modules that `bindings-uniffi/kotlin/build package` has made, beside the Java package, and by the Ruby package
/// in `dist/ruby`.
pub(crate) fn uniffi() -> Result<Vec<Row>, String> {
    let mut rows = run(&mut Command::new("bench/uniffi/run"))?;
    rows.extend(run(Command::new("ruby").args(["-W0", "-I", "dist/ruby/lib", "bench/uniffi/verify.rb"]))?);
    Ok(rows)
}

/// The fleet that the Rust part measures with.
pub(super) fn fleet() -> Value {
    let described = Fleet::default();
    json!({
        "called": CALLED,
        "caller": CALLER,
        "called_document": described.document(CALLED),
        "caller_document": described.document(CALLER),
        "secrets": fleet::ids().map(|id| (id.clone(), fleet::secret(&id))).collect::<std::collections::BTreeMap<_, _>>(),
        "method": fleet::METHOD,
        "target": fleet::TARGET,
        "usual_headers": fleet::USUAL_HEADERS.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "body_bytes": BODY_BYTES,
        "webhook_documents": fleet::WEBHOOKS.map(|scheme| (scheme, fleet::webhook_document(scheme))).into_iter()
            .collect::<std::collections::BTreeMap<_, _>>(),
        "webhook_secret": fleet::WEBHOOK_SECRET,
        "standard_documents": fleet::STANDARDS.map(|scheme| (scheme, standard_documents(scheme))).into_iter()
            .collect::<std::collections::BTreeMap<_, _>>(),
    })
}

fn standard_documents(scheme: &str) -> Value {
    json!({
        "called": fleet::standard_document(scheme, CALLED),
        "caller": fleet::standard_document(scheme, CALLER),
    })
}

/// The rows that a script prints: an array of `{"id", "what", "measured", "unit", "must"?, "reach"?}`.
fn run(command: &mut Command) -> Result<Vec<Row>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository");
    let name = format!("{command:?}");
    let command = command.current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{name} does not start: {error}"))?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    // A script that does not read to the end has failed, and says why itself.
    let _ = stdin.write_all(fleet().to_string().as_bytes());
    drop(stdin);
    let output = child.wait_with_output().map_err(|error| format!("{name} does not end: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    let rows: Vec<Value> =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("{name} printed no rows: {error}"))?;
    rows.iter().map(|row| parse(row).ok_or_else(|| format!("{name} printed a row that is none: {row}"))).collect()
}

fn parse(row: &Value) -> Option<Row> {
    let id = ["G1", "G2", "J1", "N1", "N2", "N3", "P1", "P2", "R5", "S2", "T2", "U1"]
        .into_iter()
        .find(|id| row["id"] == *id)?;
    let unit = match row["unit"].as_str()? {
        "faster" => Unit::Faster,
        "bytes" => Unit::Bytes,
        "count" => Unit::Count,
        "nanoseconds" => Unit::Nanoseconds,
        _ => return None,
    };
    let (what, measured) = (row["what"].as_str()?, row["measured"].as_f64()?);
    Some(match (row["must"].as_f64(), row["reach"].as_f64()) {
        (Some(must), Some(reach)) => Row::judged(id, what, measured, unit, must, reach),
        _ => Row::plain(id, what, measured, unit),
    })
}
