use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::problem::BodyError;

/// Reads the members of a map one by one and collects everything that is wrong with them. Keys that nobody asks for are
/// ignored: no body of these routes is closed.
#[derive(Debug)]
pub(in crate::routes::agent) struct BodyReader<'a> {
    members: &'a Map<String, Value>,
    problems: BTreeMap<String, BodyError>,
}

impl<'a> BodyReader<'a> {
    /// A reader of an object; anything else is a problem by itself.
    pub(in crate::routes::agent) fn new(value: &'a Value) -> Result<Self, BodyError> {
        match value {
            Value::Object(members) => Ok(Self::of(members)),
            other => Err(BodyError::wrong("map", "invalid type", other)),
        }
    }

    /// A reader of an object's members.
    pub(in crate::routes::agent) fn of(members: &'a Map<String, Value>) -> Self {
        Self {
            members,
            problems: BTreeMap::new(),
        }
    }

    /// A member that may be there; null is as good as absent.
    pub(in crate::routes::agent) fn value(&self, key: &str) -> Option<&'a Value> {
        self.members.get(key).filter(|value| !value.is_null())
    }

    /// Whether a member is there, whatever it is.
    pub(in crate::routes::agent) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// A member decoded by `decode`.
    pub(in crate::routes::agent) fn optional<T>(
        &mut self,
        key: &'static str,
        decode: impl FnOnce(&'a Value) -> Result<T, BodyError>,
    ) -> Option<T> {
        let value = self.value(key)?;
        decode(value).map_err(|problem| self.note(key, problem)).ok()
    }

    /// A member that has to be there.
    pub(in crate::routes::agent) fn required<T>(
        &mut self,
        key: &'static str,
        description: &str,
        decode: impl FnOnce(&'a Value) -> Result<T, BodyError>,
    ) -> Option<T> {
        if !self.has(key) {
            self.note(key, BodyError::missing(description));
            return None;
        }
        self.optional(key, decode)
    }

    /// A list, each item decoded by `decode`; absent is empty.
    pub(in crate::routes::agent) fn list<T>(
        &mut self,
        key: &'static str,
        decode: impl Fn(&'a Value) -> Result<T, BodyError>,
    ) -> Vec<T> {
        self.optional(key, |value| list(value, decode))
            .unwrap_or_default()
    }

    /// Notes a problem with a member.
    pub(in crate::routes::agent) fn note(&mut self, key: &str, problem: BodyError) {
        self.problems.insert(key.to_owned(), problem);
    }

    /// Notes those of `keys` that are there although another kind of request has them.
    pub(in crate::routes::agent) fn refuse(&mut self, keys: &[&str]) {
        for key in keys {
            if let Some(value) = self.value(key) {
                self.note(key, BodyError::disallowed(value));
            }
        }
    }

    /// Any problem at all fails the map.
    pub(in crate::routes::agent) fn finish(self) -> Result<(), BodyError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(BodyError::Map(self.problems))
        }
    }
}

/// A list, each item decoded by `decode`.
pub(in crate::routes::agent) fn list<'a, T>(
    value: &'a Value,
    decode: impl Fn(&'a Value) -> Result<T, BodyError>,
) -> Result<Vec<T>, BodyError> {
    let Value::Array(items) = value else {
        return Err(BodyError::wrong("sequence", "invalid type", value));
    };
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for item in items {
        match decode(item) {
            Ok(decoded) => {
                good.push(decoded);
                problems.push(None);
            }
            Err(problem) => problems.push(Some(problem)),
        }
    }
    if problems.iter().all(Option::is_none) {
        Ok(good)
    } else {
        Err(BodyError::List(problems))
    }
}

/// A positive whole number, also as text.
pub(in crate::routes::agent) fn positive(value: &Value) -> Result<i64, BodyError> {
    int(value).ok().filter(|number| *number > 0).ok_or_else(|| {
        BodyError::wrong(
            "value must be an integer greater than zero.",
            "should be a positive int",
            value,
        )
    })
}

/// A whole number, also as text.
pub(in crate::routes::agent) fn int(value: &Value) -> Result<i64, BodyError> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| BodyError::wrong("integer", "should be an integer", value))
}

/// Text that is not blank.
pub(in crate::routes::agent) fn text(value: &Value) -> Result<&str, BodyError> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text),
        other => Err(BodyError::wrong(
            "value must be a non-blank string.",
            "should be a non-blank string",
            other,
        )),
    }
}

/// One of a few words.
pub(in crate::routes::agent) fn choice<T: Copy>(
    value: &Value,
    words: &[(&'static str, T)],
) -> Result<T, BodyError> {
    let known = words.iter().find(|(word, _)| value.as_str() == Some(word));
    known.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        BodyError::wrong(
            format!("enum of {}", words.join(", ")),
            &format!("should be one of: {}", words.join(", ")),
            value,
        )
    })
}
