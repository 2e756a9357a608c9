use serde_json::Value;

use super::problem::Problem;
use super::reader::{Reader, choice, int, list, positive, text};
use super::temporal::{BUCKETS, Bucket};

/// A condition on the rows.
#[derive(Debug)]
pub(super) enum Filter {
    /// A named filter of the table.
    Segment(i64),
    /// Whether there is a value, or a boolean's value.
    Existence {
        /// The column.
        field: String,
        /// MBQL operator.
        op: &'static str,
    },
    /// A part of a date or time.
    Extraction {
        /// The column.
        field: String,
        /// The part.
        part: Part,
        /// `=` or `!=`.
        op: &'static str,
        /// What it is compared with, at least one.
        values: Vec<i64>,
    },
    /// A comparison.
    Comparison {
        /// The column.
        field: String,
        /// MBQL operator.
        op: &'static str,
        /// What it is compared with, at least one.
        values: Vec<Value>,
        /// What the column is cut down to first.
        bucket: Option<Bucket>,
    },
    /// A condition on text, whatever its case.
    Text {
        /// The column.
        field: String,
        /// MBQL operator.
        op: &'static str,
        /// What it is compared with, at least one.
        values: Vec<String>,
    },
}

/// A part of a date or time that a filter can look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Its name in requests.
    pub(super) name: &'static str,
    /// The MBQL operator that extracts it.
    pub(super) extract: &'static str,
    /// Its range, where it has one.
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
const PARTS: [Part; 7] = [
    Part::new("year", "get-year", None),
    Part::new("quarter", "get-quarter", Some((1, 4))),
    Part::new("month", "get-month", Some((1, 12))),
    Part::new("day-of-week", "get-day-of-week", Some((1, 7))),
    Part::new("hour", "get-hour", Some((0, 23))),
    Part::new("minute", "get-minute", Some((0, 59))),
    Part::new("second", "get-second", Some((0, 59))),
];

impl Part {
    const fn new(name: &'static str, extract: &'static str, range: Option<(i64, i64)>) -> Self {
        Self { name, extract, range }
    }
}

/// The family that an operation belongs to.
enum Operation {
    Existence(&'static str),
    Extraction(Part, &'static str),
    Comparison(&'static str),
    Text(&'static str),
}

/// Decodes one filter.
pub(super) fn filter(value: &Value) -> Result<Filter, Problem> {
    let mut reader = Reader::new(value)?;
    if reader.has("segment_id") {
        let id = reader.required("segment_id", "segment id", positive);
        reader.finish()?;
        return id
            .map(Filter::Segment)
            .ok_or_else(|| Problem::missing("segment id"));
    }
    let operation = reader.required("operation", "filter operation", operation);
    let field = reader.required("field_id", "field id", |value| text(value).map(str::to_owned));
    let decoded = match operation {
        Some(Operation::Existence(op)) => field.map(|field| Filter::Existence { field, op }),
        Some(Operation::Extraction(part, op)) => {
            let values = values(&mut reader, true, int);
            (field.zip(values)).map(|(field, values)| Filter::Extraction {
                field,
                part,
                op,
                values,
            })
        }
        Some(Operation::Comparison(op)) => {
            let bucket = reader.optional("bucket", |value| choice(value, &BUCKETS));
            let values = values(&mut reader, matches!(op, "=" | "!="), scalar);
            (field.zip(values)).map(|(field, values)| Filter::Comparison {
                field,
                op,
                values,
                bucket,
            })
        }
        Some(Operation::Text(op)) => {
            let decode = |value: &Value| text(value).map(str::to_owned);
            let values = values(&mut reader, true, decode);
            (field.zip(values)).map(|(field, values)| Filter::Text { field, op, values })
        }
        None => None,
    };
    reader.finish()?;
    decoded.ok_or_else(|| Problem::missing("filter"))
}

fn operation(value: &Value) -> Result<Operation, Problem> {
    let name = text(value)?;
    let find =
        |words: &[(&str, &'static str)]| words.iter().find(|(word, _)| *word == name).map(|(_, op)| *op);
    if let Some(op) = find(&EXISTENCE) {
        return Ok(Operation::Existence(op));
    }
    if let Some(op) = find(&COMPARISON) {
        return Ok(Operation::Comparison(op));
    }
    if let Some(op) = find(&TEXT) {
        return Ok(Operation::Text(op));
    }
    for (suffix, op) in [("-not-equals", "!="), ("-equals", "=")] {
        if let Some(part) = name.strip_suffix(suffix)
            && let Some(part) = PARTS.iter().find(|known| known.name == part)
        {
            return Ok(Operation::Extraction(*part, op));
        }
    }
    Err(Problem::wrong(
        "enum of filter operations",
        "should be a filter operation",
        value,
    ))
}

/// The one `value` or, where several make sense, the `values` of a filter.
fn values<T>(
    reader: &mut Reader<'_>,
    several: bool,
    decode: impl Fn(&Value) -> Result<T, Problem>,
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
                reader.note("values", Problem::missing(what));
                return None;
            }
            Some(given)
        }
        _ => reader.required("value", "value", decode).map(|value| vec![value]),
    }
}

fn scalar(value: &Value) -> Result<Value, Problem> {
    match value {
        Value::String(_) | Value::Number(_) => Ok(value.clone()),
        other => Err(Problem::wrong(
            "string or number",
            "should be a string or a number",
            other,
        )),
    }
}
