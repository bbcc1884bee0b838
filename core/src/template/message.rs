//! The signed message of a template, put together from a request.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::parameters::{self, ParameterFault};
use super::{BodyPart, Making, Part, Plan};
use crate::mac::{Sink, hex};

/// What the signed message is made of, but the body.
pub(crate) struct Message<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) head: Parts<'a>,
    /// What was made for this request: for each variant of the message one text per making.
    made: Vec<Vec<u8>>,
    variants: usize,
    /// Whether a query parameter holds the body's digest, which then stands in for the form parameters.
    pub(crate) digest: Option<&'a [u8]>,
}

/// The parts of a request as they are signed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) query: &'a [u8],
    pub(crate) authority: &'a [u8],
    pub(crate) timestamp: &'a [u8],
    /// By the positions of the template's headers.
    pub(crate) headers: &'a [&'a [u8]],
}

/// The body as it is signed.
pub(crate) type Body<'b> = Cow<'b, [u8]>;

impl<'a> Message<'a> {
    /// The message of a request; [`Message::make`] comes next.
    #[inline]
    pub(crate) fn new(plan: &'a Plan, head: Parts<'a>) -> Self {
        Self { plan, head, made: Vec::new(), variants: 1, digest: None }
    }

    /// Makes what no part of the request stands there for.
    ///
    /// # Errors
    /// Where a parameter that is signed is not there, or is there more than once.
    #[inline]
    pub(crate) fn make(&mut self) -> Result<(), ParameterFault> {
        if let Some(name) = &self.plan.template.body_digest {
            self.digest = match parameters::find(self.head.query, name) {
                Ok(digest) => Some(digest),
                // Then the form is signed. Where there is none, nothing else binds the body.
                Err(ParameterFault::Missing) if self.plan.template.body_part().is_some() => None,
                Err(fault) => return Err(fault),
            };
        }
        if self.plan.template.makings.is_empty() { Ok(()) } else { self.make_texts() }
    }

    #[cold]
    fn make_texts(&mut self) -> Result<(), ParameterFault> {
        let template = &self.plan.template;
        let urls = self.urls();
        self.variants = urls.len();
        for url in urls {
            for making in &template.makings {
                let query = self.head.query;
                self.made.push(match making {
                    Making::Url => url.clone(),
                    Making::UrlUnescaped => {
                        [self.plan.origin.as_bytes(), &parameters::unescape_target(self.head.target)].concat()
                    }
                    Making::QueryValue(name) => parameters::decode(parameters::find(query, name)?),
                    Making::SortedQuery(form) => parameters::sorted_query(query, form)?,
                });
            }
        }
        Ok(())
    }

    /// The spellings of the URL that the sender may have signed. There is at least one.
    fn urls(&self) -> Vec<Vec<u8>> {
        let variants = self.plan.template.url_variants;
        let origin = &*self.plan.origin;
        let mut origins = vec![origin.to_owned()];
        if variants.port {
            origins.extend(other_ports(origin));
        }
        let mut targets = vec![self.head.target.to_vec()];
        if variants.querystring && !self.head.query.is_empty() {
            let other = [self.head.path, b"?", &parameters::querystring(self.head.query)].concat();
            if other != targets[0] {
                targets.push(other);
            }
        }
        targets
            .iter()
            .flat_map(|target| origins.iter().map(move |origin| [origin.as_bytes(), target].concat()))
            .collect()
    }

    /// How many messages the sender may have signed.
    pub(crate) fn variants(&self) -> usize {
        self.variants
    }

