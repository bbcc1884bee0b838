//! `wiresign-conformance`: runs vectors through drivers and says where they differ.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use wiresign_conformance::driver::Driver;
use wiresign_conformance::run::{BindingRun, State, apply_known_failures, compare_bindings, run};
use wiresign_conformance::totals::Totals;
use wiresign_conformance::vectors::{Case, Vectors};
use wiresign_conformance::{canary, diff, dump, junit, known, matrix, page, report_json, rules, table};

const EXIT_CODES: &str = "\
Exit codes:
  0  every judged case passed (with --canary: every canary was caught)
  1  at least one case failed (with --canary: at least one canary was missed)
  2  the command line, a vector file, drivers.toml or known-failures.toml cannot be used
  3  a driver could not be started and --require was given, or no driver could be started at all";

const DIFF_EXIT_CODES: &str = "\
Exit codes:
  0  no difference
  1  at least one difference
  2  the command line, a vector file or drivers.toml cannot be used
  3  a driver could not be started and --require was given, or fewer than two drivers could be started";

const MATRIX_EXIT_CODES: &str = "\
Exit codes:
  0  every pair agrees
  1  something was refused that is genuine, accepted that is not, or refused with another code
  2  the command line, drivers.toml or peers.toml cannot be used
  3  a driver could not be started and --require was given, or fewer than two drivers could be started";

#[derive(Parser)]
#[command(name = "wiresign-conformance", version, about, after_help = EXIT_CODES)]
struct Cli {
    /// Root of the repository [default: the nearest folder upwards that holds conformance/drivers.toml]
    #[arg(long, value_name = "DIR", global = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Judge drivers by vectors
    #[command(after_help = EXIT_CODES)]
    Run(Run),
    /// List the cases
    List(Selection),
    /// Show one case in one binding: asked, signed, expected, got
    Dump(Dump),
    /// Ask every driver hostile requests and configuration documents, and find where one differs from the first
    #[command(after_help = DIFF_EXIT_CODES)]
    Diff(DiffTask),
    /// Sign in each driver and verify in each other one, every scheme, then flip one bit in each field
    #[command(after_help = MATRIX_EXIT_CODES)]
    Matrix(MatrixTask),
    /// Make one page for people of report.json, matrix.json and diff.json
    Page(PageTask),
}

#[derive(Args)]
struct Selection {
    /// Folder of vector files, or one file; may be repeated [default: conformance/vectors]
    #[arg(long, value_name = "DIR", num_args = 1..)]
    vectors: Vec<PathBuf>,
    /// Only cases whose id contains this text; may be repeated
    #[arg(long, value_name = "SUBSTR")]
    filter: Vec<String>,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    selection: Selection,
    /// A driver as NAME=COMMAND, or the name of one in conformance/drivers.toml; may be repeated [default: all of those]
    #[arg(long, value_name = "NAME=COMMAND")]
    driver: Vec<String>,
    /// The peers of conformance/peers/peers.toml as well, by the verdicts of the vectors
    #[arg(long)]
    peers: bool,
    /// Only the published packages of conformance/peers/packages.toml, by the verdicts of the vectors and without codes;
    /// where they are known to differ stands in packages-differ.toml beside it
    #[arg(long, conflicts_with_all = ["peers", "canary"])]
    packages: bool,
    /// Fail when a driver could not be started
    #[arg(long)]
    require: bool,
    /// Write report.json and junit.xml into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Instead of vectors, run canaries, each of which must fail in every binding [default DIR: conformance/canary]
    #[arg(long, value_name = "DIR", num_args = 0..=1, conflicts_with = "vectors")]
    canary: Option<Option<PathBuf>>,
    /// The list of known failures [default: conformance/known-failures.toml]
    #[arg(long, value_name = "FILE")]
    known_failures: Option<PathBuf>,
    #[command(flatten)]
    limit: Limit,
}

