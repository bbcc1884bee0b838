//! Finds the handshake that a request is, has it verified, and puts the answer together.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::HandshakeResponse;
use super::document::Document;
use super::rule::{Body, Handshake, HandshakeFault, MAX_BODY_BYTES, MAX_ECHO_BYTES, MatchValue, Source, Value, Verify};
use crate::config::json::Json;
use crate::mac::{MacKey, hex};
use crate::request::{Head, Headers};
use crate::template::parameters::{self, ParameterFault};

/// A request that may be a handshake.
pub(crate) struct Request<'a, H: Headers + ?Sized> {
    pub(crate) head: &'a Head<'a, H>,
    pub(crate) body: &'a [u8],
    /// The SHA-256 of the webhook's verify token.
    pub(crate) verify_token: Option<[u8; 32]>,
}

/// Why a request that is a handshake is refused: by the handshake, or by the signature.
pub(crate) enum Denied<E> {
    Fault(HandshakeFault),
    Signature(E),
}

impl<E> From<HandshakeFault> for Denied<E> {
    fn from(fault: HandshakeFault) -> Self {
        Self::Fault(fault)
    }
}

/// Answers the request where it is one of these handshakes. `verify` says whether it holds as a request of the webhook, and
/// lends the key that made the signature, `None` where there is no signature; it is asked at most once.
pub(crate) fn answer<'k, E, H: Headers + ?Sized>(
    handshakes: &[Handshake],
    request: &Request<'_, H>,
    verify: impl FnOnce() -> Result<Option<&'k MacKey>, E>,
) -> Result<Option<HandshakeResponse>, Denied<E>> {
    if request.body.len() > MAX_BODY_BYTES {
        return Ok(None);
    }
    let mut verify = Some(verify);
    let mut key = None;
    let mut document = Document::new(request.body);
    for handshake in handshakes {
        if !matches_head(handshake, request)? {
            continue;
        }
        if handshake.verify == Verify::Signature
            && let Some(verify) = verify.take()
        {
            key = verify().map_err(Denied::Signature)?;
        }
        if handshake.verify == Verify::Signature && key.is_none() {
            continue;
        }
        if !matches_body(handshake, &mut document)? {
            continue;
        }
        if let Verify::Token(name) = &handshake.verify {
            check_token(name, request)?;
        }
        return Ok(Some(respond(handshake, request, &mut document, key)?));
    }
    Ok(None)
}

