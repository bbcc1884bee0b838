//! Any text as a pattern, and in its second line any path against it. What matches, and which paths have one reading, is
//! said here once more in the plainest way, and both must agree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wiresign::{Config, Head, RefusalCode, Secrets, Verifier};

fuzz_target!(|text: &str| {
    let Some((pattern, path)) = text.split_once('\n') else { return };
    // These would need escapes in the document, and no pattern may hold them.
    if pattern.contains(['"', '\\']) || pattern.chars().any(char::is_control) {
        return;
    }
    let document =
        |route: &str| format!(r#"{{"service": "a", "services": {{}}, "routes": [{{"match": "{pattern}", {route}}}]}}"#);
    let open = Config::parse(&document(r#""public": true"#), &Secrets::new());
    let closed = Config::parse(&document(r#""strict": true"#), &Secrets::new());
    assert_eq!(open.is_ok(), closed.is_ok());
    let (Ok(open), Ok(closed)) = (open, closed) else { return };
    let (open, closed) = (Verifier::new(&open), Verifier::new(&closed));

    let is_on_the_wire =
        path.starts_with('/') && path.len() <= 8192 && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    let plain_path = path.split('?').next().unwrap_or_default();
    let expected = is_on_the_wire && has_one_reading(plain_path) && matches(pattern, "GET", plain_path);
    assert_eq!(open.is_public(b"GET", path.as_bytes()), expected, "{text:?}");

    // A closed route refuses what has two readings before it looks at anything else.
    let none: &[(&str, &str)] = &[];
    let refusal = closed.verify(&Head::new(b"GET", path.as_bytes(), none), b"", 0).expect_err("no credential");
    let malformed = !is_on_the_wire || !has_one_reading(plain_path);
    let code = if malformed { RefusalCode::MalformedRequest } else { RefusalCode::AuthenticationRequired };
    assert_eq!(refusal.code(), code, "{text:?}");
});

/// Segment by segment, byte by byte.
fn matches(pattern: &str, method: &str, path: &str) -> bool {
    let (wanted, pattern) = pattern.split_once(' ').unwrap_or(("", pattern));
    if !wanted.is_empty() && wanted != method {
        return false;
    }
    let segments = |text: &str| match text {
        "/" => Vec::new(),
        _ => text[1..].split('/').map(str::to_owned).collect::<Vec<_>>(),
    };
    let (mut wanted, given) = (segments(pattern), segments(path));
    let any_tail = wanted.last().is_some_and(|last| last == "**");
    if any_tail {
        wanted.pop();
    }
    let same = |(wanted, given): (&String, &String)| if wanted == "*" { !given.is_empty() } else { wanted == given };
    (wanted.len() == given.len() || (any_tail && wanted.len() <= given.len())) && wanted.iter().zip(&given).all(same)
}

fn has_one_reading(path: &str) -> bool {
    let segments: Vec<&str> = path[1..].split('/').collect();
    let (last, others) = segments.split_last().expect("splitting gives one piece at least");
    !others.contains(&"")
        && !segments.iter().any(|segment| [".", ".."].contains(segment))
        && !path.contains(['\\', ';'])
        && (last.is_empty() || is_fine(last))
        && others.iter().all(|segment| is_fine(segment))
}

/// Whether all percent triplets of a segment are whole and needed.
fn is_fine(segment: &str) -> bool {
    segment.split('%').skip(1).all(|rest| {
        let Some(digits) = rest.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) else {
            return false;
        };
        let byte = u8::from_str_radix(digits, 16).expect("two hex digits");
        let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_never_in_utf8 = [0xc0, 0xc1].contains(&byte) || byte >= 0xf5;
        !is_unreserved && !is_never_in_utf8 && byte >= 0x20 && byte != 0x7f && !b"/\\;".contains(&byte)
    })
}
