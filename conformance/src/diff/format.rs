//! Signature formats as data: some of the catalogue, and made-up ones, with what a sender of them does.

use serde_json::{Value, json};

use super::draft::Draft;
use super::mac::{Algorithm, Encoding, hex, sha256};
use super::random::Random;

/// A part of the signed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Method,
    Path,
    Query,
    Target,
    Timestamp,
    Nonce,
    MessageId,
    Service,
    Body,
    BodyDigest,
    Header(&'static str),
    Literal(&'static str),
}

/// How a header that lists signatures is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    separator: &'static str,
    assign: &'static str,
    signature: &'static str,
    /// The key of the time, where it is in the list.
    timestamp: Option<&'static str>,
}

/// A format, and how it is told to a verifier.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    /// The id of the scheme.
    pub(crate) id: &'static str,
    /// The template, where the format is not in the catalogue.
    pub(crate) template: Option<Value>,
    /// Whether a secret is written as `whsec_` and base64.
    pub(crate) is_base64_key: bool,
    pub(crate) caller: Option<&'static str>,
    parts: Vec<Part>,
    algorithm: Algorithm,
    encoding: Encoding,
    header: &'static str,
    prefix: &'static str,
    list: Option<List>,
    time: Option<&'static str>,
    is_milliseconds: bool,
    nonce: Option<&'static str>,
    message_id: Option<&'static str>,
}

/// What the sender knows beside the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender<'a> {
    pub(crate) service: &'a str,
    pub(crate) time: &'a [u8],
    pub(crate) nonce: &'a str,
}

fn plain(id: &'static str, header: &'static str, prefix: &'static str, parts: Vec<Part>) -> Format {
    Format {
        id,
        template: None,
        is_base64_key: false,
        caller: None,
        parts,
        algorithm: Algorithm::Sha256,
        encoding: Encoding::Hex,
        header,
        prefix,
        list: None,
        time: None,
        is_milliseconds: false,
        nonce: None,
        message_id: None,
    }
}

impl Format {
    /// One of the catalogue.
    pub(crate) fn known(random: &mut Random) -> Format {
        use Part::{Body, Literal, MessageId, Timestamp};
        let timed = || vec![Timestamp, Literal("."), Body];
        match random.below(9) {
            0 => plain("github", "X-Hub-Signature-256", "sha256=", vec![Body]),
            1 => plain("whatsapp", "X-Hub-Signature-256", "sha256=", vec![Body]),
            2 => {
                let list = List { separator: ",", assign: "=", signature: "v1", timestamp: Some("t") };
                Format { list: Some(list), ..plain("stripe", "Stripe-Signature", "", timed()) }
            }
            3 => {
                let parts = vec![Literal("v0:"), Timestamp, Literal(":"), Body];
                Format { time: Some("X-Slack-Request-Timestamp"), ..plain("slack", "X-Slack-Signature", "v0=", parts) }
            }
            4 | 5 => {
                let parts = vec![MessageId, Literal("."), Timestamp, Literal("."), Body];
                Format {
                    encoding: Encoding::Base64,
                    is_base64_key: true,
                    list: Some(List { separator: " ", assign: ",", signature: "v1", timestamp: None }),
                    time: Some("webhook-timestamp"),
                    message_id: Some("webhook-id"),
                    ..plain("standard-webhooks", "webhook-signature", "", parts)
                }
            }
            6 => Format { encoding: Encoding::Base64, ..plain("shopify", "X-Shopify-Hmac-Sha256", "", vec![Body]) },
            7 => Format {
                time: Some("X-Memo-Timestamp"),
                ..plain("memo", "X-Memo-Signature", random.pick(&["", "sha256="]), timed())
            },
            _ => Format {
                time: Some("X-Webhook-Timestamp"),
                ..plain("timestamped-body", "X-Webhook-Signature", random.pick(&["", "sha256="]), timed())
            },
        }
    }

    /// One that nobody uses, with parts, order and spelling as they come.
    pub(crate) fn made_up(random: &mut Random, has_caller: bool) -> Format {
        let mut tokens = vec![if random.percent(70) { Part::Body } else { Part::BodyDigest }];
        let optional = [Part::Method, Part::Path, Part::Query, Part::Target, Part::Header("X-Extra")];
        tokens.extend(random.some(&optional));
        let list = random.percent(40).then(|| List {
            separator: random.pick(&[",", " ", ";"]),
            assign: random.pick(&["=", ":"]),
            signature: "s",
            timestamp: random.percent(50).then_some("t"),
        });
        let in_list = list.is_some_and(|list| list.timestamp.is_some());
        let time = (!in_list && random.percent(80)).then_some("X-Time");
        let nonce = random.percent(40).then_some("X-Nonce");
        let message_id = (nonce.is_none() && random.percent(30)).then_some("X-Message-Id");
        let caller = has_caller.then_some("X-Caller");
        let present = [
            (time.is_some() || in_list, Part::Timestamp),
            (nonce.is_some(), Part::Nonce),
            (message_id.is_some(), Part::MessageId),
            (has_caller && random.percent(50), Part::Service),
        ];
        tokens.extend(present.into_iter().filter_map(|(present, part)| present.then_some(part)));
        random.shuffle(&mut tokens);
        // What follows a message id must end it, and most parts must not run into each other.
        let mut parts = vec![Part::Literal("x1\n")];
        for token in tokens {
            parts.extend([token, Part::Literal("\n")]);
        }
        parts.pop();

        let mut format = Format {
            caller,
            algorithm: if has_caller { Algorithm::Sha256 } else { random.pick(&ALGORITHMS) },
            encoding: random.pick(&[Encoding::Hex, Encoding::HexAnyCase, Encoding::Base64, Encoding::Base64Url]),
            list,
            time,
            is_milliseconds: random.percent(25),
            nonce,
            message_id,
            ..plain("made-up", "X-Seal", if list.is_some() { "" } else { random.pick(&["", "v9=", "Seal "]) }, parts)
        };
        // Padding and assignment must not be the same byte.
        if matches!(format.encoding, Encoding::Base64) && format.list.is_some() {
            format.encoding = Encoding::Base64Url;
        }
        format.template = Some(format.to_template());
        format
    }

