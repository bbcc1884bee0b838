use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use wiresign::{Config, Head, Secrets, Verifier};

use crate::support::{CALLER_SECRET, CONFIG, Folder, SERVICE_SECRET};

/// A request as it came over the wire.
struct Received {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Received {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn read(stream: &mut impl Read) -> Self {
        let mut raw = Vec::new();
        let mut byte = [0];
        while !raw.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).expect("a whole head");
            raw.push(byte[0]);
        }
        let head = String::from_utf8(raw).expect("ASCII");
        let mut lines = head.trim_end().split("\r\n");
        let mut first = lines.next().expect("a request line").split(' ');
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").or_else(|| line.split_once(':')).expect("a header"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut received = Self {
            method: first.next().expect("a method").to_owned(),
            target: first.next().expect("a target").to_owned(),
            headers,
            body: Vec::new(),
        };
        let length = received.header("content-length").map_or(0, |length| length.parse().expect("a number"));
        assert!(received.header("transfer-encoding").is_none(), "the body has a length");
        received.body = vec![0; length];
        stream.read_exact(&mut received.body).expect("a whole body");
        received
    }
}

/// A service `orders` on a port of its own: verifies as a service does, and answers what `answer` says.
struct Service {
    port: u16,
    requests: Receiver<Received>,
}

type Answer = fn(&Received) -> Option<String>;

fn verifier() -> Verifier {
    let secrets = Secrets::new().env("ORDERS_SECRET", SERVICE_SECRET).env("BILLING_SECRET", CALLER_SECRET);
    Verifier::new(&Config::parse(CONFIG, &secrets).expect("the configuration holds"))
}

/// The answer to one request: 200 with the caller's name, a refusal, or what `answer` says instead.
fn respond(verifier: &Verifier, received: &Received, answer: Answer) -> String {
    if let Some(answer) = answer(received) {
        return answer;
    }
    let head = Head::new(received.method.as_bytes(), received.target.as_bytes(), &received.headers);
    let (status, body) = match verifier.verify(&head, &received.body, wiresign_host::now()) {
        Ok(verified) => (200, format!("hello {}\n", verified.service().unwrap_or("everybody"))),
        Err(refusal) => (refusal.status(), refusal.response().body),
    };
    format!(
        "HTTP/1.1 {status} Whatever\r\nX-Served-By: orders\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

impl Service {
    fn start(answer: Answer) -> Self {
        Self::serve(answer, |stream| stream)
    }

    fn serve<S: Read + Write>(answer: Answer, wrap: impl Fn(std::net::TcpStream) -> S + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, requests) = channel();
        // The thread ends with the test process.
        thread::spawn(move || {
            let verifier = verifier();
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
                let mut stream = wrap(stream);
                let received = Received::read(&mut stream);
                let response = respond(&verifier, &received, answer);
                // Where the client goes away first, there is nothing to answer.
                let _ = stream.write_all(response.as_bytes()).and_then(|()| stream.flush());
                if sender.send(received).is_err() {
                    return;
                }
            }
        });
        Self { port, requests }
    }

    fn url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.port)
    }

    fn received(&self) -> Received {
        self.requests.recv_timeout(Duration::from_secs(60)).expect("a request arrived")
    }

    /// The folder of a caller whose registry has this service's URL.
    fn folder(&self) -> Folder {
        let folder = Folder::new();
        folder.write("wiresign.json", CONFIG.replace("http://127.0.0.1:9", &self.url("")));
        folder
    }
}

fn judged(_: &Received) -> Option<String> {
    None
}

const CALL: [&str; 5] = ["call", "--as", "billing", "--target", "orders"];

fn call<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&CALL[..], more].concat()
}

#[test]
fn a_signed_call_is_accepted_over_the_wire() {
    let service = Service::start(judged);
    let folder = service.folder();
    let run = folder.run(&call(&["/invoices?draft=1"])).expect(0);
    assert_eq!(run.text(), "hello billing\n");
    assert_eq!(run.err, "HTTP/1.1 200 OK\n");
    let received = service.received();
    assert_eq!((received.method.as_str(), received.target.as_str()), ("GET", "/invoices?draft=1"));
    assert!(received.body.is_empty() && received.header("content-length").is_none());
}

#[test]
fn exact_method_target_headers_and_body_arrive() {
    let service = Service::start(judged);
    let folder = service.folder();
    folder.write("body.bin", b"\x00\xff\r\n$&");
    for (arguments, method, target, body) in [
        (&["/a;b/~?x=%2F%20+&&=;y='{}|^`[]"][..], "GET", "/a;b/~?x=%2F%20+&&=;y='{}|^`[]", &b""[..]),
        (&["/a/?"], "GET", "/a/?", b""),
        (&["/a", "--body", "{\"a\": 1}"], "POST", "/a", b"{\"a\": 1}"),
        (&["/a", "--body", ""], "POST", "/a", b""),
        (&["/a", "-X", "delete", "--body", "x"], "DELETE", "/a", b"x"),
        (&["/a", "-X", "GET", "--body", "x"], "GET", "/a", b"x"),
        (&["/a", "-X", "POST"], "POST", "/a", b""),
        (&["/a", "-X", "PATCH", "--body-file", "body.bin"], "PATCH", "/a", b"\x00\xff\r\n$&"),
        (&["/a", "-X", "PROPFIND"], "PROPFIND", "/a", b""),
        (&["/a", "-X", "OPTIONS"], "OPTIONS", "/a", b""),
    ] {
        let run = folder.run(&call(arguments));
        let received = service.received();
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.text(), run.err);
        assert_eq!((received.method.as_str(), received.target.as_str()), (method, target));
        assert_eq!(received.body, body, "{arguments:?}");
    }
}

