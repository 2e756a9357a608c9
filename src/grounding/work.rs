//! How much work one text may cause. Figures that the work does not reach are reported as not looked at: a text and a
//! table made to be hard cost a bounded time, and no figure passes because of it.

use std::cell::Cell;

/// Steps of work that one text may cause: about a second, and far more than any answer of a model has needed.
const MOST: u64 = 30_000_000;
/// Steps between two looks at whether somebody wants it to end.
const LOOK: u64 = 2_000;

/// The work done for one text.
pub(super) struct Work<'s> {
    done: Cell<u64>,
    looked: Cell<u64>,
    stop: &'s dyn Fn() -> bool,
    stopped: Cell<bool>,
}

impl<'s> Work<'s> {
    /// Work that ends early when `stop` says so.
    pub(super) fn new(stop: &'s dyn Fn() -> bool) -> Self {
        Self {
            done: Cell::new(0),
            looked: Cell::new(0),
            stop,
            stopped: Cell::new(false),
        }
    }

    pub(super) fn spend(&self, steps: usize) {
        let done = self.done.get().saturating_add(steps as u64);
        self.done.set(done);
        if done - self.looked.get() >= LOOK {
            self.looked.set(done);
            if !self.stopped.get() && (self.stop)() {
                self.stopped.set(true);
            }
        }
    }

    /// Whether no more may be done.
    pub(super) fn is_over(&self) -> bool {
        self.stopped.get() || self.done.get() >= MOST
    }

    /// Whether somebody wanted it to end.
    pub(super) fn was_stopped(&self) -> bool {
        self.stopped.get()
    }
}
