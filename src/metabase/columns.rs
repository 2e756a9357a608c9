//! Columns and cells of an answer, from Metabase's types and scalars to ours.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::column_format;
use super::lenient::lenient;
use crate::result::{Cell, Column, ColumnFormat, ColumnKind};

/// Bytes of a day: `2024-05-01`.
const DAY_BYTES: usize = 10;

/// A column as Metabase describes it in `cols` and `result_metadata`; everything else about it is ignored.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct WireColumn {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) base_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) effective_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) unit: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) source: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) semantic_type: Option<String>,
    /// How the field is written, as its settings have it.
    settings: Option<Value>,
    /// The field's id, where the column is a field's.
    id: Option<Value>,
}

impl WireColumn {
    /// Whether the server does not know what is in it: `type/*`, as native queries have it on some databases.
    pub(super) fn is_untyped(&self) -> bool {
        let types = [self.effective_type.as_deref(), self.base_type.as_deref()];
        types.into_iter().flatten().all(|name| name == "type/*")
    }
}

/// Names that say how a column is computed and not what it is.
const COMPUTED: [&str; 17] = [
    "aggregation",
    "avg",
    "count",
    "count_where",
    "cum_count",
    "cum_sum",
    "distinct",
    "expression",
    "max",
    "median",
    "min",
    "percentile",
    "share",
    "stddev",
    "sum",
    "sum_where",
    "var",
];
/// Longest name that is made of a label, in characters.
const MAX_NAME_CHARS: usize = 40;

/// The columns, with names made unique. `visualization` is how a card's author set the columns up, where that is known.
pub(super) fn columns(wire: &[WireColumn], visualization: &Value) -> Vec<Column> {
    let mut taken = std::collections::BTreeSet::new();
    wire.iter()
        .map(|column| {
            let label = column.display_name.clone().unwrap_or_else(|| column.name.clone());
            Column {
                name: unique(&short_name(&column.name, &label), &mut taken),
                label,
                kind: kind_of(column),
                unit: column.unit.clone().filter(|unit| unit != "default"),
                description: column.description.clone().filter(|text| !text.trim().is_empty()),
                format: column.format(visualization),
            }
        })
        .collect()
}

impl WireColumn {
    /// The id of the field that the column is, where it is one.
    pub(super) fn field_id(&self) -> Option<u64> {
        self.id.as_ref().and_then(Value::as_u64)
    }

    fn format(&self, visualization: &Value) -> ColumnFormat {
        let semantic = self.semantic_type.as_deref().map(column_format::of_semantic_type);
        let own = self.settings.as_ref().map(column_format::of_settings);
        let field = self.field_id();
        semantic
            .unwrap_or_default()
            .overlaid(&own.unwrap_or_default())
            .overlaid(&column_format::of_card(visualization, &self.name, field))
    }
}

/// The column's name, or what its label makes of it where the name says only how it is computed: `sum` that people see
/// as "Sum of Total" is `sum_of_total`.
fn short_name(name: &str, label: &str) -> String {
    let stem = name.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
    let says_more = COMPUTED.contains(&stem) && !label.trim().eq_ignore_ascii_case(stem);
    says_more
        .then(|| name_of_label(label))
        .flatten()
        .unwrap_or_else(|| name.to_owned())
}

/// A name of small letters, digits and underscores for a label; `None` where nothing is left of it.
pub(super) fn name_of_label(label: &str) -> Option<String> {
    let mut name = String::new();
    for c in label.chars() {
        if c.is_alphanumeric() {
            name.extend(c.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let short: String = name.chars().take(MAX_NAME_CHARS).collect();
    let short = short.trim_end_matches('_');
    (!short.is_empty()).then(|| short.to_owned())
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
