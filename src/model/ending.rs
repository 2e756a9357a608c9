//! Items of a stream up to its end. Some servers say why a completion ended and then keep the connection open: what may still
//! come (the usage, the mark of the end) is waited for, and not for as long as a model may think.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::Instant;

use super::sse::{SseItem, items};
use crate::wire::{ServedBy, WireError, WireResponse};

/// How long a server that ended a completion may take to close its stream.
pub(super) const AFTER_END: Duration = Duration::from_secs(2);
/// The same where the reason came with all that was said, so that it may be one that comes with every piece.
pub(super) const AFTER_LIKELY_END: Duration = Duration::from_secs(10);
/// The same on a tape, which takes no time: shorter than a tape waits before it says that a turn does not end as it did.
const ON_TAPE: Duration = Duration::from_millis(100);

/// The items of a response, for as long as any may come.
pub(super) struct ItemReader {
    items: BoxStream<'static, Result<SseItem, WireError>>,
    is_taped: bool,
    until: Option<Instant>,
}

impl ItemReader {
    pub(super) fn of(response: WireResponse) -> Self {
        Self {
            is_taped: response.served_by == ServedBy::Tape,
            items: items(response.body).boxed(),
            until: None,
        }
    }

    /// The next item. `None` when the body has ended, or when nothing came for as long as `grace` says, counted from the first
    /// time that it says so.
    pub(super) async fn next(&mut self, grace: Option<Duration>) -> Option<Result<SseItem, WireError>> {
        let Some(grace) = grace else {
            self.until = None;
            return self.items.next().await;
        };
        let grace = if self.is_taped { ON_TAPE } else { grace };
        let latest = Instant::now().checked_add(grace)?;
        let until = self.until.map_or(latest, |until| until.min(latest));
        self.until = Some(until);
        let next = tokio::time::timeout_at(until, self.items.next()).await;
        next.ok().flatten()
    }
}
