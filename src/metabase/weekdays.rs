//! Days of the week by their names, and which day a week begins on.
//!
//! Metabase numbers days of the week from the day its weeks begin on, and filters count from Monday. Two numberings for one
//! thing are read wrongly, so results have the names.

use std::sync::Arc;

use super::FetchedTable;
use crate::result::{Cell, ColumnKind, ResultTable, WEEKDAYS};

/// Names the days of the week in columns grouped by them, and notes the first day of columns grouped by weeks.
pub(super) fn named(mut fetched: FetchedTable, week_starts_on: &str) -> FetchedTable {
    if has_days_or_weeks(&fetched.table) {
        name(Arc::make_mut(&mut fetched.table), week_starts_on);
    }
    fetched
}

/// Whether a table is grouped by days of the week or by weeks.
pub(super) fn has_days_or_weeks(table: &ResultTable) -> bool {
    let mut units = table.columns.iter().filter_map(|column| column.unit.as_deref());
    units.any(|unit| matches!(unit, "day-of-week" | "week"))
}

fn name(table: &mut ResultTable, week_starts_on: &str) {
    let first = WEEKDAYS
        .iter()
        .position(|day| day.eq_ignore_ascii_case(week_starts_on));
    let first = first.unwrap_or(WEEKDAYS.len() - 1);
    for (at, column) in table.columns.iter_mut().enumerate() {
        match column.unit.as_deref() {
            Some("week") => column.format.week_starts_on = WEEKDAYS.get(first).map(|day| (*day).to_owned()),
            Some("day-of-week") => {
                let mut cells = table.rows.iter_mut().filter_map(|row| row.get_mut(at));
                if cells.all(|cell| rename(cell, first)) {
                    column.kind = ColumnKind::Text;
                }
            }
            _ => {}
        }
    }
}

/// Puts a day's name in the place of its number; whether the cell was such a number, or empty.
fn rename(cell: &mut Cell, first: usize) -> bool {
    let number = match cell {
        Cell::Null => return true,
        Cell::Number(number) => number.as_u64(),
        Cell::Text(text) => text.parse().ok(),
        Cell::Bool(_) => None,
    };
    let place = number.and_then(|number| usize::try_from(number.checked_sub(1)?).ok());
    match place.filter(|place| *place < WEEKDAYS.len()) {
        Some(place) => {
            let day = WEEKDAYS.get((first + place) % WEEKDAYS.len());
            *cell = day.map_or(Cell::Null, |day| Cell::text(*day));
            true
        }
        None => false,
    }
}
