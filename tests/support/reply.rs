//! What a scripted model says, and how its bytes travel.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use serde_json::Value;

/// Tokens a reply reports.
#[derive(Debug, Clone, Copy)]
pub struct ReplyUsage {
    pub input: u64,
    pub cached: u64,
    pub written: u64,
    pub output: u64,
}

/// What the model says.
#[derive(Debug, Clone)]
pub enum Say {
    /// Text, then tool calls with their arguments as raw text, streamed the way the provider streams them.
    Turn {
        text: String,
        calls: Vec<(String, String)>,
        stop: Option<String>,
    },
    /// A body of the test's own, served as an event stream.
    Sse(String),
    /// A body of the test's own, served as JSON.
    Json(Value),
    /// An error status with a JSON body.
    Status { status: u16, body: Value },
    /// An error status with a body of the test's own.
    Failed { status: u16, body: String },
    /// The same piece of text for ever.
    Endless(String),
    /// The same piece of reasoning for ever.
    Pondering(String),
}

/// One scripted reply.
#[derive(Debug, Clone)]
pub struct Reply {
    pub say: Say,
    pub usage: Option<ReplyUsage>,
    pub fragment: Option<usize>,
    pub split_at: Option<usize>,
    pub cut_after: Option<usize>,
    pub stays_open: bool,
    /// How long it waits between its pieces.
    pub pause: Duration,
    pub headers: Vec<(String, String)>,
    pub delay: Duration,
    /// One less when the wait is over, before anything is sent.
    pub open: Option<Arc<AtomicUsize>>,
}

impl Reply {
    fn new(say: Say) -> Self {
        let usage = Some(ReplyUsage {
            input: 100,
            cached: 0,
            written: 0,
            output: 10,
        });
        Self {
            say,
            usage,
            fragment: None,
            split_at: None,
            cut_after: None,
            stays_open: false,
            pause: Duration::ZERO,
            headers: Vec::new(),
            delay: Duration::ZERO,
            open: None,
        }
    }

    /// An answer in text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Say::Turn {
            text: text.into(),
            calls: Vec::new(),
            stop: None,
        })
    }

    /// Tool calls, in order.
    pub fn tool_calls<'a>(calls: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        Self::raw_tool_calls(
            calls
                .into_iter()
                .map(|(name, arguments)| (name, arguments.to_string())),
        )
    }

    /// Tool calls whose arguments are any bytes, JSON or not.
    pub fn raw_tool_calls<'a>(calls: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let calls = calls
            .into_iter()
            .map(|(name, arguments)| (name.to_owned(), arguments))
            .collect();
        Self::new(Say::Turn {
            text: String::new(),
            calls,
            stop: None,
        })
    }

    /// The same piece of text until the client goes away.
    pub fn endless_text(piece: impl Into<String>) -> Self {
        Self::new(Say::Endless(piece.into()))
    }

    /// The same piece of reasoning until the client goes away.
    pub fn endless_reasoning(piece: impl Into<String>) -> Self {
        Self::new(Say::Pondering(piece.into()))
    }

    /// An event stream written by hand.
    pub fn sse(body: impl Into<String>) -> Self {
        Self::new(Say::Sse(body.into()))
    }

    /// A JSON body although a stream was asked for.
    pub fn json(body: Value) -> Self {
        Self::new(Say::Json(body))
    }

    /// An error.
    pub fn status(status: u16, body: Value) -> Self {
        Self::new(Say::Status { status, body })
    }

    /// An error with a body that need not be JSON; its type is a header of the test's.
    pub fn failed(status: u16, body: impl Into<String>) -> Self {
        Self::new(Say::Failed {
            status,
            body: body.into(),
        })
    }

    /// The text before the tool calls, or the text of the answer.
    pub fn saying(mut self, said: impl Into<String>) -> Self {
        if let Say::Turn { text, .. } = &mut self.say {
            *text = said.into();
        }
        self
    }

    /// The provider's own word for why it stopped (`length`, `max_tokens`, `refusal`...).
    pub fn stopping(mut self, why: &str) -> Self {
        if let Say::Turn { stop, .. } = &mut self.say {
            *stop = Some(why.to_owned());
        }
        self
    }

    /// Reports these tokens; `input` is the whole prompt.
    pub fn with_usage(mut self, input: u64, cached: u64, output: u64) -> Self {
        self.usage = Some(ReplyUsage {
            input,
            cached,
            written: 0,
            output,
        });
        self
    }

    /// Reports cache writes too (part of `input`).
    pub fn with_cache_write(mut self, written: u64) -> Self {
        if let Some(usage) = &mut self.usage {
            usage.written = written;
        }
        self
    }

    /// Reports no usage at all.
    pub fn without_usage(mut self) -> Self {
        self.usage = None;
        self
    }

    /// Sends the body in pieces of this many bytes.
    pub fn fragmented(mut self, bytes: usize) -> Self {
        self.fragment = Some(bytes.max(1));
        self
    }

    /// Sends the body in two pieces.
    pub fn split_at(mut self, bytes: usize) -> Self {
        self.split_at = Some(bytes);
        self
    }

    /// Breaks the connection after this many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Keeps the connection open behind all that it says.
    pub fn staying_open(mut self) -> Self {
        self.stays_open = true;
        self
    }

    /// Waits so long between its pieces.
    pub fn apart(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Sends a further header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Counts down when the wait is over, before anything is sent: so long the completion was being worked on.
    pub fn counted_out(mut self, open: &Arc<AtomicUsize>) -> Self {
        self.open = Some(Arc::clone(open));
        self
    }

    /// Waits before it answers.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}
