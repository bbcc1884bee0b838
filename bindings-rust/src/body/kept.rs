//! The bytes of one body, kept until they are verified.

use std::io::{self, SeekFrom};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::VerifiedBody;

/// Bodies up to this length are judged in one piece; longer ones while they arrive. What waits in a file is read so much at a
/// time.
pub(crate) const ONE_PIECE: usize = 65_536;

/// Takes a body piece by piece: in memory, or above a size in an unnamed temporary file.
pub(crate) struct Kept {
    memory_bytes: usize,
    /// Most bodies come in one piece, which is kept as it is.
    first: Bytes,
    /// All of it, once there are more.
    pieces: BytesMut,
    file: Option<File>,
    length: u64,
    trailers: Option<HeaderMap>,
}

impl Kept {
    /// What is judged in one piece is in memory in any case.
    pub(crate) fn new(memory_bytes: usize) -> Self {
        let memory_bytes = memory_bytes.max(ONE_PIECE);
        Self { memory_bytes, first: Bytes::new(), pieces: BytesMut::new(), file: None, length: 0, trailers: None }
    }

    pub(crate) async fn add(&mut self, piece: Bytes) -> io::Result<()> {
        self.length += piece.len() as u64;
        if let Some(file) = &mut self.file {
            return file.write_all(&piece).await;
        }
        if self.length > self.memory_bytes as u64 {
            let mut file = File::from_std(tokio::task::spawn_blocking(tempfile::tempfile).await??);
            file.write_all(&std::mem::take(&mut self.first)).await?;
            file.write_all(&std::mem::take(&mut self.pieces)).await?;
            file.write_all(&piece).await?;
            self.file = Some(file);
        } else if self.first.is_empty() && self.pieces.is_empty() {
            self.first = piece;
        } else {
            // Pieces may be of one byte each; a list of them would take far more memory than they do.
            self.pieces.extend_from_slice(&std::mem::take(&mut self.first));
            self.pieces.extend_from_slice(&piece);
        }
        Ok(())
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn add_trailers(&mut self, trailers: HeaderMap) {
        self.trailers = Some(trailers);
    }

    /// All of a body that is in memory.
    pub(crate) fn whole(&mut self) -> &Bytes {
        if !self.pieces.is_empty() {
            self.first = std::mem::take(&mut self.pieces).freeze();
        }
        &self.first
    }

    /// The same bytes, for the service.
    pub(crate) async fn give_on<B>(mut self) -> io::Result<VerifiedBody<B>> {
        match self.file.take() {
            None => Ok(VerifiedBody::whole(self.whole().clone(), self.trailers)),
            Some(mut file) => {
                file.flush().await?;
                file.seek(SeekFrom::Start(0)).await?;
                Ok(VerifiedBody::file(file, self.length, self.trailers))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Empty};

    use super::*;

    async fn given_on(memory_bytes: usize, pieces: &[&'static [u8]]) -> (bool, Vec<u8>) {
        let mut kept = Kept::new(memory_bytes);
        for piece in pieces {
            kept.add(Bytes::from_static(piece)).await.expect("kept");
        }
        let in_memory = kept.file.is_none();
        let body: VerifiedBody<Empty<Bytes>> = kept.give_on().await.expect("given on");
        (in_memory, body.collect().await.expect("read").to_bytes().to_vec())
    }

    #[tokio::test]
    async fn the_same_bytes_come_out() {
        let pieces: [&[u8]; 3] = [b"one,", b"two,", b"three"];
        assert_eq!(given_on(0, &pieces).await, (true, b"one,two,three".to_vec()));
        assert_eq!(given_on(0, &pieces[..1]).await, (true, b"one,".to_vec()));
        assert_eq!(given_on(0, &[]).await, (true, Vec::new()));
        let long: &'static [u8] = &[7; 3 * ONE_PIECE + 1];
        assert_eq!(given_on(0, &[b"x", long]).await, (false, [b"x", long].concat()));
    }
}
