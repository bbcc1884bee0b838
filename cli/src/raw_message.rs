//! A raw HTTP/1.1 request, as a proxy log, a capture or `wiresign sign --http` has it.
//!
//! Lines end with CRLF or LF. Names, values and target are handed on as they stand. The body is what `Content-Length`
//! says, or the decoded chunks of `Transfer-Encoding: chunked`; with neither it is the rest of the file, because that
//! is what a person means who pastes a message into one.

use httparse::{Request, Status, parse_chunk_size};

/// More than a verifier lets through, so that the verifier decides about long lists and not this parser.
const MAX_HEADERS: usize = 4096;

/// A parsed message. Owned: it outlives the file's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawMessage {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// Bytes after the end of the body. They belong to no request.
    pub(crate) surplus: usize,
}

impl RawMessage {
    /// Parses a message. The error is a sentence.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err("The message begins with a byte order mark; save it without one.".to_owned());
        }
        let mut fields = vec![httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = Request::new(&mut fields);
        let head_length = match request.parse(bytes) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) => {
                return Err("The message ends inside its headers; end them with an empty line.".to_owned());
            }
            Err(httparse::Error::Token) => {
                return Err(
                    "The first line is not METHOD TARGET HTTP/1.1, or it holds bytes that may not be there.".to_owned()
                );
            }
            Err(error) => {
                return Err(format!("The message is not HTTP/1.1 ({error}); save it as it went over the wire."));
            }
        };
        let headers: Vec<(Vec<u8>, Vec<u8>)> =
            request.headers.iter().map(|field| (field.name.as_bytes().to_vec(), field.value.to_vec())).collect();
        let method = request.method.unwrap_or_default().to_owned();
        let target = request.path.unwrap_or_default().to_owned();
        let (body, surplus) = read_body(&headers, &bytes[head_length..])?;
        Ok(Self { method, target, headers, body, surplus })
    }
}

fn read_body(headers: &[(Vec<u8>, Vec<u8>)], rest: &[u8]) -> Result<(Vec<u8>, usize), String> {
    let values = |name: &str| -> Vec<&[u8]> {
        headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v.as_slice()).collect()
    };
    let lengths = values("content-length");
    let encodings = values("transfer-encoding");
    match (lengths.as_slice(), encodings.as_slice()) {
        ([], []) => Ok((rest.to_vec(), 0)),
        ([length], []) => {
            let length = content_length(length)?;
            match rest.get(..length) {
                Some(body) => Ok((body.to_vec(), rest.len() - length)),
                None => Err(format!(
                    "Content-Length says {length} bytes, but only {} follow; save the whole body.",
                    rest.len()
                )),
            }
        }
        ([], [encoding]) if encoding.eq_ignore_ascii_case(b"chunked") => decode_chunks(rest),
        ([], [_]) => Err("Of the transfer encodings only `chunked` is understood; save the decoded body.".to_owned()),
        _ => Err("Keep one Content-Length or one Transfer-Encoding: with several, the end of the body is a guess."
            .to_owned()),
    }
}

fn content_length(value: &[u8]) -> Result<usize, String> {
    std::str::from_utf8(value)
        .ok()
        .filter(|text| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| "Write Content-Length as a whole number of bytes.".to_owned())
}

fn decode_chunks(mut rest: &[u8]) -> Result<(Vec<u8>, usize), String> {
    let broken = || "The chunks of the body are broken; save the body with Content-Length instead.".to_owned();
    let mut body = Vec::new();
    loop {
        let Ok(Status::Complete((line, size))) = parse_chunk_size(rest) else { return Err(broken()) };
        rest = &rest[line..];
        if size == 0 {
            return end_of_chunks(rest).map(|surplus| (body, surplus)).ok_or_else(broken);
        }
        let size = usize::try_from(size).map_err(|_| broken())?;
        let chunk = rest.get(..size).ok_or_else(broken)?;
        body.extend_from_slice(chunk);
        rest = rest[size..].strip_prefix(b"\r\n").ok_or_else(broken)?;
    }
}

