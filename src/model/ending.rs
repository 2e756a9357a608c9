//! Pieces of a stream up to its end. Some servers say why a completion ended and then keep the connection open: what may still
//! come (the usage, the mark of the end) is waited for, and not for as long as a model may think.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::Value;
use tokio::time::Instant;

use super::pieces::unwrapped;
use super::sse::{SseItem, items};
use crate::wire::{ServedBy, WireError, WireResponse};

/// How long a server that ended a completion may take to close its stream.
const AFTER_END: Duration = Duration::from_secs(2);
/// The same where more may come: the reason stood with all that was said, or more came behind it.
const AFTER_LIKELY_END: Duration = Duration::from_secs(10);
/// The same on a tape, which takes no time: shorter than a tape waits before it says that a turn does not end as it did.
const ON_TAPE: Duration = Duration::from_millis(100);

/// Where the reason for an end stood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ReasonPlace {
    /// Nowhere yet.
    #[default]
    None,
    /// Behind all that was said.
    Last,
    /// Where it may also stand with every piece.
    Likely,
    /// Before more, as from servers that send one with every piece.
    Inside,
}

/// Watches for the end of one answer: the reason that its server gives, and what was said before and behind it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EndWatch {
    place: ReasonPlace,
    said: usize,
}

/// How long a server is still listened to that said why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grace {
    wait: Duration,
    /// How many pieces were said before. With another one the wait begins anew.
    said: usize,
}

impl Grace {
    /// The wait behind a whole document.
    pub(super) fn after_document() -> Self {
        Self {
            wait: AFTER_LIKELY_END,
            said: 0,
        }
    }
}

impl EndWatch {
    /// More of the answer came.
    pub(super) fn say(&mut self) {
        self.said = self.said.saturating_add(1);
        if self.place != ReasonPlace::None {
            self.place = ReasonPlace::Inside;
        }
    }

    /// A reason for the end came: beside a piece of the answer, or alone. `may_repeat` says whether it may be one that comes with
    /// every piece.
    pub(super) fn give_reason(&mut self, is_alone: bool, may_repeat: bool) {
        self.place = match self.place {
            ReasonPlace::None if may_repeat => ReasonPlace::Likely,
            ReasonPlace::None => ReasonPlace::Last,
            ReasonPlace::Inside if is_alone => ReasonPlace::Likely,
            place => place,
        };
    }

    /// Whether nothing can be missing, whatever happens to the connection.
    pub(super) fn is_whole(self) -> bool {
        matches!(self.place, ReasonPlace::Last | ReasonPlace::Likely)
    }

    /// How long a server that said why it ended is still listened to.
    pub(super) fn grace(self) -> Option<Grace> {
        let wait = match self.place {
            ReasonPlace::None => return None,
            ReasonPlace::Last => AFTER_END,
            ReasonPlace::Likely | ReasonPlace::Inside => AFTER_LIKELY_END,
        };
        Some(Grace {
            wait,
            said: self.said,
        })
    }
}

/// The items of a response, for as long as any may come. Envelopes around the pieces of its protocol are taken off.
pub(super) struct ItemReader {
    items: BoxStream<'static, Result<SseItem, WireError>>,
    /// Whether an object is a piece of the protocol.
    knows: fn(&Value) -> bool,
    /// Pieces that came in one envelope.
    ready: VecDeque<SseItem>,
    is_taped: bool,
    until: Option<(usize, Instant)>,
}

impl ItemReader {
    pub(super) fn of(response: WireResponse, knows: fn(&Value) -> bool) -> Self {
        Self {
            is_taped: response.served_by == ServedBy::Tape,
            items: items(response.body).boxed(),
            knows,
            ready: VecDeque::new(),
            until: None,
        }
    }

    /// The next item. `None` when the body has ended, or when nothing came for as long as `grace` says, counted from the first
    /// time that it says so.
    pub(super) async fn next(&mut self, grace: Option<Grace>) -> Option<Result<SseItem, WireError>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            match self.coming(grace).await? {
                Ok(SseItem::Event { framed, json }) => {
                    let pieces = unwrapped(json, self.knows).into_iter();
                    self.ready
                        .extend(pieces.map(|json| SseItem::Event { framed, json }));
                }
                other => return Some(other),
            }
        }
    }

    async fn coming(&mut self, grace: Option<Grace>) -> Option<Result<SseItem, WireError>> {
        let Some(Grace { wait, said }) = grace else {
            self.until = None;
            return self.items.next().await;
        };
        let wait = if self.is_taped { ON_TAPE } else { wait };
        let latest = Instant::now().checked_add(wait)?;
        let until = match self.until {
            Some((before, until)) if before == said => until.min(latest),
            _ => latest,
        };
        self.until = Some((said, until));
        let next = tokio::time::timeout_at(until, self.items.next()).await;
        next.ok().flatten()
    }
}
