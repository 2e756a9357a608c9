//! Conditions as dbt takes them: SQL with templates in it, such as `{{ Dimension('customer__region') }} = 'Asia'`.
//!
//! dbt fills in the templates and puts the rest into the query that the warehouse runs. So everything here is written from parts that
//! the gate checked: names are those of the catalog, operations are words of ours, and a value is a literal that neither ends its
//! quotes nor begins a template. What cannot be written safely for a warehouse is a [`FilterProblem`], before anything is sent.
//! As in Metabase, what is not equal to a value includes what is empty, and texts are searched whatever the case of letters.

use std::fmt::Write as _;

use jiff::civil::{Date, Weekday};

use crate::catalog::{DbtMetricDefinition, Dimension, SqlDialect};
use crate::metabase::{Bucket, FilterOperation, QueryFilter, Scalar};
use crate::result::ColumnKind;

/// Longest condition that is sent, all of them together, in bytes.
const MOST_BYTES: usize = 16 * 1024;
const DAY: &str = "day";

/// Why a condition cannot be asked of dbt, in words that say what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterProblem(pub String);

fn problem<T>(message: impl Into<String>) -> Result<T, FilterProblem> {
    Err(FilterProblem(message.into()))
}

/// The conditions, one text for each filter; all of them have to hold.
pub(super) fn conditions(
    metric: &DbtMetricDefinition,
    filters: &[QueryFilter],
) -> Result<Vec<String>, FilterProblem> {
    let conditions: Vec<String> = filters
        .iter()
        .map(|filter| condition(metric, filter))
        .collect::<Result<_, _>>()?;
    if conditions.iter().map(String::len).sum::<usize>() > MOST_BYTES {
        return problem("the filters are too long for dbt: ask for fewer values at once");
    }
    Ok(conditions)
}

fn condition(metric: &DbtMetricDefinition, filter: &QueryFilter) -> Result<String, FilterProblem> {
    let QueryFilter::Dimension {
        dimension,
        operation,
        values,
        bucket,
    } = filter
    else {
        return problem("metrics of dbt have no segments: filter by dimensions");
    };
    match metric.grains.get(&dimension.name) {
        Some(grains) => of_time(dimension, grains, *operation, values, *bucket),
        None => of_category(metric, dimension, *operation, values),
    }
}

/// A name of the catalog within a template. dbt's names are letters, digits and `_`.
fn name(text: &str) -> Result<&str, FilterProblem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if text.is_empty() || !text.chars().all(plain) {
        return problem(format!(
            "the name {text:?} of a dimension has characters that dbt's names do not have"
        ));
    }
    Ok(text)
}

fn of_category(
    metric: &DbtMetricDefinition,
    dimension: &Dimension,
    operation: FilterOperation,
    values: &[Scalar],
) -> Result<String, FilterProblem> {
    let kind = if metric.entities.contains(&dimension.name) {
        "Entity"
    } else {
        "Dimension"
    };
    let what = format!("{{{{ {kind}('{}') }}}}", name(&dimension.name)?);
    if let Some(test) = existence(&what, operation, dimension.kind) {
        return Ok(test);
    }
    let texts: Vec<String> = match operation {
        FilterOperation::StringContains
        | FilterOperation::StringNotContains
        | FilterOperation::StringStartsWith
        | FilterOperation::StringEndsWith => return matching(&what, operation, values, metric.dialect),
        _ => values
            .iter()
            .map(|value| literal(value, metric.dialect))
            .collect::<Result<_, _>>()?,
    };
    compared(&what, operation, &texts)
}

/// Conditions without a value.
fn existence(what: &str, operation: FilterOperation, kind: ColumnKind) -> Option<String> {
    use FilterOperation as Op;
    Some(match operation {
        Op::IsNull => format!("{what} IS NULL"),
        Op::IsNotNull => format!("{what} IS NOT NULL"),
        Op::IsTrue if kind == ColumnKind::Boolean => format!("{what} = true"),
        Op::IsFalse if kind == ColumnKind::Boolean => format!("{what} = false"),
        Op::StringIsEmpty => format!("({what} IS NULL OR {what} = '')"),
        Op::StringIsNotEmpty => format!("({what} IS NOT NULL AND {what} <> '')"),
        _ => return None,
    })
}

