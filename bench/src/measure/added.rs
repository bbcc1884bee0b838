//! R6 and J2: the CPU that our layer or filter adds to a request of a real server, against that of a usual one by hand.
//!
//! Three services run, each in a process of its own: bare, with ours, and with one by hand. They take turns, each round begins
//! with another one, and what their threads spent on the CPU is read from the kernel.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use super::script;
use crate::fleet::{CALLED, CALLER, Client, Fleet, METHOD};
use crate::report::{Row, Unit};

const BODY: &[u8] = &[b'x'; 200];
const KINDS: [&str; 3] = ["bare", "ours", "by hand"];
const BATCH: usize = 300;

pub(crate) fn servers() -> Result<Vec<Row>, String> {
    let mut rows = axum()?;
    rows.extend(spring_boot()?);
    Ok(rows)
}

/// R6: axum, in this program.
fn axum() -> Result<Vec<Row>, String> {
    let program = std::env::current_exe().map_err(|error| format!("this program has no path: {error}"))?;
    let compared = Compared { id: "R6", server: "axum", ours: "the layer", theirs: "hmac + sha2 by hand", rounds: 60 };
    compared.rows(|kind| {
        let mut command = Command::new(&program);
        command.args(["--serve", kind]);
        command
    })
}

/// J2: Spring Boot on Tomcat.
fn spring_boot() -> Result<Vec<Row>, String> {
    // The virtual machine compiles what is hot only after many requests.
    let (server, theirs) = ("Spring Boot on Tomcat", "a filter with javax.crypto.Mac by hand");
    let compared = Compared { id: "J2", server, ours: "the filter", theirs, rounds: 150 };
    compared.rows(|kind| {
        let mut command = Command::new("bench/java/run");
        command.args(["Service", kind]);
        command
    })
}

struct Compared {
    id: &'static str,
    server: &'static str,
    ours: &'static str,
    theirs: &'static str,
    rounds: usize,
}

impl Compared {
    fn rows(&self, command: impl Fn(&'static str) -> Command) -> Result<Vec<Row>, String> {
        let started: Result<Vec<Service>, String> =
            KINDS.into_iter().map(|kind| Service::start(command(kind))).collect();
        let mut services = started?;
        let mut client = Client::new(Fleet::default().signer(CALLER, CALLED));
        let mut best = [f64::INFINITY; KINDS.len()];
        for round in 0..self.rounds {
            for turn in 0..KINDS.len() {
                let at = (round + turn) % KINDS.len();
                let requests: Vec<Vec<u8>> = (0..BATCH).map(|_| wire(&mut client)).collect();
                best[at] = best[at].min(services[at].spent(&requests)?);
            }
        }
        let [bare, ours, theirs] = best;
        let (ours, theirs) = (ours - bare, theirs - bare);
        let what = format!(
            "{}, CPU added by {} ({ours:.0} ns) against {} ({theirs:.0} ns)",
            self.server, self.ours, self.theirs
        );
        let ratio = if ours.min(theirs) > 0.0 {
            Row::plain(self.id, what, theirs / ours, Unit::Faster)
        } else {
            // Less than nothing is no measurement: other programs took turns with the services.
            Row::plain(self.id, format!("{what}: lost in noise, bare service"), bare, Unit::Nanoseconds)
        };
        let floor = Row::plain(
            self.id,
            format!("{}, CPU of a request to the bare service", self.server),
            bare,
            Unit::Nanoseconds,
        );
        Ok(vec![ratio, floor])
    }
}

/// A request as it is sent, signed now.
fn wire(client: &mut Client) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
    let request = client.request(BODY, now);
    let target = std::str::from_utf8(request.target).expect("the target is ASCII");
    let fields: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    [format!("{METHOD} {target} HTTP/1.1\r\n{fields}\r\n").as_bytes(), BODY].concat()
}

/// One of the services, and a connection to it.
struct Service {
    process: Child,
    connection: BufReader<TcpStream>,
}

impl Service {
    /// Starts a service, which gets the fleet and prints its address.
    fn start(mut command: Command) -> Result<Self, String> {
        let name = format!("{command:?}");
        let failed = |error: io::Error| format!("{name}: {error}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository");
        command.current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(failed)?;
        let mut stdin = process.stdin.take().expect("stdin is a pipe");
        // A service that knows the fleet already does not read it.
        let _ = stdin.write_all(script::fleet().to_string().as_bytes());
        drop(stdin);
        let mut address = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("stdout is a pipe"));
        let connected = output.read_line(&mut address).and_then(|_| TcpStream::connect(address.trim()));
        match connected.and_then(|connection| connection.set_nodelay(true).map(|()| connection)) {
            Ok(connection) => Ok(Self { process, connection: BufReader::new(connection) }),
            Err(error) => {
                stop(&mut process);
                Err(failed(error))
            }
        }
    }

    /// Sends requests one after the other, and gives the nanoseconds of CPU that each took the service; infinitely many where
    /// that cannot be known, as what a thread that has ended spent.
    fn spent(&mut self, requests: &[Vec<u8>]) -> Result<f64, String> {
        let before = self.threads();
        for request in requests {
            self.ask(request).map_err(|error| format!("a service failed: {error}"))?;
        }
        let after = self.threads();
        if before.keys().any(|thread| !after.contains_key(thread)) {
            return Ok(f64::INFINITY);
        }
        Ok((after.values().sum::<u64>() - before.values().sum::<u64>()) as f64 / requests.len() as f64)
    }

    fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        self.connection.get_mut().write_all(request)?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.connection.read_line(&mut head)? == 0 {
                return Err(io::Error::other("the connection was closed"));
            }
        }
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.connection.read_exact(&mut body)?;
        // Only a handler has read all of it.
        if head.starts_with("http/1.1 200 ") && body == format!("{{\"read\":{}}}", BODY.len()).as_bytes() {
            return Ok(());
        }
        Err(io::Error::other(format!("it answered {head}{}", String::from_utf8_lossy(&body))))
    }

    /// What each thread has spent: collecting the garbage is a cost too.
    fn threads(&self) -> BTreeMap<String, u64> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).into_iter().flatten().flatten();
        tasks
            .filter_map(|task| {
                let schedule = fs::read_to_string(task.path().join("schedstat")).ok()?;
                Some((task.file_name().into_string().ok()?, schedule.split(' ').next()?.parse().ok()?))
            })
            .collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        stop(&mut self.process);
    }
}

/// It has no end of its own, and is known to none but this program.
fn stop(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}
