use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF as _};

use super::SEED;

/// Up to here every assignment of signs is tried; above, signs are drawn.
const EXACT: usize = 16;
/// How often signs are drawn.
const DRAWS: u32 = 100_000;
/// Sums that differ by less are equal: they are sums of the same numbers in another order.
const TINY: f64 = 1e-9;

/// Which test compared two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairedTest {
    /// McNemar's test, exact: one trial a case, no clusters.
    McNemar,
    /// Signs of the clusters' differences flipped.
    SignFlip,
}

/// The two-sided p of McNemar's exact test: `lost` cases went from pass to fail, `won` from fail to pass.
pub fn mcnemar(lost: u32, won: u32) -> f64 {
    let (fewer, all) = (lost.min(won), lost + won);
    Binomial::new(0.5, u64::from(all)).map_or(1.0, |flips| (2.0 * flips.cdf(u64::from(fewer))).min(1.0))
}

/// The two-sided p of the sign-flip permutation test on the differences of clusters: exact for up to 16 that are not
/// zero, seeded draws above.
pub fn sign_flip(differences: &[f64]) -> f64 {
    let sizes: Vec<f64> = differences
        .iter()
        .copied()
        .filter(|difference| difference.abs() > TINY)
        .collect();
    let observed = sizes.iter().sum::<f64>().abs() - TINY;
    if sizes.len() <= EXACT {
        let ways = 1_u32 << sizes.len();
        let extreme = (0..ways)
            .filter(|signs| flipped(&sizes, |at| (signs >> at) & 1 == 1).abs() >= observed)
            .count();
        return share(extreme, ways);
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let extreme = (0..DRAWS)
        .filter(|_| flipped(&sizes, |_| random.bool()).abs() >= observed)
        .count();
    // The observed signs are one of the draws, so that p is never 0.
    share(extreme + 1, DRAWS + 1)
}

fn flipped(sizes: &[f64], mut flip: impl FnMut(usize) -> bool) -> f64 {
    sizes
        .iter()
        .enumerate()
        .map(|(at, size)| if flip(at) { -size } else { *size })
        .sum()
}

fn share(part: usize, whole: u32) -> f64 {
    u32::try_from(part).map_or(1.0, |part| f64::from(part) / f64::from(whole))
}
