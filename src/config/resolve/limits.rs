use std::time::Duration;

use rust_decimal::Decimal;

use super::value::{in_range, size};
use crate::config::error::ConfigError;
use crate::config::file::{BudgetConfig, GuardConfig, ShapingConfig, TapeConfig};
use crate::config::load::Origins;
use crate::config::{BudgetSettings, GuardSettings, ShapingSettings, TapeSettings};

const SECONDS_A_DAY: u64 = 86_400;

pub(super) fn budget(file: &BudgetConfig, origins: &Origins) -> Result<BudgetSettings, ConfigError> {
    let default = BudgetSettings::default();
    if let Some(cost) = file.max_cost_usd
        && cost < Decimal::ZERO
    {
        return Err(ConfigError::setting(
            origins.place("budget.max_cost_usd"),
            "may not be negative",
        ));
    }
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
    })
}

pub(super) fn guard(file: &GuardConfig, origins: &Origins) -> Result<GuardSettings, ConfigError> {
    let default = GuardSettings::default();
    let times = |written, usual, least, path| in_range(written, usual, least..=1000, path, origins);
    Ok(GuardSettings {
        max_same_call: times(
            file.max_same_call,
            default.max_same_call,
            2,
            "guard.max_same_call",
        )?,
        max_cycles: times(file.max_cycles, default.max_cycles, 2, "guard.max_cycles")?,
        max_error_streak: times(
            file.max_error_streak,
            default.max_error_streak,
            1,
            "guard.max_error_streak",
        )?,
        max_empty_results: times(
            file.max_empty_results,
            default.max_empty_results,
            1,
            "guard.max_empty_results",
        )?,
        max_stale_results: times(
            file.max_stale_results,
            default.max_stale_results,
            1,
            "guard.max_stale_results",
        )?,
        max_text_bytes: size(
            file.max_text_bytes,
            default.max_text_bytes,
            1024..=16_777_216,
            "guard.max_text_bytes",
            origins,
        )?,
    })
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

pub(super) fn tape(file: TapeConfig, origins: &Origins) -> Result<TapeSettings, ConfigError> {
    let days = in_range(file.max_age_days, 30, 1..=36_500, "tape.max_age_days", origins)?;
    Ok(TapeSettings {
        dir: file.dir,
        max_files: size(file.max_files, 1000, 1..=10_000_000, "tape.max_files", origins)?,
        max_age: Duration::from_secs(days.saturating_mul(SECONDS_A_DAY)),
        answered_by: file.answered_by.filter(|name| !name.is_empty()),
    })
}
