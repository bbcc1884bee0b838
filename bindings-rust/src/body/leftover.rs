//! What a refused client still sends.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::runtime::Handle;

/// So much is taken in, and for so long. A server closes the connection on a client that sends more, which may then not read
/// its answer.
const MOST_BYTES: usize = 256 * 1024;
const MOST_TIME: Duration = Duration::from_secs(5);

/// Takes in what the client still sends and lets it go, so that it comes to reading its answer.
pub(crate) fn let_go<B: Body<Data = Bytes> + Send + 'static>(body: Pin<Box<B>>) {
    if body.is_end_stream() {
        return;
    }
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(tokio::time::timeout(MOST_TIME, drop_pieces(body)));
    }
}

async fn drop_pieces<B: Body<Data = Bytes>>(mut body: Pin<Box<B>>) {
    let mut dropped = 0;
    while let Some(Ok(frame)) = body.frame().await {
        dropped += frame.data_ref().map_or(0, Bytes::len);
        if dropped > MOST_BYTES {
            return;
        }
    }
}
