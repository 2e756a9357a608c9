use serde_json::Value;

use super::problem::BodyError;
use super::reader::{BodyReader, choice, int, list, positive, text};
use super::temporal::{BUCKETS, TemporalBucket};

/// A condition on the rows.
#[derive(Debug)]
pub(super) enum FilterClause {
    /// A named filter of the table.
    Segment(i64),
    /// Whether there is a value, or a boolean's value.
    Existence { field: String, op: &'static str },
    /// A part of a date or time.
    Extraction {
        field: String,
        part: DatePart,
        /// `=` or `!=`.
        op: &'static str,
        /// What it is compared with, at least one.
        values: Vec<i64>,
    },
    Comparison {
        field: String,
        op: &'static str,
        /// What it is compared with, at least one.
        values: Vec<Value>,
        /// What the column is cut down to first.
        bucket: Option<TemporalBucket>,
    },
    /// A condition on text, whatever its case.
    Text {
        field: String,
        op: &'static str,
        /// What it is compared with, at least one.
        values: Vec<String>,
    },
}

/// A part of a date or time that a filter can look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct DatePart {
    pub(super) name: &'static str,
    /// The MBQL operator that extracts it.
    pub(super) extract: &'static str,
    pub(super) range: Option<(i64, i64)>,
}

const EXISTENCE: [(&str, &str); 6] = [
    ("is-null", "is-null"),
    ("is-not-null", "not-null"),
    ("string-is-empty", "is-empty"),
    ("string-is-not-empty", "not-empty"),
    ("is-true", "is-true"),
    ("is-false", "is-false"),
];
const COMPARISON: [(&str, &str); 6] = [
    ("equals", "="),
    ("not-equals", "!="),
    ("greater-than", ">"),
    ("greater-than-or-equal", ">="),
    ("less-than", "<"),
    ("less-than-or-equal", "<="),
];
const TEXT: [(&str, &str); 4] = [
    ("string-contains", "contains"),
    ("string-not-contains", "does-not-contain"),
    ("string-starts-with", "starts-with"),
    ("string-ends-with", "ends-with"),
];
const PARTS: [DatePart; 7] = [
    DatePart::new("year", "get-year", None),
    DatePart::new("quarter", "get-quarter", Some((1, 4))),
    DatePart::new("month", "get-month", Some((1, 12))),
    DatePart::new("day-of-week", "get-day-of-week", Some((1, 7))),
    DatePart::new("hour", "get-hour", Some((0, 23))),
    DatePart::new("minute", "get-minute", Some((0, 59))),
    DatePart::new("second", "get-second", Some((0, 59))),
];

impl DatePart {
    const fn new(name: &'static str, extract: &'static str, range: Option<(i64, i64)>) -> Self {
        Self { name, extract, range }
    }
}

/// The family that an operation belongs to.
enum FilterFamily {
    Existence(&'static str),
    Extraction(DatePart, &'static str),
    Comparison(&'static str),
    Text(&'static str),
}

pub(super) fn filter(value: &Value) -> Result<FilterClause, BodyError> {
    let mut reader = BodyReader::new(value)?;
    if reader.has("segment_id") {
        let id = reader.required("segment_id", "segment id", positive);
        reader.finish()?;
        return id
            .map(FilterClause::Segment)
            .ok_or_else(|| BodyError::missing("segment id"));
    }
    let operation = reader.required("operation", "filter operation", operation);
    let field = reader.required("field_id", "field id", |value| text(value).map(str::to_owned));
    let decoded = match operation {
        Some(FilterFamily::Existence(op)) => field.map(|field| FilterClause::Existence { field, op }),
        Some(FilterFamily::Extraction(part, op)) => {
            let values = values(&mut reader, true, int);
            (field.zip(values)).map(|(field, values)| FilterClause::Extraction {
                field,
                part,
                op,
                values,
            })
        }
        Some(FilterFamily::Comparison(op)) => {
            let bucket = reader.optional("bucket", |value| choice(value, &BUCKETS));
            let values = values(&mut reader, matches!(op, "=" | "!="), scalar);
            (field.zip(values)).map(|(field, values)| FilterClause::Comparison {
                field,
                op,
                values,
                bucket,
            })
        }
        Some(FilterFamily::Text(op)) => {
            let decode = |value: &Value| text(value).map(str::to_owned);
            let values = values(&mut reader, true, decode);
            (field.zip(values)).map(|(field, values)| FilterClause::Text { field, op, values })
        }
        None => None,
    };
    reader.finish()?;
    decoded.ok_or_else(|| BodyError::missing("filter"))
}

fn operation(value: &Value) -> Result<FilterFamily, BodyError> {
    let name = text(value)?;
    let find =
        |words: &[(&str, &'static str)]| words.iter().find(|(word, _)| *word == name).map(|(_, op)| *op);
    if let Some(op) = find(&EXISTENCE) {
        return Ok(FilterFamily::Existence(op));
    }
    if let Some(op) = find(&COMPARISON) {
        return Ok(FilterFamily::Comparison(op));
    }
    if let Some(op) = find(&TEXT) {
        return Ok(FilterFamily::Text(op));
    }
    for (suffix, op) in [("-not-equals", "!="), ("-equals", "=")] {
        if let Some(part) = name.strip_suffix(suffix)
            && let Some(part) = PARTS.iter().find(|known| known.name == part)
        {
            return Ok(FilterFamily::Extraction(*part, op));
        }
    }
    Err(BodyError::wrong(
        "enum of filter operations",
        "should be a filter operation",
        value,
    ))
}

/// The one `value` or, where several make sense, the `values` of a filter.
fn values<T>(
    reader: &mut BodyReader<'_>,
    several: bool,
    decode: impl Fn(&Value) -> Result<T, BodyError>,
) -> Option<Vec<T>> {
    match (reader.has("value"), reader.has("values")) {
        (true, true) => {
            reader.refuse(&["values"]);
            None
        }
        (false, true) => {
            let given = reader.required("values", "values", |value| list(value, decode))?;
            let most = if several { usize::MAX } else { 1 };
            if given.is_empty() || given.len() > most {
                let what = if given.is_empty() {
                    "at least one value"
                } else {
                    "one value"
                };
                reader.note("values", BodyError::missing(what));
                return None;
            }
            Some(given)
        }
        _ => reader.required("value", "value", decode).map(|value| vec![value]),
    }
}

fn scalar(value: &Value) -> Result<Value, BodyError> {
    match value {
        Value::String(_) | Value::Number(_) => Ok(value.clone()),
        other => Err(BodyError::wrong(
            "string or number",
            "should be a string or a number",
            other,
        )),
    }
}
