//! The time of a turn: how long it may take, what ends something that takes too long, and when a replay is late.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::budget::TurnBudget;
use crate::wire::{QueueTime, Stalls};

/// When a turn's time ran out, in looks at the clock: the loop looks at it once before each of its steps, from 1. A
/// replay, which takes no time, is late at the same looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeoutMarks {
    /// The first look at which there was time for the last completion only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work: Option<u32>,
    /// The first look at which there was none left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over: Option<u32>,
    /// The look after which looking up the answer's figures was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    figures: Option<u32>,
}

/// How long the figures of an answer may be looked up when the turn's time is over or nearly so.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct TurnClock {
    began: Instant,
    /// From then on only the last completion may run, and from then on nothing.
    work: Duration,
    over: Duration,
    /// Waits in our own queue are not the turn's: how long the session had waited when it began.
    queue: QueueTime,
    queued_before: Duration,
    looks: u32,
    late: TimeoutMarks,
    /// Of a turn that was recorded: what it waits for longer than then.
    stalls: Option<Stalls>,
}

/// What ended something that was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    Cancelled,
    TimeUp,
}

/// What may end something that is waited for.
#[derive(Debug, Clone)]
pub(super) enum Interrupter {
    /// The clock, at this moment and as much later as the session waits in our own queue from then on, or the person
    /// before.
    At {
        /// Without any wait.
        until: Instant,
        /// The waits, and how long they had taken when `until` was worked out.
        queue: QueueTime,
        queued_before: Duration,
        cancel: CancellationToken,
    },
    /// Whatever ended it when it was recorded, as soon as it is waited for longer than then.
    AsRecorded(Interruption, Stalls),
    /// What ended it when it was recorded, at once.
    Now(Interruption),
    Never,
}

impl TurnClock {
    /// The clock of a turn that begins now; of one that was recorded with when its time ran out.
    pub(super) fn new(
        ledger: &TurnBudget,
        queue: &QueueTime,
        recorded: Option<(TimeoutMarks, Stalls)>,
    ) -> Self {
        let (late, stalls) = recorded.unzip();
        Self {
            began: Instant::now(),
            work: ledger.work_deadline(),
            over: ledger.deadline(),
            queue: queue.clone(),
            queued_before: queue.total(),
            looks: 0,
            late: late.unwrap_or_default(),
            stalls,
        }
    }

    /// How long the turn has taken, as far as that matters.
    pub(super) fn look(&mut self) -> Duration {
        self.looks = self.looks.saturating_add(1);
        let queued = self.queue.total().saturating_sub(self.queued_before);
        let now = self.began.elapsed().saturating_sub(queued);
        if self.stalls.is_some() {
            let is = |since: Option<u32>| since.is_some_and(|since| since <= self.looks);
            return match (is(self.late.work), is(self.late.over)) {
                (_, true) => self.over,
                (true, false) => self.work,
                (false, false) => Duration::ZERO,
            };
        }
        if now >= self.work {
            self.late.work.get_or_insert(self.looks);
        }
        if now >= self.over {
            self.late.over.get_or_insert(self.looks);
        }
        now
    }

    /// The moment at which `deadline` passes, if nothing waits in our own queue from now on.
    pub(super) fn moment(&self, deadline: Duration) -> Instant {
        self.began + deadline + self.queue.total().saturating_sub(self.queued_before)
    }

    /// What may end something that may take until `deadline`.
    pub(super) fn cutter(&self, deadline: Duration, cancel: &CancellationToken) -> Interrupter {
        let Some(stalls) = &self.stalls else {
            return Interrupter::At {
                until: self.began + deadline,
                queue: self.queue.clone(),
                queued_before: self.queued_before,
                cancel: cancel.clone(),
            };
        };
        let passed = if deadline < self.over {
            self.late.work
        } else {
            self.late.over
        };
        // What was cut by the clock was late at the very next look.
        let by_the_clock = passed.is_some_and(|look| look <= self.looks.saturating_add(1));
        let cut = if by_the_clock {
            Interruption::TimeUp
        } else {
            Interruption::Cancelled
        };
        Interrupter::AsRecorded(cut, stalls.clone())
    }

    /// What may end looking up the figures of an answer: the end of the turn, or the person if there is a wish of
    /// theirs to wait for. That asks nothing of anybody, so a tape knows it only by the look.
    pub(super) fn figures_cutter(&self, cancel: Option<&CancellationToken>) -> Interrupter {
        if self.stalls.is_none() {
            let queued_now = self.queue.total();
            let over = self.began + self.over + queued_now.saturating_sub(self.queued_before);
            return Interrupter::At {
                until: over.max(Instant::now() + GRACE),
                queue: self.queue.clone(),
                queued_before: queued_now,
                cancel: cancel.cloned().unwrap_or_default(),
            };
        }
        if self.late.figures != Some(self.looks) {
            return Interrupter::Never;
        }
        let late = self
            .late
            .over
            .is_some_and(|look| look <= self.looks.saturating_add(1));
        Interrupter::Now(if late {
            Interruption::TimeUp
        } else {
            Interruption::Cancelled
        })
    }

    /// Notes that looking up the figures was ended.
    pub(super) fn figures_were_cut(&mut self) {
        self.late.figures = Some(self.looks);
    }

    /// How long the turn has really taken.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// When its time ran out.
    pub(super) fn late(&self) -> TimeoutMarks {
        self.late
    }
}

impl Interrupter {
    /// Waits until it ends what is waited for.
    pub(super) async fn cut(self) -> Interruption {
        match self {
            Self::At {
                until,
                queue,
                queued_before,
                cancel,
            } => tokio::select! {
                biased;
                () = cancel.cancelled() => Interruption::Cancelled,
                () = time_up(until, &queue, queued_before) => Interruption::TimeUp,
            },
            Self::AsRecorded(cut, stalls) => {
                stalls.next().await;
                cut
            }
            Self::Now(cut) => cut,
            Self::Never => std::future::pending().await,
        }
    }
}

/// Waits until `until`, and longer by every wait in our own queue since `queued_before` was read.
async fn time_up(until: Instant, queue: &QueueTime, queued_before: Duration) {
    /// While it waits in the queue the end moves on, so that this looks again from time to time.
    const LOOK_AGAIN: Duration = Duration::from_millis(10);
    let mut end = until;
    loop {
        tokio::time::sleep_until(end).await;
        end = until + queue.total().saturating_sub(queued_before);
        let now = Instant::now();
        if end <= now {
            return;
        }
        end = end.max(now + LOOK_AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_in_our_own_queue_is_not_the_turns() {
        let second = Duration::from_secs(1);
        let queue = QueueTime::default();
        let (until, cancel) = (Instant::now() + second * 5, CancellationToken::new());
        let cutter = Interrupter::At {
            until,
            queue: queue.clone(),
            queued_before: queue.total(),
            cancel,
        };
        let cut = tokio::spawn(cutter.cut());
        tokio::time::sleep(second).await;
        let waiting = queue.wait();
        tokio::time::sleep(second * 20).await;
        drop(waiting);
        assert!(!cut.is_finished());
        let began = Instant::now();
        assert_eq!(cut.await.unwrap(), Interruption::TimeUp);
        let left = began.elapsed();
        assert!(left >= second * 3 && left <= second * 4 + second / 10, "{left:?}");
    }
}
