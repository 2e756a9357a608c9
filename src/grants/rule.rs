use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operations::{Area, OperationAccess, OperationCall};

/// How much of an area is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantLevel {
    /// Nothing, whatever other rules say.
    Off,
    /// What reads.
    Read,
    /// What reads and what writes.
    Full,
}

impl fmt::Display for GrantLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Read => "read",
            Self::Full => "full",
        })
    }
}

/// One grant, as a person gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRule {
    /// The agent it is for; `None`: every agent.
    pub agent: Option<String>,
    pub areas: BTreeSet<Area>,
    pub level: GrantLevel,
    /// For parameters of paths the ids that are granted: `job_id` to `5` and `7`. The rule says nothing of a call whose path
    /// has no such parameter.
    pub ids: BTreeMap<String, BTreeSet<String>>,
    pub max_calls_per_minute: Option<u32>,
    pub max_calls_per_session: Option<u32>,
    pub expires: Option<Timestamp>,
    pub granted_by: Option<String>,
    pub reason: Option<String>,
}

/// All grants, and which agent this process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSettings {
    /// The name that rules know this process by.
    pub agent: String,
    pub rules: Vec<GrantRule>,
}

impl Default for GrantSettings {
    fn default() -> Self {
        Self {
            agent: "cardinal".to_owned(),
            rules: Vec::new(),
        }
    }
}

impl GrantRule {
    /// A rule for every agent, without conditions.
    pub fn new(areas: impl IntoIterator<Item = Area>, level: GrantLevel) -> Self {
        Self {
            agent: None,
            areas: areas.into_iter().collect(),
            level,
            ids: BTreeMap::new(),
            max_calls_per_minute: None,
            max_calls_per_session: None,
            expires: None,
            granted_by: None,
            reason: None,
        }
    }

    /// Whether the rule is for this agent.
    pub(super) fn is_for(&self, agent: &str) -> bool {
        self.agent.as_deref().is_none_or(|named| named == agent)
    }

    /// Whether its time is over.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether its level lets through what reads or writes.
    pub(super) fn admits(&self, access: OperationAccess) -> bool {
        match self.level {
            GrantLevel::Off => false,
            GrantLevel::Read => access == OperationAccess::Read,
            GrantLevel::Full => true,
        }
    }

    /// Whether the call names only ids that the rule names.
    pub(super) fn covers(&self, call: &OperationCall) -> bool {
        self.ids.iter().all(|(parameter, ids)| {
            let sent = call.parameters.get(parameter.as_str());
            sent.is_some_and(|id| ids.contains(id))
        })
    }

    /// Its conditions, for people; empty when it has none.
    pub fn conditions(&self) -> Vec<String> {
        let mut conditions = Vec::new();
        for (parameter, ids) in &self.ids {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            conditions.push(format!("only {parameter} {}", ids.join(", ")));
        }
        if let Some(most) = self.max_calls_per_minute {
            conditions.push(format!("at most {most} a minute"));
        }
        if let Some(most) = self.max_calls_per_session {
            conditions.push(format!("at most {most} in a session"));
        }
        if let Some(expires) = self.expires {
            conditions.push(format!("until {expires}"));
        }
        conditions
    }
}
