use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a session has waited for its turn at one of our own ceilings, while nothing of it was under way. That time
/// is not the question's: a turn's clock leaves it out. Clones count the same session.
#[derive(Debug, Clone, Default)]
pub struct QueueTime {
    state: Arc<Mutex<QueueState>>,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: u32,
    running: u32,
    /// Since when it waits and does nothing else.
    since: Option<Instant>,
    total: Duration,
}

/// A request that waits at a ceiling.
#[derive(Debug)]
pub(crate) struct WaitingRequest(QueueTime);

/// A request that has its place.
#[derive(Debug)]
pub(super) struct RunningRequest(QueueTime);

impl QueueTime {
    /// All of it so far.
    pub fn total(&self) -> Duration {
        let state = self.lock();
        state.total + state.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(crate) fn wait(&self) -> WaitingRequest {
        self.change(|state| state.waiting = state.waiting.saturating_add(1));
        WaitingRequest(self.clone())
    }

    pub(super) fn run(&self) -> RunningRequest {
        self.change(|state| state.running = state.running.saturating_add(1));
        RunningRequest(self.clone())
    }

    fn change(&self, change: impl FnOnce(&mut QueueState)) {
        let mut state = self.lock();
        change(&mut state);
        let idle = state.waiting > 0 && state.running == 0;
        match (state.since, idle) {
            (None, true) => state.since = Some(Instant::now()),
            (Some(since), false) => {
                state.total += since.elapsed();
                state.since = None;
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WaitingRequest {
    fn drop(&mut self) {
        self.0
            .change(|state| state.waiting = state.waiting.saturating_sub(1));
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0
            .change(|state| state.running = state.running.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_time_in_which_nothing_runs_counts() {
        let queue = QueueTime::default();
        let second = Duration::from_secs(1);
        let pass = || tokio::time::sleep(second);
        let (first, other) = (queue.wait(), queue.wait());
        pass().await;
        assert_eq!(queue.total(), second);
        drop(first);
        let running = queue.run();
        pass().await;
        assert_eq!(queue.total(), second, "one runs while the other waits");
        drop(running);
        pass().await;
        drop(other);
        pass().await;
        assert_eq!(queue.total(), second * 2);
    }
}
