use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::grants::GrantLevel;
use crate::operations::Area;

/// What this process may ask of Metabase and dbt. Without any rule Metabase is read and dbt is off.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantsConfig {
    /// The name that rules know this process by (default `cardinal`).
    pub agent: Option<String>,
    /// Grants: each gives areas a level, perhaps with conditions. They add up, and `off` goes before all others.
    #[serde(default)]
    pub rules: Vec<GrantRuleConfig>,
}

/// One grant.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRuleConfig {
    /// The agent it is for (default: every one).
    pub agent: Option<String>,
    /// What it is about: areas as `cardinal grants` lists them.
    pub areas: Vec<Area>,
    /// `off`, `read` or `full`.
    pub level: GrantLevel,
    /// Ids that it is limited to, by the parameter of the path: `{ job_id = [5, 7] }`. A call that names no such id is not
    /// covered.
    #[serde(default)]
    pub ids: BTreeMap<String, Vec<IdConfig>>,
    /// Most calls in a minute, of all sessions of a process together.
    #[schemars(range(min = 1))]
    pub max_calls_per_minute: Option<u32>,
    /// Most calls in a session.
    #[schemars(range(min = 1))]
    pub max_calls_per_session: Option<u32>,
    /// When it ends: `2026-12-31T18:00:00Z`.
    pub expires: Option<String>,
    /// Who gave it.
    pub granted_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// An id as people write it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum IdConfig {
    /// A number.
    Number(u64),
    /// A name, such as that of a webhook subscription.
    Text(String),
}

/// The log of all calls to Metabase and dbt. It is written when dbt is asked, or when a folder is named here.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallLogConfig {
    /// Where it is kept (default: `cardinal/log` in the user's state folder).
    pub dir: Option<PathBuf>,
    /// Most size of one file of it, in MB (default 16).
    #[schemars(range(min = 1, max = 1024))]
    pub segment_mb: Option<u64>,
    /// A file, best on another machine, that the head of the log is appended to, so that its end cannot be cut off unseen.
    pub anchor_file: Option<PathBuf>,
    /// Records between two such heads (default 100).
    #[schemars(range(min = 1, max = 1_000_000))]
    pub anchor_every: Option<u64>,
}
