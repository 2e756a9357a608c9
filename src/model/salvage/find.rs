use serde_json::{Map, Value};

use super::code::code_calls;
use super::marked::{marked, plain_marks};
use crate::model::tool_names::ToolNames;

/// The tags that models put around calls.
const TAGS: [&str; 5] = ["tool_call", "tools", "tool_calls", "function_call", "tool_code"];
/// The keys under which models put a tool's name.
const NAME_KEYS: [&str; 5] = ["name", "tool", "tool_name", "action", "function"];
/// The keys under which models put the arguments.
const ARGUMENT_KEYS: [&str; 6] = [
    "arguments",
    "parameters",
    "args",
    "input",
    "action_input",
    "tool_input",
];
/// What else a call may hold without being something else that happens to have a name.
const SIDE_KEYS: [&str; 3] = ["id", "type", "index"];

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
}

fn tagged(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let (start, tag) = TAGS
        .iter()
        .filter_map(|tag| text.find(&format!("<{tag}>")).map(|start| (start, *tag)))
        .min_by_key(|(start, tag)| (*start, std::cmp::Reverse(tag.len())))?;
    let (said, tail) = text.split_at_checked(start)?;
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let mut inside = String::new();
    let mut rest = tail;
    while let Some(after) = rest.strip_prefix(&open) {
        // The last closing tag is often missing.
        let (content, next) = after.split_once(&close).unwrap_or((after, ""));
        inside.push_str(unfenced(content));
        inside.push('\n');
        rest = next.trim_start();
    }
    rest.is_empty().then_some(())?;
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

/// The inside of a fence that wraps all of the text, or the text.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix("```") {
        Some(inside) => without_language(inside.strip_suffix("```").unwrap_or(inside)),
        None => text,
    }
}

fn without_language(fenced: &str) -> &str {
    fenced.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

pub(super) fn salvaged(said: &str, json: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let mut calls = Vec::new();
    for value in serde_json::Deserializer::from_str(json).into_iter::<Value>() {
        collect(&value.ok()?, names, &mut calls)?;
    }
    (!calls.is_empty()).then(|| WrittenCalls {
        said: said.trim().to_owned(),
        calls,
    })
}

/// Takes one value as a call or a list of calls; `None` when any of it is something else.
fn collect(value: &Value, names: &ToolNames, calls: &mut Vec<(String, String)>) -> Option<()> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| collect(item, names, calls)),
        Value::Object(object) => {
            if let (1, Some(inner @ Value::Array(_))) = (object.len(), object.get("tool_calls")) {
                return collect(inner, names, calls);
            }
            calls.push(as_call(object, names)?);
            Some(())
        }
        _ => None,
    }
}

fn as_call(object: &Map<String, Value>, names: &ToolNames) -> Option<(String, String)> {
    if let Some(Value::Object(function)) = object.get("function") {
        let others = object.keys().filter(|key| key.as_str() != "function");
        return others
            .clone()
            .all(|key| is_side(key))
            .then(|| as_call(function, names))?;
    }
    let name_key = NAME_KEYS.iter().find(|key| object.contains_key(**key))?;
    let name = names.plain(object.get(*name_key)?.as_str()?);
    let argument_key = ARGUMENT_KEYS.iter().find(|key| object.contains_key(**key));
    let known =
        |key: &str| key == *name_key || argument_key.is_some_and(|known| key == *known) || is_side(key);
    (names.has(&name) && object.keys().all(|key| known(key))).then_some(())?;
    let arguments = match argument_key.and_then(|key| object.get(*key)) {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Some((name, arguments))
}

fn is_side(key: &str) -> bool {
    SIDE_KEYS.contains(&key)
}