/// Skips the trailer section; the number of bytes after it.
fn end_of_chunks(rest: &[u8]) -> Option<usize> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    match httparse::parse_headers(rest, &mut fields) {
        Ok(Status::Complete((length, _))) => Some(rest.len() - length),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_byte_of_target_fields_and_body() {
        let raw = b"POST /a/%7e?x=1&y=%20 HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Twice: 1\r\nx-twice:  \xff 2 \r\nContent-Length: 4\r\n\r\n\0\r\n\xff";
        let message = RawMessage::parse(raw).expect("well formed");
        assert_eq!(message.method, "POST");
        assert_eq!(message.target, "/a/%7e?x=1&y=%20");
        let expected: [(&[u8], &[u8]); 5] = [
            (b"Host", b"h"),
            (b"X-Empty", b""),
            (b"X-Twice", b"1"),
            (b"x-twice", b"\xff 2"),
            (b"Content-Length", b"4"),
        ];
        let got: Vec<(&[u8], &[u8])> = message.headers.iter().map(|(n, v)| (n.as_slice(), v.as_slice())).collect();
        assert_eq!(got, expected);
        assert_eq!(message.body, b"\0\r\n\xff");
        assert_eq!(message.surplus, 0);
    }

    #[test]
    fn the_body_is_the_rest_of_the_file_when_nothing_says_its_length() {
        let message = RawMessage::parse(b"PUT / HTTP/1.1\nHost: h\n\nall of it\n").expect("LF lines are fine");
        assert_eq!(message.body, b"all of it\n");
        let message = RawMessage::parse(b"GET / HTTP/1.1\r\n\r\n").expect("well formed");
        assert!(message.body.is_empty());
    }

    #[test]
    fn content_length_ends_the_body_and_tells_the_surplus() {
        let message = RawMessage::parse(b"PUT / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok\n").expect("well formed");
        assert_eq!((message.body.as_slice(), message.surplus), (&b"ok"[..], 1));
    }

    #[test]
    fn chunks_are_joined() {
        let raw = b"PUT / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n!";
        let message = RawMessage::parse(raw).expect("well formed");
        assert_eq!((message.body.as_slice(), message.surplus), (&b"abc\r\n"[..], 1));
    }

    #[test]
    fn refuses_messages_with_no_certain_end() {
        for raw in [
            &b""[..],
            b"GET",
            b"GET / HTTP/1.1",
            b"GET / HTTP/1.1\r\nHost: h\r\n",
            b"GET /a b HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
            b"\xef\xbb\xbfGET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\r\nName: v\r\r\n\r\r\n",
            b"GET / HTTP/1.1\r\nName : v\r\n\r\n",
            b"PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab",
            b"PUT / HTTP/1.1\r\nContent-Length: +2\r\n\r\nab",
            b"PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\nab",
            b"PUT / HTTP/1.1\r\nContent-Length:\r\n\r\n",
            b"PUT / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
            b"PUT / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nab",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\na",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\na",
        ] {
            let error = RawMessage::parse(raw).expect_err(&String::from_utf8_lossy(raw));
            assert!(error.ends_with('.'), "{error}");
        }
    }

    #[test]
    fn any_bytes_give_a_message_or_a_sentence() {
        // A small generator is enough here: what matters is that no slicing can go out of bounds.
        let alphabet: [&[u8]; 12] = [
            b"GET / HTTP/1.1\r\n",
            b"Content-Length: ",
            b"Transfer-Encoding: chunked",
            b"\r\n",
            b"\n",
            b"0",
            b"7",
            b"f",
            b"a",
            b":",
            b"\xff",
            b";",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            let mut raw = b"PUT / HTTP/1.1\r\n".to_vec();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                raw.extend_from_slice(alphabet[(state >> 33) as usize % alphabet.len()]);
            }
            let _ = RawMessage::parse(&raw);
        }
    }
}
