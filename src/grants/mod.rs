//! What an agent may do: for each area of each system Off, Read or Full, with conditions.
//!
//! The idea: a grant is a line that a person wrote, and nothing that a model or a server says can widen it. Grants add up:
//! a call goes through when one rule grants it, unless another rule says `off`. Where no rule names an area, dbt is off and
//! Metabase may be read, as it was before there were grants. Operations that change code, money or access need an approval
//! of each call as well.
//!
//! ```
//! use cardinal::grants::{GrantLevel, GrantPolicy, GrantRule, GrantSettings, GrantDecision};
//! use cardinal::operations::{ADMINISTRATIVE, Area, identify};
//! use http::Method;
//!
//! let rule = GrantRule::new([Area::DbtRuns], GrantLevel::Read);
//! let policy = GrantPolicy::new(&GrantSettings { agent: "analyst".to_owned(), rules: vec![rule] });
//! let cancel = identify(&ADMINISTRATIVE, &Method::POST, "/api/v2/accounts/1/runs/7/cancel/", None)?;
//! let GrantDecision::Denied { reason } = policy.rule_on(&cancel, jiff::Timestamp::now()) else { panic!() };
//! assert_eq!(reason, "dbt.runs may only be read by \"analyst\" (grants.rules 1)");
//! # Ok::<(), String>(())
//! ```
//!
//! `rule.rs` is what a person writes, `policy.rs` decides, `meter.rs` counts calls. The wire asks all three before it sends
//! anything. Nothing here does I/O.

mod meter;
mod policy;
mod rule;

pub use meter::CallMeter;
pub use policy::{GrantDecision, GrantPolicy, PermittingRule};
pub use rule::{GrantLevel, GrantRule, GrantSettings};
