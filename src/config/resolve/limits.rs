use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;
use jiff::tz::TimeZone;

use crate::agent::{BudgetSettings, GroundingSettings, GuardSettings};
use crate::config::error::ConfigError;
use crate::config::file::{
    BudgetConfig, ConversationConfig, GroundingConfig, GuardConfig, ShapingConfig, TapeConfig,
};
use crate::config::load::SettingOrigins;
use crate::ledger::Allowance;
use crate::ledger::DaySettings;
use crate::result::{ConversationSettings, ShapingSettings};
use crate::tapes::TapeSettings;

const SECONDS_A_DAY: u64 = 86_400;

pub(super) fn budget(file: &BudgetConfig) -> BudgetSettings {
    let default = BudgetSettings::default();
    BudgetSettings {
        max_steps: file.max_steps.unwrap_or(default.max_steps),
        max_tool_calls: file.max_tool_calls.unwrap_or(default.max_tool_calls),
        max_tokens: file.max_tokens.unwrap_or(default.max_tokens),
        max_cost_usd: file.max_cost_usd,
        allow_unpriced: file.allow_unpriced.unwrap_or(default.allow_unpriced),
        max_time: file.max_seconds.map_or(default.max_time, Duration::from_secs),
        session: Allowance {
            max_tokens: file.session_max_tokens,
            max_cost_usd: file.session_max_cost_usd,
            max_queries: file.session_max_queries,
        },
    }
}

/// The day's limits. A limit that could not be kept count of is an error.
pub(super) fn day(file: &BudgetConfig, origins: &SettingOrigins) -> Result<DaySettings, ConfigError> {
    let allowance = Allowance {
        max_tokens: file.day_max_tokens,
        max_cost_usd: file.day_max_cost_usd,
        max_queries: file.day_max_queries,
    };
    let time_zone = match file.day_time_zone.as_deref() {
        None | Some("UTC") => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|_| {
            let problem = format!("{name:?} is not a time zone; write one like \"UTC\" or \"Europe/Berlin\"");
            ConfigError::setting(origins.place("budget.day_time_zone"), problem)
        })?,
    };
    let dir = file.ledger_dir.clone().or_else(default_ledger_dir);
    if dir.is_none() && !allowance.is_unlimited() {
        return Err(ConfigError::setting(
            "budget.ledger_dir",
            "a day is limited, and this system names no folder to keep the count in: set one",
        ));
    }
    Ok(DaySettings {
        allowance,
        time_zone,
        dir,
    })
}

/// Where state belongs; where a system has no such place, where data does.
fn default_ledger_dir() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let dir = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Some(dir.join("cardinal").join("ledger"))
}

pub(super) fn guard(file: &GuardConfig) -> GuardSettings {
    let default = GuardSettings::default();
    GuardSettings {
        max_same_call: file.max_same_call.unwrap_or(default.max_same_call),
        max_cycles: file.max_cycles.unwrap_or(default.max_cycles),
        max_error_streak: file.max_error_streak.unwrap_or(default.max_error_streak),
        max_errors: file.max_errors.unwrap_or(default.max_errors),
        max_closed_tools: file.max_closed_tools.unwrap_or(default.max_closed_tools),
        max_empty_results: file.max_empty_results.unwrap_or(default.max_empty_results),
        max_stale_results: file.max_stale_results.unwrap_or(default.max_stale_results),
        max_cut_results: file.max_cut_results.unwrap_or(default.max_cut_results),
        max_pages: file.max_pages.unwrap_or(default.max_pages),
        max_clarifications: file.max_clarifications.unwrap_or(default.max_clarifications),
        max_text_bytes: file.max_text_bytes.unwrap_or(default.max_text_bytes),
        max_unheard_bytes: file.max_unheard_bytes.unwrap_or(default.max_unheard_bytes),
    }
}

pub(super) fn grounding(file: &GroundingConfig) -> GroundingSettings {
    let default = GroundingSettings::default();
    GroundingSettings {
        repair: file.repair.unwrap_or(default.repair),
        on_unmatched: file.on_unmatched.unwrap_or(default.on_unmatched),
        references: file.references.unwrap_or(default.references),
        number_style: file.number_style.unwrap_or(default.number_style),
    }
}

pub(super) fn shaping(file: &ShapingConfig) -> ShapingSettings {
    let default = ShapingSettings::default();
    ShapingSettings {
        max_rows: file.max_rows.unwrap_or(default.max_rows),
        max_bytes: file.max_bytes.unwrap_or(default.max_bytes),
    }
}

pub(super) fn conversation(file: &ConversationConfig) -> ConversationSettings {
    const MB: u64 = 1024 * 1024;
    let default = ConversationSettings::default();
    ConversationSettings {
        max_bytes: file.max_bytes.unwrap_or(default.max_bytes),
        held_memory_bytes: file
            .held_memory_mb
            .map_or(default.held_memory_bytes, |mb| mb * MB),
        held_disk_bytes: file.held_disk_mb.map_or(default.held_disk_bytes, |mb| mb * MB),
        held_for: file
            .held_minutes
            .map_or(default.held_for, |minutes| Duration::from_secs(minutes * 60)),
    }
}

pub(super) fn tape(file: TapeConfig) -> TapeSettings {
    let default = TapeSettings::default();
    TapeSettings {
        dir: file.dir,
        max_files: file.max_files.unwrap_or(default.max_files),
        max_age: file
            .max_age_days
            .map_or(default.max_age, |days| Duration::from_secs(days * SECONDS_A_DAY)),
        answered_by: file.answered_by.filter(|name| !name.is_empty()),
    }
}