fn compared(what: &str, operation: FilterOperation, values: &[String]) -> Result<String, FilterProblem> {
    use FilterOperation as Op;
    let (sign, one) = match (operation, values) {
        (_, []) => return problem("the operation needs a value"),
        (Op::Equals, [one]) => ("=", one),
        (Op::Equals, several) => return Ok(format!("{what} IN ({})", several.join(", "))),
        (Op::NotEquals, [one]) => return Ok(format!("({what} IS NULL OR {what} <> {one})")),
        (Op::NotEquals, several) => {
            return Ok(format!(
                "({what} IS NULL OR {what} NOT IN ({}))",
                several.join(", ")
            ));
        }
        (Op::GreaterThan, [one, ..]) => (">", one),
        (Op::GreaterThanOrEqual, [one, ..]) => (">=", one),
        (Op::LessThan, [one, ..]) => ("<", one),
        (Op::LessThanOrEqual, [one, ..]) => ("<=", one),
        _ => {
            return of_parts();
        }
    };
    Ok(format!("{what} {sign} {one}"))
}

fn of_parts<T>() -> Result<T, FilterProblem> {
    problem(
        "dbt's metrics cannot be filtered by parts of a date such as the month of any year or the day of the week: use \
         greater-than-or-equal and less-than, or year-equals",
    )
}

/// Searches in texts. The signs that stand for any letter cannot be escaped in all warehouses alike.
fn matching(
    what: &str,
    operation: FilterOperation,
    values: &[Scalar],
    dialect: SqlDialect,
) -> Result<String, FilterProblem> {
    use FilterOperation as Op;
    let (before, after) = match operation {
        Op::StringStartsWith => ("", "%"),
        Op::StringEndsWith => ("%", ""),
        _ => ("%", "%"),
    };
    let mut tests = Vec::new();
    for value in values {
        let Scalar::Text(text) = value else {
            return problem("only texts can be searched for");
        };
        if text.contains(['%', '_']) {
            return problem(format!(
                "dbt's metrics cannot be searched for {text:?}, because % and _ stand for any letters in a warehouse: use equals \
                 with whole values"
            ));
        }
        let pattern = quoted(&format!("{before}{}{after}", text.to_lowercase()), dialect)?;
        tests.push(format!("LOWER({what}) LIKE {pattern}"));
    }
    let any = tests.join(" OR ");
    Ok(if operation == Op::StringNotContains {
        format!("({what} IS NULL OR NOT ({any}))")
    } else {
        format!("({any})")
    })
}

fn literal(value: &Scalar, dialect: SqlDialect) -> Result<String, FilterProblem> {
    match value {
        Scalar::Text(text) => quoted(text, dialect),
        Scalar::Number(number) => Ok(number.to_string()),
        Scalar::Bool(truth) => Ok(truth.to_string()),
    }
}

/// A text in quotes, of which the warehouse reads exactly this text and dbt no template.
fn quoted(text: &str, dialect: SqlDialect) -> Result<String, FilterProblem> {
    if text.contains("{{")
        || text.contains("{%")
        || text.contains("{#")
        || text.contains("}}")
        || text.contains("%}")
    {
        return problem(format!(
            "{text:?} cannot be asked of dbt, which would read a template in it"
        ));
    }
    if text.chars().any(char::is_control) {
        return problem(format!(
            "{text:?} cannot be asked of dbt: it has control characters"
        ));
    }
    let special = text.contains(['\'', '\\']);
    let (quote, backslash) = match dialect {
        SqlDialect::DoubledQuotes => ("''", "\\"),
        SqlDialect::DoubledBoth => ("''", "\\\\"),
        SqlDialect::Backslashes => ("\\'", "\\\\"),
        SqlDialect::Unknown if special => {
            return problem(format!(
                "{text:?} cannot be asked of dbt, because it is not known how this warehouse writes quotes and backslashes: use another \
                 condition"
            ));
        }
        SqlDialect::Unknown => ("", ""),
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' => out.push_str(quote),
            '\\' => out.push_str(backslash),
            other => out.push(other),
        }
    }
    out.push('\'');
    Ok(out)
}

