//! A completion is on its tape before it is used: its end is passed on only once its line stands in the file. So a process
//! that is killed at any moment has either not used a completion yet, or finds it when it resumes, and pays for none twice.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use memchr::memchr;
use tokio::time::{Instant, timeout_at};

use super::write::Tape;
use crate::wire::BodyStream;

/// How long the connection may take to close behind the last words of a completion. Some servers keep it open, and the
/// agent does not read on.
const CLOSING: Duration = Duration::from_millis(20);
/// The longest part of a line that is looked at. What tells the last words stands at its beginning.
const LOOKED_AT: usize = 512;

/// The same body, whose end comes after its exchange was written.
pub(super) fn kept(mut body: BodyStream, tape: Tape) -> BodyStream {
    async_stream::stream! {
        let mut words = LastWords::default();
        while let Some(piece) = body.next().await {
            if !piece.as_ref().is_ok_and(|bytes| words.end_in(bytes)) {
                yield piece;
                continue;
            }
            let mut rest = vec![piece];
            let closing = Instant::now() + CLOSING;
            while let Ok(Some(more)) = timeout_at(closing, body.next()).await {
                rest.push(more);
            }
            // Whoever watches it hears now that it is over.
            drop(body);
            tape.flush().await;
            for piece in rest {
                yield piece;
            }
            return;
        }
        drop(body);
        tape.flush().await;
    }
    .boxed()
}

/// Finds the last words of a completion's stream, in each protocol. Line ends inside what a model says are escaped, so that
/// no text of a model begins such a line.
#[derive(Debug, Default)]
struct LastWords {
    /// The line so far, as far as it is looked at.
    line: Vec<u8>,
    /// Whether the last event has begun: it ends with an empty line.
    ending: bool,
}

impl LastWords {
    /// Whether the last words are complete with these bytes.
    fn end_in(&mut self, bytes: &Bytes) -> bool {
        let mut over = false;
        let mut left = bytes.as_ref();
        while let Some((line, behind)) = memchr(b'\n', left).and_then(|end| left.split_at_checked(end)) {
            self.goes_on(line);
            over |= self.line_ends();
            self.line.clear();
            left = behind.get(1..).unwrap_or_default();
        }
        self.goes_on(left);
        over
    }

    /// Takes in more of a line.
    fn goes_on(&mut self, part: &[u8]) {
        for piece in part.split(|byte| *byte == b'\r') {
            let room = LOOKED_AT.saturating_sub(self.line.len());
            if room == 0 {
                break;
            }
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
    }

    fn line_ends(&mut self) -> bool {
        if self.line.is_empty() {
            return std::mem::take(&mut self.ending);
        }
        let line = String::from_utf8_lossy(&self.line);
        let Some((field, value)) = line.split_once(':') else {
            return false;
        };
        let value = value.trim();
        match field {
            "event" => self.ending |= is_last(value),
            "data" if value == "[DONE]" => return true,
            "data" => {
                let kind = value.strip_prefix("{\"type\":").map(str::trim_start);
                let kind = kind.and_then(|rest| rest.strip_prefix('"')?.split('"').next());
                self.ending |= kind.is_some_and(is_last);
            }
            _ => {}
        }
        false
    }
}

/// Whether an event of this name is the last of its stream.
fn is_last(event: &str) -> bool {
    matches!(
        event,
        "message_stop" | "response.completed" | "response.incomplete" | "response.failed"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many bytes of a stream that comes in pieces of `size` its end is seen; `None` if it never is.
    fn seen(stream: &str, size: usize) -> Option<usize> {
        let mut words = LastWords::default();
        let mut read = 0;
        for piece in stream.as_bytes().chunks(size) {
            read += piece.len();
            if words.end_in(&Bytes::copy_from_slice(piece)) {
                return Some(read);
            }
        }
        None
    }

    #[test]
    fn the_end_of_every_protocol_is_seen_however_it_is_cut() {
        let ends = [
            "data: {\"choices\":[]}\n\ndata: [DONE]\n\n",
            "data: {\"choices\":[]}\r\n\r\ndata:[DONE]\r\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            "data: {\"type\": \"message_stop\"}\n\n",
            "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{}}\n\n",
        ];
        for stream in ends {
            for size in 1..=stream.len() {
                let at = seen(stream, size).unwrap_or_else(|| panic!("{stream:?} by {size}"));
                assert!(at >= stream.trim_end().len(), "{stream:?} by {size}: {at}");
            }
        }
    }

    #[test]
    fn what_a_model_says_of_an_end_is_none() {
        let spoken = [
            "data: {\"choices\":[{\"delta\":{\"content\":\"data: [DONE]\\n\\n\"}}]}\n\n",
            "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"message_stop\"}}\n\n",
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\"}\n\n",
        ];
        for stream in spoken {
            for size in [1, 7, stream.len()] {
                assert_eq!(seen(stream, size), None, "{stream:?}");
            }
        }
    }
}
