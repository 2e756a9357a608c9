//! Reads a call's arguments: capped before they are parsed, shallow, without duplicate keys.

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{RefusalClass, Rejection};
use crate::text::clean_line;

/// Longest arguments, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// Deepest nesting of objects and arrays.
const MAX_DEPTH: usize = 16;

/// The arguments as an object.
pub(in crate::tools) fn object(text: &str) -> Result<Map<String, Value>, Rejection> {
    let malformed = |problem: String| Rejection::new(RefusalClass::Malformed, problem);
    if text.len() > MAX_BYTES {
        return Err(malformed(format!(
            "the arguments have {} bytes; at most {MAX_BYTES} are read",
            text.len()
        )));
    }
    let text = if text.trim().is_empty() { "{}" } else { text };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = StrictJson { depth: 0 }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| {
            malformed(format!(
                "the arguments cannot be read: {}",
                clean_line(&error.to_string(), 160)
            ))
            .hint("arguments are one JSON object; numbers are plain JSON numbers (no NaN, no Infinity)")
        })?;
    match value {
        Value::Object(map) => Ok(map),
        other => Err(malformed(format!(
            "the arguments are {}, not a JSON object",
            type_word(&other)
        ))),
    }
}

/// Reads an object into a struct with closed keys.
pub(in crate::tools) fn decode<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, Rejection> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| Rejection::schema(clean_line(&error.to_string(), 240)))
}

/// Reads each item of a list into a struct with closed keys; at most `max` items.
pub(in crate::tools) fn list<T: DeserializeOwned>(
    items: Option<Vec<Value>>,
    key: &str,
    max: usize,
) -> Result<Vec<T>, Rejection> {
    let items = items.unwrap_or_default();
    if items.len() > max {
        return Err(Rejection::bad_value(format!(
            "{key} has {} items; at most {max} are allowed",
            items.len()
        )));
    }
    items
        .into_iter()
        .enumerate()
        .map(|(at, item)| match item {
            Value::Object(map) => decode(map).map_err(|rejection| rejection.at(&format!("{key}[{at}]"))),
            other => Err(Rejection::schema(format!(
                "{key}[{at}] is {}, not an object",
                type_word(&other)
            ))),
        })
        .collect()
}

/// The JSON type of a value, in words.
pub(super) fn type_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Builds a [`Value`] and refuses what [`Value`]'s own reader lets through: duplicate keys and deep nesting.
#[derive(Clone, Copy)]
struct StrictJson {
    depth: usize,
}

impl StrictJson {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for StrictJson {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictJson {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(inner)?;
            if out.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!(
                    "the key {} occurs twice",
                    super::quote(&key)
                )));
            }
        }
        Ok(Value::Object(out))
    }
}
