//! Query and form parameters: split, decoded and written again the way senders do it.

use super::SortedQuery;
use crate::bytes::any;

/// The most parameters that are looked at.
const MAX_PARAMETERS: usize = 1000;

/// Why parameters cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterFault {
    Missing,
    Repeated,
    TooMany,
}

/// Splits `a=b&c=d` into names and values, still encoded. Empty pieces are passed over.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty()).map(|piece| {
        match piece.iter().position(|&byte| byte == b'=') {
            Some(at) => (&piece[..at], &piece[at + 1..]),
            None => (piece, &b""[..]),
        }
    })
}

/// Undoes form encoding: `+` is a space, a triplet its byte. A percent sign without two digits stands for itself.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(digit(*high) << 4 | digit(*low));
                rest = &tail[2..];
            }
            _ => decoded.push(byte),
        }
    }
    decoded
}

fn digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).map_or(0, |digit| digit as u8)
}

/// The value of a parameter that must be there once, as it stands in the text.
pub(crate) fn find<'a>(text: &'a [u8], name: &str) -> Result<&'a [u8], ParameterFault> {
    let mut found = None;
    for (at, (key, value)) in pairs(text).enumerate() {
        if at == MAX_PARAMETERS {
            return Err(ParameterFault::TooMany);
        }
        if is_spelling(key, name.as_bytes()) && found.replace(value).is_some() {
            return Err(ParameterFault::Repeated);
        }
    }
    found.ok_or(ParameterFault::Missing)
}

/// Whether a name is what an encoded one stands for.
fn is_spelling(encoded: &[u8], name: &[u8]) -> bool {
    encoded == name || (any(encoded, |byte| (byte == b'%') | (byte == b'+')) && decode(encoded) == name)
}

/// A name and its value, decoded.
type Pair = (Vec<u8>, Vec<u8>);

fn decoded_pairs(text: &[u8]) -> Result<Vec<Pair>, ParameterFault> {
    if pairs(text).nth(MAX_PARAMETERS).is_some() {
        return Err(ParameterFault::TooMany);
    }
    Ok(pairs(text).map(|(name, value)| (decode(name), decode(value))).collect())
}

/// Form parameters by name, then value: name and value with nothing between.
pub(crate) fn sorted_form(body: &[u8], distinct: bool) -> Result<Vec<u8>, ParameterFault> {
    let mut pairs = decoded_pairs(body)?;
    pairs.sort();
    if distinct {
        pairs.dedup();
    }
    Ok(pairs.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect())
}

/// Query parameters by name, written as the form says.
pub(crate) fn sorted_query(query: &[u8], form: &SortedQuery) -> Result<Vec<u8>, ParameterFault> {
    let mut pairs = decoded_pairs(query)?;
    pairs.retain(|(name, _)| !form.except.iter().any(|except| except.as_bytes() == name.as_slice()));
    // Values of one name stay in the order in which they came.
    pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut written = Vec::new();
    for (at, group) in pairs.chunk_by(|(left, _), (right, _)| left == right).enumerate() {
        if at > 0 {
            written.extend_from_slice(form.join.as_bytes());
        }
        write(&mut written, &group[0].0, form.escape, b"%&=");
        written.extend_from_slice(form.assign.as_bytes());
        for (at, (_, value)) in group.iter().enumerate() {
            if at > 0 {
                written.extend_from_slice(form.repeated.as_ref().ok_or(ParameterFault::Repeated)?.as_bytes());
            }
            write(&mut written, value, form.escape, b"%&");
        }
    }
    Ok(written)
}

fn write(to: &mut Vec<u8>, text: &[u8], escapes: bool, special: &[u8]) {
    for &byte in text {
        if escapes && special.contains(&byte) {
            to.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            to.push(byte);
        }
    }
}

/// The query decoded and encoded again: unreserved characters and `!'()*`, but for the apostrophe, stand for themselves.
pub(crate) fn querystring(query: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(query.len());
    for (at, (name, value)) in pairs(query).enumerate() {
        if at > 0 {
            written.push(b'&');
        }
        encode(&mut written, &decode(name));
        written.push(b'=');
        encode(&mut written, &decode(value));
    }
    written
}

fn encode(to: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        match byte {
            b' ' => to.push(b'+'),
            _ if byte.is_ascii_alphanumeric() || b"-_.~!()*".contains(&byte) => to.push(byte),
            _ => to.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}

/// A target with the escapes of `: / ? @ ! $ ' ( ) * , ;` undone. The first `?` stays the first.
pub(crate) fn unescape_target(target: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(target.len());
    let mut rest = target;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match tail {
            [high, low, ..] if byte == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let escaped = digit(*high) << 4 | digit(*low);
                if b":/?@!$'()*,;".contains(&escaped) {
                    written.push(escaped);
                    rest = &tail[2..];
                } else {
                    written.push(byte);
                }
            }
            _ => written.push(byte),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_there_once_or_refused() {
        assert_eq!(find(b"a=1&b=2", "b"), Ok(&b"2"[..]));
        assert_eq!(find(b"a=1&b=2&b=3", "b"), Err(ParameterFault::Repeated));
        assert_eq!(find(b"a=1&b=2&%62=3", "b"), Err(ParameterFault::Repeated), "spelt in another way");
        assert_eq!(find(b"a=1", "b"), Err(ParameterFault::Missing));
        assert_eq!(find(b"b", "b"), Ok(&b""[..]));
        assert_eq!(find("b&".repeat(1001).as_bytes(), "c"), Err(ParameterFault::TooMany));
    }

    #[test]
    fn forms_are_decoded_and_sorted() {
        assert_eq!(decode(b"a+b%20c%2Bd%zz%4"), b"a b c+d%zz%4");
        assert_eq!(sorted_form(b"Sid=CA&SidAccount=AC&D=2&D=1&D=1", true).expect("few"), b"D1D2SidCASidAccountAC");
        assert_eq!(sorted_form(b"D=2&D=1&D=1", false).expect("few"), b"D1D1D2");
        assert_eq!(sorted_form(b"", true).expect("few"), b"");
        assert!(sorted_form("a=1&".repeat(1001).as_bytes(), true).is_err());
    }

    #[test]
    fn queries_are_written_as_the_form_says() {
        let form = |join: &str, repeated: Option<&str>, escape| SortedQuery {
            except: vec!["s".into()],
            assign: "=".into(),
            join: join.into(),
            repeated: repeated.map(Into::into),
            escape,
        };
        assert_eq!(sorted_query(b"b=2&s=x&a=1", &form("&", None, true)).expect("fine"), b"a=1&b=2");
        assert_eq!(sorted_query(b"b=1&a=%26%3D%25&b=2", &form("", Some(","), true)).expect("fine"), b"a=%26=%25b=1,2");
        assert_eq!(sorted_query(b"b=1&b=2", &form("&", None, true)), Err(ParameterFault::Repeated));
    }

    #[test]
    fn targets_are_unescaped_in_part() {
        assert_eq!(unescape_target(b"/a%2Fb%20c?d=%3a%3F&e=%25"), b"/a/b%20c?d=:?&e=%25");
        assert_eq!(querystring(b"foo=1&bar=2&Body=It's+amazing"), b"foo=1&bar=2&Body=It%27s+amazing");
    }
}