/// What can be said without looking at the body.
fn matches_head<H: Headers + ?Sized>(handshake: &Handshake, request: &Request<'_, H>) -> Result<bool, HandshakeFault> {
    if request.head.method != handshake.method.as_bytes() {
        return Ok(false);
    }
    if !handshake.headers.iter().all(|(name, wanted)| has_header(request.head, name, wanted)) {
        return Ok(false);
    }
    for (name, wanted) in &handshake.query {
        let value = parameter(request, name)?;
        let is_same = match wanted {
            MatchValue::Any => value.is_some(),
            MatchValue::Text(text) => value.is_some_and(|value| value == text.as_bytes()),
            MatchValue::Whole(_) => false,
        };
        if !is_same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the header is there once, with this value.
fn has_header<H: Headers + ?Sized>(head: &Head<'_, H>, name: &str, wanted: &str) -> bool {
    let (mut count, mut is_same) = (0, false);
    head.headers.visit(|own, value| {
        if own.eq_ignore_ascii_case(name.as_bytes()) {
            count += 1;
            is_same = value == wanted.as_bytes();
        }
    });
    count == 1 && is_same
}

fn matches_body(handshake: &Handshake, document: &mut Document<'_>) -> Result<bool, HandshakeFault> {
    for (pointer, wanted) in &handshake.json {
        if !document.matches(pointer, wanted)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The value of a query parameter, decoded; `None` where it is not there.
fn parameter<H: Headers + ?Sized>(request: &Request<'_, H>, name: &str) -> Result<Option<Vec<u8>>, HandshakeFault> {
    let query = request.head.split_target().1.unwrap_or_default();
    match parameters::find(query, name) {
        Ok(value) => Ok(Some(parameters::decode(value))),
        Err(ParameterFault::Missing) => Ok(None),
        Err(ParameterFault::Repeated) => Err(HandshakeFault::RepeatedParameter),
        Err(ParameterFault::TooMany) => Err(HandshakeFault::TooManyParameters),
    }
}

/// Digests are compared, so that not even the length of the token shows.
fn check_token<H: Headers + ?Sized>(name: &str, request: &Request<'_, H>) -> Result<(), HandshakeFault> {
    let wanted = request.verify_token.ok_or(HandshakeFault::NoToken)?;
    let given = parameter(request, name)?.ok_or(HandshakeFault::WrongToken)?;
    match bool::from(Sha256::digest(given).as_slice().ct_eq(&wanted)) {
        true => Ok(()),
        false => Err(HandshakeFault::WrongToken),
    }
}

fn respond<H: Headers + ?Sized>(
    handshake: &Handshake,
    request: &Request<'_, H>,
    document: &mut Document<'_>,
    key: Option<&MacKey>,
) -> Result<HandshakeResponse, HandshakeFault> {
    let (kind, body) = match &handshake.body {
        None => (None, String::new()),
        Some(Body::Text(source)) => (Some("text/plain"), echo(source, request, document)?),
        Some(Body::Object(members)) => {
            let mut texts = Vec::with_capacity(members.len());
            for (name, value) in members {
                let value = match value {
                    Value::Text(text) => quoted(text),
                    Value::Whole(number) => number.to_string(),
                    Value::Echo(source) => quoted(&echo(source, request, document)?),
                    Value::Hmac(source) => {
                        let text = echo(source, request, document)?;
                        let key = key.expect("only a handshake that verifies the signature may compute one");
                        quoted(&hex(&key.tag_of(text.as_bytes())))
                    }
                };
                texts.push(format!("{}:{value}", quoted(name)));
            }
            (Some("application/json"), format!("{{{}}}", texts.join(",")))
        }
    };
    // Without the second one a browser may take an echo for a page.
    let own = kind.into_iter().flat_map(|kind| [("Content-Type", kind), ("X-Content-Type-Options", "nosniff")]);
    let extra = handshake.extra_headers.iter().map(|(name, value)| (&**name, &**value));
    let headers = own.chain(extra).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(HandshakeResponse { status: handshake.status, headers, body })
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("every text is JSON")
}

/// A text of the request that may be sent back.
fn echo<H: Headers + ?Sized>(
    source: &Source,
    request: &Request<'_, H>,
    document: &mut Document<'_>,
) -> Result<String, HandshakeFault> {
    let text = match source {
        Source::Query(name) => parameter(request, name)?,
        Source::Json(pointer) => match document.get(pointer)? {
            Some(Json::String(text)) => Some(text.clone().into_bytes()),
            _ => None,
        },
    };
    let text = text.ok_or(HandshakeFault::AbsentEcho)?;
    let is_safe = |byte: &u8| byte.is_ascii_graphic() && !b"\"&'<>\\`".contains(byte);
    if !(1..=MAX_ECHO_BYTES).contains(&text.len()) || !text.iter().all(is_safe) {
        return Err(HandshakeFault::UnsafeEcho);
    }
    String::from_utf8(text).map_err(|_| HandshakeFault::UnsafeEcho)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secrets;
    use crate::config::reader::{Item, Reader};

    const META: &str = r#"{
        "match": {"method": "GET", "query": {"hub.mode": "subscribe"}},
        "verify": {"token": "hub.verify_token"},
        "respond": {"body": {"query": "hub.challenge"}}
    }"#;
    const ZOOM: &str = r#"{
        "match": {"method": "POST", "json": {"/event": "endpoint.url_validation"}},
        "verify": "signature",
        "respond": {"body": {"object": {
            "plainToken": {"json": "/payload/plainToken"},
            "encryptedToken": {"hmac-sha256": {"json": "/payload/plainToken"}}
        }}}
    }"#;

    type Outcome = Result<Option<HandshakeResponse>, String>;

    /// The answer, and whether the signature was asked for.
    fn ask(handshake: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> (Outcome, bool) {
        let json = serde_json::from_str(handshake).expect("JSON");
        let secrets = Secrets::new();
        let handshakes = Reader::new(&secrets).handshakes(&Item { json: &json, pointer: String::new() }, true);
        assert!(!handshakes.is_empty(), "{handshake}");
        let head = Head::new(method.as_bytes(), target.as_bytes(), headers);
        let verify_token = Some(Sha256::digest("a verify token").into());
        let request = Request { head: &head, body: body.as_bytes(), verify_token };
        let (key, mut asked) = (MacKey::new(b"secret"), false);
        let outcome = answer(&handshakes, &request, || {
            asked = true;
            match headers.iter().find(|(name, _)| *name == "X-Signature") {
                None => Ok(None),
                Some((_, "good")) => Ok(Some(&key)),
                Some(_) => Err("signature"),
            }
        });
        let outcome = outcome.map_err(|denied| match denied {
            Denied::Fault(fault) => format!("{fault:?}"),
            Denied::Signature(why) => why.to_owned(),
        });
        (outcome, asked)
    }

    fn text(body: &str) -> Outcome {
        let headers = [("Content-Type", "text/plain"), ("X-Content-Type-Options", "nosniff")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Ok(Some(HandshakeResponse { status: 200, headers, body: body.into() }))
    }

    #[test]
    fn a_token_opens_an_echo() {
        let ask = |target: &str| ask(META, "GET", target, &[], "").0;
        let good = "/hook?hub.mode=subscribe&hub.verify_token=a+verify%20token&hub.challenge=11_58";
        assert_eq!(ask(good), text("11_58"));
        assert_eq!(ask(&good.replace("subscribe", "denied")), Ok(None));
        assert_eq!(ask("/hook"), Ok(None));
        let refused =
            |target: &str, fault: HandshakeFault| assert_eq!(ask(target), Err(format!("{fault:?}")), "{target}");
        refused(&good.replace("token=a", "token=b"), HandshakeFault::WrongToken);
        refused(&good.replace("hub.verify_token", "token"), HandshakeFault::WrongToken);
        refused(&good.replace("11_58", ""), HandshakeFault::UnsafeEcho);
        refused(&good.replace("11_58", "%3Cb%3E"), HandshakeFault::UnsafeEcho);
        refused(&good.replace("11_58", &"1".repeat(1025)), HandshakeFault::UnsafeEcho);
        refused(&good.replace("hub.challenge", "challenge"), HandshakeFault::AbsentEcho);
        refused(&format!("{good}&hub.challenge=2"), HandshakeFault::RepeatedParameter);
        refused(&format!("{good}&hub%2Emode=subscribe"), HandshakeFault::RepeatedParameter);
    }

    #[test]
    fn a_body_is_read_behind_the_signature_only() {
        let ask = |signature: &str, body: &str| ask(ZOOM, "POST", "/hook", &[("X-Signature", signature)], body);
        let challenge = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}"#;
        let (outcome, _) = ask("good", challenge);
        let response = outcome.expect("verified").expect("a handshake");
        let tag = hex(&MacKey::new(b"secret").tag_of(b"abc"));
        assert_eq!(response.body, format!(r#"{{"plainToken":"abc","encryptedToken":"{tag}"}}"#));
        assert_eq!(response.headers[0], ("Content-Type".into(), "application/json".into()));
        assert_eq!(ask("bad", challenge), (Err("signature".into()), true));
        assert_eq!(ask("bad", "no JSON"), (Err("signature".into()), true));
        assert_eq!(ask("good", "no JSON"), (Ok(None), true));
        assert_eq!(ask("good", r#"{"event":"meeting.started"}"#), (Ok(None), true));
        let long = " ".repeat(16_385);
        assert_eq!(ask("bad", &long), (Ok(None), false), "too long to be a handshake");
    }

    #[test]
    fn other_methods_and_headers_are_left_to_verification() {
        let twitch = r#"{
            "match": {"method": "POST", "header": {"Message-Type": "verification"}},
            "verify": "signature",
            "respond": {"status": 202, "headers": {"X-Extra": "yes"}}
        }"#;
        let good = ("X-Signature", "good");
        let ask = |method: &str, headers: &[(&str, &str)]| ask(twitch, method, "/", headers, "");
        let (outcome, _) = ask("POST", &[("message-type", "verification"), good]);
        let headers = vec![("X-Extra".to_owned(), "yes".to_owned())];
        assert_eq!(outcome, Ok(Some(HandshakeResponse { status: 202, headers, body: String::new() })));
        assert_eq!(ask("PUT", &[("Message-Type", "verification"), good]), (Ok(None), false));
        assert_eq!(ask("POST", &[("Message-Type", "Verification"), good]), (Ok(None), false));
        assert_eq!(ask("POST", &[good]), (Ok(None), false));
        assert_eq!(ask("POST", &[("Message-Type", "verification")]), (Ok(None), true), "not signed at all");
        let twice = [("Message-Type", "verification"), ("Message-Type", "verification"), good];
        assert_eq!(ask("POST", &twice), (Ok(None), false));
    }
}
