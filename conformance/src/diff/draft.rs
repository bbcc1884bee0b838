//! A request while it is being made: bytes everywhere, so that anything can be changed.

use crate::step::Request;
use crate::text::Text;

/// A request that a genuine signer or an attacker sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) method: Vec<u8>,
    pub(crate) target: Vec<u8>,
    pub(crate) authority: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Draft {
    pub(crate) fn of(request: &Request) -> Draft {
        let headers = request.headers.iter().map(|(name, value)| (name.clone(), value.bytes().to_vec()));
        Draft {
            method: request.method.bytes().to_vec(),
            target: request.target.bytes().to_vec(),
            authority: request.authority.as_ref().map(|authority| authority.bytes().to_vec()),
            headers: headers.collect(),
            body: request.body.bytes().to_vec(),
        }
    }

    pub(crate) fn into_request(self) -> Request {
        Request {
            method: text(&self.method),
            target: text(&self.target),
            authority: self.authority.map(|authority| text(&authority)),
            headers: self.headers.into_iter().map(|(name, value)| (name, text(&value))).collect(),
            body: text(&self.body),
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Path and query, before and after the first question mark.
    pub(crate) fn split_target(&self) -> (&[u8], &[u8]) {
        match self.target.iter().position(|&byte| byte == b'?') {
            Some(end) => (&self.target[..end], &self.target[end + 1..]),
            None => (&self.target, b""),
        }
    }
}

/// The form in which a driver reads these bytes surely: a string only where it is printable ASCII.
pub(crate) fn text(bytes: &[u8]) -> Text {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) => Text::Plain(text.to_owned()),
        _ => Text::from_bytes(bytes),
    }
}
