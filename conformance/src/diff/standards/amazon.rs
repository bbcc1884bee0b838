//! Signatures of AWS, version 4: in a header, or in the query of a link.

use serde_json::{Value, json};

use super::super::fleet::START;
use super::super::mac::{Algorithm, hex, sha256};
use super::{Draft, Members, Random, Sender, change_members, respell};

const REGION: &str = "eu-central-1";

/// What signatures are for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    is_s3: bool,
    allows_unsigned: bool,
}

/// Parameters and headers that are signed or not, and hostile ones.
const PARAMETERS: &[(&str, &str)] = &[
    ("X-Amz-Date", "20260101T000000Z"),
    ("X-Amz-Expires", "604800"),
    ("X-Amz-Expires", "0"),
    ("X-Amz-Security-Token", "t"),
    ("X-Amz-Signature", "00"),
    ("x-amz-expires", "60"),
    ("X-Amz-Unknown", "1"),
    ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
    ("a", "1"),
    ("a", ""),
    ("A", "\u{e9}"),
    ("a b", "c+d"),
    ("", ""),
];

/// What can stand in the place of a value.
const VALUES: &[&str] = &[
    "",
    "{} ",
    "{}0",
    "0{}",
    "-1",
    "604801",
    "20260101T000000",
    "20260101t000000z",
    "20261301T000000Z",
    "20260101T240000Z",
    "2026-01-01T00:00:00Z",
    "AWS4-ECDSA-P256-SHA256",
    "aws4-hmac-sha256",
    "host",
    "x-amz-date;host",
    "host;host",
    "Host;X-Amz-Date",
    "host;;x-amz-date",
    "host;x-absent",
    "host;authorization",
    "{}/",
    "/{}",
];

const SPELLINGS: &[(&str, &str)] = &[
    (", ", ","),
    (", ", " , "),
    (", ", "  "),
    (", ", ",\t"),
    (", ", ", ,"),
    (" ", "  "),
    ("=", " = "),
    ("/", "//"),
    ("/", "%2F"),
    ("Credential", "credential"),
    ("Signature=", "Signature=00, Signature="),
    ("Signature=", "X=1, Signature="),
    ("aws4_request", "aws4_Request"),
    ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256,"),
    ("AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
    ("AWS4-HMAC-SHA256", "Bearer"),
    (";", ","),
    ("%2F", "/"),
    ("%2F", "%2f"),
    ("&", "&&"),
    ("&", ";"),
    ("X-Amz", "x-amz"),
    ("X-Amz", "X%2DAmz"),
    ("X-Amz", "X_Amz"),
    ("&X-Amz-Signature", "&a=1&X-Amz-Signature"),
];

impl Scope {
    pub(super) fn any(random: &mut Random) -> Scope {
        let is_s3 = random.percent(40);
        Scope { is_s3, allows_unsigned: random.percent(25) }
    }

    fn service(self) -> &'static str {
        if self.is_s3 { "s3" } else { "execute-api" }
    }

    pub(super) fn to_document(self) -> Value {
        let mut document = json!({"region": REGION, "service": self.service()});
        if self.is_s3 {
            document["style"] = json!("s3");
        }
        if self.allows_unsigned {
            document["unsigned_payload"] = json!(true);
        }
        document
    }
}

/// Signs in a header or as a link, or makes what became of it.
pub(super) fn sign(random: &mut Random, draft: &mut Draft, sender: Sender<'_>, scope: &Scope) {
    let time = basic_time(sender.now);
    let mut day = time[..8].to_owned();
    let mut region = REGION;
    if random.percent(6) {
        day = random.pick(&["20251231", "2026010", "20260230", ""]).to_owned();
    }
    if random.percent(4) {
        region = random.pick(&["eu-central-2", "", "EU-CENTRAL-1", "eu-central-1/x"]);
    }
    let credential = format!("{day}/{region}/{}/aws4_request", scope.service());
    let digest = payload_digest(random, draft, scope);
    if random.percent(40) {
        link(random, draft, sender, scope, &time, &credential, &digest);
    } else {
        header(random, draft, sender, scope, &time, &credential, &digest);
    }
}

/// The last line of what is signed, which the header of the digest repeats.
fn payload_digest(random: &mut Random, draft: &Draft, scope: &Scope) -> String {
    match random.below(12) {
        0 => "UNSIGNED-PAYLOAD".to_owned(),
        1 => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned(),
        2 => hex(&sha256(&draft.body)).to_ascii_uppercase(),
        3 => hex(&sha256(b"another body")),
        4 | 5 if scope.allows_unsigned => "UNSIGNED-PAYLOAD".to_owned(),
        _ => hex(&sha256(&draft.body)),
    }
}

