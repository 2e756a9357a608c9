//! Values for the parameters of cards.

use serde_json::Value;

use super::{Rejection, dates, names, quote, scalar};
use crate::catalog::{AllowedValues, Parameter, ParameterTarget};
use crate::metabase::Bucket;

/// Most values of one parameter.
const MAX_VALUES: usize = 100;

/// What the value of a parameter looks like. It follows from the parameter's type in Metabase, such as `date/single`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tools) enum ParameterForm {
    Number,
    /// Least and greatest number; null leaves a side open.
    NumberPair,
    Text,
    /// Text or a number: ids and categories.
    Key,
    Boolean,
    Day,
    Month,
    Quarter,
    /// From day to day.
    Range,
    Relative,
    /// Any of the date forms.
    AnyDate,
    Unit,
}

impl ParameterForm {
    /// The form of a parameter of this type.
    pub(in crate::tools) fn of(kind: &str) -> Self {
        match kind {
            "number/between" => Self::NumberPair,
            "date" | "date/single" => Self::Day,
            "date/month-year" => Self::Month,
            "date/quarter-year" => Self::Quarter,
            "date/range" => Self::Range,
            "date/relative" => Self::Relative,
            "temporal-unit" => Self::Unit,
            "id" | "category" | "location/zip_code" => Self::Key,
            kind if kind.starts_with("number") => Self::Number,
            kind if kind.starts_with("boolean") => Self::Boolean,
            kind if kind.starts_with("date") => Self::AnyDate,
            _ => Self::Text,
        }
    }

    /// How to write a value.
    pub(in crate::tools) fn words(self) -> &'static str {
        match self {
            Self::Number => "a plain number such as 100",
            Self::NumberPair => {
                "a list of two numbers, least and greatest, such as [\"10\",\"100\"]; \"\" leaves a side open"
            }
            Self::Text => "text",
            Self::Key => "text or a number",
            Self::Boolean => "true or false",
            Self::Day => "a day such as \"2024-05-31\"",
            Self::Month => "a month such as \"2024-05\"",
            Self::Quarter => "a quarter such as \"2024-Q1\"",
            Self::Range => "a range of days such as \"2024-01-01~2024-03-31\"",
            Self::Relative => "a relative date such as \"past30days\", \"thismonth\" or \"lastyear\"",
            Self::AnyDate => {
                "a date: \"2024-05-31\", \"2024-01-01~2024-03-31\", \"2024-05\", \"2024-Q1\", \"past30days\" or \"thisyear\""
            }
            Self::Unit => "a unit: minute, hour, day, week, month, quarter or year",
        }
    }

    pub(in crate::tools) fn example(self) -> Value {
        match self {
            Self::Number | Self::Key => Value::from(100),
            Self::NumberPair => Value::from(vec![10, 100]),
            Self::Text => Value::from("text"),
            Self::Boolean => Value::from(true),
            Self::Day => Value::from("2024-05-31"),
            Self::Month | Self::AnyDate => Value::from("2024-05"),
            Self::Quarter => Value::from("2024-Q1"),
            Self::Range => Value::from("2024-01-01~2024-03-31"),
            Self::Relative => Value::from("past30days"),
            Self::Unit => Value::from("month"),
        }
    }
}

/// A value that was let through.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tools) struct CardValue {
    pub(in crate::tools) sent: Value,
    /// As it is compared: the same for any two ways to write the same thing.
    pub(in crate::tools) canonical: Value,
}

/// Whether the parameter takes a list of alternatives.
pub(in crate::tools) fn takes_list(parameter: &Parameter) -> bool {
    let several = parameter.multiple || parameter.target == ParameterTarget::Dimension;
    let unary = matches!(parameter.kind.as_str(), "number/>=" | "number/<=");
    several
        && !unary
        && matches!(
            ParameterForm::of(&parameter.kind),
            ParameterForm::Number | ParameterForm::Text | ParameterForm::Key
        )
}

/// Checks a value against its parameter. `Ok(None)` for null: the parameter is left out.
pub(in crate::tools) fn card_value(
    parameter: &Parameter,
    value: &Value,
) -> Result<Option<CardValue>, Rejection> {
    if value.is_null() {
        return Ok(None);
    }
    let form = ParameterForm::of(&parameter.kind);
    let checked = match value {
        _ if form == ParameterForm::NumberPair => number_pair(value),
        Value::Array(items) => list(parameter, form, items),
        Value::Object(_) => Err(Rejection::bad_value("an object is no value")),
        single => one(parameter, form, single).map(|value| CardValue {
            sent: if takes_list(parameter) {
                Value::Array(vec![value.clone()])
            } else {
                value.clone()
            },
            canonical: value,
        }),
    };
    checked.map(Some).map_err(|rejection| {
        rejection
            .at(&format!("parameter {}", quote(&parameter.slug)))
            .hint(format!("{} takes {}", quote(&parameter.slug), form.words()))
    })
}

fn list(parameter: &Parameter, form: ParameterForm, items: &[Value]) -> Result<CardValue, Rejection> {
    if let ([only], false) = (items, takes_list(parameter)) {
        let value = one(parameter, form, only)?;
        return Ok(CardValue {
            sent: value.clone(),
            canonical: value,
        });
    }
    if !takes_list(parameter) {
        return Err(Rejection::bad_value("it takes one value, not a list"));
    }
    if items.is_empty() || items.len() > MAX_VALUES {
        return Err(Rejection::bad_value(format!(
            "a list has 1 to {MAX_VALUES} values, not {}",
            items.len()
        )));
    }
    let mut values = items
        .iter()
        .map(|item| one(parameter, form, item))
        .collect::<Result<Vec<_>, _>>()?;
    // Alternatives have no order.
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
    let sent = Value::Array(values.clone());
    let canonical = match (values.pop(), values.is_empty()) {
        (Some(only), true) => only,
        _ => sent.clone(),
    };
    Ok(CardValue { sent, canonical })
}

