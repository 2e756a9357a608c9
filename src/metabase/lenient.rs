//! Members of a server's answers that may have any form: one odd member costs itself, and one odd item of a list costs that item.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::failure;

/// A member that is written in another form is as if it were not there.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// A list without those of its items that cannot be read. What is no list is an empty one.
#[derive(Debug, Clone)]
pub(super) struct ReadableItems<T> {
    pub(super) items: Vec<T>,
    /// The others, each in words: `"amount" cannot be read: missing field `id``.
    odd: Vec<String>,
}

impl<T> Default for ReadableItems<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            odd: Vec::new(),
        }
    }
}

impl<T> ReadableItems<T> {
    /// What is said of the items that are left out: `table 3: the field "amount" cannot be read: …; left out`.
    pub(super) fn warnings(&self, owner: &str, kind: &str) -> impl Iterator<Item = String> {
        self.odd
            .iter()
            .map(move |odd| format!("{owner}: the {kind} {odd}; left out"))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for ReadableItems<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let listed: Option<Vec<Value>> = lenient(from)?;
        let mut read = Self::default();
        for item in listed.into_iter().flatten() {
            let name = name_of(&item);
            match serde_json::from_value(item) {
                Ok(item) => read.items.push(item),
                Err(error) => {
                    let why = failure::clean(&error.to_string());
                    read.odd.push(format!("{name} cannot be read: {why}"));
                }
            }
        }
        Ok(read)
    }
}

/// What an item calls itself.
pub(super) fn name_of(item: &Value) -> String {
    let name = item.get("name").and_then(Value::as_str).map(failure::clean);
    name.map_or_else(|| "without a name".to_owned(), |name| format!("\"{name}\""))
}
