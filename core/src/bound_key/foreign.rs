//! Tells keys of other kinds from random secrets: a public key that is taken for an HMAC key is a secret that everybody knows.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// Whether these bytes are a key as PEM, DER, JWK, or a line of OpenSSH, or DER as base64.
pub(crate) fn is_key_document(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let starts: [&[u8]; 4] = [b"-----BEGIN ", b"ssh-", b"ecdsa-sha2-", b"sk-ssh-"];
    let is_jwk = text.first() == Some(&b'{') && text.windows(5).any(|window| window == b"\"kty\"");
    is_jwk || starts.iter().any(|start| text.starts_with(start)) || is_der(bytes) || is_der_as_base64(text)
}

/// Whether these bytes are one DER sequence. A short one must begin with a sequence or a number, as all keys in DER do: its
/// first two bytes alone may be chance.
fn is_der(bytes: &[u8]) -> bool {
    match bytes {
        [0x30, length @ ..=0x7f, rest @ ..] => {
            rest.len() == usize::from(*length) && matches!(rest.first(), Some(0x30 | 0x02))
        }
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        [0x30, 0x82, high, low, rest @ ..] => rest.len() == usize::from(*high) << 8 | usize::from(*low),
        _ => false,
    }
}

fn is_der_as_base64(text: &[u8]) -> bool {
    // 0x30 gives this letter.
    text.first() == Some(&b'M')
        && [STANDARD, URL_SAFE_NO_PAD]
            .into_iter()
            .any(|engine| engine.decode(text).is_ok_and(|bytes| is_der(&Zeroizing::new(bytes))))
}
