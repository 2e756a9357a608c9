//! What is to be done with a held result: every column is one of its own, every operation fits the column's type.

use serde::Deserialize;
use serde_json::{Value, json};

use super::aggregation::MAX_AGGREGATIONS;
use super::filter::{MAX_FILTERS, tested};
use super::held_result::column;
use super::json::list;
use super::names::plain;
use super::{Rejection, quote, resolve, short_forms};
use crate::catalog::Dimension;
use crate::metabase::{Direction, FilterOperation};
use crate::result::derive::{
    Granularity, RowAggregate, RowFilter, RowFunction, RowGroup, RowSort, TextMatching, TimePart,
    ValueComparison, ValueTest,
};
use crate::result::{Column, ColumnKind};

const MAX_GROUPS: usize = 5;
const MAX_SORTS: usize = 5;

/// The functions, by their names in calls.
pub(in crate::tools) const HELD_FUNCTIONS: [RowFunction; 7] = [
    RowFunction::Count,
    RowFunction::CountDistinct,
    RowFunction::Sum,
    RowFunction::Average,
    RowFunction::Min,
    RowFunction::Max,
    RowFunction::Median,
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldFilterArguments {
    column: String,
    operation: String,
    #[serde(default)]
    values: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldGroupArguments {
    column: String,
    #[serde(default)]
    granularity: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldAggregateArguments {
    function: String,
    #[serde(default)]
    column: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldSortArguments {
    column: String,
    #[serde(default)]
    direction: Option<Direction>,
}

/// Operations of one kind, each with its canonical form.
type CheckedOperations<T> = Result<Vec<(T, Value)>, Rejection>;

/// The conditions in canonical order, each once.
pub(in crate::tools) fn held_filters(
    items: Option<Vec<Value>>,
    columns: &[Column],
    place: &str,
) -> CheckedOperations<RowFilter> {
    let mut filters = Vec::new();
    for (at, item) in list::<HeldFilterArguments>(items, "filters", MAX_FILTERS)?
        .into_iter()
        .enumerate()
    {
        filters.push(
            filter(&item, columns, place).map_err(|rejection| rejection.at(&format!("filters[{at}]")))?,
        );
    }
    filters.sort_by_cached_key(|(_, canonical)| canonical.to_string());
    filters.dedup_by(|a, b| a.1 == b.1);
    Ok(filters)
}

fn filter(
    item: &HeldFilterArguments,
    columns: &[Column],
    place: &str,
) -> Result<(RowFilter, Value), Rejection> {
    let (at, found) = named(columns, &item.column, place)?;
    let as_dimension = Dimension {
        name: found.name.clone(),
        label: found.label.clone(),
        kind: found.kind,
        description: None,
        values: None,
    };
    let (operation, values, _) = tested(
        &as_dimension,
        &item.operation,
        item.values.as_deref().unwrap_or_default(),
        None,
    )?;
    let mut canonical = json!({"column": found.name, "operation": operation});
    if let Some(map) = canonical.as_object_mut()
        && !values.is_empty()
    {
        map.insert("values".to_owned(), Value::Array(values.clone()));
    }
    let filter = RowFilter {
        column: at,
        test: test(operation, values)?,
    };
    Ok((filter, canonical))
}

fn test(operation: FilterOperation, values: Vec<Value>) -> Result<ValueTest, Rejection> {
    use FilterOperation as Op;
    let texts = |values: Vec<Value>| -> Vec<String> {
        let text = |value: Value| value.as_str().map(str::to_owned);
        values.into_iter().filter_map(text).collect()
    };
    let first = || {
        values
            .first()
            .cloned()
            .ok_or_else(|| Rejection::bad_value("a value is missing"))
    };
    let part = |part, not| ValueTest::Part {
        part,
        values: values.iter().filter_map(Value::as_i64).collect(),
        not,
    };
    Ok(match operation {
        Op::IsNull => ValueTest::Null,
        Op::IsNotNull => ValueTest::NotNull,
        Op::StringIsEmpty => ValueTest::Empty,
        Op::StringIsNotEmpty => ValueTest::NotEmpty,
        Op::IsTrue => ValueTest::True,
        Op::IsFalse => ValueTest::False,
        Op::Equals => ValueTest::OneOf(values),
        Op::NotEquals => ValueTest::NoneOf(values),
        Op::GreaterThan => ValueTest::Compares(ValueComparison::Greater, first()?),
        Op::GreaterThanOrEqual => ValueTest::Compares(ValueComparison::GreaterOrEqual, first()?),
        Op::LessThan => ValueTest::Compares(ValueComparison::Less, first()?),
        Op::LessThanOrEqual => ValueTest::Compares(ValueComparison::LessOrEqual, first()?),
        Op::StringContains => ValueTest::Matches(TextMatching::Contains, texts(values)),
        Op::StringNotContains => ValueTest::Matches(TextMatching::NotContains, texts(values)),
        Op::StringStartsWith => ValueTest::Matches(TextMatching::StartsWith, texts(values)),
        Op::StringEndsWith => ValueTest::Matches(TextMatching::EndsWith, texts(values)),
        Op::YearEquals => part(TimePart::Year, false),
        Op::YearNotEquals => part(TimePart::Year, true),
        Op::QuarterEquals => part(TimePart::Quarter, false),
        Op::QuarterNotEquals => part(TimePart::Quarter, true),
        Op::MonthEquals => part(TimePart::Month, false),
        Op::MonthNotEquals => part(TimePart::Month, true),
        Op::DayOfWeekEquals => part(TimePart::DayOfWeek, false),
        Op::DayOfWeekNotEquals => part(TimePart::DayOfWeek, true),
        Op::HourEquals => part(TimePart::Hour, false),
        Op::HourNotEquals => part(TimePart::Hour, true),
        Op::MinuteEquals => part(TimePart::Minute, false),
        Op::MinuteNotEquals => part(TimePart::Minute, true),
        Op::SecondEquals => part(TimePart::Second, false),
        Op::SecondNotEquals => part(TimePart::Second, true),
    })
}

pub(in crate::tools) fn held_groups(
    items: Option<Vec<Value>>,
    columns: &[Column],
    place: &str,
) -> CheckedOperations<RowGroup> {
    let mut groups: Vec<(RowGroup, Value)> = Vec::new();
    for (at, item) in list::<HeldGroupArguments>(items, "group_by", MAX_GROUPS)?
        .into_iter()
        .enumerate()
    {
        let next =
            group(&item, columns, place).map_err(|rejection| rejection.at(&format!("group_by[{at}]")))?;
        if groups.iter().any(|(group, _)| group.column == next.0.column) {
            return Err(Rejection::bad_value(format!(
                "group_by[{at}]: {} is there twice",
                quote(&item.column)
            )));
        }
        groups.push(next);
    }
    Ok(groups)
}

fn group(item: &HeldGroupArguments, columns: &[Column], place: &str) -> Result<(RowGroup, Value), Rejection> {
    let (at, found) = named(columns, &item.column, place)?;
    if found.kind == ColumnKind::Other {
        return Err(Rejection::bad_value(format!(
            "{} cannot be grouped by: its values are not comparable",
            quote(&found.name)
        )));
    }
    let Some(written) = &item.granularity else {
        let group = RowGroup {
            column: at,
            granularity: None,
        };
        return Ok((group, json!({"column": found.name})));
    };
    let words = || Granularity::ALL.map(Granularity::word).join(", ");
    let granularity = Granularity::ALL
        .into_iter()
        .find(|granularity| granularity.word() == written)
        .ok_or_else(|| {
            Rejection::bad_value(format!("{} is no granularity here", quote(written)))
                .hint(format!("granularity is one of: {}", words()))
                .hint("for weeks and days of the week, query with that granularity")
        })?;
    if !granularity.fits(found) {
        let is = match &found.unit {
            Some(unit) => format!("{} by {unit}", found.kind.word()),
            None => found.kind.word().to_owned(),
        };
        return Err(Rejection::bad_value(format!(
            "{} is {is}, which the granularity {} does not fit",
            quote(&found.name),
            granularity.word()
        ))
        .hint(
            "a granularity goes with days and moments, and is not finer than the column; or leave it out",
        ));
    }
    let group = RowGroup {
        column: at,
        granularity: Some(granularity),
    };
    let canonical = json!({"column": found.name, "granularity": granularity.word()});
    Ok((group, canonical))
}

pub(in crate::tools) fn held_aggregates(
    items: Option<Vec<Value>>,
    columns: &[Column],
    place: &str,
) -> CheckedOperations<RowAggregate> {
    let mut aggregates: Vec<(RowAggregate, Value)> = Vec::new();
    for (at, item) in list::<HeldAggregateArguments>(items, "aggregations", MAX_AGGREGATIONS)?
        .into_iter()
        .enumerate()
    {
        let next = held_aggregate(&item.function, item.column.as_deref(), None, columns, place)
            .map_err(|rejection| rejection.at(&format!("aggregations[{at}]")))?;
        if aggregates.iter().any(|(aggregate, _)| *aggregate == next.0) {
            return Err(Rejection::bad_value(format!("aggregations[{at}] is there twice")));
        }
        aggregates.push(next);
    }
    Ok(aggregates)
}

/// One figure over a column, with its canonical form. A percentile comes with its `percent`; without one it is not among
/// the functions.
pub(in crate::tools) fn held_aggregate(
    name: &str,
    column: Option<&str>,
    percent: Option<u64>,
    columns: &[Column],
    place: &str,
) -> Result<(RowAggregate, Value), Rejection> {
    let word = match name {
        "mean" | "average" => "avg",
        other => other,
    };
    if let Some(percent) = percent {
        if word != "percentile" {
            return Err(Rejection::schema(format!("{word} takes no percent")));
        }
        let Some(percent) = u8::try_from(percent).ok().filter(|percent| *percent <= 100) else {
            return Err(Rejection::bad_value("percent is a whole number from 0 to 100"));
        };
        let (at, found) = named(columns, column.unwrap_or_default(), place)?;
        if !found.kind.is_numeric() {
            return Err(Rejection::bad_value(format!(
                "percentile does not fit {}, which is {}",
                quote(&found.name),
                found.kind.word()
            )));
        }
        let aggregate = RowAggregate {
            function: RowFunction::Percentile(percent),
            column: Some(at),
        };
        return Ok((
            aggregate,
            json!({"column": found.name, "function": word, "percent": percent}),
        ));
    }
    let function = HELD_FUNCTIONS
        .into_iter()
        .find(|function| function.word() == word)
        .ok_or_else(|| {
            let rejection = Rejection::bad_value(format!("there is no function {}", quote(name)));
            if word == "percentile" {
                return rejection.hint("in derive, percentile goes with percent: 90 for the 90th");
            }
            rejection.hint(format!(
                "the functions are: {}",
                HELD_FUNCTIONS.map(RowFunction::word).join(", ")
            ))
        })?;
    let Some(wanted) = column else {
        return if function == RowFunction::Count {
            let count = RowAggregate {
                function,
                column: None,
            };
            Ok((count, json!({"function": word})))
        } else {
            Err(Rejection::schema(format!("{word} needs a column")))
        };
    };
    let (at, found) = named(columns, wanted, place)?;
    let fits = match function {
        RowFunction::Count => {
            return Err(Rejection::schema("count takes no column: it counts rows").hint(
                "count-distinct counts the different values of a column; is-not-null filters what has one",
            ));
        }
        RowFunction::Sum | RowFunction::Average | RowFunction::Median | RowFunction::Percentile(_) => {
            found.kind.is_numeric()
        }
        RowFunction::Min | RowFunction::Max => found.kind.is_numeric() || found.kind.is_temporal(),
        RowFunction::CountDistinct => found.kind != ColumnKind::Other,
    };
    if !fits {
        return Err(Rejection::bad_value(format!(
            "{word} does not fit {}, which is {}",
            quote(&found.name),
            found.kind.word()
        )));
    }
    let aggregate = RowAggregate {
        function,
        column: Some(at),
    };
    Ok((aggregate, json!({"column": found.name, "function": word})))
}

/// The order: `columns` are the held table's for raw rows, the result's for groups.
pub(in crate::tools) fn held_sort(
    items: Option<Vec<Value>>,
    columns: &[Column],
    place: &str,
) -> CheckedOperations<RowSort> {
    let is_name = |text: &str| computed(columns, text).is_some() || column(columns, text, place).is_ok();
    let items = short_forms::orders(items, "column", is_name);
    let mut sorts: Vec<(RowSort, Value)> = Vec::new();
    for (at, item) in list::<HeldSortArguments>(items, "sort", MAX_SORTS)?
        .into_iter()
        .enumerate()
    {
        let place_of = computed(columns, &item.column)
            .map_or_else(|| column(columns, &item.column, place), Ok)
            .map_err(|rejection| rejection.at(&format!("sort[{at}]")))?;
        if sorts.iter().any(|(sort, _)| sort.column == place_of) {
            return Err(Rejection::bad_value(format!(
                "sort[{at}]: {} is there twice",
                quote(&item.column)
            )));
        }
        let direction = item.direction.unwrap_or(Direction::Asc);
        let name = columns.get(place_of).map(|column| column.name.as_str());
        let sort = RowSort {
            column: place_of,
            descending: direction == Direction::Desc,
        };
        sorts.push((sort, json!({"column": name, "direction": direction})));
    }
    Ok(sorts)
}

/// A computed column by a shorter name that fits it alone: its function, or the column it is computed of.
fn computed(columns: &[Column], wanted: &str) -> Option<usize> {
    if resolve(wanted, columns, |column| &column.name, |column| &column.label).is_some() {
        return None;
    }
    let wanted = plain(wanted);
    let is_function = |word: &str| {
        let mut functions = HELD_FUNCTIONS.iter();
        word.starts_with("percentile") || functions.any(|function| plain(function.word()) == plain(word))
    };
    let mut fitting = columns.iter().enumerate().filter(|(_, column)| {
        let parts = column.name.split_once("_of_");
        parts.is_some_and(|(function, of)| {
            is_function(function) && (plain(function) == wanted || plain(of) == wanted)
        })
    });
    match (fitting.next(), fitting.next()) {
        (Some((at, _)), None) => Some(at),
        _ => None,
    }
}

/// The columns of raw rows.
pub(in crate::tools) fn held_columns(
    wanted: &[String],
    columns: &[Column],
    place: &str,
) -> Result<Vec<usize>, Rejection> {
    let mut found: Vec<usize> = Vec::new();
    for name in wanted {
        let at = column(columns, name, place).map_err(|rejection| rejection.at("columns"))?;
        if found.contains(&at) {
            return Err(Rejection::bad_value(format!(
                "columns: {} is there twice",
                quote(name)
            )));
        }
        found.push(at);
    }
    Ok(found)
}

fn named<'a>(columns: &'a [Column], wanted: &str, place: &str) -> Result<(usize, &'a Column), Rejection> {
    let at = column(columns, wanted, place)?;
    columns
        .get(at)
        .map(|found| (at, found))
        .ok_or_else(|| Rejection::unknown_name(format!("{place} has no column {}", quote(wanted))))
}
