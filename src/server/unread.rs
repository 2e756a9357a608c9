//! Requests that cannot be read at all: what speaks HTTP answers them by itself, with an empty response, before anything here sees
//! them. On its way out that gets a body which says what was wrong.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::http_error::unread_request;

/// How every response begins that is no success.
const BEGINS: &[u8] = b"HTTP/1.1 4";
/// What every response of the router has.
const OURS: &[u8] = b"x-content-type-options";
const END: &[u8] = b"\r\n\r\n";
const EMPTY: &str = "content-length: 0\r\n";

/// Gives a body to empty responses to what cannot be read.
#[derive(Debug, Default)]
pub(super) struct ToldUnread {
    /// What is written in place of the bytes that are being written.
    instead: Option<InPlaceOf>,
}

#[derive(Debug)]
struct InPlaceOf {
    response: Vec<u8>,
    written: usize,
}

/// The same response with a body, if it is one that has none and that the router did not write.
fn told(head: &[u8]) -> Option<Vec<u8>> {
    if !head.starts_with(BEGINS) || !head.ends_with(END) || contains(head, OURS) {
        return None;
    }
    let head = std::str::from_utf8(head).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let (before, after) = head.split_once(EMPTY)?;
    let body = unread_request(status)?;
    let told = format!(
        "{before}content-type: application/problem+json\r\ncontent-length: {}\r\nx-content-type-options: nosniff\r\n\
         cache-control: no-store\r\n{after}{body}",
        body.len()
    );
    Some(told.into_bytes())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl ToldUnread {
    /// Writes what stands in place of the bytes, to its end. They count as written then. Ready with nothing where nothing does.
    pub(super) fn poll_instead(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Option<io::Result<usize>>> {
        if self.instead.is_none() {
            let response = told(bytes);
            self.instead = response.map(|response| InPlaceOf { response, written: 0 });
        }
        let Some(instead) = &mut self.instead else {
            return Poll::Ready(None);
        };
        while let Some(rest) = instead
            .response
            .get(instead.written..)
            .filter(|rest| !rest.is_empty())
        {
            match ready!(Pin::new(&mut *stream).poll_write(context, rest)) {
                Ok(0) => return Poll::Ready(Some(Err(io::ErrorKind::WriteZero.into()))),
                Ok(more) => instead.written = instead.written.saturating_add(more),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        self.instead = None;
        Poll::Ready(Some(Ok(bytes.len())))
    }
}