#[derive(Args)]
struct Dump {
    /// Folder of vector files, or one file; may be repeated [default: conformance/vectors]
    #[arg(long, value_name = "DIR")]
    vectors: Vec<PathBuf>,
    /// The driver to ask, as for run
    #[arg(long, value_name = "NAME=COMMAND", default_value = "rust")]
    driver: String,
    #[command(flatten)]
    limit: Limit,
    /// The id of the case
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Args)]
struct DiffTask {
    /// Where all cases come from: the same seed gives the same cases on every machine
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many cases, rounded up to whole batches
    #[arg(long, value_name = "M", default_value_t = 20_000)]
    count: u64,
    /// The first case, to go on where a run was stopped
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// A driver as for run; the first one is the reference [default: rust, then all others of conformance/drivers.toml]
    #[arg(long, value_name = "NAME=COMMAND")]
    driver: Vec<String>,
    /// The peers of conformance/peers/peers.toml as well
    #[arg(long)]
    peers: bool,
    /// Vectors to start from [default: conformance/vectors]
    #[arg(long, value_name = "DIR", num_args = 1..)]
    vectors: Vec<PathBuf>,
    /// Fail when a driver could not be started
    #[arg(long)]
    require: bool,
    /// Write diff.json into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Where the smallest form of each difference is written as a vector file
    #[arg(long, value_name = "DIR", default_value = "target/diff")]
    out: PathBuf,
    /// Seconds that may be spent on making one difference smaller
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    shrink: u64,
    #[command(flatten)]
    limit: Limit,
}

#[derive(Args)]
struct MatrixTask {
    /// A driver as for run; the first one is the reference [default: all drivers, then all peers]
    #[arg(long, value_name = "NAME=COMMAND")]
    driver: Vec<String>,
    /// Leave the peers out
    #[arg(long)]
    no_peers: bool,
    /// Fail when a driver could not be started
    #[arg(long)]
    require: bool,
    /// Write matrix.json and MATRIX.md into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    #[command(flatten)]
    limit: Limit,
}

#[derive(Args)]
struct PageTask {
    /// Vectors that were judged [default: conformance/vectors]
    #[arg(long, value_name = "DIR", num_args = 1..)]
    vectors: Vec<PathBuf>,
    /// The folder of the reports, where report.html is written
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Args)]
struct Limit {
    /// Seconds that a driver may take for one case
    #[arg(long = "timeout", value_name = "SECONDS", default_value_t = 20.0)]
    seconds: f64,
}

/// How a run ended, and the exit code for it.
#[derive(Clone, Copy)]
enum End {
    Passed = 0,
    Failed = 1,
    NotRun = 3,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Task::Run(task) => run_task(task, cli.root.as_deref()),
        Task::List(task) => list_task(task, cli.root.as_deref()),
        Task::Dump(task) => dump_task(task, cli.root.as_deref()),
        Task::Diff(task) => diff_task(task, cli.root.as_deref()),
        Task::Matrix(task) => matrix_task(task, cli.root.as_deref()),
        Task::Page(task) => page_task(task, cli.root.as_deref()),
    };
    match result {
        Ok(end) => ExitCode::from(end as u8),
        Err(problem) => {
            // Nobody is left to tell where standard error is closed.
            let _ = writeln!(io::stderr(), "wiresign-conformance: {problem}");
            ExitCode::from(2)
        }
    }
}

