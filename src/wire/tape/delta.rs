//! What changed from one JSON value to the next, so that a tape holds each thing once.

use serde_json::{Map, Value};

/// How to come from one value to another: lists that grew, places that hold something else, places that are gone. All
/// by JSON pointer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct JsonDelta {
    pub(super) append: Map<String, Value>,
    pub(super) set: Map<String, Value>,
    pub(super) drop: Vec<Value>,
}

impl JsonDelta {
    /// The way from `old` to `new`.
    pub(super) fn between(old: &Value, new: &Value) -> Self {
        let mut delta = Self::default();
        delta.walk("", old, new);
        delta
    }

    /// Adds the way from one value at this place to another.
    pub(super) fn walk(&mut self, at: &str, old: &Value, new: &Value) {
        match (old, new) {
            _ if old == new => {}
            (Value::Object(old), Value::Object(new)) => {
                for name in old.keys().filter(|name| !new.contains_key(*name)) {
                    self.drop.push(below(at, name).into());
                }
                for (name, value) in new {
                    match old.get(name) {
                        Some(before) => self.walk(&below(at, name), before, value),
                        None => {
                            self.set.insert(below(at, name), value.clone());
                        }
                    }
                }
            }
            (Value::Array(old), Value::Array(new)) if old.len() <= new.len() => {
                for (index, (before, value)) in old.iter().zip(new).enumerate() {
                    self.walk(&format!("{at}/{index}"), before, value);
                }
                let tail: Vec<Value> = new.iter().skip(old.len()).cloned().collect();
                if !tail.is_empty() {
                    self.append.insert(at.to_owned(), tail.into());
                }
            }
            _ => {
                self.set.insert(at.to_owned(), new.clone());
            }
        }
    }
}

/// Applies a delta that was written as JSON. The error says which place is not there.
pub(super) fn apply(value: &mut Value, delta: &Map<String, Value>) -> Result<(), String> {
    let part = |name: &str| delta.get(name).and_then(Value::as_object).into_iter().flatten();
    for pointer in delta.get("drop").and_then(Value::as_array).into_iter().flatten() {
        let pointer = pointer.as_str().unwrap_or_default();
        let gone = parent(value, pointer).and_then(|(place, name)| place.as_object_mut()?.remove(&name));
        gone.ok_or_else(|| format!("its delta drops {pointer}, which is not there"))?;
    }
    for (pointer, new) in part("set") {
        put(value, pointer, new).ok_or_else(|| format!("its delta sets {pointer}, which has no place"))?;
    }
    for (pointer, tail) in part("append") {
        let list = value.pointer_mut(pointer).and_then(Value::as_array_mut);
        let (list, tail) = list
            .zip(tail.as_array())
            .ok_or_else(|| format!("its delta appends to {pointer}, which is not a list"))?;
        list.extend(tail.iter().cloned());
    }
    Ok(())
}

fn put(value: &mut Value, pointer: &str, new: &Value) -> Option<()> {
    if pointer.is_empty() {
        *value = new.clone();
        return Some(());
    }
    let (place, name) = parent(value, pointer)?;
    match place {
        Value::Object(fields) => {
            fields.insert(name, new.clone());
        }
        Value::Array(items) => *items.get_mut(name.parse::<usize>().ok()?)? = new.clone(),
        _ => return None,
    }
    Some(())
}

/// The value that holds the place, and the place's name in it.
fn parent<'a>(value: &'a mut Value, pointer: &str) -> Option<(&'a mut Value, String)> {
    let (above, name) = pointer.rsplit_once('/')?;
    Some((
        value.pointer_mut(above)?,
        name.replace("~1", "/").replace("~0", "~"),
    ))
}

fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A place, and what stands there in either of two values.
pub(crate) type Difference<'a> = (String, Option<&'a Value>, Option<&'a Value>);

/// The first place, in order of keys, at which two values differ, with what stands there. Places that are listed in `but`
/// do not count.
pub(crate) fn first_difference<'a>(old: &'a Value, new: &'a Value, but: &[&str]) -> Option<Difference<'a>> {
    difference("", Some(old), Some(new), but)
}

fn difference<'a>(
    at: &str,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
    but: &[&str],
) -> Option<Difference<'a>> {
    match (old, new) {
        _ if old == new || but.contains(&at) => None,
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            names
                .into_iter()
                .find_map(|name| difference(&below(at, name), left.get(name), right.get(name), but))
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => (0..left.len().max(right.len()))
            .find_map(|index| difference(&format!("{at}/{index}"), left.get(index), right.get(index), but)),
        _ => Some((at.to_owned(), old, new)),
    }
}

/// Two values as a person compares them: as JSON, shortened around the place where they begin to differ.
pub(crate) fn shown(old: Option<&Value>, new: Option<&Value>) -> (String, String) {
    const AROUND: usize = 60;
    let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let (old, new) = (text(old), text(new));
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).count();
    let cut = |text: &str| {
        let begin = same.saturating_sub(AROUND);
        let window: String = text.chars().skip(begin).take(2 * AROUND).collect();
        let (head, tail) = (begin > 0, text.chars().count() > begin + 2 * AROUND);
        format!(
            "{}{window}{}",
            if head { "…" } else { "" },
            if tail { "…" } else { "" }
        )
    };
    (cut(&old), cut(&new))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_delta_leads_from_one_value_to_the_other() {
        let values = [
            json!({}),
            json!({"a/b": 1, "messages": [{"role": "user"}], "c": {"d": [1, 2]}}),
            json!({"messages": [{"role": "user", "x": null}, {"role": "tool"}], "c": {"d": [1]}}),
            json!({"messages": [], "c": 5, "a/b": {"~": 2}}),
            json!([1]),
        ];
        for old in &values {
            for new in &values {
                let mut walked = old.clone();
                let delta = JsonDelta::between(old, new);
                let delta = json!({"append": delta.append, "drop": delta.drop, "set": delta.set});
                apply(&mut walked, delta.as_object().unwrap()).unwrap();
                assert_eq!(&walked, new);
            }
        }
    }

    #[test]
    fn the_first_difference_is_named_by_pointer() {
        let (old, new) = (
            json!({"a": [1, {"b": "x"}], "z": 1}),
            json!({"a": [1, {"b": "y"}], "z": 2}),
        );
        let (pointer, recorded, now) = first_difference(&old, &new, &[]).unwrap();
        assert_eq!(pointer, "/a/1/b");
        assert_eq!((recorded, now), (Some(&json!("x")), Some(&json!("y"))));
        assert!(first_difference(&old, &old, &[]).is_none());
    }
}
