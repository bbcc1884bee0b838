//! Changes of configuration documents: of their structure, and of their text.

use serde_json::{Map, Value, json};

use super::random::Random;

/// Members that exist somewhere in a document, and some that do not.
const MEMBERS: [&str; 36] = [
    "service",
    "accept",
    "sign_with",
    "window",
    "past",
    "future",
    "services",
    "keys",
    "id",
    "secret",
    "encoding",
    "state",
    "not_before",
    "not_after",
    "allowed_targets",
    "permissions",
    "environments",
    "url",
    "api_keys",
    "routes",
    "match",
    "public",
    "optional",
    "require_all",
    "strict",
    "replay",
    "store",
    "capacity",
    "limits",
    "body_bytes",
    "reveal",
    "schemes",
    "webhooks",
    "scheme",
    "contexts",
    "Service",
];

fn scalar(random: &mut Random) -> Value {
    let texts = [
        "",
        " ",
        "env:NOBODY",
        "env:",
        "literal:x",
        "literal:0123456789abcdef0123456789abcdef",
        "file:",
        "file:/nowhere",
        "service-hmac-v2",
        "cross-service",
        "service-hmac",
        "api-key",
        "webhook:hooks",
        "rfc9421",
        "jwt",
        "aws-sigv4",
        "GET /health",
        "/**",
        "/a/**/b",
        "*",
        "GET",
        "/%2f",
        "retiring",
        "revoked",
        "hex",
        "base64",
        "text",
        "memory",
        "none",
        "external",
        "uniform",
        "2026-01-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01",
        "orders",
        "billing",
        "Billing",
        "a b",
        "\u{e9}",
        "\u{1f600}",
        "x\u{0}y",
        "stripe",
        "https://orders.internal:8443",
        "http://",
        "ftp://x",
        "sha256-prefix",
        "ed25519",
        "token",
        "body",
        "timestamp",
        "\n",
    ];
    match random.below(10) {
        0 => Value::Null,
        1 => json!(random.percent(50)),
        2 | 3 => json!(random.pick(&[
            -1_i64,
            0,
            1,
            2,
            299,
            300,
            600,
            601,
            65536,
            4_294_967_295,
            4_294_967_296,
            9_007_199_254_740_991
        ])),
        4 => json!([]),
        5 => json!({}),
        _ => json!(random.pick(&texts)),
    }
}

/// Changes one thing. Only what every JSON library writes back as it read it: no fractions, no repeated members.
pub(crate) fn change(random: &mut Random, document: &mut Value) {
    let places = count(document);
    let mut place = random.below(places);
    change_at(random, document, &mut place);
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value with this number, counted from the outside in. True when it was found.
fn change_at(random: &mut Random, value: &mut Value, place: &mut usize) -> bool {
    if *place == 0 {
        change_here(random, value);
        return true;
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| change_at(random, item, place)),
        Value::Object(members) => members.values_mut().any(|member| change_at(random, member, place)),
        _ => false,
    }
}

fn change_here(random: &mut Random, value: &mut Value) {
    match value {
        Value::Object(members) if random.percent(85) => change_members(random, members),
        Value::Array(items) if random.percent(80) => match random.below(4) {
            0 if !items.is_empty() => {
                let at = random.below(items.len());
                items.remove(at);
            }
            1 if !items.is_empty() => {
                let item = random.pick_ref(items).clone();
                // Up to the bounds of what lists may hold.
                for _ in 0..random.pick(&[1, 1, 2, 8, 16]) {
                    items.push(item.clone());
                }
            }
            2 => random.shuffle(items),
            _ => items.push(scalar(random)),
        },
        Value::String(text) if random.percent(60) => change_text(random, text),
        Value::Number(number) if random.percent(60) => {
            let moved = number.as_i64().unwrap_or_default().saturating_add(random.pick(&[-1, 1, 300, -300]));
            *value = json!(moved);
        }
        other => *other = scalar(random),
    }
}

fn change_members(random: &mut Random, members: &mut Map<String, Value>) {
    let names: Vec<String> = members.keys().cloned().collect();
    match random.below(4) {
        0 if !names.is_empty() => {
            members.remove(random.pick_ref(&names));
        }
        1 if !names.is_empty() => {
            let value = members.remove(random.pick_ref(&names)).expect("the name was just read");
            let name = (random.pick(&MEMBERS)).to_owned();
            members.insert(name, value);
        }
        2 if names.len() > 1 => {
            let value = members[random.pick_ref(&names)].clone();
            members.insert(random.pick_ref(&names).clone(), value);
        }
        _ => {
            let value = scalar(random);
            members.insert((random.pick(&MEMBERS)).to_owned(), value);
        }
    }
}

