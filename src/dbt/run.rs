use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::artifacts::{HARMLESS, TELLING};

/// How far a run is. dbt writes a number, never a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DbtRunStatus {
    Queued,
    Starting,
    Running,
    Success,
    Error,
    Cancelled,
    /// A number that is not known yet.
    Other(i64),
}

impl DbtRunStatus {
    /// The statuses that are known.
    pub(crate) const KNOWN: [Self; 6] = [
        Self::Queued,
        Self::Starting,
        Self::Running,
        Self::Success,
        Self::Error,
        Self::Cancelled,
    ];

    /// dbt's number for it.
    pub fn code(self) -> i64 {
        match self {
            Self::Queued => 1,
            Self::Starting => 2,
            Self::Running => 3,
            Self::Success => 10,
            Self::Error => 20,
            Self::Cancelled => 30,
            Self::Other(code) => code,
        }
    }

    fn of_code(code: i64) -> Self {
        let known = Self::KNOWN.into_iter().find(|status| status.code() == code);
        known.unwrap_or(Self::Other(code))
    }

    /// Whether the run is over. One of an unknown status is not taken for over.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Success | Self::Error | Self::Cancelled)
    }
}

impl fmt::Display for DbtRunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queued => f.write_str("queued"),
            Self::Starting => f.write_str("starting"),
            Self::Running => f.write_str("running"),
            Self::Success => f.write_str("success"),
            Self::Error => f.write_str("error"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Other(code) => write!(f, "status {code}"),
        }
    }
}

impl<'de> Deserialize<'de> for DbtRunStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self::of_code)
    }
}

impl Serialize for DbtRunStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A run of a job, as far as Cardinal looks at it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct DbtRun {
    pub id: u64,
    // dbt sends `job_id` beside it, which is the same.
    #[serde(default)]
    pub job_definition_id: Option<u64>,
    #[serde(default)]
    pub project_id: Option<u64>,
    #[serde(default)]
    pub environment_id: Option<u64>,
    pub status: DbtRunStatus,
    /// What dbt says about the status, above all of a failed run.
    #[serde(default)]
    pub status_message: Option<String>,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub started_at: Option<String>,
    #[serde(default)]
    pub finished_at: Option<String>,
    #[serde(default)]
    pub git_branch: Option<String>,
    #[serde(default)]
    pub git_sha: Option<String>,
    /// The page that a person opens.
    #[serde(default)]
    pub href: Option<String>,
    #[serde(default)]
    pub can_retry: Option<bool>,
    /// Its steps, where they were asked for.
    #[serde(default)]
    pub run_steps: Option<Vec<DbtRunStep>>,
    /// Its job, where it was asked for.
    #[serde(default)]
    pub job: Option<DbtJob>,
}

/// One command of a run.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct DbtRunStep {
    pub index: u32,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub status: Option<DbtRunStatus>,
}

impl DbtRunStep {
    /// Whether its command runs nodes, by the name that dbt gives a step: ``Invoke dbt with `dbt build` ``. Steps that clone the
    /// repository or make documentation do not.
    pub(super) fn runs_nodes(&self) -> bool {
        self.verb().is_some_and(|verb| TELLING.contains(&verb))
    }

    /// Whether nothing that it does can change a table. A step without a command prepares the run.
    pub(super) fn leaves_tables_alone(&self) -> bool {
        let has_command = self.name.as_deref().is_some_and(|name| name.contains('`'));
        !has_command || self.verb().is_some_and(|verb| HARMLESS.contains(&verb))
    }

    /// What dbt is told to do: `build`.
    fn verb(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        let mut words = name.split('`').nth(1)?.split_whitespace();
        let calls_dbt = words.next() == Some("dbt");
        words.find(|word| !word.starts_with('-')).filter(|_| calls_dbt)
    }
}

/// The definition of a job, as far as Cardinal looks at it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct DbtJob {
    pub id: u64,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub project_id: Option<u64>,
    #[serde(default)]
    pub environment_id: Option<u64>,
    #[serde(default)]
    pub execute_steps: Option<Vec<String>>,
    /// When it runs by itself; a job that does not has none.
    #[serde(default)]
    pub next_run: Option<String>,
    #[serde(default)]
    pub most_recent_run: Option<Box<DbtRun>>,
}
