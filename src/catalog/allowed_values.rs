//! Values that a parameter takes or that occur in a dimension, with the labels that people know them by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Values that may be sent for a parameter, or that occur in a dimension.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AllowedValues {
    /// The values, in the order the server gave them.
    pub values: Vec<Value>,
    /// Whether these are all (a static list, or a listing that said it has no more). Only a complete list may be
    /// used to refuse a value.
    pub complete: bool,
    /// What people call a value, by the value as text, where Metabase shows them something else: `2` is "Cancelled".
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl AllowedValues {
    /// Values as Metabase lists them: alone, or in a row with their label. No value at all is left out, because no
    /// filter takes it.
    pub fn listed(listed: Vec<Value>, complete: bool) -> Self {
        let mut found = Self {
            complete,
            ..Self::default()
        };
        for item in listed {
            let (value, label) = match item {
                Value::Array(row) => {
                    let mut row = row.into_iter();
                    (row.next().unwrap_or_default(), row.next())
                }
                alone => (alone, None),
            };
            if value.is_null() {
                continue;
            }
            let label = label
                .map(|label| plain(&label))
                .filter(|label| !label.trim().is_empty() && label != "null" && *label != plain(&value));
            if let Some(label) = label {
                found.labels.insert(plain(&value), label);
            }
            found.values.push(value);
        }
        found
    }

    /// What people call a value, if that is something else.
    pub fn label(&self, value: &Value) -> Option<&str> {
        self.labels.get(&plain(value)).map(String::as_str)
    }

    /// The value that is meant: the same, else the only one that is the same apart from case and spaces around it, else the only one with that
    /// label.
    pub fn find(&self, written: &Value) -> Option<&Value> {
        let same = |value: &&Value| match (value, written) {
            (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
            (a, b) => *a == b,
        };
        self.values
            .iter()
            .find(same)
            .or_else(|| {
                let folded = |value: &Value| plain(value).trim().to_lowercase();
                let wanted = folded(written);
                only(self.values.iter().filter(|value| folded(value) == wanted))
            })
            .or_else(|| self.labelled(written))
    }

    /// The only value with that label, whatever the case of letters.
    pub fn labelled(&self, written: &Value) -> Option<&Value> {
        let wanted = written.as_str()?.trim().to_lowercase();
        let labelled = |value: &&Value| {
            let label = self.label(value);
            label.is_some_and(|label| label.trim().to_lowercase() == wanted)
        };
        only(self.values.iter().filter(labelled))
    }
}

fn only<'a>(mut found: impl Iterator<Item = &'a Value>) -> Option<&'a Value> {
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// A value as text, without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