fn number_pair(value: &Value) -> Result<CardValue, Rejection> {
    let Value::Array(items) = value else {
        return Err(Rejection::bad_value("it takes two numbers"));
    };
    let [least, greatest] = items.as_slice() else {
        return Err(Rejection::bad_value(format!(
            "it takes two numbers, not {}",
            items.len()
        )));
    };
    let side = |value: &Value| match value {
        Value::Null => Ok(Value::Null),
        Value::String(text) if matches!(text.trim(), "" | "null") => Ok(Value::Null),
        value => scalar::number_value(value).map(Value::Number),
    };
    let (least, greatest) = (side(least)?, side(greatest)?);
    if least.is_null() && greatest.is_null() {
        return Err(Rejection::bad_value("at least one side is a number"));
    }
    if let (Some(a), Some(b)) = (least.as_f64(), greatest.as_f64())
        && a > b
    {
        return Err(Rejection::bad_value("the first number is the least"));
    }
    let pair = Value::Array(vec![least, greatest]);
    Ok(CardValue {
        sent: pair.clone(),
        canonical: pair,
    })
}

fn one(parameter: &Parameter, form: ParameterForm, value: &Value) -> Result<Value, Rejection> {
    if let Some(found) = parameter
        .allowed
        .as_ref()
        .and_then(|allowed| allowed.labelled(value))
    {
        return Ok(found.clone());
    }
    let checked = match (form, value) {
        (ParameterForm::Number, _) => match scalar::number_value(value) {
            Ok(number) => Value::Number(number),
            Err(rejection) => return member(parameter, value.clone()).and(Err(rejection)),
        },
        (ParameterForm::Key, Value::Number(number)) => Value::Number(scalar::number(number)?),
        (ParameterForm::Text | ParameterForm::Key, Value::String(text)) => {
            scalar::text(text, parameter.allowed.as_ref())?;
            value.clone()
        }
        (ParameterForm::Boolean, Value::Bool(_)) => value.clone(),
        (ParameterForm::Boolean, Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
            Value::Bool(text == "true")
        }
        (ParameterForm::Text | ParameterForm::Key | ParameterForm::Boolean, _) => {
            return Err(Rejection::bad_value(format!(
                "it is {}",
                super::json::type_word(value)
            )));
        }
        (_, Value::String(text)) => Value::String(date(form, text)?),
        (_, _) => {
            return Err(Rejection::bad_value(format!(
                "it is {}",
                super::json::type_word(value)
            )));
        }
    };
    member(parameter, checked)
}

fn date(form: ParameterForm, text: &str) -> Result<String, Rejection> {
    let wrong = || Rejection::bad_value(format!("{} does not fit", quote(text)));
    let fits = match form {
        ParameterForm::Day => dates::day(text).is_some(),
        ParameterForm::Month => dates::is_month(text),
        ParameterForm::Range => dates::is_range(text, false),
        ParameterForm::Relative => dates::is_relative(text),
        ParameterForm::Unit => serde_json::from_value::<Bucket>(Value::from(text)).is_ok(),
        // The documented spelling differs from server to server; the same days as a range do not.
        ParameterForm::AnyDate if dates::quarter(text).is_some() => {
            return dates::quarter(text)
                .and_then(|(year, quarter)| dates::quarter_range(year, quarter))
                .ok_or_else(wrong);
        }
        ParameterForm::AnyDate => {
            dates::day(text).is_some()
                || dates::is_month(text)
                || dates::is_range(text, true)
                || dates::is_relative(text)
        }
        ParameterForm::Quarter => {
            return dates::quarter(text)
                .map(|(year, quarter)| format!("Q{quarter}-{year}"))
                .ok_or_else(wrong);
        }
        _ => false,
    };
    if fits { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// Holds the value against the list of values that may be sent, if that list is complete and the parameter asks for
/// equality.
fn member(parameter: &Parameter, value: Value) -> Result<Value, Rejection> {
    let by_equality = match parameter.kind.split_once('/') {
        None => !parameter.kind.starts_with("date") && parameter.kind != "temporal-unit",
        Some(("date", _)) => false,
        Some(("location", _)) => true,
        Some((_, operator)) => matches!(operator, "=" | "!="),
    };
    let Some(allowed) = parameter
        .allowed
        .as_ref()
        .filter(|allowed| allowed.complete && by_equality)
    else {
        return Ok(value);
    };
    if let Some(found) = allowed.find(&value) {
        return Ok(found.clone());
    }
    let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let texts: Vec<String> = allowed
        .values
        .iter()
        .map(|value| with_label(allowed, value))
        .collect();
    let near = names::nearest(&written, texts.iter().map(String::as_str), 10);
    Err(Rejection::bad_value(format!(
        "{} is not one of its {} values",
        quote(&written),
        texts.len()
    ))
    .hint(format!("nearest values: {}", super::listing(near))))
}

/// The value as text, with what people call it: `2 (Cancelled)`.
pub(super) fn with_label(known: &AllowedValues, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match known.label(value) {
        Some(label) => format!("{text} ({label})"),
        None => text,
    }
}
