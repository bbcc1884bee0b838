//! Makes tokens. The same arguments give the same token: members stand in one order, and no signature is random.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{MAX_TOKEN_BYTES, Token};
use crate::bound_key::BoundKey;
use crate::strict_json::Object;

/// The claims that have a place of their own.
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "iat", "nbf", "exp", "jti"];

/// The claims that a config cannot give another meaning.
pub(crate) const RESERVED: [&str; 8] = ["iss", "sub", "aud", "iat", "nbf", "exp", "jti", "client_id"];

/// What is to be claimed.
#[derive(Clone, Copy)]
pub(crate) struct NewToken<'a> {
    /// The `typ` of the header.
    pub(crate) kind: &'a str,
    pub(crate) key_id: Option<&'a str>,
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    /// One is written as a string, several as a list.
    pub(crate) audience: &'a [&'a str],
    pub(crate) issued_at: u64,
    pub(crate) not_before: Option<u64>,
    pub(crate) expires: u64,
    /// The `jti`.
    pub(crate) id: Option<&'a str>,
    /// A JSON object of further claims, which are written behind the others as they are.
    pub(crate) claims: Option<&'a str>,
}

/// Makes a token in compact form.
///
/// # Errors
/// A sentence where the key cannot sign, or the token would be one that nobody should take.
pub(crate) fn issue(token: &NewToken<'_>, key: &BoundKey) -> Result<String, &'static str> {
    if token.expires <= token.issued_at {
        return Err("the token would end before it begins");
    }
    if token.audience.is_empty() {
        return Err("the token would be for nobody: name its audience");
    }
    let mut text = String::with_capacity(512);
    URL_SAFE_NO_PAD.encode_string(header(token, key), &mut text);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(payload(token)?, &mut text);
    let signature = key.sign(text.as_bytes()).ok_or("the key can only verify; signing needs the private key")?;
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    if text.len() > MAX_TOKEN_BYTES {
        return Err("the token would be longer than 8192 bytes");
    }
    // What is sent is what would be taken: this holds the bounds of depth, members, names and times.
    match Token::parse(text.as_bytes()) {
        Ok(_) => Ok(text),
        Err(_) => Err(
            "a name is empty, longer than 512 bytes or has control characters, or the claims are too many or too deep",
        ),
    }
}

fn header(token: &NewToken<'_>, key: &BoundKey) -> String {
    let mut header = Members::new();
    header.string("alg", key.algorithm().jose_name());
    header.string("typ", token.kind);
    if let Some(id) = token.key_id {
        header.string("kid", id);
    }
    header.finish()
}

fn payload(token: &NewToken<'_>) -> Result<String, &'static str> {
    let mut payload = Members::new();
    payload.string("iss", token.issuer);
    payload.string("sub", token.subject);
    match token.audience {
        [one] => payload.string("aud", one),
        several => payload.raw("aud", &string(several)),
    }
    payload.raw("iat", &token.issued_at.to_string());
    if let Some(start) = token.not_before {
        payload.raw("nbf", &start.to_string());
    }
    payload.raw("exp", &token.expires.to_string());
    if let Some(id) = token.id {
        payload.string("jti", id);
    }
    if let Some(claims) = token.claims {
        let mut is_free = true;
        Object::read(claims.as_bytes(), |name, _| is_free &= !REGISTERED.contains(&&*name.decoded()))
            .map_err(|_| "the further claims are not one JSON object, with each member once")?;
        if !is_free {
            return Err("the further claims hold one that is set by itself: iss, sub, aud, iat, nbf, exp or jti");
        }
        payload.all_of(claims);
    }
    Ok(payload.finish())
}

/// A JSON object in the making.
struct Members(String);

impl Members {
    fn new() -> Self {
        Self("{".into())
    }

    fn raw(&mut self, name: &str, value: &str) {
        self.separate();
        self.0.push_str(&string(name));
        self.0.push(':');
        self.0.push_str(value);
    }

    fn string(&mut self, name: &str, value: &str) {
        self.raw(name, &string(value));
    }

    /// The members of a checked object.
    fn all_of(&mut self, object: &str) {
        let object = object.trim_ascii();
        let members = object[1..object.len() - 1].trim_ascii();
        if !members.is_empty() {
            self.separate();
            self.0.push_str(members);
        }
    }

    fn separate(&mut self) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
    }

    fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn string(value: &(impl serde::Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("strings and lists of them are JSON")
}
