//! Callers that prove their IAM roles, about whom AWS is asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tower::{Layer, ServiceExt, service_fn};
use wiresign_tower::{
    AwsCredentials, AwsSigners, BoxError, Caller, Config, SigningClient, Sts, StsBuilder, Verifier, VerifyLayer,
    parse_config,
};

use crate::moto::{ACCOUNT, Credentials, moto};
use crate::support::*;

fn roles(service: &str) -> Config {
    let document = json!({
        "service": service,
        "accept": ["aws-identity"],
        "sign_with": "aws-identity",
        "aws_identity": {
            "regions": ["eu-central-1"],
            "roles": {"arn:aws:iam::123456789012:role/prod-{service}-task": "{service}"},
        },
        "services": {"orders": {}, "stock": {}, "billing": {"allowed_targets": ["orders", "stock"]}},
        "routes": [{"match": "/open", "public": true}],
    });
    parse_config(&document.to_string()).expect("a good config")
}

/// Stands before AWS, and counts the questions.
#[derive(Clone)]
struct Counted {
    url: String,
    asked: Arc<AtomicUsize>,
    to: String,
}

impl Counted {
    async fn start(to: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let counted = Self { url, asked: Arc::default(), to: to.to_owned() };
        let router = Router::new().fallback(hand_on).with_state(counted.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        counted
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn hand_on(State(counted): State<Counted>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    counted.asked.fetch_add(1, Ordering::Relaxed);
    let request = reqwest::Client::new().post(&counted.to).headers(headers).body(body);
    let answer = request.send().await.expect("moto answers");
    let status = answer.status();
    let body = answer.bytes().await.expect("a body");
    Response::builder().status(status).body(body.into()).expect("a response")
}

async fn orders(endpoint: &str, settings: impl FnOnce(StsBuilder) -> StsBuilder) -> SocketAddr {
    // A busy machine is no silence.
    let sts =
        settings(Sts::builder().endpoint(endpoint).timeout(Duration::from_secs(60))).build().expect("good settings");
    let who = async |caller: Caller| {
        format!("{} {} {}", caller.service(), caller.subject().unwrap_or("?"), caller.key_id().unwrap_or("?"))
    };
    let routes = Router::new().route("/a", any(who)).route("/open", get(async || "open"));
    serve(routes.layer(VerifyLayer::new(Verifier::new(&roles("orders"))).aws(sts))).await
}

/// The headers of a request to a service that proves a role.
fn prove_at(credentials: &Credentials, target: &str, now: u64) -> String {
    let signer = credentials.signer(&roles("billing"), Some(target));
    let head = wiresign::Head::new(b"POST", b"/a", &[] as &[(&str, &str)]);
    let nonce = wiresign_host::request_id_string().expect("random");
    let signed = signer.sign(&head, b"", now, &nonce).expect("signed");
    signed.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

fn prove(credentials: &Credentials, target: &str) -> String {
    prove_at(credentials, target, wiresign_host::now())
}

async fn call_with(address: SocketAddr, proof: &str) -> String {
    ask(address, "POST", "/a", proof, b"{}").await
}

#[tokio::test]
async fn a_role_is_let_in_and_asked_about_once() {
    let mut aws = moto().await;
    let billing = aws.role("prod-billing-task", ACCOUNT).await;
    let counted = Counted::start(&aws.url).await;
    let address = orders(&counted.url, |settings| settings).await;
    let proof = prove(&billing, "orders");
    let arn = "arn:aws:sts::123456789012:assumed-role/prod-billing-task/task-1";
    for _ in 0..3 {
        expect(&call_with(address, &proof).await, 200, &format!("\r\n\r\nbilling {arn} {}", billing.id));
    }
    assert_eq!(counted.asked(), 1);
}

#[tokio::test]
async fn a_forged_proof_is_refused_and_asked_about_once() {
    let mut aws = moto().await;
    let billing = aws.role("prod-billing-task", ACCOUNT).await;
    let counted = Counted::start(&aws.url).await;
    let address = orders(&counted.url, |settings| settings).await;
    let forged = prove(&Credentials { secret: "x".repeat(40), ..billing.clone() }, "orders");
    for _ in 0..3 {
        expect_refusal(&call_with(address, &forged).await, 401, "INVALID_SIGNATURE");
    }
    assert_eq!(counted.asked(), 1);
    // What is signed is the other target, and the verifier asks about its own.
    let moved = prove(&billing, "stock").replace(": stock\r\n", ": orders\r\n");
    expect_refusal(&call_with(address, &moved).await, 401, "INVALID_SIGNATURE");
    assert!(call_with(address, &prove(&billing, "orders")).await.contains("\r\n\r\nbilling "));
}

#[tokio::test]
async fn what_the_head_decides_is_not_asked() {
    let mut aws = moto().await;
    let billing = aws.role("prod-billing-task", ACCOUNT).await;
    let counted = Counted::start(&aws.url).await;
    let address = orders(&counted.url, |settings| settings).await;
    expect_refusal(&call_with(address, &prove(&billing, "stock")).await, 403, "TARGET_NOT_ALLOWED");
    let old = prove_at(&billing, "orders", wiresign_host::now() - 400);
    expect_refusal(&call_with(address, &old).await, 401, "TIMESTAMP_OUTSIDE_WINDOW");
    expect_refusal(&call_with(address, "").await, 401, "AUTHENTICATION_REQUIRED");
    expect(&ask(address, "GET", "/open", &prove(&billing, "orders"), b"").await, 200, "open");
    assert_eq!(counted.asked(), 0);
}

#[tokio::test]
async fn other_roles_and_accounts_are_nobody() {
    let mut aws = moto().await;
    let counted = Counted::start(&aws.url).await;
    let address = orders(&counted.url, |settings| settings).await;
    for (role, account) in
        [("dev-billing-task", ACCOUNT), ("prod-nobody-task", ACCOUNT), ("prod-billing-task", "210987654321")]
    {
        let credentials = aws.role(role, account).await;
        expect_refusal(&call_with(address, &prove(&credentials, "orders")).await, 401, "UNKNOWN_SERVICE");
    }
    assert_eq!(counted.asked(), 3);
}

fn someone() -> Credentials {
    Credentials { id: "ASIABILLING000000001".into(), secret: "s".repeat(40), token: Some("token".into()) }
}

fn says_billing() -> Value {
    let arn = "arn:aws:sts::123456789012:assumed-role/prod-billing-task/1";
    json!({"GetCallerIdentityResponse": {"GetCallerIdentityResult": {"Account": "123456789012", "Arn": arn}}})
}

/// What answers in the place of AWS, with the questions that came.
async fn answering<F: Future<Output = (u16, String)> + Send>(
    answer: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let respond = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let answer = answer();
        async move {
            let (status, text) = answer.await;
            let location = if status == 307 { "/right" } else { "" };
            (StatusCode::from_u16(status).expect("a status"), [("location", location)], text)
        }
    };
    let right = any(async || says_billing().to_string());
    let address = serve(Router::new().route("/right", right).fallback(respond)).await;
    (format!("http://{address}"), asked)
}

#[tokio::test]
async fn without_an_answer_nobody_is_let_in() {
    let says = says_billing().to_string();
    let (long, short) = (says.clone() + &" ".repeat(16 * 1024), says.clone());
    let answers: [(u16, String); 5] =
        [(503, String::new()), (307, String::new()), (200, long), (200, "<html>".into()), (0, String::new())];
    for (status, text) in answers {
        let (url, asked) = answering(move || {
            let text = text.clone();
            async move {
                if status == 0 {
                    std::future::pending::<()>().await;
                }
                (status, text)
            }
        })
        .await;
        // Nothing but what never comes is to be late, on a busy machine neither.
        let limit = Duration::from_secs(if status == 0 { 1 } else { 60 });
        let address = orders(&url, |settings| settings.timeout(limit)).await;
        let proof = prove(&someone(), "orders");
        for _ in 0..2 {
            expect_refusal(&call_with(address, &proof).await, 503, "IDENTITY_UNAVAILABLE");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{status}");
    }
    // Nobody is there.
    let address = orders("http://127.0.0.1:1", |settings| settings).await;
    expect_refusal(&call_with(address, &prove(&someone(), "orders")).await, 503, "IDENTITY_UNAVAILABLE");
    // Nobody asks.
    let address = serve(protected(&Arc::new(Verifier::new(&roles("orders"))))).await;
    expect_refusal(&call_with(address, &prove(&someone(), "orders")).await, 503, "IDENTITY_UNAVAILABLE");
    // With the answer alone, somebody is.
    let (url, _) = answering(move || std::future::ready((200, short.clone()))).await;
    let address = orders(&url, |settings| settings).await;
    assert!(call_with(address, &prove(&someone(), "orders")).await.contains("\r\n\r\nbilling "));
}

#[tokio::test]
async fn a_question_that_several_have_is_asked_once() {
    let release = Arc::new(Notify::new());
    let waiting = release.clone();
    let (url, asked) = answering(move || {
        let release = waiting.clone();
        async move {
            release.notified().await;
            (200, says_billing().to_string())
        }
    })
    .await;
    let address = orders(&url, |settings| settings.timeout(Duration::from_secs(60))).await;
    let proof = prove(&someone(), "orders");
    // Whoever asked first, and leaves, takes nothing from the others.
    let first = format!("POST /a HTTP/1.1\r\nhost: orders\r\ncontent-length: 0\r\n{proof}\r\n");
    let first = connect(address, first.as_bytes()).await;
    while asked.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(first);
    let others: Vec<_> = (0..20)
        .map(|_| {
            let proof = proof.clone();
            tokio::spawn(async move { call_with(address, &proof).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(others.iter().all(|other| !other.is_finished()));
    release.notify_one();
    for other in others {
        assert!(other.await.expect("an answer").contains("\r\n\r\nbilling "));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_question_whose_server_ended_before_it_was_asked_is_asked_by_the_next_one() {
    let (url, asked) = answering(|| std::future::ready((200, says_billing().to_string()))).await;
    let sts = Sts::builder().endpoint(url).timeout(Duration::from_secs(60)).build().expect("good settings");
    let layer = VerifyLayer::new(Verifier::new(&roles("orders"))).aws(sts);
    let proof = prove(&someone(), "orders");
    let service = layer.layer(service_fn(async |_| Ok::<_, BoxError>(Response::new(Body::empty()))));
    let request = post("/a", &proof);
    let request = request.body(Body::from("{}")).expect("a request");
    // Its only thread is taken until it ends.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut first = std::pin::pin!(service.oneshot(request));
        let once = std::future::poll_fn(|context| std::task::Poll::Ready(first.as_mut().poll(context)));
        assert!(runtime.block_on(once).is_pending());
    })
    .join()
    .expect("no panic");
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let who = async |caller: Caller| caller.service().to_owned();
    let address = serve(Router::new().route("/a", any(who)).layer(layer)).await;
    expect(&call_with(address, &proof).await, 200, "billing");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn questions_leave_the_machine_only_for_aws() {
    for endpoint in
        ["https://sts.example.com", "http://10.0.0.1:5000", "http://127.0.0.1.example.com", "http://[::2]/", "::", "/"]
    {
        assert!(Sts::builder().endpoint(endpoint).build().is_err(), "{endpoint}");
    }
    for endpoint in ["http://localhost:1", "http://127.0.0.1", "https://[::1]:1"] {
        assert!(Sts::builder().endpoint(endpoint).build().is_ok(), "{endpoint}");
    }
    assert!(Sts::builder().timeout(Duration::ZERO).build().is_err());
    assert!(Sts::builder().at_once(0).build().is_err());
}

/// A client that proves the role whose credentials a provider gives.
fn client_with<F>(provider: impl Fn() -> F + Send + Sync + 'static) -> SigningClient
where
    F: Future<Output = Result<AwsCredentials, BoxError>> + Send + 'static,
{
    let signers = AwsSigners::new(roles("billing"), Some("orders"), provider);
    SigningClient::new(reqwest::Client::builder(), signers).expect("a client")
}

/// Credentials with a number, which end in so many seconds.
fn numbered(number: usize, seconds: u64) -> AwsCredentials {
    AwsCredentials {
        access_key_id: format!("ASIABILLING{number:09}"),
        secret: "s".repeat(40),
        session_token: Some("token".into()),
        expires: Some(SystemTime::now() + Duration::from_secs(seconds)),
    }
}

/// A server that says by which access key a proof was signed.
async fn keys() -> String {
    let key = async |headers: HeaderMap| {
        let proof = headers["x-service-aws-identity"].to_str().expect("text");
        proof.split_once("Credential=").expect("a key").1.split('/').next().expect("its id").to_owned()
    };
    format!("http://{}/", serve(Router::new().fallback(key)).await)
}

async fn key_of(client: &SigningClient, url: &str) -> String {
    client.get(url).send().await.expect("an answer").text().await.expect("a text")
}

#[tokio::test]
async fn a_client_signs_with_the_credentials_of_a_role() {
    let mut aws = moto().await;
    let billing = aws.role("prod-billing-task", ACCOUNT).await;
    let address = orders(&aws.url, |settings| settings).await;
    let client = client_with(move || {
        let Credentials { id, secret, token } = billing.clone();
        std::future::ready(Ok(AwsCredentials { access_key_id: id, secret, session_token: token, expires: None }))
    });
    let answer = client.post(format!("http://{address}/a")).body("{}").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.expect("a text").starts_with("billing arn:aws:sts::"));
}

#[tokio::test]
async fn credentials_are_renewed_before_they_end() {
    let url = keys().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let client = client_with(move || {
        let number = counted.fetch_add(1, Ordering::Relaxed) + 1;
        // The first ones end soon. The next ones come while those are still used.
        std::future::ready(Ok(numbered(number, if number == 1 { 240 } else { 3600 })))
    });
    assert_eq!(key_of(&client, &url).await, "ASIABILLING000000001");
    assert_eq!(key_of(&client, &url).await, "ASIABILLING000000001");
    for _ in 0..200 {
        key_of(&client, &url).await;
    }
    assert_eq!(key_of(&client, &url).await, "ASIABILLING000000002");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_renewal_that_fails_keeps_what_is_at_hand() {
    let url = keys().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let client = client_with(move || {
        let number = counted.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(number == 1, "this provider is broken");
        std::future::ready(Ok(numbered(1, 240)))
    });
    for _ in 0..50 {
        assert_eq!(key_of(&client, &url).await, "ASIABILLING000000001");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn without_credentials_nothing_is_sent_and_the_provider_is_spared() {
    let url = keys().await;
    let asked = Arc::new(AtomicUsize::new(0));
    for (given, says) in
        [(None, "there are no credentials of AWS: the metadata is away"), (Some(0), "have ended already")]
    {
        let counted = asked.clone();
        counted.store(0, Ordering::Relaxed);
        let client = client_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            std::future::ready(given.map(|seconds| numbered(1, seconds)).ok_or("the metadata is away".into()))
        });
        for _ in 0..5 {
            let error = client.get(&url).send().await.expect_err("nothing was sent");
            assert!(error.to_string().contains(says), "{error}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn many_who_sign_at_once_ask_once() {
    let url = keys().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let client = client_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(numbered(1, 3600))
        }
    });
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (client, url) = (client.clone(), url.clone());
            tokio::spawn(async move { key_of(&client, &url).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("an answer"), "ASIABILLING000000001");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
