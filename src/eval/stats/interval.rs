use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF as _, Normal};

use super::ALPHA;

/// How an interval was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Wilson's score interval: one trial a case, no clusters.
    Wilson,
    ClusterBootstrap,
    /// All clusters passed, or none did: the bound on the other side is where so many alike had a chance of 5 %.
    OneSided,
}

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    pub method: Method,
}

/// Wilson's score interval of `passed` out of `trials`, for independent trials. `None` without trials.
pub fn wilson(passed: u32, trials: u32) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let z = quantile_of_normal(1.0 - ALPHA / 2.0);
    let n = f64::from(trials);
    let share = f64::from(passed.min(trials)) / n;
    let scale = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / scale;
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / scale;
    Some(Interval {
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
        method: Method::Wilson,
    })
}

/// The one-sided 95 % bound on a share when all of `clusters` passed, or none did (`passed` false): about three in
/// `clusters` off the end, exactly `5 %^(1 / clusters)`. `None` below two clusters.
pub fn one_sided(clusters: u32, passed: bool) -> Option<Interval> {
    if clusters < 2 {
        return None;
    }
    let bound = ALPHA.powf(1.0 / f64::from(clusters));
    let (low, high) = if passed { (bound, 1.0) } else { (0.0, 1.0 - bound) };
    Some(Interval {
        low,
        high,
        method: Method::OneSided,
    })
}

/// The quantile of the standard normal distribution.
pub(super) fn quantile_of_normal(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}