fn run_task(task: &Run, root: Option<&Path>) -> Result<End, String> {
    let limit = task.limit.duration()?;
    let folders = match &task.canary {
        Some(Some(folder)) => vec![folder.clone()],
        Some(None) => vec![find_root(root)?.join("conformance/canary")],
        None => vector_folders(&task.selection.vectors, root)?,
    };
    let cases = load(&folders, &task.selection.filter)?;
    let drivers = drivers_of(task, root)?;
    let list = if task.packages { "conformance/peers/packages-differ.toml" } else { "conformance/known-failures.toml" };
    let known = match &task.known_failures {
        Some(path) => known::load(path)?,
        None => match find_root(root) {
            Ok(root) => known::load(&root.join(list))?,
            Err(_) => Vec::new(),
        },
    };
    // A list that names what does not exist hides a renamed case. Only all cases together can tell.
    let everything = task.selection.vectors.is_empty() && task.selection.filter.is_empty() && task.canary.is_none();
    if everything && let Some(stale) = known.iter().find(|known| !cases.iter().any(|case| case.id == known.id)) {
        return Err(format!("the list of known failures names {:?}, which no vector file has", stale.id));
    }

    let mut bindings = run(&cases, &drivers, limit);
    if task.canary.is_none() {
        compare_bindings(&cases, &mut bindings);
        apply_known_failures(&cases, &mut bindings, &known);
    }
    let totals = Totals::of_all(&cases, &bindings)?;
    if let Some(folder) = &task.report {
        write_reports(folder, &cases, &bindings, &totals, task.require)?;
    }
    if task.canary.is_some() { tell_canaries(&cases, &bindings) } else { tell(task, root, &cases, &bindings, &totals) }
        .map_err(|error| format!("the report could not be written: {error}"))
}

fn tell(task: &Run, root: Option<&Path>, cases: &[Case], bindings: &[BindingRun], totals: &Totals) -> io::Result<End> {
    let mut out = io::stdout().lock();
    table::write(&mut out, cases, bindings, |binding, case| repeat_command(task, root, binding, case))?;
    writeln!(out, "\n{}", totals.line(task.require))?;
    out.flush()?;
    Ok(if totals.failed > 0 {
        End::Failed
    } else if totals.not_run > 0 && (task.require || totals.passed == 0) {
        End::NotRun
    } else {
        End::Passed
    })
}

fn tell_canaries(cases: &[Case], bindings: &[BindingRun]) -> io::Result<End> {
    let missed = canary::missed(cases, bindings);
    let mut out = io::stdout().lock();
    let mut asked = 0;
    for binding in bindings {
        let own = binding.ends.iter().filter(|end| !canary::is_left_out(binding, end)).count();
        let missed = missed.iter().filter(|missed| missed.binding == binding.driver.name).count();
        writeln!(out, "{}: {} of {own} canaries caught", binding.driver.name, own - missed)?;
        asked += own;
    }
    for binding in bindings {
        let of_binding = || missed.iter().filter(|missed| missed.binding == binding.driver.name);
        if let State::NotRun(cause) | State::Broken(cause) = &binding.state {
            writeln!(out, "MISSED {} all {} canaries: {cause}", binding.driver.name, of_binding().count())?;
            continue;
        }
        for canary in of_binding() {
            writeln!(out, "MISSED {} {}: {}", canary.binding, canary.id, canary.reason)?;
        }
    }
    let skipped = match cases.len() * bindings.len() - asked {
        0 => String::new(),
        count => format!(", {count} skipped"),
    };
    writeln!(out, "\n{} passed, {} failed{skipped}", asked - missed.len(), missed.len())?;
    out.flush()?;
    Ok(if missed.is_empty() { End::Passed } else { End::Failed })
}

fn list_task(task: &Selection, root: Option<&Path>) -> Result<End, String> {
    let cases = load(&vector_folders(&task.vectors, root)?, &task.filter)?;
    let write = || -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        for case in &cases {
            let verdict = if case.must_refuse() { "refuse" } else { "accept" };
            writeln!(out, "{verdict}  {}  [{}]  {}", case.id, case.flags.join(", "), case.comment)?;
        }
        let refusals = cases.iter().filter(|case| case.must_refuse()).count();
        writeln!(out, "{} cases, {refusals} of them must refuse", cases.len())?;
        out.flush()
    };
    write().map_err(|error| format!("the list could not be written: {error}"))?;
    Ok(End::Passed)
}

