//! The programs of `docs/rust`: the pages show them as they are, and they do what the pages say.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::key_sets::{Issuer, Published, token};
use crate::redis::Redis;
use crate::support::*;

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rust")
}

/// What stands between the first fences of a language.
fn block(page: &str, language: &str) -> String {
    let text = fs::read_to_string(pages().join(page)).expect("a page");
    let (_, rest) = text.split_once(&format!("```{language}\n")).expect("a block");
    rest.split_once("```\n").expect("its end").0.to_owned()
}

/// The pages, and the programs that they begin with.
const PROGRAMS: [(&str, &str); 6] = [
    ("axum.md", "axum_server"),
    ("tokens.md", "token_server"),
    ("tower.md", "tower_server"),
    ("redis.md", "redis_replay"),
    ("reqwest.md", "reqwest_client"),
    ("hyper.md", "hyper_client"),
];

#[test]
fn the_pages_show_the_programs_of_this_crate() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for (page, program) in PROGRAMS {
        let source = fs::read_to_string(programs.join(program).with_extension("rs")).expect("a program");
        assert_eq!(block(page, "rust"), source, "{page}");
    }
    assert_eq!(fs::read_dir(programs).expect("programs").count(), PROGRAMS.len());
    assert_eq!(fs::read_dir(pages()).expect("pages").count(), PROGRAMS.len() + 1);
}

/// A program in a folder with the config of the pages.
fn command(program: &str, service: &str, address: SocketAddr, folder: &Path) -> Command {
    let document = block("README.md", "json").replace("127.0.0.1:8000", &address.to_string());
    fs::write(folder.join("wiresign.json"), document).expect("written");
    // Examples are built beside the tests.
    let own = std::env::current_exe().expect("a test");
    let examples = own.parent().and_then(Path::parent).expect("two folders up").join("examples");
    let mut command = Command::new(examples.join(program));
    command.current_dir(folder).envs(SECRETS).env("SERVICE_ID", service).env("LISTEN", address.to_string());
    command
}

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server that has members of its own in its config.
async fn start(program: &str, environment: &[(&str, String)], others: serde_json::Value) -> (SocketAddr, Server) {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = command(program, "orders", address, folder.path());
    let path = folder.path().join("wiresign.json");
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("written")).expect("JSON");
    document.as_object_mut().expect("an object").extend(others.as_object().expect("an object").clone());
    fs::write(path, document.to_string()).expect("written");
    let server = Server(server.envs(environment.iter().cloned()).spawn().expect("it starts"));
    let mut tries = 0;
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tries += 1;
        assert!(tries < 1200, "{program} does not serve");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // It has read its config by now.
    (address, server)
}

async fn is_protected(program: &str, environment: &[(&str, String)], others: serde_json::Value) {
    let (address, _server) = start(program, environment, others).await;
    for (page, client) in &PROGRAMS[4..] {
        let folder = tempfile::tempdir().expect("a folder");
        let output =
            command(client, "billing", address, folder.path()).stderr(Stdio::inherit()).output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), block(page, "text"), "{program}, {client}");
    }
    expect(&ask(address, "GET", "/health", "", b"").await, 200, "up");
    expect_refusal(&ask(address, "GET", "/orders/7", "", b"").await, 401, "AUTHENTICATION_REQUIRED");
    expect(&call(address, "shop", "GET", "/orders/7", b"").await, 200, "order 7, asked by shop");
    let answer = call(address, "shop", "POST", "/invoices", b"{\"number\": 8}").await;
    expect_refusal(&answer, 403, "SERVICE_NOT_ALLOWED");
}

#[tokio::test]
async fn the_server_of_axum_is_protected() {
    is_protected("axum_server", &[], json!({})).await;
}

#[tokio::test]
async fn the_server_of_tower_is_protected() {
    is_protected("tower_server", &[], json!({})).await;
}

#[tokio::test]
async fn the_server_with_redis_is_protected() {
    let redis = Redis::start(free_port()).await;
    let url = format!("redis://127.0.0.1:{}/", redis.port);
    let replay: serde_json::Value = serde_json::from_str(&block("redis.md", "json")).expect("JSON");
    is_protected("redis_replay", &[("REDIS_URL", url)], replay).await;
}

#[tokio::test]
async fn the_server_knows_the_keys_of_an_issuer_from_the_first_request_on() {
    let issuer = Issuer::start(Published::set("k1")).await;
    let document = block("tokens.md", "json")
        .replace("https://login.example.com/.well-known/jwks.json", &issuer.url)
        .replace("https://login.example.com/", "login");
    let (address, _server) = start("token_server", &[], serde_json::from_str(&document).expect("JSON")).await;
    expect(&ask(address, "GET", "/me", &token("k1"), b"").await, 200, "you are login");
    expect_refusal(&ask(address, "GET", "/me", &token("k2"), b"").await, 401, "UNKNOWN_KEY");
    expect_refusal(&ask(address, "GET", "/me", "", b"").await, 401, "AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn a_server_that_is_killed_in_the_middle_of_a_body_has_accepted_nothing() {
    let body = b"{\"number\": 8}";
    let headers = signed(&signer("billing"), "POST", "/invoices", body);
    let head = format!(
        "POST /invoices HTTP/1.1\r\nhost: orders\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    let (address, server) = start("axum_server", &[], json!({})).await;
    let mut stream = connect(address, &[head.as_bytes(), &body[..5]].concat()).await;
    // It may take in what has come, or not: nobody can tell the difference.
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(server);
    let mut answer_of_half = Vec::new();
    // Whether the connection is closed or reset is up to the system.
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer_of_half).await;
    assert_eq!(String::from_utf8_lossy(&answer_of_half), "");
    let (address, _server) = start("axum_server", &[], json!({})).await;
    let whole = answer(connect(address, &[head.as_bytes(), body].concat()).await).await;
    expect(&whole, 200, "billing made invoice 8");
}
