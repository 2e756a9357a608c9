//! How many requests one host is sent at once, and when none at all.
//!
//! A host that turns requests away (429, 529) is left alone for a while, by all sessions together: one cool-down, not one
//! for each. Then one request goes first, and only when it was served the others follow, fewer at once than before. Success
//! makes room again, the more slowly the more often there was too little. So requests that wait do not come back as a herd.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// How long the others wait for what comes of the request that goes first.
const PROBE: Duration = Duration::from_secs(2);
/// Doublings of the cool-down of a host that does not say how long.
const MOST_DOUBLINGS: u32 = 16;
/// Successes at each place that make room for one more, at most.
const MOST_CAUTION: usize = 16;

/// One host, for one kind of request.
#[derive(Debug)]
pub(super) struct HostCeiling {
    /// Whoever waits longest holds it and goes next.
    head: Semaphore,
    state: Mutex<CeilingState>,
    /// Something changed for whoever goes next.
    changed: Notify,
}

#[derive(Debug)]
struct CeilingState {
    most: usize,
    in_flight: usize,
    /// Most in flight for now.
    room: usize,
    /// Successes since the room last changed.
    successes: usize,
    /// Successes at each place that make room for one more.
    caution: usize,
    quiet_until: Option<Instant>,
    /// Cool-downs since the last success.
    cool_downs: u32,
    /// When the room was last made smaller: requests that began before say nothing new.
    narrowed: Option<Instant>,
    probe: ProbeState,
}

/// Whether a request goes first after a cool-down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProbeState {
    None,
    Due,
    /// It is on its way; the others wait until then at most.
    Sent(Instant),
}

/// A request's place below the ceiling. It is given back when it is dropped.
#[derive(Debug)]
pub(super) struct HostPlace {
    host: Arc<HostCeiling>,
    began: Instant,
}

impl HostCeiling {
    pub(super) fn new(most: usize) -> Self {
        Self {
            head: Semaphore::new(1),
            state: Mutex::new(CeilingState {
                most,
                in_flight: 0,
                room: most,
                successes: 0,
                caution: 1,
                quiet_until: None,
                cool_downs: 0,
                narrowed: None,
                probe: ProbeState::None,
            }),
            changed: Notify::new(),
        }
    }

    /// A place, if there is one now and nobody waits for it.
    pub(super) fn try_enter(host: &Arc<Self>) -> Option<HostPlace> {
        let _head = host.head.try_acquire().ok()?;
        let now = Instant::now();
        host.lock().enter(now).ok()?;
        Some(HostPlace {
            host: Arc::clone(host),
            began: now,
        })
    }

