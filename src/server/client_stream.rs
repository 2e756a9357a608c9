//! The stream to a client, with what is done to all that is written to it: a client has to take what it is sent, and is told why its
//! request could not be read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::read_client::TakenInTime;
use super::unread::ToldUnread;

/// A stream to a client.
#[derive(Debug)]
pub(super) struct ClientStream<S> {
    stream: S,
    told: ToldUnread,
    taken: TakenInTime,
}

impl<S> ClientStream<S> {
    /// A stream whose client may take nothing of what it is sent for so long.
    pub(super) fn new(stream: S, longest: Duration) -> Self {
        Self {
            stream,
            told: ToldUnread::default(),
            taken: TakenInTime::new(longest),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, told, taken } = &mut *self;
        let written = match told.poll_instead(stream, context, bytes) {
            Poll::Ready(None) => Pin::new(stream).poll_write(context, bytes),
            Poll::Ready(Some(written)) => Poll::Ready(written),
            Poll::Pending => Poll::Pending,
        };
        taken.in_time(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A head without a body is one piece.
        if let [head] = bytes {
            return self.poll_write(context, head);
        }
        let Self { stream, taken, .. } = &mut *self;
        let written = Pin::new(stream).poll_write_vectored(context, bytes);
        taken.in_time(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, taken, .. } = &mut *self;
        let flushed = Pin::new(stream).poll_flush(context);
        taken.in_time(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