#[test]
fn head_has_headers_and_no_body() {
    let service = Service::start(judged);
    let run = service.folder().run(&call(&["/a", "-X", "HEAD", "-i"])).expect(0);
    assert!(
        run.text().starts_with("HTTP/1.1 200 OK\n") && run.text().contains("x-served-by: orders"),
        "{}",
        run.text()
    );
}

#[test]
fn own_headers_are_sent_and_a_json_body_is_named_so() {
    let service = Service::start(judged);
    let folder = service.folder();
    for (arguments, name, value) in [
        (&["/a", "-H", "X-Extra: one two"][..], "X-Extra", Some("one two")),
        (&["/a", "--body", "[1]"], "Content-Type", Some("application/json")),
        (&["/a", "--body", "{not json"], "Content-Type", Some("application/octet-stream")),
        (&["/a", "--body", "[1]", "-H", "content-type: text/plain"], "Content-Type", Some("text/plain")),
        (&["/a"], "Content-Type", None),
        (&["/a", "-H", "Host: orders.example"], "Host", Some("orders.example")),
        (&["/a", "-H", "User-Agent: mine"], "User-Agent", Some("mine")),
    ] {
        folder.run(&call(arguments)).expect(0);
        let received = service.received();
        assert_eq!(received.header(name), value, "{arguments:?}");
        let count = received.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).count();
        assert_eq!(count, usize::from(value.is_some()), "{arguments:?}");
    }
}

#[test]
fn a_refusal_exits_with_4_and_points_to_its_explanation() {
    let service = Service::start(judged);
    let folder = service.folder().env("BILLING_SECRET", &SERVICE_SECRET.replace('c', "e"));
    let run = folder.run(&call(&["/invoices"])).expect(4);
    assert!(run.text().contains("\"INVALID_SIGNATURE\""), "{}", run.text());
    assert!(run.err.contains("HTTP/1.1 401 Unauthorized") && run.err.contains("wiresign refusals INVALID_SIGNATURE"));

    let answer = folder.run(&call(&["/invoices", "--json"])).expect(4).json();
    assert_eq!(answer["status"], 401);
    assert!(answer["body"].as_str().expect("text").contains("INVALID_SIGNATURE"));
}

#[test]
fn a_request_signed_for_another_service_is_refused_there() {
    let service = Service::start(judged);
    let folder = service.folder();
    let url = service.url("/invoices");
    let run = folder.run(&["call", "--as", "billing", "--target", "billing", &url]).expect(4);
    assert!(run.text().contains("TARGET_NOT_ALLOWED"), "{}", run.text());
}

#[test]
fn include_prints_the_head_and_json_the_whole_exchange() {
    let service = Service::start(judged);
    let folder = service.folder();
    let run = folder.run(&call(&["/invoices", "-i"])).expect(0);
    assert!(run.text().starts_with("HTTP/1.1 200 OK\nx-served-by: orders\n"), "{}", run.text());
    assert!(run.text().ends_with("\n\nhello billing\n"), "{}", run.text());
    assert_eq!(run.err, "");

    let answer = folder.run(&call(&["/invoices?q", "--json"])).expect(0).json();
    assert_eq!(answer["status"], 200);
    assert_eq!(answer["body"], "hello billing\n");
    assert_eq!(answer["request"]["url"], service.url("/invoices?q"));
    let headers = answer["request"]["headers"].as_array().expect("a list");
    assert!(headers.iter().any(|pair| pair[0] == "X-Signature"));
}

#[test]
fn redirects_are_not_followed() {
    let service = Service::start(|received| {
        let moved =
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        (received.target == "/moved").then(|| moved.to_owned())
    });
    let run = service.folder().run(&call(&["/moved", "-i"])).expect(4);
    assert!(run.text().contains("location: /elsewhere"), "{}", run.text());
    assert_eq!(service.received().target, "/moved");
    assert!(service.requests.recv_timeout(Duration::from_millis(200)).is_err(), "one request only");
}

