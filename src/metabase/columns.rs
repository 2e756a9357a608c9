//! Columns and cells of an answer, from Metabase's types and scalars to ours.

use jiff::civil::Date;
use serde::Deserialize;

use crate::result::{Cell, Column, ColumnKind};

/// Bytes of a day: `2024-05-01`.
const DAY_BYTES: usize = 10;

/// A column as Metabase describes it in `cols` and `result_metadata`; everything else about it is ignored.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct WireColumn {
    #[serde(default)]
    pub(super) name: String,
    pub(super) display_name: Option<String>,
    pub(super) base_type: Option<String>,
    pub(super) effective_type: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) description: Option<String>,
    pub(super) source: Option<String>,
}

impl WireColumn {
    /// Whether the server does not know what is in it: `type/*`, as native queries have it on some databases.
    pub(super) fn is_untyped(&self) -> bool {
        let types = [self.effective_type.as_deref(), self.base_type.as_deref()];
        types.into_iter().flatten().all(|name| name == "type/*")
    }
}

/// The columns, with names made unique.
pub(super) fn columns(wire: &[WireColumn]) -> Vec<Column> {
    let mut taken = std::collections::BTreeSet::new();
    wire.iter()
        .map(|column| {
            let name = unique(&column.name, &mut taken);
            Column {
                label: column.display_name.clone().unwrap_or_else(|| name.clone()),
                name,
                kind: kind_of(column),
                unit: column.unit.clone().filter(|unit| unit != "default"),
                description: column.description.clone().filter(|text| !text.trim().is_empty()),
            }
        })
        .collect()
}

/// `name`, or `name_2` and so on when it is taken already. An empty name becomes `column`.
pub(super) fn unique(name: &str, taken: &mut std::collections::BTreeSet<String>) -> String {
    let name = if name.is_empty() { "column" } else { name };
    let mut candidate = name.to_owned();
    let mut number = 2_u32;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}

/// The kind of a Metabase type name (`type/Integer`) or of the Agent API's short names (`number`).
pub(super) fn kind_of_type(name: &str) -> ColumnKind {
    match name.strip_prefix("type/").unwrap_or(name) {
        "Integer" | "BigInteger" | "Long" | "UnixTimestampSeconds" => ColumnKind::Integer,
        "Number" | "Float" | "Decimal" | "Currency" | "number" => ColumnKind::Number,
        "Boolean" | "boolean" => ColumnKind::Boolean,
        "Date" | "date" => ColumnKind::Date,
        "Time" | "TimeWithTZ" | "TimeWithLocalTZ" | "TimeWithZoneOffset" | "time" => ColumnKind::Time,
        "Text" | "TextLike" | "UUID" | "MongoBSONID" | "MySQLEnum" | "PostgresEnum" | "IPAddress"
        | "string" => ColumnKind::Text,
        other if other.starts_with("DateTime") || matches!(other, "Instant" | "datetime") => {
            ColumnKind::Datetime
        }
        _ => ColumnKind::Other,
    }
}

fn kind_of(column: &WireColumn) -> ColumnKind {
    let types = [column.effective_type.as_deref(), column.base_type.as_deref()];
    let mut kinds = types.into_iter().flatten().map(kind_of_type);
    let kind = kinds
        .find(|kind| *kind != ColumnKind::Other)
        .unwrap_or(ColumnKind::Other);
    match (kind, column.unit.as_deref()) {
        // A moment truncated to a day or more is a calendar day to everyone who reads it.
        (ColumnKind::Datetime, Some("day" | "week" | "month" | "quarter" | "year")) => ColumnKind::Date,
        (kind, _) => kind,
    }
}

/// Shows dates as the day: they come as midnight of the day. Moments keep their text.
pub(super) fn shorten_days(columns: &[Column], rows: &mut [Vec<Cell>]) {
    for (at, _) in columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.kind == ColumnKind::Date)
    {
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(at)) {
            if let Cell::Text(text) = cell
                && text.len() > DAY_BYTES
                && let Some(day) = day(text)
            {
                *cell = Cell::text(day);
            }
        }
    }
}

/// The kind of a column whose type the server does not know, by its values: all numbers, all true or false, all days,
/// or all text.
pub(super) fn kind_of_values<'v>(values: impl Iterator<Item = &'v Cell>) -> ColumnKind {
    let mut kinds = values.filter_map(|value| match value {
        Cell::Null => None,
        Cell::Bool(_) => Some(ColumnKind::Boolean),
        Cell::Number(number) if number.is_f64() => Some(ColumnKind::Number),
        Cell::Number(_) => Some(ColumnKind::Integer),
        Cell::Text(text) if text.len() == DAY_BYTES && text.parse::<Date>().is_ok() => Some(ColumnKind::Date),
        Cell::Text(_) => Some(ColumnKind::Text),
    });
    let first = kinds.next().unwrap_or(ColumnKind::Other);
    kinds.fold(first, |all, kind| match (all, kind) {
        (all, kind) if all == kind => all,
        (ColumnKind::Integer | ColumnKind::Number, ColumnKind::Integer | ColumnKind::Number) => {
            ColumnKind::Number
        }
        (ColumnKind::Text | ColumnKind::Date, ColumnKind::Text | ColumnKind::Date) => ColumnKind::Text,
        _ => ColumnKind::Other,
    })
}

/// `2024-05-01` of `2024-05-01T00:00:00Z` (any offset: it is the reporting time zone's), if it is a midnight.
fn day(text: &str) -> Option<&str> {
    let (date, rest) = text.split_at_checked(DAY_BYTES)?;
    date.parse::<Date>().ok()?;
    let midnight = rest.is_empty()
        || rest
            .strip_prefix('T')
            .and_then(|time| {
                time.get(..8)
                    .map(|clock| clock == "00:00:00")
                    .or(Some(time.starts_with("00:00")))
            })
            .unwrap_or(false);
    midnight.then_some(date)
}
