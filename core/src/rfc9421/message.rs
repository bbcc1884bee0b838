//! A message as signatures see it: a request, or a response with the request that it answers.

use super::Fault;
use super::fields::Fields;
use crate::request::{Head, Headers};

/// A request but its body.
pub(crate) struct Request<'a> {
    pub(super) method: &'a [u8],
    pub(super) target: &'a [u8],
    /// The path, and what follows the first question mark.
    pub(super) path: &'a [u8],
    pub(super) query: Option<&'a [u8]>,
    pub(super) authority: Option<&'a [u8]>,
    pub(super) url_scheme: &'a str,
    pub(super) fields: Fields<'a>,
}

impl<'a> Request<'a> {
    /// `url_scheme` is that of the URL that the client called, in lower case.
    pub(crate) fn new<H: Headers + ?Sized>(head: &Head<'a, H>, url_scheme: &'a str) -> Result<Self, Fault> {
        let fields = Fields::collect(head.headers)?;
        let (path, query) = head.split_target();
        let (method, target) = (head.method, head.target);
        Ok(Self { method, target, path, query, authority: head.authority(), url_scheme, fields })
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
