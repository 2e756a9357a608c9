//! Formats of columns, from Metabase's settings of fields (`settings`) and of cards (`column_settings`).

use rust_decimal::Decimal;
use serde_json::Value;

use crate::result::{ColumnFormat, NumberStyle};

/// Longest prefix, suffix or code that is kept, in characters.
const MAX_CHARS: usize = 20;
/// Most digits behind the point that anyone asks for.
const MAX_DECIMALS: u64 = 12;
const MONEY: [&str; 6] = ["Currency", "Income", "Price", "Cost", "GrossMargin", "Discount"];
const FRACTIONS: [&str; 2] = ["Percentage", "Share"];

/// The format that settings ask for; whatever cannot be read is left out.
pub(super) fn of_settings(settings: &Value) -> ColumnFormat {
    let text = |key: &str| {
        let text = settings.get(key)?.as_str()?;
        (!text.trim().is_empty() && text.chars().count() <= MAX_CHARS).then(|| text.to_owned())
    };
    let style = match settings.get("number_style").and_then(Value::as_str) {
        Some("currency") => Some(NumberStyle::Currency),
        Some("percent") => Some(NumberStyle::Percent),
        Some("scientific") => Some(NumberStyle::Scientific),
        Some("decimal") => Some(NumberStyle::Decimal),
        _ => None,
    };
    let scale = settings.get("scale").and_then(|scale| match scale {
        Value::Number(number) => decimal(&number.to_string()),
        Value::String(text) => decimal(text.trim()),
        _ => None,
    });
    ColumnFormat {
        style,
        // A currency may be left from before the style was changed.
        currency: text("currency").filter(|_| matches!(style, None | Some(NumberStyle::Currency))),
        scale: scale.filter(|scale| !scale.is_zero() && *scale != Decimal::ONE),
        decimals: settings
            .get("decimals")
            .and_then(Value::as_u64)
            .filter(|decimals| *decimals <= MAX_DECIMALS)
            .and_then(|decimals| u32::try_from(decimals).ok()),
        prefix: text("prefix"),
        suffix: text("suffix"),
        separators: settings
            .get("number_separators")
            .and_then(Value::as_str)
            .filter(|marks| marks.chars().count() <= 2)
            .map(str::to_owned),
        date_style: text("date_style"),
        week_starts_on: None,
        told_unit: None,
    }
}

/// What the semantic type alone says.
pub(super) fn of_semantic_type(name: &str) -> ColumnFormat {
    let name = name.strip_prefix("type/").unwrap_or(name);
    let style = if MONEY.contains(&name) {
        Some(NumberStyle::Currency)
    } else if FRACTIONS.contains(&name) {
        Some(NumberStyle::Percent)
    } else {
        None
    };
    ColumnFormat {
        style,
        ..ColumnFormat::default()
    }
}

/// The format that a card's `visualization_settings` set for the column of this name or field. Keys are JSON in text:
/// `["name","total"]`, `["ref",["field",42,null]]`.
pub(super) fn of_card(visualization: &Value, name: &str, field: Option<u64>) -> ColumnFormat {
    let Some(Value::Object(columns)) = visualization.get("column_settings") else {
        return ColumnFormat::default();
    };
    let meant = |key: &str| {
        let Ok(Value::Array(key)) = serde_json::from_str::<Value>(key) else {
            return false;
        };
        match key.as_slice() {
            [Value::String(kind), Value::String(named)] if kind == "name" => named == name,
            [Value::String(kind), Value::Array(reference)] if kind == "ref" => {
                let mut parts = reference.iter().skip(1);
                parts.any(|part| (field.is_some() && part.as_u64() == field) || part.as_str() == Some(name))
            }
            _ => false,
        }
    };
    columns
        .iter()
        .filter(|(key, _)| meant(key))
        .fold(ColumnFormat::default(), |format, (_, settings)| {
            format.overlaid(&of_settings(settings))
        })
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}
