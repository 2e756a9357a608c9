use serde_json::{Map, Value};

use super::code::code_calls;
use super::marked::marked;
use super::named::named;
use super::plain::{plain_marks, unfenced, without_language};
use super::schema::is_schema;
use super::worded::worded;
use crate::model::lenient_json;
use crate::model::tool_names::ToolNames;

/// The tags that models put around calls.
const TAGS: [&str; 6] = [
    "tool_call",
    "tools",
    "tool_calls",
    "function_call",
    "tool_code",
    "tool_use",
];
/// The keys under which models put a tool's name.
const NAME_KEYS: [&str; 7] = [
    "name",
    "tool",
    "tool_name",
    "action",
    "function",
    "function_name",
    "recipient_name",
];
/// The keys under which models put the arguments.
const ARGUMENT_KEYS: [&str; 6] = [
    "arguments",
    "parameters",
    "args",
    "input",
    "action_input",
    "tool_input",
];
/// What else a call without arguments may hold without being something else that happens to have a name.
const SIDE_KEYS: [&str; 5] = ["id", "type", "index", "call_id", "tool_call_id"];
/// The keys under which models put one call, or a list of calls.
const WRAPPERS: [&str; 6] = [
    "tool_calls",
    "tool_uses",
    "calls",
    "tool_call",
    "function_call",
    "action",
];

/// Calls found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::model) struct WrittenCalls {
    /// What was said before them.
    pub(in crate::model) said: String,
    /// Names and arguments, in order; never empty.
    pub(in crate::model) calls: Vec<(String, String)>,
}

/// The calls that end the text, if it ends in nothing else: tagged, fenced or bare JSON, every piece of it a call of a
/// known tool, or calls between marks of a model's own. An answer that quotes JSON of something else, or goes on after
/// it, holds no calls.
pub(in crate::model) fn find_calls(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let text = plain_marks(text.trim());
    let text = text.as_ref();
    tagged(text, names)
        .or_else(|| fenced(text, names))
        .or_else(|| bare(text, names))
        .or_else(|| marked(text, names))
        .or_else(|| code_calls(text, names))
        .or_else(|| named(text, names))
        .or_else(|| worded(text, names))
}

fn tagged(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let (start, tag) = TAGS
        .iter()
        .filter_map(|tag| text.find(&format!("<{tag}>")).map(|start| (start, *tag)))
        .min_by_key(|(start, tag)| (*start, std::cmp::Reverse(tag.len())))?;
    let (said, tail) = text.split_at_checked(start)?;
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let begins_line = said.trim_end_matches([' ', '\t']).is_empty() || said.ends_with('\n');
    let mut inside = String::new();
    let mut rest = tail;
    while let Some(after) = rest.strip_prefix(&open) {
        // The last closing tag is often missing.
        let (content, next) = after.split_once(&close).unwrap_or((after, ""));
        inside.push_str(unfenced(content));
        inside.push('\n');
        rest = next.trim_start();
    }
    // What a model writes behind its calls, as if they had been answered, is made up.
    (rest.is_empty() || begins_line).then_some(())?;
    salvaged(said, &inside, names)
}

fn fenced(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let (said, _) = text.split_once("```")?;
    let mut inside = String::new();
    for (nth, part) in text.split("```").skip(1).enumerate() {
        if nth % 2 == 0 {
            inside.push_str(without_language(part));
            inside.push('\n');
        } else if !part.trim().is_empty() {
            return None;
        }
    }
    salvaged(said, &inside, names)
}

fn bare(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with(['{', '[']) {
            let (said, tail) = text.split_at_checked(start)?;
            return salvaged(said, tail, names);
        }
        start += line.len();
    }
    None
}

pub(super) fn salvaged(said: &str, json: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let calls = values(json, names)?;
    (!calls.is_empty()).then(|| WrittenCalls {
        said: said.trim().to_owned(),
        calls,
    })
}

/// The calls that a row of values is: JSON, or objects as other languages write them.
fn values(json: &str, names: &ToolNames) -> Option<Vec<(String, String)>> {
    let mut calls = Vec::new();
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(json).into_iter().collect();
    let values = match values {
        Ok(values) => values,
        Err(_) => match (lenient_json::value(json), lenient_json::objects(json)) {
            (Some(value), _) => vec![value],
            // A bracket too many is no more than that.
            (None, (found, rest)) if rest.chars().all(|c| matches!(c, '}' | ']') || c.is_whitespace()) => {
                found.into_iter().map(Value::Object).collect()
            }
            _ => return None,
        },
    };
    for value in values {
        collect(&value, names, &mut calls)?;
    }
    Some(calls)
}

/// Takes one value as a call or a list of calls; `None` when any of it is something else.
pub(super) fn collect(value: &Value, names: &ToolNames, calls: &mut Vec<(String, String)>) -> Option<()> {
    match value {
        Value::Array(items) => {
            let is_text = |item: &&Value| item.get("type").and_then(Value::as_str) == Some("text");
            let mut items = items.iter().filter(|item| !is_text(item));
            items.try_for_each(|item| collect(item, names, calls))
        }
        Value::Object(object) => {
            if let (1, Some((key, inner))) = (object.len(), object.iter().next()) {
                if WRAPPERS.contains(&key.as_str()) && !inner.is_string() {
                    return collect(inner, names, calls);
                }
                if names.has(key) && inner.is_object() {
                    calls.push((key.clone(), inner.to_string()));
                    return Some(());
                }
            }
            calls.push(as_call(object, names)?);
            Some(())
        }
        _ => None,
    }
}

/// The call that an object is. One that names a tool and brings arguments may hold anything else beside them; a schema is
/// no arguments.
pub(super) fn as_call(object: &Map<String, Value>, names: &ToolNames) -> Option<(String, String)> {
    let inner = ["function", "tool", "action"]
        .iter()
        .find_map(|key| object.get(*key)?.as_object());
    if let Some(function) = inner {
        return as_call(function, names);
    }
    let name_key = NAME_KEYS.iter().find(|key| object.contains_key(**key))?;
    let name = names.plain(object.get(*name_key)?.as_str()?);
    let arguments = ARGUMENT_KEYS.iter().find_map(|key| object.get(*key));
    let arguments = arguments.filter(|value| !value.is_null());
    let is_bare = || {
        object
            .keys()
            .all(|key| key == *name_key || is_side(key) || is_argument(key))
    };
    let beside = arguments_beside(object, name_key);
    let brings_some = || {
        let keys: Vec<&str> = beside.keys().map(String::as_str).collect();
        names.take(&keys)
    };
    (names.has(&name) && (arguments.is_some() || is_bare() || brings_some())).then_some(())?;
    let written = match arguments {
        None => Value::Object(beside).to_string(),
        Some(schema) if is_schema(schema) => return None,
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Some((name, written))
}

/// What stands beside a name and is neither the arguments nor an id: the arguments themselves, where there is nothing else.
fn arguments_beside(object: &Map<String, Value>, name_key: &str) -> Map<String, Value> {
    let fields = object.iter();
    fields
        .filter(|(key, _)| *key != name_key && !is_side(key) && !is_argument(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn is_argument(key: &str) -> bool {
    ARGUMENT_KEYS.contains(&key)
}

fn is_side(key: &str) -> bool {
    SIDE_KEYS.contains(&key)
}
