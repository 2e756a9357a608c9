//! A client has to take what it is sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

/// Fails writes when nothing of what is written was taken for a while. A client that is there and reads nothing would hold its turn
/// and its connection for good: to the system it is as alive as any other.
#[derive(Debug)]
pub(super) struct TakenInTime {
    longest: Duration,
    /// Since something waits to be taken.
    waits: Option<Pin<Box<Sleep>>>,
}

impl TakenInTime {
    pub(super) fn new(longest: Duration) -> Self {
        Self { longest, waits: None }
    }

    /// What became of a write, or that it waits too long.
    pub(super) fn in_time<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = None;
            return written;
        }
        let longest = self.longest;
        let waits = self
            .waits
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(longest)));
        waits.as_mut().poll(context).map(|()| {
            let reason = "the client takes nothing of what it is sent";
            Err(io::Error::new(io::ErrorKind::TimedOut, reason))
        })
    }
}
