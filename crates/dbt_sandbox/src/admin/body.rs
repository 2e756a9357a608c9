use axum::body::Bytes;
use serde_json::{Map, Value};

use crate::envelope::AdminFault;

/// The object that a request carries. `required` fields have to be there; null counts as absent.
pub(super) fn object(body: &Bytes, required: &[&str]) -> Result<Map<String, Value>, AdminFault> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| AdminFault::invalid("non_field_errors", &format!("JSON parse error - {error}")))?;
    let Value::Object(fields) = value else {
        return Err(AdminFault::invalid(
            "non_field_errors",
            "Invalid data. Expected a dictionary.",
        ));
    };
    let missing: Vec<(String, String)> = required
        .iter()
        .filter(|path| find(&fields, path).is_none())
        .map(|path| ((*path).to_owned(), "This field is required.".to_owned()))
        .collect();
    if missing.is_empty() {
        Ok(fields)
    } else {
        Err(AdminFault::Invalid(missing))
    }
}

/// The object that a request may carry; nothing is the empty one.
pub(super) fn optional_object(body: &Bytes) -> Result<Map<String, Value>, AdminFault> {
    if body.is_empty() {
        Ok(Map::new())
    } else {
        object(body, &[])
    }
}

/// A field by its path, such as `settings.threads`.
fn find<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let first = fields.get(parts.next()?)?;
    let found = parts.try_fold(first, |value, part| value.get(part))?;
    (!found.is_null()).then_some(found)
}

/// Whether a text is one of those that are known.
pub(super) fn one_of(fields: &Map<String, Value>, name: &str, known: &[&str]) -> Result<(), AdminFault> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text)) if known.contains(&text.as_str()) => Ok(()),
        Some(other) => Err(AdminFault::invalid(
            name,
            &format!("{other} is not a valid choice."),
        )),
    }
}

/// Whether an id in a body is the one of the path.
pub(super) fn same_id(fields: &Map<String, Value>, name: &str, wanted: i64) -> Result<(), AdminFault> {
    if fields.get(name).and_then(Value::as_i64) == Some(wanted) {
        return Ok(());
    }
    Err(AdminFault::invalid(name, &format!("It has to be {wanted}.")))
}