    /// Waits for a place, first come first served.
    pub(super) async fn enter(host: &Arc<Self>) -> HostPlace {
        // Nobody closes it.
        let _head = host.head.acquire().await;
        loop {
            let mut changed = std::pin::pin!(host.changed.notified());
            changed.as_mut().enable();
            let now = Instant::now();
            let entered = host.lock().enter(now);
            match entered {
                Ok(()) => {
                    return HostPlace {
                        host: Arc::clone(host),
                        began: now,
                    };
                }
                Err(Some(at)) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(at) => {}
                        () = changed => {}
                    }
                }
                Err(None) => changed.await,
            }
        }
    }

    /// How long its cool-down still takes.
    pub(super) fn left_alone(&self) -> Duration {
        let until = self.lock().quiet_until;
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    /// Waits for a cool-down that is too long by this measure, and tells how long it is.
    pub(super) async fn left_alone_so_that(&self, is_too_long: impl Fn(Duration) -> bool) -> Duration {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let wait = self.left_alone();
            if is_too_long(wait) {
                return wait;
            }
            changed.await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut CeilingState)) {
        change(&mut self.lock());
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, CeilingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CeilingState {
    /// Takes a place, or says when to look again; `None` when that is not known.
    fn enter(&mut self, now: Instant) -> Result<(), Option<Instant>> {
        if let Some(until) = self.quiet_until {
            if now < until {
                return Err(Some(until));
            }
            self.quiet_until = None;
            self.probe = ProbeState::Due;
        }
        match self.probe {
            ProbeState::Sent(until) if now < until => return Err(Some(until)),
            ProbeState::Sent(_) => self.probe = ProbeState::None,
            ProbeState::None | ProbeState::Due => {}
        }
        if self.in_flight >= self.room {
            return Err(None);
        }
        if self.probe == ProbeState::Due {
            self.probe = ProbeState::Sent(now + PROBE);
        }
        self.in_flight += 1;
        Ok(())
    }
}

impl HostPlace {
    pub(super) fn served(&self) {
        self.host.change(|state| {
            state.cool_downs = 0;
            if matches!(state.probe, ProbeState::Sent(_)) {
                state.probe = ProbeState::None;
            }
            state.successes += 1;
            if state.successes >= state.room.saturating_mul(state.caution) && state.room < state.most {
                state.room += 1;
                state.successes = 0;
                if state.room == state.most {
                    state.caution = 1;
                }
            }
        });
    }

    /// The host turned it away and wants to be left alone for so long; when it does not say, for `base`, and twice as long
    /// each time, at most `longest`.
    pub(super) fn turned_away(&self, asked: Option<Duration>, base: Duration, longest: Duration) {
        let now = Instant::now();
        self.host.change(|state| {
            if state.narrowed.is_none_or(|narrowed| self.began > narrowed) {
                let at_once = state.room.min(state.in_flight);
                state.room = (at_once.saturating_mul(3) / 4).max(1);
                state.successes = 0;
                state.caution = (state.caution * 2).min(MOST_CAUTION);
                state.narrowed = Some(now);
                state.cool_downs = state.cool_downs.saturating_add(1);
            }
            let doublings = state.cool_downs.saturating_sub(1).min(MOST_DOUBLINGS);
            let wait = asked.unwrap_or_else(|| base.saturating_mul(1 << doublings));
            if let Some(until) = now.checked_add(wait.min(longest)) {
                state.quiet_until = state.quiet_until.max(Some(until));
            }
        });
    }
}

impl Drop for HostPlace {
    fn drop(&mut self) {
        self.host
            .change(|state| state.in_flight = state.in_flight.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    async fn fill(host: &Arc<HostCeiling>, count: usize) -> Vec<HostPlace> {
        let mut places = Vec::new();
        for _ in 0..count {
            places.push(HostCeiling::enter(host).await);
        }
        places
    }

    #[tokio::test(start_paused = true)]
    async fn all_wait_for_one_cool_down_and_one_goes_first() {
        let host = Arc::new(HostCeiling::new(8));
        let places = fill(&host, 8).await;
        for place in &places {
            place.turned_away(Some(SECOND), SECOND, SECOND * 20);
        }
        drop(places);
        assert!(HostCeiling::try_enter(&host).is_none());
        let began = Instant::now();
        let first = HostCeiling::enter(&host).await;
        assert_eq!(began.elapsed(), SECOND);
        assert!(
            HostCeiling::try_enter(&host).is_none(),
            "the others wait for the first"
        );
        first.served();
        // Eight together were too many, and that was said once, not eight times.
        let others: Vec<HostPlace> = std::iter::from_fn(|| HostCeiling::try_enter(&host)).collect();
        assert_eq!(others.len() + 1, 6);
    }

    #[tokio::test(start_paused = true)]
    async fn room_comes_back_with_success() {
        let host = Arc::new(HostCeiling::new(4));
        let places = fill(&host, 4).await;
        places[0].turned_away(None, SECOND, SECOND * 20);
        drop(places);
        for _ in 0..20 {
            HostCeiling::enter(&host).await.served();
        }
        let places = fill(&host, 4).await;
        assert_eq!(places.len(), 4);
        assert!(HostCeiling::try_enter(&host).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn cool_downs_double_until_something_is_served() {
        let host = Arc::new(HostCeiling::new(2));
        for wait in [1, 2, 4, 8, 8] {
            HostCeiling::enter(&host)
                .await
                .turned_away(None, SECOND, SECOND * 8);
            tokio::time::sleep(Duration::from_millis(1)).await;
            let began = Instant::now();
            drop(HostCeiling::enter(&host).await);
            let waited = began.elapsed() + Duration::from_millis(1);
            assert_eq!(waited, SECOND * wait);
            // The probe said nothing.
            tokio::time::sleep(PROBE).await;
        }
        HostCeiling::enter(&host).await.served();
        HostCeiling::enter(&host)
            .await
            .turned_away(None, SECOND, SECOND * 8);
        let began = Instant::now();
        drop(HostCeiling::enter(&host).await);
        assert_eq!(began.elapsed(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_given_up_holds_nobody_up() {
        let host = Arc::new(HostCeiling::new(1));
        let place = HostCeiling::enter(&host).await;
        let given_up = tokio::time::timeout(SECOND, HostCeiling::enter(&host)).await;
        assert!(given_up.is_err());
        drop(place);
        assert!(HostCeiling::try_enter(&host).is_some());
    }
}