fn dump_task(task: &Dump, root: Option<&Path>) -> Result<End, String> {
    let cases = load(&vector_folders(&task.vectors, root)?, &[])?;
    let Some(case) = cases.iter().find(|case| case.id == task.id) else {
        return Err(format!("there is no case {:?}; `list` shows all of them", task.id));
    };
    let drivers = drivers(std::slice::from_ref(&task.driver), root)?;
    let passed = dump::dump(&mut io::stdout().lock(), case, &drivers[0], task.limit.duration()?)
        .map_err(|error| format!("the case could not be shown: {error}"))?;
    Ok(if passed { End::Passed } else { End::Failed })
}

fn diff_task(task: &DiffTask, root: Option<&Path>) -> Result<End, String> {
    let cases = load(&vector_folders(&task.vectors, root)?, &[])?;
    let mut drivers = drivers(&task.driver, root)?;
    if task.driver.is_empty() {
        drivers.sort_by_key(|driver| driver.name != "rust");
    }
    if task.peers {
        drivers.extend(Driver::peers(&find_root(root)?)?);
    }
    let plan = diff::Task {
        seed: task.seed,
        from: task.from,
        count: task.count,
        limit: task.limit.duration()?,
        shrinking: Duration::from_secs(task.shrink),
        folder: task.out.clone(),
    };
    let found = diff::run(&plan, &drivers, &cases)?;
    if let Some(folder) = &task.report {
        let json = format!("{:#}\n", diff::table::summary(task.seed, &found));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(folder.join("diff.json"), json))
            .map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut out = io::stdout().lock();
    diff::table::write(&mut out, task.seed, &found)
        .map_err(|error| format!("the report could not be written: {error}"))?;
    let ran = found.drivers.iter().filter(|(_, state)| state.is_ok()).count();
    Ok(if !found.differences.is_empty() {
        End::Failed
    } else if ran < 2 || found.drivers[0].1.is_err() || (task.require && ran < found.drivers.len()) {
        End::NotRun
    } else {
        End::Passed
    })
}

fn matrix_task(task: &MatrixTask, root: Option<&Path>) -> Result<End, String> {
    let mut drivers = drivers(&task.driver, root)?;
    if task.driver.is_empty() && !task.no_peers {
        drivers.extend(Driver::peers(&find_root(root)?)?);
    }
    let matrix = matrix::play(&drivers, task.limit.duration()?);
    let mut tables = Vec::new();
    let written = matrix::table::write(&mut tables, &matrix).and_then(|()| {
        if let Some(folder) = &task.report {
            fs::create_dir_all(folder)?;
            fs::write(folder.join("matrix.json"), format!("{:#}\n", serde_json::json!(matrix)))?;
            fs::write(folder.join("MATRIX.md"), &tables)?;
        }
        let mut out = io::stdout().lock();
        out.write_all(&tables)?;
        writeln!(out, "\n{}", matrix::table::verdict(&matrix))?;
        out.flush()
    });
    written.map_err(|error| format!("the matrix could not be written: {error}"))?;
    Ok(if !matrix.failures.is_empty() {
        End::Failed
    } else if matrix.drivers.len() < 2 || (task.require && !matrix.not_run.is_empty()) {
        End::NotRun
    } else {
        End::Passed
    })
}

fn page_task(task: &PageTask, root: Option<&Path>) -> Result<End, String> {
    let cases = load(&vector_folders(&task.vectors, root)?, &[])?;
    page::write(&task.folder, &cases)?;
    writeln!(io::stdout(), "{}", task.folder.join("report.html").display()).map_err(|error| error.to_string())?;
    Ok(End::Passed)
}

impl Limit {
    fn duration(&self) -> Result<Duration, String> {
        match Duration::try_from_secs_f64(self.seconds) {
            Ok(limit) if !limit.is_zero() => Ok(limit),
            _ => Err(format!("--timeout {} is no number of seconds", self.seconds)),
        }
    }
}

fn find_root(given: Option<&Path>) -> Result<PathBuf, String> {
    let holds = |folder: &Path| folder.join("conformance/drivers.toml").is_file();
    if let Some(root) = given {
        return if holds(root) {
            Ok(root.to_owned())
        } else {
            Err(format!("{}: there is no conformance/drivers.toml", root.display()))
        };
    }
    let folder = env::current_dir().map_err(|error| format!("the current folder is unknown: {error}"))?;
    folder
        .ancestors()
        .find(|folder| holds(folder))
        .map(Path::to_owned)
        .ok_or_else(|| "no folder upwards holds conformance/drivers.toml; say --root DIR".to_owned())
}

