//! How many requests are in flight at once. It begins low, grows while the server keeps up, and is halved when the
//! server says that it is too much: a large catalog loads as fast as the server can, and a small server is not run over.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Requests in flight at the beginning.
const FIRST: usize = 4;

/// Permits for requests, as many as the server has shown that it can take.
#[derive(Debug)]
pub(super) struct InFlight {
    permits: Semaphore,
    pace: Mutex<AdaptiveLimit>,
}

#[derive(Debug)]
pub(super) struct RequestPermit<'i> {
    of: &'i InFlight,
    permit: SemaphorePermit<'i>,
}

impl InFlight {
    /// At most this many at once.
    pub(super) fn at_most(most: usize) -> Self {
        let pace = AdaptiveLimit::new(most.clamp(1, Semaphore::MAX_PERMITS));
        Self {
            permits: Semaphore::new(pace.limit),
            pace: Mutex::new(pace),
        }
    }

    /// Waits for a permit to send a request. None if there are no more to be had, which never happens.
    pub(super) async fn permit(&self) -> Option<RequestPermit<'_>> {
        let permit = self.permits.acquire().await.ok()?;
        Some(RequestPermit { of: self, permit })
    }
}

impl RequestPermit<'_> {
    /// Gives the permit back, and says whether the request was too much for the server.
    pub(super) fn settle(self, too_much: bool) {
        let mut pace = self.of.pace.lock().unwrap_or_else(PoisonError::into_inner);
        match pace.settle(too_much) {
            ReturnedPermit::Return => {}
            ReturnedPermit::Add => self.of.permits.add_permits(1),
            ReturnedPermit::Withhold => self.permit.forget(),
        }
    }
}

/// What becomes of a permit that comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReturnedPermit {
    Return,
    /// It is given back with another one.
    Add,
    Withhold,
}

#[derive(Debug)]
struct AdaptiveLimit {
    limit: usize,
    most: usize,
    /// Permits to withhold as they come back.
    excess: usize,
    /// Requests that went well since the limit changed.
    well: usize,
    /// Requests that ended since it was halved.
    since_halved: usize,
}

impl AdaptiveLimit {
    fn new(most: usize) -> Self {
        let limit = FIRST.min(most);
        Self {
            limit,
            most,
            excess: 0,
            well: 0,
            since_halved: limit,
        }
    }

    fn settle(&mut self, too_much: bool) -> ReturnedPermit {
        self.since_halved = self.since_halved.saturating_add(1);
        // Requests that were sent together fail together: that is one sign, not several.
        if too_much && self.since_halved > self.limit {
            let halved = (self.limit / 2).max(1);
            self.excess += self.limit - halved;
            (self.limit, self.well, self.since_halved) = (halved, 0, 0);
        }
        if self.excess > 0 {
            self.excess -= 1;
            return ReturnedPermit::Withhold;
        }
        if too_much {
            return ReturnedPermit::Return;
        }
        self.well += 1;
        if self.well < self.limit || self.limit == self.most {
            return ReturnedPermit::Return;
        }
        self.limit += 1;
        self.well = 0;
        ReturnedPermit::Add
    }
}
