use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::value::{in_range, size};
use crate::agent::{BudgetSettings, GroundingSettings, GuardSettings};
use crate::config::error::ConfigError;
use crate::config::file::{
    BudgetConfig, ConversationConfig, GroundingConfig, GuardConfig, ShapingConfig, TapeConfig,
};
use crate::config::load::Origins;
use crate::ledger::Allowance;
use crate::ledger::DaySettings;
use crate::result::{ConversationSettings, ShapingSettings};
use crate::tapes::TapeSettings;

const SECONDS_A_DAY: u64 = 86_400;

pub(super) fn budget(file: &BudgetConfig, origins: &Origins) -> Result<BudgetSettings, ConfigError> {
    let default = BudgetSettings::default();
    not_negative(file.max_cost_usd, "max_cost_usd", origins)?;
    Ok(BudgetSettings {
        max_steps: in_range(
            file.max_steps,
            default.max_steps,
            1..=1000,
            "budget.max_steps",
            origins,
        )?,
        max_tool_calls: in_range(
            file.max_tool_calls,
            default.max_tool_calls,
            1..=10_000,
            "budget.max_tool_calls",
            origins,
        )?,
        max_tokens: in_range(
            file.max_tokens,
            default.max_tokens,
            1..=u64::MAX,
            "budget.max_tokens",
            origins,
        )?,
        max_cost_usd: file.max_cost_usd,
        allow_unpriced: file.allow_unpriced.unwrap_or(default.allow_unpriced),
        max_time: Duration::from_secs(in_range(
            file.max_seconds,
            default.max_time.as_secs(),
            1..=86_400,
            "budget.max_seconds",
            origins,
        )?),
        session: Allowance {
            max_tokens: at_least_one(file.session_max_tokens, "session_max_tokens", origins)?,
            max_cost_usd: not_negative(file.session_max_cost_usd, "session_max_cost_usd", origins)?,
            max_queries: at_least_one(file.session_max_queries, "session_max_queries", origins)?,
        },
    })
}

