use super::interval::quantile_of_normal;
use super::{ALPHA, mcnemar};

/// Share of cases assumed to flip each way without any effect.
const CHURN: f64 = 0.03;
/// Chance of finding the effect.
const POWER: f64 = 0.8;

/// The smallest net share of `cases` that could ever be told from chance: so many flips in one direction, and none in
/// the other, as the exact paired test needs. `None` when not even all of them would do.
pub fn smallest_visible(cases: u32) -> Option<f64> {
    let flips = (1..=cases).find(|flips| mcnemar(*flips, 0) < ALPHA)?;
    Some(f64::from(flips) / f64::from(cases))
}

/// The net share of `cases` whose change a paired test finds with 80 % probability, when 3 % flip each way anyway.
/// `None` when the suite is too small for any.
pub fn detectable(cases: u32) -> Option<f64> {
    let smallest = smallest_visible(cases)?;
    let z = quantile_of_normal(1.0 - ALPHA / 2.0) + quantile_of_normal(POWER);
    let n = f64::from(cases);
    // The spread of paired differences grows with the effect itself, so the effect is where both sides meet.
    let mut effect = smallest;
    for _ in 0..100 {
        effect = z * ((effect + 2.0 * CHURN - effect * effect).max(0.0) / n).sqrt();
    }
    let effect = effect.max(smallest);
    (effect < 1.0).then_some(effect)
}
