//! One turn while it runs and shortly after: the log of its events, and who reads it.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::draft::missing;
use super::numbers::after_events;
use crate::server::event::TurnEvent;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct LogState {
    length: usize,
    /// Whether nothing more comes: the log ends with `done`, or the turn was given up here.
    closed: bool,
}

/// A turn of this process.
pub(in crate::server) struct LiveTurn {
    pub(in crate::server) id: String,
    pub(in crate::server) session: String,
    /// Ends the turn with what is known.
    pub(in crate::server) cancel: CancellationToken,
    /// Ends the work on it here, and leaves the turn to another process.
    pub(super) leave: CancellationToken,
    /// How long it goes on that nobody reads.
    grace: Duration,
    /// What the numbers of its events begin after.
    first: u64,
    log: Mutex<Vec<Arc<TurnEvent>>>,
    state: watch::Sender<LogState>,
    readers: AtomicUsize,
    /// When somebody read of it the last time who does not read its log now.
    noticed: Mutex<Instant>,
    closed_at: Mutex<Option<Instant>>,
}

impl fmt::Debug for LiveTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveTurn")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The log ended without its last event: the turn was given up in this process.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the turn was left before its end; read on with Last-Event-ID")]
pub(in crate::server) struct LogCut;

impl LiveTurn {
    pub(super) fn new(id: String, session: String, grace: Duration, first: u64) -> Arc<Self> {
        Arc::new(Self {
            id,
            session,
            cancel: CancellationToken::new(),
            leave: CancellationToken::new(),
            grace,
            first,
            log: Mutex::default(),
            state: watch::Sender::default(),
            readers: AtomicUsize::new(0),
            noticed: Mutex::new(Instant::now()),
            closed_at: Mutex::default(),
        })
    }

    /// Adds an event. After the last one nothing is added.
    pub(super) fn push(&self, event: TurnEvent) {
        let last = matches!(event, TurnEvent::Done { .. });
        let mut log = lock(&self.log);
        if self.state.borrow().closed {
            return;
        }
        log.push(Arc::new(event));
        let length = log.len();
        drop(log);
        if last {
            *lock(&self.closed_at) = Some(Instant::now());
        }
        self.state.send_replace(LogState { length, closed: last });
    }

    /// Ends the log where it stands, unless it ended well.
    pub(super) fn cut(&self) {
        let cut = |state: &mut LogState| {
            let open = !state.closed;
            state.closed = true;
            open
        };
        if self.state.send_if_modified(cut) {
            *lock(&self.closed_at) = Some(Instant::now());
        }
    }

    /// Somebody is there for it, who asks now and then what became of it.
    pub(in crate::server) fn notice(&self) {
        *lock(&self.noticed) = Instant::now();
    }

    /// Waits until nobody was there for it so long as it may go on then.
    async fn is_left(&self) {
        loop {
            let rest = self.grace.saturating_sub(lock(&self.noticed).elapsed());
            if rest.is_zero() {
                return;
            }
            tokio::time::sleep(rest).await;
        }
    }

    /// Whether nothing more happens here.
    pub(in crate::server) fn is_closed(&self) -> bool {
        self.state.borrow().closed
    }

    /// Whether it was given up here before its end.
    pub(in crate::server) fn is_cut(&self) -> bool {
        let state = *self.state.borrow();
        let last = state.length.checked_sub(1).and_then(|at| self.event(at));
        state.closed && !last.is_some_and(|event| matches!(*event, TurnEvent::Done { .. }))
    }

    /// How long ago that was.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        lock(&self.closed_at).map(|at| at.elapsed())
    }

    /// What has yet to be told, so that the texts of the log come to this answer.
    pub(super) fn missing_text(&self, answer: &str) -> Vec<TurnEvent> {
        missing(&lock(&self.log), answer)
    }

    /// The number that the log ends with when so many events more were told.
    pub(super) fn last_number(&self, more: usize) -> u64 {
        after_events(self.first, self.state.borrow().length.saturating_add(more))
    }

    /// Reads the log from after the event of this number. Reading keeps the turn going. Whoever has seen a number that is none
    /// of this log has read another log of the turn, from before another process took it over: the text of that one is taken
    /// back, and this log is told from its beginning.
    pub(in crate::server) fn read(self: &Arc<Self>, seen: u64) -> EventReader {
        self.readers.fetch_add(1, Ordering::SeqCst);
        let state = self.state.subscribe();
        let own = seen
            .checked_sub(self.first)
            .and_then(|seen| usize::try_from(seen).ok());
        let own = own.filter(|own| *own <= state.borrow().length);
        EventReader {
            state,
            attached: AttachedReader(Arc::clone(self)),
            seen: own.unwrap_or_default(),
            takes_back: own.is_none() && seen > 0,
        }
    }

    fn event(&self, at: usize) -> Option<Arc<TurnEvent>> {
        lock(&self.log).get(at).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the log of a turn at its own pace. It holds nothing but a position.
#[derive(Debug)]
pub(in crate::server) struct EventReader {
    state: watch::Receiver<LogState>,
    attached: AttachedReader,
    /// Events of this log that were read.
    seen: usize,
    /// Whether the text of another log has yet to be taken back.
    takes_back: bool,
}

impl EventReader {
    /// The next event with its number, if it is there already.
    pub(in crate::server) fn next_now(&mut self) -> Option<(u64, Arc<TurnEvent>)> {
        if self.takes_back {
            self.takes_back = false;
            return Some((self.attached.0.first, Arc::new(TurnEvent::TextDiscarded {})));
        }
        let event = self.attached.0.event(self.seen)?;
        self.seen += 1;
        Some((after_events(self.attached.0.first, self.seen), event))
    }

    /// The next event with its number; `None` after the last one.
    pub(in crate::server) async fn next(&mut self) -> Option<Result<(u64, Arc<TurnEvent>), LogCut>> {
        loop {
            let state = *self.state.borrow_and_update();
            if let Some(next) = self.next_now() {
                return Some(Ok(next));
            }
            if state.closed {
                return self.attached.0.is_cut().then_some(Err(LogCut));
            }
            if self.state.changed().await.is_err() {
                return Some(Err(LogCut));
            }
        }
    }

    /// Waits for the end of the log, and whether it was cut.
    pub(in crate::server) async fn last(mut self) -> Result<(), LogCut> {
        while let Some(next) = self.next().await {
            next?;
        }
        Ok(())
    }
}

/// That somebody reads. When the last one goes, the turn has its grace time.
#[derive(Debug)]
struct AttachedReader(Arc<LiveTurn>);

impl Drop for AttachedReader {
    fn drop(&mut self) {
        let turn = &self.0;
        if turn.readers.fetch_sub(1, Ordering::SeqCst) != 1 || turn.is_closed() {
            return;
        }
        if turn.grace.is_zero() {
            turn.cancel.cancel();
            return;
        }
        // Without a runtime the process ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let turn = Arc::clone(turn);
            turn.notice();
            runtime.spawn(async move {
                let mut state = turn.state.subscribe();
                tokio::select! {
                    () = turn.is_left() => {
                        if turn.readers.load(Ordering::SeqCst) == 0 {
                            turn.cancel.cancel();
                        }
                    }
                    _ = state.wait_for(|state| state.closed) => {}
                }
            });
        }
    }
}