    fn to_template(&self) -> Value {
        let parts: Vec<Value> = self.parts.iter().map(part_in_template).collect();
        let mut signature = json!({"header": self.header, "encoding": self.encoding.name()});
        if !self.prefix.is_empty() {
            signature["prefix"] = json!(self.prefix);
        }
        if let Some(list) = self.list {
            signature["list"] =
                json!({"separator": list.separator, "assign": list.assign, "signature": list.signature});
            if let Some(key) = list.timestamp {
                signature["list"]["timestamp"] = json!(key);
            }
        }
        let mut template = json!({"title": "Made up", "algorithm": self.algorithm.name(), "key": "text", "message": parts,
            "signature": signature});
        if self.algorithm == Algorithm::Sha1 {
            template["legacy"] = json!(true);
        }
        let unit = if self.is_milliseconds { "ms" } else { "s" };
        if let Some(header) = self.time {
            template["timestamp"] = json!({"header": header, "unit": unit});
        } else if self.list.is_some_and(|list| list.timestamp.is_some()) {
            template["timestamp"] = json!({"unit": unit});
        }
        for (member, header) in [("nonce", self.nonce), ("message_id", self.message_id), ("caller", self.caller)] {
            if let Some(header) = header {
                template[member] = json!({"header": header});
            }
        }
        template
    }

    /// The text of a good time in this format.
    pub(crate) fn time(&self, seconds: u64) -> String {
        if self.is_milliseconds { format!("{seconds}250") } else { seconds.to_string() }
    }

    /// Signs with each of the keys and sets the headers.
    pub(crate) fn sign(&self, draft: &mut Draft, sender: Sender<'_>, keys: &[&[u8]]) {
        if self.parts.contains(&Part::Header("X-Extra")) && draft.headers.iter().all(|(name, _)| name != "X-Extra") {
            draft.set("X-Extra", "extra");
        }
        let message: Vec<u8> = self.parts.iter().flat_map(|part| self.bytes(part, draft, sender)).collect();
        let tags: Vec<String> =
            keys.iter().map(|key| self.encoding.write(&self.algorithm.tag(key, &message))).collect();
        let value = match self.list {
            None => [self.prefix.as_bytes(), tags[0].as_bytes()].concat(),
            Some(list) => {
                let time = list.timestamp.map(|key| [key.as_bytes(), list.assign.as_bytes(), sender.time].concat());
                let signed =
                    tags.iter().map(|tag| [list.signature.as_bytes(), list.assign.as_bytes(), tag.as_bytes()].concat());
                time.into_iter().chain(signed).collect::<Vec<_>>().join(list.separator.as_bytes())
            }
        };
        for (header, value) in [
            (self.caller, sender.service.as_bytes()),
            (self.time, sender.time),
            (self.nonce, sender.nonce.as_bytes()),
            (self.message_id, sender.nonce.as_bytes()),
            (Some(self.header), &value),
        ] {
            if let Some(header) = header {
                draft.set(header, value);
            }
        }
    }

    fn bytes(&self, part: &Part, draft: &Draft, sender: Sender<'_>) -> Vec<u8> {
        let (path, query) = draft.split_target();
        match part {
            Part::Method => draft.method.clone(),
            Part::Path => path.to_vec(),
            Part::Query => query.to_vec(),
            Part::Target => draft.target.clone(),
            Part::Timestamp => sender.time.to_vec(),
            Part::Nonce | Part::MessageId => sender.nonce.as_bytes().to_vec(),
            Part::Service => sender.service.as_bytes().to_vec(),
            Part::Body => draft.body.clone(),
            Part::BodyDigest => hex(&sha256(&draft.body)).into_bytes(),
            Part::Header(wanted) => {
                let found = draft.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            Part::Literal(text) => text.as_bytes().to_vec(),
        }
    }
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];

fn part_in_template(part: &Part) -> Value {
    match part {
        Part::Method => json!("method"),
        Part::Path => json!("path"),
        Part::Query => json!("query"),
        Part::Target => json!("target"),
        Part::Timestamp => json!("timestamp"),
        Part::Nonce => json!("nonce"),
        Part::MessageId => json!("message-id"),
        Part::Service => json!("service"),
        Part::Body => json!("body"),
        Part::BodyDigest => json!("body-sha256"),
        Part::Header(name) => json!(format!("header:{name}")),
        Part::Literal(text) => json!({"literal": text}),
    }
}
