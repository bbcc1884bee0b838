//! Signs with a template: writes what its verification reads.

use sha2::{Digest, Sha256};

use super::{Prepared, SignError, SignedHeaders, Signer};
use crate::config::Key;
use crate::mac::Sink;
use crate::request::{Head, Headers};
use crate::template::{
    Algorithm, MAX_HEADERS, Message, Part, Parts, Plan, Running, SignaturePlace, TimestampPlace, is_digest_of,
};

impl Signer {
    pub(super) fn sign_template<H: Headers + ?Sized>(
        &self,
        plan: &Plan,
        prepared: &Prepared,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
    ) -> Result<SignedHeaders, SignError> {
        let template = &plan.template;
        let signature = &template.signature;
        let has_room_for_all = signature.list.is_some() || matches!(signature.place, SignaturePlace::Headers { .. });
        let valid = || self.own().keys.iter().filter(|key| key.is_valid(now));
        // While keys rotate, the receiver may know the old one only, or the new one only.
        let keys: Vec<&Key> = if has_room_for_all { valid().collect() } else { vec![self.best_key(now)?] };
        if keys.is_empty() {
            return Err(SignError::NoValidKey);
        }
        let timestamp = template.timestamp.as_ref().map(|form| form.unit.write(now)).unwrap_or_default();
        let mut signatures = Vec::with_capacity(keys.len());
        for key in keys {
            let mut text = String::from(&*signature.written_prefix);
            if template.algorithm == Algorithm::Token {
                text.push_str(key.secret_text());
            } else {
                let mut running = Running::start((&key.mac, key.proof.as_deref()));
                self.put_template(plan, prepared, head, body, now, nonce, &mut running)?;
                signature.encoding.write(running.finish().bytes(), &mut text);
            }
            signatures.push(text);
        }

        let mut headers = SignedHeaders::new();
        let mut push = |at: Option<usize>, value: &str| {
            let Some(at) = at else { return };
            let name = template.headers[at].names[0].to_string();
            if !headers.has(&name) {
                headers.push(name, |text| text.push_str(value));
            }
        };
        push(template.caller, &self.own().id);
        push(template.target, self.target.as_deref().unwrap_or_default());
        push(template.message_id, nonce);
        push(template.timestamp_header(), &timestamp);
        push(template.nonce, nonce);
        match (&signature.place, &signature.list) {
            (SignaturePlace::Header(at), None) => push(Some(*at), &signatures[0]),
            (SignaturePlace::Header(at), Some(list)) => {
                let text = |key: &[u8], value: &str| {
                    format!("{}{}{value}", String::from_utf8_lossy(key), char::from(list.assign))
                };
                let time = list.timestamp.iter().map(|key| text(key, &timestamp));
                let items: Vec<_> = time.chain(signatures.iter().map(|value| text(&list.signature, value))).collect();
                push(Some(*at), &items.join(&char::from(list.separator).to_string()));
            }
            (SignaturePlace::Headers { first, count }, _) => {
                signatures.iter().take(*count).enumerate().for_each(|(at, value)| push(Some(first + at), value));
            }
            (SignaturePlace::Query(_), _) => return Err(SignError::Unsignable),
        }
        Ok(headers)
    }

    /// Puts the message that a template signs.
    #[expect(clippy::too_many_arguments, reason = "what is signed comes from several places")]
    pub(super) fn put_template<H: Headers + ?Sized>(
        &self,
        plan: &Plan,
        prepared: &Prepared,
        head: &Head<'_, H>,
        body: &[u8],
        now: u64,
        nonce: &str,
        sink: &mut impl Sink,
    ) -> Result<(), SignError> {
        let template = &plan.template;
        let collected = plan.finder.collect(head.headers);
        let timestamp = template.timestamp.as_ref().map(|form| form.unit.write(now)).unwrap_or_default();
        let mut headers = [&b""[..]; MAX_HEADERS];
        for at in 0..template.headers.len() {
            let own = match Some(at) {
                at if at == template.nonce || at == template.message_id => Some(nonce.as_bytes()),
                at if at == template.caller => Some(self.own().id.as_bytes()),
                at if at == template.target => self.target.as_deref().map(str::as_bytes),
                at if at == template.timestamp_header() => Some(timestamp.as_bytes()),
                _ if collected.is_repeated(at) => return Err(SignError::RepeatedHeader),
                _ => collected.value(at),
            };
            headers[at] = match own {
                Some(value) => value,
                None if template.parts.contains(&Part::Header(at)) => return Err(SignError::AbsentHeader),
                None => b"",
            };
        }
        let (path, query) = head.split_target();
        let parts = Parts {
            method: &prepared.method[..prepared.method_length],
            target: head.target,
            path,
            query: query.unwrap_or_default(),
            authority: match template.host {
                Some(at) => head.authority().or(collected.value(at)).ok_or(SignError::AbsentHeader)?,
                None => b"",
            },
            timestamp: match template.timestamp.as_ref().map(|form| &form.place) {
                Some(TimestampPlace::Query(_)) => return Err(SignError::Unsignable),
                _ => timestamp.as_bytes(),
            },
            headers: &headers,
        };
        let mut message = Message::new(plan, parts);
        message.make().map_err(|_| SignError::Unsignable)?;
        if message.digest.is_some_and(|digest| !is_digest_of(digest, &Sha256::digest(body).into())) {
            return Err(SignError::OtherDigest);
        }
        let text = message.body(body).map_err(|_| SignError::Unsignable)?;
        message.put(0, &text, sink);
        Ok(())
    }
}
