//! One parameter of the query (RFC 9421, section 2.2.8).

use super::Fault;
use crate::percent::{escaped_byte, push_escaped};

/// The most parameters of a query that are looked at.
const MAX_PARAMETERS: usize = 100;

/// Writes the value of the parameter whose name, in the encoding that is written here, is `name`.
///
/// Bytes that are no UTF-8 keep their value instead of becoming a replacement character, so that two queries never read the
/// same.
pub(super) fn put(query: &[u8], name: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut found = None;
    let pieces = query.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty());
    let start = out.len();
    for (count, piece) in pieces.enumerate() {
        if count == MAX_PARAMETERS {
            return Err(Fault::TooManyQueryParameters);
        }
        let at = piece.iter().position(|&byte| byte == b'=');
        let (known, value) = at.map_or((piece, &b""[..]), |at| (&piece[..at], &piece[at + 1..]));
        // What is decoded and written again is taken back at once: only the bytes are compared.
        recode(known, out)?;
        let is_wanted = &out[start..] == name.as_bytes();
        out.truncate(start);
        if is_wanted && found.replace(value).is_some() {
            return Err(Fault::RepeatedQueryParameter);
        }
    }
    recode(found.ok_or(Fault::AbsentQueryParameter)?, out)
}

/// Decodes a piece of a form and encodes it again: all but letters, digits and `*-._` as a triplet, a space too.
fn recode(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let byte = match first {
            b'+' => b' ',
            b'%' => {
                let escaped = escaped_byte(rest).ok_or(Fault::QueryEncoding)?;
                rest = &rest[2..];
                escaped
            }
            byte => byte,
        };
        if byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_') {
            out.push(byte);
        } else {
            push_escaped(out, byte);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(query: &str, name: &str) -> Result<String, Fault> {
        let mut out = b"kept".to_vec();
        put(query.as_bytes(), name, &mut out).map(|()| String::from_utf8(out).unwrap()["kept".len()..].to_owned())
    }

    #[test]
    fn names_and_values_are_written_again() {
        let query = "var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something\
                     &empty&symbols=%2B%2F%26%3D*~&=unnamed&a=b=c";
        for (name, wanted) in [
            ("var", "this%20is%20a%20big%0Amultiline%20value"),
            ("bar", "with%20plus%20whitespace"),
            ("fa%C3%A7ade%22%3A%20", "something"),
            ("empty", ""),
            ("symbols", "%2B%2F%26%3D*%7E"),
            ("", "unnamed"),
            ("a", "b%3Dc"),
        ] {
            assert_eq!(value(query, name).as_deref(), Ok(wanted), "{name}");
        }
        assert_eq!(value("%50et=dog", "Pet").as_deref(), Ok("dog"));
        assert_eq!(value("a=%ff", "a").as_deref(), Ok("%FF"));
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        assert_eq!(value("a=1&a=2", "a"), Err(Fault::RepeatedQueryParameter));
        assert_eq!(value("a=1&%61=1", "a"), Err(Fault::RepeatedQueryParameter));
        assert_eq!(value("a=1", "b"), Err(Fault::AbsentQueryParameter));
        assert_eq!(value("", "b"), Err(Fault::AbsentQueryParameter));
        assert_eq!(value("a=1", "A"), Err(Fault::AbsentQueryParameter));
        for bad in ["a=%", "a=%4", "a=%zz", "%=1&a=2", "a=1&b%g0"] {
            assert_eq!(value(bad, "a"), Err(Fault::QueryEncoding), "{bad}");
        }
    }

    #[test]
    fn parameters_are_bounded() {
        let query = |count: usize| "b=1&".repeat(count - 1) + "a=2";
        assert_eq!(value(&query(MAX_PARAMETERS), "a").as_deref(), Ok("2"));
        assert_eq!(value(&query(MAX_PARAMETERS + 1), "a"), Err(Fault::TooManyQueryParameters));
    }
}
