//! Cells of a result as they stand in a sentence.

use jiff::civil::{Date, Time};
use rust_decimal::Decimal;

use super::time::AskedPeriod;
use crate::references::{as_set_up, styled_day};
use crate::result::{Cell, Column, ColumnKind};
use crate::text::defuse as clean;

/// Longest text of a cell in an answer.
const TEXT_CHARS: usize = 80;

/// A cell as a person reads it: figures as their column is set up, else with at most two decimals (four below one); time
/// buckets by their names, and days in their column's style.
pub(super) fn shown(cell: &Cell, column: &Column) -> String {
    match cell {
        Cell::Null => "(none)".to_owned(),
        Cell::Bool(value) => value.to_string(),
        Cell::Number(number) => {
            let written = number.to_string();
            let set_up = decimal(&written).and_then(|value| as_set_up(value, column));
            set_up.map_or_else(|| figure(&written), |text| clean(&text, TEXT_CHARS))
        }
        Cell::Text(text) => match day(text) {
            Some(day) if column.kind.is_temporal() || column.unit.is_some() => {
                match clock(text).filter(|_| tells_hours(column)) {
                    Some(clock) => format!("{day} {clock}"),
                    None => styled_day(day, column).unwrap_or_else(|| bucket(day, column.unit.as_deref())),
                }
            }
            _ => clean(text, TEXT_CHARS),
        },
    }
}

/// A number as written, rounded where it has more decimals than anybody reads.
fn figure(text: &str) -> String {
    let Some(number) = decimal(text) else {
        return text.to_owned();
    };
    let decimals = if number.abs() < Decimal::ONE { 4 } else { 2 };
    number.round_dp(decimals).normalize().to_string()
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

/// The share as a percentage, for figures between 0 and 1.
pub(super) fn percent(cell: &Cell) -> Option<String> {
    let Cell::Number(number) = cell else { return None };
    let number = Decimal::from_scientific(&number.to_string())
        .or_else(|_| Decimal::from_str_exact(&number.to_string()))
        .ok()?;
    let share = number > Decimal::ZERO && number < Decimal::ONE;
    share.then(|| format!("{}%", (number * Decimal::ONE_HUNDRED).round_dp(2).normalize()))
}

/// Whether a column's times are told apart by their hours.
fn tells_hours(column: &Column) -> bool {
    column.kind == ColumnKind::Datetime
        && matches!(
            column.unit.as_deref(),
            None | Some("hour" | "minute" | "second" | "default")
        )
}

/// The hour and minute of a moment, with the second where it has one. Nothing for a midnight: that is how days come.
fn clock(text: &str) -> Option<String> {
    let (_, time) = text.split_once(['T', ' '])?;
    let end = time.find(['Z', '+', '-', '.']).unwrap_or(time.len());
    let time: Time = time.get(..end)?.parse().ok()?;
    let minutes = time.strftime("%H:%M").to_string();
    match (time.hour(), time.minute(), time.second()) {
        (0, 0, 0) => None,
        (_, _, 0) => Some(minutes),
        (_, _, second) => Some(format!("{minutes}:{second:02}")),
    }
}

fn bucket(day: Date, unit: Option<&str>) -> String {
    match unit {
        Some("year") => day.year().to_string(),
        Some("quarter") => format!("{}-Q{}", day.year(), (day.month() - 1) / 3 + 1),
        Some("month") => day.strftime("%Y-%m").to_string(),
        Some("week") => format!("week of {day}"),
        _ => day.to_string(),
    }
}

/// The day a text begins with: an ISO date, alone or before a time, or a month.
pub(super) fn day(text: &str) -> Option<Date> {
    let head: String = text.chars().take(10).collect();
    match head.len() {
        10 => head.parse().ok(),
        7 => format!("{head}-01").parse().ok(),
        4 => format!("{head}-01-01").parse().ok(),
        _ => None,
    }
}

/// Whether a cell lies in a period; cells that are no day do not.
pub(super) fn in_period(cell: &Cell, period: AskedPeriod) -> bool {
    let text = match cell {
        Cell::Text(text) => text.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Null | Cell::Bool(_) => return false,
    };
    day(&text)
        .is_some_and(|day| period.from.is_none_or(|from| day >= from) && period.to.is_none_or(|to| day < to))
}

/// A cell as a number, for ordering.
pub(super) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) => number.as_f64(),
        Cell::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        Cell::Null | Cell::Bool(_) => None,
    }
}
