//! Changes of a request: one thing at a time, as an attacker, a proxy or a careless client makes them.

use super::draft::Draft;
use super::hostile::{BODIES, HEADERS, METHODS, NAMES, ODD_BYTES, PATH_PIECES, QUERY_PIECES, TARGETS, TIMES, splice};
use super::random::Random;

/// What the limits of a request are, so that the sizes around them are tried too.
const TARGET_LIMIT: usize = 8192;
const FIELD_LIMIT: usize = 256;
const HEADER_BYTES_LIMIT: usize = 65536;

/// Changes what is signed before it is signed: the signature will hold over hostile parts.
pub(crate) fn before_signing(random: &mut Random, draft: &mut Draft) {
    match random.below(10) {
        0 => draft.method = random.pick(METHODS).to_vec(),
        1..=3 => change_target(random, draft),
        4 => change_authority(random, draft),
        5..=6 => change_body(random, draft),
        7 => add_header(random, draft),
        8 => fill(random, draft),
        _ => draft.body = random.pick(BODIES).to_vec(),
    }
}

/// Changes the request on its way.
pub(crate) fn on_the_way(random: &mut Random, draft: &mut Draft) {
    match random.below(20) {
        0 => draft.method = random.pick(METHODS).to_vec(),
        1..=3 => change_target(random, draft),
        4 => change_authority(random, draft),
        5 => change_body(random, draft),
        6 => add_header(random, draft),
        7 => fill(random, draft),
        8 => random.shuffle(&mut draft.headers),
        9..=10 => change_name(random, draft),
        11 => repeat_header(random, draft),
        12 => {
            if !draft.headers.is_empty() {
                let at = random.below(draft.headers.len());
                draft.headers.remove(at);
            }
        }
        13 => swap_values(random, draft),
        _ => change_value(random, draft),
    }
}

fn change_target(random: &mut Random, draft: &mut Draft) {
    match random.below(6) {
        0 => draft.target = random.pick(TARGETS).to_vec(),
        1 => {
            draft.target.push(b'?');
            for _ in 0..random.below(4) {
                draft.target.extend_from_slice(random.pick(QUERY_PIECES));
            }
        }
        2 => {
            let length = TARGET_LIMIT - 1 + random.below(3);
            let filler = random.pick(b"a/%?&");
            draft.target.resize(length.max(draft.target.len()), filler);
        }
        3 => flip_case(random, &mut draft.target),
        4 => splice(random, &mut draft.target, ODD_BYTES),
        _ => splice(random, &mut draft.target, PATH_PIECES),
    }
}

fn change_authority(random: &mut Random, draft: &mut Draft) {
    let values: [&[u8]; 10] = [
        b"",
        b"orders.internal",
        b"ORDERS.internal",
        b"orders.internal:443",
        b"orders.internal:80",
        b"orders.internal:0443",
        b"user@orders.internal",
        b"[::1]:8080",
        b"orders.internal.",
        "orders\u{2024}internal".as_bytes(),
    ];
    draft.authority = if random.percent(20) { None } else { Some(random.pick(&values).to_vec()) };
    if random.percent(20) {
        splice(random, draft.authority.get_or_insert_default(), ODD_BYTES);
    }
}

fn change_body(random: &mut Random, draft: &mut Draft) {
    match random.below(6) {
        0 => draft.body = random.pick(BODIES).to_vec(),
        1 => flip_bit(random, &mut draft.body),
        2 => draft.body.extend_from_slice(random.pick(BODIES)),
        3 => {
            let length = random.below(draft.body.len() + 1);
            draft.body.truncate(length);
        }
        4 => {
            let length = random.below(300);
            draft.body = random.bytes(length);
        }
        _ => splice(random, &mut draft.body, ODD_BYTES),
    }
}

fn add_header(random: &mut Random, draft: &mut Draft) {
    let (name, value) = random.pick(HEADERS);
    let at = random.below(draft.headers.len() + 1);
    draft.headers.insert(at, ((*name).to_owned(), value.as_bytes().to_vec()));
}

/// As many fields, or bytes of them, as a request may have, and one more.
fn fill(random: &mut Random, draft: &mut Draft) {
    // Rarely: these are the largest cases, and there are only a few of them.
    if !random.percent(4) {
        return add_header(random, draft);
    }
    if random.percent(50) {
        let count = FIELD_LIMIT - 1 + random.below(3);
        while draft.headers.len() < count {
            let name = format!("f{}", draft.headers.len());
            draft.set(&name, "");
        }
    } else {
        let taken: usize = draft.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let length = (HEADER_BYTES_LIMIT - 1 + random.below(3)).saturating_sub(taken + 1);
        draft.set("f", vec![b'x'; length]);
    }
}

fn change_name(random: &mut Random, draft: &mut Draft) {
    let Some((name, _)) = some_header(random, draft) else { return };
    match random.below(8) {
        0 => *name = name.to_ascii_uppercase(),
        1 => *name = name.to_ascii_lowercase(),
        2 => *name = name.replace('-', "_"),
        3 => name.push(random.pick(&[' ', '\t', ':', '\u{a0}', '\u{200b}', '-'])),
        4 => name.insert(0, random.pick(&[' ', '\t', '\u{feff}', 'X'])),
        5 => *name = name.replace(['s', 'S'], "\u{17f}"),
        6 => *name = name.replace(['i', 'I'], random.pick(&["\u{131}", "\u{130}"])),
        _ => {
            let mut bytes = name.clone().into_bytes();
            flip_case(random, &mut bytes);
            *name = String::from_utf8(bytes).expect("only ASCII letters change their case");
        }
    }
}

