//! What the service behind the layer reads.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use super::kept::ONE_PIECE;
use crate::BoxError;

/// The body of a request that was let in: the bytes that were verified, and nothing else. That of a public route, which
/// nobody has looked at, is passed through as it comes.
pub struct VerifiedBody<B>(State<B>);

enum State<B> {
    Whole { bytes: Bytes, trailers: Option<HeaderMap> },
    File { file: File, left: u64, trailers: Option<HeaderMap> },
    Unread { taken: Bytes, rest: Pin<Box<B>> },
}

impl<B> VerifiedBody<B> {
    pub(crate) fn whole(bytes: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self(State::Whole { bytes, trailers })
    }

    pub(crate) fn file(file: File, left: u64, trailers: Option<HeaderMap>) -> Self {
        Self(State::File { file, left, trailers })
    }

    /// A body that the service reads by itself, behind what was taken from it already.
    pub(crate) fn unread(taken: Bytes, rest: Pin<Box<B>>) -> Self {
        Self(State::Unread { taken, rest })
    }
}

impl<B: Body<Data = Bytes>> Body for VerifiedBody<B>
where
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let trailers = match &mut self.0 {
            State::Whole { bytes, .. } | State::Unread { taken: bytes, .. } if !bytes.is_empty() => {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))));
            }
            State::Unread { rest, .. } => return rest.as_mut().poll_frame(context).map_err(Into::into),
            State::File { file, left, .. } if *left > 0 => {
                let mut piece = vec![0; ONE_PIECE.min(usize::try_from(*left).unwrap_or(usize::MAX))];
                let mut room = ReadBuf::new(&mut piece);
                ready!(Pin::new(file).poll_read(context, &mut room))?;
                let length = room.filled().len();
                if length == 0 {
                    return Poll::Ready(Some(Err("the file of a verified body has become shorter".into())));
                }
                *left -= length as u64;
                piece.truncate(length);
                return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
            }
            State::Whole { trailers, .. } | State::File { trailers, .. } => trailers.take(),
        };
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            State::Whole { bytes, trailers } => bytes.is_empty() && trailers.is_none(),
            State::File { left, trailers, .. } => *left == 0 && trailers.is_none(),
            State::Unread { taken, rest } => taken.is_empty() && rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            State::Whole { bytes, .. } => SizeHint::with_exact(bytes.len() as u64),
            State::File { left, .. } => SizeHint::with_exact(*left),
            State::Unread { taken, rest } => {
                let (taken, rest) = (taken.len() as u64, rest.size_hint());
                let mut hint = SizeHint::new();
                hint.set_lower(rest.lower().saturating_add(taken));
                if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(taken)) {
                    hint.set_upper(upper);
                }
                hint
            }
        }
    }
}

impl<B> fmt::Debug for VerifiedBody<B> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("VerifiedBody").finish_non_exhaustive()
    }
}