fn vector_folders(given: &[PathBuf], root: Option<&Path>) -> Result<Vec<PathBuf>, String> {
    if given.is_empty() { Ok(vec![find_root(root)?.join("conformance/vectors")]) } else { Ok(given.to_vec()) }
}

fn load(folders: &[PathBuf], filter: &[String]) -> Result<Vec<Case>, String> {
    let mut vectors = Vectors::load(folders).map_err(|problems| problems.join("\nwiresign-conformance: "))?;
    vectors.filter(filter);
    if vectors.cases.is_empty() { Err("no case is left to judge".to_owned()) } else { Ok(vectors.cases) }
}

fn drivers_of(task: &Run, root: Option<&Path>) -> Result<Vec<Driver>, String> {
    if task.packages {
        let packages = Driver::packages(&find_root(root)?)?;
        let is_meant = |driver: &Driver| task.driver.is_empty() || task.driver.contains(&driver.name);
        return Ok(packages.into_iter().filter(is_meant).collect());
    }
    let mut drivers = drivers(&task.driver, root)?;
    if task.peers {
        drivers.extend(Driver::peers(&find_root(root)?)?);
    }
    Ok(drivers)
}

/// A driver of the command line: a command, or the name of a binding, or of a peer or a package where a repository has some.
fn named(argument: &str, root: Option<&Path>) -> Result<Driver, String> {
    let mut declared = Vec::new();
    if !argument.contains('=') {
        let root = find_root(root)?;
        declared = Driver::declared(&root)?;
        if root.join(Driver::PEERS).exists() {
            declared.extend(Driver::peers(&root)?);
        }
        if root.join(Driver::PACKAGES).exists() {
            declared.extend(Driver::packages(&root)?);
        }
    }
    Driver::from_argument(argument, &declared)
}

fn drivers(arguments: &[String], root: Option<&Path>) -> Result<Vec<Driver>, String> {
    let drivers = if arguments.is_empty() {
        Driver::declared(&find_root(root)?)?
    } else {
        arguments.iter().map(|argument| named(argument, root)).collect::<Result<_, _>>()?
    };
    for (index, driver) in drivers.iter().enumerate() {
        if drivers[..index].iter().any(|other| other.name == driver.name) {
            return Err(format!("there are two drivers with the name {:?}", driver.name));
        }
    }
    if drivers.is_empty() { Err("there is no driver to ask".to_owned()) } else { Ok(drivers) }
}

fn write_reports(
    folder: &Path,
    cases: &[Case],
    bindings: &[BindingRun],
    totals: &Totals,
    require: bool,
) -> Result<(), String> {
    let json = format!("{:#}\n", report_json::report(cases, bindings, totals));
    let xml = junit::document(cases, bindings, require);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(folder.join("report.json"), json))
        .and_then(|()| fs::write(folder.join("junit.xml"), xml))
        .and_then(|()| fs::write(folder.join("RULES.md"), rules::table(cases, bindings)))
        .map_err(|error| format!("{}: {error}", folder.display()))
}

fn repeat_command(task: &Run, root: Option<&Path>, binding: &BindingRun, case: &Case) -> String {
    let program = env::args().next().unwrap_or_else(|| "wiresign-conformance".to_owned());
    let mut words = vec![program, "dump".to_owned()];
    if let Some(root) = root {
        words.extend(["--root".to_owned(), root.display().to_string()]);
    }
    for folder in &task.selection.vectors {
        words.extend(["--vectors".to_owned(), folder.display().to_string()]);
    }
    words.extend(["--driver".to_owned(), binding.driver.argument.clone(), case.id.clone()]);
    // Only a NUL cannot be quoted, and no argument can hold one.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
