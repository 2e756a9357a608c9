//! What a cell holds, whatever its column's type says: a number that was formatted as text, a day, a time.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::number::{Kind, Number, Separators, numbers};
use super::text::{Days, days_of_iso};
use super::vocabulary::Concept;
use crate::result::{Cell, Column, ColumnKind, ColumnSummary, ResultTable};

/// By what the values of a column are multiplied, if its name says so.
pub(super) fn column_scale(column: &Column) -> Option<f64> {
    const SCALES: [(&str, f64); 4] = [
        ("k tsd thousand thousands kusd keur", 1e3),
        ("m mn mio mm million millions musd meur", 1e6),
        ("bn mrd billion billions", 1e9),
        ("tn trillion trillions", 1e12),
    ];
    if let Some(scale) = column.format.scale {
        return rust_decimal::prelude::ToPrimitive::to_f64(&scale).filter(|scale| *scale > 0.0);
    }
    let names = [&column.name, &column.label].map(|name| super::keys::name_words(name));
    let words: Vec<&str> = names.iter().flatten().map(String::as_str).skip(1).collect();
    SCALES
        .iter()
        .find(|(list, _)| list.split(' ').any(|one| words.contains(&one)))
        .map(|(_, scale)| *scale)
}

/// Whether a column's cells are numbers, by its type, or where that says nothing by looking at them.
pub(super) fn is_numeric<'c>(
    column: &Column,
    first: bool,
    cells: impl Iterator<Item = Option<&'c Cell>>,
) -> bool {
    if column.kind.is_numeric() {
        return true;
    }
    if !matches!(column.kind, ColumnKind::Text | ColumnKind::Other) {
        return false;
    }
    let (mut filled, mut numbers, mut plain) = (0, 0, 0);
    for cell in cells.flatten().filter(|cell| !is_empty(cell)) {
        filled += 1;
        numbers += usize::from(match cell {
            Cell::Number(_) => true,
            Cell::Text(text) => {
                plain += usize::from(!is_written_figure(text));
                written_number(text).is_some_and(|number| number.digits > 0)
            }
            Cell::Null | Cell::Bool(_) => false,
        });
        // The first that is none decides: most columns of text are done with their first cell.
        if numbers < filled {
            return false;
        }
    }
    // Digits alone may be a code: then the name says so, or it is the first column.
    let named = super::keys::name_words(&column.name);
    let code = named
        .iter()
        .any(|word| Concept::KeyName.has(word) || Concept::ScaleName.has(word));
    filled > 0 && numbers == filled && (plain == 0 || !(first || code))
}

/// Whether a cell holds nothing, or a text that stands for nothing in a column that was formatted as text.
fn is_empty(cell: &Cell) -> bool {
    match cell {
        Cell::Null => true,
        Cell::Text(text) => matches!(
            text.trim(),
            "" | "-" | "–" | "—" | "n/a" | "N/A" | "n.a." | "null" | "NULL"
        ),
        Cell::Number(_) | Cell::Bool(_) => false,
    }
}

/// Whether a text is a figure and no code: it has a sign, a unit, a point or a group.
pub(super) fn is_written_figure(text: &str) -> bool {
    text.contains(|c: char| !c.is_ascii_digit())
}

/// The number that a text is, if it is nothing else: `$1,200.50`, `12.5 %`, `1.200,50 €`.
pub(super) fn written_number(text: &str) -> Option<Number> {
    let text = text.trim();
    if text.len() > 32 || !text.contains(|c: char| c.is_ascii_digit()) || days_of_iso(text).is_some() {
        return None;
    }
    let read = |separators| {
        let mut found = numbers(text, separators).into_iter();
        let only = found.next().filter(|_| found.next().is_none())?;
        let whole = only.start == 0 && only.end == text.len();
        (whole && !only.value.is_nan() && matches!(only.kind, Kind::Quantity | Kind::Year | Kind::Ordinal))
            .then_some(only)
    };
    [
        Separators::English,
        Separators::German,
        Separators::French,
        Separators::Swiss,
    ]
    .into_iter()
    .find_map(read)
}

pub(super) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) => number.as_f64(),
        Cell::Text(text) => text.parse().ok().or_else(|| Some(written_number(text)?.value)),
        Cell::Null | Cell::Bool(_) => None,
    }
}

/// The minutes from midnight that a time or moment names: `18:45:00`, `2025-05-06T18:45:00Z`.
pub(super) fn minutes_of_iso(text: &str) -> Option<u16> {
    let clock = match text.split_once(['T', ' ']) {
        Some((day, clock)) if days_of_iso(day).is_some() => clock,
        Some(_) => return None,
        None => text,
    };
    minutes_of_clock(clock.get(..5)?)
}

/// The minutes from midnight of `18:45`.
pub(super) fn minutes_of_clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let part = |text: &str, most: u16| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|value| digits && *value <= most)
    };
    Some(part(hours, 23)? * 60 + part(minutes, 59)?)
}

/// The days a cell names, if it names any.
pub(super) fn days(cell: &Cell, column: &Column) -> Option<Days> {
    let Cell::Text(text) = cell else { return None };
    let (from, to) = days_of_iso(text)?;
    let until = |end: Result<Date, jiff::Error>| Some((from, end.ok()?));
    match column.unit.as_deref() {
        Some("week") => until(from.checked_add(7.days())),
        Some("month") => until(from.checked_add(1.month())),
        Some("quarter") => until(from.checked_add(3.months())),
        Some("year") => until(from.checked_add(1.year())),
        _ => Some((from, to)),
    }
}

/// What a column comes to whose type does not say that it holds numbers.
pub(super) fn summary_of(table: &ResultTable, described: &Column, column: usize) -> Option<ColumnSummary> {
    let numbers = |row: &Vec<Cell>| {
        let value = number(row.get(column)?)?;
        Some(vec![
            serde_json::Number::from_f64(value).map_or(Cell::Null, Cell::Number),
        ])
    };
    let alone = ResultTable {
        columns: vec![Column {
            kind: ColumnKind::Number,
            ..described.clone()
        }],
        rows: table.rows.iter().filter_map(numbers).collect(),
        extent: table.extent,
        bytes_received: 0,
    };
    let summary = crate::result::totals(&alone).into_iter().next()?.summary;
    matches!(summary, ColumnSummary::Numbers { .. }).then_some(summary)
}
