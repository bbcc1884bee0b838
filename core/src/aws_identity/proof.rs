//! A proof as it was sent: the parts of a signature over a request to STS.

use sha2::{Digest, Sha256};

use super::fault::Fault;
use super::request::{Question, signed_names};
use super::settings::{Region, Settings};
use super::{MAX_TOKEN_BYTES, STS, header};
use crate::mac::Tag;
use crate::request::Headers;
use crate::scheme::header as common;
use crate::sigv4::Foreign;

/// The headers of a proof, as received.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sent<'a> {
    identity: Field<'a>,
    date: Field<'a>,
    token: Field<'a>,
    target: Field<'a>,
}

#[derive(Clone, Copy, Default)]
struct Field<'a> {
    value: Option<&'a [u8]>,
    is_repeated: bool,
}

/// A proof in its one form. Whether the signature holds only AWS can say.
#[derive(Clone, Copy)]
pub(crate) struct Proof<'a> {
    pub(super) access_key: &'a str,
    pub(super) region: &'a Region,
    pub(super) date: &'a str,
    pub(super) signature: Tag,
    pub(super) token: Option<&'a str>,
    /// The service that the proof is for, which is this one.
    pub(super) target: &'a str,
    /// When it was made, in Unix seconds.
    pub(crate) seconds: u64,
}

impl<'a> Sent<'a> {
    pub(crate) fn collect<H: Headers + ?Sized>(headers: &'a H) -> Self {
        let mut sent = Self::default();
        headers.visit(|name, value| {
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            let field = match name.len() {
                22 if is(header::IDENTITY) => &mut sent.identity,
                18 if is(header::DATE) => &mut sent.date,
                19 if is(header::TOKEN) => &mut sent.token,
                16 if is(common::TARGET_SERVICE) => &mut sent.target,
                _ => return,
            };
            field.is_repeated |= field.value.is_some();
            field.value = Some(value);
        });
        sent
    }

    /// Whether there is a proof, however damaged.
    pub(crate) fn is_there(&self) -> bool {
        self.identity.value.is_some()
    }

    fn check_repetitions(&self) -> Result<(), Fault> {
        // Of these the identity alone may hold commas, and its parser counts them.
        let has_comma = |field: &Field<'_>| field.value.is_some_and(|value| value.contains(&b','));
        let fields = [
            (header::IDENTITY, self.identity.is_repeated),
            (header::DATE, self.date.is_repeated || has_comma(&self.date)),
            (header::TOKEN, self.token.is_repeated || has_comma(&self.token)),
            (common::TARGET_SERVICE, self.target.is_repeated || has_comma(&self.target)),
        ];
        fields.into_iter().find(|(_, is_repeated)| *is_repeated).map_or(Ok(()), |(name, _)| Err(Fault::Repeated(name)))
    }
}

impl<'a> Proof<'a> {
    /// Reads a proof for the service `own`. Its time is another check's matter.
    pub(crate) fn read(sent: &Sent<'a>, settings: &'a Settings, own: &'a str) -> Result<Self, Fault> {
        sent.check_repetitions()?;
        let identity = sent.identity.value.ok_or(Fault::Form)?;
        let target = sent.target.value.ok_or(Fault::NoTarget)?;
        let date = sent.date.value.ok_or(Fault::NoDate)?;
        let foreign = Foreign::read(identity, date)?;
        let access_key = as_text(foreign.access_key, |byte| byte.is_ascii_alphanumeric() || byte == b'_')
            .filter(|id| (16..=128).contains(&id.len()))
            .ok_or(Fault::AccessKey)?;
        let token = sent.token.value.map(|token| {
            as_text(token, |byte| byte.is_ascii_graphic())
                .filter(|token| (1..=MAX_TOKEN_BYTES).contains(&token.len()))
                .ok_or(Fault::Token)
        });
        let token = token.transpose()?;
        if foreign.service != STS.as_bytes() {
            return Err(Fault::OtherScope);
        }
        let region = settings.region(foreign.region).ok_or(Fault::OtherScope)?;
        let is_target = |name: &[u8]| name == b"x-target-service";
        if !foreign.signed_headers.split(|&byte| byte == b';').any(is_target) {
            return Err(Fault::AudienceNotSigned);
        }
        if foreign.signed_headers != signed_names(token.is_some()).as_bytes() {
            return Err(Fault::SignedHeaders);
        }
        if target != own.as_bytes() {
            return Err(Fault::OtherTarget);
        }
        let date = as_text(date, |_| true).ok_or(Fault::Date)?;
        Ok(Self {
            access_key,
            region,
            date,
            signature: foreign.signature,
            token,
            target: own,
            seconds: foreign.seconds,
        })
    }

    pub(crate) fn access_key(&self) -> &'a str {
        self.access_key
    }

    /// What the proof is found again by: all of it, so that nothing of another proof is taken for it.
    pub(crate) fn digest(&self) -> Question {
        // None of the parts holds the line end between them.
        let parts = [self.target, &self.region.name, self.access_key, self.date, self.token.unwrap_or_default()];
        let mut digest = Sha256::new_with_prefix(b"wiresign-aws-identity\n").chain_update(self.signature);
        for part in parts {
            digest.update(b"\n");
            digest.update(part);
        }
        Question(digest.finalize().into())
    }
}

fn as_text(bytes: &[u8], is_fit: impl Fn(u8) -> bool) -> Option<&str> {
    let is_ascii = bytes.iter().all(|&byte| byte.is_ascii() && is_fit(byte));
    std::str::from_utf8(bytes).ok().filter(|_| is_ascii)
}