    /// What of the body is signed, from the body itself.
    ///
    /// # Errors
    /// Where the form has too many parameters.
    #[inline]
    pub(crate) fn body<'b>(&self, body: &'b [u8]) -> Result<Body<'b>, ParameterFault> {
        match self.plan.template.body_part() {
            None => Ok(Cow::Borrowed(b"")),
            Some(BodyPart::Raw) => Ok(Cow::Borrowed(body)),
            Some(BodyPart::Sha256) => Ok(Cow::Owned(hex(&Sha256::digest(body)).into_bytes())),
            Some(BodyPart::Form { .. }) if self.digest.is_some() => Ok(Cow::Borrowed(b"")),
            Some(BodyPart::Form { distinct }) => parameters::sorted_form(body, distinct).map(Cow::Owned),
        }
    }

    /// Puts the whole message; `body` as [`Message::body`] gives it.
    #[inline]
    pub(crate) fn put(&self, variant: usize, body: &[u8], sink: &mut impl Sink) {
        for step in &self.plan.steps {
            let piece = self.piece(variant, &step.part, body);
            match step.end {
                Some(end) => sink.put_ended(piece, end),
                None => sink.put(piece),
            }
        }
    }

    #[inline]
    pub(crate) fn put_before_body(&self, variant: usize, sink: &mut impl Sink) {
        self.put_parts(variant, &self.plan.template.parts[..self.plan.template.body_at], sink);
    }

    #[inline]
    pub(crate) fn put_after_body(&self, variant: usize, sink: &mut impl Sink) {
        self.put_parts(variant, self.plan.template.parts.get(self.plan.template.body_at + 1..).unwrap_or(&[]), sink);
    }

    fn put_parts(&self, variant: usize, parts: &[Part], sink: &mut impl Sink) {
        parts.iter().for_each(|part| sink.put(self.piece(variant, part, b"")));
    }

    #[inline]
    fn piece<'p>(&'p self, variant: usize, part: &'p Part, body: &'p [u8]) -> &'p [u8] {
        let head = &self.head;
        match part {
            Part::Literal(text) => text,
            Part::Method => head.method,
            Part::Path => head.path,
            Part::Query => head.query,
            Part::Target => head.target,
            Part::Origin => self.plan.origin.as_bytes(),
            Part::Endpoint => self.plan.url.as_bytes(),
            Part::Authority => head.authority,
            Part::Timestamp => head.timestamp,
            Part::Header(at) => head.headers[*at],
            Part::Made(at) => &self.made[variant * self.plan.template.makings.len() + at],
            Part::Body(_) => body,
        }
    }
}

/// A part of the message, and the one byte that follows it, as a line end or a full stop often does.
pub(crate) struct Step {
    part: Part,
    end: Option<u8>,
}

impl Step {
    pub(crate) fn all(parts: &[Part]) -> Box<[Self]> {
        let mut steps: Vec<Self> = Vec::with_capacity(parts.len());
        for part in parts {
            match (part, steps.last_mut()) {
                (Part::Literal(text), Some(Self { end: end @ None, .. })) if text.len() == 1 => *end = Some(text[0]),
                _ => steps.push(Self { part: part.clone(), end: None }),
            }
        }
        steps.into()
    }
}

/// The origin with the port of its scheme, and without any port: those of them that it is not itself.
fn other_ports(origin: &str) -> Vec<String> {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return Vec::new();
    };
    let host_at = authority.rfind('@').map_or(0, |at| at + 1);
    // The colons of an IPv6 address stand in brackets.
    let port_at = authority[host_at..].rfind(':').map(|at| at + host_at);
    let bare = match port_at {
        Some(at) if !authority[at..].contains(']') => &authority[..at],
        _ => authority,
    };
    let usual = if scheme == "http" { 80 } else { 443 };
    let others = [format!("{scheme}://{bare}:{usual}"), format!("{scheme}://{bare}")];
    others.into_iter().filter(|other| other != origin).collect()
}

#[cfg(test)]
mod tests {
    use super::other_ports;

    #[test]
    fn a_port_is_added_or_taken_off() {
        assert_eq!(other_ports("https://a.example"), ["https://a.example:443"]);
        assert_eq!(other_ports("http://a.example:80"), ["http://a.example"]);
        assert_eq!(other_ports("https://u:p@a.example:1234"), ["https://u:p@a.example:443", "https://u:p@a.example"]);
        assert_eq!(other_ports("https://u:p@a.example"), ["https://u:p@a.example:443"]);
        assert_eq!(other_ports("https://[::1]"), ["https://[::1]:443"]);
        assert_eq!(other_ports("https://[::1]:8443"), ["https://[::1]:443", "https://[::1]"]);
    }
}
