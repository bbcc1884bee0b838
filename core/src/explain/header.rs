//! Headers whose names are nearly right.

/// The header field that was probably meant to be `wanted`, where that one is not there.
pub(super) fn near<'a>(
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    wanted: &str,
    taken: impl Fn(&[u8]) -> bool,
) -> Option<(&'a [u8], &'a [u8])> {
    let plain = plain(wanted.as_bytes());
    let mut best: Option<(usize, &[u8], &[u8])> = None;
    for (name, value) in fields {
        if name.eq_ignore_ascii_case(wanted.as_bytes()) || taken(name) {
            continue;
        }
        if let Some(distance) = distance(&plain, &self::plain(name))
            && best.is_none_or(|(least, ..)| distance < least)
        {
            best = Some((distance, name, value));
        }
    }
    best.map(|(_, name, value)| (name, value))
}

/// A name without letter case, marks and the `X` that many begin with.
fn plain(name: &[u8]) -> Vec<u8> {
    let name = name.strip_prefix(b"X-").or_else(|| name.strip_prefix(b"x-")).unwrap_or(name);
    let name = name.strip_prefix(b"X_").or_else(|| name.strip_prefix(b"x_")).unwrap_or(name);
    name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

/// How far two names are apart; nothing where nobody would take one for the other.
fn distance(wanted: &[u8], other: &[u8]) -> Option<usize> {
    let contains =
        |whole: &[u8], part: &[u8]| part.len() >= 6 && whole.windows(part.len()).any(|window| window == part);
    if wanted == other {
        return Some(0);
    }
    let edits = edits(wanted, other);
    if edits <= 2 && wanted.len() >= 6 {
        return Some(edits);
    }
    (contains(wanted, other) || contains(other, wanted)).then_some(2 + edits)
}

/// The edit distance (insertions, deletions, substitutions).
fn edits(left: &[u8], right: &[u8]) -> usize {
    if left.len().abs_diff(right.len()) > 24 || right.len() > 64 {
        return usize::MAX / 2;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, byte) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (to, other) in right.iter().enumerate() {
            let above = row[to + 1];
            row[to + 1] = (diagonal + usize::from(byte != other)).min(above + 1).min(row[to] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_nearly_right_are_found() {
        for (wanted, sent) in [
            ("X-Signature", "X-Signature-256"),
            ("X-Signature", "x_signature"),
            ("X-Signature", "Signature"),
            ("X-Signature", "X-Hub-Signature"),
            ("X-Signature", "X-Signatrue"),
            ("X-Service-ID", "X-Service-Id-"),
            ("X-Service-ID", "x-service_id"),
            ("X-Service-ID", "X-ServiceID"),
            ("X-Timestamp", "X-Request-Timestamp"),
            ("X-Hub-Signature-256", "X-Hub-Signature"),
        ] {
            let fields = [(sent.as_bytes(), &b"1"[..])];
            assert!(near(fields.into_iter(), wanted, |_| false).is_some(), "{wanted} {sent}");
        }
        for (wanted, sent) in [
            ("X-Signature", "Accept"),
            ("X-Timestamp", "Date"),
            ("X-Service-ID", "X-Service-Name"),
            ("X-Signature", "X-Sig"),
        ] {
            let fields = [(sent.as_bytes(), &b"1"[..])];
            assert!(near(fields.into_iter(), wanted, |_| false).is_none(), "{wanted} {sent}");
        }
    }
}