#[test]
fn other_statuses_exit_with_4_and_2xx_with_0() {
    let service = Service::start(|received| {
        let status = received.target.trim_start_matches('/');
        Some(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
    });
    let folder = service.folder();
    for (status, code) in
        [("200", 0), ("202", 0), ("204", 0), ("304", 4), ("404", 4), ("429", 4), ("500", 4), ("503", 4)]
    {
        folder.run(&call(&[&format!("/{status}")])).expect(code);
        assert_eq!(
            folder.run(&call(&[&format!("/{status}"), "--json"])).expect(code).json()["status"].to_string(),
            status
        );
    }
}

#[test]
fn no_answer_exits_with_5() {
    // Nobody listens there, and the kernel gives it to nobody meanwhile.
    let port = 9;
    let folder = Folder::new();
    let url = format!("http://127.0.0.1:{port}/a");
    let run = folder.run(&call(&[&url])).expect(5);
    assert!(run.err.contains(&format!("No complete answer from http://127.0.0.1:{port}")), "{}", run.err);
    let error = folder.run(&call(&[&url, "--json"])).expect(5).json();
    assert_eq!(error["error"]["kind"], "unreachable");

    let run = folder.run(&call(&["http://no-such-host.invalid/a"])).expect(5);
    assert!(run.err.contains("no-such-host.invalid"), "{}", run.err);
}

#[test]
fn an_answer_that_does_not_come_or_stops_midway_exits_with_5() {
    let slow = Service::start(|_| {
        thread::sleep(Duration::from_secs(300));
        Some(String::new())
    });
    let run = slow.folder().run(&call(&["/a", "--timeout", "1"])).expect(5);
    assert!(run.err.contains("--timeout"), "{}", run.err);

    let broken =
        Service::start(|_| Some("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf".to_owned()));
    broken.folder().run(&call(&["/a"])).expect(5);
    broken.folder().run(&call(&["/a", "--json"])).expect(5);
    let nonsense = Service::start(|_| Some("SSH-2.0-OpenSSH\r\n\r\n".to_owned()));
    nonsense.folder().run(&call(&["/a"])).expect(5);
}

#[test]
fn https_is_verified_against_the_given_authority() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("key and certificate fit");
    let config = Arc::new(config);
    let service = Service::serve(judged, move |stream| {
        StreamOwned::new(ServerConnection::new(Arc::clone(&config)).expect("a TLS connection"), stream)
    });

    let folder = Folder::new();
    folder.write("ca.pem", made.cert.pem());
    let url = format!("https://localhost:{}/invoices?a=b", service.port);
    let run = folder.run(&call(&[&url, "--cacert", "ca.pem"])).expect(0);
    assert_eq!(run.text(), "hello billing\n");
    assert_eq!(service.received().target, "/invoices?a=b");
}

#[test]
fn https_to_a_service_without_tls_is_told_apart_from_a_bad_certificate() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    let run = Folder::new().run(&call(&[&format!("https://localhost:{port}/a")])).expect(5);
    assert!(run.err.contains("does not speak TLS") && !run.err.contains("certificate"), "{}", run.err);
}

#[test]
fn a_port_that_is_none_is_not_taken_for_the_usual_one() {
    let run = Folder::new().run(&call(&["http://127.0.0.1:99999/a"])).expect(2);
    assert!(run.err.contains("port"), "{}", run.err);
}

#[test]
fn https_with_an_unknown_authority_gets_no_request() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("key and certificate fit");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).expect("a TLS connection"), stream);
        let mut byte = [0];
        assert!(!matches!(stream.read(&mut byte), Ok(1)), "no byte of a request arrives");
    });
    let url = format!("https://localhost:{port}/a");
    let run = Folder::new().run(&call(&[&url])).expect(5);
    assert!(run.err.contains("--cacert"), "{}", run.err);
    server.join().expect("the server saw no request");
}

#[test]
fn what_cannot_be_sent_as_signed_is_not_sent() {
    let folder = Folder::new();
    folder.write("empty.pem", "");
    for (arguments, code, part) in [
        (&["--target", "billing", "/a"][..], 2, "Give the whole URL"),
        (&["--target", "orders", "*", "-X", "OPTIONS"], 2, "another client"),
        (&["--target", "orders", "/a?\""], 2, "Correct the URL"),
        (&["--target", "orders", "/a", "-H", "Content-Length: 5"], 2, "Leave out -H Content-Length"),
        (&["--target", "orders", "/a", "-H", "Transfer-Encoding: chunked"], 2, "Leave out -H Transfer-Encoding"),
        (&["--target", "orders", "/a", "-H", "X-Timestamp: 1"], 2, "Leave out -H X-Timestamp"),
        (&["--target", "orders", "/a", "--cacert", "nowhere.pem"], 1, "Cannot read the certificates"),
        (&["--target", "orders", "/a", "--cacert", "empty.pem"], 1, "PEM certificate"),
        (&["--target", "orders", "/a", "--timeout", "0"], 2, "--timeout"),
        (&["--target", "orders", "http://user:pw@h/a"], 2, "user name"),
        (&["--target", "orders", "http:///a"], 2, "host"),
        (&["--target", "orders", "ftp://h/a"], 1, "slash"),
    ] {
        let run = folder.run(&[&["call"][..], arguments].concat()).expect(code);
        assert!(run.err.contains(part), "{arguments:?}: {}", run.err);
    }
}
