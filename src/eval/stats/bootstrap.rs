use super::{ALPHA, Interval, Method, SEED, quantile};

/// Ends of an interval that are nearer than this share of themselves are one: sums of the same numbers in another
/// order.
const TINY: f64 = 1e-9;

/// How often clusters are drawn anew.
const RESAMPLES: usize = 10_000;

/// What one cluster adds to a ratio of sums: passes out of trials, or dollars out of right answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterSample {
    /// Added above the line.
    pub part: f64,
    /// Added below the line.
    pub whole: f64,
}

/// The percentile interval of `sum(part) / sum(whole)` when whole clusters are drawn with replacement. `None` below two
/// clusters, and where all clusters are alike: resampling them says nothing about those that were not seen. Draws whose
/// ratio does not exist are left out.
pub fn cluster_bootstrap(clusters: &[ClusterSample]) -> Option<Interval> {
    if clusters.len() < 2 {
        return None;
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut ratios = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let (mut part, mut whole) = (0.0, 0.0);
        for _ in clusters {
            if let Some(drawn) = clusters.get(random.usize(..clusters.len())) {
                part += drawn.part;
                whole += drawn.whole;
            }
        }
        if whole > 0.0 {
            ratios.push(part / whole);
        }
    }
    let (low, high) = (
        quantile(&mut ratios, ALPHA / 2.0)?,
        quantile(&mut ratios, 1.0 - ALPHA / 2.0)?,
    );
    (high - low > TINY * high.abs().max(low.abs())).then_some(Interval {
        low,
        high,
        method: Method::ClusterBootstrap,
    })
}
