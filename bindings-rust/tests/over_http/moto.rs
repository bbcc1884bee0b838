//! AWS on this machine: it verifies every signature, and lets nobody ask who is not whom the signature says.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use wiresign_tower::{Config, Signer, SigningClient, parse_config};

pub(crate) const ACCOUNT: &str = "123456789012";

/// The credentials of a role, as a task of ECS gets them.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Credentials {
    pub(crate) fn signer(&self, config: &Config, target: Option<&str>) -> Signer {
        Signer::with_aws_credentials(config, target, &self.id, &self.secret, self.token.as_deref()).expect("a signer")
    }
}

pub(crate) struct Moto {
    pub(crate) url: String,
    /// Ends moto where its input is closed, which this process does at its end, however that comes.
    _process: Child,
    roles: HashMap<(String, String), Credentials>,
}

/// The one of all tests. Whoever holds it makes roles, since checks are off meanwhile.
pub(crate) async fn moto() -> MutexGuard<'static, Moto> {
    static MOTO: OnceCell<Mutex<Moto>> = OnceCell::const_new();
    MOTO.get_or_init(async || Mutex::new(Moto::start().await)).await.lock().await
}

impl Moto {
    async fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../build/venv/bin/moto_server");
        assert!(program.exists(), "moto is needed: scripts/python-environment installs it");
        let port = crate::support::free_port().to_string();
        let process = Command::new("sh")
            .args(["-c", "\"$0\" -H 127.0.0.1 -p \"$1\" >/dev/null 2>&1 & server=$!; cat >/dev/null; kill $server"])
            .args([program.as_os_str(), port.as_ref()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("it starts");
        let moto = Self { url: format!("http://127.0.0.1:{port}"), _process: process, roles: HashMap::new() };
        for _ in 0..1200 {
            if reqwest::get(format!("{}/moto-api/data.json", moto.url)).await.is_ok() {
                return moto;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("moto does not start");
    }

    pub(crate) async fn role(&mut self, name: &str, account: &str) -> Credentials {
        let place = (account.to_owned(), name.to_owned());
        if let Some(known) = self.roles.get(&place) {
            return known.clone();
        }
        self.check_after(100).await;
        let nobody = Credentials { id: "A".repeat(16), secret: "s".repeat(16), token: None };
        let root = self.assume(&nobody, account, "deploy").await;
        let policy = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let who = policy(json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}));
        let what = policy(json!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}));
        let version = ("Version", "2010-05-08");
        let create =
            [("Action", "CreateRole"), version, ("RoleName", name), ("AssumeRolePolicyDocument", who.as_str())];
        self.ask("iam", &root, &create).await;
        let put = [
            ("Action", "PutRolePolicy"),
            version,
            ("RoleName", name),
            ("PolicyName", "ask"),
            ("PolicyDocument", what.as_str()),
        ];
        self.ask("iam", &root, &put).await;
        let credentials = self.assume(&root, account, name).await;
        self.check_after(0).await;
        self.roles.insert(place, credentials.clone());
        credentials
    }

    async fn assume(&self, credentials: &Credentials, account: &str, role: &str) -> Credentials {
        let role = format!("arn:aws:iam::{account}:role/{role}");
        let form = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", role.as_str()),
            ("RoleSessionName", "task-1"),
        ];
        let answer = self.ask("sts", credentials, &form).await;
        let part = |name: &str| {
            let (_, rest) = answer.split_once(&format!("<{name}>")).expect("a part");
            rest.split_once('<').expect("its end").0.to_owned()
        };
        Credentials { id: part("AccessKeyId"), secret: part("SecretAccessKey"), token: Some(part("SessionToken")) }
    }

    /// Asks with the library's own signatures of AWS.
    async fn ask(&self, service: &str, credentials: &Credentials, form: &[(&str, &str)]) -> String {
        let document = json!({
            "service": "setup",
            "sign_with": "aws-sigv4",
            "services": {"setup": {}},
            "aws_sigv4": {"region": "eu-central-1", "service": service},
        });
        let config = parse_config(&document.to_string()).expect("a good config");
        let settings = reqwest::Client::builder();
        let client = SigningClient::new(settings, credentials.signer(&config, None)).expect("a client");
        let encoded = Url::parse_with_params("http://form/", form).expect("a URL");
        let body = encoded.query().expect("a form").to_owned();
        let request = client.post(&self.url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        assert!(status.is_success(), "{status} {text}");
        text
    }

    /// Lets so many requests pass without a look at who asks.
    async fn check_after(&self, requests: usize) {
        let client = reqwest::Client::new();
        let reset = client.post(format!("{}/moto-api/reset-auth", self.url)).body(requests.to_string());
        reset.send().await.expect("an answer");
    }
}
