use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// What a row brings along for its answer, each value in the very bytes it had: a number of any length keeps its digits.
pub(crate) type RowMetadata = BTreeMap<String, Box<RawValue>>;

/// A value for people: a text without its quotes, nothing for nothing.
pub(super) fn shown(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        text => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
    }
}
