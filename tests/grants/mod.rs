//! Grants: what the rules say, and what the wire then sends.

mod levels;
mod paths;
mod rules;
mod tricks;
pub mod wire;

use cardinal::grants::{GrantLevel, GrantPolicy, GrantRule, GrantSettings};
use cardinal::operations::Area;

/// The policy of one agent with these rules.
pub fn policy(rules: Vec<GrantRule>) -> GrantPolicy {
    GrantPolicy::new(&GrantSettings {
        agent: "analyst".to_owned(),
        rules,
    })
}

/// A rule over all areas.
pub fn everywhere(level: GrantLevel) -> GrantRule {
    GrantRule::new(Area::ALL, level)
}
