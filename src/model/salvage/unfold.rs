//! Calls that a model or its server wrapped once too often: several in one, arguments within the name, arguments within arguments.

use serde_json::{Map, Value};

use super::find::find_calls;
use super::object::{NamedCall, as_call, collect};
use crate::model::arguments::{self, WRAPPERS};
use crate::model::replay::CallIds;
use crate::model::tool_names::ToolNames;
use crate::model::{Completion, ToolCall, lenient_json};

/// What a call is named that holds several.
const SEVERAL: [&str; 3] = ["multi_tool_use", "multi_tool_use.parallel", "parallel"];
/// How often arguments may be wrapped.
const MOST_WRAPPED: usize = 4;

/// Makes plain the calls of a completion.
pub(in crate::model) fn unfold(whole: &mut Completion, names: &ToolNames, ids: &mut CallIds) {
    let mut calls = Vec::with_capacity(whole.tool_calls.len());
    let mut is_other = false;
    for call in std::mem::take(&mut whole.tool_calls) {
        let plain = unfolded(&call, names);
        is_other |= plain.len() != 1;
        let mut id = Some(ids.assign(&call.id));
        calls.extend(plain.into_iter().map(|(name, arguments)| ToolCall {
            id: id.take().unwrap_or_else(|| ids.assign("")),
            name,
            arguments,
        }));
    }
    if let Some(repeated) = repeated(&calls) {
        calls.truncate(repeated);
        is_other = true;
    }
    whole.tool_calls = calls;
    if is_other {
        // What the server sent beside the calls belongs to calls that it would not know again.
        whole.opaque = None;
    }
}

/// How many calls there are before all of them are sent again.
fn repeated(calls: &[ToolCall]) -> Option<usize> {
    let half = calls.len() / 2;
    let (first, second) = calls.split_at_checked(half)?;
    let same = |(one, other): (&ToolCall, &ToolCall)| {
        one.name == other.name && object(&one.arguments) == object(&other.arguments)
    };
    (half > 1 && first.len() == second.len() && first.iter().zip(second).all(same)).then_some(half)
}

/// The calls that a call means.
fn unfolded(call: &ToolCall, names: &ToolNames) -> Vec<NamedCall> {
    let name = names.plain(&call.name);
    let is_several = SEVERAL.contains(&name.replace("__", ".").as_str())
        || name.contains("multi_tool_use")
        || !names.has(&name) && call.arguments.contains("\"tool_uses\"");
    if is_several && let Some(calls) = several(&call.arguments, names) {
        return calls;
    }
    if !names.has(&name) {
        if let Some(found) = find_calls(&name, names).filter(|found| found.said.is_empty()) {
            // Other arguments than those within the name: nobody knows which are meant.
            return match object(&arguments::plain(&call.arguments)) {
                Some(beside) if beside.is_empty() => found.calls,
                Some(beside) if matches!(found.calls.as_slice(), [(_, within)] if object(within).as_ref() == Some(&beside)) => {
                    found.calls
                }
                _ => vec![(name, call.arguments.clone())],
            };
        }
        let before = name.split(['(', '{']).next().unwrap_or_default();
        let plain = names.plain(before);
        if names.has(&plain) {
            return vec![(plain, call.arguments.clone())];
        }
        return vec![(name, call.arguments.clone())];
    }
    listed(&call.arguments)
        .into_iter()
        .map(|written| (name.clone(), unwrapped(&name, &written, names)))
        .collect()
}

/// The arguments of each call, where those of several stand in a list; else what was written.
fn listed(written: &str) -> Vec<String> {
    let is_list = written.trim_start().starts_with('[');
    let objects = match is_list.then(|| lenient_json::value(written)).flatten() {
        Some(Value::Array(items)) if items.len() > 1 && items.iter().all(Value::is_object) => items,
        _ => return vec![written.to_owned()],
    };
    objects.iter().map(Value::to_string).collect()
}

/// The calls of `{"tool_uses": [{"recipient_name": "functions.TOOL", "parameters": {…}}]}`.
fn several(arguments: &str, names: &ToolNames) -> Option<Vec<NamedCall>> {
    let mut calls = Vec::new();
    collect(&Value::Object(object(arguments)?), names, &mut calls)?;
    (!calls.is_empty()).then_some(calls)
}

/// Arguments without what they are wrapped in, which is none of the tool's own arguments.
fn unwrapped(name: &str, written: &str, names: &ToolNames) -> String {
    let mut written = written.to_owned();
    for _ in 0..MOST_WRAPPED {
        let Some(inner) = object(&written).and_then(|object| inner(name, &object, names)) else {
            break;
        };
        written = inner;
    }
    written
}

fn inner(name: &str, object: &Map<String, Value>, names: &ToolNames) -> Option<String> {
    // The whole call again: its name, and its arguments.
    let again = as_call(object, names).filter(|(again, _)| again == name && !names.takes(name, "name"));
    if let Some((_, arguments)) = again {
        return Some(arguments);
    }
    let (key, inner) = object.iter().next().filter(|_| object.len() == 1)?;
    let is_wrapper = WRAPPERS.contains(&key.as_str()) || names.plain(key) == name;
    let inner = match inner {
        _ if !is_wrapper || names.takes(name, key) => return None,
        Value::String(text) => arguments::plain(text),
        other => arguments::plain(&other.to_string()),
    };
    arguments::is_object(&inner).then_some(inner)
}

fn object(written: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(written).ok()
}
