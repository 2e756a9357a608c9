use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::ledger::Allowance;

/// Budgets of one turn, and of the conversation it is part of. When one runs out the model gets one last completion to
/// answer with what there is.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BudgetSettings {
    /// Most steps (completions that may call tools).
    pub max_steps: u32,
    /// Most tool calls.
    pub max_tool_calls: u32,
    /// Most tokens, input and output of all completions together.
    pub max_tokens: u64,
    /// Most money, in US dollars; `None` for no limit.
    pub max_cost_usd: Option<rust_decimal::Decimal>,
    /// Whether a model of unknown price may be used under a money budget: the turn's, the conversation's or the day's.
    pub allow_unpriced: bool,
    /// Most wall time.
    pub max_time: Duration,
    /// What all turns of a conversation may use together.
    #[serde(default, skip_serializing_if = "Allowance::is_unlimited")]
    pub session: Allowance,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self {
            max_steps: 12,
            max_tool_calls: 20,
            max_tokens: 400_000,
            max_cost_usd: None,
            allow_unpriced: false,
            max_time: Duration::from_secs(180),
            session: Allowance::default(),
        }
    }
}

/// What a principal may use in a day, over all processes. Without a limit nothing is counted and no file is touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySettings {
    /// The limits.
    pub allowance: Allowance,
    /// Whose midnight ends the day.
    pub time_zone: TimeZone,
    /// Where the count is kept; `None` when the system names no place for it.
    pub dir: Option<PathBuf>,
}
