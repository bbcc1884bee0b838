//! HTTP message signatures, RFC 9421: two dictionaries of structured fields.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::super::mac::{Algorithm, sha256};
use super::{Draft, HOST, Members, Random, Sender, change_members, respell};

/// Components that could be covered, and some that there are not.
const COMPONENTS: &[(&str, &str)] = &[
    ("\"@method\"", ""),
    ("\"@path\"", ""),
    ("\"@target-uri\"", ""),
    ("\"@request-target\"", ""),
    ("\"@scheme\"", ""),
    ("\"@status\"", ""),
    ("\"@query-param\";name=\"id\"", ""),
    ("\"@query-param\";name=\"a\"", ""),
    ("\"@query-param\"", ""),
    ("\"@method\";req", ""),
    ("\"@path\";tr", ""),
    ("\"@unknown\"", ""),
    ("\"host\"", ""),
    ("\"Host\"", ""),
    ("\"x-absent\"", ""),
    ("\"content-digest\";sf", ""),
    ("\"content-digest\";bs", ""),
    ("\"content-digest\";key=\"sha-256\"", ""),
    ("\"content-digest\";key=\"sha-256\";sf", ""),
    ("\"content-digest\";sf=?0", ""),
    ("\"signature\"", ""),
    ("\"\"", ""),
    ("method", ""),
    ("1", ""),
];

/// Parameters that could be there, and some that are not known.
const PARAMETERS: &[(&str, &str)] = &[
    ("created", "1767225600"),
    ("expires", "4102444800"),
    ("expires", "1"),
    ("expires", "\"4102444800\""),
    ("keyid", "\"web/k2\""),
    ("alg", "\"hmac-sha256\""),
    ("alg", "\"ed25519\""),
    ("alg", "\"none\""),
    ("nonce", "\"AAAAAAAAAAAAAAAAAAAAAA\""),
    ("tag", "\"wiresign\""),
    ("tag", "\"web-bot-auth\""),
    ("x", "?1"),
    ("*x", "1"),
    ("a-b.c_d*", "token/with:marks"),
    ("x", ":AAAA:"),
    ("x", "1.250"),
    ("x", "@1767225600"),
    ("x", "%\"a\""),
];

/// What can stand in the place of a value.
const VALUES: &[&str] = &[
    "",
    "1",
    "-1",
    "-0",
    "00{}",
    "{}.0",
    "{}.5",
    "999999999999999",
    "1000000000000000",
    "\"{}\"",
    "\"\"",
    "\"a\\\"b\"",
    "\"a\\b\"",
    "\"a\u{e9}\"",
    "?1",
    "?2",
    ":AAAA:",
    "token",
    "({})",
    "{};x=1",
];

const SPELLINGS: &[(&str, &str)] = &[
    (" ", "  "),
    (" ", "\t"),
    (" ", ""),
    (";", "; "),
    (";", " ;"),
    (";", ";;"),
    ("=", " = "),
    ("=", "=="),
    ("(", "( "),
    (")", " )"),
    (")", ""),
    ("(", "(("),
    ("\"", "'"),
    ("\"", ""),
    ("\"@", "\" @"),
    (":", ""),
    (":", "\""),
    ("=:", "=:="),
    (",", " , "),
    (",", ",,"),
    ("wiresign", "Wiresign"),
    ("wiresign", "*"),
    ("wiresign=", "a=1, wiresign="),
    ("wiresign=", "wiresign=1, wiresign="),
    ("wiresign=", "wiresign-2=(), wiresign="),
    ("created", "Created"),
    ("created=", "created=@"),
];

/// Settings that are not those of our own profile.
pub(super) fn settings() -> [Value; 4] {
    [
        json!({"covered": ["@method", "@target-uri"]}),
        json!({"covered": ["@authority"], "tag": "web-bot-auth"}),
        json!({"covered": ["\"@query-param\";name=\"id\"", "@path"], "url_scheme": "http"}),
        json!({"covered": ["@request-target", "host"], "label": "wiresign"}),
    ]
}

