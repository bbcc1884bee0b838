//! A message as signatures see it: a request, or a response with the request that it answers.

use super::Fault;
use super::fields::Fields;
use crate::request::{Head, Headers};

/// A request but its body.
pub(crate) struct Request<'a> {
    pub(super) method: &'a [u8],
    pub(super) target: &'a [u8],
    pub(super) authority: Option<&'a [u8]>,
    pub(super) url_scheme: &'a str,
    pub(super) fields: Fields<'a>,
}

impl<'a> Request<'a> {
    /// `url_scheme` is that of the URL that the client called, in lower case.
    pub(crate) fn new<H: Headers + ?Sized>(head: &Head<'a, H>, url_scheme: &'a str) -> Result<Self, Fault> {
        let fields = Fields::collect(head.headers)?;
        Ok(Self { method: head.method, target: head.target, authority: head.authority(), url_scheme, fields })
    }

    /// The path, and what follows the first question mark.
    pub(super) fn split_target(&self) -> (&'a [u8], Option<&'a [u8]>) {
        match self.target.iter().position(|&byte| byte == b'?') {
            Some(at) => (&self.target[..at], Some(&self.target[at + 1..])),
            None => (self.target, None),
        }
    }
}

/// A response but its body.
pub(crate) struct Response<'a> {
    pub(super) status: u16,
    pub(super) fields: Fields<'a>,
}

impl<'a> Response<'a> {
    pub(crate) fn new<H: Headers + ?Sized>(status: u16, headers: &'a H) -> Result<Self, Fault> {
        Ok(Self { status, fields: Fields::collect(headers)? })
    }
}

/// What a signature is made over.
#[derive(Clone, Copy)]
pub(crate) enum Message<'m, 'a> {
    Request(&'m Request<'a>),
    Response { response: &'m Response<'a>, request: &'m Request<'a> },
}

impl<'m, 'a> Message<'m, 'a> {
    /// The fields of the message itself.
    pub(super) fn fields(self) -> &'m Fields<'a> {
        match self {
            Self::Request(request) => &request.fields,
            Self::Response { response, .. } => &response.fields,
        }
    }
}
