//! The one way in which benches tell what something costs: as a multiple of a floor, the least that anybody would have to do
//! for it. A machine's speed falls out of that.

#![allow(dead_code, reason = "each bench uses a part of it")]

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// The least that a sample takes; shorter work is repeated within it.
const SAMPLE: Duration = Duration::from_millis(2);
const SAMPLES: usize = 9;
const MOST_TIMES: u32 = 1 << 20;

/// What something is held against.
#[derive(Debug, Clone)]
pub(crate) struct Floor {
    what: String,
    time: Duration,
}

impl Floor {
    /// Measures the floor; `what` says it in words.
    pub(crate) fn of<T>(what: &str, work: impl FnMut() -> T) -> Self {
        Self::taken(what, quickest(work))
    }

    /// A floor that was measured already.
    pub(crate) fn taken(what: &str, time: Duration) -> Self {
        Self {
            what: what.to_owned(),
            time,
        }
    }

    /// Measures work and tells it beside the floor.
    pub(crate) fn beside<T>(&self, what: &str, work: impl FnMut() -> T) {
        self.tell(what, quickest(work));
    }

    /// Tells what was measured beside the floor.
    pub(crate) fn tell(&self, what: &str, time: Duration) {
        // Nobody reads on when this fails.
        let _ = writeln!(
            std::io::stdout().lock(),
            "{what:<34}{:>12}{:>9.1} times {} ({:.1?})",
            format!("{time:.1?}"),
            self.times(time),
            self.what,
            self.time,
        );
    }

    /// A time as a multiple of the floor.
    pub(crate) fn times(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.time.as_secs_f64().max(f64::EPSILON)
    }
}

/// The quickest of some times, which other work on the machine disturbs least.
pub(crate) fn quickest<T>(mut work: impl FnMut() -> T) -> Duration {
    let mut times = 1_u32;
    let mut sample = move |times: u32| {
        let began = Instant::now();
        for _ in 0..times {
            black_box(work());
        }
        began.elapsed()
    };
    while times < MOST_TIMES && sample(times) < SAMPLE {
        times *= 2;
    }
    let samples = (0..SAMPLES).map(|_| sample(times) / times);
    samples.min().unwrap_or_default()
}