/// Signs with our profile, or with what became of it.
pub(super) fn sign(random: &mut Random, draft: &mut Draft, sender: Sender<'_>) {
    if !draft.body.is_empty() {
        draft.set("Content-Digest", format!("sha-256=:{}:", STANDARD.encode(sha256(&draft.body))));
    }
    let mut components: Members = ["\"@method\"", "\"@authority\"", "\"@path\"", "\"@query\""].map(alone).to_vec();
    if !draft.body.is_empty() {
        components.push(alone("\"content-digest\""));
    }
    let nonce =
        URL_SAFE_NO_PAD.encode([&[0; 15][..], &[u8::try_from(random.below(40)).expect("it is below 40")]].concat());
    let mut parameters: Members = [
        ("created", sender.now.to_string()),
        ("keyid", format!("\"{}/{}\"", sender.caller.service, sender.caller.key_id)),
        ("alg", "\"hmac-sha256\"".to_owned()),
        ("nonce", format!("\"{nonce}\"")),
        ("tag", random.pick(&["\"wiresign\"", "\"wiresign\"", "\"wiresign\"", "\"web-bot-auth\""]).to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    if random.percent(35) {
        change_members(random, &mut components, COMPONENTS, &[""]);
    }
    if random.percent(35) {
        change_members(random, &mut parameters, PARAMETERS, VALUES);
    }

    let names: Vec<&str> = components.iter().map(|(name, _)| name.as_str()).collect();
    let parameters: String = parameters.iter().map(|(name, value)| format!(";{name}={value}")).collect();
    let input = format!("({}){parameters}", names.join(" "));
    let mut base = Vec::new();
    for name in names {
        base.extend_from_slice(name.as_bytes());
        base.extend_from_slice(b": ");
        base.extend(value(draft, name));
        base.push(b'\n');
    }
    base.extend_from_slice(b"\"@signature-params\": ");
    base.extend_from_slice(input.as_bytes());
    let tag = STANDARD.encode(Algorithm::Sha256.tag(&sender.caller.key, &base));

    let mut input = format!("wiresign={input}");
    let mut signature = format!("wiresign=:{tag}:");
    if random.percent(25) {
        input = respell(random, &input, SPELLINGS);
    }
    if random.percent(15) {
        signature = respell(random, &signature, SPELLINGS);
    }
    // What anybody on the way can add: a signature of somebody else.
    if random.percent(10) {
        let other =
            random.pick(&["proxy=(\"@method\");created=1;keyid=\"p\"", "proxy=()", "proxy", "wiresign=()", "proxy=(;"]);
        let is_behind = random.percent(50);
        if random.percent(50) {
            input = if is_behind { format!("{input}, {other}") } else { format!("{other}, {input}") };
            signature.push_str(", proxy=:AAAA:");
        } else {
            draft.set("Signature-Input", other);
        }
    }
    draft.set("Signature-Input", input);
    draft.set("Signature", signature);
}

fn alone(name: &str) -> (String, String) {
    (name.to_owned(), String::new())
}

/// The value of a component. Of one that there is not, something: it must not come to the comparison.
fn value(draft: &Draft, component: &str) -> Vec<u8> {
    let (path, query) = draft.split_target();
    let name = component.split(';').next().unwrap_or_default().trim_matches('"');
    match name {
        "@method" => draft.method.clone(),
        "@authority" => {
            let authority = draft.authority.as_deref().unwrap_or(HOST);
            authority.to_ascii_lowercase()
        }
        "@path" => path.to_vec(),
        "@query" => [b"?", query].concat(),
        "@request-target" => draft.target.clone(),
        "@scheme" => b"https".to_vec(),
        "@target-uri" => [b"https://", HOST, draft.target.as_slice()].concat(),
        "@query-param" => {
            let wanted: &[u8] = if component.contains("\"id\"") { b"id=" } else { b"a=" };
            let found = query.split(|&byte| byte == b'&').find_map(|piece| piece.strip_prefix(wanted));
            found.unwrap_or_default().to_vec()
        }
        _ => {
            let found = draft.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        }
    }
}