/// The day's limits. A limit that could not be kept count of is an error.
pub(super) fn day(file: &BudgetConfig, origins: &Origins) -> Result<DaySettings, ConfigError> {
    let allowance = Allowance {
        max_tokens: at_least_one(file.day_max_tokens, "day_max_tokens", origins)?,
        max_cost_usd: not_negative(file.day_max_cost_usd, "day_max_cost_usd", origins)?,
        max_queries: at_least_one(file.day_max_queries, "day_max_queries", origins)?,
    };
    let time_zone = match file.day_time_zone.as_deref() {
        None | Some("UTC") => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|_| {
            let problem = format!("{name:?} is no time zone; write one like \"UTC\" or \"Europe/Berlin\"");
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

fn at_least_one(written: Option<u64>, name: &str, origins: &Origins) -> Result<Option<u64>, ConfigError> {
    let path = format!("budget.{name}");
    written
        .map(|most| in_range(Some(most), most, 1..=u64::MAX, &path, origins))
        .transpose()
}

fn not_negative(
    written: Option<Decimal>,
    name: &str,
    origins: &Origins,
) -> Result<Option<Decimal>, ConfigError> {
    if written.is_some_and(|cost| cost < Decimal::ZERO) {
        let path = origins.place(&format!("budget.{name}"));
        return Err(ConfigError::setting(path, "may not be negative"));
    }
    Ok(written)
}

pub(super) fn guard(file: &GuardConfig, origins: &Origins) -> Result<GuardSettings, ConfigError> {
    let default = GuardSettings::default();
    let times = |written, usual, least, name: &str| {
        in_range(written, usual, least..=1000, &format!("guard.{name}"), origins)
    };
    let once = |written, usual, name| times(written, usual, 1, name);
    let pair = |written, usual, name| times(written, usual, 2, name);
    Ok(GuardSettings {
        max_same_call: pair(file.max_same_call, default.max_same_call, "max_same_call")?,
        max_cycles: pair(file.max_cycles, default.max_cycles, "max_cycles")?,
        max_error_streak: once(
            file.max_error_streak,
            default.max_error_streak,
            "max_error_streak",
        )?,
        max_errors: once(file.max_errors, default.max_errors, "max_errors")?,
        max_closed_tools: once(
            file.max_closed_tools,
            default.max_closed_tools,
            "max_closed_tools",
        )?,
        max_empty_results: once(
            file.max_empty_results,
            default.max_empty_results,
            "max_empty_results",
        )?,
        max_stale_results: once(
            file.max_stale_results,
            default.max_stale_results,
            "max_stale_results",
        )?,
        max_cut_results: once(file.max_cut_results, default.max_cut_results, "max_cut_results")?,
        max_pages: once(file.max_pages, default.max_pages, "max_pages")?,
        max_clarifications: once(
            file.max_clarifications,
            default.max_clarifications,
            "max_clarifications",
        )?,
        max_text_bytes: size(
            file.max_text_bytes,
            default.max_text_bytes,
            1024..=16_777_216,
            "guard.max_text_bytes",
            origins,
        )?,
        max_unheard_bytes: size(
            file.max_unheard_bytes,
            default.max_unheard_bytes,
            1024..=67_108_864,
            "guard.max_unheard_bytes",
            origins,
        )?,
    })
}

pub(super) fn grounding(file: &GroundingConfig) -> GroundingSettings {
    let default = GroundingSettings::default();
    GroundingSettings {
        repair: file.repair.unwrap_or(default.repair),
        on_unmatched: file.on_unmatched.unwrap_or(default.on_unmatched),
    }
}

pub(super) fn shaping(file: &ShapingConfig, origins: &Origins) -> Result<ShapingSettings, ConfigError> {
    let default = ShapingSettings::default();
    Ok(ShapingSettings {
        max_rows: size(
            file.max_rows,
            default.max_rows,
            1..=100_000,
            "shaping.max_rows",
            origins,
        )?,
        max_bytes: size(
            file.max_bytes,
            default.max_bytes,
            2000..=10_000_000,
            "shaping.max_bytes",
            origins,
        )?,
    })
}

pub(super) fn conversation(
    file: &ConversationConfig,
    origins: &Origins,
) -> Result<ConversationSettings, ConfigError> {
    const MB: u64 = 1024 * 1024;
    let default = ConversationSettings::default();
    let megabytes = |written, usual: u64, path| {
        in_range(written, usual / MB, 0..=1_000_000, path, origins).map(|mb: u64| mb * MB)
    };
    let minutes = in_range(
        file.held_minutes,
        default.held_for.as_secs() / 60,
        1..=525_600,
        "conversation.held_minutes",
        origins,
    )?;
    Ok(ConversationSettings {
        max_bytes: in_range(
            file.max_bytes,
            default.max_bytes,
            10_000..=100_000_000,
            "conversation.max_bytes",
            origins,
        )?,
        held_memory_bytes: megabytes(
            file.held_memory_mb,
            default.held_memory_bytes,
            "conversation.held_memory_mb",
        )?,
        held_disk_bytes: megabytes(
            file.held_disk_mb,
            default.held_disk_bytes,
            "conversation.held_disk_mb",
        )?,
        held_for: Duration::from_secs(minutes * 60),
    })
}

pub(super) fn tape(file: TapeConfig, origins: &Origins) -> Result<TapeSettings, ConfigError> {
    let days = in_range(file.max_age_days, 30, 1..=36_500, "tape.max_age_days", origins)?;
    Ok(TapeSettings {
        dir: file.dir,
        max_files: size(file.max_files, 1000, 1..=10_000_000, "tape.max_files", origins)?,
        max_age: Duration::from_secs(days.saturating_mul(SECONDS_A_DAY)),
        answered_by: file.answered_by.filter(|name| !name.is_empty()),
    })
}
