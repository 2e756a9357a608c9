//! Single values: text without surprises, numbers with one way to be written.

use serde_json::{Number, Value};

use super::json::type_word;
use super::{Rejection, quote, sql};
use crate::catalog::AllowedValues;
use crate::text::one_line;

/// Longest text value, in characters.
const MAX_TEXT_CHARS: usize = 1_000;
/// Larger numbers are refused: they are not measurements but mistakes.
const MAX_MAGNITUDE: f64 = 1e15;
const MIN_MAGNITUDE: f64 = 1e-12;

/// Checks text that goes to the database as a value.
pub(super) fn text(value: &str, known: Option<&AllowedValues>) -> Result<(), Rejection> {
    let length = value.chars().count();
    if length > MAX_TEXT_CHARS {
        return Err(Rejection::bad_value(format!(
            "the text has {length} characters; at most {MAX_TEXT_CHARS} are allowed"
        )));
    }
    if value
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    {
        return Err(Rejection::bad_value(format!(
            "the text {} has control characters",
            quote(value)
        )));
    }
    let listed = known.is_some_and(|known| known.values.iter().any(|known| known.as_str() == Some(value)));
    if !listed && sql::is_code(value) {
        return Err(
            Rejection::bad_value(format!("{} is code, not a value", quote(value)))
                .hint("values are plain words, numbers and dates; SQL and template syntax are never sent"),
        );
    }
    Ok(())
}

/// A number in the one way it is written: whole numbers without fraction.
pub(super) fn number(number: &Number) -> Result<Number, Rejection> {
    if number.is_i64() || number.is_u64() {
        return Ok(number.clone());
    }
    let value = number.as_f64().unwrap_or(f64::NAN);
    let magnitude = value.abs();
    if !value.is_finite() || magnitude > MAX_MAGNITUDE || (magnitude != 0.0 && magnitude < MIN_MAGNITUDE) {
        return Err(Rejection::bad_value(format!(
            "the number {number} is out of range"
        )));
    }
    Ok(whole(value).map_or_else(|| number.clone(), Number::from))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and below 2^53"
)]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}

/// A number, or text that is nothing but a number.
pub(in crate::tools) fn number_value(value: &Value) -> Result<Number, Rejection> {
    match value {
        Value::Number(written) => number(written),
        Value::String(text) if is_plain_number(text) => serde_json::from_str::<Number>(text)
            .map_err(|_| Rejection::bad_value(format!("{} is not a number", quote(text))))
            .and_then(|written| number(&written)),
        Value::String(text) => Err(Rejection::bad_value(format!(
            "{} is not a number; write a plain number such as 100",
            quote(text)
        ))),
        other => Err(Rejection::bad_value(format!(
            "a number such as 100 is wanted, not {}",
            type_word(other)
        ))),
    }
}

/// `-12.5`: digits, at most one point, no exponent.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    text.len() <= 30 && all_digits(whole) && all_digits(fraction)
}

/// Text for a person: one cleaned paragraph, not empty, not cut.
pub(in crate::tools) fn person_text(key: &str, text: &str, max_chars: usize) -> Result<String, Rejection> {
    let clean = one_line(text, usize::MAX);
    if clean.is_empty() {
        return Err(Rejection::schema(format!("{key} is empty")));
    }
    if clean.chars().count() > max_chars {
        return Err(Rejection::bad_value(format!(
            "{key} is longer than {max_chars} characters"
        )));
    }
    Ok(clean)
}
