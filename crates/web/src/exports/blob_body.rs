//! A file on its way to a client, a piece at a time.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use engine::exporting::PartReader;
use hyper::body::{Frame, SizeHint};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;

const PIECE_BYTES: u64 = 256 * 1024;
/// Pieces that wait for a slow client.
const WAITING: usize = 2;

/// `length` bytes of a file from `start` on. Its reader ends when the client is gone.
pub(super) fn stream(file: Box<dyn PartReader>, start: u64, length: u64) -> Body {
    let (sender, receiver) = channel(WAITING);
    spawn_blocking(move || {
        if let Err(error) = read(file, start, length, &sender) {
            // The client sees that bytes are missing.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Body::new(Pieces { receiver, left: length })
}

fn read(mut file: Box<dyn PartReader>, start: u64, length: u64, sender: &Sender<io::Result<Bytes>>) -> io::Result<()> {
    file.seek(SeekFrom::Start(start))?;
    let mut left = length;
    while left > 0 {
        let size = left.min(PIECE_BYTES);
        let mut piece = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        let count = file.as_mut().take(size).read_to_end(&mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        if sender.blocking_send(Ok(piece.into())).is_err() {
            break;
        }
    }
    Ok(())
}

struct Pieces {
    receiver: Receiver<io::Result<Bytes>>,
    left: u64,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let received = std::task::ready!(self.receiver.poll_recv(context));
        if let Some(Ok(piece)) = &received {
            self.left = self.left.saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        }
        Poll::Ready(received.map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