fn repeat_header(random: &mut Random, draft: &mut Draft) {
    let Some((name, value)) = some_header(random, draft).cloned() else { return };
    let name = if random.percent(50) { name.to_ascii_lowercase() } else { name };
    let value = match random.below(4) {
        0 => Vec::new(),
        1 => random.pick(NAMES).as_bytes().to_vec(),
        _ => value,
    };
    let at = random.below(draft.headers.len() + 1);
    draft.headers.insert(at, (name, value));
}

fn swap_values(random: &mut Random, draft: &mut Draft) {
    if draft.headers.is_empty() {
        return;
    }
    let (left, right) = (random.below(draft.headers.len()), random.below(draft.headers.len()));
    let value = draft.headers[left].1.clone();
    draft.headers[right].1 = value;
}

fn change_value(random: &mut Random, draft: &mut Draft) {
    let Some((name, value)) = some_header(random, draft) else { return };
    let name = name.to_ascii_lowercase();
    if name.contains("timestamp") && random.percent(60) {
        *value = hostile_time(random, value);
    } else if name.contains("signature") && random.percent(70) {
        change_signature(random, value);
    } else if (name.contains("id") || name.contains("service") || name.contains("name")) && random.percent(50) {
        *value = random.pick(NAMES).as_bytes().to_vec();
    } else {
        change_bytes(random, value);
    }
}

/// A time as it should not be written, or another time.
pub(crate) fn hostile_time(random: &mut Random, good: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(good).into_owned();
    if random.percent(30)
        && let Ok(time) = text.parse::<u64>()
    {
        let moved =
            [1, 299, 300, 301, 600, 601, 1000].map(|step| [time.saturating_sub(step), time.saturating_add(step)]);
        return random.pick(moved.as_flattened()).to_string().into_bytes();
    }
    random.pick(TIMES).replace("{}", &text).into_bytes()
}

fn change_signature(random: &mut Random, value: &mut Vec<u8>) {
    match random.below(16) {
        0 => value.make_ascii_uppercase(),
        1 => flip_case(random, value),
        2 => {
            let length = random.below(value.len() + 1);
            value.truncate(length);
        }
        3 => value.extend_from_slice(random.pick(&[b"0".as_slice(), b"00", b"=", b"==", b" ", b",", b"\n"])),
        4 => *value = [b"v2=", value.as_slice()].concat(),
        5 => *value = [b"sha256=", value.as_slice()].concat(),
        6 => *value = [value.as_slice(), b",", value.as_slice()].concat(),
        7 => *value = [value.as_slice(), b", ", value.as_slice()].concat(),
        8 => *value = vec![value.clone(); 7 + random.below(3)].join(b",".as_slice()),
        9 => {
            *value = [
                random.pick(&[b"v1=".as_slice(), b"v0=00,", b"t=1,", b" ", b"v2=00,", b"x=y,", b"v1,AAAA "]),
                value.as_slice(),
            ]
            .concat()
        }
        10 => value.clear(),
        11 => {
            if let Some(at) = value.iter().position(|&byte| byte == b'=') {
                value.drain(..=at);
            }
        }
        12 => value.iter_mut().for_each(|byte| match *byte {
            b'+' => *byte = b'-',
            b'/' => *byte = b'_',
            b'0' => *byte = b'O',
            _ => {}
        }),
        _ => flip_digit(random, value),
    }
}

/// Another digit of the same alphabet, so that only the comparison can tell.
fn flip_digit(random: &mut Random, value: &mut [u8]) {
    if value.is_empty() {
        return;
    }
    let at = random.below(value.len());
    let byte = &mut value[at];
    *byte = match *byte {
        b'0'..=b'8' | b'a'..=b'e' => *byte + 1,
        b'9' => b'0',
        b'f' => b'a',
        other => other ^ 1,
    };
}

fn change_bytes(random: &mut Random, value: &mut Vec<u8>) {
    match random.below(7) {
        0 => value.clear(),
        1 => flip_bit(random, value),
        2 => {
            let space = random.pick(&[b" ".as_slice(), b"\t", b"  ", b"\r\n ", "\u{a0}".as_bytes()]);
            *value = if random.percent(50) { [space, value].concat() } else { [value, space].concat() };
        }
        3 => flip_case(random, value),
        4 => *value = [value.as_slice(), b", ", value.as_slice()].concat(),
        _ => splice(random, value, ODD_BYTES),
    }
}

fn some_header<'a>(random: &mut Random, draft: &'a mut Draft) -> Option<&'a mut (String, Vec<u8>)> {
    if draft.headers.is_empty() {
        return None;
    }
    let at = random.below(draft.headers.len());
    draft.headers.get_mut(at)
}

fn flip_bit(random: &mut Random, bytes: &mut [u8]) {
    if !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
    }
}

fn flip_case(random: &mut Random, bytes: &mut [u8]) {
    let letters: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at].is_ascii_alphabetic()).collect();
    if !letters.is_empty() {
        bytes[random.pick(&letters)] ^= 0x20;
    }
}
