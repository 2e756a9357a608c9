/// A seeded source of chance. Everything is drawn in whole numbers, so that no rounding differs between machines.
#[derive(Debug)]
pub(super) struct SeededRandom {
    rng: fastrand::Rng,
}

impl SeededRandom {
    /// Each table has a seed of its own: more rows in one do not change the others.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// From `low` to `high`, both included; `low` when they are the wrong way round.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        if low >= high {
            low
        } else {
            self.rng.i64(low..=high)
        }
    }

    /// True this many times in a thousand.
    pub(super) fn permille(&mut self, times: i64) -> bool {
        self.between(1, 1000) <= times
    }

    /// One of a list, each as likely.
    pub(super) fn one<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let end = i64::try_from(list.len()).unwrap_or(0) - 1;
        list.get(usize::try_from(self.between(0, end)).ok()?)
    }

    pub(super) fn weighted<'a, T>(&mut self, list: &'a [(T, i64)]) -> Option<&'a T> {
        let total: i64 = list.iter().map(|(_, weight)| weight).sum();
        let mut left = self.between(1, total);
        list.iter()
            .find(|(_, weight)| {
                left -= weight;
                left <= 0
            })
            .map(|(item, _)| item)
    }
}

/// Draws places by weight from a list that may be cut short: only the first `n` take part.
#[derive(Debug)]
pub(super) struct WeightedSampler {
    sums: Vec<i64>,
}

impl WeightedSampler {
    /// One weight per place.
    pub(super) fn new(weights: impl Iterator<Item = i64>) -> Self {
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    /// A place among the first `n`.
    pub(super) fn draw(&self, chance: &mut SeededRandom, n: usize) -> usize {
        let n = n.clamp(1, self.sums.len().max(1));
        let total = self.sums.get(n - 1).copied().unwrap_or(1);
        let ticket = chance.between(1, total);
        self.sums.partition_point(|sum| *sum < ticket)
    }
}

/// Cents as the database stores money: a number with two decimals.
#[expect(clippy::cast_precision_loss, reason = "cents of one order are far below 2^52")]
pub(super) fn money(cents: i64) -> f64 {
    cents as f64 / 100.0
}
