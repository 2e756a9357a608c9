//! Queries by meaning: the same entry, groups, filters and parameters, however they are written.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::GradeResult;
use super::cell::{self, CellKey};
use super::evidence;
use super::view::{AnswerView, ResultView};
use crate::eval::case::{ExpectedFilter, ExpectedGroup, ExpectedQuery};

pub(super) fn same(specs: &[ExpectedQuery], answer: &AnswerView) -> Option<GradeResult> {
    if specs.is_empty() {
        return None;
    }
    let mut misses = Vec::new();
    for result in answer.evidence.iter().filter(|result| result.is_query()) {
        for spec in specs {
            match differs(spec, result) {
                None => return Some(Ok(format!("{} was asked as expected", result.title()))),
                Some(miss) => misses.push(format!("{}: {miss}", result.title())),
            }
        }
    }
    if misses.is_empty() {
        misses.push("no query".to_owned());
    }
    let wanted: Vec<String> = specs.iter().map(|spec| evidence::name(&spec.entry)).collect();
    Some(Err(format!(
        "expected a query of {}, found {}",
        wanted.join(" or "),
        misses.join("; ")
    )))
}

/// The arguments of a query tool, as far as they are compared.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct QueryArguments {
    group_by: Vec<ExpectedGroup>,
    filters: Vec<ExpectedFilter>,
    aggregations: Vec<Value>,
    parameters: Map<String, Value>,
    limit: Option<u64>,
}

/// What is different, if anything.
fn differs(spec: &ExpectedQuery, result: &ResultView) -> Option<String> {
    if !evidence::is(&spec.entry, result) {
        return Some(format!("expected {}", evidence::name(&spec.entry)));
    }
    let asked = match QueryArguments::deserialize(&result.arguments) {
        Ok(asked) => asked,
        Err(error) => return Some(format!("its arguments cannot be read: {error}")),
    };
    let groups = |groups: &[ExpectedGroup]| {
        let mut groups = groups.to_vec();
        groups.sort();
        groups
    };
    if groups(&spec.group_by) != groups(&asked.group_by) {
        return Some(format!(
            "expected groups {:?}, found {:?}",
            names(&spec.group_by),
            names(&asked.group_by)
        ));
    }
    let (wanted, found) = (conditions(&spec.filters), conditions(&asked.filters));
    if wanted != found {
        return Some(format!("expected filters {wanted:?}, found {found:?}"));
    }
    if !same_lists(&spec.aggregations, &asked.aggregations) {
        return Some(format!(
            "expected aggregations {}, found {}",
            Value::Array(spec.aggregations.clone()),
            Value::Array(asked.aggregations)
        ));
    }
    let keys = spec.parameters.keys().eq(asked.parameters.keys());
    let values = || {
        spec.parameters.iter().all(|(key, value)| {
            asked
                .parameters
                .get(key)
                .is_some_and(|found| same_value(value, found))
        })
    };
    if !(keys && values()) {
        return Some(format!(
            "expected parameters {}, found {}",
            Value::Object(spec.parameters.clone()),
            Value::Object(asked.parameters)
        ));
    }
    if spec.limit.is_some() && spec.limit != asked.limit {
        return Some(format!(
            "expected limit {:?}, found {:?}",
            spec.limit, asked.limit
        ));
    }
    None
}

fn names(groups: &[ExpectedGroup]) -> Vec<String> {
    groups
        .iter()
        .map(|group| match &group.granularity {
            Some(granularity) => format!("{} by {granularity}", group.dimension),
            None => group.dimension.clone(),
        })
        .collect()
}

/// Whether two lists hold the same, in any order.
fn same_lists(wanted: &[Value], found: &[Value]) -> bool {
    let texts = |list: &[Value]| {
        let mut texts: Vec<String> = list.iter().map(|value| plain(value).to_string()).collect();
        texts.sort();
        texts
    };
    texts(wanted) == texts(found)
}

