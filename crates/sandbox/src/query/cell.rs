use base64::Engine as _;
use rusqlite::types::Value as SqlValue;
use serde_json::{Value, json};

use super::time_literal::TimeLiteral;

/// Beyond this, integers arrive as strings: a browser would round them.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A stored value as the wire carries it in a column of this type.
pub(crate) fn cell(value: SqlValue, base_type: &str) -> Value {
    match (value, base_type) {
        (SqlValue::Null, _) => Value::Null,
        (SqlValue::Integer(flag @ (0 | 1)), "type/Boolean") => json!(flag == 1),
        (SqlValue::Integer(whole), _) if whole.unsigned_abs() > MAX_SAFE_INTEGER => json!(whole.to_string()),
        (SqlValue::Integer(whole), _) => json!(whole),
        (SqlValue::Real(real), _) => json!(real),
        (SqlValue::Text(text), "type/Date" | "type/DateTime" | "type/DateTimeWithTZ") => json!(moment(&text)),
        (SqlValue::Text(text), "type/Time") => json!(time(&text)),
        (SqlValue::Text(text), _) => json!(text),
        (SqlValue::Blob(bytes), _) => {
            json!(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
    }
}

/// With an offset, days too; what is not a date stays as it is stored.
fn moment(text: &str) -> String {
    let Some(moment) = TimeLiteral::parse(text) else {
        return text.to_owned();
    };
    if moment.at.subsec_nanosecond() == 0 {
        moment.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    } else {
        moment.at.strftime("%Y-%m-%dT%H:%M:%S%.fZ").to_string()
    }
}

fn time(text: &str) -> String {
    text.trim().parse::<jiff::civil::Time>().map_or_else(
        |_| text.to_owned(),
        |time| {
            if time.subsec_nanosecond() == 0 {
                time.strftime("%H:%M:%SZ").to_string()
            } else {
                time.strftime("%H:%M:%S%.fZ").to_string()
            }
        },
    )
}