fn change_text(random: &mut Random, text: &mut String) {
    match random.below(7) {
        0 => text.push(random.pick(&[' ', '\n', '\t', 'x', '*', '/', '\u{a0}', '\u{e9}', ':', ','])),
        1 => text.insert(0, random.pick(&[' ', 'x', '/', '\u{feff}', '-'])),
        2 => {
            text.pop();
        }
        3 => *text = text.to_ascii_uppercase(),
        4 => *text = text.repeat(random.pick(&[2, 9, 200])),
        5 => *text = text.replace(['-', ':', '/'], random.pick(&["", "_", "--", "//"])),
        _ => text.clear(),
    }
}

/// Changes the text of a document: what a JSON reader, and no JSON value, can tell.
pub(crate) fn change_spelling(random: &mut Random, text: &mut String) {
    let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    if boundaries.is_empty() {
        return;
    }
    let at = random.pick(&boundaries);
    match random.below(9) {
        0 => text.truncate(at),
        1 => text.insert_str(
            at,
            random.pick(&[
                "\u{feff}", "\\u0000", "\\ud800", "\\u00e9", "\\", "\"", "{", "]", ",", " ", "\n", "\u{0b}", "//x\n",
                "/*x*/",
            ]),
        ),
        2 => text.push_str(random.pick(&["x", " ", "\n", "{}", ",", "\u{a0}", "}"])),
        3 => text.insert_str(0, random.pick(&["\u{feff}", " ", "\n", "[", "null", "\u{a0}"])),
        4 => replace_number(random, text),
        5 => repeat_member(random, text),
        6 => *text = text.replacen(':', random.pick(&[" : ", ":\t", "::", "=", ":\u{2003}"]), 1 + random.below(3)),
        7 => escape_a_letter(random, text),
        _ => {
            let depth = random.pick(&[8, 64, 127, 128, 129, 1000]);
            text.insert_str(at, &"[".repeat(depth));
        }
    }
}

/// A number as languages write it and as they should not.
fn replace_number(random: &mut Random, text: &mut String) {
    let numbers = [
        "300.0",
        "3e2",
        "30E1",
        "-0",
        "0300",
        "+300",
        ".5",
        "300.",
        "1e400",
        "-1e400",
        "18446744073709551615",
        "18446744073709551616",
        "9007199254740993",
        "NaN",
        "Infinity",
        "0x12c",
        "3_00",
        "1e-2",
        "\"300\"",
        "300.5",
    ];
    let number = random.pick(&numbers);
    if random.percent(50) && text.starts_with('{') {
        text.insert_str(1, &format!("\"window\":{{\"past\":{number}}},"));
    } else if let Some(start) = text.find(|character: char| character.is_ascii_digit()) {
        let end =
            text[start..].find(|character: char| !character.is_ascii_digit()).map_or(text.len(), |end| start + end);
        text.replace_range(start..end, number);
    }
}

/// The same member twice: plainly, or with one of them escaped.
fn repeat_member(random: &mut Random, text: &mut String) {
    let names = [
        "\"service\":\"web\",",
        "\"\\u0073ervice\":\"web\",",
        "\"services\":{},",
        "\"accept\":[\"cross-service\"],",
        "\"reveal\":\"uniform\",",
        "\"secret\":\"literal:x\",",
        "\"Service\":\"web\",",
        "\"\\u017fervice\":1,",
    ];
    let openings: Vec<usize> = text.match_indices('{').map(|(at, _)| at + 1).collect();
    if !openings.is_empty() {
        text.insert_str(random.pick(&openings), random.pick(&names));
    }
}

/// The same document in another spelling.
fn escape_a_letter(random: &mut Random, text: &mut String) {
    let letters: Vec<usize> =
        text.match_indices(|character: char| character.is_ascii_alphabetic()).map(|(at, _)| at).collect();
    if !letters.is_empty() {
        let at = random.pick(&letters);
        let escaped = format!("\\u{:04x}", text.as_bytes()[at]);
        text.replace_range(at..=at, &escaped);
    }
}