/// Whether two argument values are the same: types are lenient, a list of one is its element, lists have no order.
pub(super) fn same_value(wanted: &Value, found: &Value) -> bool {
    plain(wanted) == plain(found)
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(plain).collect();
            list.sort_by_key(ToString::to_string);
            match (list.pop(), list.is_empty()) {
                (Some(only), true) => only,
                (greatest, _) => Value::Array(list.into_iter().chain(greatest).collect()),
            }
        }
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect(),
        ),
        Value::Null => Value::Null,
        other => match cell::text(other) {
            CellKey::Text(text) => Value::String(text),
            _ => other.clone(),
        },
    }
}

/// The filters of one dimension, reduced: its span of days, and what else there is.
#[derive(Debug, Default, PartialEq)]
struct Conditions {
    from: Option<Date>,
    before: Option<Date>,
    others: Vec<String>,
}

fn conditions(filters: &[ExpectedFilter]) -> BTreeMap<String, Conditions> {
    let mut by_name: BTreeMap<String, Vec<&ExpectedFilter>> = BTreeMap::new();
    for filter in filters {
        let name = filter
            .segment
            .as_ref()
            .map(|segment| format!("segment {segment}"));
        let name = name.or_else(|| filter.dimension.clone()).unwrap_or_default();
        by_name.entry(name).or_default().push(filter);
    }
    by_name
        .into_iter()
        .map(|(name, filters)| (name, reduced(&filters)))
        .collect()
}

fn reduced(filters: &[&ExpectedFilter]) -> Conditions {
    let mut conditions = Conditions::default();
    let part = |operation: &str| {
        let mut found = filters
            .iter()
            .filter(|filter| filter.operation.as_deref() == Some(operation));
        match (found.next(), found.next()) {
            (Some(filter), None) => whole(filter),
            _ => None,
        }
    };
    let parts = (part("year-equals"), part("quarter-equals"), part("month-equals"));
    let span = calendar(parts);
    for filter in filters {
        let operation = filter.operation.as_deref().unwrap_or_default();
        let calendar_part = matches!(operation, "year-equals" | "quarter-equals" | "month-equals");
        let day = filter.values.first().and_then(Value::as_str).and_then(day);
        match (operation, span, day) {
            _ if calendar_part && span.is_some() => {}
            ("greater-than-or-equal", _, Some(day)) if filter.bucket.is_none() => {
                conditions.from = conditions.from.max(Some(day));
            }
            ("less-than", _, Some(day)) if filter.bucket.is_none() => {
                conditions.before = Some(conditions.before.map_or(day, |before| before.min(day)));
            }
            _ => conditions.others.push(other(filter)),
        }
    }
    if let Some((from, before)) = span {
        conditions.from = conditions.from.max(Some(from));
        conditions.before = Some(conditions.before.map_or(before, |own| own.min(before)));
    }
    conditions.others.sort();
    conditions.others.dedup();
    conditions
}

fn whole(filter: &ExpectedFilter) -> Option<i64> {
    match filter.values.as_slice() {
        [value] => value.as_i64(),
        _ => None,
    }
}

/// The days of a year, or of a quarter or month of it.
fn calendar(parts: (Option<i64>, Option<i64>, Option<i64>)) -> Option<(Date, Date)> {
    let (year, month, length): (i64, i64, Span) = match parts {
        (Some(year), None, None) => (year, 1, 1.year()),
        (Some(year), Some(quarter), None) => (year, quarter.checked_mul(3)?.checked_sub(2)?, 3.months()),
        (Some(year), None, Some(month)) => (year, month, 1.month()),
        _ => return None,
    };
    let from = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?;
    Some((from, from.checked_add(length).ok()?))
}

/// A date, or a time at its beginning.
fn day(text: &str) -> Option<Date> {
    let (day, time) = text.split_at_checked(10)?;
    let midnight = time.trim_matches(['T', ' ', '0', ':', 'Z', '.']).is_empty();
    let day: Date = day.parse().ok()?;
    (midnight && day > date(1, 1, 1)).then_some(day)
}

fn other(filter: &ExpectedFilter) -> String {
    let operation = filter.operation.as_deref().unwrap_or("segment");
    let values = plain(&Value::Array(filter.values.clone()));
    let bucket = filter
        .bucket
        .as_ref()
        .map(|bucket| format!(" by {bucket}"))
        .unwrap_or_default();
    format!("{operation} {values}{bucket}")
}
