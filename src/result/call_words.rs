//! The arguments of a query in words: which filters and parameters it had, and what it was grouped by.

use serde_json::Value;

use crate::text::MONTHS;

/// Most characters of what people read.
const MOST_CHARS: usize = 160;

/// The days of a week, Monday first.
pub(crate) const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// What a query was limited to and grouped by: `created at in 2025, by month`. Empty when it took all there is.
pub(crate) fn call_for_people(arguments: &Value) -> String {
    let mut parts = conditions(arguments, spaced);
    let group = |group: &Value| match group["granularity"].as_str() {
        Some(granularity) => granularity.replace(['-', '_'], " "),
        None => spaced(name_of(&group["dimension"])),
    };
    let groups: Vec<String> = items(&arguments["group_by"]).map(group).collect();
    if !groups.is_empty() {
        parts.push(format!("by {}", groups.join(" and ")));
    }
    parts.join(", ").trim().chars().take(MOST_CHARS).collect()
}

/// What a query asked for, with names as they are written in calls: `status is paid; by created_at (month); limit 5`.
/// `None` for a query without any of that.
pub(crate) fn call_for_model(arguments: &Value) -> Option<String> {
    let group = |group: &Value| {
        let name = name_of(&group["dimension"]);
        match group["granularity"].as_str() {
            Some(granularity) => format!("{name} ({granularity})"),
            None => name.to_owned(),
        }
    };
    let groups: Vec<String> = items(&arguments["group_by"]).map(group).collect();
    let grouped = (!groups.is_empty()).then(|| format!("by {}", groups.join(", ")));
    in_words(arguments, grouped)
}

/// The same without what it was grouped by, which no longer holds for what was worked out from its rows.
pub(crate) fn limits_for_model(arguments: &Value) -> Option<String> {
    in_words(arguments, None)
}

fn in_words(arguments: &Value, grouped: Option<String>) -> Option<String> {
    let conditions = conditions(arguments, str::to_owned);
    let mut parts = Vec::new();
    if !conditions.is_empty() {
        parts.push(conditions.join(", "));
    }
    parts.extend(grouped);
    if let Some(limit) = arguments["limit"].as_u64() {
        parts.push(format!("limit {limit}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The filters and parameters of a call, each in words.
fn conditions(arguments: &Value, written: impl Fn(&str) -> String) -> Vec<String> {
    let mut parts = Vec::new();
    let mut before = String::new();
    for filter in items(&arguments["filters"]) {
        if let Some(segment) = filter["segment"].as_str() {
            parts.push(segment.to_owned());
            continue;
        }
        let name = written(name_of(&filter["dimension"]));
        let name = match unit(filter) {
            Some(granularity) => format!("{name} ({granularity})"),
            None => name,
        };
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
        parts.push(format!("{} {}", written(slug), values(value)));
    }
    parts
}

/// The unit of time that a filter compares by: the only other text that one on a dimension holds.
fn unit(filter: &Value) -> Option<&str> {
    let others = filter.as_object()?.iter();
    let mut others = others.filter(|(key, _)| !["dimension", "operation"].contains(&key.as_str()));
    others.find_map(|(_, value)| value.as_str())
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// `customer region` of `customer__region`.
fn spaced(name: &str) -> String {
    let parts = name.split(['_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

fn name_of(name: &Value) -> &str {
    name.as_str().unwrap_or_default()
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
        "day-of-week-equals" => format!("on {}", weekdays(wanted)),
        "day-of-week-not-equals" => format!("not on {}", weekdays(wanted)),
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
    named(wanted, &MONTHS)
}

fn weekdays(wanted: &Value) -> String {
    named(wanted, &WEEKDAYS)
}

/// Numbers from 1 on by their names.
fn named(wanted: &Value, all: &[&str]) -> String {
    let name = |value: &Value| {
        let at = usize::try_from(value.as_u64()?.checked_sub(1)?).ok()?;
        all.get(at).copied()
    };
    let names: Option<Vec<&str>> = items(wanted).map(name).collect();
    names
        .filter(|names| !names.is_empty())
        .map_or_else(|| values(wanted), |names| names.join(" or "))
}

/// One value, or several with "or" between.
pub(crate) fn values(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(values).collect::<Vec<_>>().join(" or "),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