fn header(
    random: &mut Random,
    draft: &mut Draft,
    sender: Sender<'_>,
    scope: &Scope,
    time: &str,
    credential: &str,
    digest: &str,
) {
    draft.set("X-Amz-Date", time);
    let is_plain = digest == hex(&sha256(&draft.body));
    if scope.is_s3 || !is_plain || random.percent(30) {
        draft.set("X-Amz-Content-Sha256", digest);
    }
    if random.percent(20) {
        draft.set("X-Amz-Meta-Note", random.pick(&["a  b", " a ", "", "a,b", "\u{e9}"]));
    }
    let mut names: Vec<String> = draft.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    if random.percent(15) {
        let at = random.below(names.len());
        match random.below(4) {
            0 => drop(names.remove(at)),
            1 => names.insert(at, names[at].clone()),
            2 => random.shuffle(&mut names),
            _ => names.push(random.pick(&["x-absent", "", "Host", "connection", "x amz"]).to_owned()),
        }
    }
    let names = names.join(";");
    let tag = tag(draft, sender, scope, time, credential, &names, digest);
    let mut parts: Members = [
        ("Credential", format!("{}/{credential}", sender.caller.key_id)),
        ("SignedHeaders", names),
        ("Signature", tag),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    if random.percent(20) {
        change_members(random, &mut parts, PARAMETERS, VALUES);
    }
    let parts: Vec<String> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = format!("AWS4-HMAC-SHA256 {}", parts.join(", "));
    if random.percent(20) {
        text = respell(random, &text, SPELLINGS);
    }
    draft.set("Authorization", text);
}

fn link(
    random: &mut Random,
    draft: &mut Draft,
    sender: Sender<'_>,
    scope: &Scope,
    time: &str,
    credential: &str,
    digest: &str,
) {
    let mut parameters: Members = [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("X-Amz-Credential", format!("{}/{credential}", sender.caller.key_id)),
        ("X-Amz-Date", time.to_owned()),
        ("X-Amz-Expires", random.pick(&["300", "60", "1", "604800"]).to_owned()),
        ("X-Amz-SignedHeaders", "host".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    if random.percent(35) {
        change_members(random, &mut parameters, PARAMETERS, VALUES);
    }
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name.as_bytes()), encode(value.as_bytes())))
        .collect();
    let separator = if draft.target.contains(&b'?') { "&" } else { "?" };
    draft.target.extend_from_slice(format!("{separator}{}", pairs.join("&")).as_bytes());
    let signed = parameters.iter().rev().find(|(name, _)| name == "X-Amz-SignedHeaders");
    let names = signed.map_or("host", |(_, value)| value).to_owned();
    let digest = if scope.is_s3 { "UNSIGNED-PAYLOAD" } else { digest };
    let tag = tag(draft, sender, scope, time, credential, &names, digest);
    draft.target.extend_from_slice(format!("&X-Amz-Signature={tag}").as_bytes());
    if random.percent(20) {
        // What is changed here may be in any part of the target; bytes outside UTF-8 are left to other changes.
        if let Ok(target) = std::str::from_utf8(&draft.target) {
            draft.target = respell(random, target, SPELLINGS).into_bytes();
        }
    }
}

fn tag(
    draft: &Draft,
    sender: Sender<'_>,
    scope: &Scope,
    time: &str,
    credential: &str,
    names: &str,
    digest: &str,
) -> String {
    let (path, query) = draft.split_target();
    let mut pairs: Vec<(String, String)> = query
        .split(|&byte| byte == b'&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let end = piece.iter().position(|&byte| byte == b'=').unwrap_or(piece.len());
            let value = piece.get(end + 1..).unwrap_or_default();
            (encode(&decode(&piece[..end])), encode(&decode(value)))
        })
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let path = if scope.is_s3 { path.to_vec() } else { encode_path(path).into_bytes() };
    let mut request = [draft.method.as_slice(), b"\n", &path, b"\n", pairs.join("&").as_bytes(), b"\n"].concat();
    for name in names.split(';') {
        let values = draft.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        let values: Vec<String> = values
            .map(|(_, value)| {
                String::from_utf8_lossy(value).split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
            })
            .collect();
        request.extend_from_slice(format!("{name}:{}\n", values.join(",")).as_bytes());
    }
    request.extend_from_slice(format!("\n{names}\n{digest}").as_bytes());

    let text = format!("AWS4-HMAC-SHA256\n{time}\n{credential}\n{}", hex(&sha256(&request)));
    let mut key = [b"AWS4", sender.caller.key.as_slice()].concat();
    for part in credential.split('/') {
        key = Algorithm::Sha256.tag(&key, part.as_bytes());
    }
    hex(&Algorithm::Sha256.tag(&key, text.as_bytes()))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn encode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&byte| if is_unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn encode_path(bytes: &[u8]) -> String {
    bytes.split(|&byte| byte == b'/').map(encode).collect::<Vec<_>>().join("/")
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).expect("two digits are a byte"));
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// `20260101T000000Z`; the times of all fleets lie in one January.
fn basic_time(seconds: u64) -> String {
    let since = seconds.saturating_sub(START);
    let (day, rest) = (since / 86_400, since % 86_400);
    format!("202601{:02}T{:02}{:02}{:02}Z", day + 1, rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::{START, basic_time, decode, encode};

    #[test]
    fn times_and_escapes() {
        assert_eq!(basic_time(START + 86_400 + 3_661), "20260102T010101Z");
        assert_eq!(decode(b"a%2fb%zz%"), b"a/b%zz%");
        assert_eq!(encode("a b/\u{e9}".as_bytes()), "a%20b%2F%C3%A9");
    }
}
