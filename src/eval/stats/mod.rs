//! Statistics of runs. The unit is the cluster: a paraphrase family, or the case where there is none. More trials of
//! the same cases narrow no interval that more cases would have to.

mod bootstrap;
mod interval;
mod paired;
mod power;
mod quantile;
mod reliability;

pub use bootstrap::{ClusterSample, cluster_bootstrap};
pub use interval::{Interval, Method, one_sided, wilson};
pub use paired::{PairedTest, mcnemar, sign_flip};
pub use power::{detectable, smallest_visible};
pub use quantile::quantile;
pub use reliability::pass_pow;

/// Seed of every resampling: the same records give the same report.
pub const SEED: u64 = 0x00CA_4D17;
/// Two-sided error of every interval and test.
pub(crate) const ALPHA: f64 = 0.05;
