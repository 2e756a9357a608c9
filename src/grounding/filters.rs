//! What the arguments of a call let through: days and fixed values.

use jiff::civil::Date;
use serde_json::Value;

use super::text::{Days, days_of_iso};

/// The days and fixed values that the arguments of a call let through.
pub(super) fn filters(arguments: &Value) -> (Option<Days>, Vec<(String, Vec<String>)>) {
    let mut bounds = Bounds::default();
    let mut fixed = Vec::new();
    let list = arguments.get("filters").and_then(Value::as_array);
    for filter in list.into_iter().flatten() {
        let text = |key: &str| filter.get(key).and_then(Value::as_str).unwrap_or_default();
        let values: Vec<&Value> = filter
            .get("values")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .collect();
        bounds.narrow(text("operation"), &values, text("bucket"));
        if text("operation") == "equals" {
            fixed.extend(fixed_values(text("dimension"), &values));
        }
    }
    for (slug, value) in arguments
        .get("parameters")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let values: Vec<&Value> = value
            .as_array()
            .map_or_else(|| vec![value], |values| values.iter().collect());
        let low = slug.to_lowercase();
        let of_years = low.contains("year") || low.contains("jahr");
        bounds.narrow(if of_years { "year-equals" } else { "equals" }, &values, "");
        fixed.extend(fixed_values(slug, &values));
    }
    (bounds.days(), fixed)
}

fn fixed_values(name: &str, values: &[&Value]) -> Option<(String, Vec<String>)> {
    let texts: Vec<String> = values
        .iter()
        .filter_map(|value| value.as_str())
        .filter(|text| days_of_iso(text).is_none() && !text.is_empty())
        .map(str::to_owned)
        .collect();
    (!texts.is_empty()).then_some((dimension(name), texts))
}

/// A dimension's own name, without what it is joined over.
pub(super) fn dimension(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_lowercase()
}

#[derive(Default)]
struct Bounds {
    from: Option<Date>,
    to: Option<Date>,
}

impl Bounds {
    /// `unit` is what a filter compares by in place of days, if it does.
    fn narrow(&mut self, operation: &str, values: &[&Value], unit: &str) {
        let days = |value: &&Value| match unit {
            "year" => days_of_iso(value.as_str()?.get(..4)?),
            "month" => days_of_iso(value.as_str()?.get(..7)?),
            "" | "day" | "hour" | "minute" => days_in(value, operation),
            _ => None,
        };
        let spans: Vec<Days> = values.iter().filter_map(days).collect();
        let (Some(from), Some(to)) = (
            spans.iter().map(|days| days.0).min(),
            spans.iter().map(|days| days.1).max(),
        ) else {
            return;
        };
        let (from, to) = match operation {
            "equals" | "year-equals" => (Some(from), Some(to)),
            "greater-than-or-equal" => (Some(from), None),
            "greater-than" => (Some(to), None),
            "less-than" => (None, Some(from)),
            "less-than-or-equal" => (None, Some(to)),
            _ => (None, None),
        };
        self.from = self.from.max(from);
        self.to = match (self.to, to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    fn days(self) -> Option<Days> {
        (self.from.is_some() || self.to.is_some())
            .then(|| (self.from.unwrap_or(Date::MIN), self.to.unwrap_or(Date::MAX)))
    }
}

/// The days that one argument names.
fn days_in(value: &Value, operation: &str) -> Option<Days> {
    if let (Some(year), "year-equals") = (value.as_i64(), operation) {
        return days_of_iso(&year.to_string());
    }
    let text = value.as_str()?;
    if operation == "year-equals" && text.len() == 4 {
        return days_of_iso(text);
    }
    match text.split_once('~') {
        Some((from, to)) => {
            let from = days_of_iso(from).map_or(Date::MIN, |days| days.0);
            let to = days_of_iso(to).map_or(Date::MAX, |days| days.1);
            Some((from, to))
        }
        None => days_of_iso(text).filter(|_| text.len() > 4),
    }
}