/// A condition on a time. A whole day is compared with days, so that "until the 5th" includes the 5th.
fn of_time(
    dimension: &Dimension,
    grains: &[String],
    operation: FilterOperation,
    values: &[Scalar],
    bucket: Option<Bucket>,
) -> Result<String, FilterProblem> {
    use FilterOperation as Op;
    let texts: Vec<&str> = values
        .iter()
        .filter_map(|value| match value {
            Scalar::Text(text) => Some(text.as_str()),
            Scalar::Number(_) | Scalar::Bool(_) => None,
        })
        .collect();
    let years = matches!(operation, Op::YearEquals | Op::YearNotEquals);
    let finest = grains.first().map_or(DAY, String::as_str);
    let grain = match bucket {
        _ if years => "year",
        Some(bucket) => grain_of(bucket)?,
        None if texts.iter().all(|text| day(text).is_some()) && has(grains, DAY) => DAY,
        None => finest,
    };
    if !has(grains, grain) {
        return problem(format!(
            "{} is not known by {grain}: it has {}",
            dimension.name,
            grains.join(", ")
        ));
    }
    let what = format!(
        "{{{{ TimeDimension('{}', '{}') }}}}",
        name(&dimension.name)?,
        name(grain)?
    );
    if let Some(test) = existence(&what, operation, dimension.kind) {
        return Ok(test);
    }
    if years {
        let mut days = Vec::new();
        for value in values {
            let year = match value {
                Scalar::Number(number) => number.as_i64().filter(|year| (1..=9_999).contains(year)),
                Scalar::Text(_) | Scalar::Bool(_) => None,
            };
            let Some(year) = year else {
                return problem("a year is a whole number such as 2025");
            };
            let mut day = String::new();
            let _ = write!(day, "'{year:04}-01-01'");
            days.push(day);
        }
        let same = if operation == Op::YearEquals {
            Op::Equals
        } else {
            Op::NotEquals
        };
        return compared(&what, same, &days);
    }
    let exact = matches!(operation, Op::Equals | Op::NotEquals);
    let ordered = matches!(
        operation,
        Op::GreaterThan | Op::GreaterThanOrEqual | Op::LessThan | Op::LessThanOrEqual
    );
    if !exact && !ordered {
        return of_parts();
    }
    let moments: Vec<String> = texts
        .into_iter()
        .map(|text| moment(text, grain, exact))
        .collect::<Result<_, _>>()?;
    compared(&what, operation, &moments)
}

/// A text that is a day and nothing else.
fn day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn has(grains: &[String], grain: &str) -> bool {
    grains.iter().any(|known| known.eq_ignore_ascii_case(grain))
}

/// The grain that a bucket is in dbt.
pub(super) fn grain_of(bucket: Bucket) -> Result<&'static str, FilterProblem> {
    Ok(match bucket {
        Bucket::Minute => "minute",
        Bucket::Hour => "hour",
        Bucket::Day => DAY,
        Bucket::Week => "week",
        Bucket::Month => "month",
        Bucket::Quarter => "quarter",
        Bucket::Year => "year",
        Bucket::DayOfWeek => {
            return problem(
                "dbt's metrics are not known by the day of the week: use day, and a result's own days",
            );
        }
    })
}

/// What a column of times in that grain holds: days, or moments.
pub(super) fn kind_of_grain(grain: &str) -> ColumnKind {
    match grain {
        DAY | "week" | "month" | "quarter" | "year" => ColumnKind::Date,
        _ => ColumnKind::Datetime,
    }
}

/// A day or a moment in quotes. What has to be equal to a period is written as the period's first day.
fn moment(text: &str, grain: &str, exact: bool) -> Result<String, FilterProblem> {
    if let Some(day) = day(text) {
        let day = if exact { first_of(day, grain) } else { day };
        return Ok(format!("'{day}'"));
    }
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z' | '+');
    if !text.chars().all(plain) {
        return problem(format!("{text:?} is no day and no moment"));
    }
    if matches!(grain, "day" | "week" | "month" | "quarter" | "year") {
        return problem(format!(
            "{text:?} has a time of day, and this is known by {grain} only: use a day such as 2026-03-31"
        ));
    }
    Ok(format!("'{}'", text.replacen('T', " ", 1)))
}

fn first_of(day: Date, grain: &str) -> Date {
    match grain {
        "week" => {
            let since = day.weekday().since(Weekday::Monday);
            day.checked_sub(jiff::Span::new().days(since)).unwrap_or(day)
        }
        "month" => day.first_of_month(),
        "quarter" => {
            let month = (day.month() - 1) / 3 * 3 + 1;
            Date::new(day.year(), month, 1).unwrap_or(day)
        }
        "year" => day.first_of_year(),
        _ => day,
    }
}
