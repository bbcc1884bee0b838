//! Clients that sign what they really send.

mod aws;
mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Body;
use http_body_util::BodyExt;
use wiresign::{Head, SignError, Signer};
use wiresign_host::now;

pub use aws::{AwsCredentials, AwsSigners};
pub use layer::{Sign, SignLayer};
#[cfg(feature = "reqwest")]
pub use reqwest::{SigningClient, SigningRequest};

use crate::BoxError;
use crate::received::Fields;

/// The longest body, in bytes, that is gathered to be signed unless a client is told otherwise.
const BODY_BYTES: usize = 10 * 1024 * 1024;

/// Why a request was not sent, or got no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// The request cannot be signed.
    Signing(SignError),
    /// The system gave no randomness, or the signature is no header.
    NotSigned(BoxError),
    /// The body to be signed cannot be read.
    Body(BoxError),
    /// The body is longer than this, so it is not gathered to be signed.
    BodyTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The body ends in trailers, which no scheme signs.
    Trailers,
    /// The request goes, or is redirected, to another origin. A signature is for one service.
    OtherOrigin {
        /// Where signed requests may go.
        from: String,
        /// Where this one would go.
        to: String,
    },
    /// One redirect followed the other.
    TooManyRedirects,
    /// The request was signed, and could not be sent or got no answer.
    #[cfg(feature = "reqwest")]
    Sending(::reqwest::Error),
}

impl fmt::Display for ClientError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signing(error) => write!(out, "the request cannot be signed: {error}"),
            Self::NotSigned(error) => write!(out, "the request cannot be signed: {error}"),
            Self::Body(error) => write!(out, "the body to be signed cannot be read: {error}"),
            Self::BodyTooLong { limit } => {
                write!(out, "the body is longer than {limit} bytes, so it is not gathered to be signed (body_limit)")
            }
            Self::Trailers => out.write_str("the body ends in trailers, which no scheme signs; send it without them"),
            Self::OtherOrigin { from, to } => write!(
                out,
                "the request would go to another origin than {from}, to {to}; a signature is for one service, so call that one"
            ),
            Self::TooManyRedirects => out.write_str("the request was redirected too often"),
            #[cfg(feature = "reqwest")]
            Self::Sending(error) => write!(out, "the signed request got no answer: {error}"),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Signing(error) => Some(error),
            Self::NotSigned(error) | Self::Body(error) => Some(&**error),
            #[cfg(feature = "reqwest")]
            Self::Sending(error) => Some(error),
            Self::BodyTooLong { .. } | Self::Trailers | Self::OtherOrigin { .. } | Self::TooManyRedirects => None,
        }
    }
}

impl From<SignError> for ClientError {
    fn from(error: SignError) -> Self {
        Self::Signing(error)
    }
}

/// What signs requests: a `Signer`, or [`AwsSigners`].
#[derive(Clone, Debug)]
pub struct Signers(Kind);

#[derive(Clone, Debug)]
enum Kind {
    One(Arc<Signer>),
    OfAws(AwsSigners),
}

impl Signers {
    /// The signer of the moment.
    async fn signer(&self) -> Result<Arc<Signer>, ClientError> {
        match &self.0 {
            Kind::One(signer) => Ok(signer.clone()),
            Kind::OfAws(signers) => signers.signer().await,
        }
    }
}

impl From<Signer> for Signers {
    fn from(signer: Signer) -> Self {
        Arc::new(signer).into()
    }
}

impl From<Arc<Signer>> for Signers {
    fn from(signer: Arc<Signer>) -> Self {
        Self(Kind::One(signer))
    }
}

impl From<AwsSigners> for Signers {
    fn from(signers: AwsSigners) -> Self {
        Self(Kind::OfAws(signers))
    }
}

/// Signs a request as it goes out, and sets the headers of its signature.
fn sign(
    signer: &Signer,
    method: &str,
    target: &str,
    authority: Option<&str>,
    headers: &mut HeaderMap,
    body: &[u8],
) -> Result<(), ClientError> {
    let nonce = wiresign_host::request_id_string().map_err(|error| ClientError::NotSigned(error.into()))?;
    let fields = Fields(headers);
    let head =
        Head { authority: authority.map(str::as_bytes), ..Head::new(method.as_bytes(), target.as_bytes(), &fields) };
    let signed = signer.sign(&head, body, now(), &nonce)?;
    for (name, value) in signed.iter() {
        let name = HeaderName::try_from(name).map_err(|error| ClientError::NotSigned(error.into()))?;
        let mut value = HeaderValue::try_from(value).map_err(|error| ClientError::NotSigned(error.into()))?;
        // Not for logs, and not for another origin: clients look at this where they follow redirects.
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

/// Reads a whole body: a signature covers all of it.
async fn gather<B: Body>(mut body: Pin<&mut B>, limit: usize) -> Result<Bytes, ClientError>
where
    B::Data: Into<Bytes>,
    B::Error: Into<BoxError>,
{
    let too_long = Err(ClientError::BodyTooLong { limit });
    if body.size_hint().lower() > limit as u64 {
        return too_long;
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ClientError::Body(error.into()))?;
        let piece: Bytes = frame.into_data().map_err(|_| ClientError::Trailers)?.into();
        if first.len() + rest.len() + piece.len() > limit {
            return too_long;
        }
        if first.is_empty() && rest.is_empty() {
            first = piece;
        } else {
            rest.extend_from_slice(&std::mem::take(&mut first));
            rest.extend_from_slice(&piece);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}
