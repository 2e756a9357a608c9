//! Pages of a result in Arrow's stream format, as the same page that JSON would be.

use std::io::Cursor;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, TimeUnit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::rows::{ResultField, ResultPage};
use crate::result::exact_numbers_quoted;

const SECONDS_OF_DAY: i64 = 24 * 60 * 60;

/// Reads a page in base64.
pub(super) fn read(text: &str) -> Result<ResultPage, String> {
    let bytes = STANDARD
        .decode(text.trim())
        .map_err(|error| format!("they are not base64: {error}"))?;
    let reader = StreamReader::try_new(Cursor::new(bytes), None).map_err(|error| error.to_string())?;
    let schema = reader.schema();
    let fields = schema.fields().iter().map(|field| ResultField {
        name: field.name().clone(),
        field_type: word(field.data_type()).to_owned(),
    });
    let fields: Vec<ResultField> = fields.collect();
    let mut rows = Vec::new();
    for batch in reader {
        put_rows(&batch.map_err(|error| error.to_string())?, &fields, &mut rows)?;
    }
    Ok(ResultPage::new(fields, rows))
}

fn put_rows(
    batch: &RecordBatch,
    fields: &[ResultField],
    rows: &mut Vec<Map<String, Value>>,
) -> Result<(), String> {
    let mut new = vec![Map::new(); batch.num_rows()];
    for (field, column) in fields.iter().zip(batch.columns()) {
        let cells =
            cells(column.as_ref()).map_err(|problem| format!("the column {} {problem}", field.name))?;
        for (row, cell) in new.iter_mut().zip(cells) {
            row.insert(field.name.clone(), cell);
        }
    }
    rows.append(&mut new);
    Ok(())
}

/// What pandas would call the type.
fn word(of: &DataType) -> &'static str {
    match of {
        DataType::Boolean => "boolean",
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => "datetime",
        of if of.is_integer() => "integer",
        of if of.is_numeric() => "number",
        _ => "string",
    }
}

fn cells(array: &dyn Array) -> Result<Vec<Value>, String> {
    match array.data_type() {
        DataType::Null => Ok(vec![Value::Null; array.len()]),
        DataType::Boolean => {
            let array = array.as_boolean_opt().ok_or_else(|| other(array))?;
            Ok(array.iter().map(Value::from).collect())
        }
        DataType::Int8 => primitive::<Int8Type>(array, Value::from),
        DataType::Int16 => primitive::<Int16Type>(array, Value::from),
        DataType::Int32 => primitive::<Int32Type>(array, Value::from),
        DataType::Int64 => primitive::<Int64Type>(array, Value::from),
        DataType::UInt8 => primitive::<UInt8Type>(array, Value::from),
        DataType::UInt16 => primitive::<UInt16Type>(array, Value::from),
        DataType::UInt32 => primitive::<UInt32Type>(array, Value::from),
        DataType::UInt64 => primitive::<UInt64Type>(array, Value::from),
        // With the digits that tell it apart, not with those of the wider number.
        DataType::Float32 => primitive::<Float32Type>(array, |number| exact(&number.to_string())),
        DataType::Float64 => primitive::<Float64Type>(array, Value::from),
        DataType::Decimal128(_, scale) => {
            primitive::<Decimal128Type>(array, |digits| exact(&decimal(&digits.to_string(), *scale)))
        }
        DataType::Decimal256(_, scale) => {
            primitive::<Decimal256Type>(array, |digits| exact(&decimal(&digits.to_string(), *scale)))
        }
        DataType::Date32 => primitive::<Date32Type>(array, |days| {
            moment(Timestamp::from_second(i64::from(days) * SECONDS_OF_DAY).ok(), "")
        }),
        DataType::Date64 => {
            primitive::<Date64Type>(array, |at| moment(Timestamp::from_millisecond(at).ok(), ""))
        }
        DataType::Timestamp(unit, zone) => {
            // A moment with a zone is kept in UTC.
            let end = if zone.is_some() { "Z" } else { "" };
            match unit {
                TimeUnit::Second => {
                    primitive::<TimestampSecondType>(array, |at| moment(Timestamp::from_second(at).ok(), end))
                }
                TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(array, |at| {
                    moment(Timestamp::from_millisecond(at).ok(), end)
                }),
                TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array, |at| {
                    moment(Timestamp::from_microsecond(at).ok(), end)
                }),
                TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(array, |at| {
                    moment(Timestamp::from_nanosecond(i128::from(at)).ok(), end)
                }),
            }
        }
        DataType::Utf8 => {
            let array = array.as_string_opt::<i32>().ok_or_else(|| other(array))?;
            Ok(array.iter().map(Value::from).collect())
        }
        DataType::LargeUtf8 => {
            let array = array.as_string_opt::<i64>().ok_or_else(|| other(array))?;
            Ok(array.iter().map(Value::from).collect())
        }
        DataType::Utf8View => {
            let array = array.as_string_view_opt().ok_or_else(|| other(array))?;
            Ok(array.iter().map(Value::from).collect())
        }
        DataType::Dictionary(..) => of_dictionary(array),
        _ => Err(other(array)),
    }
}

fn primitive<T: ArrowPrimitiveType>(
    array: &dyn Array,
    write: impl Fn(T::Native) -> Value,
) -> Result<Vec<Value>, String> {
    let array = array.as_primitive_opt::<T>().ok_or_else(|| other(array))?;
    Ok(array
        .iter()
        .map(|cell| cell.map_or(Value::Null, &write))
        .collect())
}

/// Values that are written once and pointed at.
fn of_dictionary(array: &dyn Array) -> Result<Vec<Value>, String> {
    let dictionary = array.as_any_dictionary_opt().ok_or_else(|| other(array))?;
    let values = cells(dictionary.values().as_ref())?;
    let keys = cells(dictionary.keys())?;
    let value = |key: Value| {
        let at = key.as_u64().and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| values.get(at)).cloned().unwrap_or_default()
    };
    Ok(keys.into_iter().map(value).collect())
}

fn other(array: &dyn Array) -> String {
    format!("is of Arrow's type {}, which is not read", array.data_type())
}

/// A number as it is; one that a float does not hold as a text, like those that come as JSON.
fn exact(digits: &str) -> Value {
    serde_json::from_slice(&exact_numbers_quoted(digits.as_bytes())).unwrap_or_default()
}

/// The digits of a decimal with the point in its place.
fn decimal(digits: &str, scale: i8) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let Ok(places) = usize::try_from(scale) else {
        let zeros = "0".repeat(usize::from(scale.unsigned_abs()));
        return format!("{sign}{digits}{zeros}");
    };
    if places == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, part) = padded.split_at(padded.len() - places);
    format!("{sign}{whole}.{part}")
}

/// A moment as pandas writes it; null where it is none.
fn moment(at: Option<Timestamp>, end: &str) -> Value {
    let Some(at) = at else { return Value::Null };
    let written = at
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S.%3f")
        .to_string();
    Value::from(format!("{written}{end}"))
}
