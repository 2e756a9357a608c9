//! The arguments of a query, and what was done with its rows, in words for people.

use serde_json::Value;

use crate::grounding::DerivationOperation;
use crate::result::TotalKind;

/// Most characters of what a query was limited to.
const MOST_LIMITS: usize = 160;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What a query was limited to and grouped by: `, created at in 2025, by month`. Empty when it took all there is.
pub(super) fn limits(arguments: &Value) -> String {
    let mut parts = Vec::new();
    let mut before = String::new();
    for filter in arguments["filters"].as_array().into_iter().flatten() {
        if let Some(segment) = filter["segment"].as_str() {
            parts.push(segment.to_owned());
            continue;
        }
        let name = dimension(&filter["dimension"]);
        let condition = condition(
            filter["operation"].as_str().unwrap_or_default(),
            &filter["values"],
        );
        // A span of time is two filters on one dimension: its name once.
        parts.push(if name == before {
            condition
        } else {
            format!("{name} {condition}")
        });
        before = name;
    }
    for (slug, value) in arguments["parameters"].as_object().into_iter().flatten() {
        parts.push(format!("{} {}", slug.replace('_', " "), values(value)));
    }
    let groups: Vec<String> = arguments["group_by"]
        .as_array()
        .into_iter()
        .flatten()
        .map(group)
        .collect();
    if !groups.is_empty() {
        parts.push(format!("by {}", groups.join(" and ")));
    }
    let text: String = parts.join(", ").trim().chars().take(MOST_LIMITS).collect();
    if text.is_empty() {
        text
    } else {
        format!(", {text}")
    }
}

fn group(group: &Value) -> String {
    match group["granularity"].as_str() {
        Some(granularity) => granularity.replace(['-', '_'], " "),
        None => dimension(&group["dimension"]),
    }
}

/// A dimension's name as people say it: `Product.created_at` is "Product created at".
fn dimension(name: &Value) -> String {
    name.as_str().unwrap_or_default().replace(['_', '.'], " ")
}

/// A filter's operation and its values.
fn condition(operation: &str, wanted: &Value) -> String {
    let all = values(wanted);
    let first = wanted
        .as_array()
        .and_then(|values| values.first())
        .unwrap_or(wanted);
    let is_time = first
        .as_str()
        .is_some_and(|text| text.len() >= 7 && text.as_bytes().get(4) == Some(&b'-'));
    let by_kind = |time: &str, other: &str| format!("{} {all}", if is_time { time } else { other });
    match operation {
        "equals" => by_kind("on", "is"),
        "not-equals" => format!("is not {all}"),
        "greater-than" => by_kind("after", "above"),
        "greater-than-or-equal" => by_kind("from", "at least"),
        "less-than" => by_kind("before", "below"),
        "less-than-or-equal" => by_kind("until", "at most"),
        "year-equals" => format!("in {all}"),
        "year-not-equals" => format!("not in {all}"),
        "quarter-equals" => format!("in quarter {all}"),
        "quarter-not-equals" => format!("not in quarter {all}"),
        "month-equals" => format!("in {}", months(wanted)),
        "month-not-equals" => format!("not in {}", months(wanted)),
        "string-contains" => format!("contains {all}"),
        "string-not-contains" => format!("does not contain {all}"),
        "string-starts-with" => format!("starts with {all}"),
        "string-ends-with" => format!("ends with {all}"),
        "is-null" | "string-is-empty" => "is empty".to_owned(),
        "is-not-null" | "string-is-not-empty" => "is not empty".to_owned(),
        "is-true" => "is true".to_owned(),
        "is-false" => "is false".to_owned(),
        other => format!("{} {all}", other.replace('-', " ")).trim_end().to_owned(),
    }
}

fn months(wanted: &Value) -> String {
    let name = |value: &Value| {
        let at = usize::try_from(value.as_u64()?.checked_sub(1)?).ok()?;
        MONTHS.get(at).copied()
    };
    let names: Option<Vec<&str>> = wanted.as_array().into_iter().flatten().map(name).collect();
    names
        .filter(|names| !names.is_empty())
        .map_or_else(|| values(wanted), |names| names.join(" or "))
}

/// One value, or several with "or" between.
pub(super) fn values(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(values).collect::<Vec<_>>().join(" or "),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A column's total in words. Metabase names what a metric computes `sum` or `count`: that says nothing to people.
pub(super) fn total_of(total: TotalKind, column: &str) -> String {
    let word = match total {
        TotalKind::Sum => "total",
        TotalKind::Mean => "average",
        TotalKind::Min => "smallest value",
        TotalKind::Max => "greatest value",
        TotalKind::Count => "number of values",
        TotalKind::Nulls => "number of rows without a value",
        TotalKind::Distinct => "number of different values",
    };
    let computed = [
        "sum",
        "count",
        "avg",
        "min",
        "max",
        "distinct",
        "share",
        "expression",
    ];
    if computed.contains(&column) {
        word.to_owned()
    } else {
        format!("{word} of {column}")
    }
}

pub(super) fn operation_word(operation: DerivationOperation) -> &'static str {
    match operation {
        DerivationOperation::Sum => "sum",
        DerivationOperation::Mean => "average",
        DerivationOperation::Median => "median",
        DerivationOperation::Difference => "difference",
        DerivationOperation::PercentChange => "change in percent",
        DerivationOperation::Ratio => "ratio",
        DerivationOperation::Share => "share in percent",
        DerivationOperation::ShareOfRest => "share of the rest in percent",
        DerivationOperation::RunningTotal => "running total",
        DerivationOperation::Count => "count",
    }
}

pub(super) fn calculation_word(operation: crate::result::FigureOperation) -> &'static str {
    use crate::result::FigureOperation as Calculated;
    match operation {
        Calculated::Add => "sum",
        Calculated::Subtract => "difference",
        Calculated::Multiply => "product",
        Calculated::Divide => "ratio",
        Calculated::PercentChange => "change in percent",
        Calculated::SharePercent => "share in percent",
        Calculated::Mean => "average",
        Calculated::Min => "smallest",
        Calculated::Max => "greatest",
    }
}
