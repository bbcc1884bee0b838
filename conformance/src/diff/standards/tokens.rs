//! Tokens, RFC 7519: two JSON objects, written as text so that members can be there twice.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

use super::super::fleet::OWN;
use super::super::mac::Algorithm;
use super::{Draft, Members, Random, Sender, change_members, respell};

/// Members of headers.
const HEADERS: &[(&str, &str)] = &[
    ("alg", "\"none\""),
    ("alg", "\"HS512\""),
    ("alg", "\"EdDSA\""),
    ("kid", "\"k2\""),
    ("kid", "null"),
    ("typ", "\"at+jwt\""),
    ("cty", "\"JWT\""),
    ("crit", "[\"exp\"]"),
    ("crit", "[]"),
    ("b64", "false"),
    ("zip", "\"DEF\""),
    ("jwk", "{\"kty\":\"oct\",\"k\":\"AAAA\"}"),
    ("jku", "\"https://evil.example/keys\""),
    ("x5c", "[]"),
    ("\\u0061lg", "\"none\""),
    ("constructor", "{}"),
    ("__proto__", "{\"alg\":\"none\"}"),
    ("", "1"),
];

/// Members of payloads.
const CLAIMS: &[(&str, &str)] = &[
    ("nbf", "1767225600"),
    ("nbf", "4102444800"),
    ("nbf", "\"1\""),
    ("exp", "4102444800"),
    ("exp", "null"),
    ("iss", "\"web\""),
    ("iss", "\"nobody\""),
    ("sub", "\"web\""),
    ("aud", "[\"orders\",\"x\"]"),
    ("aud", "[]"),
    ("aud", "[\"orders\",1]"),
    ("aud", "[\"orders\",\"\\u0000\"]"),
    ("aud", "\"\""),
    ("aud", "\"orders\\u0000\""),
    ("aud", "\"orders\\u0085\""),
    ("jti", "\"\""),
    ("scope", "\"POST /a GET /b\""),
    ("permissions", "[\"/**\"]"),
    ("e\\u0078p", "4102444800"),
    ("\u{e9}", "\"\u{1f600}\""),
    ("deep", "[[[[[[[[]]]]]]]]"),
    ("deep", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}"),
    ("deep", "{\"a\":1,\"a\":2}"),
    ("half", "\"\\ud800\""),
    ("number", "1e400"),
    ("number", "-0"),
    ("number", "01"),
    ("number", "NaN"),
    ("number", "12345678901234567890"),
];

/// What can stand in the place of a value.
const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "{}.0",
    "{}.5",
    "{}e0",
    "{}000",
    "0{}",
    "\"{}\"",
    "\"\"",
    "\" \"",
    "[{}]",
    "[{},{}]",
    "[]",
    "{\"a\":1}",
    "\"\\u0000\"",
    "\"\\u007f\"",
    "\"\\u0085\"",
    "\"\\u006frders\"",
    "\"ORDERS\"",
    "\"orders \"",
    "999999999999",
    "1000000000000",
    "1e400",
    "",
];

const JSON_SPELLINGS: &[(&str, &str)] = &[
    (",", ", "),
    (":", " : "),
    ("{", "{ "),
    ("{", "\u{feff}{"),
    ("{", "[{"),
    ("}", "}\n"),
    ("}", "} x"),
    ("}", ",}"),
    ("}", ""),
    (",", ",,"),
    ("\"", "'"),
    ("\"", ""),
    ("a", "\\u0061"),
    ("s", "\u{17f}"),
    (":", ":+"),
    (",", ",/**/"),
];

/// Signs a token, or what became of it.
pub(super) fn sign(random: &mut Random, draft: &mut Draft, sender: Sender<'_>) {
    let text = |value: &str| format!("\"{value}\"");
    let service = sender.caller.service;
    let mut header: Members =
        [("alg", text("HS256")), ("typ", text("JWT")), ("kid", text(&sender.caller.key_id))].map(named).to_vec();
    let mut claims: Members = [
        ("iss", text(service)),
        ("sub", text(service)),
        ("aud", text(OWN)),
        ("iat", sender.now.to_string()),
        ("exp", (sender.now + 300).to_string()),
        ("jti", text(&format!("6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b{:02}", random.below(40)))),
    ]
    .map(named)
    .to_vec();
    if random.percent(30) {
        change_members(random, &mut header, HEADERS, VALUES);
    }
    for _ in 0..random.pick(&[0, 0, 1, 1, 2]) {
        change_members(random, &mut claims, CLAIMS, VALUES);
    }
    let mut parts = [object(&header), object(&claims)];
    if random.percent(20) {
        let part = &mut parts[random.below(2)];
        *part = respell(random, part, JSON_SPELLINGS);
    }
    let signed = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let tag = Algorithm::Sha256.tag(&sender.caller.key, signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&tag));
    let token = if random.percent(20) { damaged(random, &token, &signed, &tag) } else { token };
    let scheme =
        random.pick(&["Bearer", "Bearer", "Bearer", "Bearer", "Bearer", "bearer", "BEARER", "Bearer ", "Basic", ""]);
    draft.set("Authorization", format!("{scheme} {token}"));
    if random.percent(5) {
        draft.set("Authorization", random.pick(&["", "Basic eDp4", "Bearer ", "Bearer x.y.z", ","]));
    }
}

fn named((name, value): (&str, String)) -> (String, String) {
    (name.to_owned(), value)
}

fn object(members: &Members) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// The parts of a token put together otherwise.
fn damaged(random: &mut Random, token: &str, signed: &str, tag: &[u8]) -> String {
    let none = URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}");
    let payload = signed.split('.').nth(1).unwrap_or_default();
    match random.below(12) {
        0 => format!("{signed}."),
        1 => signed.to_owned(),
        2 => format!("{token}."),
        3 => format!("{signed}.{}", URL_SAFE.encode(tag)),
        4 => format!("{signed}.{}", STANDARD.encode(tag)),
        5 => format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&tag[1..])),
        6 => format!("{none}.{payload}."),
        7 => format!("{none}.{payload}.{}", URL_SAFE_NO_PAD.encode(tag)),
        8 => token.replacen('.', "..", 1),
        9 => token.replacen('.', ",", 1),
        // The last digit has bits that stand for nothing.
        10 => {
            let mut bytes = token.to_owned();
            let last = bytes.pop().unwrap_or('A');
            bytes.push(char::from_u32(u32::from(last) + 1).unwrap_or('A'));
            bytes
        }
        _ => format!("{token}{}", random.pick(&[" ", "\t", "=", "A", "\0", "\u{e9}", ", Bearer x"])),
    }
}
